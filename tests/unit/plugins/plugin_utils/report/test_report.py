# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The history report of rotations: what many workers write at once, what is read from it, and the page made of it."""

from __future__ import annotations

import dataclasses
import errno
import json
import multiprocessing
import os
import random
import re
import signal
import stat
import threading
import time
import typing as t
from datetime import datetime, timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError
from ansible_collections.community.senhasegura.plugins.plugin_utils.report import history as report_history
from ansible_collections.community.senhasegura.plugins.plugin_utils.report import page as report_page
from ansible_collections.community.senhasegura.plugins.plugin_utils.report import report
from ansible_collections.community.senhasegura.plugins.plugin_utils.report import state as report_state
from ansible_collections.community.senhasegura.plugins.plugin_utils.report.page import page
from ansible_collections.community.senhasegura.plugins.plugin_utils.report.report import Entry, record
from ansible_collections.community.senhasegura.plugins.plugin_utils.report.state import fold

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=timezone.utc)
FORK = multiprocessing.get_context("fork")
RESULTS = (
    "changed",
    "recovered",
    "unchanged",
    "failed",
    "refused",
    "busy",
    "drift",
    "pending",
    "in_doubt",
    "unreachable",
)


def ago(days: float) -> str:
    return (NOW - timedelta(days=days)).isoformat(timespec="seconds")


def entry(host: str = "web1", result: str = "changed", days: float = 0.0, **fields: t.Any) -> Entry:
    values = {
        "time": ago(days),
        "host": host,
        "kind": "password",
        "user": "root",
        "credential": "linux-root",
        "mode": "ansible",
        "result": result,
        "message": "",
        "seconds": 4.2,
        "last_change": None,
        "run": "r1",
        "job": "77",
        "max_age_days": 30.0,
    }
    return Entry(**{**values, **fields})


def many(hosts: int, each: int, seed: int = 1) -> list[Entry]:
    """A believable history, in the order of its times."""
    chance = random.Random(seed)
    entries = []
    for number in range(each):
        days = float(each - 1 - number)
        for host in range(hosts):
            result = chance.choice(RESULTS) if chance.random() < 0.1 else "unchanged"
            age = ago(days + chance.expovariate(1 / 20))
            entries.append(
                entry(
                    f"host{host:03}.example.com", result, days, last_change=age, run=f"r{number}", message="a message"
                )
            )
    return entries


def history(folder: Path) -> list[dict[str, t.Any]]:
    return [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]


def shown(folder: Path) -> dict[str, t.Any]:
    return json.loads((folder / "report.json").read_text())


# Lines


def test_an_entry_is_read_back_as_it_was_written() -> None:
    original = entry("wéb\n1\udc80</script>", message='"\\\0\u2028', last_change=ago(3), job=None, max_age_days=None)
    line = report_history.line_of(original)
    assert line.count(b"\n") == 1
    assert line.isascii()
    assert report_history.parse(line) == ([original], 0)


def test_a_line_has_all_fields_and_the_version() -> None:
    fields = json.loads(report_history.line_of(entry()))
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
        b'{"time": "yesterday", "host": "a", "kind": "b", "user": "c", "result": "d"}',
        b'{"time": 7, "host": "a", "kind": "b", "user": "c", "result": "d"}',
        b'{"time": "0001-01-01T00:00:00Z", "host": "a", "kind": "b", "user": "c", "result": "d"}',
        b"9" * 5000,
    ],
)
def test_a_line_that_cannot_be_read_is_counted(line: bytes) -> None:
    good = report_history.line_of(entry())
    assert report_history.parse(good + line + b"\n\n" + good) == ([entry(), entry()], 1)


def test_fields_of_a_later_version_do_no_harm() -> None:
    fields = {**dataclasses.asdict(entry()), "schema": 9, "colour": {"a": [1]}}
    assert report_history.parse(json.dumps(fields).encode()) == ([entry()], 0)


@pytest.mark.parametrize("value", ["soon", True, [], float("nan"), float("inf"), -1, 1e300, None])
def test_numbers_that_make_no_sense_are_left_out(value: object) -> None:
    fields = {**dataclasses.asdict(entry()), "seconds": value, "max_age_days": value}
    ((found,), _unreadable) = report_history.parse(json.dumps(fields).encode())
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
def test_moment(text: str | None, expected: datetime | None) -> None:
    assert report_history.moment(text) == expected


