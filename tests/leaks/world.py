# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server of the harness: its secrets, and one client with a configuration file for each thing that goes wrong."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import itertools
import json
import socket
import tempfile
import threading
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import trustme
from leaks import canaries
from leaks.runner import Unsafe, dump

from senhasegura_simulator.server import Simulator

TOKEN, CALLS = "oauth2/token", "^(?!.*oauth2/token)"
JSON = {"Content-Type": "application/json"}
WRITES = ["POST", "PUT"]
# What the calls of some plugins send, or have read before they release custody.
WRITTEN = {
    "module credential": ("new_password", "totp_seed"),
    "module ssh_key": ("passphrase", "new_private_key"),
    "module secret": ("new_dsm_value",),
    "module dsm_variables": ("new_dsm_value",),
    "module encrypt": ("new_dsm_value",),
    "module mysafe_password": ("new_password", "totp_seed"),
    "module mysafe_note": ("new_dsm_value",),
    "module mysafe_api_secret": ("new_dsm_value",),
    "module onboarding": ("new_password",),
    "module scim_user": ("new_password",),
    "module protected_information": ("new_dsm_value",),
}
RELEASED = {
    "lookup password": ("password",),
    "lookup credential": ("password",),
    "lookup ssh_key": ("passphrase", "private_key"),
}
A_DIRECTORY = "/"
OAUTH1 = ("consumer_key", "consumer_secret", "token_key", "token_secret")
Secrets = dict[str, str]
Response = dict[str, Any]


@dataclass(frozen=True)
class Scenario:
    """One way in which a call of any plugin fails (or does not).

    ``says``: what the error text must match, so that no case passes because it failed for another reason; ``answers``:
    what the server does instead of answering; ``config``: settings of the client; ``client``: attributes of its
    authorization; ``file``: the whole configuration file; ``only``: the plugin that it is for, if it is for one.
    """

    name: str
    says: str = ""
    answers: tuple[Response, ...] = ()
    config: dict[str, Any] = field(default_factory=dict)
    client: dict[str, Any] = field(default_factory=dict)
    file: str = ""
    only: str = ""

    @property
    def title(self) -> str:
        return self.name.removeprefix(f"{self.only}: ")


def scenarios(secrets: Secrets, places: dict[str, Any]) -> list[Scenario]:
    """All scenarios. ``places`` are the addresses and files that their configurations name."""
    return [
        Scenario("ok"),
        *_about_clients(secrets),
        *_echoes(secrets),
        *_answers(secrets),
        *_connections(secrets, places),
        *_configurations(secrets, places),
        *_keys_as_text(secrets),
        *_earlier(secrets),
    ]


def _about_clients(secrets: Secrets) -> list[Scenario]:
    secret, token = secrets["client_secret"], secrets["token"]
    echo = f"no {secret} {_quoted(secret)}"
    no_token = {"token": token, "access_token": [token]}
    oauth1 = {
        "AUTH_METHOD": "oauth1",
        "CLIENT_ID": None,
        "CLIENT_SECRET": None,
        **{name.upper(): secrets[name] for name in OAUTH1},
    }
    wrong, basic = {"CLIENT_SECRET": f"{secret}-wrong"}, {"AUTH_METHOD": "oauth2_basic"}
    no_secret, wrong_secret = {"TOKEN_SECRET": None}, {"TOKEN_SECRET": secrets["token_secret"] + "-"}
    return [
        Scenario("wrong secret", "does not accept", config=wrong),
        Scenario("wrong secret, basic", "does not accept", config={**wrong, **basic}),
        Scenario("disabled client", "does not accept", client={"enabled": False}),
        Scenario("login echoes", "does not accept", (_status(401, echo, TOKEN),)),
        Scenario("login 500 echoes", "The server says", (_status(500, echo, TOKEN),)),
        Scenario("login malformed", "valid JSON", (_body(_malformed(secrets), TOKEN),)),
        Scenario("login without token", "must have an access_token", (_json(no_token, TOKEN),)),
        Scenario("oauth1", config=oauth1),
        Scenario("oauth1 refused", "does not accept", config={**oauth1, **wrong_secret}),
        Scenario("oauth1 incomplete", "token_secret is not set", config={**oauth1, **no_secret}),
        Scenario("aws", "no wire format", config={"AUTH_METHOD": "aws"}),
    ]


