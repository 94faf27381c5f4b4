# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The servers behind the variants: how a client finds them, how they are made to behave, and what they counted."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from bench import plays
from bench.servers import Conjur, Service, Vault

from senhasegura_simulator.server import Simulator

_ID, _SECRET = "bench", "bench-secret-0123456789abcdef"


@dataclass(frozen=True)
class Condition:
    """What goes wrong at the server. ``faults`` are the simulator's rules for a round (0, 1, ...)."""

    name: str
    title: str
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)
    faults: Callable[[int], list[dict[str, Any]]] = lambda _round: []


def _one_in_twenty(number: int) -> list[dict[str, Any]]:
    """A run of few requests would see none of them, so one strikes early, in each round another request."""
    fault = {"kind": "status", "status": 503}
    return [{**fault, "skip": number % 6, "times": 1}, {**fault, "every": 20, "times": None}]


def _expired(number: int) -> list[dict[str, Any]]:
    """Once more, to be sure, the token is gone before its time while it is in use."""
    return [{"kind": "expired_token", "match": {"operation": "credential.*"}, "skip": 1 + number % 4}]


PLAIN = "plain"
CONDITIONS = (
    Condition(PLAIN, "nothing goes wrong"),
    Condition("503", "5 % of the answers are 503", faults=_one_in_twenty),
    Condition("expiry", "tokens live for 2 seconds", settings={"token_lifetime": 2}, faults=_expired),
)


@dataclass(frozen=True)
class Counts:
    """What a server saw of one run. ``most`` is how often the credential was read that was read most often."""

    tokens: int = 0
    reads: int = 0
    credentials: int = 0
    most: int = 0
    requests: int = 0
    connections: int = 0
    handshakes: int = 0
    errors: int = 0


class Backend(Protocol):
    """What the runner needs of a server."""

    env: dict[str, str]

    def prepare(self, latency: float, condition: Condition, number: int) -> None:
        """Forget everything, then answer ``latency`` seconds late and under the condition."""

    def counts(self) -> Counts:
        """What came in since."""


class Senhasegura:
    def __init__(self, simulator: Simulator) -> None:
        self._control = simulator.control
        self.env = {
            "SENHASEGURA_URL": simulator.url,
            "SENHASEGURA_CA_PATH": simulator.ca_path,
            "SENHASEGURA_CLIENT_ID": _ID,
            "SENHASEGURA_CLIENT_SECRET": _SECRET,
        }

    def prepare(self, latency: float, condition: Condition, number: int) -> None:
        self._control.reset()
        self._control.settings({"latency": latency, **condition.settings})
        for rule in condition.faults(number):
            self._control.add_fault(rule)

    def counts(self) -> Counts:
        seen = self._control.counters()
        statuses = [entry["status"] for entry in self._control.log()]
        return Counts(
            tokens=seen["tokens"],
            requests=seen["requests_total"],
            connections=seen["tcp_connections"],
            handshakes=seen["tls_handshakes"],
            errors=sum(status is None or status >= 400 for status in statuses),
            **_reads(seen["reads"]),
        )


class Other:
    def __init__(self, service: Service, env: dict[str, str]) -> None:
        self._service, self.env = service, env

    def prepare(self, latency: float, condition: Condition, number: int) -> None:
        if condition.settings or condition.faults(number):
            raise ValueError(f"only the simulator knows the condition {condition.name}")
        self._service.reset(latency)

    def counts(self) -> Counts:
        seen = self._service.traffic
        return Counts(
            tokens=seen.tokens,
            requests=seen.requests,
            connections=seen.connections,
            handshakes=seen.handshakes,
            errors=seen.errors,
            **_reads(seen.reads),
        )


class Nothing:
    """For what needs no server."""

    env: dict[str, str]

    def __init__(self) -> None:
        self.env = {}

    def prepare(self, latency: float, condition: Condition, number: int) -> None:
        pass

    def counts(self) -> Counts:
        return Counts()


def _reads(reads: dict[str, int]) -> dict[str, int]:
    return {"reads": sum(reads.values()), "credentials": len(reads), "most": max(reads.values(), default=0)}


@contextlib.contextmanager
def backends() -> Iterator[dict[str, Backend]]:
    """All servers by the name of their backend."""
    credentials = plays.seed()
    values = {entry["identifier"]: entry["password"] for entry in credentials}
    devices = [{"hostname": name} for name in sorted({entry["hostname"] for entry in credentials})]
    client = {"client_id": _ID, "client_secret": _SECRET}
    seed = {"clients": [client], "devices": devices, "credentials": credentials}
    with Simulator(profile="4.0", seed=seed) as simulator, Vault(values) as vault, Conjur(values) as conjur:
        yield {
            "": Nothing(),
            "senhasegura": Senhasegura(simulator),
            "vault": Other(
                vault,
                {
                    "ANSIBLE_HASHI_VAULT_ADDR": vault.url,
                    "ANSIBLE_HASHI_VAULT_CA_CERT": vault.ca_path,
                    "ANSIBLE_HASHI_VAULT_AUTH_METHOD": "approle",
                    "ANSIBLE_HASHI_VAULT_ROLE_ID": Vault.role_id,
                    "ANSIBLE_HASHI_VAULT_SECRET_ID": Vault.secret_id,
                },
            ),
            "conjur": Other(
                conjur,
                {
                    "CONJUR_APPLIANCE_URL": conjur.url,
                    "CONJUR_CERT_FILE": conjur.ca_path,
                    "CONJUR_ACCOUNT": Conjur.account,
                    "CONJUR_AUTHN_LOGIN": Conjur.login,
                    "CONJUR_AUTHN_API_KEY": Conjur.api_key,
                },
            ),
        }
