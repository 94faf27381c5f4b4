# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock of a host, what it keeps of an account, and what is on the disk when a command answers."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import threading
import typing as t
from pathlib import Path

import pytest

from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.on_host import commands, user_state
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.on_host import machine as machine_
from ansible_collections.community.senhasegura.tests.unit.plugins.plugin_utils.rotation.hosts_made import (
    DAY,
    NEW,
    OLD,
    TODAY,
    USER,
    Made,
    ask,
    did,
)


@pytest.fixture
def host(tmp_path: Path) -> Made:
    return Made(tmp_path)


def lock_file(host: Made) -> Path:
    return host.folder / "state" / USER / "lock.json"


def other(host: Made, **more: t.Any) -> dict[str, t.Any]:
    return did(host, "lock", "run2", **more)


# How long a lock counts (A15)


def test_a_lock_that_was_taken_in_2096_ends_with_its_lease(host: Made) -> None:
    host.wall = 126 * 365.25 * DAY
    did(host, "lock")
    host.wall = TODAY * DAY
    assert 0 < other(host)["remaining"] <= 300
    assert did(host, "look")["lock"]["remaining"] <= 300
    host.wait(301)
    assert other(host)["mine"]


@pytest.mark.parametrize("jump", [-40 * 365 * DAY, -3600, 3600, 40 * 365 * DAY])
def test_a_clock_that_is_set_neither_ends_a_lock_nor_keeps_it(host: Made, jump: float) -> None:
    did(host, "lock")
    host.wait(100)
    host.wall += jump
    assert other(host)["remaining"] == pytest.approx(200)
    host.wait(201)
    answer = other(host)
    assert answer["mine"]
    assert answer["quiet_in"] == pytest.approx(119)


@pytest.mark.parametrize("off", [0.0, -40 * 365 * DAY, -150.0])
def test_after_a_restart_a_lock_lasts_for_its_lease_from_the_first_sight_at_most(host: Made, off: float) -> None:
    did(host, "lock")
    host.wait(100)
    host.start, host.up, host.wall = "start-2", 5.0, host.wall + off
    first = other(host)["remaining"]
    assert first == pytest.approx(200 if off == 0 else 300)
    # Whatever happens to the clock from now on.
    host.wall -= 10 * 365 * DAY
    host.wait(first - 1)
    assert not other(host)["mine"]
    host.wait(2)
    assert other(host)["mine"]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"run": "run1"}',
        '{"run": "run1", "ends": 4000000000.0, "quiet_until": 0.0}',
        '{"run": "run1", "record": "7", "lease": 1e300, "life": 0, "quiet": 0, "boot": "start-1", "at": 0, "up": 999}',
        '{"run": "\\u001b[2J", "record": "7", "lease": "x", "life": 0, "quiet": 0, "boot": "", "at": 0, "up": 0}',
        '{"run": "r", "record": "7", "lease": NaN, "life": NaN, "quiet": NaN, "boot": "b", "at": NaN, "up": NaN}',
    ],
)
def test_no_lock_lasts_for_ever_whatever_its_file_says(host: Made, content: str) -> None:
    did(host, "lock")
    lock_file(host).write_text(content)
    answer = other(host)
    if not answer["mine"]:
        assert answer["run"] in ("run1", "unknown")
        assert answer["path"] == str(lock_file(host))
        host.wait(answer["remaining"] + 1)
        assert answer["remaining"] <= DAY
        assert other(host)["mine"]


@pytest.mark.parametrize(
    "wrong", [{"lease": 1e9}, {"lease": 0}, {"lease": float("nan")}, {"late_write_window": -1}, {"run": ""}]
)
def test_requests_for_times_that_make_no_sense_are_refused(host: Made, wrong: dict[str, t.Any]) -> None:
    assert ask(host, "lock", **{"run": "run1", **wrong})["error"] == "invalid"
    assert not lock_file(host).exists()


# Breaking it (A15)


