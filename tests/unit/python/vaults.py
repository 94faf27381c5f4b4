# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of the Python library share: records whose secrets are known, and clients for a simulator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from senhasegura import A2A
from senhasegura_simulator.server import Simulator

SECRET = "demo-secret-0123456789abcdef"
OAUTH1 = {
    "consumer_key": "demo-consumer",
    "consumer_secret": "demo-consumer-secret",
    "token_key": "demo-token",
    "token_secret": "demo-token-secret",
}
PASSWORD, CHANGED_PASSWORD, DSM_PASSWORD = "pw-Root-1 'x'", "pw-App-1", "pw-Dsm-1"
SEED: dict[str, Any] = {
    "clients": [
        {"client_id": "demo", "client_secret": SECRET, **OAUTH1, "application": "shop"},
        {"client_id": "limited", "client_secret": "limited-secret", "credentials": ["web-root"]},
    ],
    "devices": [{"hostname": "web01", "ip": "192.0.2.10"}, {"hostname": "web02", "ip": "192.0.2.11"}],
    "credentials": [
        {"identifier": "web-root", "username": "root", "hostname": "web01", "password": PASSWORD},
        {
            "identifier": "db-app",
            "username": "app",
            "hostname": "web02",
            "password": CHANGED_PASSWORD,
            "automatic_change": True,
        },
    ],
    "keys": [{"identifier": "deploy-key", "username": "deploy", "hostname": "web01", "generate": "ed25519"}],
    "applications": [
        {
            "name": "shop",
            "system": "shop",
            "environment": "prod",
            "secrets": [
                {"identity": "shop-db", "name": "Database", "data": [{"USERNAME": "app", "PASSWORD": DSM_PASSWORD}]}
            ],
        }
    ],
}

# Its key takes long to make, so only those tests have it that need it.
ENCRYPTED = {"client_id": "encrypted", "client_secret": "encrypted-secret", "encryption": "generate"}
ENCRYPTED_SEED = {**SEED, "clients": [*SEED["clients"], ENCRYPTED]}


@dataclass
class Vault:
    """A simulator, and clients for it."""

    simulator: Simulator
    profile: str

    def __post_init__(self) -> None:
        self.url, self.ca_path, self.control = self.simulator.url, self.simulator.ca_path, self.simulator.control
        self.dialect = "rest" if self.profile == "rest" else "auto"
        self.env = {
            "SENHASEGURA_URL": self.url,
            "SENHASEGURA_CLIENT_ID": "demo",
            "SENHASEGURA_CLIENT_SECRET": SECRET,
            "SENHASEGURA_CA_PATH": self.ca_path,
            "SENHASEGURA_DIALECT": self.dialect,
        }

    def client(self, client_id: str = "demo", client_secret: str = SECRET, **options: Any) -> A2A:
        return A2A(self.url, client_id, client_secret, **{"ca_path": self.ca_path, "dialect": self.dialect, **options})

    def in_custody(self, name: str) -> bool:
        """Whether somebody has the custody of a credential or key."""
        return self.control.credential(name)["custody_client"] is not None

    def reads(self) -> int:
        """How often secrets that have custody were read."""
        return sum(self.control.counters()["reads"].values())

    @property
    def tokens(self) -> int:
        return int(self.control.counters()["tokens"])
