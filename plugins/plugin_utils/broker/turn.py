# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One worker at a time on the way to the broker, until it is there.

The first task of a play begins in several workers at once. What they would all import and work out to start the same
broker, one of them does; meanwhile the others wait, and then find the broker. The same happens when the broker is lost.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
import typing as t

from .client import SILENCE, BrokerConnection, address, run_is_over

# How many brokers a run has at most, one after the other: each of them logs in and reads anew.
MOST_STARTED = 4
# After a failed attempt nobody tries again for so many seconds, nor at all after so many attempts.
RETRY_AFTER, _MOST_FAILED = 10.0, 4
# How much of the time that it has left a task waits for its turn. A broker that is stopped while it starts is replaced
# in less than that, and what is left is for doing without one.
_PATIENCE = 0.8
_LOOK_EVERY = 0.02
# Seconds. The longest time in which a broker that works takes a connection.
_LONGEST_SILENCE = 4.0
STARTED, _FAILED, _UNWANTED = "started", "failed", "unwanted"
IN_VAIN = "another task of this run has been starting it for too long"


class Note(t.NamedTuple):
    """What is known of the brokers of this run. Each line of its file is one event: see C(read_note)."""

    # The process ids of the brokers that were started, in order.
    started: tuple[int, ...] = ()
    # When (monotonic seconds) and why a start failed.
    failed: tuple[tuple[float, str], ...] = ()
    # Whether a worker came back that wanted none.
    unwanted: bool = False

    def is_spent(self) -> bool:
        """Whether no further broker may be started."""
        return len(self.started) >= MOST_STARTED

    def discourages(self) -> bool:
        """Whether nobody shall wait for one who starts a broker."""
        return self.unwanted or bool(self.reason())

    def reason(self) -> str:
        """Why nobody shall try to start one now, or ''."""
        if not self.failed:
            return ""
        when, why = self.failed[-1]
        return why if self._attempts() >= _MOST_FAILED or time.monotonic() - when < RETRY_AFTER else ""

    def _attempts(self) -> int:
        """How many attempts have failed. Many workers may have waited in vain for one of them, and each noted it."""
        attempts, last = 0, float("-inf")
        for when, _why in self.failed:
            if when - last >= RETRY_AFTER:
                attempts, last = attempts + 1, when
        return attempts


def wait_for_broker(until: float) -> tuple[BrokerConnection | None, Turn | None]:
    """A link, if another worker has started the broker meanwhile, or the right to start it. Neither: see Turn.

    :param until: the monotonic time at which the caller's time is over
    """
    try:
        turn = Turn(until)
    except OSError:
        return None, None
    link = turn.look()
    if link is None:
        return None, turn
    turn.started()
    return link, None


def silence(until: float) -> float:
    """For how many seconds the broker may be silent, for a caller whose time is over then (monotonic)."""
    return min(_LONGEST_SILENCE, max((until - time.monotonic()) / 4, SILENCE / 4))


