# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start the broker of this run, once, however many workers want it at the same time, and again if it is lost."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import time
import typing as t

from . import ledger, server
from .client import BrokerConnection, address, authentication_key, controller, open_if_there, run_is_over
from .turn import IN_VAIN, MOST_STARTED, Turn, read_note, silence

# Seconds. The longest time in which a broker starts, and the least that a caller gives it.
_READY_WITHIN, _LEAST_WAIT = 8.0, 1.0


class BrokerUnavailable(Exception):
    """The broker cannot run here, or not now."""


class BrokerLost(Exception):
    """The broker was killed or stopped as often as it was started."""


class BrokerLate(Exception):
    """The broker was lost, and another one was not ready before the caller's time was over."""


Process = subprocess.Popen[bytes]


def begin(turn: Turn, until: float) -> Process | None:
    """Start the broker without waiting until it listens, which open_link does. None if there is nothing to start."""
    if turn.insist(until) or not turn.is_ours() or run_is_over():
        return None
    if link := turn.look():
        link.close()
        return None
    if read_note().is_spent():
        return None
    try:
        return _launch()
    except OSError:
        return None


def undo(process: Process) -> None:
    """End a broker that nobody wants, as if it had not been started."""
    process.kill()
    process.wait()
    server.clean_up(address(), folder=False)


def open_link(until: float, turn: Turn | None = None, begun: Process | None = None) -> BrokerConnection:
    """A link to the broker, which is started if it does not run (any more).

    Raises BrokerUnavailable when there has been none and cannot be one now, BrokerLost when it was lost too often, and
    BrokerLate when it was lost and the time is over.

    :param until: the monotonic time at which the caller's time is over
    :param turn: the turn of a caller who has one already, and keeps it
    """
    if link := open_if_there():
        return link
    try:
        if turn is not None:
            return _start(turn, begun, until)
        with Turn(until) as own:
            link = _start(own, None, until)
            own.started()
            return link
    except OSError as exc:
        raise BrokerUnavailable(f"its folder cannot be used: {exc.strerror}") from None


def _start(turn: Turn, begun: Process | None, until: float) -> BrokerConnection:
    """Start the broker, unless another worker did while this one waited for its turn, or found that it cannot run.

    One that is killed or stopped while it starts is lost as well as one that has run, and another is started.
    """
    while True:
        reason = turn.insist(until)
        # One that was begun has not been looked for, since it may not listen yet.
        if begun is None and (link := turn.look()):
            return link
        note = read_note()
        # Also for those who have waited in vain for their turn, since all others had to find that out.
        if begun is None and note.is_spent():
            raise BrokerLost
        if reason:
            raise BrokerUnavailable(reason)
        if begun is None and turn.is_in_vain():
            # Whoever comes next has more time for it. Where the run has logged in, its tasks wait together, and would
            # all log in by themselves now.
            raise BrokerLate if note.started else BrokerUnavailable(IN_VAIN)
        if not turn.is_ours():
            # One was started meanwhile, and is lost already.
            continue
        process = None
        try:
            process, begun = begun or _launch(), None
            _wait_for(process, min(_READY_WITHIN, max((until - time.monotonic()) / 2, _LEAST_WAIT)))
            return BrokerConnection(silence(until))
        except (OSError, EOFError):
            lost = process is not None and _is_lost(process)
            if process is not None and lost:
                turn.lost(process.pid)
            if run_is_over():
                # Nobody else is left who could.
                server.clean_up(address())
                raise BrokerUnavailable("the run is over") from None
            if not lost:
                turn.failed("it cannot be started")
                raise BrokerUnavailable("it cannot be started") from None


def _is_lost(process: Process) -> bool:
    """End a broker that did not get ready. Returns whether somebody else has stopped or killed it."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        # It has closed its end of the pipe, so it ends at this moment, unless it is stopped.
        process.wait(0.5)
    if process.returncode is None:
        process.kill()
        process.wait()
    return process.returncode < 0


def _launch() -> Process:
    """Run server.py in a process of its own, outside the process group that Ctrl-C hits. Raises OSError."""
    _tell()
    # The secrets in the environment are of no use to it; it gets the settings of each caller.
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("SENHASEGURA_", "ANSIBLE_"))
    }
    process = subprocess.Popen(
        # Without site, whose work takes as long as the start of Python itself: where modules are comes with the setup.
        [sys.executable, "-I", "-S", os.path.abspath(server.__file__)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
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


def _tell() -> None:
    """Warn once of what the user should know when a broker starts: that it takes over, or what earlier runs owe."""
    from ansible.utils.display import Display

    lost = len(read_note().started)
    if lost:
        Display().warning(
            "the broker of this run was killed or did not answer, and is started again "
            f"({lost} of at most {MOST_STARTED - 1} times): it logs in and reads anew"
        )
        return
    for path, owed in ledger.left_behind(os.path.dirname(address())):
        Display().warning(
            "an earlier run has ended without giving back the custody of "
            f"{'; '.join(map(str, owed))}. Release it with the module community.senhasegura.custody if it is still "
            f"held, then delete {path}"
        )


def _wait_for(process: Process, seconds: float) -> None:
    """Wait until the broker listens. Raises EOFError if it does not."""
    with t.cast("t.IO[bytes]", process.stdout) as pipe:
        poll = select.poll()
        poll.register(pipe, select.POLLIN | select.POLLHUP)
        if not poll.poll(seconds * 1000) or pipe.read(1) != b"1":
            raise EOFError
