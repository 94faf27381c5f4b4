# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""./run mutants: put one small mistake after the other into a copy of the tree, and print those that no test sees."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from mutants.selections import FOLDERS, nearest, selection
from mutants.sources import Mutant, pick
from workspace import CACHE, ROOT, checkout, environment

# A PID namespace: no mistake can end a process outside of it, and all that a test leaves ends with it. bash reaps.
_FENCE = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
_FENCES = (_FENCE, (*_FENCE, "--user", "--map-root-user"))
_INIT = ("bash", "-c", '"$@"; exit $?', "mutants")
_PYTEST = ("-m", "pytest", "-x", "-q", "--no-header", "--tb=no", "--hypothesis-seed=0")
# Without plugins that are not used here pytest starts in half the time. Each mutant starts it.
_PLUGINS = ("-p", "_hypothesis_pytestplugin")
# Long ones are left out, as in `./run short_units`.
_SHORT = ("-m", "not no_cover")
# Exit codes of pytest: a test failed; the collection of one failed. All others are mistakes of this tool.
_SEEN = (1, 2)

Failure = str | None
LATE = "no end"


class Trial:
    """A copy of the tree in which one file at a time is mutated."""

    def __init__(self, fence: tuple[str, ...], *options: str) -> None:
        """Make the copy. ``fence`` is the command in front of each run of tests, ``options`` are those of pytest."""
        work = CACHE / "mutants"
        self._tree = checkout(work)
        self._scratch = work / "tmp"
        self._command = (*fence, *_INIT, sys.executable, *_PYTEST, *_PLUGINS, *options)
        # What names this worktree must not reach the copy, whose conftest.py sets the rest.
        kept = {name: value for name, value in os.environ.items() if name not in environment()}
        paths = (self._tree.parents[2], self._tree / "tests" / "simulator")
        self._environment = {
            **kept,
            "LC_ALL": "C.UTF-8",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
            "TMPDIR": str(self._scratch),
        }
        self._changes = 0
        self._last_failed = self._tree / ".cache" / "pytest" / "v" / "cache" / "lastfailed"

    def run(self, tests: Iterable[str], timeout: float) -> Failure:
        """Run tests until one fails. Return its name in the words of pytest (of a file that cannot be collected, the
        path), LATE if there was no end within ``timeout`` (seconds), or None if all pass.

        Raises RuntimeError where pytest could not run them.
        """
        shutil.rmtree(self._scratch, ignore_errors=True)
        self._scratch.mkdir()
        self._last_failed.unlink(missing_ok=True)
        try:
            done = subprocess.run(
                (*self._command, *tests),
                cwd=self._tree,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=timeout,
                check=False,
                text=True,
            )
        except subprocess.TimeoutExpired:
            return LATE
        if done.returncode == 0:
            return None
        if done.returncode not in _SEEN:
            raise RuntimeError(f"pytest ended with {done.returncode}:\n{done.stdout}")
        return min(map(str, json.loads(self._last_failed.read_text(encoding="utf-8"))))

    def run_with(self, mutant: Mutant, timeout: float) -> Failure:
        """Run the tests that can see a mistake in its file with a mutant in the tree, the nearest ones first."""
        path = self._tree / mutant.path
        source = path.read_bytes()
        try:
            self._write(path, mutant.apply(source))
            near = nearest(mutant.path, self._tree)
            return (self.run(near, timeout) if near else None) or self.run(selection(mutant.path), timeout)
        finally:
            self._write(path, source)

    def _write(self, path: Path, source: bytes) -> None:
        # Python takes bytecode for that of a file by size and whole seconds of its time, so no two may have the same.
        self._changes += 1
        path.write_bytes(source)
        os.utime(path, (self._changes, self._changes))


