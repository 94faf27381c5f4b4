# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each supported ansible-core has the private names that the ways to managed hosts need, and only one file uses them."""

from __future__ import annotations

import ast
import pathlib
import types
from typing import Any

import pytest
from ansible.playbook.block import Block
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import connection_loader
from ansible.vars.hostvars import HostVars

from ansible_collections.community.senhasegura.plugins.plugin_utils.host import ansible_internals

FILE = pathlib.Path(ansible_internals.__file__)
PLUGIN_UTILS = FILE.parents[1]
FOLDERS = (
    PLUGIN_UTILS / "host",
    PLUGIN_UTILS / "rotation",
    PLUGIN_UTILS / "secrets_file",
    PLUGIN_UTILS.parent / "action",
)
# Documented for action plugins, and used by subclasses of ActionBase alone: self._task.
DOCUMENTED = {"_task"}
NAMES = {name for names in ansible_internals.PRIVATE_NAMES.values() for name in names}


class Action(ActionBase):  # type: ignore[misc]
    def run(self, tmp: Any = None, task_vars: Any = None) -> Any:
        raise NotImplementedError


def instances() -> dict[str, Any]:
    return {
        "ansible.plugins.action.ActionBase": Action(None, None, None, None, None, None),
        "ansible.playbook.task.Task": Task(),
        "ansible.playbook.block.Block": Block(),
        "ansible.plugins.connection.ConnectionBase": connection_loader.get("local", PlayContext(), None),
        "ansible.vars.hostvars.HostVars": HostVars(None, types.SimpleNamespace(), None),
    }


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, names in ansible_internals.PRIVATE_NAMES.items() for name in names]
)
def test_this_core_has_the_name(kind: str, name: str) -> None:
    assert hasattr(instances()[kind], name)


def attributes(path: pathlib.Path) -> list[tuple[str, bool]]:
    """Return the private attributes that a file uses, and whether they are those of its own C(self)."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
            found.append((node.attr, isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
            name = node.args[1]
            if isinstance(name, ast.Constant) and str(name.value).startswith("_"):
                found.append((str(name.value), False))
    return found


FILES = [path for folder in FOLDERS for path in folder.rglob("*.py") if "on_host" not in path.parts]


@pytest.mark.parametrize("path", [path for path in FILES if path != FILE], ids=lambda path: path.stem)
def test_no_other_file_uses_a_private_name(path: pathlib.Path) -> None:
    base_class = NAMES & set(vars(Action(None, None, None, None, None, None))) - DOCUMENTED
    used = [
        name
        for name, own in attributes(path)
        if (name in NAMES and not own) or (own and name in base_class and "ActionBase" in path.read_text())
    ]
    assert used == []


def test_the_list_is_what_the_file_uses() -> None:
    assert {name for name, _own in attributes(FILE)} == NAMES
