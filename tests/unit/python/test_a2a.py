# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client of the Python library: what the integration guide shows of it, custody, and requests of one's own."""

from __future__ import annotations

import inspect
import logging
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from workspace import library

import senhasegura
from ansible_collections.community.senhasegura.tests.unit.python.vaults import (
    CHANGED_PASSWORD,
    DSM_PASSWORD,
    OAUTH1,
    PASSWORD,
    Vault,
)
from senhasegura import A2A, ApiResponse
from senhasegura._core.settings import config_file
from senhasegura._core.settings.options import OPTIONS
from senhasegura.exceptions import (
    APIError,
    AuthenticationError,
    ConfigError,
    ConnectionFailed,
    CustodyHeld,
    Denied,
    FieldNotFound,
    NotFound,
    Refused,
    ResponseLost,
    ServerBusy,
    UnexpectedResponse,
)

each_profile = pytest.mark.parametrize("vault", ["3.32", "4.0", "rest"], indirect=True)
guide = pytest.mark.parametrize("vault", ["rest"], indirect=True)


@each_profile
def test_values_are_read_in_each_dialect(vault: Vault) -> None:
    with vault.client() as client:
        number = int(client.credential_info("web-root").id)
        for name in (number, str(number), "web-root", "root@web01", f"id:{number}", "identifier:web-root"):
            assert client.get_password(name) == PASSWORD
        key = client.get_ssh_key("deploy-key")
        assert key.private_key.startswith("-----BEGIN OPENSSH PRIVATE KEY-----\n")
        assert client.ssh_key_info("deploy-key").username == "deploy"
        assert client.get_secret_value("shop-db", "PASSWORD") == DSM_PASSWORD
        assert [secret.identifier for secret in client.list_secrets()] == ["shop-db"]
        assert [entry.identifier for entry in client.list_credentials(hostname="WEB02")] == ["db-app"]
        assert [entry.identifier for entry in client.list_ssh_keys()] == ["deploy-key"]


