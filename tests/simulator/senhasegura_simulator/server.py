# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts and stops a simulator: in a thread for tests, or in the running event loop for the command line."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from aiohttp import web

from . import tls
from .control import Control, http_server
from .executions import Executions
from .front import Front
from .profiles import PROFILES
from .seed import Seed
from .store import Store
from .world import World

SHUTDOWN_SECONDS = 0.5


class Simulator:
    """`with Simulator(profile="4.0", seed="demo.yml") as sim:` runs one in a thread.

    Attributes once started: url, ca_path, control, control_url, control_key.
    Keyword arguments beyond the named ones are settings and win over those of the seed.
    """

    url: str
    control_url: str
    ca_path: str
    control: Control

    def __init__(
        self,
        profile: str = "4.0",
        seed: str | Path | Mapping[str, Any] | None = None,
        *,
        host: str = "127.0.0.1",
        names: tuple[str, ...] = (),
        port: int = 0,
        control_port: int = 0,
        state: str | Path | None = None,
        **settings: Any,
    ) -> None:
        if profile not in PROFILES:
            raise ValueError(f"unknown profile {profile!r}; known: {', '.join(PROFILES)}")
        self.profile = profile
        self.control_key = secrets.token_urlsafe(24)
        self._seed, self._settings = Seed.load(seed), settings
        self._host, self._names = host, names
        self._port, self._control_port = port, control_port
        self._state = Path(state) if state else None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._failure: BaseException | None = None

    def __enter__(self) -> Simulator:
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="simulator", daemon=True)
        self._thread.start()
        ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if self._thread is not None:
            self._thread.join(timeout=60)

    @property
    def running(self) -> bool:
        """Whether the thread that `with` started has not ended yet."""
        return self._thread is not None and self._thread.is_alive()

    def stop(self) -> None:
        """May be called from any thread and from a signal handler of the loop."""
        if self._loop is not None and self._stop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)

    async def serve(self, ready: threading.Event | None = None) -> None:
        """Listen until `stop` is called."""
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        folder = self._state or Path(tempfile.mkdtemp(prefix="senhasegura-simulator-"))
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        store = Store(str(folder / "state.sqlite3") if self._state else ":memory:")
        runners: list[web.ServerRunner] = []
        executions: asyncio.Task[None] | None = None
        try:
            front = Front(World(PROFILES[self.profile], self._seed, self._settings, store))
            executions = asyncio.create_task(Executions(front.world).run())
            self.control = Control(front, self._loop)
            certificates = tls.make(folder, self._names, keep=self._state is not None)
            self.ca_path = str(certificates.ca_path)
            control = http_server(self.control, self.control_key)
            runners = [web.ServerRunner(s, shutdown_timeout=SHUTDOWN_SECONDS) for s in (front, control)]
            for runner in runners:
                await runner.setup()
            await self._listen(runners, certificates)
            if ready is not None:
                ready.set()
            await self._stop.wait()
            front.gates.release_all("drop")
        finally:
            if executions is not None:
                executions.cancel()
                await asyncio.gather(executions, return_exceptions=True)
            for runner in runners:
                await runner.cleanup()
            await asyncio.sleep(0)  # closed transports leave the loop in its next round
            store.close()
            if self._state is None:
                shutil.rmtree(folder, ignore_errors=True)

    async def _listen(self, runners: list[web.ServerRunner], certificates: tls.Certificates) -> None:
        front, control = runners
        # A test may open hundreds of connections at once: the backlog must hold them.
        site = web.TCPSite(front, self._host, self._port, ssl_context=certificates.context, backlog=1024)
        await site.start()
        await web.TCPSite(control, "127.0.0.1", self._control_port).start()
        self.url = f"https://localhost:{_port(front)}"
        self.control_url = f"http://127.0.0.1:{_port(control)}"

    def _run(self, ready: threading.Event) -> None:
        try:
            asyncio.run(self.serve(ready))
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that started us
            self._failure = error
        finally:
            ready.set()


def _port(runner: web.ServerRunner) -> int:
    return int(runner.addresses[0][1])
