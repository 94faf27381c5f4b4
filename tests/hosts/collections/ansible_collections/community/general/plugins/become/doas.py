# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands in for community.general.doas, which the tests do not install: the same name, options, prompt and command."""

from __future__ import annotations

import re

from ansible.module_utils.common.text.converters import to_bytes
from ansible.plugins.become import BecomeBase

DOCUMENTATION = r"""
name: doas
short_description: Do as user
description: As community.general.doas does it.
author: community.senhasegura contributors
version_added: 0.1.0
options:
  become_user:
    description: User you 'become' to execute the task.
    type: string
    ini: [{section: privilege_escalation, key: become_user}]
    vars: [{name: ansible_become_user}, {name: ansible_doas_user}]
    env: [{name: ANSIBLE_BECOME_USER}]
  become_exe:
    description: C(doas) executable.
    type: string
    default: doas
    ini: [{section: privilege_escalation, key: become_exe}]
    vars: [{name: ansible_become_exe}, {name: ansible_doas_exe}]
    env: [{name: ANSIBLE_BECOME_EXE}]
  become_flags:
    description: Options to pass to C(doas).
    type: string
    default: ''
    ini: [{section: privilege_escalation, key: become_flags}]
    vars: [{name: ansible_become_flags}, {name: ansible_doas_flags}]
    env: [{name: ANSIBLE_BECOME_FLAGS}]
  become_pass:
    description: Password for C(doas) prompt.
    type: string
    vars: [{name: ansible_become_password}, {name: ansible_become_pass}, {name: ansible_doas_pass}]
    env: [{name: ANSIBLE_BECOME_PASS}]
  prompt_l10n:
    description: Localized prompts.
    type: list
    elements: string
    default: []
    vars: [{name: ansible_doas_prompt_l10n}]
"""


class BecomeModule(BecomeBase):  # type: ignore[misc]
    name = "community.general.doas"
    fail = ("Permission denied",)
    missing = ("Authorization required",)
    # doas asks its terminal.
    pipelining = False

    def check_password_prompt(self, b_output: bytes) -> bool:
        prompts = [to_bytes(prompt) for prompt in self.get_option("prompt_l10n")] or [rb"doas \(", rb"Password:"]
        return bool(re.match(b"|".join(prompts), b_output))

    def build_become_command(self, cmd, shell):  # type: ignore[no-untyped-def]
        super().build_become_command(cmd, shell)
        if not cmd:
            return cmd
        self.prompt = True
        flags = self.get_option("become_flags")
        if not self.get_option("become_pass") and "-n" not in flags:
            flags += " -n"
        user = self.get_option("become_user")
        command = self._build_success_command(cmd, shell, noexe=True)
        executable = getattr(shell, "executable", shell.SHELL_FAMILY)
        as_user = f"-u {user}" if user else ""
        return f"{self.get_option('become_exe')} {flags} {as_user} {executable} -c {command}"
