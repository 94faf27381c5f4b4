# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-core itself shows of a secret that a playbook got from a lookup. Measured, not judged."""

from __future__ import annotations

from typing import Any

from leaks.cases import COLLECTION
from leaks.runner import Scene
from leaks.world import world

TASKS: dict[str, dict[str, Any]] = {
    "debug of the value": {"ansible.builtin.debug": {"msg": "{{ value }}"}},
    "set_fact": {"ansible.builtin.set_fact": {"fact": "{{ value }}"}},
    "set_fact, cacheable": {"ansible.builtin.set_fact": {"cached": "{{ value }}", "cacheable": True}},
    "loop over secrets": {"ansible.builtin.debug": {"msg": "x"}, "loop": ["{{ value }}"]},
    "environment of a task": {"ansible.builtin.command": {"cmd": "true"}, "environment": {"SECRET": "{{ value }}"}},
    "argument of a command": {"ansible.builtin.command": {"argv": ["true", "{{ value }}"]}},
    "module that fails with it": {"ansible.builtin.fail": {"msg": "{{ value }}"}},
    "argument of the wrong type": {"ansible.builtin.wait_for": {"timeout": "{{ value }}"}},
    "unknown argument": {"ansible.builtin.ping": {"passwort": "{{ value }}"}},
    "failed assertion": {"ansible.builtin.assert": {"that": "value == 'x'"}},
    "false condition": {"ansible.builtin.debug": {"msg": "x"}, "when": "value == 'x'"},
    "wrong filter": {"ansible.builtin.debug": {"msg": "{{ value | from_json }}"}},
    "name of a task": {"ansible.builtin.debug": {"msg": "x"}},
    "copy with --diff": {"ansible.builtin.copy": {"content": "{{ value }}", "dest": "{{ place }}/copied"}},
    "set_stats": {"ansible.builtin.set_stats": {"data": {"stat": "{{ value }}"}}},
    "asynchronous": {"ansible.builtin.command": {"argv": ["true", "{{ value }}"]}, "async": 5, "poll": 1},
}


def leaks(scene: Scene) -> dict[str, dict[bool, list[str]]]:
    """task -> no_log -> the sinks where a password was found."""
    found: dict[str, dict[bool, list[str]]] = {}
    with world() as place:
        value = f"{{{{ lookup('{COLLECTION}.password', 'web-root', config_file={place.config('ok')!r}) }}}}"
        for name, task in TASKS.items():
            for no_log in (False, True):
                title = f"{name} {value}" if name == "name of a task" else name
                tasks = [{"name": title, "no_log": no_log, "ignore_errors": True, **task}]
                play = {"vars": {"value": value, "place": str(place.folder)}, "tasks": tasks}
                run = scene.playbook([play], "--diff", watch=True)
                sinks = {hit.sink for hit in run.leaks({"password": place.secrets["password"]})}
                found.setdefault(name, {})[no_log] = sorted(sinks)
                (place.folder / "copied").unlink(missing_ok=True)
    return found


def table(found: dict[str, dict[bool, list[str]]]) -> str:
    lines = [f"{'task':30} {'plain':50} no_log: true"]
    for name, seen in found.items():
        plain, hidden = (", ".join(seen[no_log]) or "-" for no_log in (False, True))
        lines.append(f"{name:30} {plain:50} {hidden}")
    return "\n".join(lines)
