# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make the real plugins fail against real servers on this machine, and note what a user reads then."""

from __future__ import annotations

import contextlib
import importlib
import pathlib
import re
import socket
import types
import typing as t
from unittest import mock

from ansible.errors import AnsibleLookupError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import client_over
from ansible_collections.community.senhasegura.plugins.plugin_utils import vault_action as action_module
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker import client
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.brokered_api import BrokeredApi
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.cache_policy import CachePolicy
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.cached_apis import CachedApis
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.key_files import Files
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.service import Service
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.startup import BrokerLate, BrokerLost
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.certificates import Certificate, make
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.servers import (
    Proxy,
    Received,
    Wire,
    http,
)
from ansible_collections.community.senhasegura.tests.unit.plugins.plugin_utils.broker.brokers import InProcess
from senhasegura_simulator.server import Simulator

# Stands for everything that no text may show; each server sends it where a real one might.
CANARY = "Kanarienvogel-7Zq4Xv9Lm2"
CLIENT = {"client_id": "9d2c4b7a1e5f", "client_secret": f"secret-{CANARY}"}
OAUTH1 = {
    "auth_method": "oauth1", "consumer_key": "demo-consumer", "consumer_secret": f"consumer-{CANARY}",
    "token_key": "demo-token", "token_secret": f"token-{CANARY}",
}  # fmt: skip
TOKEN = http({"token_type": "Bearer", "expires_in": 3600, "access_token": f"token-{CANARY}"})
NO_ROUTE = http({"message": "no Route matched with those values"}, 404)
Replies = t.Mapping[str, t.Any]


def _never(_seconds: float) -> t.Any:
    raise AssertionError("the broker is there")


def envelope(message: str, status: int = 400, code: int | None = None, **entities: t.Any) -> bytes:
    """A vendor's answer: an error from 400 on, with its number in ``exception`` as the documentation shows it."""
    failed = status >= 400
    said = f"{code}: {message}" if code else message
    block = {"status": status, "message": said, "error": failed, "error_code": int(failed), "detail": ""}
    number = {"exception": {"code": code, "message": said, "detail": None}} if code else {}
    return http({"code": status, "response": block, **number, **entities}, status)


def listed(*entries: Replies) -> bytes:
    """The vendor's list of credentials."""
    known = {"username": "root", "hostname": "web01", "management_ip": "192.0.2.10", "type": "Local User"}
    plain = {"automatic_change": False, "change": "2026-01-10 08:15:00"}
    return envelope(f"{len(entries)} credentials found", 200, credentials=[{**known, **plain, **e} for e in entries])