def _echoes(secrets: Secrets) -> list[Scenario]:
    """The server's message quotes what the client knows: itself, what it has sent and what it has read."""
    known = ("client_id", "client_secret", "token")
    secret, token = secrets["client_secret"], secrets["token"]
    portuguese = {"response": {"status": 400, "mensagem": f"não: {secret}", "erro": True}}
    in_success = {"response": {"status": 400, "message": token, "error": True}}
    return [
        *(
            Scenario(f"500 that echoes, {form}", "The server says", (_status(500, text),))
            for form, text in _forms(secrets, known)
        ),
        *(
            Scenario(f"{plugin}: write that echoes, {form}", "The server says", (_said_to(WRITES, text),), only=plugin)
            for plugin, names in WRITTEN.items()
            for form, text in _forms(secrets, names)
        ),
        *(
            Scenario(
                f"{plugin}: release that echoes, {form}", "The server says", (_said_to("DELETE", text),), only=plugin
            )
            for plugin, names in RELEASED.items()
            for form, text in _forms(secrets, names)
        ),
        Scenario("400 that echoes", "The server says", (_status(400, f"9999: bad value {secret} {token}"),)),
        Scenario("echo in Portuguese", "The server says", (_json(portuguese, status=400),)),
        Scenario("200 that is an error", "The server says", (_json(in_success),)),
        Scenario("401", "does not accept the token|has expired", (_status(401, f"expired {token}"),)),
        Scenario("403", "forbids", (_status(403, f"no access for {secret}"),)),
    ]


def _said_to(method: str | list[str], text: str) -> Response:
    return _fault("status", method=method, status=500, message=text)


