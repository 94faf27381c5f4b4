# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What may go wrong, each with the way to make it so. error_texts.txt has what a user reads of each.

RENEW is the command that writes that file anew. Read the difference as somebody who is on call.
"""

from __future__ import annotations

import base64
import pathlib
import socket
import sys
import tempfile
import typing as t
from unittest import mock

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ansible_collections.community.senhasegura.plugins.module_utils import keypair
from ansible_collections.community.senhasegura.plugins.module_utils.references import Reference
from ansible_collections.community.senhasegura.plugins.module_utils.transport import route
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.startup import BrokerLate
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.certificates import DAY, make
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.servers import CRLF, Close, http
from ansible_collections.community.senhasegura.tests.unit.plugins.plugin_utils.error_bench import (
    CANARY,
    CLIENT,
    NO_ROUTE,
    OAUTH1,
    Bench,
    envelope,
    listed,
)

RENEW = (
    "PYTHONPATH=.cache/collections:tests:tests/simulator python tests/unit/plugins/plugin_utils/error_cases.py --write"
)
TABLE = pathlib.Path(__file__).with_name("error_texts.txt")
Make = t.Callable[[Bench], str]
PAGE = "text/html; charset=utf-8"
RSA = rsa.generate_private_key(65537, 2048).private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)
PAIR = keypair.generate("ed25519")
# A server without any credential: also one of this name that is inactive and not listed.
NOTHING = {"GET /api/pam/credential": listed(), "*": envelope("Credential not found", 400, 1007)}
WEB_ROOT = {"id": "7", "identifier": "web-root"}
KEY = {"id": "9", "identifier": "deploy-key", "username": "deploy", "type": "SSH Key"}


def page(title: str, status: int) -> bytes:
    return http(f"<html><head><title>{title}</title></head><body>{CANARY}</body></html>", status, content_type=PAGE)


def offline(name: str = "password", *terms: t.Any, **more: t.Any) -> Make:
    """A lookup that fails before anything is sent."""
    return lambda bench: bench.lookup("https://pam.example.com", *(terms or ("web-root",)), name=name, **more)


def wrong(module: str, **more: t.Any) -> Make:
    """A module that fails before anything is sent."""
    return lambda bench: bench.module("https://pam.example.com", module, **more)


def file_of(option: str, content: str | bytes, **more: t.Any) -> Make:
    return lambda bench: bench.lookup(
        "https://pam.example.com", "id:7", **{option: bench.file(f"{option}.pem", content)}, **more
    )


CONFIGURATION: dict[str, Make] = {
    "no url": lambda bench: bench.lookup(None, "web-root"),
    "no client_secret": offline(client_id="demo"),
    "no consumer_key": offline(**{**OAUTH1, "consumer_key": ""}),
    "url without a scheme": lambda bench: bench.lookup("pam.example.com", "web-root"),
    "url with http": lambda bench: bench.lookup("http://pam.example.com", "web-root", allow_http=False),
    "url with a user": lambda bench: bench.lookup(f"https://admin:{CANARY}@pam.example.com", "web-root"),
    "url with a path that leads up": lambda bench: bench.lookup("https://pam.example.com/a/../b", "web-root"),
    "timeout that is not a number": offline(timeout="soon"),
    "retries out of range": offline(retries="-1"),
    "dialect that does not exist": offline(variables={"senhasegura_dialect": CANARY}, dialect=None),
    "boolean that is none": offline(variables={"senhasegura_validate_certs": CANARY}),
    "auth_method aws": offline(auth_method="aws"),
    "option that does not exist": offline(pasword="x"),
    "option with a wrong choice": offline(on_missing=CANARY),
    "ca_path that does not exist": offline(ca_path="/nowhere/ca.pem"),
    "ca_path without a certificate": file_of("ca_path", CANARY),
    "client_cert that does not exist": offline(client_cert="/nowhere/client.pem"),
    "decryption_key that does not exist": offline(decryption_key="/nowhere/key.pem"),
    "decryption_key without a key": file_of("decryption_key", CANARY),
    "proxy that is not a URL": offline(proxy=f"proxy-{CANARY}"),
    "config_file that does not exist": offline(config_file="/nowhere/config.yml"),
    "config_file that is not YAML": file_of("config_file", f"SENHASEGURA_CLIENT_SECRET: '{CANARY}"),
    "config_file with a list": file_of("config_file", f"- {CANARY}"),
    "variable that cannot be evaluated": lambda bench: bench.lookup(
        None, "7", variables={"senhasegura_url": ValueError(CANARY)}
    ),
    "no term": lambda bench: bench.lookup("https://pam.example.com"),
    "empty term": offline("password", ""),
    "term that is a map": offline("password", "web-root", {"password": CANARY}),
    "field that does not exist": offline(field=CANARY),
    "field with return_format=raw": offline(field="password", return_format="raw"),
    "as_file with a field": offline("ssh_key", as_file=True, field="username"),
    "id that is not a number": wrong("credential", state="absent", id="web-root"),
    "expires_at that is none": wrong("secret", identifier="shop-db", expires_at=CANARY),
    "key_value that is not text": wrong("secret", identifier="shop-db", key_value={"PORT": True}),
    "wait_timeout that is too short": wrong("credential_rotate", credential="web-root", wait_timeout=0.01),
    "private_key that cannot be read": wrong(
        "ssh_key", identifier="k", username="u", hostname="h", private_key=CANARY
    ),
    "public_key of another pair": wrong(
        "ssh_key", identifier="k", username="u", hostname="h",
        private_key=PAIR.private_key, public_key=keypair.generate("ed25519").public_key,
    ),
    "required option that is missing": wrong("custody"),
}  # fmt: skip


def tls(**details: t.Any) -> Make:
    """A lookup from a server whose certificate has these details."""
    names = details.pop("names", ("localhost",))
    signer = details.pop("signer", lambda bench: bench.ca)
    trusted = details.pop("trusted", True)

    def run(bench: Bench) -> str:
        wire = bench.wire(certificate=make(signer(bench), *names, **details))
        return bench.lookup(wire, "web-root", ca_path=bench.ca_path if trusted else None)

    return run


def _unresolved(bench: Bench) -> str:
    with mock.patch.object(socket, "getaddrinfo", side_effect=socket.gaierror(-2, "Name or service not known")):
        return bench.lookup("https://pam.example.com", "web-root", "db-app")


def _unreachable(bench: Bench) -> str:
    with mock.patch.object(route, "open_socket", side_effect=OSError(113, CANARY)):
        return bench.lookup("https://pam.example.com", "web-root")


def _client_certificate(bench: Bench) -> str:
    context = make(bench.ca, "localhost").server_context(bench.folder)
    context.load_verify_locations(bench.ca_path)
    context.verify_mode = 2
    wire = bench.wire()
    wire._tls = context
    return bench.lookup(wire, "web-root", ca_path=bench.ca_path)


def _silence(request: t.Any, sock: t.Any) -> t.Any:
    sock.recv(1)


def _cut(request: t.Any, sock: t.Any) -> t.Any:
    raise Close


def _cut_short(request: t.Any, sock: t.Any) -> t.Any:
    sock.sendall(http(b'{"response": {', length=500))
    raise Close


def _proxied(refuse: int) -> Make:
    def run(bench: Bench) -> str:
        proxy = bench.proxy(refuse)
        user = f"http://user:{CANARY}@127.0.0.1:{proxy.port}"
        return bench.lookup("https://pam.example.com", "web-root", proxy=user)

    return run


CONNECTION: dict[str, Make] = {
    "refused": lambda bench: bench.lookup(f"https://127.0.0.1:{bench.closed_port()}", "web-root"),
    "refused by a module": lambda bench: bench.module(
        f"https://127.0.0.1:{bench.closed_port()}", "credential", identifier="web-root", state="absent"
    ),
    "refused on IPv6": lambda bench: bench.lookup(f"https://[::1]:{bench.closed_port()}", "web-root"),
    "host name that does not exist": _unresolved,
    "no way to the host": _unreachable,
    "no answer to the login": lambda bench: bench.lookup(
        bench.wire({"POST /api/oauth2/token": _silence}), "id:7", timeout=2
    ),
    "no answer to a read": lambda bench: bench.lookup(bench.wire({"*": _silence}), "id:7", timeout=2),
    "no answer to a write": lambda bench: bench.module(
        bench.wire({**NOTHING, "POST /api/pam/credential": _cut}), "credential",
        username="root", hostname="web01", ip="192.0.2.10",
    ),
    "connection that breaks": lambda bench: bench.lookup(bench.wire({"*": _cut}), "id:7"),
    "answer that is cut short": lambda bench: bench.lookup(bench.wire({"*": _cut_short}), "id:7"),
    "certificate that has expired": tls(until=-DAY / 2),
    "certificate that is not yet valid": tls(since=DAY / 2),
    "certificate for another name": tls(names=("pam.example.com",)),
    "certificate of an unknown CA": tls(trusted=False),
    "certificate that is self-signed": tls(signer=lambda bench: None),
    "no TLS at this port": lambda bench: bench.lookup(
        f"https://localhost:{bench.wire(accepted=lambda sock: sock.sendall(http(b'', 400))).port}", "web-root",
        ca_path=bench.ca_path,
    ),
    "client certificate that is missing": _client_certificate,
    "proxy that refuses the connection": lambda bench: bench.lookup(
        "https://pam.example.com", "web-root", proxy=f"http://user:{CANARY}@127.0.0.1:{bench.closed_port()}"
    ),
    "proxy that wants a password": _proxied(407),
    "proxy that forbids it": _proxied(403),
    "proxy that does not reach the server": _proxied(502),
    "proxy that is none": lambda bench: bench.lookup(
        "https://pam.example.com", "web-root",
        proxy=f"http://127.0.0.1:{bench.wire({'*': b'SSH-2.0-OpenSSH_9.9' + CRLF}).port}",
    ),
}  # fmt: skip


def answers(reply: t.Any, *terms: str, name: str = "password", **more: t.Any) -> Make:
    """A lookup whose reads are answered with ``reply``."""
    return lambda bench: bench.lookup(bench.wire({"*": reply}), *(terms or ("id:7",)), name=name, **more)


HTTP: dict[str, Make] = {
    "400 with words": answers(envelope("The parameter is not valid")),
    "400 in Portuguese": answers(
        http({"response": {"status": 400, "mensagem": "Parâmetro inválido", "erro": True, "cod_erro": 1}}, 400)
    ),
    "400 with words in exception only": answers(http({"exception": {"code": 0, "message": "Broken pipe of jobs"}}, 400)),
    "400 with a number that is not documented": answers(envelope("Something new", code=1999)),
    "400 without words": answers(http({}, 400)),
    "400 of nginx: TLS is spoken there": answers(page("400 The plain HTTP request was sent to HTTPS port", 400)),
    "400 of nginx: client certificate": answers(page("400 No required SSL certificate was sent", 400)),
    "400 with 200 outside": answers(http({"response": {"status": 400, "message": "Report is not ready", "error": False}})),
    "401 on a call": answers(envelope("Unauthorized", 401)),
    "401 on a call: authorization that is inactive": answers(envelope("Inactive authorization", 401), "shop-db", name="secret"),
    "403 on a call": answers(envelope("Forbidden", 403)),
    "403 page of a firewall": answers(page("Request Rejected", 403)),
    "404 of an object": answers(http({"response": {"status": 404, "message": "Gone", "error": True, "error_code": 404}}, 404)),
    "404 of the gateway": answers(NO_ROUTE),
    "404 of the product": answers(http({"response": {"status": 404, "message": "Resource sub not found", "error_code": 1}}, 404)),
    "404 page": answers(page("404 Not Found", 404)),
    "404 of DSM": answers(
        http({"response": {"status": 404, "message": "Resource sub not found", "error": True, "error_code": 4}}, 404),
        "shop-db", name="secret",
    ),
    "405": answers(page("405 Not Allowed", 405)),
    "413": lambda bench: bench.module(
        bench.wire({**NOTHING, "POST /api/pam/credential": page("413 Request Entity Too Large", 413)}),
        "credential", username="root", hostname="web01", ip="192.0.2.10",
    ),
    "429": answers(http({"message": "API rate limit exceeded"}, 429, {"Retry-After": "30"})),
    "500 unexpected error": answers(
        http({"response": {"status": 500, "message": "Unexpected error", "error": True, "error_code": 1}, "exception": {"code": 500}}, 500)
    ),
    "500 resource that is not granted": answers(envelope("You are not authorized to access this resource.", 500)),
    "500 resource of DSM that is not granted": answers(
        envelope("You are not authorized to access this resource.", 500), "shop-db", name="secret"
    ),
    "500 referer": answers(envelope("The http referer is not allowed", 500, 1105)),
    "500 address": answers(envelope("The IP 192.0.2.99 is not allowed", 500)),
    "500 page": answers(page("Fatal error", 500)),
    "500 text": answers(http("upstream connect error", 500, content_type="text/plain")),
    "502": answers(http({"message": "An invalid response was received from the upstream server"}, 502)),
    "502 page": answers(page("502 Bad Gateway", 502)),
    "503": answers(http(b"no healthy upstream", 503, content_type="text/plain")),
    "503 for the list, with several terms": answers(page("Maintenance", 503), "web-root", "db-app"),
    "503 for the list of keys": answers(page("Maintenance", 503), "deploy-key", name="ssh_key"),
    "503 for the list of secrets": answers(page("Maintenance", 503), "shop-db", name="secret"),
    "503 for an info module": lambda bench: bench.module(bench.wire({"*": page("Maintenance", 503)}), "credential_info"),
    "503 for an info module with a filter": lambda bench: bench.module(
        bench.wire({"*": page("Maintenance", 503)}), "credential_info", hostname="web01", username="root"
    ),
    "503 for a write": lambda bench: bench.module(
        bench.wire({**NOTHING, "POST /api/pam/credential": page("Maintenance", 503)}), "credential",
        identifier="web-root", username="root", hostname="web01", ip="192.0.2.10", password=f"new-{CANARY}",
    ),
    "504": answers(http({"message": "The upstream server is timing out"}, 504)),
    "redirect": answers(http(b"", 302, {"Location": f"https://login.example.com/start?token={CANARY}"})),
    "page of the console": answers(page("senhasegura - Sign in", 200)),
    "empty answer": answers(http(b"")),
    "text that is not JSON": answers(http(f"OK {CANARY}")),
    "JSON that is cut": answers(http(f'{{"credential": {{"password": "{CANARY}')),
    "JSON that is a list": answers(http("[]")),
    "JSON with a key twice": answers(http(f'{{"credential": 1, "credential": "{CANARY}"}}')),
    "answer in another charset": answers(http('{"x": "é"}'.encode("latin-1"))),
    "answer that is compressed": answers(http(b"\x1f\x8b", headers={"Content-Encoding": "gzip"})),
    "answer without what was asked for": answers(envelope("Credential 7", 200)),
    "answer about another credential": answers(envelope("x", 200, credential={"id": "8", "password": CANARY})),
    "words with a secret": answers(envelope(f"Wrong token {CLIENT['client_secret']}", 400)),
    "words for terminals and log readers": answers(envelope('\x1b[31mred "quoted"\r\n::error::x\u202e', 400)),
}  # fmt: skip


def login(document: dict[str, t.Any] | bytes, status: int = 400, **more: t.Any) -> Make:
    """A lookup whose login is answered that way."""
    reply = document if isinstance(document, bytes) else http(document, status)
    return lambda bench: bench.lookup(bench.wire({"POST /api/oauth2/token": reply}), "web-root", **more)


WRONG = {
    "error": "invalid_client",
    "error_description": "Client authentication failed",
    "message": "Client authentication failed",
}
LOGIN: dict[str, Make] = {
    "wrong secret, 400": login(WRONG, 400),
    "wrong secret, 200": login(WRONG, 200),
    "wrong secret, 401": login(WRONG, 401),
    "wrong secret, 401, with Basic": login(WRONG, 401, auth_method="oauth2_basic"),
    "wrong secret, in a module": lambda bench: bench.module(
        bench.wire({"POST /api/oauth2/token": http(WRONG, 401)}), "ssh_key", identifier="deploy-key", state="absent"
    ),
    "wrong secret, in an info module": lambda bench: bench.module(
        bench.wire({"POST /api/oauth2/token": http(WRONG, 401)}), "secret_info"
    ),
    "unauthorized_client": login({"error": "unauthorized_client", "error_description": "Not for this grant"}),
    "invalid_scope": login({"error": "invalid_scope", "error_description": "The requested scope is invalid"}),
    "unsupported_grant_type": login({"error": "unsupported_grant_type", "error_description": "Not supported"}),
    "invalid_request": login({"error": "invalid_request", "error_description": "The request is missing a parameter"}),
    "tenant that does not exist": login({"error": "invalid_request", "error_description": "Unknown tenant"}, tenant="acme"),
    "address that is not allowed": login(envelope("The IP 192.0.2.99 is not allowed", 403)),
    "referer that is not allowed": login(envelope("The http referer is not allowed", 500, 1105)),
    "authorization that has expired": login(envelope("The authorization has expired", 401)),
    "resource that is not granted": login(envelope("You are not authorized to access this resource.", 500)),
    "400 without words": login(http(b"", 400)),
    "403 without words": login(http(b"", 403)),
    "429": login(http({"message": "API rate limit exceeded"}, 429)),
    "503": login(page("Maintenance", 503)),
    "the path of another release": login(NO_ROUTE, dialect="api"),
    "page of the console": login(page("senhasegura - Sign in", 200)),
    "no token": login({"response": {"status": 200, "message": "OK"}}, 200),
    "token of another type": login({"access_token": CANARY, "token_type": "mac"}, 200),
    "OAuth 1: signature that is wrong": lambda bench: bench.lookup(
        bench.wire({"*": envelope("Invalid signature", 401)}), "id:7", **OAUTH1
    ),
    "OAuth 1: clocks that differ": lambda bench: bench.lookup(
        bench.wire({"*": http({"message": "Invalid signature"}, 401, {"Date": "Mon, 06 Jan 2003 00:00:00 GMT"})}), "id:7",
        **OAUTH1,
    ),
}  # fmt: skip
LOGIN["neither form of the API"] = lambda bench: bench.lookup(
    bench.wire({f"POST /{prefix}/oauth2/token": page("404 Not Found", 404) for prefix in ("api", "iso")}),
    "web-root",
    dialect="auto",
)


def sim(profile: str, *terms: str, name: str = "password", **more: t.Any) -> Make:
    """A lookup from a simulator."""
    return lambda bench: bench.lookup(None, *terms, name=name, **{**bench.simulator(profile), **more})


def sim_module(profile: str, module: str, **more: t.Any) -> Make:
    return lambda bench: bench.module(None, module, **{**bench.simulator(profile), **more})


def mysafe(
    *terms: str, module: str = "", profile: str = "4.0", client: str = "alice", secret: str = "", **more: t.Any
) -> Make:
    """A module of MySafe, or else its lookup with these terms, with an access key of the simulator."""

    def make(bench: t.Any) -> str:
        known = bench.simulator(profile)
        options = {name: known[name] for name in ("url", "ca_path")}
        options |= {"mysafe_client_id": client, "mysafe_client_secret": secret or known["client_secret"]}
        # What else the bench gives to all plugins.
        others = dict.fromkeys(("client_id", "client_secret", "dialect"))
        if module:
            return str(bench.module(None, f"mysafe_{module}", **options, **others, **more))
        return str(bench.lookup(None, *terms, name="mysafe", **options, **others, **more))

    return make


def code(number: int, words: str, *, create: bool = False) -> Make:
    """A lookup, or a module that creates, which the server refuses with this number."""
    refused = envelope(words, 400, number)
    if not create:
        return answers(refused)
    return lambda bench: bench.module(
        bench.wire({**NOTHING, "POST /api/pam/credential": refused}), "credential",
        identifier="web-root", username="root", hostname="web01", ip="192.0.2.10", password=f"new-{CANARY}",
    )  # fmt: skip


def scim(status: int, detail: str, module: str = "scim_user_info", **more: t.Any) -> Make:
    """A module whose requests are refused in the form of SCIM."""
    document = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": str(status), "detail": detail}
    return lambda bench: bench.module(bench.wire({"*": http(document, status)}), module, **more)


TWINS = listed(*({"id": str(number), "identifier": None} for number in (7, 8)))
OBJECTS: dict[str, Make] = {
    "credential that is not listed, iso": sim("3.32", "nothing"),
    "credential that is not listed, api": sim("4.0", "nothing", "web-root"),
    "credential that is not listed, rest": sim("rest", "nothing"),
    "id that does not exist, iso": sim("3.32", "999"),
    "id that does not exist, api": sim("4.0", "999"),
    "id that does not exist, rest": sim("rest", "999"),
    "SSH key that is not listed, iso": sim("3.32", "nothing", name="ssh_key"),
    "SSH key that is not listed, api": sim("4.0", "nothing", name="ssh_key"),
    "SSH key that is not listed, rest": sim("rest", "nothing", name="ssh_key"),
    "secret that is not listed, iso": sim("3.32", "nothing", name="secret"),
    "secret that is not listed, api": sim("4.0", "nothing", name="secret"),
    "secret that is not listed, rest": sim("rest", "nothing", name="secret"),
    "credential that is not listed, module": sim_module("4.0", "credential_rotate", credential="nothing"),
    "credential to enable that is not listed": sim_module("4.0", "credential", identifier="nothing", state="enabled"),
    "key to rotate that is not listed": sim_module("4.0", "ssh_key_rotate", ssh_key="nothing"),
    "credential that is an SSH key": sim("4.0", "deploy-key"),
    "credential that is inactive": sim("4.0", "old@web02"),
    "two credentials of one name": answers(TWINS, "root@web01", release=True),
    "two credentials that a write would hit": lambda bench: bench.module(
        bench.wire({"*": TWINS}), "credential", username="root", hostname="web01", ip="192.0.2.10"
    ),
    "release of what changes automatically": sim("4.0", "db-app", release=True),
    "release of what changes automatically, module": sim_module("4.0", "custody", credential="db-app"),
    "release where the dialect does not tell": sim("rest", "web-root", release=True),
    "no access": code(1009, "No access to credential"),
    "unexpected identifier": code(1003, "Unexpected identifier type"),
    "inactive": code(1008, "Credential inactive"),
    "inactive key": code(1017, "Key inactive"),
    "is a key": code(1010, "The item is not a credential"),
    "is no key": code(1016, "The item is not a ssh key"),
    "key not found": answers(envelope("SSH key not found", 400, 1015), "id:9", name="ssh_key"),
    "authorization that may only read": sim_module(
        "4.0", "credential", client_id="reader", identifier="new", username="u", hostname="web01", ip="192.0.2.10", password=f"n-{CANARY}"
    ),
    "device that is not registered": code(1011, "Device not found", create=True),
    "device without a type": code(1022, "The device's type was not informed", create=True),
    "domain that is not registered": code(1029, "It is not possible to enter a domain", create=True),
    "user name that is not valid": code(1042, "Invalid username", create=True),
    "plugin that does not exist": code(1046, "Plugin not informed", create=True),
    "template that does not exist": code(1047, "Template plugin not informed", create=True),
    "credential that exists already": code(1052, "the same credential already exists on the device", create=True),
    "identifier with odd characters": code(1053, "The identifier can only contain letters", create=True),
    "protected information that is not there": answers(
        envelope("Information not found", 400, 1023), "28", name="protected_information"
    ),
    "protected information that is inactive": answers(
        envelope("Inactive information", 400, 1024), "28", name="protected_information"
    ),
    "SCIM with a client of A2A": scim(401, "Unauthorized"),
    "SCIM, forbidden": scim(403, "Forbidden"),
    "SCIM, a value that is taken": scim(409, "The user exists already", "scim_user", id="7", state="disabled"),
    "SCIM, a role that does not exist": scim(400, "entitlements is not valid", "scim_user", id="7", state="absent"),
    "SCIM user that is not there": scim(404, "Resource 7 not found", "scim_user", id="7", state="enabled"),
    "SCIM that is not there": lambda bench: bench.module(bench.wire({"*": NO_ROUTE}), "scim_user_info"),
    "related user of nobody": lambda bench: bench.module(
        bench.wire({"*": envelope("User does not exist", 400, 1005)}), "related_user", name="jane", username="jdoe"
    ),
    "related users that are not granted": lambda bench: bench.module(
        bench.wire({"*": envelope("You are not authorized to access this resource.", 500)}), "related_user", name="jane"
    ),
    "session that has no protocol": lambda bench: bench.module(
        bench.wire({"*": envelope("Invalid protocol", 400)}),
        "session", state="started", user="u", credential="c", device="d", protocol="p",
    ),
    "client that is limited to others": sim("4.0", "twin", client_id="limited"),
    "client of another address": sim("4.0", "web-root", client_id="elsewhere"),
    "client of another referer": sim("4.0", "web-root", client_id="portal"),
    "client that has expired": sim("4.0", "web-root", client_id="expired"),
    "client for DSM only": sim("4.0", "web-root", client_id="dsm-only"),
    "client for PAM only": sim("4.0", "shop-db", name="secret", client_id="pam-only"),
    "rest on a server of the vendor": sim("4.0", "web-root", dialect="rest"),
    "iso on a newer server": sim("4.0", "web-root", dialect="iso"),
    "api on an older server": sim("3.32", "web-root", dialect="api"),
    "vendor's dialect on a server of the guide": sim("rest", "web-root", dialect="api"),
    "key of a secret that does not exist": sim("4.0", "shop-db", name="secret", field="TOKEN"),
    "several values for one key": sim("4.0", "shop-db", name="secret", field="PASSWORD"),
    "secret to delete where there is no call": sim_module("4.0", "secret", identifier="shop-db", state="absent"),
    "authorization to deactivate without leave": sim_module(
        "4.0", "dsm_application", application="shop", state="absent"
    ),
    "authorization of another application": sim_module(
        "4.0", "dsm_application", application="billing", state="absent", allow_deprovision=True
    ),
    "mapping with a variable that has no value": sim_module(
        "4.0", "dsm_variables", mapping={"key_value": [{"name": "T", "fields": ["KEY"]}]}, variables={"OTHER": CANARY}
    ),
    "mapping that is none": sim_module("4.0", "dsm_variables", mapping=CANARY, variables={}),
    "ephemeral credential by identity up to 3.32": sim_module("3.32", "ephemeral_credential", identifier="job"),
    "ephemeral credential to remove without its pod": sim_module(
        "3.32", "ephemeral_credential", state="absent", identifier="job", secret_id="7"
    ),
    "automation that does not exist": sim_module("4.0", "dsm_automation", id="99", name="x"),
    "password in MySafe that is not listed": mysafe("nothing"),
    "password in MySafe by an id that does not exist": mysafe("99"),
    "password in MySafe that is inactive": mysafe("4"),
    "password in MySafe that needs a justification": mysafe("asked"),
    "several passwords in MySafe with one name": mysafe("twice"),
    "password in MySafe without a second factor": mysafe("portal", field="totp"),
    "password in MySafe for reading only": mysafe(module="password", client="bob", name="portal", tags=["x"]),
    "password in MySafe without what it needs": mysafe(module="password", name="new"),
    "password in MySafe to enable that is not listed": mysafe(module="password", name="nothing", state="enabled"),
    "note in MySafe that is too long": mysafe(module="note", name="new", note="x" * 901),
    "API secret in MySafe with an identifier that is none": mysafe(module="api_secret", identifier="a b", name="new"),
    "MySafe with a client of A2A": mysafe(module="note_info", client="demo"),
    "MySafe with an access key that is wrong": mysafe(module="note_info", secret=f"wrong-{CANARY}"),
    "MySafe where there is none": mysafe(module="note_info", profile="rest"),
    "device that is not complete": sim_module("4.0", "device", hostname="new", ip="192.0.2.9", type=CANARY),
    "device to enable that is not listed": sim_module("4.0", "device", hostname="not there", state="enabled"),
    "device that the server does not have": sim_module("4.0", "device", id="99", state="enabled"),
    "device by id with another host name": sim_module("4.0", "device", id="1", hostname="web02", site="DC2"),
    "devices in the dialect rest": sim_module("rest", "device_info", hostname="new"),
    "encryption key that does not exist": sim_module("4.0", "encrypt", key="backup", value=CANARY),
    "what is no ciphertext": sim_module("4.0", "decrypt", key="99", value="AAAA"),
    "encryption key in the dialect rest": sim_module("rest", "encryption_key", name="backup"),
    "key to enable where there is no call": sim_module("rest", "ssh_key", identifier="deploy-key", state="enabled"),
    "option that the dialect cannot write": sim_module(
        "rest", "credential", username="u", hostname="h", ip="192.0.2.10", domain="corp"
    ),
    "rotation of what does not change automatically": sim_module("4.0", "credential_rotate", credential="web-root"),
    "rotation that is not seen": lambda bench: bench.module(
        bench.wire({
            "GET /api/pam/credential": listed({**WEB_ROOT, "automatic_change": True}),
            "GET /api/pam/credential/7": envelope("Credential 7", 200, credential={"id": "7", "password": CANARY}),
            "*": envelope("Released", 200),
        }), "credential_rotate", credential="web-root", wait_timeout=0.2, poll_interval=0.1,
    ),
    "value that is empty": answers(envelope("Credential 7", 200, credential={"id": "7", "password": ""})),
    "value that the server could not encrypt": answers(
        envelope("x", 200, credential={"id": "7", "password": "An error occurred while encrypting the text"})
    ),
    "value that cannot be decrypted": lambda bench: bench.lookup(
        bench.wire({"*": envelope("x", 200, credential={"id": "7", "password": base64.b64encode(CANARY.encode()).decode()})}),
        "id:7", decryption_key=bench.file("rsa.pem", RSA),
    ),
}  # fmt: skip


def _info(name: str) -> t.Callable[[t.Any], t.Any]:
    return lambda client: client.credentials.info(Reference(name))


BROKER: dict[str, Make] = {
    "list that is refused, second worker": lambda bench: bench.brokered(
        bench.wire({"*": envelope("You are not authorized to access this resource.", 500)}), _info("first"), _info("second")
    ),
    "read that is refused, second worker": lambda bench: bench.brokered(
        bench.wire({"GET /api/pam/credential": listed(WEB_ROOT), "*": envelope("No access to credential", 400, 1009)}),
        lambda client: client.credentials.read(Reference("7", "id")),
        lambda client: client.credentials.read(Reference("web-root"), release=True),
    ),
    "login that is refused, second worker": lambda bench: bench.brokered(
        bench.wire({"POST /api/oauth2/token": http(WRONG, 400)}), _info("first"), _info("second")
    ),
    "credential that is not listed": lambda bench: bench.brokered(
        bench.wire({"GET /api/pam/credential": listed(WEB_ROOT)}), _info("web-root"), _info("second")
    ),
    "broker that has ended": lambda bench: bench.gone(),
    "broker that has ended, and the time for another one as well": lambda bench: bench.gone(BrokerLate),
    "server that is gone": lambda bench: bench.brokered(
        bench.options(f"https://127.0.0.1:{bench.closed_port()}"), _info("web-root")
    ),
}  # fmt: skip
WARNINGS: dict[str, Make] = {
    "password in MySafe that nobody may compare": mysafe(module="password", name="asked", password=f"new-{CANARY}"),
    "password in MySafe shared with whom the server does not know": mysafe(
        module="password", name="portal", users=[{"username": "nobody"}]
    ),
    "missing, left out": sim("4.0", "nothing", on_missing="warn"),
    "denied, left out": lambda bench: bench.lookup(
        bench.wire({"*": envelope("No access to credential", 400, 1009)}), "id:7", on_denied="warn"
    ),
    "resource that is not granted, left out": lambda bench: bench.lookup(
        bench.wire({"*": envelope("You are not authorized to access this resource.", 500)}), "web-root", on_denied="warn"
    ),
    "check mode of a lookup": sim("4.0", "web-root", variables={"ansible_check_mode": True}),
    "check mode of an info module": sim_module(
        "4.0", "ssh_key_info", include_key=True, identifier="deploy-key", check_mode=True
    ),
    "credential to disable that is not listed": sim_module("4.0", "credential", identifier="nothing", state="disabled"),
    "config_file that others can read": lambda bench: bench.lookup(
        bench.wire({"GET /api/pam/credential/7": envelope("x", 200, credential={"id": "7", "password": CANARY})}), "id:7",
        config_file=bench.file("config.yml", "SENHASEGURA_TENANT: acme", 0o644),
    ),
}  # fmt: skip
SECTIONS: dict[str, dict[str, Make]] = {
    "configuration": CONFIGURATION, "connection": CONNECTION, "http": HTTP, "login": LOGIN, "objects": OBJECTS,
    "broker": BROKER, "warnings": WARNINGS,
}  # fmt: skip


def texts() -> dict[str, str]:
    """What a user reads of each failure, by "section: name"."""
    with tempfile.TemporaryDirectory() as folder, Bench(pathlib.Path(folder)) as bench:
        return {
            f"{section}: {name}": bench.plain(run(bench))
            for section, cases in SECTIONS.items()
            for name, run in cases.items()
        }


def table(found: t.Mapping[str, str]) -> str:
    """The text of error_texts.txt."""
    head = "What users read when something fails. Made by error_cases.py; do not edit.\n"
    return head + "".join(f"\n{name}\n    {text}\n" for name, text in found.items())


if __name__ == "__main__":
    FOUND = table(texts())
    if "--write" in sys.argv:
        TABLE.write_text(FOUND, encoding="utf-8")
    else:
        print(FOUND)
