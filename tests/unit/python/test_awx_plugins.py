# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The credential plugins for AWX: as AWX itself calls them, with the classes of awx_plugins where those are."""

from __future__ import annotations

import logging
import os
import re
import signal
import threading
import traceback
from pathlib import Path
from typing import Any

import pytest
import yaml
from workspace import ROOT

from ansible_collections.community.senhasegura.tests.unit.python.vaults import (
    CHANGED_PASSWORD,
    DSM_PASSWORD,
    PASSWORD,
    SECRET,
    Vault,
)
from senhasegura import awx
from senhasegura.awx import dsm_plugin, pam_plugin

PLUGINS = {"senhasegura_pam": pam_plugin, "senhasegura_dsm": dsm_plugin}
# What AWX and Automation Platform take in the inputs of a plugin (awx_plugins.credentials._types).
FIELD_KEYS = {"id", "label", "type", "format", "secret", "multiline", "help_text", "default", "choices"}
METADATA_KEYS = FIELD_KEYS - {"format", "secret"}


@pytest.fixture(autouse=True)
def _no_clients() -> None:
    awx._clients.forget()


class Source:
    """A credential of a plugin's type in AWX, as its API stores it: what is empty is left out, no default is set."""

    def __init__(self, vault: Vault, plugin: Any = pam_plugin, **fields: Any) -> None:
        self.plugin = plugin
        self.fields = {
            "url": vault.url,
            "client_id": "demo",
            "client_secret": SECRET,
            "ca_content": Path(vault.ca_path).read_text(),
            **fields,
        }

    def value(self, **metadata: Any) -> str:
        """What AWX gets for a link with this metadata."""
        return str(self.plugin.backend(**self.fields, **metadata))


@pytest.mark.parametrize(
    ("metadata", "value", "reads"),
    [
        ({"secret_id": "web-root"}, PASSWORD, 1),
        ({"secret_id": "web-root", "secret_type": "", "secret_field": "", "custody": ""}, PASSWORD, 1),
        ({"secret_id": "root@web01", "secret_type": "credential", "secret_field": "password"}, PASSWORD, 1),
        ({"secret_id": "1", "secret_field": "username"}, "root", 0),
        ({"secret_id": "web-root", "secret_field": "automatic_change"}, "false", 0),
        ({"secret_id": "web-root", "secret_field": "port"}, "22", 1),
        ({"secret_id": "deploy-key", "secret_type": "ssh_key", "secret_field": "username"}, "deploy", 0),
    ],
)
def test_a_field_of_a_credential(vault: Vault, metadata: dict[str, str], value: str, reads: int) -> None:
    found = Source(vault).value(**metadata)
    assert (type(found), found) == (str, value)
    assert vault.reads() == reads


