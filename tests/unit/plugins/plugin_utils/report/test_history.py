# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The history of rotations: its lines, pruning, and many processes that append at once."""

from __future__ import annotations

import dataclasses
import errno
import json
import multiprocessing
import os
import signal
import stat
import typing as t
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError
from ansible_collections.community.senhasegura.plugins.plugin_utils.report import files, history
from ansible_collections.community.senhasegura.plugins.plugin_utils.report.history import Entry, append
from ansible_collections.community.senhasegura.plugins.plugin_utils.report.page import page
from ansible_collections.community.senhasegura.plugins.plugin_utils.report.state import fold
from ansible_collections.community.senhasegura.tests.unit.plugins.plugin_utils.report.entries import NOW, ago, entry

FORK = multiprocessing.get_context("fork")


# Lines


def test_an_entry_is_read_back_as_it_was_written() -> None:
    original = entry("wéb\n1\udc80</script>", message='"\\\0\u2028', last_change=ago(3), job=None, max_age_days=None)
    line = history.line_of(original)
    assert line.count(b"\n") == 1
    assert line.isascii()
    assert history.parse(line) == ([original], 0)


def test_a_line_has_all_fields_and_the_version() -> None:
    fields = json.loads(history.line_of(entry()))
    assert fields == {"schema": 1, **dataclasses.asdict(entry())}


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[]",
        b"null",
        b"7",
        b"\0\0\0",
        b"\xff\xfe",
        b"[" * 100_000,
        b"{}",
        b'{"time": "yesterday", "host": "a", "kind": "b", "user": "c", "status": "d"}',
        b'{"time": 7, "host": "a", "kind": "b", "user": "c", "status": "d"}',
        b'{"time": "0001-01-01T00:00:00Z", "host": "a", "kind": "b", "user": "c", "status": "d"}',
        b"9" * 5000,
    ],
)
def test_a_line_that_cannot_be_read_is_counted(line: bytes) -> None:
    good = history.line_of(entry())
    assert history.parse(good + line + b"\n\n" + good) == ([entry(), entry()], 1)


def test_fields_of_a_later_version_do_no_harm() -> None:
    fields = {**dataclasses.asdict(entry()), "schema": 9, "colour": {"a": [1]}}
    assert history.parse(json.dumps(fields).encode()) == ([entry()], 0)


@pytest.mark.parametrize("value", ["soon", True, [], float("nan"), float("inf"), -1, 1e300, None])
def test_numbers_that_make_no_sense_are_left_out(value: object) -> None:
    fields = {**dataclasses.asdict(entry()), "seconds": value, "max_age_days": value}
    ((found,), _unreadable) = history.parse(json.dumps(fields).encode())
    assert (found.seconds, found.max_age_days) == (0.0, None)
    assert page(fold([found]), NOW)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-24T12:00:00Z", NOW),
        ("2026-11-24T12:00:00+00:00", NOW),
        ("2026-11-24T13:00:00+01:00", NOW),
        ("2026-11-24T12:00:00", NOW),
        ("2026-11-24T12:00:00.000000", NOW),
        ("9999-12-31T23:59:59-12:00", None),
        ("24.11.2026", None),
        ("", None),
        (None, None),
    ],
)
def test_a_time_of_the_history_is_read_or_refused(text: str | None, expected: datetime | None) -> None:
    assert history.moment(text) == expected


# Pruning


def test_pruning_drops_old_lines_and_forgets_no_password() -> None:
    entries = [
        entry("a", "changed", 100),
        entry("a", "changed", 90, last_change=ago(90)),
        entry("a", "failed", 80),
        entry("a", "failed", 70),
        entry("b", "changed", 65),
        entry("b", "changed", 1, last_change=ago(1)),
    ]
    lines = [history.line_of(item) for item in entries]
    # Of "a": the last line and the one that knows the last success and the age; of "b" only what is new.
    assert history.has_expired(entries, 30, NOW)
    kept = history.pruned(b"torn\n" + b"".join(lines), 30, NOW)
    assert kept == lines[1] + lines[3] + lines[5]
    before, after = (fold(history.parse(data)[0]).latest for data in (b"".join(lines), kept))
    assert [(item.entry, item.last_success, item.last_change) for item in before] == [
        (item.entry, item.last_success, item.last_change) for item in after
    ]
    assert not history.has_expired(history.parse(kept)[0], 30, NOW)
    assert history.pruned(kept, 30, NOW) == kept


@pytest.mark.parametrize(
    "needed",
    [
        entry(status="changed", days=99),
        entry(status="unchanged", days=99),
        entry(status="failed", days=99, last_change=ago(120)),
    ],
)
def test_pruning_keeps_what_tells_the_last_success_or_the_age(needed: Entry) -> None:
    entries = [
        needed,
        *([entry(status="unchanged", days=90)] if needed.status == "changed" else []),
        entry(status="failed", days=80),
        entry(status="failed", days=70),
    ]
    kept, _rest = history.parse(history.pruned(b"".join(map(history.line_of, entries)), 30, NOW))
    assert kept == [*entries[:-2], entries[-1]]
    (before,), (after,) = fold(entries).latest, fold(kept).latest
    assert (after.last_success, after.last_change) == (before.last_success, before.last_change)


