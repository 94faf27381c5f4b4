# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of faults and promises in tests/README.md names tests that exist, and has a line for each fault."""

from __future__ import annotations

import ast
import functools
import re

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


@pytest.mark.parametrize("path", sorted({path for path, _name in NAMED}))
def test_each_test_that_is_named_exists(path: str) -> None:
    assert {name for where, name in NAMED if where == path} - names_in(path) == set()


def test_each_fault_and_promise_has_a_line() -> None:
    missing = [fault for fault in FAULTS if not re.search(rf"^\| {fault}\b", README, re.MULTILINE)]
    missing += [f"promise {n}" for n in PROMISES if not re.search(rf"^\| .*\bpromise {n}\b", README, re.M | re.I)]
    assert missing == []
