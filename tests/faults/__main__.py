# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""./run crash: the long parts of the crash tests. Exits with 1 when anything is lost."""

from __future__ import annotations

import argparse
import collections
import contextlib
import dataclasses
import functools
import itertools
import multiprocessing
import os
import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from subprocess import SubprocessError
from typing import Any

from workspace import environment

os.environ.update(environment())
sys.path.insert(0, environment()["ANSIBLE_COLLECTIONS_PATH"])

from faults import interleavings, matrix, model, schedules
from faults.code import Code
from faults.keys import STARTS as KEY_STARTS
from faults.world import Violation

Report = list[str]
# Into so many the cases of each start are divided.
_PARTS = 16
# What is run if no part is named.
_USUAL = ("states", "singles", "pairs", "schedules")


def states(_options: argparse.Namespace) -> Iterator[str]:
    """The model with four runs."""
    found = model.visit(dataclasses.replace(model.RULES, runs=4))
    print(f"model with four runs: {found.states:,} states, {found.not_converging} do not converge")
    if found.loss or found.not_converging:
        yield f"the model loses after {' -> '.join(found.loss)}"


def all_interleavings(options: argparse.Namespace) -> Iterator[str]:
    """Every interleaving of two runs on one record, of passwords and of keys, with one of them killed anywhere."""
    names: list[object] = [name for name in interleavings.PAIRS if options.setup in (None, name)]
    yield from _in_parallel("pairs of runs", _interleaved, names, options.jobs)


def _interleaved(name: str) -> tuple[int, Report]:
    start = time.monotonic()
    found = interleavings.explore(Code(), interleavings.PAIRS[name])
    print(
        f"{name}: {found.interleavings:,} interleavings, {found.states:,} states, {len(found.losses)} losses, "
        f"{len(found.untrue)} untrue messages, {time.monotonic() - start:.0f} s",
        flush=True,
    )
    return 1, [f"{name}: {story}" for story in (*found.losses, *found.untrue)]


def singles(options: argparse.Namespace) -> Iterator[str]:
    """All single faults and all pauses in memory, of passwords and of keys, from each start."""
    parts = [(start, part) for part in range(_PARTS) for start in (*matrix.STARTS, *KEY_STARTS)]
    yield from _in_parallel("single faults and pauses", _cases_of, parts, options.jobs)


def _cases_of(part: tuple[str, int]) -> tuple[int, Report]:
    start, first = part
    number, losses = 0, []
    for description, work in itertools.islice(matrix.from_start(Code(), start), first, None, _PARTS):
        number += 1
        try:
            work()
        except Violation as exc:
            losses.append(f"{description}: {exc}")
    return number, losses


def pairs(options: argparse.Namespace) -> Iterator[str]:
    """Pairs of faults in passwords, in memory: all that begin with each n-th single fault (--start, --step)."""
    yield from _in_parallel("pairs of faults", _pairs_of, _firsts(matrix.STARTS, options), options.jobs)


def key_pairs(options: argparse.Namespace) -> Iterator[str]:
    """The same in keys."""
    yield from _in_parallel("pairs of faults in keys", _pairs_of, _firsts(KEY_STARTS, options), options.jobs)


def _firsts(starts: Iterable[str], options: argparse.Namespace) -> list[tuple[str, int, str]]:
    """The single faults with which pairs begin: where the world starts, the number of the call, and the kind."""
    code = Code()
    found = [(start, *fault) for start in starts for (run,) in matrix.singles(code, start) for fault in run.items()]
    return found[options.start :: options.step]


def all_schedules(options: argparse.Namespace) -> Iterator[str]:
    """Ten thousand schedules of several runs in memory."""
    yield from _in_parallel("schedules", _schedule, list(range(10_000)), options.jobs)