def main() -> int:
    """Run all mutants, and print a line for each one and a table at the end. Return 1 if it says nothing."""
    options = _options()
    # As an exception, at which the tests that run are killed too.
    signal.signal(signal.SIGTERM, lambda *_args: sys.exit(1))
    fence = next((fence for fence in _FENCES if _works(fence)), None)
    if fence is None:
        print("mutants: needs unshare (util-linux) and the right to make PID namespaces", file=sys.stderr)
        return 1
    lock = open(CACHE / "mutants.lock", "w")  # noqa: SIM115 - for as long as this process runs
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("mutants: another run of it uses the copy of this worktree", file=sys.stderr)
        return 1
    paths = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
    sources = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in paths}
    chosen = [mutant for mutant in pick(sources, options.count, options.seed) if options.only in _place(mutant)]
    trial = Trial(fence, *([] if options.long else _SHORT))
    survivors: list[Mutant] = []
    ends: Counter[tuple[str, str]] = Counter()
    failures: set[str] = set()
    for number, mutant in list(enumerate(chosen, 1))[options.skip :]:
        start = time.monotonic()
        failure = trial.run_with(mutant, options.timeout)
        seconds = time.monotonic() - start
        end = "survived" if failure is None else "late" if failure == LATE else "failed"
        ends[_folder(mutant), end] += 1
        place = f"{_place(mutant)}  {mutant.kind}"
        print(f"{number:3} {end:8} {seconds:5.1f} s  {place}  {_short(failure or '')}", flush=True)
        if failure is None:
            survivors.append(mutant)
            print(_change(mutant), flush=True)
        elif failure != LATE:
            failures.add(failure)
    _report(ends, survivors)
    # All tests have passed where a mutant survived. Where one was caught, the test must not fail without it.
    if failures and (failure := trial.run(sorted(failures), options.timeout)):
        print(
            f"mutants: a test fails without any mutant, and this table counts for nothing: {failure}", file=sys.stderr
        )
        return 1
    print(f"the {len(failures)} tests that failed pass without a mutant")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run mutants", description=__doc__)
    parser.add_argument("--count", type=int, default=100, help="how many mutants (default: 100)")
    parser.add_argument("--seed", default="1", help="the same seed gives the same mutants (default: 1)")
    parser.add_argument("--only", default="", metavar="TEXT", help="of these, only those with this in FILE:LINE")
    parser.add_argument("--skip", type=int, default=0, metavar="N", help="go on after N, which an earlier run has done")
    parser.add_argument("--long", action="store_true", help="run the tests marked no_cover too: minutes for a mutant")
    parser.add_argument("--timeout", type=float, default=300, help="seconds for the tests of a mutant (default: 300)")
    return parser.parse_args()


def _works(fence: tuple[str, ...]) -> bool:
    try:
        return subprocess.run([*fence, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def _report(ends: Counter[tuple[str, str]], survivors: list[Mutant]) -> None:
    columns = ("failed", "late", "survived")
    print(f"\n{'folder':45}{'mutants':>9}" + "".join(f"{column:>10}" for column in columns))
    for folder in (*FOLDERS, ""):
        counts = [
            sum(n for (of, end), n in ends.items() if of.startswith(folder) and end == column) for column in columns
        ]
        print(f"{folder or 'all':45}{sum(counts):9}" + "".join(f"{count:10}" for count in counts))
    print("\nsurvivors:" if survivors else "\nno survivors")
    for mutant in sorted(survivors, key=lambda mutant: (mutant.path, mutant.line)):
        print(f"{_place(mutant)}  {mutant.kind}\n{_change(mutant)}")


def _place(mutant: Mutant) -> str:
    return f"{mutant.path}:{mutant.line}"


def _folder(mutant: Mutant) -> str:
    return next(folder for folder in FOLDERS if mutant.path.startswith(f"{folder}/"))


def _short(test: str) -> str:
    """Return the name of a test without its folder."""
    path, colons, name = test.partition("::")
    return f"{Path(path).name}{colons}{name}"


def _change(mutant: Mutant) -> str:
    return f"      - {mutant.old}\n      + {mutant.new}"


if __name__ == "__main__":
    sys.exit(main())