class Bench:
    """Servers, certificates, and the ways to make a plugin fail. Everything is closed by ``with``."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self._stack = contextlib.ExitStack()
        self._simulators: dict[str, Simulator] = {}
        self.ca = make(ca=True)
        self.ca_path = str(folder / "ca.pem")
        pathlib.Path(self.ca_path).write_bytes(self.ca.pem())

    def __enter__(self) -> Bench:
        self._stack.enter_context(mock.patch.object(ActionBase, "run", side_effect=lambda *_args: {}))
        return self

    def __exit__(self, *details: t.Any) -> None:
        self._stack.close()

    # --- servers ---

    def wire(self, replies: Replies | None = None, *, certificate: Certificate | None = None, **options: t.Any) -> Wire:
        """A server that answers by "METHOD /path" (or by "*"); logins succeed unless ``replies`` says otherwise.

        A reply is bytes, or a function of the request and the socket.
        """
        table = {"POST /api/oauth2/token": TOKEN, "POST /iso/oauth2/token": TOKEN, **(replies or {})}

        def answer(request: Received, sock: socket.socket) -> t.Any:
            line = request.line.rpartition(" ")[0].partition("?")[0]
            reply = table.get(line, table.get("*", NO_ROUTE))
            return reply(request, sock) if callable(reply) else reply

        tls = certificate.server_context(self.folder) if certificate else None
        return self._stack.enter_context(Wire(answer, tls=tls, **options))

    def proxy(self, refuse: int = 0) -> Proxy:
        return self._stack.enter_context(Proxy(refuse=refuse))

    def simulator(self, profile: str) -> dict[str, t.Any]:
        """The options for a simulator of this profile, started once. It has no paths of earlier releases."""
        if profile not in self._simulators:
            self._simulators[profile] = self._stack.enter_context(
                Simulator(profile=profile, seed=SEED, legacy_paths=False)
            )
        running = self._simulators[profile]
        return {
            "url": running.url, "ca_path": running.ca_path, "client_id": "demo", "client_secret": SIMULATED,
            "dialect": "rest" if profile == "rest" else "auto",
        }  # fmt: skip

    def closed_port(self) -> int:
        """A port at which nobody listens."""
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            return int(sock.getsockname()[1])

    def file(self, name: str, content: str | bytes, mode: int = 0o600) -> str:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)
        return str(path)

    # --- plugins ---

    def options(self, server: Wire | str | None, **more: t.Any) -> dict[str, t.Any]:
        url = server.url() if isinstance(server, Wire) else server
        known: dict[str, t.Any] = {
            "url": url, "allow_http": True, "dialect": "api", "retries": 0, "timeout": 60, "broker": False,
        }  # fmt: skip
        login = {} if "consumer_key" in more or "client_id" in more else CLIENT
        return {name: value for name, value in {**known, **login, **more}.items() if value is not None}

    def lookup(self, server: t.Any, *terms: t.Any, name: str = "password", **more: t.Any) -> str:
        """What the user reads when this lookup fails, or else the warnings that it gives."""
        variables = more.pop("variables", {})
        arguments = self.options(server, **more)
        plugins = action_module.__name__.partition(".plugin_utils")[0]
        with self._shown() as shown:
            try:
                lookup = importlib.import_module(f"{plugins}.lookup.{name}").LookupModule(
                    templar=types.SimpleNamespace(template=self._template)
                )
                lookup.run(list(terms), variables, **arguments)
            except AnsibleLookupError as exc:
                return str(exc)
        return self._warnings(shown)

    @staticmethod
    def _template(value: t.Any) -> t.Any:
        if isinstance(value, Exception):
            raise value
        return value

    def module(self, server: t.Any, module: str, *, check_mode: bool = False, loop: t.Any = None, **more: t.Any) -> str:
        """What the user reads when this module fails, or else the warnings that it gives."""
        result = self.result(server, module, check_mode=check_mode, loop=loop, **more)
        if result.get("failed"):
            return str(result["msg"])
        return self._warnings(result.get("warnings", []))

    def result(
        self, server: t.Any, module: str, *, check_mode: bool = False, loop: t.Any = None, **more: t.Any
    ) -> t.Any:
        place = f"{action_module.__name__.rpartition('.plugin_utils')[0]}.action.{module}"
        action = object.__new__(importlib.import_module(place).ActionModule)
        action._task = types.SimpleNamespace(
            args=self.options(server, **more), check_mode=check_mode, loop=loop, no_log=False, environment=None
        )
        action._templar = types.SimpleNamespace(template=self._template)
        with self._shown() as shown:
            result = action.run(None, {})
        return {**result, "warnings": [*shown, *result.get("warnings", [])]}

    def brokered(self, server: Wire | dict[str, t.Any], *asks: t.Callable[[t.Any], t.Any]) -> str:
        """What the last of these calls of a client ends with, all through one broker, each from a worker of its own."""
        from ansible_collections.community.senhasegura.plugins.module_utils.settings.settings import Source, resolve

        options = server if isinstance(server, dict) else self.options(server)
        settings = resolve([Source(lambda option: options.get(option.name), lambda option: option.name)])
        service, text = Service(CachedApis(), Files("", b"")), ""
        for ask in asks:
            api = BrokeredApi(InProcess(service.handler()), settings, CachePolicy(), reconnect=_never)
            try:
                ask(client_over(api))
            except Exception as exc:
                text = str(exc)
            else:
                text = ""
        assert text, "nothing failed"
        return text

    def gone(self, end: type[BrokerLost | BrokerLate] = BrokerLost) -> str:
        """What a module ends with whose broker has ended, and why there is no other one."""
        ended = mock.Mock(spec=client.BrokerConnection, ask=mock.Mock(side_effect=EOFError))
        with mock.patch.object(action_module, "open_connection", side_effect=[ended, end()]):
            return self.module("https://pam.example.com", "custody", credential="web-root", broker=True)

    @contextlib.contextmanager
    def _shown(self) -> t.Iterator[list[str]]:
        """The warnings that Ansible shows meanwhile."""
        shown: list[str] = []
        with mock.patch.object(Display, "warning", lambda _self, text, *_args, **_more: shown.append(text)):
            yield shown

    def _warnings(self, warnings: list[str]) -> str:
        wanted = [text for text in warnings if "broker" not in text]
        assert wanted, f"neither failed nor warned: {warnings}"
        return "[WARNING] " + " [WARNING] ".join(wanted)

    # --- what differs from run to run ---

    def plain(self, text: str) -> str:
        """The text with the same names for what is different each time, or on each system."""
        text = text.replace(str(self.folder), "/FOLDER")
        text = re.sub(r"(localhost|127\.0\.0\.1|\[0:0:0:0:0:0:0:1\]):\d{4,5}\b", r"\1:PORT", text)
        text = re.sub(r"differ by \d+ seconds", "differ by N seconds", text)
        # OpenSSL's name for it depends on its version.
        return re.sub(r"(TLS connection could not be made): [a-z0-9 ]+?(?= \()", r"\1: OPENSSL'S REASON", text)


SIMULATED = f"simulated-{CANARY}"
SEED: dict[str, t.Any] = {
    "clients": [
        {"client_id": "demo", "client_secret": SIMULATED, "application": "shop"},
        {"client_id": "reader", "client_secret": SIMULATED, "read_only": True, "application": "shop"},
        {"client_id": "limited", "client_secret": SIMULATED, "credentials": ["web-root"]},
        {"client_id": "elsewhere", "client_secret": SIMULATED, "allowed_ips": ["192.0.2.0/24"]},
        {"client_id": "portal", "client_secret": SIMULATED, "allowed_referers": ["https://portal.example/*"]},
        {"client_id": "dsm-only", "client_secret": SIMULATED, "resources": ["Application"], "application": "shop"},
        {"client_id": "pam-only", "client_secret": SIMULATED, "resources": ["PAM Core"], "application": "shop"},
        {"client_id": "alice", "client_secret": SIMULATED, "mysafe_user": "alice"},
        {"client_id": "bob", "client_secret": SIMULATED, "mysafe_user": "bob"},
        {"client_id": "expired", "client_secret": SIMULATED, "expires": "2020-01-01T00:00:00+00:00"},
    ],
    "devices": [{"hostname": "web01", "ip": "192.0.2.10"}, {"hostname": "web02", "ip": "192.0.2.11"}],
    "credentials": [
        {"identifier": "web-root", "username": "root", "hostname": "web01", "password": f"root-{CANARY}"},
        {"identifier": "db-app", "username": "app", "hostname": "web02", "password": f"app-{CANARY}", "automatic_change": True},
        {"identifier": "old", "username": "old", "hostname": "web02", "password": f"old-{CANARY}", "active": False},
        {"identifier": "twin", "username": "twin", "hostname": "web01", "password": f"twin-{CANARY}"},
    ],
    "keys": [{"identifier": "deploy-key", "username": "deploy", "hostname": "web01", "generate": "ed25519"}],
    "mysafe": [
        {"name": name, "owner": "alice", "username": "u", "password": f"{name}-{CANARY}", **more}
        for name, more in (
            ("portal", {"users_allowed": [{"username": "bob", "can_edit": False}]}),
            ("twice", {}), ("twice", {}), ("off", {"active": False}), ("asked", {"need_justify": True}),
        )
    ],
    "settings": {"mysafe_users": ["alice", "bob"]},
    "applications": [
        {
            "name": "shop", "system": "shop", "environment": "prod",
            "secrets": [
                {
                    "identity": "shop-db", "name": "Shop",
                    "data": [{"USERNAME": "app", "PASSWORD": f"one-{CANARY}"}, {"USERNAME": "web", "PASSWORD": f"two-{CANARY}"}],
                },
            ],
        },
    ],
}  # fmt: skip
