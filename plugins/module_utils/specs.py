# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Argument specs that several modules share."""

from __future__ import annotations

import typing as t

# For what cannot be compared, because the server never shows it or shows it only to those who take custody.
UPDATE = {"type": "str", "choices": ["on_create", "always"], "default": "on_create"}
# How an existing credential or SSH key is named.
NAMES = {name: {"type": "str"} for name in ("id", "identifier", "username", "hostname")}
STATES = {"type": "str", "choices": ["present", "absent", "disabled", "enabled"], "default": "present"}
WAITING = {
    "wait_timeout": {"type": "float", "default": 300.0},
    "poll_interval": {"type": "float", "default": 2.0},
}
# Rotations on managed hosts.
ROTATION: dict[str, dict[str, t.Any]] = {
    "state": {"type": "str", "choices": ["rotated", "recovered"], "default": "rotated"},
    "mode": {"type": "str", "choices": ["ansible", "vault"], "default": "ansible"},
    "user": {"type": "str"},
    "wait": {"type": "bool", "default": True},
    "max_age_days": {"type": "float"},
    "deadline": {"type": "float", "default": 300.0},
    "late_write_window": {"type": "float", "default": 120.0},
    "lock_wait": {"type": "float", "default": 0.0},
    "break_lock": {"type": "str"},
    "allow_insecure_rotation": {"type": "bool", "default": False},
    "report_dir": {"type": "path"},
}
# What an SSH key is rotated with.
KEY_HOSTS = {
    "ssh_key": {"type": "str", "no_log": False},
    "hosts": {"type": "list", "elements": "str"},
    "user": {"type": "str"},
    "source_address": {"type": "str"},
}