def real_keys(options: argparse.Namespace) -> Iterator[str]:
    """Every single fault in a rotation of a key that three real hosts share, on several such groups at once."""
    from faults import real as tier
    from hosts.group import Hosts

    with contextlib.ExitStack() as stack:
        groups = [stack.enter_context(Hosts(["bookworm", "trixie", "bookworm"])) for _group in range(options.jobs)]
        scenes = [functools.partial(tier.key_scene, hosts) for hosts in groups]
        yield from _on_real_hosts("faults in keys", scenes, options)


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
    from faults import real as tier
    from hosts.group import Hosts

    with Hosts(["bookworm", "trixie"]) as hosts:
        scenes = [functools.partial(tier.scene, hosts, host) for host in hosts]
        yield from _on_real_hosts("faults and pairs", scenes, options)


# Makes the start again: the vault and the hosts of one thread.
MakeScene = Callable[[], contextlib.AbstractContextManager[Any]]


def _on_real_hosts(what: str, scenes: list[MakeScene], options: argparse.Namespace) -> Iterator[str]:
    """All single faults, and as many pairs as wanted, shared among these scenes."""
    from faults import real as tier

    start = time.monotonic()
    with scenes[0]() as scene:
        singles = [(case,) for case in tier.cases(scene)]
    chance = random.Random(options.seed)
    some = [tuple(case for (case,) in chance.choices(singles, k=2)) for _number in range(options.pairs)]
    chosen = [*singles, *some][options.start :: options.step]
    # A run that is cut short shall have seen something of everything; 7 has nothing in common with the numbers of kinds.
    todo = [case for number in range(7) for case in chosen[number::7]]
    print(f"{len(todo)} of {len(singles)} {what}", flush=True)
    with ThreadPoolExecutor(len(scenes)) as pool:
        left = iter(todo)
        shares = list(pool.map(lambda make: list(_in_scene(make, left)), scenes))
    reports = list(itertools.chain(*shares))
    yield from reports
    seconds = time.monotonic() - start
    print(f"{len(todo)} {what} on real hosts, {len(reports)} losses, {seconds:.0f} s", flush=True)


def _in_scene(make: MakeScene, left: Iterator[tuple[object, ...]]) -> Iterator[str]:
    """What is left to do until it was done, here or in another thread; and a run without faults at the end."""
    done = False
    while not done:
        # Where something was lost, the next one begins anew.
        with make() as scene:
            scene.warm_up()
            for cases in itertools.chain(left, [()]):
                done = not cases
                try:
                    scene.play(*cases)
                # A host that does not answer the harness is no loss, but must not end the thread unseen.
                except (Violation, RuntimeError, OSError, SubprocessError) as exc:
                    print(f"LOST: {exc!r}", flush=True)
                    yield f"{' then '.join(map(str, cases))}\n  {exc}"
                    break
                finally:
                    print(f"{scene.host.name} {scene.host.address}: {' | '.join(scene.story)}", flush=True)


def kills(options: argparse.Namespace) -> Iterator[str]:
    """Rotations on real hosts that are killed at random moments: --count of passwords, and as many of keys."""
    from faults import kills as tier
    from faults import setups

    start, tally = time.monotonic(), tier.Tally()
    todo = [
        (setup, share, number)
        for some in (setups.PASSWORDS, setups.KEYS)
        for number, (setup, share) in enumerate(zip(some, tier.shares(some, options.count), strict=True))
        if setup.kind in options.only and (options.setup in (None, setup.name)) and share
    ][options.start :: options.step]
    print(f"seed {options.seed}", flush=True)
    left = iter(todo)

    def work(hosts: Any) -> None:
        for setup, share, number in left:
            tier.play(hosts, setup, share, f"{options.seed}-{setup.kind}-{setup.name}", number, tally)

    with tier.groups(options.jobs) as groups, ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(work, groups))
    yield from tally.losses
    print("kills: " + ", ".join(f"{name} {number}" for name, number in tally.kills.items()))
    seconds = time.monotonic() - start
    print(
        f"{tally.kills.total()} kills, {tally.clean} clean runs (the longest {tally.longest:.1f} s), "
        f"{len(tally.losses)} losses, {seconds:.0f} s",
        flush=True,
    )