def test_nothing_is_sent_before_the_first_call_and_one_login_serves_all(vault: Vault) -> None:
    client = vault.client()
    assert vault.control.counters()["requests_total"] == 0
    threads = [threading.Thread(target=client.get_password, args=(1,)) for _n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _n in range(90):
        client.get_password(1)
    assert (vault.tokens, vault.reads()) == (1, 100)


@guide
def test_the_code_of_the_guide_runs_as_it_is(vault: Vault) -> None:
    client = A2A(
        base_url=vault.url,
        client_id="demo",
        client_secret="demo-secret-0123456789abcdef",
        auth_method="oauth2",
        ca_path=vault.ca_path,
    )
    response = client.get("/iso/coe/senha", params={"credentialId": 1})
    assert response.json()["response"]["credential"]["password"] == PASSWORD
    credentials = client.get("/api/pam/credential")
    found = [
        f"{c['identifier']}: {c['username']}@{c['hostname']}" for c in credentials.json()["response"]["credentials"]
    ]
    assert "web-root: root@web01" in found
    body = {"identifier": "new-service", "username": "svc_user", "password": "SecurePass123!", "hostname": "web01"}
    new_cred = client.post("/api/pam/credential", json=body)
    new_cred.raise_for_status()
    assert vault.client().get_password("new-service") == "SecurePass123!"
    client.put("/api/pam/credential/1", json={**body, "identifier": "web-root", "username": "root"}).raise_for_status()
    client.delete("/iso/pam/credential/custody/1").raise_for_status()
    assert not vault.in_custody("web-root")


@guide
def test_the_errors_of_the_guide(vault: Vault) -> None:
    with pytest.raises(APIError, match="1007|not found") as caught:
        vault.client().get("/api/pam/credential/999").raise_for_status()
    assert not isinstance(caught.value, AuthenticationError)
    assert isinstance(caught.value.message, str)
    assert caught.value.status_code in (400, 404)
    with pytest.raises(AuthenticationError, match="does not accept") as refused:
        vault.client(client_secret="wrong-secret-1").get("/api/pam/credential/1")
    assert refused.value.status_code == 401
    assert "wrong-secret-1" not in str(refused.value)


def test_oauth_1(vault: Vault) -> None:
    client = A2A(base_url=vault.url, **OAUTH1, auth_method="oauth1", ca_path=vault.ca_path)
    assert client.get_password("web-root") == PASSWORD
    assert client.get("/api/pam/credential/1").json()["credential"]["password"] == PASSWORD
    wrong = A2A(vault.url, **{**OAUTH1, "token_secret": "wrong"}, auth_method="oauth1", ca_path=vault.ca_path)
    with pytest.raises(AuthenticationError, match="signature"):
        wrong.get("/api/pam/credential/1")
    assert vault.tokens == 0


# Custody.


@each_profile
def test_custody_is_given_back_at_the_end_of_a_block(vault: Vault) -> None:
    with vault.client() as client:
        client.get_password("web-root")
        client.get_ssh_key("deploy-key")
        assert vault.in_custody("web-root")
    assert not vault.in_custody("web-root")
    # The guide's own dialect has no custody of keys.
    assert vault.profile == "rest" or not vault.in_custody("deploy-key")


def test_custody_is_given_back_when_the_block_fails_or_gave_it_back_itself(vault: Vault) -> None:
    with pytest.raises(KeyError), vault.client() as client:
        client.get_password("web-root")
        raise KeyError
    assert not vault.in_custody("web-root")
    with vault.client() as client:
        for name in ("web-root", "root@web01", "1", 1):
            client.get_password("web-root")
            assert client.release_custody(name)
        assert not client.release_custody(1)
    lines = [entry["line"] for entry in vault.control.log() if "custody" in entry["line"]]
    assert len(lines) == 6


def test_a_release_at_the_end_needs_one_list_for_all(vault: Vault) -> None:
    with vault.client() as client:
        client.get_password(1)
        client.get_password(1)
        client.get_ssh_key("id:3")
    assert vault.control.counters()["requests"]["GET /api/pam/credential"] == 1


def test_what_the_vault_would_change_is_kept_unless_it_may(vault: Vault, caplog: pytest.LogCaptureFixture) -> None:
    with vault.client() as client:
        assert client.get_password("db-app") == CHANGED_PASSWORD
    assert vault.in_custody("db-app")
    assert "custody of credential db-app is kept" in caplog.text
    with pytest.raises(Refused):
        vault.client().release_custody("db-app")
    with pytest.raises(Refused):
        vault.client().get_password("db-app", release=True)
    with vault.client() as client:
        client.get_password("db-app", allow_vault_rotation=True)
    assert not vault.in_custody("db-app")
    assert CHANGED_PASSWORD not in caplog.text


def test_release_gives_back_at_once(vault: Vault) -> None:
    assert vault.client().get_password("web-root", release=True) == PASSWORD
    assert not vault.in_custody("web-root")


def test_a_release_that_fails_is_told_and_tried_again(vault: Vault, caplog: pytest.LogCaptureFixture) -> None:
    vault.control.fault("status", status=500, operation="custody.release", times=None)
    client = vault.client(retries=0)
    with pytest.raises(CustodyHeld, match="custody of credential 1 could not be given back"), client:
        client.get_password(1)
    # An error of the block itself is more important.
    with pytest.raises(KeyError), vault.client(retries=0) as client:
        client.get_password(1)
        raise KeyError
    assert "could not be given back" in caplog.text
    client = vault.client(retries=0)
    assert client.get_password("web-root", release=True) == PASSWORD
    vault.control.clear_faults()
    client.release_all()
    assert not vault.in_custody("web-root")


def test_custody_that_was_perhaps_taken_is_given_back_too(vault: Vault) -> None:
    vault.control.fault("drop", operation="credential.read", when="after")
    with pytest.raises(ResponseLost), vault.client(retries=0) as client:
        client.get_password("web-root")
    assert vault.reads() == 1
    assert not vault.in_custody("web-root")


def test_custody_of_what_cannot_be_opened_is_given_back_too(encrypting_vault: Vault) -> None:
    vault = encrypting_vault
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    pem = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    another = pem.decode()
    with (
        pytest.raises(UnexpectedResponse, match="value of password"),
        vault.client("encrypted", "encrypted-secret", decryption_key=another) as client,
    ):
        client.get_password("web-root")
    assert not vault.in_custody("web-root")


def test_ciphertext_is_warned_of(encrypting_vault: Vault, caplog: pytest.LogCaptureFixture) -> None:
    encrypting_vault.client("encrypted", "encrypted-secret").get_password("web-root", release=True)
    assert "password of credential web-root looks like ciphertext" in caplog.text


# Requests of one's own.


def test_what_a_response_has(vault: Vault) -> None:
    response = vault.client().get("/api/pam/credential/1")
    assert response.status_code == 200
    assert response.ok
    assert response.json()["credential"]["password"] == PASSWORD
    assert PASSWORD in response.text
    assert response.headers["content-type"].startswith("application/json")
    assert PASSWORD not in repr(response)
    with pytest.raises(ValueError, match="JSON|Expecting"):
        ApiResponse("GET", "/", 200, {}, b"<html>").json()
    ApiResponse("GET", "/", 204, {}, b"").raise_for_status()


def test_an_error_in_a_document_with_200_is_one(vault: Vault) -> None:
    body = b'{"response": {"status": 400, "error": true, "message": "1007: nothing"}}'
    response = ApiResponse("GET", "/api/pam/credential/9", 200, {"content-type": "application/json"}, body)
    assert not response.ok
    with pytest.raises(NotFound):
        response.raise_for_status()


def test_a_token_that_ends_is_renewed_once(vault: Vault) -> None:
    client = vault.client()
    client.get("/api/pam/credential")
    vault.control.advance(7200)
    assert client.delete("/api/pam/credential/custody/1").status_code == 400
    assert vault.tokens == 2
    vault.control.fault("status", status=401, operation="credential.list", times=None)
    with pytest.raises(AuthenticationError):
        client.get("/api/pam/credential")


@pytest.mark.parametrize(("method", "sent"), [("get", 3), ("post", 1)])
def test_only_reads_are_repeated(vault: Vault, method: str, sent: int) -> None:
    vault.control.fault("status", status=503, path="/api/pam/credential", times=None)
    with pytest.raises(ServerBusy) as caught:
        getattr(vault.client(retries=2), method)("/api/pam/credential")
    assert caught.value.status_code == 503
    assert sum(entry["line"].endswith("/api/pam/credential HTTP/1.1") for entry in vault.control.log()) == sent


@pytest.mark.parametrize("path", ["", "api/pam", "https://evil.example/x", "@evil.example/", "/a\nb"])
def test_a_path_cannot_lead_elsewhere(vault: Vault, path: str) -> None:
    with pytest.raises(ConfigError, match="path must begin with a slash"):
        vault.client().get(path)
    assert vault.tokens == 0


def test_headers_and_bodies_of_ones_own(vault: Vault) -> None:
    client = vault.client()
    headers = {"authorization": "Bearer wrong", "HOST": "evil", "X-Request": "1"}
    assert client.get("/api/pam/credential", {"a": None, "b": 1}, headers=headers).ok
    assert "?b=1 " in vault.control.log()[-1]["line"]
    assert client.post("/iso/cicd/variables", data={"application": "shop"}).status_code < 500
    with pytest.raises(ConfigError, match="exclude each other"):
        client.post("/x", json={}, data={})
    with pytest.raises(ConfigError, match="no form for"):
        client.post("/x", json={"value": object()})


def test_what_was_sent_is_not_shown_when_the_server_quotes_it(vault: Vault) -> None:
    secret = "SecurePass123!"
    vault.control.fault("status", status=400, operation="credential.write", message=f"bad {secret} here")
    response = vault.client().post("/api/pam/credential", json={"users": [{"password": secret}]})
    with pytest.raises(APIError) as caught:
        response.raise_for_status()
    assert secret in response.text
    assert secret not in str(caught.value)
    assert "here" in str(caught.value)


# Settings and errors.


def test_missing_and_wrong_arguments_are_named_as_this_library_calls_them() -> None:
    with pytest.raises(ConfigError, match=r"client_secret is not set. Pass the argument client_secret\Z"):
        A2A("https://pam.example.com", "id")
    with pytest.raises(ConfigError, match="timeout from the argument timeout must be a number of seconds"):
        A2A("https://pam.example.com", "id", "secret", timeout=-1)
    with pytest.raises(ConfigError, match="url from the argument base_url must be text without control characters"):
        A2A("https://pam\n.example.com", "id", "secret")
    with pytest.raises(ConfigError, match="url is not set. Pass the argument base_url"):
        A2A("", "id", "secret")


def test_each_connection_option_is_an_argument_with_its_default() -> None:
    arguments = dict(inspect.signature(A2A).parameters)
    assert arguments.pop("base_url")
    options = {option.name: option.default for option in OPTIONS if option.name not in ("url", "config_file")}
    assert {name: argument.default for name, argument in arguments.items()} == options


def test_the_constructor_takes_nothing_from_the_environment(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in vault.env.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match="client_id is not set"):
        A2A(vault.url)
    assert A2A.from_environment().get_password("web-root") == PASSWORD
    with pytest.raises(AuthenticationError):
        A2A.from_environment(client_secret="wrong").list_credentials()


def test_the_file_of_the_dsm_cli(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("".join(f'{name}: "{value}"\n' for name, value in vault.env.items()))
    file.chmod(0o644)
    for name in vault.env:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SENHASEGURA_CONFIG_FILE", str(file))
    assert A2A.from_environment().get_password("web-root") == PASSWORD
    assert "chmod 600" in caplog.text
    empty = tmp_path / "empty.yaml"
    empty.write_text("OTHER: 1\n")
    with pytest.raises(ConfigError, match="client_id is not set. Set the environment variable SENHASEGURA_CLIENT_ID"):
        A2A.from_environment(config_file=str(empty), url="https://pam.example.com")


def test_the_file_needs_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    config_file._text_loader.cache_clear()
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(ConfigError, match="config_file needs the Python library PyYAML.*pip install PyYAML"):
        A2A.from_environment(config_file="/etc/senhasegura.yaml")


def test_switched_off_verification_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    A2A("https://pam.example.com", "id", "secret", validate_certs=False)
    assert "validate_certs is false" in caplog.text


def test_a_ca_as_text(vault: Vault) -> None:
    assert vault.client(ca_path=Path(vault.ca_path).read_text()).get_password("web-root") == PASSWORD


def test_errors_are_of_classes_of_their_own(vault: Vault) -> None:
    client = vault.client()
    with pytest.raises(NotFound):
        client.get_password("none")
    with pytest.raises(FieldNotFound, match="Its keys are: PASSWORD, USERNAME"):
        client.get_secret_value("shop-db", "NONE")
    vault.control.fault("refuse", number=1039, operation="credential.read")
    with pytest.raises(Denied):
        client.get_password(1)
    with pytest.raises(ConnectionFailed):
        A2A("https://localhost:1", "id", "secret", retries=0).list_credentials()


def test_no_secret_is_in_a_log(vault: Vault, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        vault.client().get_password("web-root")
        vault.client().get("/api/pam/credential/1")
    assert PASSWORD not in caplog.text
    assert "demo-secret" not in caplog.text


def test_the_version_is_that_of_the_collection() -> None:
    import yaml
    from workspace import ROOT

    assert senhasegura.__version__ == yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"]


def test_nothing_of_ansible_is_imported() -> None:
    code = """
import pkgutil, sys

class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("ansible", "ansible_collections"):
            raise AssertionError(name)

sys.meta_path.insert(0, Refused())
import senhasegura
names = [module.name for module in pkgutil.walk_packages(senhasegura.__path__, "senhasegura.")]
import pathlib
folder = pathlib.Path(senhasegura.__path__[0])
names += ["senhasegura." + ".".join(path.relative_to(folder).with_suffix("").parts) for path in folder.joinpath("_core").rglob("*.py")]
for name in names:
    if not name.endswith("__main__"):
        __import__(name)
print(len(names))
"""
    done = subprocess.run(
        [sys.executable, "-S", "-c", "import site; site.main()\n" + code],
        env={"PYTHONPATH": str(library())},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert int(done.stdout) > 100
