# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The releases of ansible-core that the collection supports, and the unit tests of what depends on them."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

from workspace import NAME, ROOT

# ansible-core -> the Pythons that it runs on as a controller, best first; oldest release first
PYTHONS = {
    "2.17": ("3.12", "3.11", "3.10"),
    "2.18": ("3.13", "3.12", "3.11"),
    "2.19": ("3.13", "3.12", "3.11"),
    "2.20": ("3.13", "3.14", "3.12"),
    "2.21": ("3.13", "3.14", "3.12"),
    "2.22": ("3.13", "3.14"),
}

COLLECTION = ".".join(NAME)
TESTS = ROOT / "tests" / "unit" / "plugins"


def units_of_core() -> list[str]:
    """List the unit tests of what depends on ansible-core: all that import it, themselves or by what they test.

    Imports are followed through plugins/ and tests/unit/plugins/, where conftest.py counts for tests that use it. Not
    elsewhere: what tests/faults runs has a world in memory instead of Ansible.
    """
    found = []
    for path in sorted(TESTS.rglob("test_*.py")):
        shared = [folder / "conftest.py" for folder in path.parents if folder.is_relative_to(TESTS)]
        used = [conftest for conftest in shared if conftest.exists() and _uses_fixtures(path, conftest)]
        if any(_imports_core(file, set()) for file in (path, *used)):
            found.append(str(path.relative_to(ROOT)))
    return found


def _uses_fixtures(path: Path, conftest: Path) -> bool:
    """Tell whether a test file names a fixture of a conftest.py, or may get one without that."""
    test, text = path.read_text(encoding="utf-8"), conftest.read_text(encoding="utf-8")
    return "autouse" in text or any(name in test for name in re.findall(r"^def (\w+)", text, re.MULTILINE))


def _imports_core(path: Path, seen: set[Path]) -> bool:
    """Tell whether a file of ours imports ansible-core, or another file of ours that does."""
    if path in seen or not path.exists():
        return False
    seen.add(path)
    names = _imports(path)
    if any(name.split(".")[0] == "ansible" for name in names):
        return True
    ours = [ROOT.joinpath(*name.removeprefix(f"{COLLECTION}.").split(".")) for name in names if COLLECTION in name]
    beside = [path.with_name(name) for name in names if path.is_relative_to(TESTS)]
    return any(_imports_core(file.with_name(f"{file.name}.py"), seen) for file in (*ours, *beside))


@functools.cache
def _imports(path: Path) -> set[str]:
    """Return all that a file imports, wherever in it, by full names; also those of the names in a module."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                folder = path.parents[node.level - 1].relative_to(ROOT)
                module = ".".join([COLLECTION, *folder.parts, *([module] if module else [])])
            names.update((module, *(f"{module}.{alias.name}" for alias in node.names)))
    return names
