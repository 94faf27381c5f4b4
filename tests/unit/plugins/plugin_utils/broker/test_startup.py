# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the states of a worker on its way to the broker: who starts it, who waits, and how long."""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import subprocess
import threading
import time
import typing as t

import pytest
from ansible.utils.display import Display
from portable import python_with

from ansible_collections.community.senhasegura.plugins.plugin_utils.broker import client, start_lock, startup
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.client import BrokerConnection
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.start_lock import (
    MOST_STARTED,
    Marker,
    read_marker,
)
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.startup import (
    BrokerLate,
    BrokerLost,
    BrokerStartup,
    BrokerUnavailable,
    StartupState,
    open_connection,
)
from ansible_collections.community.senhasegura.tests.unit.plugins.plugin_utils.broker.brokers import (
    PATIENCE,
    QUESTION,
    REPLY,
    Answering,
    Listening,
    within,
)


@contextlib.contextmanager
def owner(seconds: float = PATIENCE) -> t.Iterator[BrokerStartup]:
    """Be a worker that has the lock, and takes its time."""
    with BrokerStartup(within(seconds)) as slow:
        assert slow.join() is None
        assert slow.state is StartupState.OWNER
        yield slow


def lost(marker: pathlib.Path, *numbers: int) -> None:
    """Mark brokers as started. They are no processes."""
    with marker.open("a") as file:
        file.write("".join(f"started {2**30 + number}\n" for number in numbers))


def connect_elsewhere(until: float) -> tuple[threading.Thread, list[t.Any]]:
    """Connect as another worker would. Return it, and what it gets: the reply to a question, or an error."""
    ends: list[t.Any] = []

    def connect() -> None:
        try:
            ends.append(open_connection(until).ask(QUESTION))
        except Exception as exc:
            ends.append(type(exc))

    other = threading.Thread(target=connect, daemon=True)
    other.start()
    return other, ends


class Process:
    """A broker that ends as the test wants. Counts how often it was started."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *command: str) -> None:
        self.started: list[subprocess.Popen[bytes]] = []
        self._command = command
        monkeypatch.setattr(startup, "_spawn", self._spawn)

    def _spawn(self) -> subprocess.Popen[bytes]:
        self.started.append(subprocess.Popen(self._command, stdout=subprocess.PIPE))
        return self.started[-1]


# --- states ----------------------------------------------------------------------------------------------------------


def test_an_owner_without_a_broker_leaves_word_of_it(any_marker: pathlib.Path) -> None:
    with owner() as first:
        other, ends = connect_elsewhere(within(0.5))
        time.sleep(0.1)
        assert (other.is_alive(), ends) == (True, [])
    assert first.state is StartupState.RELEASED
    assert read_marker().no_broker
    with BrokerStartup(within()) as second:
        assert second.join() is None
        assert second.state is StartupState.BYSTANDER
    other.join(120)


def test_who_joins_a_broker_that_runs_holds_nobody_up(broker_address: pathlib.Path, marker: pathlib.Path) -> None:
    Answering(broker_address, 0.0)
    for _worker in range(2):
        startups = BrokerStartup(within()), BrokerStartup(within())
        connections = [each.join() for each in startups]
        assert [connection.ask(QUESTION) for connection in connections if connection] == [REPLY, REPLY]
        assert {each.state for each in startups} == {StartupState.RELEASED}
    assert read_marker() == Marker()


def test_an_owner_that_has_started_one_is_connected(
    broker_address: pathlib.Path, marker: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ready(_process: t.Any, _seconds: float) -> None:
        assert starting.state is StartupState.STARTING
        Answering(broker_address, 0.0)

    process = Process(monkeypatch, "sleep", "60")
    monkeypatch.setattr(startup, "_wait_for", ready)
    with owner() as starting:
        assert starting.connect(within()).ask(QUESTION) == REPLY
        assert starting.state is StartupState.CONNECTED
        # The lock is kept until it is released: the context is not registered yet.
        other = start_lock.StartLock()
        other.acquire(within(0.1))
        assert not other.is_held
        other.release()
    assert not read_marker().no_broker
    process.started[0].kill()
    process.started[0].communicate()


def test_a_bystander_that_insists_becomes_the_owner(marker: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marker.write_text("no_broker\n")
    process = Process(monkeypatch, "false")
    with BrokerStartup(within()) as insisting:
        assert insisting.join() is None
        assert insisting.state is StartupState.BYSTANDER
        with pytest.raises(BrokerUnavailable, match="it cannot be started"):
            insisting.connect(within())
    assert len(process.started) == 1
    (failed,) = read_marker().failed
    assert failed[1] == "it cannot be started: its Python has ended with status 1 and said nothing"


def test_a_start_that_is_broken_off_leaves_word_of_it(marker: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ansible ends a task whose timeout is over by an exception."""

    def interrupt() -> t.NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(startup, "_spawn", interrupt)
    with pytest.raises(KeyboardInterrupt), owner() as starting:
        starting.connect(within())
    assert read_marker().no_broker


