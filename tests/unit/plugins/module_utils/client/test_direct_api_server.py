# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The session against the simulator, which knows nothing of this client: dialects, tokens, signatures, refusals."""

from __future__ import annotations

import contextlib
import pathlib
import re
import threading
import time
import types
import typing as t

import pytest
from long_rows import rows

pytest.importorskip("requests")
pytest.importorskip("senhasegura_simulator")
pytest.importorskip("aiohttp")
from ansible_collections.community.senhasegura.plugins.module_utils.client import auth, hints
from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import Client, client_over
from ansible_collections.community.senhasegura.plugins.module_utils.client.direct_api import DirectApi
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.operations import (
    LIST_CREDENTIALS,
    READ_CREDENTIAL,
    UPDATE_CREDENTIAL,
    named,
)
from ansible_collections.community.senhasegura.plugins.module_utils.dsm_secrets import DsmSecretWrite
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    AuthenticationFailed,
    Denied,
    NoRoute,
    NotFound,
    ResponseLost,
    SenhaseguraError,
    TokenRefused,
    UnexpectedResponse,
)
from ansible_collections.community.senhasegura.plugins.module_utils.models import CredentialWrite, SshKeyWrite
from ansible_collections.community.senhasegura.plugins.module_utils.redaction import SecretStr
from ansible_collections.community.senhasegura.plugins.module_utils.references import Reference
from ansible_collections.community.senhasegura.plugins.module_utils.transport.session import Transport
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.servers import Received, Wire, http
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.support import OAUTH1, settings, success
from senhasegura_simulator.server import Simulator

DEMO = {"client_id": "demo", "client_secret": "demo-secret-0123456789abcdef"}
SEED: dict[str, t.Any] = {
    "clients": [
        {
            **DEMO, "consumer_key": "demo-consumer", "consumer_secret": "demo-consumer-secret", "token_key": "demo-token",
            "token_secret": "demo-token-secret", "application": "shop",
        },
        {"client_id": "reader", "client_secret": "reader-secret", "read_only": True, "application": "shop"},
        {"client_id": "limited", "client_secret": "limited-secret", "credentials": ["web-root"]},
        {"client_id": "elsewhere", "client_secret": "elsewhere-secret", "allowed_ips": ["192.0.2.0/24"]},
        {"client_id": "referer", "client_secret": "referer-secret", "allowed_referers": ["https://portal.example/*"]},
        {"client_id": "dsm-only", "client_secret": "dsm-secret", "resources": ["Application"], "application": "shop"},
        {"client_id": "encrypted", "client_secret": "encrypted-secret", "encryption": "generate", "application": "shop"},
        {"client_id": "expired", "client_secret": "expired-secret", "expires": "2020-01-01T00:00:00+00:00"},
        {"client_id": "i:d é+&", "client_secret": "s:e=c%r;e t/é'\"", "application": "shop"},
        {"client_id": "id é+&", "client_secret": "s:e=c%r;e t/é'\"", "application": "shop"},
    ],
    "devices": [{"hostname": "web01", "ip": "192.0.2.10"}, {"hostname": "web02", "ip": "192.0.2.11"}],
    "credentials": [
        {"identifier": "web-root", "username": "root", "hostname": "web01", "password": "pw-Root-1"},
        {"identifier": "db-app", "username": "app", "hostname": "web02", "password": "pw-App-1", "automatic_change": True},
        {"identifier": "old", "username": "old", "hostname": "web02", "password": "pw-Old-1", "active": False},
    ],
    "keys": [{"identifier": "deploy-key", "username": "deploy", "hostname": "web01", "generate": "ed25519"}],
    "applications": [
        {
            "name": "shop", "system": "shop", "environment": "prod",
            "secrets": [
                {
                    "identity": "shop-db", "name": "db",
                    "data": [{"HOSTNAME": "db01", "USERNAME": "app", "PASSWORD": "pw-Db-1"}, {"API_KEY": "abc"}],
                }
            ],
        }
    ],
}  # fmt: skip
# The key pair of an authorization that encrypts takes long to make.
ALL_BUT_ENCRYPTED = {**SEED, "clients": [c for c in SEED["clients"] if "encryption" not in c]}
SMALL = {**SEED, "clients": SEED["clients"][:1]}
Start = t.Callable[..., Simulator]
# asyncio of Python 3.13.0 stumbles over connections that the simulator itself has dropped, when they are collected.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. .function _SelectorTransport.__del__:pytest.PytestUnraisableExceptionWarning"
)


