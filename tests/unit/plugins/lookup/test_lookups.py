# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the lookups return and refuse, over an API that is made up."""

from __future__ import annotations

import dataclasses
import importlib
import os
import subprocess
import sys
import traceback
from typing import Any

import pytest
from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.utils.display import Display
from jinja2.exceptions import UndefinedError
from workspace import environment

from ansible_collections.community.senhasegura.plugins.module_utils.client import connect as connect_module
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.operations import (
    READ_CREDENTIAL,
    READ_SSH_KEY,
)
from ansible_collections.community.senhasegura.plugins.module_utils.dsm_secrets import DsmSecret
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    AlreadyDone,
    Context,
    Denied,
    NotFound,
    ResponseLost,
    ServerBusy,
)
from ansible_collections.community.senhasegura.plugins.module_utils.models import (
    SSH_KEY_TYPE,
    CredentialInfo,
    Entries,
)
from ansible_collections.community.senhasegura.plugins.module_utils.operations.lookup import PLACEHOLDER
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.fake_api import FakeApi

CANARY = "Canary-1234-abcd"
CHECK = {"ansible_check_mode": True}
INFOS = Entries(
    [
        CredentialInfo("1", "web-root", "root", "web01", "192.0.2.10", "Local User", automatic_change=False),
        CredentialInfo("2", "db-app", "app@corp.example", "web02", "192.0.2.11", "Local User", automatic_change=True),
        CredentialInfo("3", "naïve-ключ", "u", "web01", "192.0.2.10", "Local User", automatic_change=False),
        CredentialInfo("4", "unknown", "v", "web01", "192.0.2.10", "Local User"),
        CredentialInfo("9", "deploy-key", "deploy", "web01", "192.0.2.10", SSH_KEY_TYPE, automatic_change=False),
        CredentialInfo("10", "auto-key", "auto", "web01", "192.0.2.10", SSH_KEY_TYPE, automatic_change=True),
    ]
)
SECRETS = (
    DsmSecret(
        id="12",
        identifier="shop-db",
        data=(
            {"USERNAME": "app", "PASSWORD": "first", "ip": "192.0.2.1", "TTL": None, "SAME": "x"},
            {"USERNAME": "app", "PASSWORD": "last", "API_KEY": "k", "EMPTY": "", "TTL": "60", "SAME": "x"},
            {"NOTHING": None},
        ),
        name="Shop",
        engine="Generic",
        version="3",
        raw={"secret_id": "12", "wire": True},
    ),
    DsmSecret(id="13", identifier="plain", data=({"A": "1", "B": None},), raw={"secret_id": "13"}),
)


def fake_api(dialect: str = "api") -> FakeApi:
    return FakeApi(dialect, INFOS, SECRETS)


class Templar:
    """Evaluates only what the test has put into its table."""

    def __init__(self) -> None:
        self.table: dict[str, Any] = {}

    def template(self, value: Any) -> Any:
        return self.table.get(value, value)


@dataclasses.dataclass
class Vault:
    """Runs lookups, and shows what they did."""

    api: FakeApi
    templar: Templar
    warnings: list[str]

    def __call__(self, name: str, *terms: Any, variables: dict[str, Any] | None = None, **options: Any) -> list[Any]:
        module = importlib.import_module(f"ansible_collections.community.senhasegura.plugins.lookup.{name}")
        return module.LookupModule(templar=self.templar).run(list(terms), variables=variables, **options)

    def refusal(self, name: str, *terms: Any, **options: Any) -> str:
        with pytest.raises(AnsibleLookupError) as caught:
            self(name, *terms, **options)
        # From ansible-core 2.19 on, causes are printed too.
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__
        assert CANARY not in str(caught.value)
        return str(caught.value)


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Vault:
    made = Vault(fake_api(), Templar(), [])
    for name in ("URL", "CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.setenv(f"SENHASEGURA_{name}", "https://pam.example.com")
    monkeypatch.setenv("SENHASEGURA_BROKER", "false")
    monkeypatch.setattr(connect_module, "direct", lambda _settings, **_more: made.api)
    monkeypatch.setattr(Display, "warning", lambda _display, text: made.warnings.append(text))
    return made


def test_password(vault: Vault) -> None:
    assert vault("password", "web-root") == ["pw-1"]


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (["1", "web-root", "root@web01"], ["pw-1"] * 3),
        ([1], ["pw-1"]),
        ([["web-root", ["2", ("3",)]], "1"], ["pw-1", "pw-2", "pw-3", "pw-1"]),
        (["app@corp.example@web02"], ["pw-2"]),
        (["naïve-ключ", " 3 "], ["pw-3", "pw-3"]),
        (
            [{"a": "1", "b": "2"}.values(), {"3": 0}.keys(), {"1"}, frozenset({"2"})],
            ["pw-1", "pw-2", "pw-3", "pw-1", "pw-2"],
        ),
        (
            [range(1, 4), (str(number) for number in (2, 1)), iter(["1"])],
            ["pw-1", "pw-2", "pw-3", "pw-2", "pw-1", "pw-1"],
        ),
        ([map(str, [{"1": 0}.keys(), 2][1:]), [range(3, 4)]], ["pw-2", "pw-3"]),
    ],
)
def test_terms_may_be_of_any_kind_that_holds_names(vault: Vault, terms: list[Any], expected: list[str]) -> None:
    assert vault("password", *terms) == expected


