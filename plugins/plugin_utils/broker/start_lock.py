# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock under which one worker starts the broker while the others wait, and the marker in which they leave word.

The lock is on the directory of the run: a file for it would stay behind when a worker is killed before there is a
broker, which removes what is in the directory. The marker is a file beside the socket. Each of its lines is one event:

    started PROCESS-ID                            written by the broker when it listens, or by the worker that saw it
                                                  die earlier
    broken PROCESS-ID MONOTONIC-SECONDS REASON    written by a broker that listens, and finds that it cannot serve
    failed MONOTONIC-SECONDS REASON               written by a worker that could not start one, or has waited in vain
    no_broker                                     written by a worker that held the lock and did not want a broker
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
import typing as t

from .client import SILENCE, address, run_is_over

# The most brokers that a run starts, one after the other: each of them logs in and reads again.
MOST_STARTED = 4
# After a failed attempt nobody tries again for RETRY_AFTER seconds, nor at all after _MOST_FAILED attempts.
RETRY_AFTER, _MOST_FAILED = 10.0, 4
# The part of its time that a task waits for the lock. A broker that is stopped while it starts is replaced in less than
# that, and the rest is for doing without one.
_PATIENCE = 0.8
_POLL_INTERVAL = 0.02
STARTED, _BROKEN, _FAILED, NO_BROKER = "started", "broken", "failed", "no_broker"
WAITED_IN_VAIN = "another task of this run has been starting it for too long"


class Marker(t.NamedTuple):
    """What the workers of a run know of its brokers.

    :ivar started: the process ids of the brokers that were started and could serve, in order
    :ivar failed: when (monotonic seconds) and why a start failed, in order
    :ivar no_broker: whether a worker that could have started a broker wanted none
    """

    started: tuple[int, ...] = ()
    failed: tuple[tuple[float, str], ...] = ()
    no_broker: bool = False

    def is_spent(self) -> bool:
        """Return whether no further broker may be started."""
        return len(self.started) >= MOST_STARTED

    def discourages(self) -> bool:
        """Return whether nobody needs to wait for a worker that may start a broker."""
        return self.no_broker or bool(self.reason())

    def reason(self) -> str:
        """Return why nobody may try to start a broker now, or ''."""
        if not self.failed:
            return ""
        when, why = self.failed[-1]
        return why if self._attempts() >= _MOST_FAILED or time.monotonic() - when < RETRY_AFTER else ""

    def _attempts(self) -> int:
        """Count the failed attempts. Many workers may have waited in vain for one of them, and each has marked it."""
        attempts, last = 0, float("-inf")
        for when, _why in self.failed:
            if when - last >= RETRY_AFTER:
                attempts, last = attempts + 1, when
        return attempts


