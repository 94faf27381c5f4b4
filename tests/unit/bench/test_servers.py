# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The servers of the benchmark speak what the lookups of the other collections ask for, and count it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

for name in ("aiohttp", "requests", "trustme"):
    pytest.importorskip(name)

import requests  # noqa: E402
from bench.servers import Conjur, Service, Vault  # noqa: E402

VALUES = {"web-1": "the password", "apps/shop db": "another one"}


class Client:
    """A session that trusts one server."""

    def __init__(self, service: Service) -> None:
        self.service, self.session = service, requests.Session()
        self.session.trust_env = False
        self.session.verify = service.ca_path

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        return self.session.request(method, self.service.url + path, timeout=120, **more)


@pytest.fixture
def vault() -> Iterator[Client]:
    with Vault(VALUES) as service:
        yield Client(service)


@pytest.fixture
def conjur() -> Iterator[Client]:
    with Conjur(VALUES) as service:
        yield Client(service)


def vault_login(client: Client, secret_id: str = Vault.secret_id) -> requests.Response:
    return client.call("POST", "/v1/auth/approle/login", json={"role_id": Vault.role_id, "secret_id": secret_id})


def conjur_login(client: Client, key: str = Conjur.api_key) -> requests.Response:
    return client.call("POST", "/authn/bench/host%2Fbench/authenticate", data=key)


def test_vault(vault: Client) -> None:
    token = {"X-Vault-Token": vault_login(vault).json()["auth"]["client_token"]}
    answer = vault.call("GET", "/v1/secret/data/web-1", headers=token)
    assert answer.json()["data"]["data"] == {"password": "the password"}
    assert answer.json()["data"]["metadata"]["version"] == 1
    assert vault.call("GET", "/v1/secret/data/apps/shop%20db", headers=token).ok
    traffic = vault.service.traffic
    assert (traffic.tokens, traffic.requests, traffic.errors) == (1, 3, 0)
    assert traffic.reads == {"web-1": 1, "apps/shop db": 1}
    assert (traffic.connections, traffic.handshakes) == (1, 1)


def test_vault_refuses(vault: Client) -> None:
    assert vault_login(vault, "wrong").status_code == 400
    wrong = {"X-Vault-Token": "hvs.wrong"}
    assert vault.call("GET", "/v1/secret/data/web-1", headers=wrong).json() == {"errors": ["permission denied"]}
    token = {"X-Vault-Token": vault_login(vault).json()["auth"]["client_token"]}
    assert vault.call("GET", "/v1/secret/data/nothing", headers=token).status_code == 404
    assert (vault.service.traffic.tokens, vault.service.traffic.errors) == (1, 3)
    assert not vault.service.traffic.reads


def test_conjur(conjur: Client) -> None:
    token = conjur_login(conjur).content
    header = {"Authorization": f'Token token="{base64.b64encode(token).decode()}"'}
    assert conjur.call("GET", "/secrets/bench/variable/apps%2Fshop%20db", headers=header).text == "another one"
    assert conjur.call("GET", "/secrets/bench/variable/nothing", headers=header).status_code == 404
    assert conjur.service.traffic.reads == {"apps/shop db": 1}
    assert (conjur.service.traffic.tokens, conjur.service.traffic.errors) == (1, 1)


def test_conjur_refuses(conjur: Client) -> None:
    assert conjur_login(conjur, "wrong").status_code == 401
    for header in ("", 'Token token="AAAA"', 'Token token="ü"'):
        headers = {"Authorization": header.encode()}
        assert conjur.call("GET", "/secrets/bench/variable/web-1", headers=headers).status_code == 401
    assert not conjur.service.traffic.reads


def test_reset_forgets_and_sets_the_latency(vault: Client) -> None:
    token = {"X-Vault-Token": vault_login(vault).json()["auth"]["client_token"]}
    vault.service.reset(latency=0.2)
    assert vault.service.traffic.requests == 0
    answer = vault.call("GET", "/v1/secret/data/web-1", headers=token)
    assert answer.status_code == 403
    assert answer.elapsed.total_seconds() >= 0.2


def test_each_connection_counts(conjur: Client) -> None:
    for _number in range(3):
        conjur_login(Client(conjur.service))
    assert (conjur.service.traffic.connections, conjur.service.traffic.handshakes) == (3, 3)
