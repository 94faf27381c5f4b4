# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module rotation_report: what it reads, writes, returns and refuses."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import stat
import time
import typing as t
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError
from ansible_collections.community.senhasegura.plugins.plugin_utils.report import files, history, render
from ansible_collections.community.senhasegura.plugins.plugin_utils.report.history import append, line_of
from ansible_collections.community.senhasegura.tests.unit.plugins.plugin_utils.report.entries import (
    NOW,
    ago,
    entry,
    many,
)

FORK = multiprocessing.get_context("fork")


def report(folder: Path, now: datetime = NOW, **options: t.Any) -> dict[str, t.Any]:
    """Run the module. Options are check_mode, diff_mode and keep_days."""
    modes = {name: options.pop(name) for name in ("check_mode", "diff_mode") if name in options}
    return render.run({"report_dir": str(folder), "keep_days": None, **options}, now=now, **modes)


def document(folder: Path) -> dict[str, t.Any]:
    return dict(json.loads((folder / "report.json").read_text()))


def content(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Content and inode of each file: one that is replaced by the same content has another inode."""
    return {path.name: (path.read_bytes(), path.stat().st_ino) for path in folder.iterdir()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a history of three hosts, one of which needs attention."""
    found = tmp_path / "reports"
    append(str(found), [entry("web1", days=1), entry("web2", days=1), entry("web3", "refused", days=1)])
    return found


def test_it_writes_page_and_document_and_returns_the_figures(folder: Path) -> None:
    result = report(folder)
    assert result["changed"]
    assert {name: result[name] for name in ("history", "document", "page")} == {
        "history": str(folder / "history.jsonl"),
        "document": str(folder / "report.json"),
        "page": str(folder / "report.html"),
    }
    assert result["summary"] == document(folder)["summary"]
    assert {name: result["summary"][name] for name in ("hosts", "well", "attention", "unreadable_lines")} == {
        "hosts": 3,
        "well": 2,
        "attention": 1,
        "unreadable_lines": 0,
    }
    text = (folder / "report.html").read_text()
    assert "1 of 3 hosts needs attention." in text
    assert "As of 24 Nov 2026, 12:00 UTC. The last rotation ended 23 Nov 2026, 12:00 UTC." in text
    assert set(result) == {"changed", "history", "document", "page", "summary", "pruned_lines"}


def test_a_second_run_of_the_day_changes_nothing(folder: Path) -> None:
    report(folder, NOW + timedelta(microseconds=700_000))
    before = content(folder)
    assert not report(folder, NOW + timedelta(hours=11, minutes=59))["changed"]
    assert content(folder) == before


def test_a_new_line_changes_it(folder: Path) -> None:
    report(folder)
    append(str(folder), [entry("web4")])
    assert report(folder)["changed"]
    assert document(folder)["summary"]["hosts"] == 4


def test_the_next_day_changes_it(folder: Path) -> None:
    report(folder)
    assert report(folder, NOW + timedelta(hours=12))["changed"]
    assert document(folder)["generated"] == "2026-11-25T00:00:00Z"


def test_a_password_that_has_become_too_old_changes_it_at_once(tmp_path: Path) -> None:
    append(str(tmp_path), [entry(status="unchanged", last_change=ago(29.99))])
    assert report(tmp_path)["summary"]["overdue"] == 0
    result = report(tmp_path, NOW + timedelta(hours=1))
    assert (result["changed"], result["summary"]["overdue"]) == (True, 1)


@pytest.mark.parametrize("name", ["report.html", "report.json"])
@pytest.mark.parametrize(
    "broken", [None, b"", b"{", b"[" * 100_000, b'{"generated": 7}', b'{"generated": "soon"}', b"[]"]
)
def test_a_file_that_is_missing_or_broken_is_written(folder: Path, name: str, broken: bytes | None) -> None:
    report(folder)
    good = (folder / name).read_bytes()
    (folder / name).unlink()
    if broken is not None:
        (folder / name).write_bytes(broken)
    assert report(folder)["changed"]
    assert (folder / name).read_bytes() == good


# Check mode and diff mode


def test_check_mode_writes_nothing_and_predicts(folder: Path) -> None:
    before = content(folder)
    result = report(folder, check_mode=True, keep_days=0)
    assert (result["changed"], result["summary"]["attention"]) == (True, 1)
    assert content(folder) == before
    report(folder)
    before = content(folder)
    assert not report(folder, check_mode=True)["changed"]
    assert content(folder) == before


def test_check_mode_makes_not_even_a_lock(folder: Path) -> None:
    (folder / ".history.lock").unlink()
    report(folder, check_mode=True)
    assert [path.name for path in folder.iterdir()] == ["history.jsonl"]


def test_check_mode_predicts_pruning(tmp_path: Path) -> None:
    append(str(tmp_path), [entry(days=days) for days in (300, 200, 0)])
    predicted = report(tmp_path, check_mode=True, keep_days=100)
    done = report(tmp_path, keep_days=100)
    assert predicted == done
    assert done["pruned_lines"] == 2


def test_the_diff_has_what_changes(folder: Path) -> None:
    report(folder)
    append(str(folder), [entry("web4", "drift")])
    result = report(folder, diff_mode=True, check_mode=True)
    changed, page = result["diff"]
    assert changed["before_header"] == changed["after_header"] == str(folder / "report.json")
    assert "web4" not in changed["before"]
    assert "web4" in changed["after"]
    assert page == {"prepared": f"{folder}/report.html is written\n"}
    report(folder)
    assert report(folder, diff_mode=True)["diff"] == []


def test_the_diff_has_the_lines_that_are_dropped(tmp_path: Path) -> None:
    append(str(tmp_path), [entry(days=days, message=f"{days} days") for days in (200, 0)])
    first = report(tmp_path, diff_mode=True, keep_days=100)["diff"][0]
    assert first["before_header"] == str(tmp_path / "history.jsonl")
    assert "200 days" in first["before"]
    assert "200 days" not in first["after"]


# The history


def test_old_lines_are_dropped_if_asked_for(tmp_path: Path) -> None:
    append(str(tmp_path), [entry(days=days) for days in (300, 200, 100, 0)])
    assert report(tmp_path)["pruned_lines"] == 0
    result = report(tmp_path, keep_days=150)
    assert (result["changed"], result["pruned_lines"]) == (True, 2)
    assert result["summary"]["entries"] == len((tmp_path / "history.jsonl").read_text().splitlines()) == 2
    assert not report(tmp_path, keep_days=150)["changed"]


@pytest.mark.parametrize("torn", [b'{"time": "2026', b"\0\0\0\0"])
def test_a_torn_last_line_is_counted_and_told(folder: Path, torn: bytes) -> None:
    with (folder / "history.jsonl").open("ab") as file:
        file.write(torn)
    result = report(folder, keep_days=10_000)
    assert (result["summary"]["hosts"], result["summary"]["unreadable_lines"]) == (3, 1)
    assert result["pruned_lines"] == 0
    assert "1 line of the history cannot be read" in (folder / "report.html").read_text()
    # It is not ours to drop: whoever wrote it may be alive and about to finish it.
    assert (folder / "history.jsonl").read_bytes().endswith(torn)


def test_a_line_that_is_appended_meanwhile_is_not_lost(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pruning replaces the file, so whoever appends has to wait."""
    pruning, appending = FORK.Event(), FORK.Event()

    def late() -> None:
        assert pruning.wait(60)
        appending.set()
        append(str(folder), [entry("late")])

    # Forked before there is a lock, which a fork would inherit.
    process = FORK.Process(target=late, daemon=True)
    process.start()
    original = history.pruned

    def slow(*arguments: t.Any) -> bytes:
        pruning.set()
        assert appending.wait(60)
        time.sleep(0.3)
        return original(*arguments)

    append(str(folder), [entry(days=days) for days in (300, 200)])
    monkeypatch.setattr(history, "pruned", slow)
    assert report(folder, keep_days=100)["pruned_lines"] == 2
    process.join(60)
    assert [item["host"] for item in map(json.loads, (folder / "history.jsonl").read_text().splitlines())] == [
        "web1",
        "web2",
        "web3",
        "late",
    ]


def test_fifty_hosts_append_while_reports_are_made_and_no_line_is_lost(tmp_path: Path) -> None:
    """Each brings a line that is old enough to be dropped, so that the history is replaced again and again."""
    folder = tmp_path / "reports"
    append(str(folder), [entry("first")])

    def host(number: int) -> None:
        for turn in range(2):
            append(str(folder), [entry(f"host{number}", days=300), entry(f"host{number}", run=f"r{turn}")])

    def module() -> None:
        for _turn in range(6):
            report(folder, keep_days=100)

    processes = [FORK.Process(target=host, args=(number,), daemon=True) for number in range(50)]
    processes += [FORK.Process(target=module, daemon=True) for _number in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0] * 52
    report(folder, keep_days=100)
    found, unreadable = history.parse((folder / "history.jsonl").read_bytes())
    assert unreadable == 0
    assert sorted((item.host, item.run) for item in found if item.host != "first") == sorted(
        (f"host{number}", f"r{turn}") for number in range(50) for turn in range(2)
    )
    assert document(folder)["summary"]["hosts"] == 51


def test_what_a_killed_process_left_is_overwritten(folder: Path) -> None:
    def killed() -> None:
        with files.locked(str(folder)):
            (folder / "report.html.new").write_text("half a page" * 10_000)
            os.kill(os.getpid(), signal.SIGKILL)

    process = FORK.Process(target=killed)
    process.start()
    process.join(60)
    report(folder)
    assert "half a page" not in (folder / "report.html").read_text()
    assert not list(folder.glob("*.new"))


def test_what_is_written_is_not_for_everybody(folder: Path) -> None:
    before = os.umask(0)
    try:
        report(folder)
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o640}


def test_no_field_that_an_entry_does_not_have_reaches_the_report(folder: Path) -> None:
    """Whatever a later version or a hand writes into a line: only what is known to hold no secret is shown."""
    line = {**json.loads(line_of(entry("web9"))), "password": "S3cret-in-a-line", "extra": {"key": "S3cret-in-a-line"}}
    with (folder / "history.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")
    result = report(folder, diff_mode=True)
    assert result["summary"]["hosts"] == 4
    shown = [json.dumps(result), *((folder / name).read_text() for name in ("report.html", "report.json"))]
    assert [text for text in shown if "S3cret" in text] == []


def test_rendering_is_cheap(tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_bytes(b"".join(map(line_of, many(500, 20))))
    started = time.process_time()
    report(tmp_path, keep_days=10_000)
    # About 0.3 s; the limit leaves room for slow machines and for coverage.
    assert time.process_time() - started < 5
    assert document(tmp_path)["summary"]["hosts"] == 500
    assert (tmp_path / "report.html").stat().st_size < 1_000_000


def test_the_time_is_now_by_default(folder: Path) -> None:
    before = datetime.now(timezone.utc).replace(microsecond=0)
    render.run({"report_dir": str(folder), "keep_days": None})
    assert before <= datetime.fromisoformat(document(folder)["generated"].replace("Z", "+00:00"))


# Errors


@contextlib.contextmanager
def refused(*words: str, option: str = "report_dir") -> Iterator[None]:
    """Expect an error that names these, the option and a fix."""
    with pytest.raises(ConfigError) as caught:
        yield
    assert [word for word in words if word not in str(caught.value)] == []
    assert caught.value.context.option == option
    assert option in caught.value.hint or "link" in caught.value.hint or "Set" in caught.value.hint


def test_a_folder_without_a_history_is_refused_and_left_alone(tmp_path: Path) -> None:
    with refused(f"there is no history of rotations in {tmp_path}/typo/history.jsonl"):
        report(tmp_path / "typo")
    with refused(f"there is no history of rotations in {tmp_path}/history.jsonl"):
        report(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("name", ["history.jsonl", ".history.lock", "report.html", "report.json"])
def test_no_link_is_followed(folder: Path, name: str, check_mode: bool) -> None:
    victim = folder.parent / "victim"
    victim.write_text("precious")
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(victim)
    with refused(f"{folder}/{name}: it is a link"):
        report(folder, check_mode=check_mode)
    assert victim.read_text() == "precious"


def test_a_link_in_the_place_of_the_temporary_file_is_not_followed(folder: Path) -> None:
    victim = folder.parent / "victim"
    victim.write_text("precious")
    (folder / "report.html.new").symlink_to(victim)
    with refused("report.html.new: it is a link"):
        report(folder)
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("name", ["history.jsonl", "report.html"])
def test_a_folder_in_the_place_of_a_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink(missing_ok=True)
    (folder / name).mkdir()
    with refused(name, "Is a directory"):
        report(folder)


def test_a_full_disk_leaves_the_old_report(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report(folder)
    before = {name: text for name, (text, _inode) in content(folder).items()}

    def write(file: t.BinaryIO, data: bytes) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(files, "write", write)
    with refused("No space left on device", str(folder)):
        report(folder, NOW + timedelta(days=1))
    assert {name: text for name, (text, _inode) in content(folder).items() if not name.endswith(".new")} == before


@pytest.mark.parametrize("days", [-1.0, float("nan")])
def test_days_that_make_no_sense_are_refused(folder: Path, days: float) -> None:
    with refused("keep_days must be 0 or more", option="keep_days"):
        report(folder, keep_days=days)
    assert not (folder / "report.html").exists()
