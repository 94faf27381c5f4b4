# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which hosts share a secret, as far as a task tells: it may run for each of them, and --limit may leave some out."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ..host import ansible_internals


def hosts_with(action: ActionBase, option: str, value: t.Any) -> set[str]:
    """Return the hosts of the play for which the task gives this option the same value, whatever --limit says.

    Only what the inventory says of other hosts counts. Where that is not enough to tell, it is another value.
    """
    raw = _raw(action, option)
    hostvars: t.Any = _variables(action).get("hostvars") or {}
    found = set()
    for host in _play_hosts(action):
        # What Ansible and its plugins raise for a variable that is not there differs from core to core.
        try:
            # With their templates: whatever else is among them is not evaluated.
            if host in hostvars and _template(action, raw, {**hostvars.raw_get(host)}) == value:
                found.add(host)
        except Exception:  # noqa: BLE001, S112
            continue
    return found


def without_limit(action: ActionBase, option: str) -> set[str]:
    """Return the hosts that an option would name if there was no --limit, where it is made of the hosts of the play."""
    hosts = _play_hosts(action)
    names = ("ansible_play_hosts", "ansible_play_hosts_all", "ansible_play_batch", "play_hosts")
    try:
        value = _template(action, _raw(action, option), {**_variables(action), **dict.fromkeys(names, hosts)})
    except Exception:  # noqa: BLE001
        return set()
    # Any text may be there; what is no host is nobody who shares a key.
    known = _variables(action).get("hostvars") or {}
    return {str(host) for host in value if host in known} if isinstance(value, list) else set()


def _play_hosts(action: ActionBase) -> list[str]:
    """Return the hosts that the pattern of the play names, whatever --limit says."""
    variables = _variables(action)
    limited = [str(host) for host in variables.get("ansible_play_hosts_all") or ()]
    # Neither is part of what ansible-core promises. Without them, it is the hosts of the play as it is.
    play = ansible_internals.play_of(ansible_internals.task_of(action))
    inventory = ansible_internals.inventory_of(variables.get("hostvars"))
    try:
        pattern = ansible_internals.template_of(action)(play.hosts)
        found = inventory.get_hosts(pattern=pattern, ignore_limits=True, ignore_restrictions=True)
    except Exception:  # noqa: BLE001
        return limited
    return sorted({*limited, *(host.name for host in found)})


def _raw(action: ActionBase, option: str) -> t.Any:
    """Return an option as it is written in the task, with its templates."""
    task = ansible_internals.task_of(action)
    written = task.get_ds() or {}
    for name in (
        task.action,
        *(name for name in written if str(name).endswith("linux_ssh_key_rotation")),
        "args",
    ):
        given = written.get(name)
        if isinstance(given, dict) and option in given:
            return given[option]
    return None


def _template(action: ActionBase, raw: t.Any, variables: t.Mapping[str, t.Any]) -> t.Any:
    return ansible_internals.template_of(action, variables)(raw)


def _variables(action: ActionBase) -> dict[str, t.Any]:
    # RotationAction keeps them.
    return t.cast("dict[str, t.Any]", getattr(action, "variables", {}))