class EncryptedString:
    """What Ansible Vault has encrypted: no kind of str."""

    def __str__(self) -> str:
        return "1"


def test_what_is_encrypted_is_text(vault: Vault) -> None:
    text = EncryptedString()
    vault.api = fake_api()
    assert vault("password", text, [text]) == ["pw-1", "pw-1"]
    assert vault("password", "nope", default=text) == ["1"]
    assert vault("password", "1", variables={"senhasegura_client_secret": text, "senhasegura_tenant": text}) == ["pw-1"]
    assert vault("password", "1", client_secret=text, field=EncryptedField()) == ["root"]


class EncryptedField(EncryptedString):
    def __str__(self) -> str:
        return "username"


EncryptedField.__name__ = "AnsibleVaultEncryptedUnicode"


@pytest.mark.parametrize("term", ["", "  ", None, True, 1.5, {"a": CANARY}, f"a\n{CANARY}", "x" * 600])
@pytest.mark.parametrize("name", ["password", "credential", "ssh_key", "secret", "protected_information"])
def test_a_term_that_can_be_no_name_is_refused_before_the_first_is_read(vault: Vault, name: str, term: Any) -> None:
    assert vault.refusal(name, "1", term).startswith("term 2 must be an id")
    assert vault.api.operations == []


@pytest.mark.parametrize("terms", [[], [[]], [[], [[]]]])
def test_no_term(vault: Vault, terms: list[Any]) -> None:
    assert vault.refusal("password", *terms).startswith("the lookup needs a term")


def test_wantlist_of_with_is_no_option(vault: Vault) -> None:
    assert vault("password", ["1", "2"], wantlist=True) == ["pw-1", "pw-2"]


def test_an_omitted_option_counts_as_not_given(vault: Vault) -> None:
    class _OmitType:
        pass

    assert vault("password", "nope", "1", default=_OmitType(), on_missing="skip") == ["pw-1"]
    assert vault("password", "1", field="omit-token", variables={"omit": "omit-token"}) == ["pw-1"]


def test_credential(vault: Vault) -> None:
    (found,) = vault("credential", "web-root")
    assert found == vault.api.call(READ_CREDENTIAL, ref="1").values()
    assert "raw" not in found


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("password", {"field": "username"}, "root"),
        ("password", {"field": "username", "return_format": "dict"}, "root"),
        ("password", {"return_format": "raw"}, {"wire": "1"}),
        ("credential", {"field": "hostname"}, "web01"),
        ("credential", {"return_format": "value"}, "pw-1"),
        ("credential", {"return_format": "value", "field": "ip"}, "192.0.2.10"),
        ("credential", {"return_format": "raw"}, {"wire": "1"}),
        ("credential", {"include_password": False, "field": "type"}, "Local User"),
        ("credential", {"include_password": "no"}, INFOS[0].public()),
    ],
)
def test_forms_of_a_credential(vault: Vault, name: str, options: dict[str, Any], expected: Any) -> None:
    assert vault(name, "1", **options) == [expected]