# What the history says


def test_the_newest_entry_counts_whatever_the_order_of_the_lines() -> None:
    entries = [entry(days=3), entry(result="failed", days=1), entry(result="unreachable", days=0.5)]
    states = {fold(random.Random(seed).sample(entries, 3)).latest for seed in range(6)}
    ((latest,),) = states
    assert latest.entry.result == "unreachable"
    assert latest.failures == 2
    # A change that succeeded gives the age; an entry that knows nothing does not take it away.
    assert latest.last_success == latest.last_change == NOW - timedelta(days=3)


def test_the_age_is_what_the_entries_know() -> None:
    (latest,) = fold([entry(days=3), entry(result="unchanged", days=1, last_change=ago(40))]).latest
    assert latest.age_days(NOW) == 3
    (latest,) = fold([entry(result="unchanged", last_change=ago(40))]).latest
    assert (latest.age_days(NOW), latest.overdue_days(NOW), latest.urgency(NOW)) == (40, 10, 2)
    (latest,) = fold([entry(result="unchanged")]).latest
    assert (latest.age_days(NOW), latest.overdue_days(NOW), latest.urgency(NOW)) == (None, 0, 0)
    # A clock that is ahead does not make it younger than new.
    (latest,) = fold([entry(days=-2)]).latest
    assert latest.age_days(NOW) == 0


def test_each_password_and_key_of_a_host_is_one_of_its_own() -> None:
    state = fold([entry(), entry(user="deploy"), entry(kind="ssh_key"), entry(kind="ssh_key", result="drift")])
    numbers = report_state.summary(state, NOW)
    assert [(item.entry.kind, item.entry.user) for item in state.latest] == [
        ("password", "deploy"),
        ("password", "root"),
        ("ssh_key", "root"),
    ]
    assert (numbers.hosts, numbers.secrets, numbers.well, numbers.attention) == (1, 3, 0, 1)


@pytest.mark.parametrize(
    ("result", "urgency"),
    [
        *((name, 0) for name in ("changed", "recovered", "unchanged")),
        *((name, 1) for name in ("busy", "pending", "unreachable")),
        *((name, 3) for name in ("failed", "refused", "drift", "in_doubt", "of_a_later_version")),
    ],
)
def test_urgency(result: str, urgency: int) -> None:
    (latest,) = fold([entry(result=result)]).latest
    assert latest.urgency(NOW) == urgency


def test_the_document() -> None:
    entries = [
        entry("a", "unchanged", last_change=ago(45.5)),
        entry("b", "in_doubt", last_change=ago(2), message="why", run="r2", job=None),
        entry("c"),
    ]
    found = report_state.document(fold(entries, 2), NOW)
    json.dumps(found, allow_nan=False)
    assert found["schema"] == 1
    assert found["generated"] == "2026-11-24T12:00:00Z"
    numbers = found["summary"]
    assert numbers["oldest"]["host"] == "a"
    assert numbers["results"] == {"unchanged": 1, "in_doubt": 1, "changed": 1}
    assert {name: numbers[name] for name in ("hosts", "well", "attention", "overdue", "age_unknown")} == {
        "hosts": 3,
        "well": 1,
        "attention": 2,
        "overdue": 1,
        "age_unknown": 0,
    }
    assert (numbers["entries"], numbers["unreadable_lines"]) == (3, 2)
    a, b, c = found["latest"]
    assert (a["age_days"], a["overdue_days"], a["attention"]) == (45.5, 15.5, True)
    assert (b["message"], b["last_success"], b["failures"]) == ("why", None, 1)
    assert (c["last_change"], c["attention"]) == ("2026-11-24T12:00:00Z", False)
    assert {run["run"]: (run["hosts"], run["job"], run["results"]) for run in found["runs"]} == {
        "r1": (2, "77", {"unchanged": 1, "changed": 1}),
        "r2": (1, None, {"in_doubt": 1}),
    }


