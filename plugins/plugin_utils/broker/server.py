# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The broker process of a run: serves workers over a unix socket, and ends when the run ends.

Executed as a script: what it needs comes as a pickled ``Setup`` on its standard input. Nothing of it is ever on disk
but the socket. It writes one byte to its standard output when it listens.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import resource
import select
import signal
import socket
import struct
import sys
import syslog
import threading
import time
import types
import typing as t

_PAUSE = 0.1


class Setup(t.NamedTuple):
    """What the broker is told by its starter."""

    path: list[str]
    address: str
    key: bytes
    controller: int


def main() -> None:
    """Serve until the controller is gone, and end then, whatever the threads still do."""
    try:
        _run()
    finally:
        os._exit(0)


def _run() -> None:
    """Listen, serve until the controller is gone, give custody back, leave nothing behind."""
    setup = Setup(*pickle.load(sys.stdin.buffer))  # noqa: S301
    # A core dump would put everything that was read on disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        # The end of the run ends the broker, in order; these may hit everything that the user runs.
        signal.signal(number, signal.SIG_IGN)
    try:
        ended = os.pidfd_open(setup.controller)
    except ProcessLookupError:
        # The run has ended already, and perhaps the worker that wanted a broker as well.
        clean_up(setup.address)
        return
    _find_collection(setup.path)
    broker = _Broker(setup)
    with contextlib.closing(_listener(setup.address)) as listener:
        # The worker that waits for this byte goes on while the imports, the longest part of the start, still run.
        with contextlib.suppress(BrokenPipeError):
            os.write(1, b"1")
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        _Crew(listener, broker.serve).hire()
        broker.load()
        select.select([ended], [], [])
    clean_up(setup.address)
    for problem in broker.release_all():
        # The run is over and its output closed; the system log is the only place left.
        syslog.syslog(syslog.LOG_AUTH | syslog.LOG_WARNING, f"community.senhasegura: custody not released: {problem}")


class _Crew:
    """Threads that take turns in waiting for workers: whoever has got one serves it, while another one waits.

    Most workers ask one question: to hand it to another thread would take longer than to answer it. The number of
    threads has no limit, since a worker may keep its line for a whole task, and may have to wait for another one.
    """

    def __init__(self, listener: socket.socket, serve: t.Callable[[socket.socket], None]) -> None:
        self._listener, self._serve = listener, serve
        self._lock = threading.Lock()
        self._waiting = 0

    def hire(self) -> None:
        """One more thread that waits."""
        with self._lock:
            self._waiting += 1
        try:
            threading.Thread(target=self._work, daemon=True).start()
        except RuntimeError:
            # The system allows no more: those who come now wait until one of the others is done.
            with self._lock:
                self._waiting -= 1

    def _work(self) -> None:
        while True:
            line = self._accept()
            if line is None:
                return
            with self._lock:
                self._waiting -= 1
                nobody_waits = not self._waiting
            if nobody_waits:
                self.hire()
            self._serve(line)
            with self._lock:
                self._waiting += 1

    def _accept(self) -> socket.socket | None:
        """The line to the next worker; None when the run is over."""
        while self._listener.fileno() >= 0:
            try:
                return self._listener.accept()[0]
            except OSError:
                # Too many open files, perhaps: the end of a worker makes room.
                time.sleep(_PAUSE)
        return None


class _Broker:
    """Serves workers, each in a thread, from when its service is imported."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._service: t.Any = None
        self._loaded = threading.Event()

    def load(self) -> None:
        try:
            from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.service import Service

            self._service = Service()
        finally:
            self._loaded.set()

    def serve(self, line: socket.socket) -> None:
        """Talk to one worker until it hangs up."""
        from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.link import BROKER, Channel

        with contextlib.suppress(OSError, EOFError), line:
            _pid, user, _group = struct.unpack("3i", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
            if user != os.getuid():
                return
            channel = Channel(line, self._setup.key, BROKER)
            self._loaded.wait()
            # Without a service the imports have failed: hanging up sends the worker its own way.
            if self._service:
                _converse(channel, self._service.worker())

    def release_all(self) -> list[str]:
        return self._service.release_all() if self._service else []


def _converse(channel: t.Any, worker: t.Any) -> None:
    try:
        while True:
            request = json.loads(channel.receive())
            if request[0] == "call":
                # Nobody but a worker of this run can have sent it.
                channel.send(worker.call(pickle.loads(channel.receive())))  # noqa: S301
            else:
                channel.send(json.dumps(worker.answer(request)).encode())
    finally:
        worker.gone()


def _find_collection(path: list[str]) -> None:
    """Make the collection importable without Ansible's loader, whatever else is installed below its name."""
    root = __file__.partition("/ansible_collections/")[0]
    sys.path[:] = path
    package = types.ModuleType("ansible_collections")
    # The package "ansible" of PyPI has a folder of this name too, which would be found first.
    package.__path__ = [f"{root}/ansible_collections"]
    sys.modules["ansible_collections"] = package


def _listener(address: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # As in link.py: the whole path may be too long for an address.
    os.chdir(os.path.dirname(address))
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.basename(address))
    listener.bind(os.path.basename(address))
    os.chdir("/")
    listener.listen(128)
    return listener


def clean_up(address: str) -> None:
    """Remove the socket and the note of turn.py, and the folder if the run was killed before it could."""
    for path in (address, f"{address}.note"):
        with contextlib.suppress(OSError):
            os.unlink(path)
    with contextlib.suppress(OSError):
        os.rmdir(os.path.dirname(address))


if __name__ == "__main__":
    main()
