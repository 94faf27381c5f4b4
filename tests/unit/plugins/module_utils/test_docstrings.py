# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Docstrings say what something does: those of functions begin with a verb, and what is public has one."""

from __future__ import annotations

import ast
import pathlib
import re
import typing as t

from ansible_collections.community.senhasegura.plugins.plugin_utils import vault_action

PLUGINS = pathlib.Path(vault_action.__file__).resolve().parents[1]
Definition = t.Union[ast.FunctionDef, ast.ClassDef]  # noqa: UP007
# These begin a noun, a clause or a condition. "Returns" describes what another one does, where an imperative says it.
NO_VERB = re.compile(
    r"(A|An|The|This|That|These|Those|It|Its|They|Their|All|Both|Each|One|Some|No|Another|Here|Is|Only|If|Returns"
    r"|What|When|Where|Whether|Which|Who|Whoever|Whose|Why|How|After|As|At|Before|By|From|In|Of|On|To|With|Without)\b"
)


def definitions(node: ast.AST, inside: str = "") -> t.Iterator[tuple[str, Definition]]:
    """Yield classes, functions and methods with their names, but none that is inside of a function."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.ClassDef)):
            yield f"{inside}{child.name}", child
            if isinstance(child, ast.ClassDef):
                yield from definitions(child, f"{inside}{child.name}.")


FOUND = [
    (f"{path.relative_to(PLUGINS)}: {name}", node)
    for path in sorted(PLUGINS.rglob("*.py"))
    for name, node in definitions(ast.parse(path.read_text(encoding="utf-8")))
]


def test_docstrings_of_functions_begin_with_a_verb() -> None:
    assert len(FOUND) > 900
    documented = {place: ast.get_docstring(node) or "" for place, node in FOUND if isinstance(node, ast.FunctionDef)}
    assert {place: text.splitlines()[0] for place, text in documented.items() if NO_VERB.match(text)} == {}


def test_what_is_public_has_a_docstring() -> None:
    """A method need not repeat what an interface or base class says of it."""
    said = {node.name for place, node in FOUND if "." in place.partition(": ")[2] and ast.get_docstring(node)}
    plugins = {"ActionModule", "InventoryModule", "LookupModule", "ModuleDocFragment"}
    missing = [
        place
        for place, node in FOUND
        if not ast.get_docstring(node)
        and not any(part.startswith("_") or part in plugins for part in place.partition(": ")[2].split("."))
        and not ("." in place.partition(": ")[2] and node.name in said)
    ]
    assert missing == []