def test_a_lock_is_broken_by_the_name_of_its_run_and_the_log_is_told(host: Made) -> None:
    did(host, "lock")
    assert not other(host, **{"break": "run3"})["mine"]
    assert host.logged == []
    answer = other(host, **{"break": "run1"})
    assert (answer["mine"], answer["broken"], answer["logged"]) == (True, "run1", True)
    # What it had sent to the vault may come yet.
    assert answer["quiet_in"] == pytest.approx(120)
    assert host.logged == [f"run run2 has broken the lock of run run1 for the account {USER}"]
    assert ask(host, "set", old=OLD, new=NEW)["error"] == "fenced"


def test_a_lock_whose_lease_is_over_is_not_broken_but_taken_over(host: Made) -> None:
    did(host, "lock")
    host.wait(310)
    answer = other(host, **{"break": "run1"})
    assert "broken" not in answer
    assert answer["quiet_in"] == pytest.approx(110)
    assert host.logged == []


# The name of the machine


def token(host: Made) -> t.Any:
    return did(host, "look")["machine"]


def test_a_machine_has_no_name_until_a_lock_gives_it_one(host: Made) -> None:
    assert token(host) is None
    assert not (host.folder / "state").exists()
    machine = did(host, "lock")["machine"]
    assert machine == token(host) == did(host, "lock")["machine"]
    assert int(machine, 16) >= 0
    assert len(machine) == 12


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("etc/machine-id", "f" * 32),
        ("sys/class/dmi/id/product_uuid", "other"),
        ("sys/class/net/eth0/address", "52:54:00:00:00:02"),
        ("state/machine.json", "{}"),
        ("state/machine.json", '{"token": "../../x", "machine_id": "", "product_uuid": "", "macs": []}'),
    ],
)
def test_a_clone_gets_a_name_of_its_own(host: Made, path: str, text: str) -> None:
    first = did(host, "lock")["machine"]
    host.put(path, text)
    assert token(host) is None
    second = did(host, "lock")["machine"]
    assert second not in (first, None)
    assert token(host) == second


def test_a_machine_keeps_its_name_when_its_cards_are_replaced_one_by_one(host: Made) -> None:
    first = did(host, "lock")["machine"]
    (host.folder / "sys/class/net/eth1").mkdir()
    for card, address in (("eth1", "52:54:00:00:00:02"), ("eth0", "52:54:00:00:00:03"), ("eth1", "52:54:00:00:00:04")):
        host.put(f"sys/class/net/{card}/address", address)
        assert did(host, "lock")["machine"] == first


def test_bridges_say_nothing_about_a_machine_that_has_real_cards(host: Made) -> None:
    (host.folder / "sys/class/net/docker0").mkdir()
    (host.folder / "sys/class/net/eth0/device").mkdir()
    host.put("sys/class/net/docker0/address", "02:42:ac:11:00:01")
    first = did(host, "lock")["machine"]
    host.put("sys/class/net/eth0/address", "52:54:00:00:00:02")
    assert did(host, "lock")["machine"] != first


# Who judges waits for the change (A6)


def test_judge_waits_until_the_change_is_done(host: Made) -> None:
    did(host, "lock")
    changing, go_on = threading.Event(), threading.Event()
    real = Made.command

    def slow(
        arguments: list[str], text: str = "", timeout: float = 60.0, keep: t.Sequence[int] = ()
    ) -> tuple[int, str]:
        if arguments == ["chpasswd", "-e"]:
            changing.set()
            assert go_on.wait(60)
        return real(host, arguments, text, timeout, keep)

    host.command = slow  # type: ignore[method-assign]
    change = threading.Thread(target=did, args=(host, "set"), kwargs={"old": OLD, "new": NEW})
    change.start()
    assert changing.wait(60)
    # A look alone would say that nothing was changed.
    assert did(host, "look")["account"]["hash"] == OLD
    refused = ask(host, "judge", wait=0.2)
    assert refused["error"] == "busy"
    assert str(host.folder / "state" / USER / "guard") in refused["text"]
    threading.Timer(0.3, go_on.set).start()
    assert did(host, "judge", wait=60)["account"]["hash"] == NEW
    change.join(60)


