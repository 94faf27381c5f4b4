# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Audits of vaults that are made up, with all findings, for tests of their page."""

from __future__ import annotations

import datetime
from typing import Any

from ansible_collections.community.senhasegura.plugins.module_utils.audit import Known, audit
from ansible_collections.community.senhasegura.plugins.module_utils.device_models import Device
from ansible_collections.community.senhasegura.plugins.module_utils.models import SSH_KEY_TYPE, CredentialInfo

NOW = datetime.datetime(2026, 11, 30, 12, 0, tzinfo=datetime.timezone.utc)


def document(size: int, devices: int | None) -> dict[str, Any]:
    """Return the audit of a vault with so many credentials, each with all findings, and devices without one."""
    entries = [
        CredentialInfo(
            str(number),
            None if number == 1 else f"application-server-{number:03}.example-department.com-root",
            "root",
            f"application-server-{number:03}.example-department.com",
            "192.0.2.10",
            SSH_KEY_TYPE if number % 5 == 4 else "Domain User",
            None if devices is None else False,
            None if number % 2 else "2026-10-01 08:00:00",
            "2026-11-24 08:00:00",
            "2026-11-01T08:00:00-03:00",
        )
        for number in range(size)
    ]
    hosts = None if devices is None else [bare(number) for number in range(devices)]
    usage = {str(number): [f"web{host:02}" for host in range(number % 7)] for number in range(size)}
    holders = {"0": [("alice", "2026-11-24"), ("bob", "")]} if size else {}
    return audit(entries, hosts, Known(holders, usage), NOW, "https://pam.example.com:443")


def bare(number: int) -> Device:
    """Return a device on which nothing is."""
    return Device(str(number), f"switch-{number:03}.example.com", f"192.0.2.{number % 250}", "Switch", site="DC1")