def test_connecting_begins_again_after_a_release(broker_address: pathlib.Path, marker: pathlib.Path) -> None:
    lost(marker, *range(MOST_STARTED - 1))
    with owner() as first:
        first.release()
        with owner():
            with pytest.raises(BrokerLate):
                first.connect(within(0.3))
            assert first.state is StartupState.BYSTANDER
        Answering(broker_address, 0.0)
        assert first.connect(within()).ask(QUESTION) == REPLY


def test_without_a_directory_no_broker_can_run(broker_address: pathlib.Path) -> None:
    os.rmdir(broker_address.parent)
    with BrokerStartup(within()) as startup_:
        # Whether that matters is not known yet.
        assert startup_.join() is None
        with pytest.raises(BrokerUnavailable, match="its folder cannot be used: No such file"):
            startup_.connect(within())
    broker_address.parent.mkdir()


# --- brokers that cannot run -----------------------------------------------------------------------------------------


def reason_of_three_workers() -> str:
    """Return why three workers, one after the other, have no broker. It is the same reason for all."""
    reasons = set()
    for _worker in range(3):
        with pytest.raises(BrokerUnavailable) as caught:
            while True:
                # One that listens hangs up when it finds that it cannot serve.
                with contextlib.suppress(OSError, EOFError):
                    open_connection(within()).ask(QUESTION)
        reasons.add(str(caught.value))
    (reason,) = reasons
    return reason.removeprefix("it cannot be started: ")


KEY = client.authentication_key().hex()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        # These imports fail when it listens already.
        ("import sys; sys.modules['ssl'] = None", "the Python module ssl cannot be imported at .*complete Python"),
        ("import sys; sys.modules['resource'] = None", "ModuleNotFoundError: import of resource halted.*"),
        ("import os; os.umask = lambda _mode: 1 / 0", "ZeroDivisionError: division by zero"),
        (f"raise SystemExit('libssl: cannot open /{KEY}/')", r"libssl: cannot open \*+"),
        ("raise SystemExit(3)", "its Python has ended with status 3 and said nothing"),
        ("import os; os.abort()", "its Python was ended by SIGABRT"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "its Python was ended by SIGSEGV"),
    ],
)
def test_a_broker_that_cannot_run_is_started_once_and_says_why(
    marker: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, code: str, expected: str
) -> None:
    monkeypatch.setattr(startup.sys, "executable", str(python_with(code, tmp_path)))
    spawn, started = startup._spawn, []
    monkeypatch.setattr(startup, "_spawn", lambda: started.append(spawn()) or started[-1])
    reason = reason_of_three_workers()
    assert re.fullmatch(expected, reason), reason
    assert KEY not in reason
    assert len(started) == 1
    started[0].wait()
    assert read_marker().started == ()
    # The folder has nothing else, so that Ansible can remove it.
    assert list(marker.parent.iterdir()) == [marker]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [(None, "No such file or directory"), (0o644, "Permission denied"), (0o755, "Exec format error")],
)
def test_a_python_that_cannot_be_run_is_named(
    marker: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, mode: int | None, expected: str
) -> None:
    program = tmp_path / "python3"
    if mode is not None:
        program.write_bytes(b"\x7fELF")
        program.chmod(mode)
    monkeypatch.setattr(startup.sys, "executable", str(program))
    assert reason_of_three_workers() == f"{program} cannot be run: {expected}"


@pytest.mark.parametrize("none", ["", None])
def test_a_python_that_does_not_know_its_path_starts_no_broker(
    marker: pathlib.Path, monkeypatch: pytest.MonkeyPatch, none: t.Any
) -> None:
    monkeypatch.setattr(startup.sys, "executable", none)
    assert reason_of_three_workers() == "the Python of Ansible cannot be run: No such file or directory"


def test_the_user_is_told_the_reason_and_the_cost_of_no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda _display, text: told.append(text))
    startup.go_on_without_broker(BrokerUnavailable("it cannot be started: no ssl."))
    (warning,) = told
    assert warning.startswith("the broker of this run cannot be used: it cannot be started: no ssl. Without it, each ")
    assert "logs in and reads by itself" in warning


# --- brokers that are lost -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [True, False], ids=["whole marker", "the last broker is marked later"])
def test_nobody_waits_when_no_further_broker_may_be_started(any_marker: pathlib.Path, first: bool) -> None:
    """A hundred workers would otherwise find out one after the other."""
    lost(any_marker, *range(MOST_STARTED if first else MOST_STARTED - 1))
    with owner():
        others = [connect_elsewhere(within(3600)) for _worker in range(5)]
        if not first:
            time.sleep(0.2)
            assert all(other.is_alive() for other, _ends in others)
            lost(any_marker, 9)
        for other, ends in others:
            other.join(120)
            assert ends == [BrokerLost]
    assert read_marker().failed == ()


