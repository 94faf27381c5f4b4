# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test which worker may start the broker, and what it leaves for the others in the marker."""

from __future__ import annotations

import contextlib
import os
import pathlib
import threading
import time
import typing as t

import pytest

from ansible_collections.community.senhasegura.plugins.plugin_utils.broker import start_lock
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.start_lock import (
    Marker,
    StartLock,
    read_marker,
)
from ansible_collections.community.senhasegura.tests.unit.plugins.plugin_utils.broker.brokers import (
    PATIENCE,
    within,
)


@contextlib.contextmanager
def locked(seconds: float = PATIENCE) -> t.Iterator[StartLock]:
    """Wait for the lock as a worker does that does not know yet whether it wants a broker."""
    lock = StartLock()
    assert lock.acquire(within(seconds)) == ""
    try:
        yield lock
    finally:
        lock.release()


def insist(seconds: float = PATIENCE) -> tuple[bool, str]:
    """Wait for the lock as a worker does that wants a broker. Return whether it got the lock, and the reason if not."""
    with contextlib.closing(_Insisting(seconds)) as insisting:
        return insisting.lock.is_held, insisting.reason


class _Insisting:
    def __init__(self, seconds: float) -> None:
        self.lock = StartLock()
        self.reason = self.lock.acquire(within(seconds), insist=True)
        self.close = self.lock.release


def waits(seconds: float = 0.2) -> tuple[threading.Thread, bool]:
    """Return another worker, and whether it waits for the lock."""

    def take() -> None:
        with locked():
            pass

    other = threading.Thread(target=take)
    other.start()
    other.join(seconds)
    return other, other.is_alive()


def test_others_wait_until_the_lock_is_released(any_marker: pathlib.Path) -> None:
    with locked() as lock:
        assert lock.is_held
        other, waiting = waits()
        assert waiting
        lock.release()
        other.join(120)
        assert not other.is_alive()


def test_nobody_waits_where_no_broker_is_to_be_started(any_marker: pathlib.Path) -> None:
    with locked() as lock:
        assert lock.is_uncontended()
        other, waiting = waits()
        assert waiting
        lock.mark_no_broker()
    other.join(120)
    assert not other.is_alive()
    assert any_marker.stat().st_mode & 0o077 == 0
    with locked() as lock:
        assert not lock.is_uncontended()
        assert not lock.is_held
        assert not waits(120)[1]
        # A worker that wants one may still start it.
        assert insist() == (True, "")


def test_where_a_broker_was_started_there_is_one(marker: pathlib.Path) -> None:
    marker.write_text("started 12\n")
    with locked() as lock:
        lock.mark_no_broker()
    assert not read_marker().no_broker


def test_no_file_is_made_on_the_way_to_a_broker(marker: pathlib.Path) -> None:
    """It would stay behind if this worker were killed now."""
    with locked() as lock:
        assert lock.acquire(within(), insist=True) == ""
        assert list(marker.parent.iterdir()) == []
    assert list(marker.parent.iterdir()) == []


def test_no_marker_is_left_when_the_run_is_over(marker: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start_lock, "run_is_over", lambda: True)
    with locked() as lock:
        lock.mark_failed("it cannot be started")
    assert list(marker.parent.iterdir()) == []


def test_the_reason_is_kept_for_a_while(any_marker: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(start_lock.time, "monotonic", lambda: now[0])
    for attempt in range(1, 5):
        with locked() as lock:
            assert lock.acquire(within(), insist=True) == ""
            lock.mark_failed("it cannot be started")
        assert insist() == (False, "it cannot be started")
        assert not StartLock().is_uncontended()
        now[0] += start_lock.RETRY_AFTER + 1
        assert len(read_marker().failed) == attempt
    # A few attempts, and no more.
    now[0] += 10**6
    assert insist() == (False, "it cannot be started")


def test_while_one_tries_again_the_others_go_on(any_marker: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with locked() as lock:
        lock.mark_failed("it cannot be started")
    monkeypatch.setattr(start_lock, "RETRY_AFTER", 0.0)
    with locked() as trying:
        assert trying.acquire(within(), insist=True) == ""
        assert trying.is_held
        assert insist(0.05) == (False, "it cannot be started")


def test_whoever_has_the_lock_may_be_stopped(any_marker: pathlib.Path) -> None:
    """Others wait no longer than they have time, and those after them not at all."""
    with locked():
        assert insist(0.05) == (False, start_lock.WAITED_IN_VAIN)
        before = time.monotonic()
        assert insist() == (False, start_lock.WAITED_IN_VAIN)
        assert time.monotonic() - before < PATIENCE / 2


def test_the_time_for_waiting_is_for_all_waits_of_a_worker(any_marker: pathlib.Path) -> None:
    with locked():
        other, until = StartLock(), within(1.0)
        assert not other.is_held
        other.acquire(until)
        assert other.is_patience_over()
        assert time.monotonic() < until
        before = time.monotonic()
        other.acquire(until, insist=True)
        assert time.monotonic() - before < 0.1
        # Who has more time than it seemed has more for waiting.
        other.acquire(within(), insist=True)
        assert not other.is_patience_over()
        other.release()


def test_many_who_wait_in_vain_for_the_same_attempt_are_one(
    any_marker: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred workers begin to wait at the same moment: the run is not without a broker for good because of that."""
    now = [1000.0]
    monkeypatch.setattr(start_lock.time, "monotonic", lambda: now[0])
    for attempt in range(1, 5):
        with any_marker.open("a") as file:
            for number in range(100):
                file.write(f"failed {now[0] + number / 100} {start_lock.WAITED_IN_VAIN}\n")
        now[0] += 1
        assert read_marker().reason() == start_lock.WAITED_IN_VAIN
        now[0] += start_lock.RETRY_AFTER
        # A few attempts, and no more.
        assert bool(read_marker().reason()) == (attempt == 4)


def test_the_marker_survives_what_is_torn(any_marker: pathlib.Path) -> None:
    any_marker.write_text("started 12\nfailed 3.5 it cannot be started\nstarted\nfailed 4\nno_broker\n")
    assert read_marker() == Marker((12,), ((3.5, "it cannot be started"),), True)


def test_a_broker_that_could_not_serve_is_a_failed_start(any_marker: pathlib.Path) -> None:
    any_marker.write_text("started 12\nstarted 13\nfailed 3.5 it is late\nbroken 13 4.5 it has no ssl\nbroken 12 5\n")
    assert read_marker() == Marker((12,), ((3.5, "it is late"), (4.5, "it has no ssl")))


def test_without_a_directory_there_is_no_lock(marker: pathlib.Path) -> None:
    os.rmdir(marker.parent)
    with pytest.raises(OSError, match="No such file"):
        StartLock()
    marker.parent.mkdir()
