# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Be the broker of a run: serve workers over a Unix socket, and end when the run ends.

Executed as a script: what it needs comes as a ``Setup`` in JSON on its standard input. Nothing of it is ever on disk
but the socket, the marker of start_lock.py, the ledger, and the paths of removals.py. It writes one byte to its
standard output when it listens.
A script has no package, so imports here are absolute, and stand where the collection has been found.

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
# What the list of files to be removed has at the end of its name, after that of the socket.
_REMOVALS = ".removals"
# The folder for a socket whose path would be too long, and what may stand above it.
_SHORT, _ROOM_ABOVE = "senhasegura-", 70


class Setup(t.NamedTuple):
    """What the worker that starts the broker passes to it."""

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
    """Serve until the controller is gone, and end then, whatever the threads still do.

    If it cannot listen, the last line of its standard error says why, and its exit status is 1.
    """
    status = 1
    try:
        _run()
        status = 0
    # Catch everything: whoever has started it reads this line, which is shown to the user.
    except Exception as exc:  # noqa: BLE001
        sys.stderr.write(f"{type(exc).__name__}: {exc}\n")
        sys.stderr.flush()
    finally:
        os._exit(status)


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
        _mark_start(setup.address)
        # The worker that waits for this byte goes on while the imports, the longest part of the start, still run.
        with contextlib.suppress(BrokenPipeError):
            os.write(1, b"1")
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        _AcceptorPool(listener, broker.serve).spawn()
        loaded = broker.load()
        if loaded:
            run.wait_for_end()
        # Ansible may have removed the link to it already.
        _remove_place(listener.getsockname())
    if not loaded:
        # The run goes on without a broker, and the marker says why.
        _remove_socket(setup.address)
        return
    clean_up(setup.address)
    for problem in broker.remove_files():
        syslog.syslog(syslog.LOG_AUTH | syslog.LOG_WARNING, f"community.senhasegura: file not removed: {problem}")
    for problem in broker.release_all():
        # The run is over and its output closed. The system log and the ledger are left, of which the next run tells.
        syslog.syslog(syslog.LOG_AUTH | syslog.LOG_WARNING, f"community.senhasegura: custody not released: {problem}")


class _Run:
    """The run that this broker belongs to.

    :param controller: the id of its main process. Raises ProcessLookupError when it is over already.
    :param folder: the one that Ansible removes when it ends
    """

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
        """Return when the run is over."""
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


class _AcceptorPool:
    """Accept and serve workers, as leader and followers: the thread that accepts a connection serves it, after making
    sure that another one is accepting.

    Most workers send one request: to hand it to another thread would take longer than to reply. The number of threads
    has no limit, since a worker may keep its connection for a whole task, and may have to wait for another one.

    :param serve: serves one connection until the worker hangs up
    """

    def __init__(self, listener: socket.socket, serve: t.Callable[[socket.socket], None]) -> None:
        self._listener, self._serve = listener, serve
        self._lock = threading.Lock()
        self._accepting = 0

    def spawn(self) -> None:
        """Start one more thread that accepts."""
        with self._lock:
            self._accepting += 1
        try:
            threading.Thread(target=self._accept_loop, daemon=True).start()
        except RuntimeError:
            # The system allows no more: those who come now wait until one of the others is done.
            with self._lock:
                self._accepting -= 1

    def _accept_loop(self) -> None:
        while True:
            sock = self._accept()
            if sock is None:
                return
            with self._lock:
                self._accepting -= 1
                nobody_accepts = not self._accepting
            if nobody_accepts:
                self.spawn()
            self._serve(sock)
            with self._lock:
                self._accepting += 1

    def _accept(self) -> socket.socket | None:
        """Return the connection of the next worker, or None when the run is over."""
        while self._listener.fileno() >= 0:
            try:
                return self._listener.accept()[0]
            except OSError:
                # Too many open files, perhaps: the end of a worker makes room.
                time.sleep(_PAUSE)
        return None


