"""The App's server, kept to this machine: `python -m curate.viewing.server PORT`.

FiftyOne's own server is served as it is, behind a gate: a content security policy by which the
browser asks no other host for anything, fonts included; no request under a foreign name, so that
no page elsewhere can reach it; and no file but those that the dataset shows.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from curate.review.viewer import ADDRESS

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# The App compiles expressions and WebAssembly, and sets styles on elements.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "font-src 'self' data:; worker-src 'self' blob:; connect-src 'self' data: blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Gate:
    """What stands before FiftyOne's server.

    Args:
        app: The server's application.
        shows: Whether the dataset shows a file.
    """

    def __init__(self, app: App, shows: Callable[[str], bool]) -> None:
        self._app = app
        self._shows = shows
        self._shown: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
        elif await self._refused(scope):
            await send({"type": "http.response.start", "status": 403, "headers": []})
            await send({"type": "http.response.body", "body": b"not here"})
        else:
            await self._app(scope, receive, _with_policy(send))

    async def _refused(self, scope: Scope) -> bool:
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1").rpartition(":")[0]
        if host not in {ADDRESS, "localhost"}:
            return True
        origin = headers.get(b"origin", b"").decode("latin-1")
        if origin and origin.partition("://")[2] != headers[b"host"].decode("latin-1"):
            return True
        if not scope["path"].startswith("/media"):
            return False
        asked = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("filepath", [])
        new = [path for path in asked if path not in self._shown]
        if new and not await asyncio.to_thread(lambda: all(map(self._shows, new))):
            return True
        self._shown.update(new)
        return False


def _with_policy(send: Send) -> Send:
    async def send_with_policy(message: Message) -> None:
        if message["type"] == "http.response.start":
            policy = (b"content-security-policy", POLICY.encode())
            message["headers"] = [*message.get("headers", []), policy]
        await send(message)

    return send_with_policy


def shown_by_dataset(path: str) -> bool:
    """Return whether the dataset that is open shows a file."""
    import fiftyone

    return any(
        len(fiftyone.load_dataset(name).match({"filepath": path}).limit(1)) > 0
        for name in fiftyone.list_datasets()
    )


def main(port: int) -> None:
    """Serve the App until the process ends."""
    from fiftyone.server import main as server

    server.app = Gate(server.app, shown_by_dataset)
    server.start_server(port=port, address=ADDRESS)


if __name__ == "__main__":
    main(int(sys.argv[1]))
