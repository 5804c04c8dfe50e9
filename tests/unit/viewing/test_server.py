"""The gate before FiftyOne's server: this machine's pages alone, and the dataset's files alone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from curate.viewing.server import POLICY, Gate, Message, Receive, Scope, Send

HERE = (b"host", b"127.0.0.1:5151")


def asked(path: str, *headers: tuple[bytes, bytes], query: str = "") -> tuple[int, dict[str, str]]:
    """Return the status and headers of an answer."""
    told: list[Message] = []

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"etag", b"x")]})
        await send({"type": "http.response.body", "body": b"fine"})

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        told.append(message)

    scope: dict[str, Any] = {"type": "http", "path": path, "headers": list(headers),
                             "query_string": query.encode()}  # fmt: skip
    asyncio.run(Gate(app, lambda file: file == "/shown/a b.jpg")(scope, receive, send))
    found = {name.decode(): value.decode() for name, value in told[0]["headers"]}
    return told[0]["status"], found


def test_every_answer_carries_the_policy() -> None:
    status, headers = asked("/", HERE)
    assert status == 200
    assert headers == {"etag": "x", "content-security-policy": POLICY}
    assert "http" not in POLICY
    assert "*" not in POLICY


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ((b"host", b"evil.example:5151"),),
        ((b"host", b"127.0.0.1.evil.example:5151"),),
        (HERE, (b"origin", b"http://evil.example")),
        (HERE, (b"origin", b"http://127.0.0.1:9999")),
        (HERE, (b"origin", b"null")),
    ],
)
def test_a_request_under_another_name_is_refused(headers: tuple[tuple[bytes, bytes], ...]) -> None:
    assert asked("/operators/execute", *headers)[0] == 403


@pytest.mark.parametrize("origin", [(), ((b"origin", b"http://127.0.0.1:5151"),)])
def test_the_apps_own_requests_are_answered(origin: tuple[tuple[bytes, bytes], ...]) -> None:
    assert asked("/operators/execute", HERE, *origin)[0] == 200


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("filepath=%2Fshown%2Fa%20b.jpg", 200),
        ("filepath=%2Fetc%2Fpasswd", 403),
        ("filepath=%2Fshown%2F..%2Fa%20b.jpg", 403),
        ("filepath=%2Fshown%2Fa%20b.jpg&filepath=%2Fetc%2Fpasswd", 403),
        ("filepath=%2Fetc%2Fpasswd&filepath=%2Fshown%2Fa%20b.jpg", 403),
        ("", 200),
    ],
)
def test_only_files_that_the_dataset_shows_are_given(query: str, status: int) -> None:
    assert asked("/media", HERE, query=query)[0] == status