def _forms(secrets: Secrets, names: tuple[str, ...]) -> list[tuple[str, str]]:
    """(form, text that holds these secrets in it). The text is cut by the client, so each form has one of its own."""
    known = [secrets[name] for name in names]
    forms = {
        "raw": known,
        "json": map(json.dumps, known),
        "url": map(_quoted, known),
        "base64": [_base64("x" * number + value) for value in known for number in range(3)],
        "hex": [value.encode().hex() for value in known],
        "halves": [half for value in known for half in (value[: len(value) // 2], value[len(value) // 2 :])],
        "reversed": [value[::-1] for value in known],
        "cut": [value[3:-3] for value in known],
        "quoted": [f'password="{value}"' for value in known],
        "joined": ["/".join(known)],
    }
    return [(form, " ".join(texts)) for form, texts in forms.items()]


def _answers(secrets: Secrets) -> list[Scenario]:
    """The server's answer is no good."""
    secret, token, plain = secrets["client_secret"], secrets["token"], secrets["alphanumeric"]
    html = f"<html><body><h1>Error</h1><pre>{' '.join(secrets.values())}</pre></body></html>"
    headers = {"Content-Type": f"text/{plain}; {plain}", "Server": token, "Set-Cookie": f"token={plain}"}
    twice = f'{{"x": 1, "x": {json.dumps(secrets["password"])}}}'
    latin = b'{"password": "' + secrets["password"].encode("latin-1") + b'"}'
    location = f"https://localhost:1/?secret={_quoted(secret)}"
    other = {secret: token, "response": {"status": 200, "error": False}}
    unavailable = _fault("retry_after", status=503, seconds=0, body=html)
    return [
        Scenario("500 HTML", "error of its own", (_fault("html", status=500, body=html),)),
        Scenario("200 HTML", "not JSON", (_fault("html", status=200, body=html),)),
        Scenario("503", "not available", (unavailable,), {"RETRIES": 2}),
        Scenario("malformed JSON", "valid JSON", (_body(_malformed(secrets)),)),
        Scenario("key twice", "twice", (_body(twice),)),
        Scenario("wrong types", "the answer|the data|the list|must be text", (_json(_wrong_types(secrets)),)),
        Scenario("wrong members", "", (_json(_wrong_members(secrets)),)),
        Scenario("other members", "", (_json(other),)),
        Scenario("not UTF-8", "not UTF-8", (_body(latin),)),
        Scenario(
            "secrets in headers",
            "error of its own",
            (_fault("answer", status=500, headers=headers),),
            {"CLIENT_SECRET": plain},
            {"client_secret": plain},
        ),
        Scenario("no HTTP", "broke", (_wire(f"{secret} {token}\r\n\r\n"),)),
        Scenario("wrong length", "", (_wire(f"HTTP/1.1 200 {secret}\r\nContent-Length: {token}\r\n\r\n{secret}"),)),
        Scenario(
            "wrong chunks", "broke", (_wire(f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{secret}\r\n"),)
        ),
        Scenario("redirect", "redirect", (_fault("redirect", location=location, status=307),)),
        Scenario("cut off", "broke|cut off", (_fault("truncate"),)),
        Scenario("connection reset", "broke", (_fault("reset"),), {"RETRIES": 1}),
        Scenario("time-out", "in time", (_fault("latency", seconds=5),), {"TIMEOUT": 0.6}),
        Scenario("compressed", "compressed", (_fault("gzip"),)),
    ]


def _connections(secrets: Secrets, places: dict[str, Any]) -> list[Scenario]:
    """The server is not reached."""
    proxy = f"http://user:{secrets['proxy_password']}@localhost"
    wanted = {
        "refused": ("refuses the connection", {"URL": f"https://localhost:{places['closed']}"}),
        "no such host": ("cannot be resolved", {"URL": "https://pam.invalid"}),
        "TLS not trusted": ("not trusted", {"CA_PATH": places["other_ca"]}),
        "no TLS": ("TLS connection", {"URL": f"https://localhost:{places['babbler']}"}),
        "proxy refused": ("proxy", {"PROXY": f"{proxy}:{places['closed']}"}),
        "proxy denies": ("proxy", {"PROXY": f"{proxy}:{places['babbler']}"}),
    }
    return [Scenario(name, says, config=config) for name, (says, config) in wanted.items()]


def _configurations(secrets: Secrets, places: dict[str, Any]) -> list[Scenario]:
    """What is configured is wrong, and is a secret or stands beside one."""
    secret, file = secrets["client_secret"], secrets["file_content"]
    wanted = {
        "URL with password": ("url", {"URL": f"https://user:{_quoted(secret)}@localhost"}),
        "URL with query": ("url", {"URL": f"https://localhost/?client_secret={_quoted(secret)}"}),
        "URL is a secret": ("url", {"URL": secret}),
        "secret as time-out": ("timeout", {"TIMEOUT": secret}),
        "secret as retries": ("retries", {"RETRIES": secret}),
        "secret as dialect": ("dialect", {"DIALECT": secret}),
        "secret as boolean": ("validate_certs", {"VALIDATE_CERTS": secret}),
        "line break in secret": ("client_secret", {"CLIENT_SECRET": f"{secret}\n{secret}"}),
        "wrong scheme of proxy": ("proxy", {"PROXY": f"socks5://user:{secrets['proxy_password']}@localhost"}),
        "no CA in file": ("ca_path", {"CA_PATH": places["secret_file"]}),
        "no certificate in file": ("client_cert", {"CLIENT_CERT": places["secret_file"]}),
        "no key in file": ("decryption_key", {"DECRYPTION_KEY": places["secret_file"]}),
        "no key in text": ("decryption_key", {"DECRYPTION_KEY": _pem(file)}),
        "key without end": ("decryption_key", {"DECRYPTION_KEY": f"-----BEGIN RSA PRIVATE KEY-----\n{file}\n"}),
        "no client key in text": (
            "client_cert|client_key",
            {"CLIENT_CERT": canaries.certificate(secrets["client_key"]), "CLIENT_KEY": _pem(file)},
        ),
        "key is not of the certificate": (
            "client_cert|client_key",
            {"CLIENT_CERT": canaries.certificate(secrets["client_key"]), "CLIENT_KEY": secrets["decryption_key"]},
        ),
    }
    malformed = f"SENHASEGURA_CLIENT_SECRET: [\n{file}: {{ {secret}\n"
    return [
        *(Scenario(name, says, config=config) for name, (says, config) in wanted.items()),
        Scenario("configuration is no YAML", "must be valid YAML", file=malformed),
        Scenario("configuration is no map", "must be a map", file=dump([file])),
        Scenario("configuration is a directory", "cannot be read", file=A_DIRECTORY),
    ]


def _pem(text: str) -> str:
    return f"-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n"


def _keys_as_text(secrets: Secrets) -> list[Scenario]:
    """Certificate and keys are in the configuration themselves, and not the paths of their files."""
    config = {
        "CLIENT_CERT": canaries.certificate(secrets["client_key"]),
        "CLIENT_KEY": secrets["client_key"],
        # As a field of one line may hand it on.
        "DECRYPTION_KEY": secrets["decryption_key"].replace("\n", "\\n"),
    }
    client = {"encryption_public_key": canaries.public_pem(secrets["decryption_key"])}
    echo = _status(500, f"{secrets['client_key']} {_quoted(secrets['decryption_key'])}"[:1900])
    return [
        Scenario("keys as text", config=config, client=client),
        Scenario("keys as text, echoed", "The server says", (echo,), config, client),
    ]


# What calls of a run send or receive, and what the server says of it to a later call of another plugin.
EARLIER = {
    **{
        name: (f"earlier {name}",)
        for name in (
            *("read by password", "read by credential", "read for a release", "read by ssh_key", "key passphrase"),
            *("read by ssh_key_info", "read by secret", "read by secret_info", "written password", "written seed"),
            *("read by mysafe", "written note"),
            *("written key", "written passphrase", "written secret", "merged secret", "refused password"),
            "other client",
        )
    },
    # What the run itself has made, which only simulator and client know.
    "key that was made": "{item:earlier-rotated-key:private_key}",
}
_IN_EACH_FORM = ("read by password", "read by ssh_key", "written secret")


def _earlier(secrets: Secrets) -> list[Scenario]:
    def scenario(name: str, *answers: Response) -> Scenario:
        return Scenario(f"earlier: {name}", r"\*{8}", answers, only="earlier")

    found = []
    for name, quoted in EARLIER.items():
        forms = [("raw", quoted)] if isinstance(quoted, str) else _forms(secrets, quoted)
        chosen = forms if name in _IN_EACH_FORM else forms[:1]
        found += [scenario(f"{name}, {form}", _status(500, text)) for form, text in chosen]
    value = secrets["earlier read by password"]
    page = f"<html><head><title>{value}</title></head></html>"
    location = f"https://localhost:1/{_quoted(value)}"
    return [
        *found,
        scenario("login quotes", _status(401, value, TOKEN)),
        scenario("page quotes", _fault("html", status=500, body=page)),
        # A redirect is named without what it leads to.
        dataclasses.replace(scenario("redirect quotes", _fault("redirect", location=location)), says="redirect"),
        Scenario("earlier: sends", only="earlier"),
        Scenario(
            "custody owed",
            answers=(_said_to("DELETE", f"{secrets['password']} {secrets['client_secret']}"),),
            config={"CUSTODY": "release_at_end"},
            only="custody",
        ),
        Scenario("earlier: refuses", "", (_said_to(WRITES, "no"),), only="earlier"),
        Scenario(
            "earlier: other client",
            config={"CLIENT_SECRET": secrets["earlier other client"]},
            client={"client_secret": secrets["earlier other client"]},
            only="earlier",
        ),
    ]


def _fault(kind: str, path: str = CALLS, **fields: Any) -> Response:
    return {"kind": kind, "path": path, **fields}


def _status(status: int, message: str, path: str = CALLS) -> Response:
    return _fault("status", path, status=status, message=message)


def _body(body: str | bytes, path: str = CALLS, status: int = 200) -> Response:
    return _fault("answer", path, status=status, headers=JSON, body_base64=_base64(body))


def _json(body: dict[str, Any], path: str = CALLS, status: int = 200) -> Response:
    return _body(json.dumps(body), path, status)


def _wire(text: str) -> Response:
    return _fault("answer", wire_base64=_base64(text))


def _base64(body: str | bytes) -> str:
    return base64.b64encode(body.encode() if isinstance(body, str) else body).decode()


def _quoted(text: str) -> str:
    return urllib.parse.quote(text, safe="")


def _malformed(secrets: Secrets) -> str:
    return f'{{"access_token": {json.dumps(secrets["token"])}, "password": {json.dumps(secrets["password"])}, oops'


def _wrong_types(secrets: Secrets) -> dict[str, Any]:
    """Secrets where ids and objects are expected."""
    value = secrets["password"]
    return _entities({"id": value, "password": value}, {"secret_id": [value], "identity": value, "data": [value]})


def _wrong_members(secrets: Secrets) -> dict[str, Any]:
    """Entities that look right, with secrets in lists and objects where text is expected."""
    value = secrets["password"]
    names = ("identifier", "username", "hostname", "ip", "password", "private_key", "public_key", "description")
    return _entities(
        {"id": "1", **{name: {value: [value]} for name in names}},
        {"secret_id": "1", "identity": "shop-db", "data": [{"PASSWORD": {value: [value]}}], "version": [value]},
    )


def _entities(item: dict[str, Any], secret: dict[str, Any]) -> dict[str, Any]:
    """What all calls of all dialects may be looking for."""
    entities = {"credential": item, "credentials": [item], "key": item, "sshkey": item, "sshkeys": [item]}
    dsm = {"application": {"secrets": [secret]}, "secret": secret, "secrets": [secret]}
    kinds = ("password", "note", "api_secret")
    mysafe = {
        f"{kind}_{what}": [item] if what == "on_list" else item for kind in kinds for what in ("on_list", "entity")
    }
    return {**entities, **dsm, **mysafe, "response": {"status": 200, "error": False, **entities, **dsm}}


# exception -> functions of the collection that shall raise it with a text that quotes secrets. Those in one line are
# one function, under the names that its users have for it.
FAULTS: dict[str, tuple[str, ...]] = {
    "RuntimeError": (
        "plugins.plugin_utils.plugin_options:validate",
        "plugins.plugin_utils.plugin_options:merge",
        "plugins.plugin_utils.plugin_options:resolve",
        "plugins.module_utils.client.direct_api:DirectApi.__init__",
        "plugins.module_utils.client.direct_api:DirectApi.call",
        "plugins.module_utils.client.direct_api:DirectApi._log_in",
        "plugins.module_utils.client.direct_api:parse_response",
        "plugins.module_utils.client.direct_api:fill_path",
        "plugins.module_utils.transport.route:tls_context",
        "plugins.module_utils.transport.session:_read",
        "plugins.module_utils.transport.route:open_socket",
        "plugins.module_utils.dialects.response:_strict_object",
        "plugins.module_utils.dialects.entities:required_id plugins.module_utils.dialects.vendor:required_id"
        " plugins.module_utils.dialects.dsm_tools:required_id plugins.module_utils.dialects.mysafe_calls:required_id",
    ),
    "KeyError": ("plugins.module_utils.settings.settings:check_url", "plugins.module_utils.client.auth:parse_token"),
    "ValueError": (
        "plugins.module_utils.client.auth:token_request",
        "plugins.module_utils.client.direct_api:DirectApi._once",
        "plugins.module_utils.transport.session:_refuse_unfit",
    ),
    "UnicodeDecodeError": ("plugins.module_utils.dialects.response:says_error",),
    "OSError": ("plugins.module_utils.transport.session:Transport.send",),
    "UnicodeError": ("plugins.module_utils.transport.route:Route.__init__",),
    "http.client.HTTPException": ("plugins.module_utils.transport.connection:Connection.request",),
    "ansible.errors.AnsibleError": ("plugins.plugin_utils.plugin_options:_ini_source",),
}


BROKER_FAULTS: dict[str, tuple[str, ...]] = {
    "RuntimeError": (
        "plugins.plugin_utils.broker.cache:ServerCache.call",
        "plugins.module_utils.client.direct_api:DirectApi.call",
        "plugins.module_utils.transport.session:_read",
    ),
    "KeyError": ("plugins.module_utils.client.auth:parse_token",),
    "OSError": ("plugins.module_utils.transport.session:Transport.send",),
    "http.client.HTTPException": ("plugins.module_utils.transport.connection:Connection.request",),
}


def faults(secrets: Secrets) -> dict[str, Any]:
    """What leak_faults.py is told. The name of a fault is also that of its configuration file."""
    text = " | ".join(secrets.values())
    return {"faults": _named(FAULTS, ""), "broker": _named(BROKER_FAULTS, "broker: "), "text": text}


def _named(table: dict[str, tuple[str, ...]], prefix: str) -> dict[str, dict[str, str]]:
    found = {}
    for error, places in table.items():
        for place in places:
            module, _colon, path = place.split()[0].partition(":")
            name = f"{error.rpartition('.')[2]} in {module.rpartition('.')[2]} {path}"
            found[prefix + name] = {"at": place, "raises": error}
    return found


def seed(secrets: Secrets, clients: list[dict[str, Any]], marker: str) -> dict[str, Any]:
    """The records of the server. Each plugin that writes has records of its own."""
    where = {"hostname": "web01", "ip": "192.0.2.10"}
    old = {**where, "password": secrets["old_password"]}
    key = {
        **where,
        "private_key": secrets["private_key"],
        "public_key": canaries.public_key(secrets["private_key"], secrets["passphrase"]),
        "password": secrets["passphrase"],
    }
    data = [{"USERNAME": "app", "PASSWORD": secrets["dsm_value"]}, {"API_KEY": secrets["dsm_value"]}]
    stored: dict[str, list[dict[str, str]]] = {
        "shop-db": data,
        "to-change": data,
        "sealed-db": [{"PASSWORD": secrets["ciphertext"]}],
        **{name: [{"OTHER": "x"}] for name in ("to-merge", "earlier-merged")},
        **{f"earlier-{name}": [{"PASSWORD": secrets[f"earlier read by {name}"]}] for name in ("secret", "secret_info")},
    }
    inert = [
        {"identifier": f"inert-{number}", "username": f"inert{number}", **where, "password": text.replace("%s", marker)}
        for number, text in enumerate(INJECTIONS)
    ]
    return {
        "clients": clients,
        "devices": [{"hostname": "web01", "ip": "192.0.2.10"}, {"hostname": "web02", "ip": "192.0.2.11"}],
        "credentials": [
            {"identifier": "web-root", "username": "root", **where, "password": secrets["password"]},
            {"identifier": "to-update", "username": "update", **old},
            {"identifier": "to-disable", "username": "disable", **old},
            {"identifier": "to-rotate", "username": "rotate", **old, "automatic_change": True},
            {"identifier": "to-release", "username": "release", **old},
            {"identifier": "sealed", "username": "sealed", **where, "password": secrets["ciphertext"]},
            *(
                {"identifier": f"earlier-{name}", "username": name, **where, "password": secrets[f"earlier {what}"]}
                for name, what in EARLIER_PASSWORDS.items()
            ),
            *inert,
        ],
        "keys": [
            {"identifier": "deploy-key", "username": "deploy", **key},
            {"identifier": "key-to-rotate", "username": "rotate", **where, "generate": "ed25519"},
            {"identifier": "key-to-disable", "username": "disable", **key},
            {"identifier": "sealed-key", "username": "sealed", **key, "private_key": secrets["ciphertext"]},
            {"identifier": "earlier-rotated-key", "username": "rotated", **where, "generate": "ed25519"},
            *(_earlier_key(secrets, name) for name in ("ssh_key", "ssh_key_info")),
        ],
        "mysafe": _mysafe(secrets),
        "sessions": [{"user": "jdoe", "device": "web01:22"}],
        "information": [
            {"identifier": "wifi", "content": secrets["dsm_value"]},
            {"identifier": "sealed-information", "content": secrets["ciphertext"]},
        ],
        "applications": [{"name": "shop", "secrets": [{"identity": n, "data": d} for n, d in stored.items()]}],
    }


def _mysafe(secrets: Secrets) -> list[dict[str, Any]]:
    """Items of the one user to whom the access keys of all scenarios belong."""
    password = {"username": "shop", "url": "https://portal.example"}
    items: list[dict[str, Any]] = [
        {"name": "portal", **password, "password": secrets["password"], "secret_key": secrets["totp_seed"]},
        {"name": "portal-to-update", **password, "password": secrets["old_password"]},
        {"name": "portal-sealed", **password, "password": secrets["ciphertext"]},
        {"name": "earlier-mysafe", **password, "password": secrets["earlier read by mysafe"]},
        {"kind": "note", "name": "door", "notes": secrets["dsm_value"]},
        {"kind": "note", "name": "door-to-update", "notes": secrets["old_password"]},
    ]
    for name, value in (("payments", secrets["dsm_value"]), ("payments-to-update", secrets["old_password"])):
        item = {"kind": "secretapi", "name": name, "identifier_code": name, "url": "https://api.example"}
        items.append({**item, "client_id": "shop", "client_secret": value})
    return [{"owner": "alice", **item} for item in items]


# record -> what its password is
EARLIER_PASSWORDS = {
    "password": "read by password",
    "credential": "read by credential",
    "released": "read for a release",
}


def _earlier_key(secrets: Secrets, name: str) -> dict[str, Any]:
    private_key, passphrase = secrets[f"earlier read by {name}"], secrets["earlier key passphrase"]
    return {
        "identifier": f"earlier-{name.replace('_', '-')}",
        "username": name,
        "hostname": "web01",
        "private_key": private_key,
        "public_key": canaries.public_key(private_key, passphrase),
        # The passphrase comes with one of them.
        "password": passphrase if name == "ssh_key" else "",
    }


MARKER = "EVALUATED-MARKER"
# The path of the marker is put in for %s. A server that stores these must not run anything on the controller.
INJECTIONS = (
    "{{ 7 * 191 }}",
    "{{ lookup('ansible.builtin.pipe', 'touch %s') }}",
    "{% set x = lookup('ansible.builtin.pipe', 'touch %s') %}",
    "{# {{ lookup('ansible.builtin.pipe', 'touch %s') }} #}",
    "#jinja2: variable_start_string: '[%', variable_end_string: '%]'\n[% lookup('ansible.builtin.pipe', 'touch %s') %]",
    "!unsafe {{ lookup('ansible.builtin.pipe', 'touch %s') }}",
    "{{ '{{' }} lookup('ansible.builtin.pipe', 'touch %s') {{ '}}' }}",
    "a: {{ lookup('ansible.builtin.pipe', 'touch %s') }}\nb: 1",
)


@dataclass
class World:
    """A running server, and the folder with the files that a run of Ansible needs to talk to it."""

    server: Simulator
    secrets: Secrets
    scenarios: list[Scenario]
    faults: dict[str, Any]
    folder: Path

    def config(self, name: str) -> str:
        """The configuration file of the client for a scenario."""
        path = self.folder / f"{name}.yml"
        return str(path if path.exists() else self.folder)

    def failing(self, plugin: str) -> list[Scenario]:
        """The scenarios in which a plugin fails."""
        other = ("ok", "oauth1", "keys as text", *self.faults["broker"])
        return [each for each in self.scenarios if each.name not in other and each.only in ("", plugin)]

    @property
    def variables(self) -> str:
        """The vars file with the secrets."""
        return str(self.folder / "secrets.vars")

    @property
    def evaluated(self) -> bool:
        """Whether a value that the server stores has been run as a template."""
        return (self.folder / MARKER).exists()

    def all_secrets(self) -> Secrets:
        """With what the server has made meanwhile: new passwords and keys."""
        known = {*self.secrets.values(), *INJECTIONS}
        made = {}
        for item in self.server.control.state()["items"]:
            for name in ("password", "private_key"):
                value = item[name]
                if value and value not in known and len(value) > 12 and MARKER not in value:
                    made[f"{name} of {item['identifier']}"] = value
        return {**self.secrets, **made}


def canary_tokens() -> contextlib.AbstractContextManager[Any]:
    """While it lasts, the simulators of this process hand out tokens that are secrets of the harness."""
    token = canaries.make()["token"]
    tokens = (f"{token}.{number}" for number in itertools.count(1))
    return mock.patch("senhasegura_simulator.auth.random_token", side_effect=tokens)


def _made_by_the_server(secrets: Secrets) -> dict[str, dict[str, Any]]:
    """Known secrets in place of those that the server makes at random, by operation."""
    return {
        "application.write": {"signature": secrets["dsm_value"]},
        "session.start": {"session.token": secrets["dsm_value"], "session.session_url": secrets["password"]},
        "ephemeral.provision": {"secret.data.*.PASSWORD": secrets["dsm_value"]},
    }


def _converted(secrets: Secrets) -> dict[str, dict[str, Any]]:
    """What comes of any text that is encrypted or decrypted, whatever the key."""
    done = {"response": {"status": 200, "message": "Done", "error": False}}
    return {
        "encryption.encrypt": {**done, "encrypted_value": "AAAA"},
        "encryption.decrypt": {**done, "decrypted_value": secrets["dsm_value"]},
    }


@contextlib.contextmanager
def world(profile: str = "4.0") -> Iterator[World]:
    secrets = canaries.make()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="leaks-world-")))
        planned = faults(secrets)
        wanted = scenarios(secrets, _places(stack, folder, secrets))
        wanted += [Scenario(name) for name in planned["broker"]]
        records = seed(secrets, [_client(scenario, secrets) for scenario in wanted], str(folder / MARKER))
        server = stack.enter_context(Simulator(profile, records))
        for scenario in wanted:
            for answer in scenario.answers:
                server.control.fault(**answer, client=_client_id(scenario, secrets), times=None)
        for operation, answer in _made_by_the_server(secrets).items():
            # Behind those of the scenarios, which come first.
            server.control.fault("mangle", operation=operation, answer=answer, times=None)
        for operation, body in _converted(secrets).items():
            server.control.fault(**{**_json(body), "operation": operation}, times=None)
        running = World(server, secrets, wanted, planned, folder)
        _write_files(running, records)
        yield running


def _write_files(world: World, records: dict[str, Any]) -> None:
    server, secrets = world.server, world.secrets
    dialect = "rest" if server.profile == "rest" else "auto"
    base = {"URL": server.url, "CA_PATH": server.ca_path, "DIALECT": dialect, "RETRIES": 0}
    files = {
        scenario.name: _config(scenario, base, secrets) for scenario in world.scenarios if scenario.file != A_DIRECTORY
    }
    # In this process: the broker is another one.
    files |= dict.fromkeys(world.faults["faults"], files["ok"] + "SENHASEGURA_BROKER: false\n")
    files["no client"] = dump({f"SENHASEGURA_{name}": value for name, value in base.items()})
    for name, text in files.items():
        _write(world.folder / f"{name}.yml", text)
    inert = {item["identifier"]: item["password"] for item in records["credentials"] if "inert" in item["identifier"]}
    variables = {"canary": secrets, "public_key": records["keys"][0]["public_key"], "inert": inert}
    # A folder that is no sink, for files that are meant to hold secrets.
    variables["scratch"] = str(world.folder)
    _write(Path(world.variables), dump(_unsafe(variables)))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)


def _unsafe(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _unsafe(part) for name, part in value.items()}
    return [_unsafe(part) for part in value] if isinstance(value, list) else Unsafe(value)


def _client_id(scenario: Scenario, secrets: Secrets) -> str:
    return f"{secrets['client_id']}-{scenario.name}"


def _client(scenario: Scenario, secrets: Secrets) -> dict[str, Any]:
    own = {name: secrets[name] for name in ("client_secret", *OAUTH1)}
    keys = {"client_id": _client_id(scenario, secrets), "consumer_key": f"{secrets['consumer_key']}-{scenario.name}"}
    # Both an authorization of A2A and an access key for MySafe.
    resources = ["PAM Core", "Application", "Secret Management", "CI/CD", "SCIM", "Users", "Web Proxy Session"]
    both = {"mysafe_user": "alice", "resources": resources}
    return {**own, **keys, **both, "application": "shop", **scenario.client}


def _config(scenario: Scenario, base: dict[str, Any], secrets: Secrets) -> str:
    if scenario.file:
        return scenario.file
    client = {"CLIENT_ID": _client_id(scenario, secrets), "CLIENT_SECRET": secrets["client_secret"]}
    wanted = {**base, **client, **scenario.config}
    # With OAuth 1 an access key has no login, so it keeps its own.
    for name in ("CLIENT_ID", "CLIENT_SECRET", "DECRYPTION_KEY"):
        wanted[f"MYSAFE_{name}"] = wanted.get(name) or client.get(name)
    if wanted.get("AUTH_METHOD") == "oauth2_basic":
        wanted["MYSAFE_AUTH_METHOD"] = "oauth2_basic"
    if wanted.get("CONSUMER_KEY"):
        wanted["CONSUMER_KEY"] += f"-{scenario.name}"
    return dump({f"SENHASEGURA_{name}": value for name, value in wanted.items() if value is not None})


def _places(stack: contextlib.ExitStack, folder: Path, secrets: Secrets) -> dict[str, Any]:
    other_ca, secret_file = folder / "other-ca.pem", folder / "secret"
    trustme.CA().cert_pem.write_to_path(str(other_ca))
    secret_file.write_text(f"-----BEGIN CERTIFICATE-----\n{secrets['file_content']}\n-----END CERTIFICATE-----\n")
    closed = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    port = closed.getsockname()[1]
    closed.close()
    return {
        "closed": port,
        "other_ca": str(other_ca),
        "secret_file": str(secret_file),
        "babbler": stack.enter_context(_babbler(secrets)),
    }


@contextlib.contextmanager
def _babbler(secrets: Secrets) -> Iterator[int]:
    """A server that answers anything with a refusal full of secrets: a proxy, or no TLS."""
    text = f"HTTP/1.1 407 {secrets['client_secret']}\r\nX: {secrets['proxy_password']}\r\nContent-Length: 0\r\n\r\n"
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    peer, _address = server.accept()
                except OSError:  # closed: the harness has ended
                    return
                with peer, contextlib.suppress(OSError):
                    peer.recv(4096)
                    peer.sendall(text.encode())

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