def test_pruning_keeps_lines_as_they_are() -> None:
    strange = json.dumps({"colour": "blue", **dataclasses.asdict(entry())}).encode() + b"\n"
    old, older = (history.line_of(entry(days=days)) for days in (400, 500))
    assert history.pruned(older + old + strange + b"not JSON\n" + strange, 30, NOW) == (
        strange + b"not JSON\n" + strange
    )


def test_it_counts_in_whole_days() -> None:
    entries = [entry(days=30.4), entry(days=0.0, last_change=ago(0))]
    assert not history.has_expired(entries, 30, NOW)
    assert history.has_expired(entries, 29, NOW)
    assert history.has_expired(entries, -5, NOW + timedelta(days=1))
    assert not history.has_expired(entries, 1e9, NOW)


# Files


def hosts_in(folder: Path) -> list[str]:
    return [json.loads(line)["host"] for line in (folder / "history.jsonl").read_text().splitlines()]


def test_what_is_written_is_not_for_everybody(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "reports"
    before = os.umask(0)
    try:
        append(str(folder), [entry()])
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o750
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {
        "history.jsonl": 0o640,
        ".history.lock": 0o640,
    }


def test_all_lines_of_a_task_are_appended_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append(str(tmp_path), [entry("first"), entry("second")])

    def write(file: t.BinaryIO, data: bytes) -> None:
        file.write(data[: len(data) - 20])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(history, "write", write)
        with pytest.raises(ConfigError, match=r"history\.jsonl: No space left on device"):
            append(str(tmp_path), [entry("third"), entry("fourth")])
    assert hosts_in(tmp_path) == ["first", "second"]
    append(str(tmp_path), [entry("fifth")])
    assert hosts_in(tmp_path) == ["first", "second", "fifth"]


def test_a_short_write_is_continued(tmp_path: Path) -> None:
    class Slow:
        written = b""

        def write(self, data: bytes) -> int:
            self.written += data[:7]
            return len(data[:7])

    slow: t.Any = Slow()
    files.write(slow, history.line_of(entry()))
    assert slow.written == history.line_of(entry())


@pytest.mark.parametrize("torn", [b'{"time": "2026', b"\0\0\0\0", history.line_of(entry("whole"))[:-1]])
def test_a_torn_last_line_spoils_no_other(tmp_path: Path, torn: bytes) -> None:
    append(str(tmp_path), [entry("first")])
    with (tmp_path / "history.jsonl").open("ab") as file:
        file.write(torn)
    append(str(tmp_path), [entry("second")])
    entries, unreadable = history.parse((tmp_path / "history.jsonl").read_bytes())
    complete = torn.endswith(b"}")
    assert [found.host for found in entries] == ["first", *(["whole"] if complete else []), "second"]
    assert unreadable == (0 if complete else 1)


def test_a_folder_that_cannot_be_used_is_named_with_option_and_fix(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError) as caught:
        append(str(tmp_path / "file"), [entry()])
    assert str(tmp_path / "file") in str(caught.value)
    assert caught.value.context.option == "report_dir"
    assert "Set report_dir to a folder" in caught.value.hint


@pytest.mark.parametrize("name", ["history.jsonl", ".history.lock"])
def test_no_link_is_followed(tmp_path: Path, name: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / name).symlink_to(victim)
    with pytest.raises(ConfigError, match=f"{name}: it is a link"):
        append(str(folder), [entry()])
    assert victim.read_text() == "precious"


# Many processes


def run(*work: Callable[[], None]) -> list[int | None]:
    """Run each in a fork, as Ansible runs its workers, and return their exit codes."""
    processes = [FORK.Process(target=item) for item in work]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    return [process.exitcode for process in processes]


def test_fifty_hosts_append_at_once_and_no_line_is_lost(tmp_path: Path) -> None:
    folder = tmp_path / "reports"

    def worker(number: int) -> Callable[[], None]:
        def work() -> None:
            for turn in range(4):
                append(str(folder), [entry(f"host{number}", run=f"r{turn}", message="x" * 5000)])

        return work

    assert run(*(worker(number) for number in range(50))) == [0] * 50
    entries, unreadable = history.parse((folder / "history.jsonl").read_bytes())
    assert unreadable == 0
    assert sorted((found.host, found.run) for found in entries) == sorted(
        (f"host{number}", f"r{turn}") for number in range(50) for turn in range(4)
    )


def test_a_process_that_is_killed_with_the_lock_stops_nobody(tmp_path: Path) -> None:
    def killed() -> None:
        with files.locked(str(tmp_path)):
            os.kill(os.getpid(), signal.SIGKILL)

    assert run(killed) == [-signal.SIGKILL]
    append(str(tmp_path), [entry()])
    assert hosts_in(tmp_path) == ["web1"]
