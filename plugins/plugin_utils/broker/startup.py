# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start the broker of this run, once, however many workers want it at the same time, and again if it is lost.

Theory of operation. The first task of a play begins in several workers at once, and each finds that there is no broker.
One of them gets the lock of start_lock.py. It reads the settings, which say whether a broker is wanted, starts it and
registers its context. Meanwhile the others wait, and do none of that. A worker is in one of these states:

                    the lock is free                      _spawn()              it listens
    IDLE ---------+---------------------------> OWNER <------------> STARTING ------------> CONNECTED
    join() or     |                               ^    killed or        |                       ^
    connect()     |                               |    stopped while    | it cannot be started  |
                  |                               |    it starts        v                       |
                  |                     connect() |             BrokerUnavailable               |
                  |   nobody needs to wait, or    | insists                                     |
                  +---------------------------> BYSTANDER                                       |
                  |   waited for too long                                                       |
                  |                                                                             |
                  +------------ the broker that another worker has started listens -------------+

    release() leads from each state to RELEASED: the other workers go on. An OWNER without a broker leaves the marker
    NO_BROKER, so that nobody waits for one. From there, connect() begins again. A join() that finds a broker releases
    at once.

A worker that becomes the OWNER looks first whether a broker answers. One that takes connections from nobody is stopped:
the OWNER kills it, and takes it for lost. When the marker counts MOST_STARTED brokers, BrokerLost ends each attempt.
Where a broker was lost, and none is there in time, the task fails (BrokerLate). Before the first one there has been no
login that could be lost, so the task goes on without a broker (BrokerUnavailable).
"""

from __future__ import annotations

import contextlib
import enum
import errno
import os
import select
import signal
import subprocess
import sys
import time
import typing as t

from ansible.utils.display import Display

from ...module_utils.errors import ConnectionFailed
from ...module_utils.redaction import redact
from . import ledger, server
from .client import SILENCE, BrokerConnection, address, authentication_key, controller, open_if_there, run_is_over
from .start_lock import MOST_STARTED, WAITED_IN_VAIN, StartLock, read_marker

# Seconds. The longest time in which a broker starts, and the least that a caller gives it.
_READY_WITHIN, _LEAST_WAIT = 8.0, 1.0
# Seconds. The longest time in which a broker that works takes a connection.
_LONGEST_SILENCE = 4.0


# The signals of a process that ends because of what itself does.
_CRASHES = (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT, signal.SIGSYS)


class BrokerUnavailable(Exception):
    """The broker cannot run here, or not now."""


class BrokerLost(ConnectionFailed):
    """The broker was killed or stopped as often as it was started. To go on, each host would log in by itself."""

    default_hint = (
        "Find out what does it, for example the out-of-memory killer in the kernel's log; with broker=false each lookup"
        " and task logs in and reads by itself. The next run says which custody was not given back"
    )

    def __init__(self) -> None:
        super().__init__("the broker of this run was started several times, and killed or stopped each time")


class BrokerLate(ConnectionFailed):
    """The broker was lost, and another one was not ready before the caller's time was over. The others wait as well."""

    default_hint = (
        "Run the play again. Raise timeout or lower forks if the controller is busy, and find out what ends the "
        "broker, for example the out-of-memory killer in the kernel's log"
    )

    def __init__(self) -> None:
        super().__init__(
            "the broker of this run was killed or did not answer, and no other one was ready within the option timeout"
        )


class StartupState(enum.Enum):
    """Where a worker is on its way to the broker: see above."""

    IDLE = enum.auto()
    BYSTANDER = enum.auto()
    OWNER = enum.auto()
    STARTING = enum.auto()
    CONNECTED = enum.auto()
    RELEASED = enum.auto()