def test_a_private_key(vault: Vault) -> None:
    source = Source(vault)
    key = source.value(secret_id="deploy-key", secret_type="ssh_key")
    assert key.startswith("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    assert key == source.value(secret_id="deploy-key", secret_type="ssh_key", secret_field="private_key")
    assert source.value(secret_id="deploy-key", secret_type="ssh_key", secret_field="public_key").startswith("ssh-")


def test_a_value_of_a_secret(vault: Vault) -> None:
    assert Source(vault, dsm_plugin).value(secret_id="shop-db", secret_field="PASSWORD") == DSM_PASSWORD
    assert vault.reads() == 0


def test_100_calls_cost_one_token(vault: Vault) -> None:
    source, secrets = Source(vault), Source(vault, dsm_plugin)
    threads = [threading.Thread(target=source.value, kwargs={"secret_id": "web-root"}) for _n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _n in range(46):
        source.value(secret_id="web-root")
        secrets.value(secret_id="shop-db", secret_field="PASSWORD")
    assert vault.reads() == 54
    assert vault.tokens == 1
    assert vault.control.counters()["tcp_connections"] <= 8


def test_another_client_or_time_costs_another_token(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    Source(vault).value(secret_id="web-root")
    Source(vault, client_id="limited", client_secret="limited-secret").value(secret_id="web-root")
    assert vault.tokens == 2
    now = awx.time.monotonic()
    monkeypatch.setattr(awx.time, "monotonic", lambda: now + awx.CLIENT_LIFETIME + 1)
    Source(vault).value(secret_id="web-root")
    assert vault.tokens == 3
    assert len(awx._clients._known) == 1


def test_there_are_not_too_many_clients(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awx, "MOST_CLIENTS", 3)
    for timeout in range(1, 7):
        Source(vault, timeout=str(timeout)).value(secret_id="1", secret_field="username")
    assert len(awx._clients._known) == 3


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_fork_has_clients_of_its_own(vault: Vault) -> None:
    source = Source(vault)
    source.value(secret_id="web-root")
    # As if another thread was inside while the process forks.
    with awx._clients._lock:
        child = os.fork()
        if child == 0:
            code = 1
            # Without clients of its own, it would wait for ever.
            signal.alarm(60)
            try:
                code = 0 if source.value(secret_id="web-root") == PASSWORD else 2
            finally:
                os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert vault.tokens == 2


def test_custody_is_kept_or_given_back(vault: Vault) -> None:
    source = Source(vault)
    source.value(secret_id="web-root", custody="keep")
    assert vault.in_custody("web-root")
    source.value(secret_id="web-root", custody="release")
    assert not vault.in_custody("web-root")
    with pytest.raises(awx.ReleaseRefused):
        source.value(secret_id="db-app", custody="release")
    assert source.value(secret_id="db-app") == CHANGED_PASSWORD


UNTRUSTED = "-----BEGIN CERTIFICATE-----\nQUFB\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    ("kind", "fields", "metadata", "fault"),
    [
        (awx.SettingsWrong, {"url": ""}, {}, {}),
        (awx.SettingsWrong, {"client_secret": ""}, {}, {}),
        (awx.SettingsWrong, {"ca_content": "/etc/passwd"}, {}, {}),
        (awx.SettingsWrong, {"decryption_key_content": "environment"}, {}, {}),
        (awx.SettingsWrong, {"ca_content": UNTRUSTED}, {}, {}),
        (awx.SettingsWrong, {"timeout": "long"}, {}, {}),
        (awx.SettingsWrong, {}, {"secret_type": "other"}, {}),
        (awx.SettingsWrong, {}, {"secret_id": ""}, {}),
        (awx.CertificateNotTrusted, {"ca_content": ""}, {}, {}),
        (awx.ServerNotReached, {"url": "https://localhost:1", "retries": "0"}, {}, {}),
        (awx.ServerNotReached, {"url": "https://none.invalid"}, {}, {}),
        (awx.LoginRefused, {"client_secret": "wrong-secret-1"}, {}, {}),
        (awx.AccessDenied, {}, {}, {"kind": "refuse", "number": 1039, "operation": "credential.read"}),
        (awx.SecretNotFound, {}, {"secret_id": "none"}, {}),
        (awx.FieldNotFound, {}, {"secret_field": "nothing"}, {}),
        (awx.FieldNotFound, {}, {"secret_field": "domain"}, {}),
        (awx.ServerBusy, {"retries": "0"}, {}, {"kind": "status", "status": 503, "operation": "credential.read"}),
        (awx.NoAnswer, {"retries": "0"}, {}, {"kind": "drop", "operation": "credential.read"}),
        (awx.UnexpectedAnswer, {}, {}, {"kind": "html", "status": 200, "operation": "credential.read"}),
        (
            awx.LookupFailed,
            {},
            {},
            {"kind": "status", "status": 500, "message": f"{PASSWORD} shattered", "operation": "credential.read"},
        ),
    ],
)
def test_the_class_of_an_error_tells_what_is_wrong(
    vault: Vault, kind: type[Exception], fields: dict[str, str], metadata: dict[str, str], fault: dict[str, Any]
) -> None:
    if fault:
        vault.control.fault(**fault)
    with pytest.raises(awx.LookupFailed) as caught:
        Source(vault, **fields).value(**{"secret_id": "web-root", **metadata})
    assert caught.type is kind
    # AWX shows the whole trace to whoever may see the job.
    shown = "".join(traceback.format_exception(caught.value))
    assert [value for value in (PASSWORD, SECRET, "wrong-secret-1", "shattered", "QUFB") if value in shown] == []
    assert "During handling" not in shown


@pytest.mark.parametrize("metadata", [{"secret_id": "none"}, {"secret_id": "shop-db", "secret_field": "NONE"}, {}])
def test_errors_of_secrets(vault: Vault, metadata: dict[str, str]) -> None:
    kind = {"none": awx.SecretNotFound, "shop-db": awx.FieldNotFound, None: awx.SettingsWrong}
    with pytest.raises(awx.LookupFailed) as caught:
        Source(vault, dsm_plugin).value(**{"secret_field": "PASSWORD", **metadata})
    assert caught.type is kind[metadata.get("secret_id")]
    assert DSM_PASSWORD not in str(caught.value)


def test_each_class_has_a_case() -> None:
    source = Path(__file__).read_text()
    names = [name for name, kind in vars(awx).items() if isinstance(kind, type) and issubclass(kind, awx.LookupFailed)]
    assert len(names) == 12
    assert [name for name in names if f"awx.{name}" not in source] == []


def test_skipping_the_verification_needs_to_be_asked_for(vault: Vault) -> None:
    assert Source(vault, ca_content="", skip_tls_verify=True).value(secret_id="web-root") == PASSWORD
    for off in ({}, {"skip_tls_verify": False}):
        with pytest.raises(awx.CertificateNotTrusted):
            Source(vault, ca_content="", **off).value(secret_id="web-root")


@pytest.mark.parametrize("field", ["ca_content", "client_cert_content", "client_key_content", "decryption_key_content"])
def test_no_file_of_the_control_plane_is_read(vault: Vault, field: str) -> None:
    with pytest.raises(awx.SettingsWrong, match=f"{field} must be PEM text"):
        Source(vault, **{field: vault.ca_path}).value(secret_id="web-root")
    assert vault.tokens == 0


def test_the_ca_may_lose_its_line_ends(vault: Vault) -> None:
    text = Path(vault.ca_path).read_text().replace("\n", " ")
    assert Source(vault, ca_content=text).value(secret_id="web-root") == PASSWORD


def test_the_proxies_of_awx_count(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    # AWX sets them around each call (AWX_TASK_ENV).
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://localhost:1")
    with pytest.raises(awx.ServerNotReached, match="the proxy localhost:1 cannot be used"):
        Source(vault, url="https://pam.example.com", retries="0").value(secret_id="web-root")


def test_no_value_goes_to_the_log(vault: Vault, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        Source(vault).value(secret_id="web-root")
        with pytest.raises(awx.SecretNotFound):
            Source(vault).value(secret_id="none")
    assert PASSWORD not in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize("plugin", PLUGINS.values(), ids=PLUGINS)
def test_the_inputs_are_what_awx_takes(plugin: Any) -> None:
    inputs = plugin.inputs
    assert set(inputs) == {"fields", "metadata", "required"}
    ids = [field["id"] for field in (*inputs["fields"], *inputs["metadata"])]
    assert len(ids) == len(set(ids))
    assert set(inputs["required"]) <= set(ids)
    for keys, fields in ((FIELD_KEYS, inputs["fields"]), (METADATA_KEYS, inputs["metadata"])):
        for field in fields:
            assert set(field) <= keys
            assert re.fullmatch(r"[a-z_]+", field["id"])
            assert field["label"]
            # AWX does not apply a default that is true, and a secret boolean is refused.
            assert field["type"] == "string" or not field.get("default")
    secret = {field["id"] for field in inputs["fields"] if field.get("secret")}
    assert {"client_secret", "decryption_key_content", "client_key_content"} <= secret


def test_the_fields_are_those_of_the_credential_type() -> None:
    document = yaml.safe_load((ROOT / "extensions/awx/credential_type_oauth2.yml").read_text())
    assert pam_plugin.inputs["fields"] == dsm_plugin.inputs["fields"] == document["inputs"]["fields"]


def test_every_field_reaches_the_client(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}
    monkeypatch.setattr(awx, "from_arguments", lambda options, _warn: seen.update(options))
    monkeypatch.setattr(awx._clients, "client", lambda _settings: None)
    given = {field["id"]: UNTRUSTED if "content" in field["id"] else f"{field['id']}-value" for field in awx._FIELDS}
    awx._client({**given, "skip_tls_verify": True})
    assert seen.pop("validate_certs") is False
    files = {name: seen.pop(name) for name in ("ca_path", "decryption_key", "client_cert", "client_key")}
    assert set(files.values()) == {UNTRUSTED}
    assert seen == {name: f"{name}-value" for name in seen}
    assert len(seen) + len(files) + 1 == len(awx._FIELDS)


@pytest.mark.parametrize("name", PLUGINS)
def test_as_awx_does_it_with_its_own_classes(name: str, vault: Vault, tmp_path: Path) -> None:
    """Read the fields of a source credential, call the backend, and inject the value into the target."""
    pytest.importorskip("awx_plugins.interfaces")
    from awx_plugins.interfaces._temporary_private_api import ManagedCredentialType
    from awx_plugins.interfaces._temporary_private_credential_api import Credential
    from awx_plugins.interfaces._temporary_private_inject_api import inject_credential

    plugin = PLUGINS[name]
    kind = ManagedCredentialType(namespace=name, name=plugin.name, kind="external", inputs=plugin.inputs)
    ca = Path(vault.ca_path).read_text()
    stored = Credential({"url": vault.url, "client_id": "demo", "client_secret": SECRET, "ca_content": ca})
    assert all(stored.has_input(field) for field in ("url", "client_id", "client_secret"))
    given = {
        field["id"]: stored.get_input(field["id"]) for field in kind.inputs["fields"] if stored.has_input(field["id"])
    }
    metadata = {"secret_id": "shop-db", "secret_field": "PASSWORD"} if "dsm" in name else {"secret_id": "web-root"}
    value = plugin.backend(**given, **metadata)
    target = ManagedCredentialType(
        namespace="app",
        name="App",
        kind="cloud",
        inputs={"fields": [{"id": "password", "label": "Password", "type": "string", "secret": True}]},
        injectors={"env": {"APP_PASSWORD": "{{ password }}"}},
    )
    env: dict[str, str] = {}
    shown: dict[str, str] = {}
    (tmp_path / "env").mkdir()
    inject_credential(target, Credential({"password": value}), env, shown, [], str(tmp_path))
    assert env["APP_PASSWORD"] == (DSM_PASSWORD if "dsm" in name else PASSWORD)
    assert value not in str(shown)
