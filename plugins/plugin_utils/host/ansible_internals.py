# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The only file that uses private names of ansible-core for the way to a host, each of which is in PRIVATE_NAMES.

ansible-core offers no public way to reach a second host from one task, to know which hosts a play would have without
--limit, or to see an option as it is written. test_ansible_internals.py checks on each supported core that the names
are there, and that no other file uses one. ``self._task`` of an action is not among them: action plugins are documented
to use it.
"""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ..plugin_options import Template
from .host_program import Execute

# By class of ansible-core: the attributes that its instances have.
PRIVATE_NAMES: t.Mapping[str, tuple[str, ...]] = {
    "ansible.plugins.action.ActionBase": (
        "_connection",
        "_loader",
        "_low_level_execute_command",
        "_play_context",
        "_shared_loader_obj",
        "_task",
        "_templar",
    ),
    "ansible.playbook.task.Task": ("_parent", "_role", "_uuid"),
    "ansible.playbook.block.Block": ("_play",),
    "ansible.plugins.connection.ConnectionBase": ("_load_name", "_play_context", "_shell"),
    "ansible.vars.hostvars.HostVars": ("_inventory",),
}


# Of an action


def task_of(action: ActionBase) -> t.Any:
    """Return the task that an action carries out."""
    return action._task


def connection_of(action: ActionBase) -> t.Any:
    """Return the connection plugin that Ansible has made for the host of the task."""
    return action._connection


def execute_of(action: ActionBase) -> Execute:
    """Return what runs a shell command over the connection of an action: (command, sudoable=, in_data=) -> result."""
    return t.cast(Execute, action._low_level_execute_command)


def template_of(action: ActionBase, variables: t.Mapping[str, t.Any] | None = None) -> Template:
    """Return what evaluates templates with these variables, or with those of the task."""
    templar = action._templar
    if variables is not None:
        templar = templar.copy_with_new_env(available_variables=variables)
    return t.cast(Template, templar.template)


def play_context_of(action: ActionBase) -> t.Any:
    """Return a copy of the play context of a task, to be changed for another host."""
    return action._play_context.copy()


def action_over(action: ActionBase, connection: t.Any, play_context: t.Any) -> ActionBase:
    """Return the same action over another connection."""
    return type(action)(
        action._task, connection, play_context, action._loader, action._templar, action._shared_loader_obj
    )


# Of a task


def task_id(task: t.Any) -> str:
    """Return the id of a task, by which connections with retries and persistent ones know it."""
    return str(task._uuid)


def is_in_role(task: t.Any) -> bool:
    """Return whether a task is part of a role."""
    return getattr(task, "_role", None) is not None


def play_of(task: t.Any) -> t.Any:
    """Return the play of a task, or None where ansible-core does not say it."""
    return getattr(getattr(task, "_parent", None), "_play", None)


# Of other objects


def shell_of(connection: t.Any) -> t.Any:
    """Return the shell plugin of a connection."""
    return connection._shell


def connection_context(connection: t.Any) -> t.Any:
    """Return the play context that a connection has kept, or None."""
    return getattr(connection, "_play_context", None)


def plugin_name(plugin: t.Any) -> str:
    """Return the name with which a plugin was loaded, by which its options are known."""
    return str(plugin._load_name)


def inventory_of(hostvars: t.Any) -> t.Any:
    """Return the inventory behind C(hostvars), or None where ansible-core does not say it."""
    return getattr(hostvars, "_inventory", None)
