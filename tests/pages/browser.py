# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Drive Chromium over the pipe of its DevTools protocol, without any library."""

from __future__ import annotations

import base64
import json
import os
import select
import shlex
import subprocess
import tempfile
import time
from contextlib import suppress
from types import TracebackType
from typing import Any

# Seconds for each call.
_TIMEOUT = 60.0
_OPTIONS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run")
# Of the protocol: what the browser reads from and writes to.
_READS, _WRITES = 3, 4


class Browser:
    """`with Browser(program) as browser:` has one tab open."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._number, self._buffer = 0, b""
        self._session = ""
        self._events: list[dict[str, Any]] = []

    def __enter__(self) -> Browser:
        self._profile = tempfile.TemporaryDirectory(prefix="pages-", ignore_cleanup_errors=True)
        reads, self._to = os.pipe()
        self._from, writes = os.pipe()
        command = [self._program, *_OPTIONS, "--remote-debugging-pipe", f"--user-data-dir={self._profile.name}"]
        script = f"exec {shlex.join(command)} about:blank {_READS}<&{reads} {_WRITES}>&{writes}"
        self._process = subprocess.Popen(
            ["bash", "-c", script],
            pass_fds=(reads, writes),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(reads)
        os.close(writes)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError, TimeoutError):
            self._session = ""
            self.call("Browser.close")
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        self._process.kill()
        self._process.wait()
        for end in (self._to, self._from):
            os.close(end)
        self._profile.cleanup()

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol, and return its result. Raises RuntimeError, OSError or TimeoutError."""
        self._number += 1
        request: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            request["sessionId"] = self._session
        os.write(self._to, json.dumps(request).encode() + b"\0")
        end = time.monotonic() + _TIMEOUT
        while True:
            message = self._receive(end)
            if message.get("id") == self._number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return dict(message["result"])
            self._events.append(message)

    def _receive(self, end: float) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            if not select.select([self._from], [], [], max(0.0, end - time.monotonic()))[0]:
                raise TimeoutError("the browser does not answer")
            part = os.read(self._from, 1 << 20)
            if not part:
                raise OSError("the browser has ended")
            self._buffer += part
        message, _zero, self._buffer = self._buffer.partition(b"\0")
        return dict(json.loads(message))

    def show(self, url: str, width: int, height: int, scheme: str) -> None:
        """Open a page on a screen of this size, and wait until it is there."""
        self._events.clear()
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Page.navigate", url=url)
        end = time.monotonic() + _TIMEOUT
        while not any(event.get("method") == "Page.loadEventFired" for event in self._events):
            self._events.append(self._receive(end))

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression in the page. Raises RuntimeError."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(json.dumps(result["exceptionDetails"]))
        return result["result"]["value"]

    def complaints(self) -> list[str]:
        """Return what the browser has logged about the page: what it was refused, and what it could not load."""
        logged = [event for event in self._events if event.get("method") == "Log.entryAdded"]
        return [event["params"]["entry"]["text"] for event in logged]

    def picture(self, *, whole: bool) -> bytes:
        """Return a picture of the screen, or of the whole page, as PNG."""
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        return base64.b64decode(data)
