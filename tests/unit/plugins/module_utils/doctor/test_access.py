# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clients and authorizations that are wrong in some way, at the simulator, which knows nothing of the doctor."""

from __future__ import annotations

import base64
import email.utils
import time
import types
import typing as t

import pytest

pytest.importorskip("requests")
pytest.importorskip("senhasegura_simulator")
pytest.importorskip("aiohttp")
from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import client_over
from ansible_collections.community.senhasegura.plugins.module_utils.client.direct_api import DirectApi
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.operations import LIST_CREDENTIALS
from ansible_collections.community.senhasegura.plugins.module_utils.doctor.check_api import CheckApi
from ansible_collections.community.senhasegura.plugins.module_utils.operations import doctor
from ansible_collections.community.senhasegura.plugins.module_utils.references import Reference
from ansible_collections.community.senhasegura.plugins.plugin_utils.plugin_options import validate
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.doctor.examining import (
    Examined,
    examine,
)
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.support import (
    OAUTH1,
    Scripted,
    entry,
    settings,
    success,
)
from senhasegura_simulator import auth
from senhasegura_simulator.server import Simulator

SECRET = "secret-0123456789abcdef"
PASSWORD, DSM_VALUE = "pw-Root-1-Zq4", "pw-Db-1-Xv9"


def named(client: str) -> str:
    """The client id, which no text may quote: so it is no word."""
    return f"{client}-8d2f41"


def authorization(client_id: str, **limits: t.Any) -> dict[str, t.Any]:
    return {"client_id": named(client_id), "client_secret": SECRET, "application": "shop", **limits}


SEED: dict[str, t.Any] = {
    "clients": [
        authorization(
            "good",
            consumer_key="demo-consumer", consumer_secret="demo-consumer-secret",
            token_key="demo-token", token_secret="demo-token-secret",
        ),
        authorization("revoked", enabled=False),
        authorization("expired", expires="2020-01-01T00:00:00+00:00"),
        authorization("elsewhere", allowed_ips=["192.0.2.0/24"]),
        authorization("referer", allowed_referers=["https://portal.example/*"]),
        authorization("reader", read_only=True),
        authorization("dsm-only", resources=["Application"]),
        authorization("pam-only", resources=["PAM Core"]),
        authorization("nothing", resources=["CI/CD"]),
        authorization("empty", credentials=[], application="none"),
    ],
    "devices": [{"hostname": "web01", "ip": "192.0.2.10"}],
    "credentials": [
        {"identifier": "web-root", "username": "root", "hostname": "web01", "password": PASSWORD},
        {"identifier": "auto", "username": "app", "hostname": "web01", "password": "pw", "automatic_change": True},
        {"identifier": "taken", "username": "x", "hostname": "web01", "password": "pw", "custody_client": "reader-8d2f41"},
    ],
    "keys": [{"identifier": "deploy-key", "username": "deploy", "hostname": "web01", "generate": "ed25519"}],
    "applications": [
        {
            "name": "shop", "system": "shop", "environment": "prod",
            "secrets": [{"identity": "shop-db", "name": "db", "data": [{"PASSWORD": DSM_VALUE}]}],
        },
        {"name": "none", "system": "none", "environment": "prod"},
    ],
}  # fmt: skip


def at(simulator: Simulator, client_id: str = "good", **details: t.Any) -> Examined:
    """Examine a simulator. It holds for each result that no value of the vault is in it."""
    known = {"ca_path": simulator.ca_path, "client_id": named(client_id), "client_secret": SECRET, "timeout": 20.0}
    found = examine(simulator.url, **{**known, **details})
    assert PASSWORD not in str(found.result)
    assert DSM_VALUE not in str(found.result)
    return found


@pytest.fixture(scope="module")
def simulator() -> t.Iterator[Simulator]:
    """One for all tests that change nothing there."""
    with Simulator(seed=SEED) as running:
        yield running


