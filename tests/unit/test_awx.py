# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a job gets of a credential of extensions/awx, by AWX's own injector, and which settings our client makes of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from awx_plugins.interfaces._temporary_private_api import ManagedCredentialType
from awx_plugins.interfaces._temporary_private_credential_api import Credential
from awx_plugins.interfaces._temporary_private_inject_api import ENV_BLOCKLIST, HIDDEN_PASSWORD, inject_credential
from workspace import ROOT

from ansible_collections.community.senhasegura.plugins.module_utils.options import (
    OPTIONS,
    RUN_OPTIONS,
    Settings,
    environment_source,
    resolve,
)

AWX = ROOT / "extensions" / "awx"
NAMES = sorted(path.stem for path in AWX.glob("credential_type*.yml"))
types = pytest.mark.parametrize("name", NAMES)
# What AWX itself refuses or does not take (its API's schema for custom credential types).
FIELD_KEYS = {"id", "label", "type", "format", "secret", "multiline", "choices", "default", "help_text"}
PEM = "-----BEGIN CERTIFICATE-----\nwith {{ braces }}, 'quotes' and é\n-----END CERTIFICATE-----\n"


@dataclass
class Job:
    """What AWX would start a job with. ``shown`` are the variables as its API shows them."""

    env: dict[str, str]
    shown: dict[str, str]
    arguments: list[str]
    folder: Path

    def settings(self) -> Settings:
        return resolve([environment_source(self.env)])

    def content(self, path: str | None) -> str:
        """The text of a file that the job sees below /runner."""
        assert path
        return (self.folder / Path(path).relative_to("/runner")).read_text()


def load(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((AWX / f"{name}.yml").read_text()))


def fields(name: str) -> list[dict[str, Any]]:
    return list(load(name)["inputs"]["fields"])


def of_type(name: str, kind: str) -> list[str]:
    return [field["id"] for field in fields(name) if field["type"] == kind]


def required(name: str) -> dict[str, Any]:
    """A credential as the API makes it when only what it asks for is given."""
    values = {field: f"{field} {{{{ 7 * 7 }}}}'é" for field in load(name)["inputs"]["required"]}
    return {**values, "url": "https://pam.example.com"}


def everything(name: str) -> dict[str, Any]:
    values = required(name)
    for field in fields(name):
        if field["type"] == "boolean":
            values[field["id"]] = True
        elif field.get("multiline"):
            values[field["id"]] = f"{field['id']}\n{PEM}"
        elif "choices" in field:
            values[field["id"]] = field["choices"][-1]
        else:
            values.setdefault(field["id"], field.get("default", f"{field['id']}-value"))
    return values


def inject(name: str, values: dict[str, Any], folder: Path) -> Job:
    document = load(name)
    awx_type = ManagedCredentialType(
        namespace="senhasegura",
        name=document["name"],
        kind=document["kind"],
        inputs=document["inputs"],
        injectors=document["injectors"],
    )
    (folder / "env").mkdir()
    job = Job({}, {}, [], folder)
    inject_credential(awx_type, Credential(values), job.env, job.shown, job.arguments, str(folder))
    return job


def test_there_is_one_type_for_each_way_to_log_in() -> None:
    assert NAMES == ["credential_type_oauth1", "credential_type_oauth2"]


@types
def test_only_what_is_required_keeps_all_defaults(name: str, tmp_path: Path) -> None:
    job = inject(name, required(name), tmp_path)
    wanted = {"SENHASEGURA_URL": "https://pam.example.com"}
    for field in load(name)["inputs"]["required"]:
        wanted[f"SENHASEGURA_{field.upper()}"] = required(name)[field]
    method = "oauth1" if name.endswith("1") else "oauth2"
    # Not only TLS: every setting is what it would be if nobody had heard of the optional fields.
    assert job.settings() == resolve([environment_source({**wanted, "SENHASEGURA_AUTH_METHOD": method})])
    assert job.settings().validate_certs
    assert (job.settings().ca_path, job.settings().client_key) == (None, None)


@types
def test_empty_optional_fields_keep_all_defaults_too(name: str, tmp_path: Path) -> None:
    empty = dict.fromkeys(of_type(name, "string"), "") | dict.fromkeys(of_type(name, "boolean"), False)
    job = inject(name, {**empty, **required(name)}, tmp_path)
    (tmp_path / "missing").mkdir()
    assert job.settings() == inject(name, required(name), tmp_path / "missing").settings()


