# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is compared: the same play with another lookup or module in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Variant:
    """``lookup`` is a Jinja expression with {} for the term, ``task`` the module of a module play.

    ``backend`` names the server that it needs. A ``slow`` one is run in the first rounds only.
    """

    name: str
    label: str
    backend: str = ""
    lookup: str = ""
    task: dict[str, Any] = field(default_factory=dict, hash=False)
    env: dict[str, str] = field(default_factory=dict, hash=False)
    slow: bool = False


FLOOR, OURS = "floor", "senhasegura"
_PASSWORD = "lookup('community.senhasegura.password', {})"

LOOKUPS = (
    Variant(FLOOR, "a constant", lookup="lookup('bench.floor.constant', {})"),
    Variant(OURS, "senhasegura", "senhasegura", _PASSWORD),
    Variant("direct", "broker: false", "senhasegura", _PASSWORD, env={"SENHASEGURA_BROKER": "false"}, slow=True),
    Variant(
        "vault",
        "hashi_vault",
        "vault",
        "lookup('community.hashi_vault.vault_kv2_get', {}).secret.password",
        slow=True,
    ),
    Variant("conjur", "conjur", "conjur", "lookup('cyberark.conjur.conjur_variable', {})", slow=True),
)
MODULES = (
    Variant(FLOOR, "debug", task={"ansible.builtin.debug": {"msg": "nothing"}}),
    Variant("set_fact", "set_fact", task={"ansible.builtin.set_fact": {"bench": "nothing"}}),
    Variant(
        "credential_info",
        "credential_info",
        "senhasegura",
        task={"community.senhasegura.credential_info": {"identifier": "shared-1"}},
    ),
    Variant(
        "info_direct",
        "credential_info, broker: false",
        "senhasegura",
        task={"community.senhasegura.credential_info": {"identifier": "shared-1"}},
        env={"SENHASEGURA_BROKER": "false"},
        slow=True,
    ),
    Variant(
        "credential",
        "credential, unchanged",
        "senhasegura",
        task={
            "community.senhasegura.credential": {
                "identifier": "shared-1",
                "username": "user1",
                "hostname": "shared",
                "ip": "192.0.2.1",
            }
        },
    ),
)