class StartLock:
    """The lock of one worker. Raises OSError if the directory of the run does not exist.

    :ivar is_held: whether this worker, and no other, may start a broker
    :ivar known: the brokers that this worker knows of, so that one more is worth a look
    """

    def __init__(self) -> None:
        self._descriptor = os.open(os.path.dirname(address()), os.O_DIRECTORY | os.O_CLOEXEC)
        self.is_held = False
        self.known = read_marker().started
        self._until = self._patient_until = 0.0

    def is_uncontended(self) -> bool:
        """Return whether no earlier worker has come back without having started a broker."""
        return not read_marker().discourages()

    def acquire(self, until: float, *, insist: bool = False) -> str:
        """Wait for the lock, unless the marker says that nobody needs to. The result is in C(is_held).

        :param until: the monotonic time at which the caller's time is over. It waits for most of that time, and not for
            all of it, since the worker with the lock may be stopped.
        :param insist: whether the caller wants a broker even if earlier workers have come back without one
        :return: why no broker can be started now, if an earlier worker has found out; else ''
        """
        if until != self._until:
            now = time.monotonic()
            self._until, self._patient_until = until, now + _PATIENCE * (until - now)
        if self.is_held:
            return read_marker().reason()
        if not insist:
            if self.is_uncontended():
                self._wait()
                if self.is_held and not self.is_uncontended():
                    fcntl.flock(self._descriptor, fcntl.LOCK_UN)
                    self.is_held = False
            return ""
        reason = read_marker().reason()
        if not reason:
            self._wait()
            marker = read_marker()
            reason = marker.reason()
            if not (reason or self.is_held or marker.started) and marker.failed:
                # Another task tries again at this moment.
                reason = marker.failed[-1][1]
        return reason

    def is_patience_over(self) -> bool:
        """Return whether the part of the caller's time that is for waiting is over."""
        return time.monotonic() >= self._patient_until

    def mark_failed(self, reason: str) -> None:
        """Record that the broker cannot be started. Others may try again after a pause, a few times."""
        _append(f"{_FAILED} {time.monotonic()} {reason}")

    def mark_started(self, process: int) -> None:
        """Record a broker that has ended before it could do so itself."""
        if process not in read_marker().started:
            _append(f"{STARTED} {process}")

    def mark_no_broker(self) -> None:
        """Record that there is no broker so far, and that nobody needs to wait for one."""
        marker = read_marker()
        if not (marker.started or marker.discourages()):
            _append(NO_BROKER)

    def release(self) -> None:
        """Let the other workers go on."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self.is_held = -1, False

    def _wait(self) -> None:
        """Wait until the lock is free, another worker has started a further broker, or has found that none can be.

        A worker that waits in vain for the first broker marks it, so that those who come next do not wait as long.
        Where there has been one, they have to wait as well: each of them would otherwise log in by itself.
        """
        end = self._patient_until
        # Where a start has failed before, one worker tries again, and the others soon go on meanwhile.
        retrying = bool(read_marker().failed) and not self.known
        if retrying:
            end = min(end, time.monotonic() + SILENCE)
        size = None
        while not self._try():
            # Read only when somebody has written to it: a hundred workers look often.
            if size != (size := _marker_size()):
                marker = read_marker()
                # For the first broker they wait in any case, until its starter has registered its context.
                if marker.is_spent() or (self.known and marker.started != self.known) or marker.reason():
                    return
            if time.monotonic() >= end:
                if not (retrying or read_marker().started):
                    self.mark_failed(WAITED_IN_VAIN)
                return
            # Not a blocking call with an alarm: Ansible needs the alarm for the timeout of the task.
            time.sleep(_POLL_INTERVAL)
        self.is_held = True

    def _try(self) -> bool:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            # NFS locks files only.
            os.close(self._descriptor)
            self._descriptor = _open_private(_marker_path(), os.O_RDWR | os.O_CREAT)
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True


def read_marker() -> Marker:
    """Return what the marker of this run says. A line that is torn, because the disk is full, says nothing."""
    try:
        with open(_marker_path(), encoding="utf-8") as file:
            lines = [line.split() for line in file]
    except OSError:
        return Marker()
    broken = [line[1:] for line in lines if line[:1] == [_BROKEN] and len(line) > 3]
    failed = [line[1:] for line in lines if line[:1] == [_FAILED] and len(line) > 2]
    started = [line[1] for line in lines if line[:1] == [STARTED] and len(line) == 2]
    return Marker(
        tuple(int(process) for process in started if process not in {line[0] for line in broken}),
        tuple((float(line[0]), " ".join(line[1:])) for line in (*failed, *(line[1:] for line in broken))),
        [NO_BROKER] in lines,
    )


def _marker_path() -> str:
    return f"{address()}.marker"


def _marker_size() -> int:
    try:
        return os.stat(_marker_path()).st_size
    except OSError:
        return 0


def _append(line: str) -> None:
    # When the run is over, nobody reads it, nor removes it.
    if not run_is_over():
        with contextlib.suppress(OSError), open(_marker_path(), "a", encoding="utf-8", opener=_open_private) as file:
            file.write(f"{line}\n")


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)
