# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What extensions/eda has: sources that load without Ansible, rulebooks that fit them, schemas, and credential types."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jinja2
import jsonschema
import pytest
import yaml
from walk.pages import RST
from workspace import ROOT, collections

from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError
from ansible_collections.community.senhasegura.plugins.module_utils.events.event_types import SYSLOG_TYPES
from ansible_collections.community.senhasegura.plugins.module_utils.events.poller import settings_of
from ansible_collections.community.senhasegura.plugins.module_utils.events.source_options import (
    CONNECTION,
    POLLED_TYPES,
    POLLING,
    SYSLOG,
    check_options,
)

EDA = ROOT / "extensions" / "eda"
SOURCES = EDA / "plugins" / "event_source"
OPTIONS: dict[str, Any] = {"senhasegura": POLLING, "senhasegura_syslog": SYSLOG}
TYPES = {"senhasegura": POLLED_TYPES, "senhasegura_syslog": SYSLOG_TYPES}
RULEBOOKS = sorted(path.stem for path in (EDA / "rulebooks").glob("*.yml"))
GUIDE = (ROOT / "docs/docsite/rst/event_driven.rst").read_text(encoding="utf-8")
# Made by others, in the same release.
PLAYBOOKS = {path.stem for path in (ROOT / "playbooks").glob("*.yml")} | {"drift"}
# Which variables each rulebook has, to set what it has no default for.
NEEDED = {"drift_on_change": {"senhasegura_vault": {}}}

sources = pytest.mark.parametrize("source", OPTIONS)
rulebooks = pytest.mark.parametrize("name", RULEBOOKS)


def text_of(path: Path, name: str) -> str:
    """The value of a text constant in a Python file."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name:
            return str(ast.literal_eval(node.value))
    raise AssertionError(f"no {name} in {path}")


def rulebook_of_guide() -> list[Any]:
    (block,) = [yaml.safe_load(text) for language, text in RST.findall(GUIDE) if language == "yaml"]
    return list(block)


def rulebook(name: str) -> list[Any]:
    return list(yaml.safe_load((EDA / "rulebooks" / f"{name}.yml").read_text(encoding="utf-8")))


def rendered(value: Any, variables: dict[str, Any]) -> Any:
    """A part of a rulebook as ansible-rulebook renders it (util.py)."""
    if isinstance(value, dict):
        return {name: rendered(part, variables) for name, part in value.items()}
    if isinstance(value, list):
        return [rendered(part, variables) for part in value]
    if isinstance(value, str) and "{{" in value:
        from jinja2.nativetypes import NativeEnvironment

        return NativeEnvironment(undefined=jinja2.StrictUndefined).from_string(value).render(variables)
    return value


def arguments(content: list[Any], variables: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The sources of a rulebook by their short names, with their arguments."""
    found = []
    for ruleset in content:
        for source in ruleset["sources"]:
            ((full, args),) = [(name, value) for name, value in source.items() if name not in ("name", "filters")]
            found.append((full.removeprefix("community.senhasegura."), rendered(args or {}, variables)))
    return found


@sources
def test_a_source_is_loaded_without_ansible(source: str) -> None:
    """As ansible-rulebook does it, in a process that knows no collections."""
    path = (
        collections() / "ansible_collections/community/senhasegura/extensions/eda/plugins/event_source" / f"{source}.py"
    )
    code = f"""
import asyncio, runpy, sys
main = runpy.run_path({str(path)!r})["main"]
assert asyncio.iscoroutinefunction(main)
try:
    asyncio.run(main(None, {{"no_such_option": 1}}))
except Exception as error:
    print(type(error).__name__, error)
print([name for name in sys.modules if name.partition(".")[0] in ("ansible", "ansible_collections")])
"""
    done = subprocess.run([sys.executable, "-I", "-c", code], stdout=subprocess.PIPE, text=True, check=True)
    first, second = done.stdout.splitlines()
    assert first.startswith("ConfigError the event source has no option no_such_option")
    assert second == "[]"


@sources
def test_a_source_is_documented(source: str) -> None:
    path = SOURCES / f"{source}.py"
    documented = yaml.safe_load(text_of(path, "DOCUMENTATION"))
    own = {option.name for option in OPTIONS[source]}
    assert set(documented["options"]) == own | (
        {option.name for option in CONNECTION} if source == "senhasegura" else set()
    )
    assert all(option["description"] for option in documented["options"].values())
    examples = yaml.safe_load(text_of(path, "EXAMPLES"))
    for example in examples:
        ((name, args),) = example.items()
        assert name == f"community.senhasegura.{source}"
        check_options(args, OPTIONS[source], {option.name for option in CONNECTION})