@pytest.mark.parametrize(("profile", "dialect"), [("4.0", "auto"), ("3.32", "iso"), ("rest", "rest")])
def test_nothing_is_broken(profile: str, dialect: str) -> None:
    with Simulator(profile=profile, seed=SEED) as running:
        found = at(running, dialect=dialect)
        log = running.control.log()
        state = running.control.state()
    assert found.statuses("warning", "failed") == {}
    # Nobody has said what may be read.
    assert found.statuses("skipped") == {"custody": "skipped"}
    keys = "" if profile == "rest" else " and 1 SSH key"
    assert found["credentials"]["verdict"] == f"the client sees 3 credentials{keys}"
    assert found["dsm"]["verdict"] == "the client sees 1 DSM secret"
    assert found.result["msg"] == "18 checks: 17 ok, 1 skipped"
    # No custody is taken and nothing is written: the one write is refused.
    assert "credential.read" not in [entry["operation"] for entry in log]
    assert [entry["changed"] for entry in log if entry["line"].startswith("POST") and "token" not in entry["line"]] == [
        False
    ]
    assert len(state["items"]) == len(SEED["credentials"] + SEED["keys"])
    assert len(log) == 4


def test_check_mode_sends_reads_only(simulator: Simulator) -> None:
    before = len(simulator.control.log())
    found = at(simulator, options={"credential": "web-root", "expect": ["write"]}, check_mode=True)
    lines = [entry["line"].split()[:2] for entry in simulator.control.log()[before:]]
    assert lines == [
        ["POST", "/api/oauth2/token"],
        ["GET", "/api/pam/credential"],
        ["GET", "/iso/dapp/application"],
    ]
    assert found.statuses("skipped") == {"write": "skipped", "custody": "skipped"}


# --- login -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("client_id", ["good", "revoked", "expired", "nobody"])
def test_login_that_is_refused(simulator: Simulator, client_id: str) -> None:
    """The server has one answer for all of these, so the fix names them all."""
    wrong = {"client_secret": "wrong-secret-0123456789"} if client_id == "good" else {}
    found = at(simulator, client_id, **wrong)
    assert found.failed == ["login"]
    assert "does not accept client_id and client_secret" in found["login"]["verdict"]
    for part in ("client_secret", "enabled", "not expired", "tenant"):
        assert part in found["login"]["fix"]
    assert list(found.statuses("skipped"))[-6:] == ["pam", "credentials", "write", "custody", "dsm", "encryption"]


def test_tenant_missing() -> None:
    with Simulator(seed=SEED, tenant_required=True) as running:
        by_address = running.url.replace("localhost", "127.0.0.1")
        found = examine(
            by_address, ca_path=running.ca_path, client_id=named("good"), client_secret=SECRET, timeout=20.0
        )
        assert found.failed == ["login"]
        assert found["tenant"]["status"] == "warning"
        assert "Set tenant" in found["tenant"]["fix"]
        cured = at(running, tenant="acme")
        assert cured["tenant"]["verdict"] == "the server accepts the tenant acme"
        wrong = at(running, tenant="beta")
        assert wrong.failed == ["login"]
        assert "tenant" in wrong["login"]["fix"]


def test_tenant_that_the_server_names(simulator: Simulator) -> None:
    body = '{"error": "invalid_request", "error_description": "The tenant does not exist"}'
    rule = {"status": 400, "operation": "token", "body": body}
    simulator.control.fault("status", **rule)
    found = at(simulator, tenant="beta")
    assert found.failed == ["tenant"]
    assert "subdomain" in found["tenant"]["fix"]
    assert found["login"]["status"] == "skipped"


