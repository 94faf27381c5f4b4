# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roles external_secrets and dsm_cli have the options that they document, and hand them all on."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from workspace import ROOT

from ansible_collections.community.senhasegura.plugins.module_utils.operations import external_secrets
from ansible_collections.community.senhasegura.plugins.module_utils.settings.options import argument_spec

ROLES = {"external_secrets": ["main", "verify"], "dsm_cli": ["main", "runb", "cleanup"]}
# Options of the module that the role calls otherwise, or sets itself.
NAMES = {"secrets": "external_secrets"}
OF_THE_ROLE = {"state", "kubeconfig", "context", "wait_timeout", "poll_interval", "include_manifests"}
roles = pytest.mark.parametrize("name", ROLES)


def load(name: str, path: str) -> Any:
    return yaml.safe_load((ROOT / "roles" / name / path).read_text(encoding="utf-8"))


def options(name: str) -> dict[str, dict[str, Any]]:
    """Return the options of all entry points, without the prefix."""
    found: dict[str, dict[str, Any]] = {}
    for spec in load(name, "meta/argument_specs.yml")["argument_specs"].values():
        for option, details in spec["options"].items():
            assert option.startswith(f"{name}_")
            short = option.removeprefix(f"{name}_")
            assert found.setdefault(short, details) == details, f"{option} means two things"
    return found


@roles
def test_entry_points_are_files(name: str) -> None:
    specs = load(name, "meta/argument_specs.yml")["argument_specs"]
    assert list(specs) == ROLES[name]
    for entry in specs:
        assert (ROOT / "roles" / name / "tasks" / f"{entry}.yml").is_file()


@roles
def test_defaults_are_those_that_are_documented(name: str) -> None:
    defaults = {option.removeprefix(f"{name}_"): value for option, value in load(name, "defaults/main.yml").items()}
    documented = options(name)
    assert set(defaults) <= set(documented)
    for option, details in documented.items():
        if "default" in details:
            assert defaults[option] == details["default"], option
        else:
            # What is not set is left out, or taken from another variable.
            assert defaults.get(option) in (None, "") or "{{" in defaults[option], option


@roles
def test_every_option_is_used(name: str) -> None:
    files = [*(ROOT / "roles" / name / "tasks").iterdir(), *(ROOT / "roles" / name).glob("templates/*")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    assert [option for option in options(name) if not re.search(rf"\b{name}_{option}\b", text)] == []


@roles
def test_the_readme_names_entry_points_and_facts(name: str) -> None:
    readme = (ROOT / "roles" / name / "README.md").read_text(encoding="utf-8")
    tasks = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "roles" / name / "tasks").iterdir())
    facts = set(re.findall(rf"set_fact:\n\s+({name}_\w+):", tasks))
    assert facts
    for word in (*ROLES[name], *facts):
        assert f"`{word}`" in readme, word


@roles
def test_secrets_are_hidden(name: str) -> None:
    assert {option for option, details in options(name).items() if details.get("no_log")} == {
        "client_id",
        "client_secret",
    }


def test_the_role_has_the_options_of_the_module() -> None:
    wanted = {option: details for option, details in external_secrets.SPEC.items() if option not in argument_spec()}
    found = {option: details for option, details in options("external_secrets").items() if option not in OF_THE_ROLE}
    found = {NAMES.get(option, option): details for option, details in found.items() if "no_log" not in details}
    assert set(found) == set(wanted) - OF_THE_ROLE
    for option, details in found.items():
        _same(option, details, wanted[option])


def _same(option: str, details: dict[str, Any], wanted: dict[str, Any]) -> None:
    for part in ("type", "elements", "choices"):
        assert details.get(part) == wanted.get(part), option
    assert details.get("required", False) == wanted.get("required", False), option
    assert details.get("default") in (wanted.get("default"), []), option
    assert set(details.get("options", {})) == set(wanted.get("options", {})), option
    for inner, inside in details.get("options", {}).items():
        _same(f"{option}.{inner}", inside, wanted["options"][inner])


def test_all_of_them_reach_the_module() -> None:
    (task,) = load("external_secrets", "tasks/render.yml")
    given = task["community.senhasegura.external_secrets"]
    names = {option: option for option in options("external_secrets") if option not in OF_THE_ROLE}
    wanted = {NAMES.get(option, option): f"external_secrets_{option}" for option in names}
    wanted["include_manifests"] = "external_secrets_include_manifests"
    assert {option: re.findall(r"external_secrets_\w+", value) for option, value in given.items()} == {
        option: [variable] for option, variable in wanted.items()
    }
