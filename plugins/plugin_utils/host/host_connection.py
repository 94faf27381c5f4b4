# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ways to managed hosts: that of the task, and those to others of the inventory, as Ansible makes them."""

from __future__ import annotations

import dataclasses
import os
import typing as t

from ansible import constants
from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import become_loader, connection_loader

from ...module_utils.errors import ConfigError
from ..plugin_options import Template, variable
from . import ansible_internals
from .host_program import Execute


@dataclasses.dataclass(frozen=True)
class HostConnection:
    """A host of the inventory, its variables, and the connection plugin over which commands run there."""

    host: str
    variables: t.Mapping[str, t.Any]
    template: Template
    plugin: t.Any
    execute: Execute

    def variable(self, name: str) -> t.Any:
        """Return the value of a variable of the host, or None. Raises ConfigError."""
        return variable(name, self.variables, self.template)

    def interpreter(self) -> str | None:
        """Return the Python of the host, or None where nobody has said which."""
        facts = self.variables.get("ansible_facts") or {}
        for name, place in (
            ("ansible_python_interpreter", self.variables),
            ("discovered_interpreter_python", facts),
        ):
            value = variable(name, place, self.template)
            if value and not str(value).startswith("auto"):
                return str(value)
        return None

    def option(self, name: str) -> t.Any:
        """Return an option of the connection plugin, or None if it has no such option."""
        try:
            return self.plugin.get_option(name)
        # Connections other than ssh do not have them.
        except (KeyError, AttributeError):
            return None


def for_task_host(action: ActionBase, host: str, variables: t.Mapping[str, t.Any]) -> HostConnection:
    """Return the host of the task."""
    return HostConnection(
        host,
        variables,
        ansible_internals.template_of(action),
        ansible_internals.connection_of(action),
        ansible_internals.execute_of(action),
    )


def for_other_host(action: ActionBase, host: str, variables: t.Mapping[str, t.Any]) -> HostConnection:
    """Return the way to another host of the inventory, by a connection as Ansible makes one for a task.

    Raises ConfigError if there is no such host.

    :param variables: those of the host of the task
    """
    hostvars = variables.get("hostvars") or {}
    if host not in hostvars:
        raise ConfigError(f"{host} is not in the inventory", hint="Check hosts").with_context(option="hosts")
    # These evaluate templates by themselves.
    connection = HostConnection(host, hostvars[host], lambda value: value, None, _unconnected)
    try:
        made, context = _connect(action, connection)
    except AnsibleError as exc:
        raise ConfigError(
            f"no connection to {host} can be made ({type(exc).__name__})", hint="Check its variables"
        ) from None
    twin = ansible_internals.action_over(action, made, context)
    return dataclasses.replace(connection, plugin=made, execute=ansible_internals.execute_of(twin))


def _unconnected(*_arguments: t.Any, **_more: t.Any) -> t.NoReturn:
    raise NotImplementedError


def _connect(action: ActionBase, connection: HostConnection) -> tuple[t.Any, t.Any]:
    """Return a connection and its context, with the options that task, variables and configuration give it."""
    task, context = ansible_internals.task_of(action), ansible_internals.play_context_of(action)
    context.remote_addr = str(connection.variable("ansible_host") or connection.host)
    kind = connection.variable("ansible_connection") or task.connection
    made = connection_loader.get(
        "ssh" if kind in (None, "smart") else str(kind),
        context,
        new_stdin=None,
        task_uuid=ansible_internals.task_id(task),
        ansible_playbook_pid=str(os.getppid()),
    )
    if made is None:
        raise ConfigError(
            f"there is no connection plugin {kind} for {connection.host}", hint="Check ansible_connection"
        )
    given = task.dump_attrs()
    given.pop("retries", None)
    # That of the task is another one.
    given["timeout"] = context.timeout
    if context.password:
        given["password"] = context.password
    become = _become(task, connection)
    made.set_become_plugin(become)
    _set_options(made, "connection", connection, given)
    _set_options(ansible_internals.shell_of(made), "shell", connection, given)
    if become is not None:
        context.set_become_plugin(become.name)
        _set_options(
            become,
            "become",
            connection,
            {**given, **({"become_pass": context.become_pass} if context.become_pass else {})},
        )
    return made, context


def _become(task: t.Any, connection: HostConnection) -> t.Any:
    wanted = connection.variable("ansible_become")
    if not (task.become if wanted is None else boolean(wanted)):
        return None
    method = str(connection.variable("ansible_become_method") or task.become_method)
    plugin = become_loader.get(method)
    if plugin is None:
        raise ConfigError(f"there is no become plugin {method}", hint="Check ansible_become_method")
    return plugin


def _set_options(plugin: t.Any, kind: str, connection: HostConnection, given: t.Mapping[str, t.Any]) -> None:
    names = constants.config.get_plugin_vars(kind, ansible_internals.plugin_name(plugin))
    found = {name: value for name in names if (value := connection.variable(name)) is not None}
    plugin.set_options(task_keys=given, var_options=found)
