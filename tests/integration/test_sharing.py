# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which hosts share a key is found in a real play, of which --limit leaves out all but one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from workspace import ROOT

ACTION = """
import json

from ansible.plugins.action import ActionBase
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation import sharing


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        self.variables = task_vars
        with_key = sharing.hosts_with(self, "ssh_key", self._task.args.get("ssh_key"))
        if task_vars["inventory_hostname"] == "web01":
            with open("found", "a") as file:
                print(json.dumps([sorted(with_key), sorted(sharing.without_limit(self, "hosts"))]), file=file)
        return {"changed": False}
"""
INVENTORY = """
[web]
web01
web02
web03 key=other
[db]
db01
[all:vars]
ansible_connection=local
key=deploy
broken={{ no_such_variable }}
"""
PLAY = """
- hosts: web
  gather_facts: false
  tasks:
    - linux_ssh_key_rotation: {ssh_key: deploy-key}
    - linux_ssh_key_rotation: {ssh_key: "{{ key }}-key"}
    - linux_ssh_key_rotation: {ssh_key: "{{ inventory_hostname }}-key"}
    - linux_ssh_key_rotation: {ssh_key: "{{ broken }}-key"}
      ignore_errors: true
    - linux_ssh_key_rotation: {hosts: "{{ ansible_play_hosts_all }}"}
      run_once: true
    - linux_ssh_key_rotation: {hosts: "{{ groups['db'] }}"}
      run_once: true
"""
WEB = ["web01", "web02", "web03"]


@pytest.mark.parametrize("limit", [[], ["--limit", "web01"]], ids=["all", "limit"])
def test_hosts_that_share_a_key(tmp_path: Path, limit: list[str]) -> None:
    for folder, content in (("action_plugins", ACTION), ("library", "#!/usr/bin/python\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "linux_ssh_key_rotation.py").write_text(content)
    (tmp_path / "inventory").write_text(INVENTORY)
    (tmp_path / "play.yml").write_text(PLAY)
    program = Path(sys.executable).with_name("ansible-playbook")
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache" / "collections"),
        "ANSIBLE_LOCAL_TEMP": str(tmp_path / "tmp"),
    }
    done = subprocess.run(
        [program, "-i", "inventory", "play.yml", *limit],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = [json.loads(line) for line in (tmp_path / "found").read_text().splitlines()]
    # The key of the task with the broken variable is that of nobody, and the task itself fails before.
    assert found == [[WEB, []], [["web01", "web02"], []], [["web01"], []], [WEB, WEB], [WEB, ["db01"]]]
