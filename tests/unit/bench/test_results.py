# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Medians and ratios are right, a broken bound is found, and a play that went wrong is not taken for a fast one."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

for name in ("aiohttp", "trustme"):
    pytest.importorskip(name)

from bench import measure, report  # noqa: E402
from bench.bounds import judge  # noqa: E402
from bench.plays import PLAYS, Play  # noqa: E402
from bench.runner import Run, failed  # noqa: E402
from bench.stats import Group, groups, ratios, spread  # noqa: E402
from bench.variants import LOOKUPS, MODULES  # noqa: E402

ZERO = {field.name: 0 for field in dataclasses.fields(Run)}
PLAY = {play.name: play for play in PLAYS}


def run(variant: str, number: int, wall: float, play: str = "same", **more: Any) -> Run:
    place = {"play": play, "condition": "plain", "hosts": PLAY[play].hosts, "wanted": PLAY[play].credentials}
    good = {"tokens": 1, "reads": PLAY[play].credentials, "credentials": PLAY[play].credentials, "cpu": 2 * wall}
    return Run(**{**ZERO, **place, **good, "variant": variant, "round": number, "wall": wall, **more})


def rounds(*walls: float, variant: str = "senhasegura", floor: float = 10.0, **more: Any) -> list[Group]:
    """Groups of a floor, and of a variant that took so long in each round."""
    pairs = [(run("floor", n, floor, **more), run(variant, n, wall, **more)) for n, wall in enumerate(walls)]
    return groups(entry for pair in pairs for entry in pair)


def test_spread() -> None:
    found = spread([3.0, 1.0, 2.0, 10.0])
    assert found is not None
    assert (found.median, found.low, found.high) == (2.5, 1.0, 10.0)
    assert str(found) == "2.50 [1.00-10.00]"
    assert spread([]) is None


def test_ratios_are_taken_within_a_round() -> None:
    assert ratios({0: 11.0, 1: 24.0, 2: 99.0}, {1: 20.0, 0: 10.0}) == [1.1, 1.2]
    # The median of the ratios, not the ratio of the medians (which is 1.1 here).
    entries = [run("floor", n, w) for n, w in enumerate([10.0, 20.0, 40.0])]
    entries += [run("senhasegura", n, w) for n, w in enumerate([13.0, 22.0, 42.0])]
    (ours,) = [group for group in groups(entries) if group.variant == "senhasegura"]
    assert ours.floor is not None
    assert [round(value, 4) for value in dataclasses.astuple(ours.floor[0])] == [1.1, 1.05, 1.3]
    assert ours.floor[0] == ours.floor[1]
    assert (ours.wall.median, ours.cpu.median) == (22.0, 44.0)


def test_cells_are_kept_apart() -> None:
    entries = [run("floor", 0, 10.0), run("senhasegura", 0, 50.0, latency=80), run("senhasegura", 0, 11.0)]
    found = {(group.latency, group.variant): group.floor for group in groups(entries)}
    assert found[0, "senhasegura"] is not None
    assert found[80, "senhasegura"] is None


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        ({}, [True, True]),
        ({"tokens": 2}, [True, False]),
        ({"reads": 2}, [True, False]),
        ({"reads": 0, "credentials": 0}, [True, False]),
        ({"connections": 5}, [True, False]),
        ({"failures": 1}, [True, False]),
        # Fewer hosts say nothing about the ratio.
        ({"hosts": 10}, [True]),
    ],
)
def test_counts(more: dict[str, Any], kept: list[bool]) -> None:
    assert [verdict.kept for verdict in judge(rounds(10.5, 11.0, 11.5, **more))] == kept


def test_ratio_bounds() -> None:
    assert [verdict.kept for verdict in judge(rounds(11.5, 11.6, 11.6))] == [False, True]
    assert [verdict.kept for verdict in judge(rounds(12.9, latency=80))] == [True, True]
    assert [verdict.kept for verdict in judge(rounds(13.1, latency=80))] == [False, True]
    distinct: dict[str, Any] = {"play": "distinct", "latency": 80}
    assert [verdict.kept for verdict in judge(rounds(15.9, **distinct))] == [True, True]
    assert [verdict.kept for verdict in judge(rounds(16.1, **distinct))] == [False, True]
    assert [verdict.kept for verdict in judge(rounds(11.6, variant="credential", play="module"))] == [False, True]
    assert judge(rounds(99.0, variant="vault", tokens=200)) == []


