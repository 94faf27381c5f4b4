# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWX's own injector gives a job of our credential types, and what ansible-builder makes of our definitions."""

from __future__ import annotations

import ast
import fnmatch
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from awx.api_rules import FIELD_KEYS
from awx.injection import FILES, Injected, load
from awx.injection import inject as inject_into
from awx_plugins.interfaces._temporary_private_inject_api import ENV_BLOCKLIST, HIDDEN_PASSWORD
from workspace import ROOT, collections

from ansible_collections.community.senhasegura.plugins.module_utils.settings.options import (
    ALL_OPTIONS,
    MYSAFE_OPTIONS,
    OPTIONS,
    Option,
)
from ansible_collections.community.senhasegura.plugins.module_utils.settings.settings import (
    Settings,
    environment_source,
    resolve,
)

NAMES = sorted(path.stem for path in FILES.glob("credential_type*.yml"))
MYSAFE = ("credential_type_mysafe",)
types = pytest.mark.parametrize("name", NAMES)
PEM = "-----BEGIN CERTIFICATE-----\nwith {{ braces }}, 'quotes' and é\n-----END CERTIFICATE-----\n"


class Job(Injected):
    """What AWX would start a job with, and what the client makes of it."""

    def settings(self) -> Settings:
        return resolve([environment_source(self.env)], mysafe="SENHASEGURA_MYSAFE_CLIENT_ID" in self.env)


def fields(name: str) -> list[dict[str, Any]]:
    return list(load(name)["inputs"]["fields"])


def options(name: str) -> tuple[Option, ...]:
    """The options of the plugins that a type is for."""
    return MYSAFE_OPTIONS if name in MYSAFE else OPTIONS


def of_type(name: str, kind: str) -> list[str]:
    return [field["id"] for field in fields(name) if field["type"] == kind]


def required(name: str) -> dict[str, Any]:
    """A credential as the API makes it when only what it asks for is given."""
    values = {field: f"{field} {{{{ 7 * 7 }}}}'é" for field in load(name)["inputs"]["required"]}
    return {**values, "url": "https://pam.example.com"}


def everything(name: str) -> dict[str, Any]:
    values = {**required(name), "timeout": "7.5", "retries": "2"}
    for field in fields(name):
        if field["type"] == "boolean":
            values[field["id"]] = True
        elif field.get("multiline"):
            values[field["id"]] = f"{field['id']}\n{PEM}"
        elif "choices" in field:
            values[field["id"]] = field["choices"][-1]
        else:
            values.setdefault(field["id"], f"{field['id']}-value")
    return values


def inject(name: str, values: dict[str, Any], folder: Path) -> Job:
    return Job(**vars(inject_into(name, values, folder)))


def test_there_is_one_type_for_each_way_to_log_in() -> None:
    assert NAMES == ["credential_type_mysafe", "credential_type_oauth1", "credential_type_oauth2"]


@types
def test_only_what_is_required_keeps_all_defaults(name: str, tmp_path: Path) -> None:
    job = inject(name, required(name), tmp_path)
    wanted = {"SENHASEGURA_URL": "https://pam.example.com"}
    for field in load(name)["inputs"]["required"]:
        wanted[f"SENHASEGURA_{field.upper()}"] = required(name)[field]
    method = "oauth1" if name.endswith("1") else "oauth2"
    # Not only TLS: every setting is what it would be if nobody had heard of the optional fields.
    source = environment_source({**wanted, "SENHASEGURA_AUTH_METHOD": method})
    assert job.settings() == resolve([source], mysafe=name in MYSAFE)
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
    for option in options(name):
        if option.type == "path" and option.name != "config_file":
            assert getattr(settings, option.field)
            assert job.content(job.env[option.env]) == values[f"{option.name.removesuffix('_path')}_content"]
    for field in of_type(name, "string"):
        if not field.endswith("_content"):
            assert job.env[f"SENHASEGURA_{field.upper()}"] == values[field]
    assert settings.auth_method == ("oauth1" if name.endswith("1") else "oauth2_basic")
    assert (settings.dialect, settings.timeout, settings.retries) == ("api" if name in MYSAFE else "rest", 7.5, 2)
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
    for option in options(name):
        if option.secret and option.name in values:
            assert option.name in secret