class _Broker:
    """Serve workers, each in a thread. The service is imported while the first of them waits."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._service: t.Any = None
        self._loaded = threading.Event()

    def load(self) -> bool:
        """Import the service, the longest part of the start. Return whether that was possible."""
        try:
            from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.cached_apis import CachedApis
            from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.key_files import Files
            from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.ledger import Ledger
            from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.removals import Removals
            from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.service import Service

            setup = self._setup
            ledger = Ledger(setup.ledger, setup.key, setup.controller)
            files = Files(os.path.dirname(setup.address), setup.key)
            self._service = Service(CachedApis(ledger=ledger), files, Removals(f"{setup.address}{_REMOVALS}"))
        # Catch everything: the workers that wait need to know.
        except Exception as exc:  # noqa: BLE001
            # Before they are hung up on.
            _mark_broken(self._setup.address, exc)
            return False
        finally:
            self._loaded.set()
        return True

    def serve(self, sock: socket.socket) -> None:
        """Reply to one worker until it hangs up."""
        from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.protocol import BROKER, Channel

        with contextlib.suppress(OSError, EOFError), sock:
            # Elsewhere it is missing, or in another order: the folder's mode and the proof of the channel are enough.
            if sys.platform == "linux" and hasattr(socket, "SO_PEERCRED"):
                _pid, user, _group = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
                if user != os.getuid():
                    return
            channel = Channel(sock, self._setup.key, BROKER)
            self._loaded.wait()
            # Without a service the imports have failed: hanging up makes the worker look into the marker.
            if self._service:
                self._service.serve(channel, sock)

    def remove_files(self) -> list[str]:
        """Remove the files that are to go when the run ends. Return what could not be removed, without values."""
        return self._service.removals.remove_all() if self._service else []

    def release_all(self) -> list[str]:
        """Give custody back. Return what could not be released, in words without values."""
        return self._service.release_all() if self._service else []


def _find_collection(path: list[str]) -> None:
    """Make the collection importable without Ansible's loader, whatever else is installed under its name."""
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
    """Listen at a path. If it is too long, it becomes a symbolic link to a shorter one."""
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
    """Return a path in a new folder, which only this user can enter, for the socket of a run whose path is too long."""
    # Imported lazily: hardly any run needs it.
    import tempfile

    usual = tempfile.gettempdir()
    above = usual if len(os.fsencode(usual)) < _ROOM_ABOVE else "/tmp"  # noqa: S108
    return os.path.join(tempfile.mkdtemp(prefix=_SHORT, dir=above), "broker")


def _mark_start(address: str) -> None:
    """Mark that there is a broker: see start_lock.py."""
    with contextlib.suppress(OSError), open(f"{address}.marker", "a", encoding="utf-8") as file:
        file.write(f"started {os.getpid()}\n")


def _mark_broken(address: str, error: Exception) -> None:
    """Mark that this broker cannot serve, and why: see start_lock.py."""
    try:
        from ansible_collections.community.senhasegura.plugins.plugin_utils.unexpected import describe

        reason = describe(error)
    except ImportError:
        reason = type(error).__name__
    with contextlib.suppress(OSError), open(f"{address}.marker", "a", encoding="utf-8") as file:
        file.write(f"broken {os.getpid()} {time.monotonic()} it cannot be started: {reason}\n")


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


def clean_up(address: str) -> None:
    """Remove the socket, the marker, the list of removals.py and the keys of key_files.py, and the folder if the run
    was killed before it could.

    :param address: the path of the socket, which is in the folder
    """
    _remove_socket(address)
    above = os.path.dirname(address)
    with contextlib.suppress(OSError):
        for name in os.listdir(above):
            own = [f"{os.path.basename(address)}{end}" for end in (".marker", _REMOVALS)]
            if name in own or name.startswith("senhasegura-key-"):
                with contextlib.suppress(OSError):
                    os.unlink(os.path.join(above, name))
    with contextlib.suppress(OSError):
        os.rmdir(above)


if __name__ == "__main__":
    main()