OPEN: list[Transport] = []


@contextlib.contextmanager
def running(profile: str, seed: t.Any = None, **changes: t.Any) -> t.Iterator[Simulator]:
    """A simulator. Connections that outlive it make asyncio complain, so they are closed first."""
    with Simulator(profile=profile, seed=seed or SMALL, **changes) as simulator:
        try:
            yield simulator
        finally:
            close_all()
            give_up = time.monotonic() + 60
            while simulator.control.counters()["open_connections"] and time.monotonic() < give_up:
                time.sleep(0.01)


@pytest.fixture
def start() -> t.Iterator[Start]:
    """start(profile, seed, **settings of the simulator)"""
    with contextlib.ExitStack() as stack:

        def run(profile: str = "4.0", seed: t.Any = None, **changes: t.Any) -> Simulator:
            return stack.enter_context(running(profile, seed, **changes))

        yield run


def close_all() -> None:
    while OPEN:
        OPEN.pop().close()


def session(simulator: Simulator, **changes: t.Any) -> DirectApi:
    known = settings(**{"url": simulator.url, "ca_path": simulator.ca_path, "dialect": "auto", **DEMO, **changes})
    OPEN.append(Transport(known))
    return DirectApi(known, transport=OPEN[-1])


def client(simulator: Simulator, **changes: t.Any) -> Client:
    return client_over(session(simulator, **changes))


def lines(simulator: Simulator) -> list[str]:
    return [entry["line"].removesuffix(" HTTP/1.1") for entry in simulator.control.log()]


def ref(text: str) -> Reference:
    return Reference(text)


# --- dialects --------------------------------------------------------------------------------------------------------

FOUND = {
    "4.0": ("api", ["POST /api/oauth2/token", "GET /api/pam/credential"]),
    "all": ("api", ["POST /api/oauth2/token", "GET /api/pam/credential"]),
    "3.32": ("iso", ["POST /api/oauth2/token", "POST /iso/oauth2/token", "GET /iso/pam/credential"]),
    "3.32 with mysafe": ("iso", ["POST /api/oauth2/token", "GET /api/pam/credential", "GET /iso/pam/credential"]),
}


@pytest.mark.parametrize("case", FOUND)
def test_auto_finds_the_dialect(start: Start, case: str) -> None:
    name, expected = FOUND[case]
    simulator = start(case.split()[0], mysafe_token="mysafe" in case)
    vault = session(simulator)
    assert [entry.identifier for entry in vault.call(LIST_CREDENTIALS)][:2] == ["web-root", "db-app"]
    assert vault.dialect().name == name
    assert lines(simulator) == expected
    assert simulator.control.counters()["tokens"] == 1


def test_auto_never_speaks_rest(start: Start) -> None:
    """A server of the guide has the token path of iso, and nothing else of it."""
    simulator = start("rest")
    with pytest.raises(NoRoute, match="rest for the guide") as caught:
        session(simulator).call(LIST_CREDENTIALS)
    assert lines(simulator) == ["POST /api/oauth2/token", "POST /iso/oauth2/token", "GET /iso/pam/credential"]
    assert caught.value.context.status == 404


