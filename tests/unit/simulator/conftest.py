# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A running simulator and a plain `requests` client for it. Nothing of the collection's own client is used."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2] / "simulator"
sys.path.insert(0, str(ROOT))
NEEDED = ("aiohttp", "cryptography", "oauthlib", "requests", "requests_oauthlib", "trustme", "yaml")
collect_ignore_glob: list[str] = []
try:
    for _name in NEEDED:
        __import__(_name)
except ImportError:
    collect_ignore_glob.append("test_*.py")

DEMO = str(ROOT / "senhasegura_simulator" / "seeds" / "demo.yml")
MANY = str(ROOT / "senhasegura_simulator" / "seeds" / "many.yml")


class Vault:
    """One client of one simulator. `call` answers (status, JSON)."""

    def __init__(self, sim: Any, prefix: str) -> None:
        import requests

        self.sim, self.prefix, self.control = sim, prefix, sim.control
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = sim.ca_path

    def token(self, client_id: str = "demo", secret: str = "demo-secret-0123456789abcdef", **more: Any) -> Any:
        data = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret, **more}
        path = "/iso/oauth2/token" if self.prefix == "/iso" else f"{self.prefix}/oauth2/token"
        return self.session.post(self.sim.url + path, data=data, timeout=120)

    def login(self, *names: str, **more: Any) -> Vault:
        answer = self.token(*names, **more)
        assert answer.status_code == 200, answer.text
        self.session.headers["Authorization"] = "Bearer " + answer.json()["access_token"]
        return self

    def other(self, client_id: str, secret: str) -> Vault:
        return Vault(self.sim, self.prefix).login(client_id, secret)

    def raw(self, method: str, path: str, **more: Any) -> Any:
        full = path if path.startswith(("/iso", "/api")) else self.prefix + path
        return self.session.request(method, self.sim.url + full, timeout=120, allow_redirects=False, **more)

    def call(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        answer = self.raw(method, path, **more)
        return answer.status_code, answer.json()

    def stored(self, ref: int | str) -> dict[str, Any]:
        return self.control.credential(ref)


@pytest.fixture
def demo_seed() -> str:
    return DEMO


@pytest.fixture
def many_seed() -> str:
    return MANY


@pytest.fixture
def environment() -> dict[str, str]:
    """For a simulator in a process of its own."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


PREFIXES = {"3.32": "/iso", "4.0": "/api", "all": "/api", "rest": "/iso"}
Start = Callable[..., Vault]


@pytest.fixture
def start() -> Iterator[Start]:
    """start(profile, seed=..., login=True, **settings) -> Vault"""
    from senhasegura_simulator.server import Simulator

    with ExitStack() as stack:

        def run(profile: str = "4.0", seed: Any = MANY, login: bool = True, **settings: Any) -> Vault:
            sim = stack.enter_context(Simulator(profile=profile, seed=seed, **settings))
            vault = Vault(sim, PREFIXES[profile])
            return vault.login() if login else vault

        yield run