def test_nobody_who_waits_in_vain_logs_in_where_the_run_has(any_marker: pathlib.Path) -> None:
    """Neither those who wait now, nor those who come when they have waited in vain."""
    lost(any_marker, 0)
    with owner():
        for _time in range(2):
            with pytest.raises(BrokerLate):
                open_connection(within(0.3))
    assert read_marker() == Marker(started=(2**30,))


def test_an_attempt_that_failed_before_the_first_broker_does_not_count_afterwards(any_marker: pathlib.Path) -> None:
    any_marker.write_text("failed 1.0 it cannot be started\n")
    lost(any_marker, 0)
    with owner():
        before = time.monotonic()
        with pytest.raises(BrokerLate):
            open_connection(within(client.SILENCE * 2))
        # It has waited, and not only as long as where others go on by themselves.
        assert time.monotonic() - before > client.SILENCE


def test_whoever_waits_in_vain_for_the_first_broker_goes_on_without(any_marker: pathlib.Path) -> None:
    with owner():
        for _time in range(2):
            with pytest.raises(BrokerUnavailable, match="for too long"):
                open_connection(within(0.3))


@pytest.mark.parametrize("started", [0, 1])
def test_a_wait_in_vain_that_cannot_be_marked_ends_in_the_same_way(
    any_marker: pathlib.Path, monkeypatch: pytest.MonkeyPatch, started: int
) -> None:
    lost(any_marker, *range(started))
    monkeypatch.setattr(start_lock, "_append", lambda _line: None)
    with owner(), pytest.raises((BrokerUnavailable, BrokerLate)[started]):
        open_connection(within(0.3))


def test_whoever_waits_meets_a_broker_that_was_started_meanwhile(
    broker_address: pathlib.Path, marker: pathlib.Path
) -> None:
    """Also where whoever has started it still has the lock."""
    lost(marker, 0)
    with owner():
        other, ends = connect_elsewhere(within(3600))
        time.sleep(0.2)
        assert other.is_alive()
        Answering(broker_address, 0.0)
        lost(marker, 1)
        other.join(120)
        assert ends == [REPLY]


def test_a_broker_that_is_lost_at_once_is_waited_for_once_more(any_marker: pathlib.Path) -> None:
    lost(any_marker, 0)
    with owner():
        other, ends = connect_elsewhere(within(3600))
        for number in (1, 2):
            time.sleep(0.2)
            lost(any_marker, number)
            other.join(0.5)
            assert other.is_alive(), ends
        lost(any_marker, 3)
        other.join(120)
        assert ends == [BrokerLost]


def test_a_broker_that_is_killed_while_it_starts_is_started_again(
    any_marker: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = Process(monkeypatch, "sh", "-c", "kill -9 $$")
    with pytest.raises(BrokerLost):
        open_connection(within())
    assert read_marker() == Marker(started=tuple(each.pid for each in process.started))
    assert len(process.started) == MOST_STARTED


def test_one_deadline_for_waiting_and_starting(any_marker: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is started is stopped before it listens."""
    process = Process(monkeypatch, "sleep", "1000")
    monkeypatch.setattr(start_lock, "MOST_STARTED", 10**6)
    waited: list[float] = []

    def ends_soon(_process: subprocess.Popen[bytes], seconds: float) -> None:
        waited.append(seconds)
        time.sleep(seconds)
        raise EOFError

    monkeypatch.setattr(startup, "_wait_for", ends_soon)
    with pytest.raises(BrokerLate):
        open_connection(within(6.0))
    assert len(waited) > 1
    assert max(waited) < 6.0
    # No start begins that the caller would have to break off.
    assert sum(waited) + 0.5 * len(waited) < 6.0 + startup._LEAST_WAIT
    assert all(each.returncode is not None for each in process.started)
    assert len(read_marker().started) == len(process.started)


def test_a_stopped_broker_is_killed_by_the_owner(
    broker_address: pathlib.Path, marker: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By nobody else: meanwhile another process may have its id."""
    killed: list[int] = []
    monkeypatch.setattr(startup.os, "kill", lambda process, _signal: killed.append(process))
    lost(marker, 0, 1)
    listening = Listening(broker_address)
    tries: list[float] = []
    connect = BrokerConnection.__init__
    monkeypatch.setattr(
        BrokerConnection, "__init__", lambda self, *args, **more: tries.append(0.0) or connect(self, *args, **more)
    )
    with owner(2.0) as first:
        assert killed == [2**30 + 1]
        with BrokerStartup(within(1.0)) as second:
            assert second.join() is None
            assert second.state is StartupState.BYSTANDER
            assert killed == [2**30 + 1]
        count = len(tries)
        lost(marker, 2, 3)
        with pytest.raises(BrokerLost):
            first.connect(within(1.0))
        # It has looked already, and nobody else can have started one since. open_if_there() looks as well.
        assert len(tries) == count + 1
        assert len(killed) == 1
    listening.sock.close()