def test_clock_with_oauth_1(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of the server is an hour ahead: in its signatures and in what it tells."""
    later = types.SimpleNamespace(time=lambda: time.time() + 3600)
    monkeypatch.setattr(auth, "time", later)
    with Simulator(seed=SEED) as running:
        date = {"Date": email.utils.formatdate(time.time() + 3600, usegmt=True)}
        running.control.fault("headers", set=date, times="forever")
        found = at(running, **OAUTH1)
    assert found.failed == ["clock", "login"]
    assert "seconds slow" in found["clock"]["verdict"]
    assert "NTP" in found["clock"]["fix"]
    assert 3500 < int(found["clock"]["verdict"].split(" seconds")[0].split()[-1]) < 3700


def test_clock_with_oauth_2() -> None:
    """The token needs no clock: it works, and is worth a warning."""
    with Simulator(seed=SEED) as running:
        date = {"Date": email.utils.formatdate(time.time() - 7200, usegmt=True)}
        running.control.fault("headers", set=date, times="forever")
        found = at(running)
    assert found.statuses("warning", "failed") == {"clock": "warning"}
    assert "seconds fast" in found["clock"]["verdict"]


def test_oauth_1(simulator: Simulator) -> None:
    assert at(simulator, **OAUTH1).statuses("warning", "failed") == {}
    found = at(simulator, **{**OAUTH1, "token_secret": OAUTH1["consumer_secret"]})
    assert found.failed == ["login"]
    assert "signature" in found["login"]["verdict"]
    assert found["clock"]["status"] == "ok"


@pytest.mark.parametrize(("profile", "dialect"), [("4.0", "auto"), ("3.32", "auto")])
def test_ip_not_allowed(profile: str, dialect: str) -> None:
    with Simulator(profile=profile, seed=SEED) as running:
        found = at(running, "elsewhere", dialect=dialect)
    assert found.failed == ["address"]
    assert "address of this controller is not allowed" in found["address"]["verdict"]
    assert "allowed IPs" in found["address"]["fix"]
    assert found["login"]["status"] == "ok"
    assert found["pam"]["status"] == found["dsm"]["status"] == "skipped"


def test_ip_not_allowed_to_log_in(simulator: Simulator) -> None:
    simulator.control.fault("status", status=403, operation="token", message="Forbidden")
    found = at(simulator)
    assert found.failed == ["address"]
    assert found["login"]["status"] == "skipped"


def test_referer_wanted(simulator: Simulator) -> None:
    found = at(simulator, "referer")
    assert found.failed == ["pam", "dsm"]
    assert "referers" in found["pam"]["fix"]


DIALECTS = [
    ("3.32", "api", "Set dialect to auto or iso"), ("4.0", "iso", "Set dialect to auto or api"),
    ("4.0", "rest", "Set dialect to auto or api"), ("rest", "api", "Set dialect to rest"), ("rest", "auto", "Set dialect to rest"),
]  # fmt: skip


@pytest.mark.parametrize(("profile", "dialect", "fix"), DIALECTS)
def test_wrong_dialect(profile: str, dialect: str, fix: str) -> None:
    with Simulator(profile=profile, seed=SEED, legacy_paths=False) as running:
        found = at(running, dialect=dialect)
    assert found.failed == ["dialect"]
    assert found["dialect"]["fix"] == fix
    # The rest is examined with the right one.
    assert found["pam"]["status"] == found["dsm"]["status"] == "ok"


# --- rights ----------------------------------------------------------------------------------------------------------


def test_pam_not_granted(simulator: Simulator) -> None:
    found = at(simulator, "dsm-only")
    assert found.statuses("warning", "failed") == {"pam": "warning"}
    found = at(simulator, "dsm-only", options={"expect": ["pam"]})
    assert found.failed == ["pam"]
    assert "resource is not granted" in found["pam"]["verdict"]
    assert "PAM Core" in found["pam"]["fix"]


def test_dsm_not_granted(simulator: Simulator) -> None:
    assert at(simulator, "pam-only").statuses("warning", "failed") == {"dsm": "warning"}
    found = at(simulator, "pam-only", options={"expect": ["dsm"]})
    assert found.failed == ["dsm"]
    assert "Application and Secret Management" in found["dsm"]["fix"]


def test_neither_is_granted(simulator: Simulator) -> None:
    assert at(simulator, "nothing").failed == ["pam", "dsm"]


def test_read_only(simulator: Simulator) -> None:
    assert at(simulator, "reader").statuses("warning", "failed") == {"write": "warning"}
    found = at(simulator, "reader", options={"expect": ["write"]})
    assert found.failed == ["write"]
    assert "read-only" in found["write"]["verdict"]
    assert "read and write" in found["write"]["fix"]


def test_nothing_assigned(simulator: Simulator) -> None:
    found = at(simulator, "empty")
    assert found.statuses("warning", "failed") == {"credentials": "warning", "dsm": "warning"}
    found = at(simulator, "empty", options={"expect": ["pam", "dsm"]})
    assert found.failed == ["credentials", "dsm"]
    assert "tab Credential" in found["credentials"]["fix"]
    assert "tab Secrets" in found["dsm"]["fix"]


def test_custody(simulator: Simulator) -> None:
    found = at(simulator, options={"credential": "web-root"})
    assert found["custody"]["verdict"] == "credential web-root was read, and its custody given back"
    assert PASSWORD in found.announced
    assert simulator.control.credential(1)["custody_client"] is None


@pytest.mark.parametrize(
    ("credential", "status", "verdict"),
    [("auto", "warning", "make the vault change"), ("nobody", "failed", "not found")],
)
def test_custody_that_is_not_to_be_had(simulator: Simulator, credential: str, status: str, verdict: str) -> None:
    before = len(simulator.control.log())
    found = at(simulator, options={"credential": credential})
    assert found["custody"]["status"] == status
    assert verdict in found["custody"]["verdict"]
    assert "credential.read" not in [entry["operation"] for entry in simulator.control.log()[before:]]


def test_custody_of_somebody_else() -> None:
    with Simulator(seed=SEED, simultaneous_viewing=False) as running:
        found = at(running, options={"credential": "taken"})
    assert found.failed == ["custody"]


def test_encryption_without_key(tmp_path: t.Any) -> None:
    seed = {**SEED, "clients": [*SEED["clients"], authorization("sealed", encryption="generate")]}
    with Simulator(seed=seed) as running:
        found = at(running, "sealed")
        assert found.failed == ["encryption"]
        assert "decryption_key" in found["encryption"]["fix"]
        key = tmp_path / "key.pem"
        client = running.control.state()["clients"][-1]
        key.write_text(client["encryption_private_key"])
        options = {"credential": "web-root"}
        cured = at(running, "sealed", decryption_key=str(key), options=options)
        assert cured["encryption"]["verdict"] == "decryption_key opens what was read"
        with_wrong_key = at(running, "good", decryption_key=str(key))
        assert with_wrong_key.failed == ["encryption"]
        assert "cannot be decrypted" in with_wrong_key["encryption"]["verdict"]


def test_one_value_that_looks_encrypted() -> None:
    """It may be stored like that: an authorization encrypts all that it hands out."""
    value = base64.b64encode(bytes(range(256))).decode()
    secrets = [{"identity": "a", "data": [{"X": value}]}, {"identity": "b", "data": [{"X": DSM_VALUE}]}]
    seed = {**SEED, "applications": [{"name": "shop", "secrets": secrets}, SEED["applications"][1]]}
    with Simulator(seed=seed) as running:
        found = at(running)
    assert found.statuses("warning", "failed") == {"encryption": "warning"}
    assert "1 of 2" in found["encryption"]["verdict"]


class Noting(Scripted):
    """Notes the deadline of each request."""

    def __init__(self, replies: dict[str, t.Any]) -> None:
        super().__init__(replies)
        self.deadlines: list[tuple[str, t.Any]] = []

    def send(self, method: str, path: str, *, deadline: t.Any, **details: t.Any) -> t.Any:
        self.deadlines.append((f"{method} {path}", deadline))
        return super().send(method, path, deadline=deadline, **details)


def test_the_requests_of_a_check_share_its_time() -> None:
    """All but the release: custody must not be kept because the read was slow."""
    listed = success(credentials=[entry(1, "web-root")])
    read = success(credential={"id": "1", "password": "p", "username": "root", "hostname": "web01"})
    sender = Noting(
        {
            "GET /api/pam/credential": listed,
            "GET /api/pam/credential/1": read,
            "DELETE /api/pam/credential/custody/1": success(),
        }
    )
    api = CheckApi(DirectApi(settings(), transport=sender))
    client_over(api).credentials.read(Reference("web-root"), release=True)
    api.begin()
    api.call(LIST_CREDENTIALS)
    places, deadlines = zip(*sender.deadlines, strict=True)
    assert places[1:] == (
        "GET /api/pam/credential",
        "GET /api/pam/credential/1",
        "DELETE /api/pam/credential/custody/1",
        "GET /api/pam/credential",
    )
    assert len(set(map(id, deadlines[:3]))) == 1
    assert len(set(map(id, deadlines))) == 3


# --- the result ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("client_id", "fail_on", "failed"),
    [
        ("nobody", "never", False), ("reader", "failed", False), ("reader", "warning", True), ("good", "warning", False),
    ],
)  # fmt: skip
def test_what_fails_the_task(simulator: Simulator, client_id: str, fail_on: str, failed: bool) -> None:
    params = validate({"fail_on": fail_on}, doctor.SPEC, doctor.RULES)
    known = settings(url=simulator.url, ca_path=simulator.ca_path, client_id=named(client_id), client_secret=SECRET)
    result = doctor.run(known, params, False, lambda secrets: None)
    assert result.get("failed", False) is failed
    assert result["status"] == {"nobody": "failed", "reader": "warning", "good": "ok"}[client_id]
    if failed:
        assert result["msg"].startswith("write: ")
