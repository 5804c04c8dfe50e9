"""A browser as a person uses it: Debian's chromium, driven over a pipe by its devtools protocol.

Keys are pressed, files are saved and pictures of the page taken by the browser itself; nothing of
the page is changed, its content security policy included.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_CODES = {"ArrowRight": 39, "ArrowLeft": 37, "Escape": 27}


class Browser:
    """One page in a headless browser with a profile of its own in `folder`.

    Attributes:
        process: The browser.
        requests: What the page asked for.
        stopped: What of it the browser itself refused to ask for, with the reason.
        problems: What the browser has to say against the page.
    """

    def __init__(self, folder: Path, *, width: int = 1200) -> None:
        binary = shutil.which("chromium")
        if binary is None:
            pytest.skip("chromium is not installed")
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        moved = f'exec "$@" 3<&{to_read} 4>&{to_write}'
        self.process = subprocess.Popen(
            ["/bin/bash", "-c", moved, "browser", binary, "--headless", "--no-sandbox",
             "--disable-gpu", "--disable-background-networking", "--no-first-run",
             "--remote-debugging-pipe", f"--window-size={width},1000",
             f"--user-data-dir={folder / 'profile'}"],
            pass_fds=(to_read, to_write), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_read)
        os.close(to_write)
        self._session: str | None = None
        self._number = 0
        self._rest = b""
        self.requests: list[str] = []
        self.stopped: list[tuple[str, str]] = []
        self._urls: dict[str, str] = {}
        self.problems: list[str] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        told = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = told["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.send(f"{domain}.enable")
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=1000,
                  deviceScaleFactor=1, mobile=False)  # fmt: skip

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """Return what the browser answers to a command."""
        number = self._tell(method, **params)
        while True:
            found = self._next()
            if found.get("id") == number:
                assert "error" not in found, found
                answer: dict[str, Any] = found["result"]
                return answer

    def open(self, url: str) -> None:
        """Load a page and wait until it is there."""
        self.send("Page.navigate", url=url)
        self.until(lambda: self.run("document.readyState") == "complete")

    def run(self, script: str) -> Any:
        """Return what an expression gives, awaited."""
        found = self.send("Runtime.evaluate", expression=script, awaitPromise=True,
                          returnByValue=True)  # fmt: skip
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def press(self, key: str, *, alt: bool = False) -> None:
        """Press a key, with Alt if so wished."""
        told: dict[str, Any] = {"key": key}
        if alt:
            told |= {"modifiers": 1, "code": f"Key{key.upper()}"}
        elif len(key) == 1:
            told["text"] = key
        else:
            told["windowsVirtualKeyCode"] = _CODES[key]
        self.send("Input.dispatchKeyEvent", type="keyDown", **told)
        self.send("Input.dispatchKeyEvent", type="keyUp", key=key)

    def type(self, text: str) -> None:
        """Write text where the focus is."""
        self.send("Input.insertText", text=text)

    def click(self, selector: str) -> None:
        """Press the middle of an element with the mouse."""
        box = self.run(
            "(one => { one.scrollIntoView({block: 'center'}); const r = one."
            "getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })"
            f"(document.querySelector({selector!r}))"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left",
                      clickCount=1)  # fmt: skip

    def save_to(self, folder: Path) -> None:
        """Let files that pages save go into `folder`."""
        session, self._session = self._session, None
        self.send("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
        self._session = session

    def picture(self, path: Path) -> None:
        """Keep a picture of the page."""
        data = self.send("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        path.write_bytes(base64.b64decode(data))

    def until(self, true: Callable[[], bool], seconds: float = 60) -> None:
        """Wait for something to be true.

        Raises:
            TimeoutError: It did not come.
        """
        end = time.monotonic() + seconds
        while not true():
            if time.monotonic() > end:
                raise TimeoutError
            time.sleep(0.05)

    def close(self) -> None:
        """End the browser."""
        self.process.terminate()
        self.process.wait(30)
        os.close(self._write)
        os.close(self._read)

    def _tell(self, method: str, **params: Any) -> int:
        self._number += 1
        told: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            told["sessionId"] = self._session
        os.write(self._write, json.dumps(told).encode() + b"\0")
        return self._number

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            if not select.select([self._read], [], [], 60)[0]:
                raise TimeoutError("the browser says nothing")
            data = os.read(self._read, 1 << 16)
            if not data:
                raise ConnectionError("the browser is gone")
            self._rest += data
        one, self._rest = self._rest.split(b"\0", 1)
        found: dict[str, Any] = json.loads(one)
        if found.get("method") == "Page.javascriptDialogOpening":
            self._tell("Page.handleJavaScriptDialog", accept=True)
        if found.get("method") == "Network.requestWillBeSent":
            self.requests.append(found["params"]["request"]["url"])
            self._urls[found["params"]["requestId"]] = self.requests[-1]
        if found.get("method") == "Network.loadingFailed" and "blockedReason" in found["params"]:
            url = self._urls[found["params"]["requestId"]]
            self.stopped.append((url, found["params"]["blockedReason"]))
        if found.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown"):
            self.problems.append(json.dumps(found["params"])[:400])
        return found