def test_the_guard_lasts_as_long_as_a_program_that_changes_the_account(host: Made) -> None:
    """Its Python may be killed with the session, and chpasswd go on waiting for the lock of shadow."""
    with user_state.UserState(host, USER) as held:
        program = [sys.executable, "-c", "import sys; print('here', flush=True); sys.stdin.read()"]
        child = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=held.guard)
        assert child.stdout
        child.stdout.readline()
    assert ask(host, "judge", wait=0.1)["error"] == "busy"
    child.communicate(b"")
    assert did(host, "judge", wait=60)["account"]["hash"] == OLD


def test_programs_that_change_the_account_keep_the_guard(host: Made) -> None:
    did(host, "lock")
    kept: dict[str, bool] = {}
    real = Made.command

    def watch(
        arguments: list[str], text: str = "", timeout: float = 60.0, keep: t.Sequence[int] = ()
    ) -> tuple[int, str]:
        kept[arguments[0]] = any(os.readlink(f"/proc/self/fd/{one}").endswith("/guard") for one in keep)
        return real(host, arguments, text, timeout, keep)

    host.command = watch  # type: ignore[method-assign]
    did(host, "set", old=OLD, new=NEW)
    did(host, "finish", chage={"max_days": 90})
    assert kept == {"chpasswd": True, "chage": True}


# What is on the disk when a command answers (A8)


def synced(host: Made, monkeypatch: pytest.MonkeyPatch, *do: tuple[str, dict[str, t.Any]]) -> list[str]:
    """What was synced after the last change of shadow by the last of some commands, while the guard was held."""
    order: list[str] = []
    real = Made.command

    def watch(
        arguments: list[str], text: str = "", timeout: float = 60.0, keep: t.Sequence[int] = ()
    ) -> tuple[int, str]:
        order.clear()
        return real(host, arguments, text, timeout, keep)

    def fsync(descriptor: int) -> None:
        order.append(os.readlink(f"/proc/self/fd/{descriptor}"))

    host.command = watch  # type: ignore[method-assign]
    monkeypatch.setattr(os, "fsync", fsync)
    for name, more in do:
        did(host, name, **more)
    return [os.path.relpath(path, host.folder) for path in order]


@pytest.mark.parametrize(
    "then",
    [
        [],
        [("restore", {"old": OLD})],
        [("finish", {"chage": {"max_days": 90}})],
    ],
)
def test_a_change_is_on_the_disk_before_anybody_hears_of_it(
    host: Made, monkeypatch: pytest.MonkeyPatch, then: list[tuple[str, dict[str, t.Any]]]
) -> None:
    host.put("etc/gshadow", "root:*::\n")
    did(host, "lock")
    order = synced(host, monkeypatch, ("set", {"old": OLD, "new": NEW}), *then)
    assert order.index("etc/shadow") < order.index("etc")
    assert "etc/gshadow" in order