def test_conditions_have_to_come_true() -> None:
    def kept(condition: str, **more: int) -> list[bool]:
        entry = run("senhasegura", 0, 10.0, condition=condition, play="distinct", **more)
        return [verdict.kept for verdict in judge(groups([entry]))]

    assert kept("503", errors=10) == [True]
    assert kept("503", errors=0) == [False]
    assert kept("503", errors=10, failures=1) == [False]
    assert kept("expiry", tokens=3) == [True]
    assert kept("expiry", tokens=1) == [False]


OUTPUT = """
ok: [host001] => {
    "msg": 24
}
ok: [host002] => {
    "msg": "24"
}
host001                    : ok=1    changed=0    unreachable=0    failed=0
host002                    : ok=1    changed=0    unreachable=0    failed=0
"""


def test_failed() -> None:
    play = dataclasses.replace(PLAY["single"], hosts=2)
    assert failed(OUTPUT, play) == 0
    assert failed(OUTPUT.replace('"24"', '"23"'), play) == 1
    assert failed(OUTPUT.replace("host002                    : ok=1", "host002                    : ok=0"), play) == 1
    assert failed("", play) == 2
    listed = '    "msg": [\n        96,\n        96,\n        96\n    ]\n    "msg": [\n        96,\n        96\n    ]\n'
    assert failed(listed + "host001 : ok=2\n", dataclasses.replace(PLAY["fleet"], hosts=1)) == 0


@pytest.mark.parametrize("play", PLAYS, ids=lambda play: play.name)
def test_playbooks(play: Play) -> None:
    for variant in play.variants:
        ((content),) = json.loads(play.playbook(variant))
        assert len(content["tasks"]) == play.tasks
        text = json.dumps(content["vars"])
        assert text.count("lookup(") == (0 if play.variants == MODULES else max(play.own, play.shared))
        assert variant.lookup.partition("{}")[0] in text
    assert {variant.name for variant in play.variants} == {v.name for v in (*LOOKUPS, *MODULES) if v in play.variants}


def test_report(tmp_path: Path) -> None:
    entries = [entry for group in rounds(10.5, 11.5) for entry in group.runs]
    found = groups(entries)
    verdicts = judge(found)
    pytest.importorskip("matplotlib")
    report.write(tmp_path, entries, found, verdicts, {"cores": 2})
    assert report.read(tmp_path / "results.json") == (entries, {"cores": 2})
    assert "| senhasegura | 2 | 11.00 [10.50-11.50] | 1.10 [1.05-1.15] |" in (tmp_path / "results.md").read_text()
    assert "1.10 [1.05-1.15]" in report.text(found, verdicts)
    assert (tmp_path / "ratios.svg").stat().st_size


def test_measure_follows_what_is_left_behind(tmp_path: Path) -> None:
    """A process that outlives the command counts, and so does its time."""
    # It begins when the command has ended, and goes on for longer than it takes to notice that.
    busy = (
        "import os,time\nparent=os.getpid()\nif not os.fork():\n os.setsid()\n while os.getppid() == parent: time.sleep(0.01)\n"
        " while time.process_time() < 0.2: pass\n time.sleep(1.5)\n"
    )
    result = tmp_path / "result.json"
    command = [sys.executable, "-I", measure.__file__, str(result), "120", sys.executable, "-I", "-c", busy]
    subprocess.run(command, check=True, timeout=300)
    taken = json.loads(result.read_text())
    assert taken["code"] == 0
    assert taken["left"] == 1
    assert taken["left_cpu"] >= 0.2
    assert taken["cpu"] >= taken["left_cpu"]
    assert taken["left_seconds"] > 0


def test_measure_ends_what_takes_too_long(tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    command = [sys.executable, "-I", measure.__file__, str(result), "0.2", "sleep", "3600"]
    subprocess.run(command, check=True, timeout=300)
    taken = json.loads(result.read_text())
    assert taken["killed"]
    assert taken["code"] == -9
    assert taken["wall"] < 300


def test_measure_ends_what_is_left_behind_for_long() -> None:
    left = "import os,time\nif not os.fork():\n os.setsid()\n os.fork()\n time.sleep(3600)\n"
    script = "import sys; sys.path.insert(0, {!r}); from bench import measure; measure.LINGER_SECONDS = 0.3; {}"
    call = f"print(measure.measure([sys.executable, '-I', '-c', {left!r}], 120))"
    command = [sys.executable, "-I", "-c", script.format(str(Path(measure.__file__).parents[1]), call)]
    done = subprocess.run(command, check=True, timeout=300, stdout=subprocess.PIPE, text=True)
    assert "'stuck': 1" in done.stdout
