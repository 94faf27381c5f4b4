# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Times ansible-playbook with our lookups, with those of others, and with a constant: python -m bench (./run bench)."""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import imports, report, workers
from bench.backends import CONDITIONS, PLAIN, Nothing, backends
from bench.bounds import judge
from bench.plays import PLAYS, Play
from bench.runner import Bench, Cell, Run
from bench.stats import groups
from bench.variants import FLOOR, LOOKUPS, MODULES, OURS, Variant
from workspace import CACHE

LATENCIES = (0, 20, 80)
# The plays that bad conditions are tried with: one that goes on for long, and one with many reads.
TROUBLED = ("distinct", "fleet")
# Fewer hosts, and slow variants only where they take seconds.
QUICK: dict[str, dict[str, Any]] = {
    "variable": {"slow": False},
    "same": {"slow": False},
    "distinct": {"hosts": 10},
    "fleet": {"hosts": 50},
    "module": {"hosts": 20},
}
QUICK_ROUNDS, QUICK_LATENCIES, QUICK_MINUTES = 2, (0, 80), 2.5
SETTLE_SECONDS = 0.2


def main() -> int:
    options = _parser().parse_args()
    output = options.output = options.output.resolve()
    output.mkdir(parents=True, exist_ok=True)
    if options.workers:
        return _workers(options)
    if options.imports:
        return _imports(options)
    if options.read:
        runs, about = report.read(options.read)
    else:
        about = report.machine()
        runs = _measure(options)
    found = groups(runs)
    verdicts = judge(found)
    report.write(output, runs, found, verdicts, about)
    print(report.text(found, verdicts))
    print(f"Results: {output}")
    broken = sum(not verdict.kept for verdict in verdicts)
    if options.check:
        print(f"{len(verdicts) - broken} bounds kept, {broken} broken")
        return 1 if broken or not verdicts else 0
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    names = sorted({variant.name for variant in LOOKUPS + MODULES})
    parser.add_argument("--plays", type=_names([play.name for play in PLAYS]), metavar="NAME,...", help="default: all")
    parser.add_argument("--variants", type=_names(names), metavar="NAME,...", help="default: all")
    conditions = [condition.name for condition in CONDITIONS]
    parser.add_argument("--conditions", type=_names(conditions), metavar="NAME,...", help="default: all")
    parser.add_argument("--latency", type=_numbers, metavar="MS,...", help="default: 0,20,80")
    parser.add_argument("--repeat", type=int, help="rounds (default: 5; slow variants have 2 at most)")
    parser.add_argument("--minutes", type=float, help="begin nothing after that but in the first round (default: 25)")
    parser.add_argument("--quick", action="store_true", help="fewer hosts and rounds: some 3 minutes")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a bound is broken")
    parser.add_argument("--output", type=Path, default=CACHE / "bench", help="folder for the results")
    parser.add_argument("--workers", type=int, metavar="N", help="no plays: CPU time of N workers with one lookup each")
    parser.add_argument("--imports", type=int, metavar="N", help="no plays: CPU time of imports, in N processes each")
    parser.add_argument("--read", type=Path, metavar="RESULTS.JSON", help="report earlier results, and run nothing")
    return parser


def _names(known: list[str]) -> Callable[[str], list[str]]:
    def convert(text: str) -> list[str]:
        if unknown := set(text.split(",")) - set(known):
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(known)}")
        return text.split(",")

    return convert


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def cells(options: argparse.Namespace) -> list[Cell]:
    """What to compare. Bad conditions are for our lookup alone, and for one latency."""
    latencies = options.latency or (QUICK_LATENCIES if options.quick else LATENCIES)
    found = []
    for play in map(_quick, PLAYS) if options.quick else PLAYS:
        for condition in CONDITIONS:
            plain = condition.name == PLAIN
            variants = tuple(
                variant
                for variant in play.variants
                if variant.name in (options.variants or [variant.name])
                and (play.slow or not variant.slow)
                and (plain or (play.name in TROUBLED and variant.name == OURS))
            )
            tried = latencies if plain else latencies[:1]
            found += [
                Cell(play, variants, latency, condition)
                for latency in tried
                if variants
                and latency in (play.latencies or tried)
                and play.name in (options.plays or [play.name])
                and condition.name in (options.conditions or [condition.name])
            ]
    return found


def _quick(play: Play) -> Play:
    return dataclasses.replace(play, **QUICK.get(play.name, {}))


def _measure(options: argparse.Namespace) -> list[Run]:
    rounds = options.repeat or (QUICK_ROUNDS if options.quick else 5)
    minutes = options.minutes or (QUICK_MINUTES if options.quick else 25)
    started, chosen, runs = time.monotonic(), cells(options), []
    with backends() as servers:
        bench = Bench(servers, options.output / "work")
        bench.warm_up(chosen)
        for run in bench.rounds(chosen, rounds, started + 60 * minutes):
            runs.append(run)
            place = f"{run.play}, {run.latency} ms, {run.condition}, {run.variant}"
            trouble = f", {run.failures} FAILED" if run.failures else ""
            seconds = time.monotonic() - started
            print(f"{seconds:6.0f} s  round {run.round + 1}  {place}: {run.wall:.2f} s{trouble}", flush=True)
            # What the run left behind is gone, but the machine may still be at it.
            time.sleep(SETTLE_SECONDS)
    return runs


def _workers(options: argparse.Namespace) -> int:
    chosen = [variant for variant in LOOKUPS if variant.name in (options.variants or (FLOOR, OURS))]
    with backends() as servers:
        bench = Bench(servers, options.output / "work")
        wanted = [(variant, bench.environment(variant)) for variant in chosen]
        for variant, costs in workers.measure(wanted, options.workers):
            print(f"{variant.label}: {costs}", flush=True)
    return 0


def _imports(options: argparse.Namespace) -> int:
    env = Bench({"": Nothing()}, options.output / "work").environment(Variant("imports", ""))
    for title, seconds in imports.measure(env, options.imports):
        print(f"{1000 * seconds:6.1f} ms  {title}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