def test_only_the_last_runs_are_kept_the_newest_first() -> None:
    state = fold(entry(run=f"r{number}", days=100 - number) for number in range(50))
    assert [run.run for run in state.runs] == [f"r{number}" for number in range(49, 29, -1)]


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
    lines = [report_history.line_of(item) for item in entries]
    # Of "a": the last line and the one that knows the last success and the age; of "b" only what is new.
    assert report_history.has_expired(entries, 30, NOW)
    kept = report_history.pruned(b"torn\n" + b"".join(lines), 30, NOW)
    assert kept == lines[1] + lines[3] + lines[5]
    before, after = (fold(report_history.parse(data)[0]).latest for data in (b"".join(lines), kept))
    assert [(item.entry, item.last_success, item.last_change) for item in before] == [
        (item.entry, item.last_success, item.last_change) for item in after
    ]
    assert not report_history.has_expired(report_history.parse(kept)[0], 30, NOW)
    assert report_history.pruned(kept, 30, NOW) == kept


@pytest.mark.parametrize(
    "needed",
    [
        entry(result="changed", days=99),
        entry(result="unchanged", days=99),
        entry(result="failed", days=99, last_change=ago(120)),
    ],
)
def test_pruning_keeps_what_tells_the_last_success_or_the_age(needed: Entry) -> None:
    entries = [
        needed,
        *([entry(result="unchanged", days=90)] if needed.result == "changed" else []),
        entry(result="failed", days=80),
        entry(result="failed", days=70),
    ]
    kept, _rest = report_history.parse(report_history.pruned(b"".join(map(report_history.line_of, entries)), 30, NOW))
    assert kept == [*entries[:-2], entries[-1]]
    (before,), (after,) = fold(entries).latest, fold(kept).latest
    assert (after.last_success, after.last_change) == (before.last_success, before.last_change)


def test_pruning_keeps_lines_as_they_are() -> None:
    strange = json.dumps({"colour": "blue", **dataclasses.asdict(entry())}).encode() + b"\n"
    old, older = (report_history.line_of(entry(days=days)) for days in (400, 500))
    assert report_history.pruned(older + old + strange + b"not JSON\n" + strange, 30, NOW) == (
        strange + b"not JSON\n" + strange
    )


def test_it_counts_in_whole_days() -> None:
    entries = [entry(days=30.4), entry(days=0.0, last_change=ago(0))]
    assert not report_history.has_expired(entries, 30, NOW)
    assert report_history.has_expired(entries, 29, NOW)
    assert report_history.has_expired(entries, -5, NOW + timedelta(days=1))
    assert not report_history.has_expired(entries, 1e9, NOW)


def test_record_prunes_if_told_to(tmp_path: Path) -> None:
    now = datetime.now(timezone.utc)
    for days in (300, 200, 100):
        record(str(tmp_path), entry(time=(now - timedelta(days=days)).isoformat(), last_change=ago(0)))
    assert len(history(tmp_path)) == 3
    record(str(tmp_path), entry(time=now.isoformat(), last_change=ago(0)), keep_days=150)
    assert len(history(tmp_path)) == 2
    assert shown(tmp_path)["summary"]["entries"] == 2


# Files


def test_what_is_written_is_not_for_everybody(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "reports"
    before = os.umask(0)
    try:
        record(str(folder), entry())
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o750
    assert {path.name for path in folder.iterdir()} >= {"history.jsonl", "report.json", "report.html"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o640}
    assert not list(folder.glob("*.new"))


@pytest.mark.parametrize("torn", [b'{"time": "2026', b"\0\0\0\0", report_history.line_of(entry("whole"))[:-1]])
def test_a_line_that_a_killed_worker_left_unfinished_spoils_no_other(tmp_path: Path, torn: bytes) -> None:
    record(str(tmp_path), entry("first"))
    with (tmp_path / "history.jsonl").open("ab") as file:
        file.write(torn)
    record(str(tmp_path), entry("second"))
    found = shown(tmp_path)
    complete = torn.endswith(b"}")
    assert {"first", "second"} <= {item["host"] for item in found["latest"]}
    assert ("whole" in {item["host"] for item in found["latest"]}) is complete
    assert found["summary"]["unreadable_lines"] == (0 if complete else 1)
    assert ("cannot be read" in (tmp_path / "report.html").read_text()) is not complete


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(str(tmp_path), entry("first"))

    def write(file: t.BinaryIO, data: bytes) -> None:
        file.write(data[:20])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(report_history, "_write", write)
        with pytest.raises(ConfigError, match="No space left on device"):
            record(str(tmp_path), entry("second"))
    assert [line["host"] for line in history(tmp_path)] == ["first"]
    record(str(tmp_path), entry("third"))
    assert [item["host"] for item in shown(tmp_path)["latest"]] == ["first", "third"]


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"the report of rotations in .*file cannot be written"):
        record(str(tmp_path / "file"), entry())


