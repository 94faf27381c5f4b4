# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What imports take in the processes of a run, for which its first tasks wait. Each time in a new process."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from workspace import collections

# Prints the CPU time of what comes below, in seconds.
_TIMED = """
import time
started = time.process_time()
{code}
print(time.process_time() - started)
"""
# What ansible-playbook has loaded when a play begins.
_ANSIBLE = """
import ansible.cli.playbook
import ansible.executor.process.worker
import ansible.plugins.strategy.linear
from ansible.plugins.loader import action_loader, init_plugin_loader
init_plugin_loader()
action_loader.get("ansible.builtin.debug", class_only=True)
"""
_SHARED = "ansible_collections.community.senhasegura.plugins.plugin_utils"
# In the worker, below the class that imports from bytecode.
_LOOKUP = f"""
import sys
from {_SHARED}.vault_lookup import BytecodeFinder
sys.meta_path.insert(0, BytecodeFinder)
"""
# As startup.py starts the broker: without site, and with the path of Ansible.
_ALONE = ("-I", "-S")
_BROKER = """
import os
import sys
sys.path.insert(0, {folder!r})
import server
server._find_collection({path!r})
broker = server._Broker(server.Setup([], "/nowhere/senhasegura", b"key", os.getpid(), "/nowhere/ledger"))
"""


@dataclass(frozen=True)
class Place:
    """A process that imports something: what has been loaded in it before, and the code that is timed."""

    title: str
    before: str
    code: str
    options: tuple[str, ...] = ()


def places() -> list[Place]:
    """Return what is measured, in the order of a run."""
    path = [entry for entry in sys.path if os.path.isabs(entry)]
    folder = str(collections() / _SHARED.replace(".", "/") / "broker")
    broker = _BROKER.format(folder=folder, path=path)
    load = "action_loader.get('community.senhasegura.{}', class_only=True)"
    actions = [
        Place(f"main process: the action {name}", _ANSIBLE, load.format(name))
        for name in ("credential_info", "credential", "linux_password_change", "linux_ssh_key_rotation")
    ]
    return [
        *actions,
        Place("each worker with a lookup", _ANSIBLE, f"{_LOOKUP}import {_SHARED}.broker.client"),
        Place(
            "the first worker with a lookup: the rest",
            f"{_ANSIBLE}{_LOOKUP}import {_SHARED}.broker.client",
            f"import {_SHARED}.broker.startup, {_SHARED}.lookup_fallback",
        ),
        Place("broker: until it serves", broker, "assert broker.load()", _ALONE),
        Place(
            "broker: the rest, for credential_info",
            f"{broker}assert broker.load()",
            f"sys.modules['{_SHARED}.broker.module_operations'].operation_named('credential_info')",
            _ALONE,
        ),
        Place("requests, which is a part of that", f"import sys\nsys.path[:] = {path}", "import requests", _ALONE),
    ]


def measure(env: Mapping[str, str], times: int) -> Iterator[tuple[str, float]]:
    """Yield the title of each place, and the median of the CPU seconds that its imports take.

    :param env: the environment of a run of Ansible
    """
    for place in places():
        script = place.before + _TIMED.format(code=place.code)
        command = [sys.executable, *(place.options or ("-P",)), "-c", script]
        seconds = []
        # The first one writes bytecode.
        for number in range(1 + times):
            done = subprocess.run(command, env=dict(env), stdout=subprocess.PIPE, check=True, text=True)
            if number:
                seconds.append(float(done.stdout))
        yield place.title, statistics.median(seconds)