def test_without_the_password_nothing_takes_custody(vault: Vault) -> None:
    vault("credential", "web-root", "2", include_password=False, release=True)
    assert set(vault.api.operations) == {"credential.list"}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "private-9\n"),
        ({"field": "public_key"}, "ssh-ed25519 AAAA"),
        ({"field": "passphrase"}, None),
        ({"return_format": "raw"}, {"wire": "9"}),
    ],
)
def test_forms_of_a_key(vault: Vault, options: dict[str, Any], expected: Any) -> None:
    assert vault("ssh_key", "deploy-key", **options) == [expected]


def test_a_key_as_a_dictionary(vault: Vault) -> None:
    (found,) = vault("ssh_key", "deploy@web01", return_format="dict")
    assert found == vault.api.call(READ_SSH_KEY, ref="9").values()


REFUSED_EARLY: list[tuple[str, dict[str, Any], str]] = [
    ("password", {"field": CANARY}, "field must be the name of a field of this lookup. Fields are: id, password,"),
    ("credential", {"field": "automatic_change"}, "field must be the name of a field"),
    ("credential", {"field": "password", "include_password": False}, "field must be the name of a field"),
    ("ssh_key", {"field": "password"}, "field must be the name of a field"),
    ("ssh_key", {"field": "raw"}, "field must be the name of a field"),
    ("password", {"field": "username", "return_format": "raw"}, "field and return_format=raw exclude each other"),
    ("secret", {"field": "A", "return_format": "raw"}, "field and return_format=raw exclude each other"),
    ("credential", {"include_password": False, "return_format": "value"}, "return_format=value needs include_password"),
    ("credential", {"include_password": False, "return_format": "raw"}, "return_format=raw needs include_password"),
    ("password", {"feild": CANARY}, "unknown option feild. Options are: allow_http,"),
    ("password", {"duplicates": "first"}, "unknown option duplicates"),
    ("secret", {"release": True}, "unknown option release"),
    ("ssh_key", {"include_password": True}, "unknown option include_password"),
    ("password", {"on_missing": CANARY}, "the option on_missing must be one of error, warn, skip"),
    ("password", {"return_format": CANARY}, "the option return_format must be one of value, dict, raw"),
    ("password", {"release": CANARY}, "the option release must be a boolean (true or false)"),
    ("secret", {"duplicates": CANARY}, "the option duplicates must be one of error, first, last, list"),
    ("password", {"timeout": CANARY}, "the option timeout must be a number"),
    ("password", {"timeout": -1}, "timeout from the option timeout must be a number of seconds"),
    ("password", {"url": f"https://{CANARY}@x"}, "url must have scheme and host"),
]


@pytest.mark.parametrize(("name", "options", "text"), REFUSED_EARLY)
def test_refused_before_anything_is_read(vault: Vault, name: str, options: dict[str, Any], text: str) -> None:
    assert vault.refusal(name, "1", **options).startswith(text)
    assert vault.api.operations == []


@pytest.mark.parametrize(("name", "term"), [("password", "nope"), ("ssh_key", "nope"), ("secret", "nope")])
def test_what_is_missing_is_an_error_or_left_out(vault: Vault, name: str, term: str) -> None:
    present = "plain" if name == "secret" else "web-root" if name == "password" else "deploy-key"
    found = vault(name, present)[0]
    assert "nope" in vault.refusal(name, term, present)
    assert vault(name, present, term, on_missing="skip") == [found]
    assert vault.warnings == []
    assert vault(name, term, present, on_missing="warn") == [found]
    assert len(vault.warnings) == 1
    assert vault.warnings[0].startswith("left out: ")
    for default in (None, "", [], {"a": 1}):
        assert vault(name, term, present, default=default, on_missing="warn") == [default, found]
    assert len(vault.warnings) == 1


def test_what_is_denied_is_an_error_or_left_out(vault: Vault) -> None:
    vault.api.denied = {"1"}
    assert vault.refusal("password", "1", "2").startswith("not for you")
    # A default is for what is missing.
    assert vault.refusal("password", "1", default="x").startswith("not for you")
    assert vault("password", "1", "2", on_denied="skip") == ["pw-2"]
    assert vault.warnings == []
    assert vault("password", "1", "2", on_denied="warn") == ["pw-2"]
    assert vault.warnings == ["left out: not for you (credential 1, https://pam:443)"]


def test_release(vault: Vault) -> None:
    assert vault("password", "1", release=True) == ["pw-1"]
    assert vault.api.operations == ["credential.list", "credential.read", "credential.release"]


