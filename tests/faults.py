# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Show that the tests of the table in tests/README.md fail with the code from before the fixes: python tests/faults.py

Puts the tests as they are now beside the code of an older commit, and runs for each fault the tests that the table
names. Prints a line for each fault: "fails" as it should, "imports" when the tests could not be loaded, so that they
prove nothing, or "PASSES". Names that the old code lacks are stood for, so that tests fail only where they need them.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BASE = "55b64b2"
TEST = re.compile(r"`(tests/[\w/.-]+\.py::[^`]+)`")
FAULT = re.compile(r"\| ([A-D]\d+)\b.*?\|(.*?)\|")
# What belongs to the tests and not to the code that they test.
OUTSIDE = ("tests", "pyproject.toml")

# Added to each old module: a class of exceptions for each name that it lacks, which fits into "except" and "raises".
STAND_INS = """

def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return type(name, (Exception,), {"__module__": __name__})
"""


def rows() -> Iterator[tuple[str, str, list[str]]]:
    """Fault, what is said of it, and the ids of its tests, for each row of the table."""
    for line in (ROOT / "tests" / "README.md").read_text(encoding="utf-8").splitlines():
        if match := FAULT.match(line):
            yield match[1], line.split("|")[1].strip(), TEST.findall(match[2])


def old_tree(folder: Path, base: str, *, simulator: bool) -> Path:
    """The code of ``base`` with today's tests. ``simulator``: its simulator too, whose tests are asked for."""
    tree = folder.joinpath("ansible_collections", "community", "senhasegura")
    tree.mkdir(parents=True)
    archive = subprocess.run(["git", "archive", base], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    subprocess.run(["tar", "-x", "-C", str(tree)], input=archive.stdout, check=True)
    old_simulator = folder / "simulator"
    shutil.move(str(tree / "tests" / "simulator"), old_simulator)
    shutil.rmtree(tree / "tests")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *OUTSIDE],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    if simulator:
        shutil.rmtree(tree / "tests" / "simulator")
        shutil.move(str(old_simulator), tree / "tests" / "simulator")
    _fill_in(tree)
    # Some tests ask git what is in the repository.
    subprocess.run(["git", "init", "--quiet", str(tree)], check=True)
    # The images of test hosts take long to make.
    (tree / ".cache").mkdir()
    if (ROOT / ".cache" / "hosts").is_dir():
        (tree / ".cache" / "hosts").symlink_to(ROOT / ".cache" / "hosts")
    return tree


def _fill_in(tree: Path) -> None:
    """Give the old code the names that today's tests import, so that they run, and fail where they use one."""
    for new in (ROOT / "plugins").rglob("*.py"):
        old = tree / new.relative_to(ROOT)
        if old.parent.name in ("modules", "lookup", "action"):
            continue
        old.parent.mkdir(parents=True, exist_ok=True)
        with old.open("a", encoding="utf-8") as file:
            file.write(STAND_INS if old.stat().st_size else f"from __future__ import annotations\n{STAND_INS}")


def outcome(tree: Path, tests: list[str]) -> str:
    """Whether one of these tests fails there."""
    places = [str(tree.parents[2]), str(tree / "tests"), str(tree / "tests" / "simulator")]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(places), "ANSIBLE_COLLECTIONS_PATH": places[0]}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--maxfail=1", *tests]
    run = subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, check=False)
    if run.returncode == 0:
        return "PASSES"
    missing = re.search(
        r"^E +(ImportError|ModuleNotFoundError): .*(cannot import name|No module named)", run.stdout, re.M
    )
    return "imports" if missing else "fails"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python tests/faults.py", description=__doc__)
    parser.add_argument("--base", default=BASE, help=f"the commit with the faults (default: {BASE})")
    parser.add_argument("fault", nargs="*", help="only these, for example A7 C1 B17")
    options = parser.parse_args()
    found: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory(prefix="faults-") as place:
        trees: dict[bool, Path] = {}
        for fault, text, tests in rows():
            if (options.fault and fault not in options.fault) or not tests:
                continue
            ours = all(test.startswith("tests/unit/simulator/") for test in tests)
            if ours not in trees:
                trees[ours] = old_tree(Path(place, str(ours)), options.base, simulator=ours)
            result = outcome(trees[ours], tests)
            found.setdefault(fault, []).append(result)
            print(f"{result:8} {text}", flush=True)
    proved = {fault for fault, results in found.items() if "fails" in results}
    unproved = sorted(set(found) - proved)
    print(f"{len(proved)} of {len(found)} faults are shown by a test that fails; not: {', '.join(unproved) or 'none'}")
    return 1 if unproved else 0


if __name__ == "__main__":
    sys.exit(main())