class Turn:
    """The right to start the broker. Waits for it, unless an earlier worker has found that none is to be started.

    Whoever waits stops as soon as there is something to see: another broker that was started meanwhile, or that no
    further one may be. So having a Turn does not mean that it is this worker's: see C(is_ours).

    The lock is on the folder: a file for it would stay behind when a worker is killed before there is a broker, which
    removes what is in the folder. A worker that comes back without a broker leaves a note there for the others.
    Raises OSError when there is no such folder.

    :param until: the monotonic time at which the caller's time is over. Most of what is left of it is for waiting,
        since whoever has the turn may be stopped.
    """

    def __init__(self, until: float) -> None:
        self._place = os.open(os.path.dirname(address()), os.O_DIRECTORY | os.O_CLOEXEC)
        self._have_until(until)
        self._over = self._ours = self._looked = False
        note = read_note()
        # The brokers that are known here, so that one more is worth a look.
        self._known = note.started
        if not note.discourages():
            self._wait()
            if self._ours and read_note().discourages():
                fcntl.flock(self._place, fcntl.LOCK_UN)
                self._ours = False

    def __enter__(self) -> Turn:
        return self

    def __exit__(self, *_details: object) -> None:
        """Let the others come, who need not wait any more if this run has no broker so far."""
        if not self._over:
            note = read_note()
            if not (note.started or note.discourages()):
                _leave(_UNWANTED)
            self.started()

    def is_over(self) -> bool:
        """Whether this worker has given its turn back."""
        return self._over

    def is_first(self) -> bool:
        """Whether no earlier worker has come back without having started the broker."""
        return not read_note().discourages()

    def is_ours(self) -> bool:
        """Whether this worker, and no other, may start the broker."""
        return self._ours

    def is_in_vain(self) -> bool:
        """Whether the time for waiting is over."""
        return time.monotonic() >= self._patient_until

    def look(self) -> BrokerConnection | None:
        """A link to the broker that runs. Ends one that does not answer, since another one is to take its place."""
        if self._looked:
            # Nobody else can have started one since.
            return None
        self._known = read_note().started
        try:
            return BrokerConnection(silence(self._until))
        except TimeoutError:
            # Somebody listens there, so the process of this id is still the one that noted it.
            for process in read_note().started[-1:] if self._ours else ():
                with contextlib.suppress(OSError):
                    os.kill(process, signal.SIGKILL)
        except (OSError, EOFError):
            pass
        self._looked = self._ours
        return None

    def insist(self, until: float) -> str:
        """Wait in any case, to start the broker. Returns why it cannot be started now, if somebody has found out."""
        if until != self._until:
            self._have_until(until)
        reason = read_note().reason()
        if not (reason or self._ours):
            self._wait()
            note = read_note()
            reason = note.reason()
            if not (reason or self._ours or note.started) and note.failed:
                # Another task tries again at this moment.
                reason = note.failed[-1][1]
        return reason

    def failed(self, reason: str) -> None:
        """The broker cannot be started. Somebody else may try again after a pause, a few times."""
        _leave(f"{_FAILED} {time.monotonic()} {reason}")

    def lost(self, process: int) -> None:
        """A broker has ended before it could note by itself that it was there."""
        if process not in read_note().started:
            _leave(f"{STARTED} {process}")

    def started(self) -> None:
        """The broker is there."""
        if not self._over:
            self._over = True
            os.close(self._place)

    def _have_until(self, until: float) -> None:
        now = time.monotonic()
        self._until, self._patient_until = until, now + _PATIENCE * (until - now)

    def _wait(self) -> None:
        """Wait for the lock, until another worker has started a further broker, or has found that none can be.

        Whoever waits in vain for the first broker notes it, so that those who come next do not wait as long. Where
        there has been one, they have to wait as well: each of them would otherwise log in by itself.
        """
        # Where a start has failed before, one worker tries again, and the others soon go on meanwhile.
        trying_again = bool(read_note().failed) and not self._known
        end = min(self._patient_until, time.monotonic() + SILENCE) if trying_again else self._patient_until
        size = None
        while not self._lock():
            # Read only when somebody has written to it: a hundred workers look often.
            if size != (size := _note_size()):
                note = read_note()
                # For the first one they wait in any case, until its starter has told it what to ask the server for.
                if note.is_spent() or (self._known and note.started != self._known) or note.reason():
                    return
            if time.monotonic() >= end:
                if not (trying_again or read_note().started):
                    self.failed(IN_VAIN)
                return
            # Not a blocking call with an alarm: Ansible needs the alarm for the timeout of the task.
            time.sleep(_LOOK_EVERY)
        self._ours = True

    def _lock(self) -> bool:
        try:
            fcntl.flock(self._place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            # A file system of the network may lock files only.
            os.close(self._place)
            self._place = _private(_note_path(), os.O_RDWR | os.O_CREAT)
            return self._lock_file()
        return True

    def _lock_file(self) -> bool:
        try:
            fcntl.flock(self._place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _note_path() -> str:
    return f"{address()}.note"


def _note_size() -> int:
    try:
        return os.stat(_note_path()).st_size
    except OSError:
        return 0


def read_note() -> Note:
    """The note of this run. Its lines: "started PROCESS-ID", "failed MONOTONIC-SECONDS REASON", "unwanted"."""
    try:
        with open(_note_path(), encoding="utf-8") as file:
            lines = [line.split(maxsplit=2) for line in file]
    except OSError:
        return Note()
    # A line that is torn, because the disk is full, says nothing.
    return Note(
        tuple(int(line[1]) for line in lines if line[:1] == [STARTED] and len(line) == 2),
        tuple((float(line[1]), line[2].strip()) for line in lines if line[:1] == [_FAILED] and len(line) == 3),
        [_UNWANTED] in lines,
    )


def _leave(line: str) -> None:
    # There is nobody to read it, nor to remove it, when the run is over.
    if not run_is_over():
        with contextlib.suppress(OSError), open(_note_path(), "a", encoding="utf-8", opener=_private) as file:
            file.write(f"{line}\n")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)