@pytest.mark.parametrize(
    ("profile", "dialect", "kind"),
    [
        ("3.32", "api", NoRoute), ("3.32", "rest", NoRoute), ("4.0", "iso", NoRoute), ("4.0", "rest", UnexpectedResponse),
        ("rest", "api", NoRoute), ("rest", "iso", NoRoute),
    ],
)  # fmt: skip
def test_the_wrong_dialect_says_what_to_set(
    start: Start, profile: str, dialect: str, kind: type[SenhaseguraError]
) -> None:
    with pytest.raises(kind, match="set dialect"):
        session(start(profile, legacy_paths=False), dialect=dialect).call(LIST_CREDENTIALS)


@pytest.mark.parametrize(("profile", "dialect"), [("3.32", "auto"), ("4.0", "auto"), ("rest", "rest")])
def test_a_whole_conversation(start: Start, profile: str, dialect: str) -> None:
    simulator = start(profile)
    vault = client(simulator, dialect=dialect)
    assert vault.credentials.read(ref("web-root")).password == "pw-Root-1"
    assert vault.ssh_keys.read(ref("deploy-key")).private_key.startswith("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    assert vault.secrets.read("shop-db").data[0]["PASSWORD"] == "pw-Db-1"
    new = CredentialWrite("new", "web02", "192.0.2.11", identifier="new", password="é'\"\\ \r\n🔑")
    stored = vault.credentials.store(new, vault.credentials.match(new))
    assert simulator.control.credential(stored.id)["password"] == new.password
    assert vault.credentials.read(ref("new")).password == new.password
    assert vault.credentials.disable(ref("new"), vault.credentials.find(ref("new"))) is True
    with pytest.raises(NotFound):
        vault.credentials.info(ref("new"))
    vault.secrets.store(DsmSecretWrite("fresh", name="f", engine="Generic", key_value={"K": "é v"}), None)
    assert vault.secrets.read("fresh").data == ({"K": "é v"},)
    assert vault.credentials.release(ref("web-root"), allow_vault_rotation=True) is True
    assert vault.credentials.release(ref("web-root"), allow_vault_rotation=True) is False
    counters = simulator.control.counters()
    assert counters["tokens"] == 1
    assert counters["tcp_connections"] == 1
    assert not [line for line in lines(simulator) if "secret=" in line or "%" in line]


# --- tokens ----------------------------------------------------------------------------------------------------------


def test_a_token_that_expires_is_renewed_once(start: Start) -> None:
    simulator = start()
    vault = session(simulator)
    vault.call(LIST_CREDENTIALS)
    simulator.control.expire_tokens()
    assert vault.call(READ_CREDENTIAL, ref="1").password == "pw-Root-1"
    assert simulator.control.counters()["tokens"] == 2
    assert lines(simulator)[-3:] == ["GET /api/pam/credential/1", "POST /api/oauth2/token", "GET /api/pam/credential/1"]
    simulator.control.expire_tokens()
    wanted = CredentialWrite("root", "web01", "192.0.2.10", identifier="web-root", password="new")
    vault.call(UPDATE_CREDENTIAL, ref="1", model=wanted)
    assert simulator.control.counters()["tokens"] == 3
    writes = [entry for entry in simulator.control.log() if entry["operation"] == "credential.write"]
    assert [entry["changed"] for entry in writes] == [False, True]


def test_an_authorization_that_is_disabled_in_between(start: Start) -> None:
    simulator = start()
    vault = session(simulator)
    vault.call(LIST_CREDENTIALS)
    simulator.control.disable_client("demo")
    for _again in range(3):
        with pytest.raises(AuthenticationFailed):
            vault.call(LIST_CREDENTIALS)
    assert lines(simulator).count("POST /api/oauth2/token") == 2


def test_many_threads_share_a_login_and_a_renewal(start: Start) -> None:
    simulator = start()
    vault = session(simulator, timeout=120.0)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _again in range(3):
                assert vault.call(LIST_CREDENTIALS)
        except BaseException as exc:
            failures.append(exc)

    for expected in (1, 2):
        threads = [threading.Thread(target=work) for _number in range(25)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert simulator.control.counters()["tokens"] == expected
        simulator.control.expire_tokens()


@pytest.mark.parametrize("method", ["oauth2", "oauth2_basic"])
def test_credentials_with_all_kinds_of_characters(start: Start, method: str) -> None:
    simulator = start(seed=ALL_BUT_ENCRYPTED)
    for secret, accepted in (("s:e=c%r;e t/é'\"", True), ("s:e=c%r;e t/é'", False)):
        # HTTP Basic has the first colon between both.
        name = "i:d é+&" if method == "oauth2" else "id é+&"
        vault = session(simulator, client_id=name, client_secret=secret, auth_method=method)
        if accepted:
            assert vault.call(LIST_CREDENTIALS)
        else:
            with pytest.raises(AuthenticationFailed) as caught:
                vault.call(LIST_CREDENTIALS)
            assert "s:e=" not in str(caught.value)


def test_tenants(start: Start) -> None:
    simulator = start(tenant_required=True)
    with pytest.raises(AuthenticationFailed, match="set tenant"):
        session(simulator).call(LIST_CREDENTIALS)
    assert session(simulator, tenant="acme").call(LIST_CREDENTIALS)
    with pytest.raises(AuthenticationFailed):
        session(simulator, tenant="beta").call(LIST_CREDENTIALS)


# --- refusals --------------------------------------------------------------------------------------------------------

LIMITED: dict[str, tuple[str, str, type[SenhaseguraError], str]] = {
    "reader": ("reader-secret", "credential.update", Denied, "read and write"),
    "limited": ("limited-secret", "credential.read", Denied, "A2A authorization"),
    "elsewhere": ("elsewhere-secret", "credential.list", Denied, "allowed IPs"),
    "referer": ("referer-secret", "credential.list", Denied, "referer"),
    "dsm-only": ("dsm-secret", "credential.list", Denied, "PAM Core"),
    "expired": ("expired-secret", "credential.list", AuthenticationFailed, "client_id and client_secret"),
    "nobody": ("nothing", "credential.list", AuthenticationFailed, "client_id and client_secret"),
}


@pytest.mark.parametrize("name", LIMITED)
@pytest.mark.parametrize(("profile", "dialect"), [("3.32", "auto"), ("4.0", "auto"), ("rest", "rest")])
def test_what_an_authorization_may_not_do(start: Start, name: str, profile: str, dialect: str) -> None:
    secret, operation, kind, fix = LIMITED[name]
    wanted = CredentialWrite("root", "web01", "192.0.2.10", identifier="web-root", password="new-password")
    vault = session(start(profile, ALL_BUT_ENCRYPTED), client_id=name, client_secret=secret, dialect=dialect)
    with pytest.raises(kind) as caught:
        vault.call(
            named(operation), ref="2", model=wanted if operation.endswith("update") else None, subject="credential x"
        )
    assert isinstance(caught.value, kind)
    if profile != "rest":
        assert fix in str(caught.value)
    for part in ("credential x", "HTTP "):
        assert part in str(caught.value)
    assert "new-password" not in str(caught.value)
    assert secret not in str(caught.value)


def test_encrypted_values(start: Start, tmp_path: pathlib.Path) -> None:
    simulator = start(seed=SEED)
    clients = {c["client_id"]: c for c in simulator.control.state()["clients"]}
    key = tmp_path / "key.pem"
    key.write_text(clients["encrypted"]["encryption_private_key"])
    vault = client(simulator, client_id="encrypted", client_secret="encrypted-secret", decryption_key=str(key))
    assert vault.credentials.read(ref("1")).password == "pw-Root-1"
    assert vault.secrets.read("shop-db").data == (
        {"HOSTNAME": "db01", "USERNAME": "app", "PASSWORD": "pw-Db-1"}, {"API_KEY": "abc"},
    )  # fmt: skip
    with pytest.raises(UnexpectedResponse, match="too long for RSA"):
        vault.ssh_keys.read(ref("4"))
    plain = client(simulator, client_id="encrypted", client_secret="encrypted-secret")
    with pytest.raises(UnexpectedResponse, match="too long for RSA"):
        plain.ssh_keys.read(ref("4"))
    with pytest.raises(UnexpectedResponse, match="cannot be decrypted"):
        client(simulator, decryption_key=str(key)).credentials.read(ref("1"))


# --- OAuth 1 ---------------------------------------------------------------------------------------------------------

oauth1 = pytest.mark.skipif(not auth.HAS_OAUTH1, reason="requests-oauthlib is not installed")


@oauth1
@pytest.mark.parametrize(("profile", "dialect"), [("3.32", "auto"), ("4.0", "auto"), ("rest", "rest")])
def test_signatures_are_valid_for_each_kind_of_request(start: Start, profile: str, dialect: str) -> None:
    """The simulator verifies them with oauthlib, nonce and time included."""
    simulator = start(profile)
    vault = client(simulator, dialect=dialect, **OAUTH1)
    assert vault.credentials.read(ref("root@web01")).password == "pw-Root-1"
    new = CredentialWrite("new user é", "web02", "192.0.2.11", identifier="new", password="a+b&c=d%20 é")
    assert vault.credentials.store(new, vault.credentials.match(new)).identifier == "new"
    vault.secrets.store(DsmSecretWrite("fresh", name="a b+c é", engine="Generic", key_value={"K": "v&w=x"}), None)
    assert vault.secrets.read("fresh").data == ({"K": "v&w=x"},)
    assert vault.credentials.disable(ref("new"), vault.credentials.find(ref("new"))) is True
    statuses = {entry["status"] for entry in simulator.control.log()}
    assert statuses <= {200, 201, 404}
    assert simulator.control.counters()["tokens"] == 0
    assert not [line for line in lines(simulator) if "oauth" in line.lower()]


@oauth1
@pytest.mark.parametrize("name", ["consumer_key", "consumer_secret", "token_key", "token_secret"])
def test_a_wrong_key_is_refused_once(start: Start, name: str) -> None:
    simulator = start()
    with pytest.raises(TokenRefused, match="Invalid signature") as caught:
        session(simulator, retries=3, **{**OAUTH1, name: SecretStr("wrong-key")}).call(LIST_CREDENTIALS)
    assert len(lines(simulator)) == 1
    assert "clocks" not in str(caught.value)
    assert "wrong-key" not in str(caught.value)


@oauth1
def test_a_clock_that_is_wrong_is_named(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    from oauthlib import oauth1 as library

    late = types.SimpleNamespace(time=lambda: time.time() - 7200, monotonic=time.monotonic)
    monkeypatch.setattr(hints, "time", late)
    monkeypatch.setattr(library.rfc5849, "generate_timestamp", lambda: str(int(late.time())))
    with pytest.raises(TokenRefused, match="clocks of server and controller differ by (7199|7200|7201) seconds"):
        session(start(), **OAUTH1).call(LIST_CREDENTIALS)


@oauth1
def test_each_attempt_is_signed_anew(start: Start) -> None:
    simulator = start()
    simulator.control.fault("status", status=503, when="after", times=2)
    assert session(simulator, retries=3, **OAUTH1).call(LIST_CREDENTIALS)
    assert [entry["status"] for entry in simulator.control.log()] == [503, 503, 200]

    answers = [http({}, 503), http({}, 503), http(success(credentials=[]).body)]
    with Wire(lambda request, sock: answers.pop(0)) as server:
        vault = DirectApi(settings(url=server.url(), allow_http=True, retries=3, **OAUTH1))
        vault.call(LIST_CREDENTIALS)
    headers = [request.header("authorization") for request in server.requests]
    nonces = {nonce for header in headers for nonce in re.findall('oauth_nonce="([^"]+)"', header)}
    assert len(nonces) == len(headers) == 3
    assert all('oauth_signature_method="HMAC-SHA1"' in header for header in headers)
    assert not [h for h in headers if "secret" in h.replace("oauth_", "").replace("demo-consumer", "")]


@oauth1
def test_the_signature_is_that_of_the_rfc(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compared with one that is computed here step by step, as RFC 5849 section 3.4 describes it."""
    import base64
    import hashlib
    import hmac
    import urllib.parse

    from oauthlib import oauth1 as library

    monkeypatch.setattr(library.rfc5849, "generate_timestamp", lambda: "1790000000")
    monkeypatch.setattr(library.rfc5849, "generate_nonce", lambda: "nonce1")
    seen: list[Received] = []

    def handler(request: Received, sock: t.Any) -> bytes:
        seen.append(request)
        return http({"response": {"status": 200, "credential": {"id": "7", "password": "x"}}})

    with Wire(handler) as server:
        vault = DirectApi(settings(url=server.url(), allow_http=True, dialect="rest", **OAUTH1))
        vault.call(READ_CREDENTIAL, ref="7@x")

    def quote(text: str) -> str:
        return urllib.parse.quote(text, safe="-._~")

    given = {
        "credentialId": "7@x", "oauth_consumer_key": "demo-consumer", "oauth_nonce": "nonce1",
        "oauth_signature_method": "HMAC-SHA1", "oauth_timestamp": "1790000000", "oauth_token": "demo-token",
        "oauth_version": "1.0",
    }  # fmt: skip
    pairs = "&".join(f"{quote(name)}={quote(value)}" for name, value in sorted(given.items()))
    base = "&".join(quote(part) for part in ("GET", f"http://localhost:{server.port}/iso/coe/senha", pairs))
    key = f"{quote('demo-consumer-secret')}&{quote('demo-token-secret')}"
    signature = base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()).decode()
    assert f'oauth_signature="{quote(signature)}"' in seen[0].header("authorization")


# --- writes whose answer is lost -------------------------------------------------------------------------------------

NEW = CredentialWrite("new", "web02", "192.0.2.11", identifier="new", password="new-password")
UNNAMED = CredentialWrite("other", "web02", "192.0.2.11", password="new-password")
UPDATE = CredentialWrite("root", "web01", "192.0.2.10", identifier="web-root", password="new-password")
# What is written, by which operation of the simulator, and whether a read-back can tell if it has landed.
WRITES: dict[str, tuple[str, bool, t.Callable[[Client], t.Any]]] = {
    "create": ("credential.write credential.create", True, lambda c: c.credentials.store(NEW, None)),
    "create without a name": ("credential.write credential.create", False, lambda c: c.credentials.store(UNNAMED, None)),
    "update": (
        "credential.write credential.update", False,
        lambda c: c.credentials.store(UPDATE, c.credentials.info(ref("web-root"))),
    ),
    "disable": ("credential.disable", False, lambda c: c.credentials.disable(ref("1"), None)),
    "key": (
        "key.write key.create", False,
        lambda c: c.ssh_keys.store(SshKeyWrite("k", "u", "web02", "192.0.2.11", "private", "public"), None),
    ),
    "secret": ("secret.write secret.create", True, lambda c: c.secrets.store(DsmSecretWrite("s", key_value={"K": "v"}), None)),
    "secret again": (
        "secret.write secret.update", True,
        lambda c: c.secrets.store(DsmSecretWrite("shop-db", key_value={"K": "v"}), c.secrets.find("shop-db")),
    ),
}  # fmt: skip
# How it goes wrong; whether the client can know that nothing was applied.
FAULTS: dict[str, tuple[dict[str, t.Any], str]] = {
    "reset before": ({"kind": "reset"}, "lost"),
    "reset after": ({"kind": "reset", "when": "after"}, "lost"),
    "closed before": ({"kind": "drop"}, "lost"),
    "closed after": ({"kind": "drop", "when": "after"}, "lost"),
    "cut": ({"kind": "truncate", "keep": 0.5}, "lost"),
    "too late": ({"kind": "latency", "seconds": 3600, "when": "after"}, "lost"),
    "trickling": ({"kind": "trickle", "interval": 0.6}, "lost"),
    "502 before": ({"kind": "status", "status": 502}, "doubtful"),
    "502 after": ({"kind": "status", "status": 502, "when": "after"}, "doubtful"),
    "503 before": ({"kind": "status", "status": 503}, "doubtful"),
    "503 after": ({"kind": "status", "status": 503, "when": "after"}, "doubtful"),
    "504 after": ({"kind": "status", "status": 504, "when": "after"}, "doubtful"),
    "500 after": ({"kind": "status", "status": 500, "when": "after"}, "doubtful"),
    "html after": ({"kind": "html", "status": 200, "when": "after"}, "doubtful"),
    "gzip": ({"kind": "gzip"}, "doubtful"),
    "429": ({"kind": "retry_after", "seconds": 0}, "refused"),
    "expired token": ({"kind": "expired_token"}, "refused"),
}


# They wait for a deadline, so each goes with one dialect only.
SLOW = ("too late", "trickling")
SLOW_WITH = {("3.32", "update"), ("4.0", "create"), ("rest", "secret")}


def attempt(simulator: Simulator, what: str, fault: str) -> None:
    close_all()
    simulator.control.reset()
    operations, can_read_back, work = WRITES[what]
    rule, outcome = FAULTS[fault]
    after = rule.get("when") == "after" or rule["kind"] in ("truncate", "trickle", "gzip")
    vault = client(
        simulator,
        dialect="rest" if simulator.profile == "rest" else "auto",
        retries=3,
        timeout=5.0 if fault in SLOW else 60.0,
    )
    vault.credentials.matching({})
    simulator.control.fault(operation=operations.split(), **rule)
    error: SenhaseguraError | None = None
    try:
        work(vault)
    except SenhaseguraError as exc:
        error = exc
    sent = [entry for entry in simulator.control.log() if entry["operation"] in operations.split()]
    applied = [entry for entry in sent if entry["changed"]]
    assert len(applied) <= 1, [entry["line"] for entry in sent]
    if outcome == "refused" or (outcome == "lost" and can_read_back):
        assert error is None
        assert len(applied) == 1
        assert len(sent) == (1 if after else 2)
    else:
        assert error is not None
        assert len(sent) == 1
        assert len(applied) == after
        if outcome == "lost":
            assert isinstance(error, ResponseLost)
            assert "look at the object on the server" in error.hint
    assert "new-password" not in str(error)


@pytest.mark.parametrize("profile", rows(["3.32", "4.0", "rest"], "4.0", "rest"))
@pytest.mark.parametrize("what", WRITES)
def test_a_write_is_applied_once_at_most(what: str, profile: str) -> None:
    with running(profile) as simulator:
        for fault in FAULTS:
            if fault in SLOW and (profile, what) not in SLOW_WITH:
                continue
            try:
                attempt(simulator, what, fault)
            except AssertionError as exc:
                raise AssertionError(f"{fault}: {exc}") from exc


@pytest.mark.parametrize("profile", ["3.32", "4.0", "rest"])
def test_a_read_is_repeated(profile: str) -> None:
    with running(profile) as simulator:
        for fault in ("reset before", "closed before", "cut", "502 before", "503 after", "504 after", "429"):
            simulator.control.reset()
            vault = client(simulator, dialect="rest" if profile == "rest" else "auto", retries=3, timeout=60.0)
            vault.credentials.matching({})
            simulator.control.fault(operation="credential.read", times=2, **FAULTS[fault][0])
            assert vault.credentials.read(ref("1")).password == "pw-Root-1", fault
            assert len([e for e in simulator.control.log() if e["operation"] == "credential.read"]) == 3, fault
