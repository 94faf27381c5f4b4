# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a login to a managed host is tried: there, where Ansible itself connects to."""

from __future__ import annotations

from ...host.host_connection import HostConnection
from ..login.command import Target, options_from

# Options of a connection that decide how ssh reaches the host.
_SSH_OPTIONS = (
    "host",
    "port",
    "ssh_executable",
    "ssh_args",
    "ssh_common_args",
    "ssh_extra_args",
    "host_key_checking",
    "timeout",
)


def target_of(connection: HostConnection, user: str | None) -> Target:
    """Return how a login as ``user`` reaches the host: as Ansible itself does, but for the user (None for its own)."""
    names = ("ansible_host", "ansible_port", *(f"ansible_{name}" for name in _SSH_OPTIONS), "inventory_hostname")
    variables = {name: value for name in names if (value := connection.variable(name)) is not None}
    defaults = {name: value for name in _SSH_OPTIONS if (value := connection.option(name)) is not None}
    return options_from(variables, user=user, defaults=defaults)