def controllers(options: argparse.Namespace) -> Iterator[str]:
    """Two controllers that rotate the same record at the same time, --count times."""
    from faults import controllers as tier
    from faults import kills

    start, results = time.monotonic(), collections.Counter[str]()
    some = [meeting for meeting in tier.MEETINGS if meeting.setup.kind in options.only][options.start :: options.step]
    todo = [(some[number % len(some)], number) for number in range(options.count)]
    print(f"seed {options.seed}", flush=True)
    left = iter(todo)

    def work(hosts: Any) -> Report:
        found = []
        for meeting, number in left:
            found += tier.play(hosts, meeting, 1, f"{options.seed}-{number}", results)
        return found

    with kills.groups(options.jobs) as groups, ThreadPoolExecutor(options.jobs) as pool:
        reports = [report for found in pool.map(work, groups) for report in found]
    yield from reports
    for name, number in sorted(results.items()):
        print(f"{number:4} {name}")
    print(f"{len(todo)} meetings, {len(reports)} losses, {time.monotonic() - start:.0f} s", flush=True)


def fleet(options: argparse.Namespace) -> Iterator[str]:
    """Times for many real hosts, as a table: a password of each, and a key that they share."""
    from faults import fleet as tier

    print("| secret | hosts | seconds |\n| --- | ---: | ---: |", flush=True)
    for kind, count, seconds, wrong in tier.rows(options.hosts, options.only, options.forks):
        print(f"| {'a password each' if kind == 'password' else 'one key'} | {count} | {seconds:.1f} |", flush=True)
        if wrong:
            yield f"{kind} on {count} hosts: {wrong}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run crash", description=__doc__)
    parts = {
        "states": states,
        "interleavings": all_interleavings,
        "singles": singles,
        "pairs": pairs,
        "schedules": all_schedules,
        "real": real,
        "key-pairs": key_pairs,
        "real-keys": real_keys,
        "kills": kills,
        "controllers": controllers,
        "fleet": fleet,
    }
    parser.add_argument("parts", nargs="*", metavar=f"{{{','.join(parts)}}}", help=f"default: {' '.join(_USUAL)}")
    parser.add_argument("--jobs", type=int, default=2, help="processes, or groups of real hosts for keys (default 2)")
    parser.add_argument("--pairs", type=int, default=0, help="real: random pairs besides all singles")
    parser.add_argument("--seed", type=int, default=1, help="real: of the choice of pairs")
    parser.add_argument(
        "--start",
        type=int,
        default=0,
        help="real, pairs, key-pairs: the first case, or the first of those that begin a pair",
    )
    parser.add_argument("--step", type=int, default=1, help="real, pairs, key-pairs: only each n-th of them")
    parser.add_argument("--count", type=int, default=200, help="kills, controllers: how many (default 200)")
    parser.add_argument("--only", choices=("password", "key"), nargs="*", help="kills, controllers: of this alone")
    parser.add_argument("--hosts", type=int, nargs="*", default=(1, 5, 10, 25, 50), help="fleet: numbers of hosts")
    parser.add_argument("--forks", type=int, default=10, help="fleet: of ansible-playbook (default 10)")
    parser.add_argument(
        "--setup", help="kills: of this set-up alone, by its name in setups.py; interleavings: of this pair alone"
    )
    options = parser.parse_args()
    options.only = options.only or ("password", "key")
    losses = 0
    if unknown := set(options.parts) - set(parts):
        parser.error(f"there is no {unknown.pop()}")
    for part in options.parts or _USUAL:
        for report in parts[part](options):
            losses += 1
            print(report, flush=True)
    return 1 if losses else 0


if __name__ == "__main__":
    sys.exit(main())