HELD = {
    "refused": (Denied("this authorization is read-only", hint="Ask"), "is still held"),
    "lost": (ResponseLost("no answer", hint="Raise timeout"), "may still be held"),
    "busy": (ServerBusy("not available", context=Context(status=503)), "may still be held"),
    "turned away": (ServerBusy("too many", context=Context(status=429)), "is still held"),
    "not there": (NotFound("no such path"), "is still held"),
}


@pytest.mark.parametrize("kind", HELD)
@pytest.mark.parametrize(
    ("name", "term", "subject", "value"),
    [
        ("password", "web-root", "credential web-root", "pw-1"),
        ("credential", "1", "credential 1", None),
        ("ssh_key", "deploy-key", "SSH key deploy-key", "private-9\n"),
    ],
)
def test_a_release_that_fails_does_not_lose_the_value(
    vault: Vault, kind: str, name: str, term: str, subject: str, value: Any
) -> None:
    """The value was lost, and nothing said that custody was still held."""
    error, held = HELD[kind]
    vault.api.answers = {"credential.release": error, "key.release": error}
    (found,) = vault(name, term, release=True)
    assert value is None or found == value
    (warning,) = vault.warnings
    assert f"the custody of {subject} could not be given back and {held}" in warning
    assert "community.senhasegura.custody" in warning
    assert "pw-1" not in warning


@pytest.mark.parametrize("kind", HELD)
@pytest.mark.parametrize(("name", "term"), [("password", "web-root"), ("credential", "1"), ("ssh_key", "deploy-key")])
def test_a_release_that_fails_is_an_error_on_request(vault: Vault, kind: str, name: str, term: str) -> None:
    error, held = HELD[kind]
    vault.api.answers = {"credential.release": error, "key.release": error}
    # What is not there was not missing, and what is denied is not the read.
    options = {
        "release": True,
        "on_release_failure": "error",
        "on_denied": "skip",
        "on_missing": "skip",
        "default": "x",
    }
    text = vault.refusal(name, term, **options)
    assert held in text
    assert term in text
    assert vault.warnings == []


def test_each_release_that_fails_is_named(vault: Vault) -> None:
    vault.api.answers["credential.release"] = ResponseLost("no answer")
    assert vault("password", "web-root", "3", release=True) == ["pw-1", "pw-3"]
    assert ["credential web-root" in vault.warnings[0], "credential 3" in vault.warnings[1]] == [True, True]


@pytest.mark.parametrize(
    ("value", "warnings"),
    [("keep", []), ("release_at_end", ["custody=release_at_end needs the broker: custody is kept"])],
)
def test_without_a_broker_custody_is_kept_and_that_is_told(
    vault: Vault, monkeypatch: pytest.MonkeyPatch, value: str, warnings: list[str]
) -> None:
    monkeypatch.setenv("SENHASEGURA_CUSTODY", value)
    assert vault("password", "1") == ["pw-1"]
    assert vault.warnings == warnings


def test_custody_that_was_not_held_needs_no_warning(vault: Vault) -> None:
    vault.api.answers["credential.release"] = AlreadyDone("not in custody")
    assert vault("password", "1", release=True) == ["pw-1"]
    assert vault.warnings == []


def test_nothing_is_released_unless_asked(vault: Vault) -> None:
    vault("password", "1", "web-root", "root@web01")
    vault("ssh_key", "deploy-key")
    assert not [operation for operation in vault.api.operations if operation.endswith("release")]


@pytest.mark.parametrize(("name", "term"), [("password", "db-app"), ("credential", "2"), ("ssh_key", "auto-key")])
@pytest.mark.parametrize("variables", [{}, CHECK])
def test_a_release_that_would_change_the_value(vault: Vault, name: str, term: str, variables: dict[str, Any]) -> None:
    assert "allow_vault_rotation=true" in vault.refusal(name, term, release=True, variables=variables)
    assert not [operation for operation in vault.api.operations if not operation.endswith("list")]
    vault(name, term, release=True, allow_vault_rotation=True, variables=variables)


@pytest.mark.parametrize("variables", [{}, CHECK])
def test_a_release_of_which_nobody_knows_whether_it_changes_the_value(vault: Vault, variables: dict[str, Any]) -> None:
    assert "does not tell" in vault.refusal("password", "unknown", release=True, variables=variables)
    # It may be there without being listed.
    assert "9999 not found" in vault.refusal("password", "9999", release=True)
    assert not [operation for operation in vault.api.operations if not operation.endswith("list")]
    assert vault("password", "unknown", release=True, allow_vault_rotation=True) == ["pw-4"]


