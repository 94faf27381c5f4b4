# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test that the broker finds the operation of each module, and imports it no sooner than it is asked for."""

from __future__ import annotations

import importlib
import os
import pathlib
import subprocess
import sys

import pytest
from workspace import environment

from ansible_collections.community.senhasegura.plugins.plugin_utils.broker import module_operations

PLUGINS = pathlib.Path(module_operations.__file__).parents[2]
OPERATIONS = module_operations.__name__.partition("plugin_utils.")[0] + "module_utils.operations"
# Two modules have clients of their own, and rotations have no operation.
ELSEWHERE = {"awx_setup", "doctor"}
NAMES = [
    path.stem
    for path in sorted((PLUGINS / "action").glob("*.py"))
    if path.stem not in ELSEWHERE and (PLUGINS / "module_utils/operations" / path.name).exists()
]


def test_most_modules_are_looked_at() -> None:
    assert len(NAMES) > 35
    assert {"credential", "vault_export", "mysafe_note"} < set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_found_by_the_name_of_its_file(name: str) -> None:
    assert module_operations.operation_named(name) is importlib.import_module(f"{OPERATIONS}.{name}")


@pytest.mark.parametrize("name", ["results", "apply", "no_such", ""])
def test_nothing_else_is(name: str) -> None:
    with pytest.raises(LookupError):
        module_operations.operation_named(name)


def test_a_run_that_needs_few_of_them_imports_few() -> None:
    script = f"""if True:
        import sys
        from {module_operations.__name__} import operation_named
        print(any(name.startswith("{OPERATIONS}.credential") for name in sys.modules))
        operation_named("credential_info")
        print(*[name for name in ("credential", "secrets_file", "device", "secret") if "{OPERATIONS}." + name in sys.modules])
    """
    env = {**os.environ, **environment()}
    run = subprocess.run([sys.executable, "-c", script], check=True, env=env, capture_output=True, text=True)
    assert run.stdout.splitlines() == ["False", "credential"]
