# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Three real hosts that share a key of the user app, and a vault that has it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from faults.shared_key import OPTIONS, Key, seed
from hosts.group import Hosts


@pytest.fixture
def old(tmp_path: Path, hosts: Hosts) -> Key:
    """The key that app has on all hosts, among those of others."""
    key = Key(tmp_path, "old")
    for host in hosts:
        host.run("rm -rf /var/lib/senhasegura-rotation /etc/keys /home/app/.ssh")
        host.authorize("app", f"# mine\n{hosts.public_key}\n{OPTIONS} {key.public}\n\n# end")
        host.forget_logins()
    return key


@pytest.fixture
def vault(serve: Callable[[Any], Any], hosts: Hosts, old: Key) -> Any:
    return serve(seed(hosts, old))