class BrokerStartup:
    """Bring one worker to the broker.

    :param until: the monotonic time at which the caller's time is over. C(connect) may set another one.
    """

    def __init__(self, until: float) -> None:
        self.state = StartupState.IDLE
        self._until = until
        self._lock: StartLock | None = None
        # Whether this worker has looked for a broker since it has the lock: nobody else can have started one since.
        self._looked = False

    def __enter__(self) -> BrokerStartup:
        return self

    def __exit__(self, *_details: object) -> None:
        self.release()

    def join(self) -> BrokerConnection | None:
        """Wait for the worker that starts the broker, if there is one, or become it.

        :return: the connection to a broker that runs. None: the caller is to find out whether it wants a broker.
        """
        try:
            connection = self._find(self._wait())
        except OSError:
            # The directory of the run is gone. Whether that matters is not known yet.
            return None
        if connection is not None:
            self.release()
        return connection

    def connect(self, until: float) -> BrokerConnection:
        """Return a connection to the broker, which is started if it does not run.

        Raises BrokerUnavailable when there has been none and cannot be one now, BrokerLost when it was lost too often,
        and BrokerLate when it was lost and the time is over.
        """
        self._until = until
        if connection := open_if_there():
            self.state = StartupState.CONNECTED
            return connection
        try:
            return self._insist(self._lock or self._wait())
        except OSError as exc:
            raise BrokerUnavailable(f"its folder cannot be used: {exc.strerror}") from None

    def release(self) -> None:
        """Let the other workers go on."""
        if self._lock is not None:
            if self.state in (StartupState.OWNER, StartupState.STARTING):
                self._lock.mark_no_broker()
            self._lock.release()
        self._lock, self._looked, self.state = None, False, StartupState.RELEASED

    def _wait(self) -> StartLock:
        """Wait for the lock, unless nobody needs to. Raises OSError if the directory of the run is gone."""
        lock = self._lock = StartLock()
        lock.acquire(self._until)
        self.state = _holder(lock)
        return lock

    def _insist(self, lock: StartLock) -> BrokerConnection:
        """Become the owner, and start the broker, unless another worker does that meanwhile, or finds that it cannot
        run.

        A broker that is killed or stopped while it starts is lost as well as one that has run, and another is started.
        """
        while True:
            reason = lock.acquire(self._until, insist=True)
            self.state = _holder(lock)
            if connection := self._find(lock):
                return connection
            marker = read_marker()
            # Also for those who have waited in vain for the lock, since all others had to find that out.
            if marker.is_spent():
                raise BrokerLost
            if reason:
                raise BrokerUnavailable(reason)
            if lock.is_patience_over():
                # Whoever comes next has more time for it. Where the run has logged in, its tasks wait together, and
                # would all log in by themselves now.
                raise BrokerLate if marker.started else BrokerUnavailable(WAITED_IN_VAIN)
            # Without the lock: another worker has started one meanwhile, which is lost already.
            if self.state is StartupState.OWNER and (connection := self._start(lock)):
                return connection

    def _find(self, lock: StartLock) -> BrokerConnection | None:
        """Connect to the broker that runs. Kill one that does not answer, since another one is to take its place."""
        if self._looked:
            return None
        lock.known = read_marker().started
        try:
            connection = BrokerConnection(self._silence())
        except TimeoutError:
            # Somebody listens there, so the process of this id is still the one that was marked.
            for process in read_marker().started[-1:] if lock.is_held else ():
                with contextlib.suppress(OSError):
                    os.kill(process, signal.SIGKILL)
        except (OSError, EOFError):
            pass
        else:
            self.state = StartupState.CONNECTED
            return connection
        self._looked = lock.is_held
        return None

    def _start(self, lock: StartLock) -> BrokerConnection | None:
        """Start a broker and connect to it. Return None if somebody has killed or stopped it meanwhile."""
        process = None
        self.state = StartupState.STARTING
        try:
            process = _spawn()
            _wait_for(process, min(_READY_WITHIN, max((self._until - time.monotonic()) / 2, _LEAST_WAIT)))
            connection = BrokerConnection(self._silence())
        except (OSError, EOFError) as exc:
            lost = process is not None and _kill(process)
            if process is not None and lost:
                lock.mark_started(process.pid)
            if run_is_over():
                # Nobody else is left who could.
                server.clean_up(address())
                raise BrokerUnavailable("the run is over") from None
            if not lost:
                # A broker that listened may have said it itself.
                if not (reason := read_marker().reason()):
                    reason = f"it cannot be started: {_why(process, exc)}"
                    lock.mark_failed(reason)
                raise BrokerUnavailable(reason) from None
            return None
        self.state = StartupState.CONNECTED
        return connection

    def _silence(self) -> float:
        """Return for how many seconds the broker may be silent, for a caller with so much time."""
        return min(_LONGEST_SILENCE, max((self._until - time.monotonic()) / 4, SILENCE / 4))


def _holder(lock: StartLock) -> StartupState:
    return StartupState.OWNER if lock.is_held else StartupState.BYSTANDER


def open_connection(until: float) -> BrokerConnection:
    """Return a connection to the broker, which is started if it does not run. Raises what C(connect) does.

    :param until: the monotonic time at which the caller's time is over
    """
    with BrokerStartup(until) as startup:
        return startup.connect(until)