@pytest.mark.parametrize("name", ["history.jsonl", ".history.lock", "report.html.new"])
def test_no_link_is_followed(tmp_path: Path, name: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / name).symlink_to(victim)
    with pytest.raises(ConfigError):
        record(str(folder), entry())
    assert victim.read_text() == "precious"


# Many workers


def run(*work: t.Callable[[], None]) -> list[int | None]:
    """Run each in a fork, as Ansible runs its workers, and return their exit codes."""
    processes = [FORK.Process(target=item) for item in work]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    return [process.exitcode for process in processes]


def test_fifty_workers_lose_no_line_and_the_last_report_has_all(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    renders = tmp_path / "renders"
    original = report.render

    def counted(*arguments: t.Any) -> None:
        with renders.open("ab", buffering=0) as file:
            file.write(b".")
        original(*arguments)

    def worker(number: int) -> t.Callable[[], None]:
        def work() -> None:
            report.render = counted
            for turn in range(2):
                record(str(folder), entry(f"host{number}", run=f"r{turn}"), keep_days=10_000)

        return work

    assert run(*(worker(number) for number in range(50))) == [0] * 50
    assert sorted((line["host"], line["run"]) for line in history(folder)) == sorted(
        (f"host{number}", f"r{turn}") for number in range(50) for turn in range(2)
    )
    assert shown(folder)["summary"]["entries"] == 100
    assert shown(folder)["summary"]["hosts"] == 50
    assert "All 50 hosts are well." in (folder / "report.html").read_text()
    assert 1 <= len(renders.read_bytes()) <= 100


def test_one_renders_one_waits_and_the_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = str(tmp_path)
    done: list[str] = []
    original = report.render
    monkeypatch.setattr(report, "render", lambda *args: (done.append("rendered"), original(*args)))
    rendering = report_history.lock(folder, ".render.lock")
    waiting = threading.Thread(target=record, args=(folder, entry("waits")), daemon=True)
    waiting.start()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        free = report_history.lock_if_free(folder, ".next.lock")
        if free is None:
            break
        os.close(free)
        time.sleep(0.01)
    # These come back at once, and who waits will see their lines.
    for number in range(5):
        record(folder, entry(f"host{number}"))
    assert done == []
    os.close(rendering)
    waiting.join(60)
    assert done == ["rendered"]
    assert shown(tmp_path)["summary"]["hosts"] == 6


def test_the_place_in_the_queue_is_free_before_the_history_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = report.read

    def read(folder: str) -> bytes:
        place = report_history.lock_if_free(folder, ".next.lock")
        assert place is not None
        os.close(place)
        return original(folder)

    monkeypatch.setattr(report, "read", read)
    record(str(tmp_path), entry())
    assert shown(tmp_path)["summary"]["hosts"] == 1


@pytest.mark.parametrize("name", [".history.lock", ".next.lock", ".render.lock"])
def test_a_worker_that_is_killed_with_a_lock_stops_nobody(tmp_path: Path, name: str) -> None:
    def killed() -> None:
        report_history.lock(str(tmp_path), name)
        (tmp_path / "report.html.new").write_text("half a page" * 10_000)
        os.kill(os.getpid(), signal.SIGKILL)

    assert run(killed) == [-signal.SIGKILL]
    record(str(tmp_path), entry())
    assert shown(tmp_path)["summary"]["hosts"] == 1
    assert "half a page" not in (tmp_path / "report.html").read_text()


def test_rendering_is_cheap(tmp_path: Path) -> None:
    entries = many(500, 20)
    (tmp_path / "history.jsonl").write_bytes(b"".join(map(report_history.line_of, entries)))
    started = time.process_time()
    record(str(tmp_path), entry(), keep_days=10_000)
    # About 0.3 s; the limit leaves room for slow machines and for coverage.
    assert time.process_time() - started < 5
    assert shown(tmp_path)["summary"]["hosts"] == 501
    assert (tmp_path / "report.html").stat().st_size < 1_000_000


# The page


class Page(HTMLParser):
    """What is in a page: all elements as (name, attributes), the texts, and complaints about its structure."""

    VOID: t.ClassVar[set[str]] = {"meta", "br", "wbr", "col"}

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.wrong: list[str] = []
        self.feed(text)
        self.close()
        self.wrong += self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.texts.append(data)

    def text(self) -> str:
        return " ".join("".join(self.texts).split())


HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=y>&{{ 7*7 }}{% raw %}\u202e\0\udc80"
SIZES = {0: [], 1: many(1, 1), 3: many(3, 20), 20: many(20, 20), 500: many(500, 2)}


@pytest.mark.parametrize("entries", [*SIZES.values(), [entry(HOSTILE, user=HOSTILE, kind=HOSTILE, result=HOSTILE)]])
def test_the_page_is_well_formed_and_needs_nothing_else(entries: list[Entry]) -> None:
    text = page(fold(entries, 1), NOW)
    found = Page(text)
    assert found.wrong == []
    names = {name for name, _rest in found.elements}
    assert not names & {"script", "link", "img", "iframe", "object", "image", "form", "base"}
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert "https://" not in text
    assert "url(" not in text.replace("url(#", "")
    ids = [attributes["id"] for _unused, attributes in found.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _unused, attributes in found.elements:
        assert not [name for name in attributes if name.startswith("on")]
        targets = (attributes.get("aria-labelledby") or "").split()
        targets += [value[1:] for name, value in attributes.items() if name.endswith("href") and value]
        targets += re.findall(r"url\(#([^)]*)\)", attributes.get("fill") or "")
        assert set(targets) <= set(ids)


@pytest.mark.parametrize("field", ["host", "user", "kind", "credential", "mode", "result", "message", "run", "job"])
def test_everything_is_escaped(field: str) -> None:
    hostile = dataclasses.replace(entry(result="failed", last_change=ago(1), message="", job=None), **{field: HOSTILE})
    text = page(fold([hostile, entry("other")]), NOW)
    text.encode()
    assert "<script" not in text
    assert "<img" not in text
    assert not set(text) & {"\0", "\u202e"}
    if field not in ("mode", "credential"):
        assert "alert(1)</script>" in Page(text).text().replace("\u200b", "")


def test_charts_have_a_name_and_a_description() -> None:
    for entries in (SIZES[3], SIZES[500]):
        text = page(fold(entries), NOW)
        charts = re.findall(r'<svg class="chart".*?</svg>', text, re.DOTALL)
        assert len(charts) == (2 if entries is SIZES[3] else 3)
        for chart in charts:
            assert 'role="img"' in chart
            assert re.search(r"<title id=[^>]*>[^<]+</title>\s*<desc id=[^>]*>[^<]+</desc>", chart)


def test_what_needs_attention_comes_first() -> None:
    entries = [
        entry("a-well"),
        entry("b-busy", "busy"),
        entry("c-old", "unchanged", last_change=ago(40)),
        entry("d-older", "unchanged", last_change=ago(50)),
        entry("e-drift", "drift"),
    ]
    text = page(fold(entries), NOW)
    rows = re.findall(r'<th scope="row">(.*?)</th>', text)
    assert [row.replace("<wbr>", "") for row in rows] == ["e-drift", "d-older", "c-old", "b-busy", "a-well"]
    words = Page(text).text()
    assert "4 of 5 hosts need attention." in words
    assert "20 days over the limit of 30 days" in words


@pytest.mark.parametrize("result", RESULTS)
@pytest.mark.parametrize(("kind", "name"), [("password", "password"), ("ssh_key", "SSH key")])
def test_each_result_is_explained(result: str, kind: str, name: str) -> None:
    assert set(RESULTS) == set(report_page.RESULTS)
    words = Page(page(fold([entry(result=result, kind=kind, message="what the host said")]), NOW)).text()
    meaning = report_page.RESULTS[result].meaning
    assert meaning.replace("{it}", name) in words
    assert meaning.replace("{it}", "password or key") in words
    assert "{it}" not in words
    assert ("what the host said" in words) is (result not in report_history.WELL)
    assert "AWX job 77" in words


def test_a_result_of_a_later_version_is_shown() -> None:
    words = Page(page(fold([entry(result="teleported")]), NOW)).text()
    assert "teleported" in words
    assert "1 of 1 host needs attention." in words


def test_failures_in_a_row_are_counted() -> None:
    words = Page(page(fold([entry(days=3), *(entry(result="failed", days=d) for d in (2, 1, 0))]), NOW)).text()
    assert "(3 times in a row)" in words
    assert "21 Nov 2026" in words


@pytest.mark.parametrize("count", sorted(SIZES))
def test_the_charts_stay_in_their_frames(count: int) -> None:
    latest = fold(SIZES[count]).latest
    bars = report_page.age_bars(latest, NOW)
    assert len(bars.bars) == (count if count <= 20 else 8)
    for drawn in bars.bars:
        assert 0 <= drawn.within + drawn.over <= report_page.BAR_WIDTH + 0.1
        assert drawn.limit is None or 0 <= drawn.limit <= report_page.BAR_WIDTH + 0.1
    for chart in (report_page.histogram(latest, NOW), report_page.day_columns(fold(SIZES[count]), NOW)):
        for column in chart.columns:
            assert all(y >= -0.1 and height > 0 for _kind, y, height in column.parts)
            assert column.x + column.width <= 511
    assert sum(column.total for column in report_page.histogram(latest, NOW).columns) == count


@pytest.mark.parametrize("ages", [[], [0.0], [1.0, 2.0, 20_000.0], [400.0] * 3, [0.1, 5.0, 29.9, 30.1, 31.0, 90.0]])
@pytest.mark.parametrize("limit", [None, 0.5, 7.0, 30.0, 365.0, 999_999.0])
def test_the_histogram_counts_each_age_once(ages: list[float], limit: float | None) -> None:
    entries = [
        entry(str(number), "unchanged", last_change=ago(age), max_age_days=limit) for number, age in enumerate(ages)
    ]
    chart = report_page.histogram(fold([*entries, entry("unknown", "unchanged", max_age_days=limit)]).latest, NOW)
    assert sum(column.total for column in chart.columns) == len(ages)
    assert len(chart.columns) <= 14
    assert chart.note == "1 more of unknown age."
    late = sum(column.counts[1] for column in chart.columns)
    assert late == sum(limit is not None and age > limit for age in ages)


def test_the_days_end_today_and_have_the_figures() -> None:
    state = fold([entry(days=0), entry("b", "failed", days=0), entry(days=29), entry(days=60), entry(days=-3)])
    columns = report_page.day_columns(state, NOW).columns
    assert len(columns) == 30
    assert columns[-1].title == "24 Nov 2026"
    assert columns[-1].counts == [1, 0, 0, 1]
    assert columns[0].counts == [1, 0, 0, 0]
    assert len(report_page.day_columns(fold([entry()]), NOW).columns) == 14


@pytest.mark.parametrize(
    ("days", "text"),
    [(0.01, "< 1 hour"), (0.05, "1 hour"), (0.9, "21 hours"), (1.9, "1 day"), (45.0, "45 days"), (1200.0, "3.2 years")],
)
def test_span(days: float, text: str) -> None:
    assert report_page.span(days) == text


def test_names_share_their_domain_in_the_chart() -> None:
    def labels(*hosts: str) -> list[str]:
        return [drawn.label for drawn in report_page.age_bars(fold(entry(host) for host in hosts).latest, NOW).bars]

    assert labels("a.x.example.com", "b.y.example.com") == ["a.x", "b.y"]
    assert labels("a.example.com") == ["a.example.com"]
    assert labels("a.example.com", "b") == ["a.example.com", "b"]
    assert labels("192.0.2.1", "192.0.3.1") == ["192.0.2.1", "192.0.3.1"]
    assert labels("a-host-with-a-very-long-name-01") == ["a-host-…ery-long-name-01"]


def luminance(colour: str) -> float:
    digits = colour if len(colour) == 6 else "".join(digit * 2 for digit in colour)
    parts = [int(digits[index : index + 2], 16) / 255 for index in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, bright = sorted([luminance(one), luminance(other)])
    return (bright + 0.05) / (dark + 0.05)


def test_colours_can_be_told_apart() -> None:
    """The contrast that WCAG 2.2 AA asks for: 4.5 for text, 3 for what a chart is made of."""
    themes = [
        dict(re.findall(r"--([\w-]+): #([0-9a-f]+)", block))
        for block in re.findall(r":root \{(.*?)\}", page(fold([]), NOW), re.DOTALL)
    ]
    assert len(themes) == 3
    for theme in themes:
        for ground in ("page", "card", "soft", "soft-waiting"):
            assert contrast(theme["text"], theme[ground]) >= 7
            assert contrast(theme["muted"], theme[ground]) >= 4.5
        for part in ("changed", "unchanged", "waiting", "problem"):
            assert contrast(theme[part], theme["card"]) >= 3, part
