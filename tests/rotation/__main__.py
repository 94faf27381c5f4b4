# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""./run crash: the long parts of the crash tests. Exits with 1 when anything is lost."""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import multiprocessing.pool
import os
import random
import sys
import time
from collections.abc import Callable, Iterator

from workspace import environment

os.environ.update(environment())
sys.path.insert(0, environment()["ANSIBLE_COLLECTIONS_PATH"])

from rotation import matrix, model, schedules
from rotation.code import Code
from rotation.keys import STARTS as KEY_STARTS
from rotation.world import Violation

Report = list[str]


def states(_options: argparse.Namespace) -> Iterator[str]:
    """The model with four runs."""
    found = model.visit(dataclasses.replace(model.RULES, runs=4))
    print(f"model with four runs: {found.states:,} states, {found.not_converging} do not converge")
    if found.loss or found.not_converging:
        yield f"the model loses after {' -> '.join(found.loss)}"


def pairs(options: argparse.Namespace) -> Iterator[str]:
    """All pairs of faults in memory, and ten thousand schedules."""
    firsts = [
        (start, *fault) for start in matrix.STARTS for (run,) in matrix.singles(Code(), start) for fault in run.items()
    ]
    yield from _in_parallel("pairs of faults", _pairs_of, firsts, options.jobs)
    yield from _in_parallel("schedules", _schedule, list(range(10_000)), options.jobs)


def key_pairs(options: argparse.Namespace) -> Iterator[str]:
    """Pairs of faults in keys, in memory: all that begin with each n-th single fault (--start, --step)."""
    firsts = [
        (start, *fault) for start in KEY_STARTS for (run,) in matrix.singles(Code(), start) for fault in run.items()
    ]
    yield from _in_parallel("pairs of faults in keys", _pairs_of, firsts[options.start :: options.step], options.jobs)


def real_keys(options: argparse.Namespace) -> Iterator[str]:
    """Every single fault in a rotation of a key that three real hosts share."""
    from hosts.group import Hosts
    from rotation import real as tier

    start, number, losses = time.monotonic(), 0, 0
    with Hosts(["bookworm", "trixie", "bookworm"]) as hosts, tier.key_scene(hosts) as scene:
        for case in tier.cases(scene)[options.start :: options.step]:
            number += 1
            try:
                scene.play(case)
            except Violation as exc:
                losses += 1
                yield f"{case}\n  {exc}"
            print(" | ".join(scene.story), flush=True)
    print(f"{number} faults in keys on real hosts, {losses} losses, {time.monotonic() - start:.0f} s", flush=True)


def _pairs_of(first: tuple[str, int, str]) -> tuple[int, Report]:
    start, at, kind = first
    code, number, losses = Code(), 0, []
    for runs in matrix.pairs_after(code, start, {at: kind}):
        number += 1
        try:
            matrix.play(code, start, *runs)
        except Violation as exc:
            losses.append(str(exc))
    return number, losses


def _schedule(seed: int) -> tuple[int, Report]:
    try:
        schedules.play(Code(), seed)
    except Violation as exc:
        return 1, [str(exc)]
    return 1, []


def _in_parallel(what: str, work: Callable[..., tuple[int, Report]], items: list[object], jobs: int) -> Iterator[str]:
    start, number, losses = time.monotonic(), 0, 0
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        for count, report in pool.imap_unordered(work, items, chunksize=max(1, len(items) // 200)):
            number += count
            losses += len(report)
            yield from report
    print(f"{number:,} {what}, {losses} losses, {time.monotonic() - start:.0f} s", flush=True)


def real(options: argparse.Namespace) -> Iterator[str]:
    """Every single fault with ansible-playbook, the simulator and real hosts, and some pairs chosen at random."""
    from hosts.group import Hosts
    from rotation import real as tier

    start, number, losses = time.monotonic(), 0, 0
    with Hosts(["bookworm", "trixie"]) as hosts:
        with tier.scene(hosts, hosts[0]) as scene:
            singles = [(case,) for case in tier.cases(scene)]
        chance = random.Random(options.seed)
        some = [tuple(case for (case,) in chance.choices(singles, k=2)) for _number in range(options.pairs)]
        todo = [*singles, *some][options.start :: options.step]
        with multiprocessing.pool.ThreadPool(2) as pool:
            shares = pool.map(lambda number: list(_on(hosts, number, todo[number::2])), range(2))
        for report in itertools.chain(*shares):
            losses += 1
            yield report
        number = len(todo)
    print(f"{number} faults and pairs on real hosts, {losses} losses, {time.monotonic() - start:.0f} s", flush=True)


def _on(hosts: object, number: int, todo: list[tuple[object, ...]]) -> Iterator[str]:
    from rotation import real as tier

    with tier.scene(hosts, hosts[number]) as scene:
        for cases in todo:
            try:
                scene.play(*cases)
            except Violation as exc:
                yield f"{' then '.join(map(str, cases))}\n  {exc}"
            print(f"{hosts[number].name}: {' | '.join(scene.story)}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run crash", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", metavar="{states,pairs,real,key-pairs,real-keys}", help="default: states pairs"
    )
    parser.add_argument("--jobs", type=int, default=2, help="processes (default 2)")
    parser.add_argument("--pairs", type=int, default=0, help="real: random pairs besides all singles")
    parser.add_argument("--seed", type=int, default=1, help="real: of the choice of pairs")
    parser.add_argument("--start", type=int, default=0, help="real: the first case")
    parser.add_argument("--step", type=int, default=1, help="real: only each n-th case")
    options = parser.parse_args()
    losses = 0
    parts = {"states": states, "pairs": pairs, "real": real, "key-pairs": key_pairs, "real-keys": real_keys}
    if unknown := set(options.parts) - set(parts):
        parser.error(f"there is no {unknown.pop()}")
    for part in options.parts or ("states", "pairs"):
        for report in parts[part](options):
            losses += 1
            print(report, flush=True)
    return 1 if losses else 0


if __name__ == "__main__":
    sys.exit(main())