def test_release_of_a_key_is_refused_before_the_read_where_keys_have_no_custody(vault: Vault) -> None:
    vault.api = fake_api("rest")
    assert "Keys have no custody" in vault.refusal("ssh_key", "9", release=True)
    assert vault.api.operations == []


@pytest.mark.parametrize(
    ("name", "term", "hidden"),
    [
        ("password", "web-root", ["password"]),
        ("credential", "web-root", ["password"]),
        ("ssh_key", "deploy-key", ["private_key", "public_key"]),
    ],
)
def test_check_mode_reads_nothing_that_takes_custody(vault: Vault, name: str, term: str, hidden: list[str]) -> None:
    options = {"variables": CHECK, "return_format": "dict"}
    real = vault(name, term, return_format="dict")[0]
    vault.api.operations.clear()
    found = vault(name, term, **options)[0]
    assert {key for key in found if found[key] == PLACEHOLDER} == set(hidden)
    assert list(found) == list(real)
    assert found["identifier"] == real["identifier"]
    raw = vault(name, term, return_format="raw", variables=CHECK)[0]
    assert set(hidden) <= set(raw)
    assert vault(name, term, return_format="value", variables=CHECK) == [PLACEHOLDER]
    assert set(vault.api.operations) == {"credential.list"}
    assert vault.warnings[0].startswith("check mode: nothing is read that takes custody")


def test_check_mode_still_finds_what_is_missing(vault: Vault) -> None:
    assert "nope" in vault.refusal("password", "nope", variables=CHECK)
    assert vault("password", "nope", variables=CHECK, default="x") == ["x"]


@pytest.mark.parametrize(
    ("options", "variables", "read"),
    [
        ({"check_mode": "read"}, {}, True),
        ({}, {"senhasegura_check_mode": "read"}, True),
        ({}, {"senhasegura_check_mode": "{{ mode }}"}, True),
        ({"check_mode": "placeholder"}, {"senhasegura_check_mode": "read"}, False),
        ({"check_mode": "read"}, {"senhasegura_check_mode": "placeholder"}, True),
        ({}, {"senhasegura_check_mode": ""}, False),
        ({}, {"senhasegura_check_mode": None}, False),
    ],
)
def test_who_decides_about_check_mode(vault: Vault, options: Any, variables: dict[str, Any], read: bool) -> None:
    vault.templar.table = {"{{ mode }}": "read"}
    expected = "pw-1" if read else PLACEHOLDER
    assert vault("password", "1", variables={**CHECK, **variables}, **options) == [expected]
    assert len(vault.warnings) == (0 if read else 1)


def test_a_wrong_variable_for_check_mode(vault: Vault) -> None:
    text = vault.refusal("password", "1", variables={**CHECK, "senhasegura_check_mode": CANARY})
    assert text.startswith("the variable senhasegura_check_mode must be one of placeholder, read")


def test_check_mode_does_not_matter_where_nothing_takes_custody(vault: Vault) -> None:
    assert vault("secret", "plain", variables=CHECK) == [{"A": "1", "B": None}]
    assert vault("credential", "1", include_password=False, variables=CHECK) == [INFOS[0].public()]
    assert vault.warnings == []


def test_check_mode_that_is_off(vault: Vault) -> None:
    assert vault("password", "1", check_mode="placeholder", variables={"ansible_check_mode": False}) == ["pw-1"]


def test_secrets_are_listed_once(vault: Vault) -> None:
    assert vault("secret", "plain", ["plain"], "plain") == [{"A": "1", "B": None}] * 3
    assert vault.api.operations == ["secret.list"]


