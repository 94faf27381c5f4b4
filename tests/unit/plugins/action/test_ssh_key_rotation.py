# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a rotation of an SSH key warns of the hosts that it leaves out."""

from __future__ import annotations

import types
from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.action.linux_ssh_key_rotation import ActionModule

BOTH = {"hosts": ["web01"], "shared_with": ["web01", "web02"]}


@pytest.mark.parametrize(
    ("params", "variables", "role", "meant"),
    [
        (BOTH, {}, None, True),
        ({**BOTH, "shared_with": None}, {}, None, False),
        ({**BOTH, "hosts": None}, {}, None, False),
        (BOTH, {"ansible_limit": "web01"}, None, False),
        # A role has both from the inventory, which nobody has looked at.
        (BOTH, {}, "linux_ssh_key_rotation", False),
    ],
)
def test_a_part_of_the_hosts_is_meant_if_the_task_itself_names_it(
    params: Any, variables: Any, role: str | None, meant: bool
) -> None:
    action: Any = object.__new__(ActionModule)
    action.variables, action._task = variables, types.SimpleNamespace(_role=role)
    assert action._part_is_meant(params) is meant
