# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The broker process of a run: serves workers over a unix socket, and ends when the run ends.

Executed as a script: what it needs comes as a ``Setup`` in JSON on its standard input. Nothing of it is ever on disk
but the socket, the note of turn.py, and the ledger. It writes one byte to its standard output when it listens.

Nothing here needs Linux: what only Linux has is used where it is there.
"""

from __future__ import annotations

import contextlib
import json
import os
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
# How often to look whether the run is over, where the system does not tell.
_LOOK_EVERY = 0.25
# As many workers as may come at the same moment; the system may allow fewer.
_BACKLOG = 1024
# The folder for a socket whose path would be too long, and what may stand above it.
_SHORT, _ROOM_ABOVE = "senhasegura-", 70


class Setup(t.NamedTuple):
    """What the broker is told by its starter."""

    path: list[str]
    address: str
    key: bytes
    controller: int
    ledger: str

    def dump(self) -> bytes:
        """Return it as JSON."""
        return json.dumps(self._replace(key=self.key.hex())).encode()  # type: ignore[arg-type]

    @classmethod
    def load(cls, data: bytes) -> Setup:
        """Return the setup that C(dump) gave."""
        setup = cls(*json.loads(data))
        return setup._replace(key=bytes.fromhex(setup.key))  # type: ignore[arg-type]


def main() -> None:
    """Serve until the controller is gone, and end then, whatever the threads still do."""
    try:
        _run()
    finally:
        os._exit(0)


def _run() -> None:
    """Listen, serve until the controller is gone, give custody back, leave nothing behind."""
    setup = Setup.load(sys.stdin.buffer.read())
    # A core dump would put everything that was read on disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        # The end of the run ends the broker, in order; these may hit everything that the user runs.
        signal.signal(number, signal.SIG_IGN)
    try:
        run = _Run(setup.controller, os.path.dirname(setup.address))
    except ProcessLookupError:
        # The run has ended already, and perhaps the worker that wanted a broker as well.
        clean_up(setup.address)
        return
    _find_collection(setup.path)
    broker = _Broker(setup)
    with contextlib.closing(_listener(setup.address)) as listener:
        _note_start(setup.address)
        # The worker that waits for this byte goes on while the imports, the longest part of the start, still run.
        with contextlib.suppress(BrokenPipeError):
            os.write(1, b"1")
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        _Crew(listener, broker.serve).hire()
        broker.load()
        run.wait_for_end()
        # Ansible may have removed the link to it already.
        _remove_place(listener.getsockname())
    clean_up(setup.address)
    for problem in broker.release_all():
        # The run is over and its output closed. The system log and the ledger are left, of which the next run tells.
        syslog.syslog(syslog.LOG_AUTH | syslog.LOG_WARNING, f"community.senhasegura: custody not released: {problem}")


class _Run:
    """The run that this broker belongs to. Raises ProcessLookupError when it is over already."""

    def __init__(self, controller: int, folder: str) -> None:
        self._controller, self._folder = controller, folder
        self._descriptor: int | None = None
        try:
            self._descriptor = os.pidfd_open(controller)
        except ProcessLookupError:
            raise
        except (AttributeError, OSError):
            # No Linux, or one that does not allow it.
            self._look()

    def wait_for_end(self) -> None:
        if self._descriptor is not None:
            select.select([self._descriptor], [], [])
            return
        # Ansible removes the folder when it ends.
        with contextlib.suppress(ProcessLookupError):
            while os.path.isdir(self._folder):
                self._look()
                time.sleep(_LOOK_EVERY)

    def _look(self) -> None:
        with contextlib.suppress(PermissionError):
            os.kill(self._controller, 0)


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
            from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.cache import CachedApis
            from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.key_files import Files
            from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.ledger import Ledger
            from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.service import Service

            setup = self._setup
            ledger = Ledger(setup.ledger, setup.key, setup.controller)
            self._service = Service(CachedApis(ledger=ledger), Files(os.path.dirname(setup.address), setup.key))
        finally:
            self._loaded.set()

    def serve(self, line: socket.socket) -> None:
        """Talk to one worker until it hangs up."""
        from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.protocol import BROKER, Channel

        with contextlib.suppress(OSError, EOFError), line:
            # Where the system does not tell who it is, the folder's mode and the proof of the channel are enough.
            if hasattr(socket, "SO_PEERCRED"):
                _pid, user, _group = struct.unpack("3i", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
                if user != os.getuid():
                    return
            channel = Channel(line, self._setup.key, BROKER)
            self._loaded.wait()
            # Without a service the imports have failed: hanging up sends the worker its own way.
            if self._service:
                _converse(channel, self._service.worker(), line)

    def release_all(self) -> list[str]:
        return self._service.release_all() if self._service else []


def _converse(channel: t.Any, worker: t.Any, line: socket.socket) -> None:
    from ansible_collections.community.senhasegura.plugins.plugin_utils.broker import protocol

    class Peer:
        """The worker, which sends nothing while it waits: what can be read meanwhile is the end of the line."""

        def send(self, message: protocol.Message) -> None:
            channel.send(protocol.dump(message))

        def is_gone(self) -> bool:
            poll = select.poll()
            poll.register(line, select.POLLIN | select.POLLHUP)
            return bool(poll.poll(0))

    peer = Peer()
    try:
        while True:
            peer.send(worker.answer(protocol.load(channel.receive()), peer))
    finally:
        worker.gone()


def _find_collection(path: list[str]) -> None:
    """Make the collection importable without Ansible's loader, whatever else is installed below its name."""
    # From ansible_collections/community/senhasegura/plugins/plugin_utils/broker/server.py up. Not by its name: what is
    # above may have the same.
    root = os.path.abspath(__file__)
    for _level in range(6):
        root = os.path.dirname(root)
    sys.path[:] = path
    package = types.ModuleType("ansible_collections")
    # The package "ansible" of PyPI has a folder of this name too, which would be found first.
    package.__path__ = [root]
    sys.modules["ansible_collections"] = package