MERGED = {"USERNAME": "app", "ip": "192.0.2.1", "TTL": "60", "SAME": "x", "API_KEY": "k", "EMPTY": "", "NOTHING": None}
LISTED = {
    "USERNAME": ["app", "app"],
    "PASSWORD": ["first", "last"],
    "ip": ["192.0.2.1"],
    "TTL": ["60"],
    "SAME": ["x", "x"],
    "API_KEY": ["k"],
    "EMPTY": [""],
    "NOTHING": [],
}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"duplicates": "first"}, {**MERGED, "PASSWORD": "first"}),
        ({"duplicates": "last"}, {**MERGED, "PASSWORD": "last"}),
        ({"duplicates": "list"}, LISTED),
        ({"return_format": "raw"}, {"secret_id": "12", "wire": True}),
        ({"field": "API_KEY"}, "k"),
        ({"field": "USERNAME"}, "app"),
        ({"field": "TTL"}, "60"),
        ({"field": "EMPTY"}, ""),
        ({"field": "PASSWORD", "duplicates": "first"}, "first"),
        ({"field": "PASSWORD", "duplicates": "last"}, "last"),
        ({"field": "PASSWORD", "duplicates": "list"}, ["first", "last"]),
        ({"field": "API_KEY", "return_format": "dict"}, "k"),
    ],
)
def test_forms_of_a_secret(vault: Vault, options: dict[str, Any], expected: Any) -> None:
    assert vault("secret", "shop-db", **options) == [expected]


def test_a_secret_as_a_dictionary(vault: Vault) -> None:
    (found,) = vault("secret", "shop-db", return_format="dict")
    assert found["data"] == [dict(block) for block in SECRETS[0].data]
    assert found["key_names"] == sorted(LISTED)
    assert found["identifier"] == "shop-db"
    assert all(block.__class__ is dict for block in found["data"])


@pytest.mark.parametrize("options", [{}, {"field": "PASSWORD"}])
def test_a_key_with_several_values_is_an_error(vault: Vault, options: dict[str, Any]) -> None:
    text = vault.refusal("secret", "shop-db", default="x", on_missing="skip", **options)
    assert text.startswith(
        "DSM secret shop-db has several values for the key PASSWORD (https://pam:443). Set duplicates"
    )
    assert "first" not in text.partition(". ")[0]
    assert "last" not in text.partition(". ")[0]


@pytest.mark.parametrize("field", ["nope", "NOTHING", "api_key"])
@pytest.mark.parametrize("duplicates", ["error", "first", "list"])
def test_a_secret_without_a_value_for_the_field_counts_as_missing(vault: Vault, field: str, duplicates: str) -> None:
    options = {"field": field, "duplicates": duplicates}
    assert f"has no value under the key {field}, which field asks for" in vault.refusal("secret", "shop-db", **options)
    assert vault("secret", "shop-db", default="x", **options) == ["x"]
    assert vault("secret", "shop-db", on_missing="skip", **options) == []


def test_no_access_to_secrets(vault: Vault) -> None:
    vault.api.error = Denied("not granted")
    assert vault("secret", "plain", "shop-db", on_denied="skip") == []


@pytest.mark.parametrize("name", ["password", "credential", "ssh_key", "secret", "protected_information"])
def test_an_unexpected_exception_shows_no_text(vault: Vault, name: str) -> None:
    vault.api.error = RuntimeError(CANARY)
    text = vault.refusal(name, "1")
    assert text.startswith("unexpected RuntimeError at ")


def test_a_traceback_of_the_error_shows_no_text(vault: Vault) -> None:
    vault.api.error = RuntimeError(CANARY)
    with pytest.raises(AnsibleError) as caught:
        vault("password", "1")
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_ansible_hears_of_an_undefined_variable_in_a_term(vault: Vault) -> None:
    class Undefined(list):  # type: ignore[type-arg]
        def __iter__(self) -> Any:
            raise UndefinedError("'x' is undefined")

    with pytest.raises(UndefinedError):
        vault("password", Undefined())


def test_nothing_of_the_network_is_imported_before_it_is_needed() -> None:
    program = """if True:
        import importlib, sys, types
        import ansible.plugins.lookup, ansible.template
        before = set(sys.modules)
        for name in ("password", "credential", "ssh_key", "secret", "protected_information"):
            module = importlib.import_module(f"ansible_collections.community.senhasegura.plugins.lookup.{name}")
            try:
                module.LookupModule(templar=types.SimpleNamespace(template=str)).run(["1"], variables={}, timeout="x")
            except Exception as exc:
                assert "timeout" in str(exc), exc
        loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
        print(sorted(loaded & {"requests", "urllib3", "http", "ssl", "requests_oauthlib", "cryptography"}))
    """
    env = {**os.environ, **environment()}
    run = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