@sources
def test_a_schema_takes_what_the_source_takes(source: str) -> None:
    schema = json.loads((SOURCES / "schemas" / f"{source}.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    defaults = {name: value["default"] for name, value in schema["properties"].items() if "default" in value}
    assert list(validator.iter_errors(defaults)) == []
    assert list(validator.iter_errors({"types": ["nonsense"]})) != []
    # Secrets are shown as such.
    hidden = {name for name, value in schema["properties"].items() if value.get("format") == "password"}
    assert hidden == ({option.name for option in CONNECTION if option.secret} if source == "senhasegura" else set())


@rulebooks
def test_a_rulebook_fits_its_source_and_starts_a_playbook_that_exists(name: str) -> None:
    content = rulebook(name)
    for source, args in arguments(content, NEEDED.get(name, {})):
        options = check_options(args, OPTIONS[source], {option.name for option in CONNECTION})
        assert set(options["types"]) <= set(TYPES[source])
    for ruleset in content:
        for rule in ruleset["rules"]:
            playbook = rule["action"]["run_playbook"]
            collection, _dot, short = playbook["name"].rpartition(".")
            assert (collection, short in PLAYBOOKS) == ("community.senhasegura", True)
            # Nothing of an event reaches a playbook but an id, which the playbook checks.
            used = re.findall(r"event\.(\w+)", json.dumps(playbook))
            assert set(used) <= {"id"}


@rulebooks
def test_each_type_that_a_rulebook_asks_for_has_a_rule(name: str) -> None:
    content = rulebook(name)
    for _source, args in arguments(content, NEEDED.get(name, {})):
        conditions = " ".join(rule["condition"] for ruleset in content for rule in ruleset["rules"])
        assert set(re.findall(r'event\.type == "(\w+)"', conditions)) == set(args["types"])


def test_the_rulebook_of_the_guide_fits() -> None:
    ((source, args),) = arguments(rulebook_of_guide(), {})
    assert source == "senhasegura"
    options = check_options(args, POLLING)
    assert options["expires_within"] == 86400


def test_the_guide_names_all_rulebooks() -> None:
    assert sorted(re.findall(r"^   \* - ``(\w+)``\n     - (?:Polls|The same)", GUIDE, re.MULTILINE)) == RULEBOOKS


@pytest.mark.parametrize("fields", [{}, {"skip_tls_verify": True, "tenant": "acme", "ca_content": "PEM"}])
def test_the_credential_type_gives_a_client_to_source_and_playbook(fields: dict[str, Any], tmp_path: Path) -> None:
    """Fields that are left empty are undefined there, and an undefined one is an error."""
    folder = SOURCES / "credential_types" / "senhasegura"
    inputs = yaml.safe_load((folder / "input.yml").read_text(encoding="utf-8"))
    injectors = yaml.safe_load((folder / "injectors.yml").read_text(encoding="utf-8"))
    known = {field["id"] for field in inputs["fields"]}
    values = {"url": "https://pam.example.com", "client_id": "id", "client_secret": "s{{ 7 }}", **fields}
    assert set(values) <= known
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
    files = {}
    for name, template in injectors["file"].items():
        text = environment.from_string(template).render(values)
        (tmp_path / name).write_text(text)
        files[name.partition(".")[2]] = str(tmp_path / name)
    context = {**values, "eda": {"filename": files}}
    env = {name: environment.from_string(template).render(context) for name, template in injectors["env"].items()}
    settings = settings_of({}, env)
    assert (settings.url, settings.validate_certs) == ("https://pam.example.com", not fields)
    assert settings.client_secret is not None and settings.client_secret.reveal() == "s{{ 7 }}"
    assert settings.ca_path == (files["ca"] if fields else None)


def test_the_credential_type_for_tls_sets_the_variables_of_the_rulebook() -> None:
    folder = SOURCES / "credential_types" / "senhasegura_syslog"
    injectors = yaml.safe_load((folder / "injectors.yml").read_text(encoding="utf-8"))
    ((_source, args),) = arguments(rulebook("rotate_on_expiry_syslog"), dict.fromkeys(injectors["extra_vars"], "/file"))
    assert {name for name, value in args.items() if value == "/file"} == {"tls_cert", "tls_key", "tls_client_ca"}


def test_options_that_are_in_no_table_are_refused() -> None:
    with pytest.raises(ConfigError):
        check_options({"nonsense": 1}, POLLING)