def go_on_without_broker(error: BrokerUnavailable) -> None:
    """Warn (once per run) that the broker is not used.

    Raises ConnectionFailed if the run is over: its workers must not take custody that nobody gives back.
    """
    if run_is_over():
        raise ConnectionFailed("the run has ended", hint="Nothing to do: the task was stopped with it") from None
    Display().warning(
        f"the broker of this run cannot be used: {str(error).rstrip('.')}. Without it, each lookup and task logs in "
        "and reads by itself: more logins, more reads that take custody, and more time. Put that right, or set "
        "broker=false to do without it silently"
    )


def warn_of_custody() -> None:
    """Warn that custody cannot be given back at the end of the run."""
    Display().warning("custody=release_at_end needs the broker: custody is kept")


def _spawn() -> subprocess.Popen[bytes]:
    """Run server.py in a process of its own, outside the process group that Ctrl-C hits. Raises OSError."""
    _warn()
    if not sys.executable:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    # The secrets in the environment are of no use to it; it gets the settings of each caller.
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("SENHASEGURA_", "ANSIBLE_"))
    }
    process = subprocess.Popen(
        # Without site, whose work takes as long as the start of Python itself: where modules are comes with the setup.
        [sys.executable, "-I", "-S", os.path.abspath(server.__file__)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd="/",
        env=environment,
        start_new_session=True,
    )
    owed = ledger.path_for(os.path.dirname(address()))
    path = [entry for entry in sys.path if os.path.isabs(entry)]
    setup = server.Setup(path, address(), authentication_key(), controller(), owed)
    try:
        with t.cast("t.IO[bytes]", process.stdin) as pipe:
            pipe.write(setup.dump())
    except OSError:
        # It has ended already; whoever waits for it finds out how.
        pass
    return process


def _kill(process: subprocess.Popen[bytes]) -> bool:
    """End a broker that did not get ready. Return whether somebody else has stopped or killed it."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        # It has closed its end of the pipe, so it ends at this moment, unless it is stopped.
        process.wait(0.5)
    if process.returncode is None:
        process.kill()
        process.wait()
    return process.returncode < 0 and -process.returncode not in _CRASHES


def _why(process: subprocess.Popen[bytes] | None, error: OSError | EOFError) -> str:
    """Return why a broker did not get ready.

    That is the last line that it wrote to its standard error, without the key of the run; or how it ended.

    :param process: it has ended. None if it could not be started at all
    :param error: what kept it from starting then
    """
    if process is None:
        return f"{sys.executable or 'the Python of Ansible'} cannot be run: {getattr(error, 'strerror', None) or error}"
    said = b""
    if process.stderr:
        with process.stderr as pipe:
            said = pipe.read()
    lines = said.decode(errors="replace").strip().splitlines()
    if lines:
        return redact(lines[-1], [authentication_key().hex()])
    if process.returncode < 0:
        return f"its Python was ended by {signal.Signals(-process.returncode).name}"
    return f"its Python has ended with status {process.returncode} and said nothing"


def _warn() -> None:
    """Warn once of what the user should know when a broker starts: that it takes over, or what earlier runs owe."""
    lost = len(read_marker().started)
    if lost:
        Display().warning(
            "the broker of this run was killed or did not answer, and is started again "
            f"({lost} of at most {MOST_STARTED - 1} times): it logs in and reads anew"
        )
        return
    for path, owed in ledger.left_behind(os.path.dirname(address())):
        custody = [str(one) for one in owed if one.item[0] != ledger.EPHEMERAL]
        others = [str(one) for one in owed if one.item[0] == ledger.EPHEMERAL]
        if custody:
            Display().warning(
                "an earlier run has ended without giving back the custody of "
                f"{'; '.join(custody)}. Release it with the module community.senhasegura.custody if it is still "
                f"held, then delete {path}"
            )
        if others:
            Display().warning(
                f"an earlier run has ended without removing {'; '.join(others)}. Remove it with the module "
                f"community.senhasegura.ephemeral_credential and state=absent if it is still there, then delete {path}"
            )


def _wait_for(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Wait until the broker listens. Raises EOFError if it does not."""
    with t.cast("t.IO[bytes]", process.stdout) as pipe:
        poll = select.poll()
        poll.register(pipe, select.POLLIN | select.POLLHUP)
        if not poll.poll(seconds * 1000) or pipe.read(1) != b"1":
            raise EOFError
    if process.stderr:
        # From now on it writes nothing to it.
        process.stderr.close()