def _listener(address: str) -> socket.socket:
    from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.client import LONGEST_PATH

    _remove_socket(address)
    place = address
    if len(os.fsencode(address)) > LONGEST_PATH:
        place = _shorter()
        os.symlink(place, address)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(place)
    listener.listen(_BACKLOG)
    return listener


def _shorter() -> str:
    """A path in a folder of its own, which only this user can enter, for the socket of a run whose path is too long."""
    # Here, because hardly any run needs it.
    import tempfile

    usual = tempfile.gettempdir()
    above = usual if len(os.fsencode(usual)) < _ROOM_ABOVE else "/tmp"  # noqa: S108
    return os.path.join(tempfile.mkdtemp(prefix=_SHORT, dir=above), "broker")


def _note_start(address: str) -> None:
    """Note that there is a broker: see read_note of turn.py."""
    with contextlib.suppress(OSError), open(f"{address}.note", "a", encoding="utf-8") as file:
        file.write(f"started {os.getpid()}\n")


def _remove_socket(address: str) -> None:
    with contextlib.suppress(OSError):
        _remove_place(os.readlink(address))
    with contextlib.suppress(OSError):
        os.unlink(address)


def _remove_place(place: str) -> None:
    """Remove a socket in a folder of its own, with the folder."""
    if os.path.basename(os.path.dirname(place)).startswith(_SHORT):
        with contextlib.suppress(OSError):
            os.unlink(place)
        with contextlib.suppress(OSError):
            os.rmdir(os.path.dirname(place))


def clean_up(address: str, *, folder: bool = True) -> None:
    """Remove the socket, the note of turn.py and the keys of files.py, and the folder if the run was killed before it
    could.
    """
    _remove_socket(address)
    above = os.path.dirname(address)
    with contextlib.suppress(OSError):
        for name in os.listdir(above):
            if name == f"{os.path.basename(address)}.note" or name.startswith("senhasegura-key-"):
                with contextlib.suppress(OSError):
                    os.unlink(os.path.join(above, name))
    if folder:
        with contextlib.suppress(OSError):
            os.rmdir(above)


if __name__ == "__main__":
    main()