@types
def test_no_variable_has_several_lines_or_is_refused(name: str, tmp_path: Path) -> None:
    job = inject(name, everything(name), tmp_path)
    assert not any("\n" in value for value in job.env.values())
    known = {option.env for option in ALL_OPTIONS} | {option.inverse_env for option in ALL_OPTIONS}
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
    without = {option.name for option in options(name) if not {option.env, option.inverse_env} & env}
    other = {
        "credential_type_mysafe": set[str](),
        "credential_type_oauth1": {"client_id", "client_secret"},
        "credential_type_oauth2": {"consumer_key", "consumer_secret", "token_key", "token_secret"},
    }[name]
    assert without == {"config_file", "allow_http", *other}


EE = FILES / "execution-environment.yml"


def builder(*arguments: str) -> str:
    command = [sys.executable, "-m", "ansible_builder", *arguments]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def lines(name: str) -> list[str]:
    text = (ROOT / "meta" / name).read_text().splitlines()
    return [line for line in text if line and not line.startswith("#")]


def test_ansible_builder_finds_what_the_collection_needs() -> None:
    found = yaml.safe_load(builder("introspect", str(collections())))
    for kind, file in {"python": "ee-requirements.txt", "system": "ee-bindep.txt"}.items():
        assert [entry.split("  #")[0] for entry in found[kind]] == lines(file)
    # A login that proves a password or a key is one of OpenSSH's client, on both families.
    assert {line.split("[")[1] for line in lines("ee-bindep.txt") if line.startswith("openssh")} == {
        "platform:rpm]",
        "platform:dpkg]",
    }


def test_the_metadata_is_in_the_form_for_collections() -> None:
    metadata = yaml.safe_load((ROOT / "meta" / "execution-environment.yml").read_text())
    assert set(metadata) == {"version", "dependencies"}
    assert metadata["version"] == 1
    ignored = yaml.safe_load((ROOT / "galaxy.yml").read_text())["build_ignore"]
    for path in metadata["dependencies"].values():
        assert (ROOT / path).is_file()
        assert not any(fnmatch.fnmatch(part, pattern) for pattern in ignored for part in (path, path.split("/")[0]))


def test_the_execution_environment_holds_the_collection(tmp_path: Path) -> None:
    builder("create", "--file", str(EE), "--context", str(tmp_path / "context"))
    wanted = yaml.safe_load((tmp_path / "context" / "_build" / "requirements.yml").read_text())
    assert wanted == {"collections": [{"name": "community.senhasegura"}]}


def test_it_can_hold_it_from_an_archive(tmp_path: Path) -> None:
    # As the comments in it say.
    name = "community-senhasegura-{}.tar.gz".format(yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"])
    text = EE.read_text().replace("      - name: community.senhasegura\n", "")
    text = (
        text.replace("      # -", "      -").replace("      #  ", "       ").replace("\n# additional", "\nadditional")
    )
    definition = tmp_path / "definition.yml"
    definition.write_text(text.replace("\n#   -", "\n  -").replace("\n#     dest", "\n    dest"))
    (tmp_path / name).write_bytes(b"archive")
    builder("create", "--file", str(definition), "--context", str(tmp_path / "context"))
    build = tmp_path / "context" / "_build"
    (collection,) = yaml.safe_load((build / "requirements.yml").read_text())["collections"]
    assert collection["type"] == "file"
    assert (build / Path(collection["name"]).relative_to("/build")).read_bytes() == b"archive"


def test_every_import_of_a_library_is_named() -> None:
    # certifi and urllib3 come with requests, the others with ansible-core.
    named = {re.split(r"[ >=<]", line)[0].replace("-", "_") for line in lines("ee-requirements.txt")}
    with_others = {"certifi", "urllib3", "yaml", "jinja2"}
    imported = set()
    for path in (ROOT / "plugins").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.split(".")[0])
    ours = {"ansible", "ansible_collections", *sys.stdlib_module_names}
    assert imported - ours - with_others <= named