def test_the_old_line_is_on_the_disk_before_the_account_changes(host: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    did(host, "lock")
    order: list[str] = []
    real = Made.command

    def watch(
        arguments: list[str], text: str = "", timeout: float = 60.0, keep: t.Sequence[int] = ()
    ) -> tuple[int, str]:
        order.append(arguments[0])
        return real(host, arguments, text, timeout, keep)

    host.command = watch  # type: ignore[method-assign]
    monkeypatch.setattr(os, "fsync", lambda descriptor: order.append(os.readlink(f"/proc/self/fd/{descriptor}")))
    did(host, "set", old=OLD, new=NEW)
    before = order[: order.index("chpasswd")]
    assert [os.path.basename(path) for path in before] == ["saved.json.new", USER]


def test_a_disk_that_takes_nothing_is_told(host: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    did(host, "lock")

    def fsync(descriptor: int) -> None:
        if os.readlink(f"/proc/self/fd/{descriptor}").endswith("/etc/shadow"):
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fsync)
    answer = ask(host, "set", old=OLD, new=NEW)
    assert answer["error"] == "io"
    assert "Input/output error" in answer["text"]


# What is kept of the account (A10, A2)


@pytest.mark.parametrize("between", [0, 1, 3])
def test_who_had_to_change_the_password_still_has_to_whoever_finishes(tmp_path: Path, between: int) -> None:
    host = Made(tmp_path, last_change=0)
    did(host, "lock")
    did(host, "set", old=OLD, new=NEW)
    hashes = [NEW]
    for number in range(between):
        host.wait(1000)
        run = f"later{number}"
        did(host, "lock", run)
        hashes.append(f"$6$x$later{number}")
        did(host, "set", run, old=hashes[-2], new=hashes[-1])
    host.wait(1000)
    did(host, "lock", "last")
    # The run that finishes was not told that the account was so.
    did(host, "finish", "last", chage={}, keep_must_change=False)
    assert host.fields()[1:3] == [hashes[-1], "0"]
    assert did(host, "look")["saved"] is None


def test_one_who_had_not_to_change_it_does_not_have_to(host: Made) -> None:
    did(host, "lock")
    did(host, "set", old=OLD, new=NEW)
    did(host, "finish", chage={}, keep_must_change=True)
    assert host.fields()[1:3] == [NEW, str(TODAY)]


def test_what_was_put_back_is_what_this_run_has_changed(tmp_path: Path) -> None:
    host = Made(tmp_path, last_change=0)
    did(host, "lock")
    did(host, "set", old=OLD, new=NEW)
    host.wait(1000)
    did(host, "lock", "run2")
    did(host, "set", "run2", old=NEW, new="$6$x$newer")
    did(host, "restore", "run2", old=NEW)
    assert host.fields()[1:3] == [NEW, str(TODAY)]
    # The first run is still to be settled, and the account still is to be as it was.
    assert did(host, "look")["saved"] == {"run": "run2", "record": "7"}
    did(host, "finish", "run2", chage={}, keep_must_change=False)
    assert host.fields()[2] == "0"


def test_what_somebody_else_has_set_is_not_overwritten_by_a_restore(host: Made) -> None:
    did(host, "lock")
    did(host, "set", old=OLD, new=NEW)
    host.change(1, "$6$x$somebody")
    assert ask(host, "restore", old=OLD)["error"] == "refused"
    assert host.fields()[1] == "$6$x$somebody"


def test_what_a_run_of_another_record_has_left_is_told_and_kept(host: Made) -> None:
    did(host, "lock")
    did(host, "set", old=OLD, new=NEW)
    did(host, "unlock")
    assert did(host, "look")["pending"] is None
    looked = did(host, "look", record="8")
    assert (looked["pending"], looked["saved"]) == ("7", {"run": "run1", "record": "7"})
    did(host, "lock", "run2", record="8")
    for do, more in (("set", {"old": NEW, "new": OLD}), ("finish", {"chage": {}})):
        answer = ask(host, do, "run2", record="8", **more)
        assert answer["error"] == "pending"
        assert "id 7" in answer["text"]
    assert host.fields()[1] == NEW
    assert did(host, "look")["saved"]["record"] == "7"


# On a real machine


def test_the_clock_that_nobody_sets_goes_on() -> None:
    first, second = machine_.Machine().boot(), machine_.Machine().boot()
    assert first[0] == second[0] != ""
    assert second[1] >= first[1] > 0


def test_flags_and_rights_of_real_files(tmp_path: Path) -> None:
    machine = machine_.Machine()
    path = tmp_path / "file"
    path.write_text("")
    assert machine.may_write(str(path))
    assert machine.flags(str(path)) & (machine_.IMMUTABLE | machine_.APPEND_ONLY) == 0
    assert machine.flags(str(tmp_path / "missing")) == 0
    assert machine.flags("/proc/self/status") == 0


def test_a_program_that_hangs_is_ended_and_one_that_is_missing_is_told() -> None:
    machine = machine_.Machine()
    assert machine.command(["sleep", "600"], timeout=0.1)[0] == 124
    assert machine.command(["no-such-program"])[0] == 127
    assert machine.command(["/etc"])[0] == 126


def test_commands_of_one_account_follow_one_another(host: Made) -> None:
    did(host, "lock")
    path = host.folder / "state" / USER / "guard"
    with open(path) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert ask(host, "unlock", wait=0)["error"] == "busy"
    assert did(host, "unlock")["mine"]
    assert "held" not in json.dumps(commands.carry_out(host, {"do": "none", "user": USER, "run": "1"}))