@types
def test_all_fields_reach_the_client(name: str, tmp_path: Path) -> None:
    values = everything(name)
    job = inject(name, values, tmp_path)
    settings = job.settings()
    assert not settings.validate_certs
    for option in ("ca_path", "client_cert", "client_key", "decryption_key"):
        assert job.content(getattr(settings, option)) == values[f"{option.removesuffix('_path')}_content"]
    for field in of_type(name, "string"):
        if not field.endswith("_content"):
            assert job.env[f"SENHASEGURA_{field.upper()}"] == values[field]
    assert settings.auth_method == ("oauth1" if name.endswith("1") else "oauth2_basic")
    assert settings.dialect == "rest"
    secrets = [settings.client_secret, settings.consumer_secret, settings.token_secret]
    assert {secret.reveal() for secret in secrets if secret} == {
        values[field] for field in values if "_secret" in field
    }


BOOLEANS = [(name, field) for name in NAMES for field in of_type(name, "boolean")]


@pytest.mark.parametrize(("name", "field"), BOOLEANS)
def test_a_boolean_that_is_not_given_is_the_same_as_false_and_as_the_default(
    name: str, field: str, tmp_path: Path
) -> None:
    settings = {}
    for label, given in {"missing": {}, "false": {field: False}, "true": {field: True}}.items():
        (tmp_path / label).mkdir()
        settings[label] = inject(name, {**required(name), **given}, tmp_path / label).settings()
    assert settings["missing"] == settings["false"] != settings["true"]


@types
def test_no_default_of_a_boolean_is_true(name: str) -> None:
    assert "skip_tls_verify" in of_type(name, "boolean")
    # AWX does not apply it.
    assert not any(field.get("default") for field in fields(name) if field["type"] == "boolean")


@types
@pytest.mark.parametrize("spelling", ["True", "true", "yes", "1"])
def test_spellings_of_true_switch_verification_off(name: str, spelling: str, tmp_path: Path) -> None:
    job = inject(name, required(name), tmp_path)
    job.env["SENHASEGURA_INSECURE"] = spelling
    assert not job.settings().validate_certs


@types
def test_no_secret_is_shown_and_nothing_goes_to_extra_vars(name: str, tmp_path: Path) -> None:
    values = everything(name)
    job = inject(name, values, tmp_path)
    assert job.arguments == []
    secret = [field["id"] for field in fields(name) if field.get("secret")]
    for field in secret:
        assert not any(values[field] in text for text in job.shown.values()), field
    plain = [field for field in secret if not field.endswith("_content")]
    assert {job.shown[f"SENHASEGURA_{field.upper()}"] for field in plain} == {HIDDEN_PASSWORD}
    for option in OPTIONS:
        if option.secret and option.name in values:
            assert option.name in secret


@types
def test_no_variable_has_several_lines_or_is_refused(name: str, tmp_path: Path) -> None:
    job = inject(name, everything(name), tmp_path)
    assert not any("\n" in value for value in job.env.values())
    known = {option.env for option in (*OPTIONS, *RUN_OPTIONS)} | {option.inverse_env for option in OPTIONS}
    assert set(job.env) <= known
    assert not set(job.env) & ENV_BLOCKLIST
    assert set(job.env) == set(load(name)["injectors"]["env"])


@types
def test_awx_takes_the_type(name: str) -> None:
    document = load(name)
    assert document["kind"] == "cloud"
    assert set(document["inputs"]) == {"fields", "required"}
    ids = [field["id"] for field in fields(name)]
    assert len(ids) == len(set(ids))
    assert set(document["inputs"]["required"]) <= set(ids)
    for field in fields(name):
        assert set(field) <= FIELD_KEYS, field
        assert re.fullmatch(r"[a-zA-Z_]+[a-zA-Z0-9_]*", field["id"])
        assert field["id"] != "tower"
        if field["type"] == "boolean":
            assert not {"secret", "multiline", "choices", "format"} & set(field)
    files = document["injectors"]["file"]
    # The API refuses a name without a dot beside others.
    assert all(re.fullmatch(r"template\.[a-z_]+", label) for label in files)
    used = "".join([*files.values(), *document["injectors"]["env"].values()])
    assert set(re.findall(r"\b(?:tower\.filename\.)?[a-z]\w*", re.sub(r"\b(if|endif|oauth1)\b", "", used))) == {
        *ids,
        *(f"tower.filename.{label.removeprefix('template.')}" for label in files),
    }
    assert all(template.isascii() for template in document["injectors"]["env"].values())


@types
def test_every_option_has_a_field_or_a_reason_to_have_none(name: str) -> None:
    env = set(load(name)["injectors"]["env"])
    without = {option.name for option in OPTIONS if not {option.env, option.inverse_env} & env}
    other = {
        "credential_type_oauth1": {"client_id", "client_secret"},
        "credential_type_oauth2": {"consumer_key", "consumer_secret", "token_key", "token_secret"},
    }[name]
    assert without == {"config_file", "allow_http", *other}
