# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of faults and promises in tests/README.md names tests that exist and that `./run test` runs, and has a line
for each fault.
"""

from __future__ import annotations

import ast
import functools
import re
import subprocess
import sys

import pytest
from workspace import ROOT

README = (ROOT / "tests" / "README.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/.-]+\.py)::([^`\[]+)", README)))
# A1 to A17, B1 to B25, C1 to C17 (there is no C6), D1 to D7.
FAULTS = [
    *(f"A{n}" for n in range(1, 18)),
    *(f"B{n}" for n in range(1, 26)),
    *(f"C{n}" for n in range(1, 18) if n != 6),
    *(f"D{n}" for n in range(1, 8)),
]
PROMISES = (14, 16, 18, 35, 38, 43, 54, 55, 60, 84, 89, 99, 100)


@functools.cache
def names_in(path: str) -> set[str]:
    """The tests in a file, those in a class as Class::test, and the classes."""
    found = set()
    for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found |= {
                node.name,
                *(f"{node.name}::{item.name}" for item in node.body if isinstance(item, ast.FunctionDef)),
            }
    return found


@functools.cache
def run_by_run_test() -> set[str]:
    """The rows of integration tests that `./run test` runs, and the names of their tests."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", "not long", "tests/integration"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    collected = {line for line in done.stdout.splitlines() if "::" in line}
    return collected | {line.partition("[")[0] for line in collected}


@pytest.mark.parametrize("path", sorted({path for path, _name in NAMED}))
def test_each_test_that_is_named_exists(path: str) -> None:
    assert {name for where, name in NAMED if where == path} - names_in(path) == set()


def test_each_fault_and_promise_has_a_line() -> None:
    missing = [fault for fault in FAULTS if not re.search(rf"^\| {fault}\b", README, re.MULTILINE)]
    missing += [f"promise {n}" for n in PROMISES if not re.search(rf"^\| .*\bpromise {n}\b", README, re.M | re.I)]
    assert missing == []


@functools.cache
def left_to_run_long(path: str) -> set[str]:
    """The tests of a file that are marked long as a whole."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    tests = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return {test.name for test in tests if "pytest.mark.long" in map(ast.unparse, test.decorator_list)}


def test_each_test_that_holds_a_promise_is_part_of_run_test() -> None:
    """The second column has what holds it, the third what holds others of its kind, which may be left to ./run long."""
    lines = [line.split(" | ") for line in README.splitlines() if line.startswith("| ")]
    named = {test for cells in lines if len(cells) == 3 for test in re.findall(r"`(tests/[^`]+::[^`]+)`", cells[1])}
    assert len(named) > 200
    real_runs = {test for test in named if test.startswith("tests/integration/")}
    assert real_runs - run_by_run_test() == set()
    others = (test.partition("[")[0].split("::", 1) for test in named - real_runs)
    assert [name for path, name in others if name in left_to_run_long(path)] == []
