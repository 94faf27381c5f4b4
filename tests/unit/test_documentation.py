# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation and code say the same, for every plugin of every kind."""

from __future__ import annotations

import ast
import functools
import importlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml
from workspace import ROOT

from ansible_collections.community.senhasegura.plugins.module_utils import dsm_secrets, models, mysafe_models
from ansible_collections.community.senhasegura.plugins.module_utils.operations.device_inventory import SPEC
from ansible_collections.community.senhasegura.plugins.module_utils.operations.lookup_options import (
    CHECK_MODE_VARIABLE,
    SPECS,
    connection_spec,
)
from ansible_collections.community.senhasegura.plugins.module_utils.settings.options import (
    INI_SECTION,
    MYSAFE_OPTIONS,
    MYSAFE_RUN_OPTIONS,
    OPTIONS,
    RUN_OPTIONS,
)
from ansible_collections.community.senhasegura.plugins.plugin_utils.plugin_options import validate

COLLECTION = "community.senhasegura"
PLUGINS = ROOT / "plugins"
# The folder of a kind of plugin, and what ansible-doc calls it.
KINDS = {"modules": "module", "lookup": "lookup", "inventory": "inventory"}
SECRET_LIKE = re.compile("pass|secret|token|key|cred|seed|auth|cookie")
CONNECTION = {option.name: option for option in (*OPTIONS, *RUN_OPTIONS)}
OF_MYSAFE = {option.name: option for option in (*MYSAFE_OPTIONS, *MYSAFE_RUN_OPTIONS)}
# Options of inventories that ansible-core checks.
OF_CORE = ("strict", "compose", "groups", "keyed_groups", "use_extra_vars", "leading_separator")
OF_CORE += ("cache", "cache_plugin", "cache_timeout", "cache_connection", "cache_prefix")
# Names in a task that are no module.
TASK_KEYWORDS = {
    "check_mode",
    "run_once",
    "name",
    "no_log",
    "register",
    "vars",
    "when",
    "loop",
    "environment",
    "changed_when",
    "delegate_to",
    "become",
}


def names(folder: str) -> list[str]:
    return sorted(path.stem for path in (PLUGINS / folder).glob("*.py"))


DOCUMENTED = [(folder, name) for folder in KINDS for name in names(folder)]
LOOKUPS, MODULES, INVENTORIES = names("lookup"), names("modules"), names("inventory")
# Those that talk to the server: all but the one that reads a file of the controller, and the one that talks to AWX.
CONNECTING = [name for name in MODULES if name not in ("awx_setup", "rotation_report")]


@functools.cache
def documents(folder: str) -> dict[str, Any]:
    """What ansible-doc knows of all plugins of a kind, with the fragments merged in."""
    wanted = [f"{COLLECTION}.{name}" for name in names(folder)]
    command = [sys.executable, "-m", "ansible.cli.doc", "--json", "-t", KINDS[folder], *wanted]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(run.stdout))


def connection(name: str) -> dict[str, Any]:
    """The connection options of a plugin: those of MySafe have a client of their own."""
    return OF_MYSAFE if name.startswith("mysafe") else CONNECTION


def document(folder: str, name: str) -> dict[str, Any]:
    return dict(documents(folder)[f"{COLLECTION}.{name}"])


def plugin(folder: str, name: str) -> Any:
    return importlib.import_module(f"ansible_collections.community.senhasegura.plugins.{folder}.{name}")


def spec(folder: str, name: str) -> dict[str, Any]:
    """The argument spec by which a plugin checks its options."""
    if folder == "modules":
        return dict(plugin("action", name).ActionModule.spec)
    if folder == "inventory":
        return {**SPEC, "plugin": {"required": True, "choices": [f"{COLLECTION}.{name}"]}}
    return {**connection_spec(name), **SPECS[name]}


def flat(options: Mapping[str, Any], inner: str, place: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """All options with those inside them, which stand under the key ``inner``."""
    for name, details in options.items():
        yield place + name, details
        yield from flat(details.get(inner) or {}, inner, f"{place}{name}.")


def described(details: Mapping[str, Any]) -> dict[str, Any]:
    """What documentation and argument spec have in common about an option."""
    kind = details.get("type", "str")
    return {
        "type": kind,
        "elements": details.get("elements"),
        "required": details.get("required", False),
        "default": details.get("default"),
        "choices": sorted(details.get("choices") or []),
        "aliases": sorted(details.get("aliases") or []),
    }


@pytest.mark.parametrize(("folder", "name"), DOCUMENTED)
def test_options_are_documented_as_they_are_checked(folder: str, name: str) -> None:
    of_core = OF_CORE if folder == "inventory" else ()
    documented = {
        option: described(details)
        for option, details in flat(document(folder, name)["doc"]["options"], "suboptions")
        if option != "_terms" and option.partition(".")[0] not in of_core
    }
    checked = {option: described(details) for option, details in flat(spec(folder, name), "options")}
    if folder != "modules":
        # Their defaults come from the table, after all places.
        for option, details in connection(name).items():
            if option in checked:
                checked[option]["default"] = details.default
    assert documented == checked


@pytest.mark.parametrize(("folder", "name"), DOCUMENTED)
def test_whether_an_option_is_secret_is_decided(folder: str, name: str) -> None:
    undecided = [
        option
        for option, details in flat(spec(folder, name), "options")
        if SECRET_LIKE.search(option.rpartition(".")[2]) and "no_log" not in details
    ]
    assert undecided == []


@pytest.mark.parametrize(("folder", "name"), [case for case in DOCUMENTED if case[0] != "modules"])
def test_places_of_connection_options(folder: str, name: str) -> None:
    for option in OPTIONS if folder == "inventory" else connection(name).values():
        details = document(folder, name)["doc"]["options"][option.name]
        assert [place["name"] for place in details["vars"]] == [option.variable], option.name
        assert [place["name"] for place in details["env"]] == [option.env], option.name
        assert [(place["section"], place["key"]) for place in details["ini"]] == [(INI_SECTION, option.name)]


@pytest.mark.parametrize("name", LOOKUPS)
def test_no_other_option_of_a_lookup_has_places_that_nobody_reads(name: str) -> None:
    others = {
        option: [place["name"] for place in details["vars"]]
        for option, details in document("lookup", name)["doc"]["options"].items()
        if option not in connection(name) and any(details.get(kind) for kind in ("vars", "env", "ini"))
    }
    takes_custody = "check_mode" in SPECS[name]
    assert others == ({"check_mode": [CHECK_MODE_VARIABLE]} if takes_custody else {})


@pytest.mark.parametrize("name", CONNECTING)
def test_defaults_of_connection_options_are_told(name: str) -> None:
    for option in connection(name).values():
        text = " ".join(document("modules", name)["doc"]["options"][option.name]["description"])
        default = str(option.default).lower() if isinstance(option.default, bool) else option.default
        assert (f"The default is V({default})." in text) == (option.default is not None), option.name


@pytest.mark.parametrize(("folder", "name"), DOCUMENTED)
def test_what_every_plugin_tells(folder: str, name: str) -> None:
    doc = document(folder, name)["doc"]
    assert doc["version_added"] == "0.1.0"
    assert doc["author"] == ["community.senhasegura contributors (@community-senhasegura)"]
    assert not doc["short_description"].endswith(".")
    assert (PLUGINS / folder / f"{name}.py").read_text().count(f"\nname: {name}\n") == (folder != "modules")
    for option, details in flat(doc["options"], "suboptions"):
        description = details["description"]
        lines = [description] if isinstance(description, str) else description
        if folder == "inventory" and option.partition(".")[0] in OF_CORE:
            # The texts of ansible-core differ from release to release.
            continue
        assert all(line.endswith((".", ":", "?")) for line in lines), option


def tasks(entries: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """All tasks of an example, those in plays and blocks too."""
    for entry in entries:
        parts = [entry[key] for key in ("tasks", "block", "rescue", "always") if key in entry]
        yield from [entry] if not parts else [task for part in parts for task in tasks(part)]


@pytest.mark.parametrize(("folder", "name"), DOCUMENTED)
def test_examples(folder: str, name: str) -> None:
    fqcn = f"{COLLECTION}.{name}"
    assert fqcn in document(folder, name)["examples"]
    if folder == "inventory":
        return
    for task in tasks(yaml.safe_load(document(folder, name)["examples"])):
        assert task["name"][0].isupper()
        modules = set(task) - TASK_KEYWORDS
        assert len(modules) == 1, task["name"]
        (module,) = modules
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+\.[a-z_]+", module), module
        if module.startswith(f"{COLLECTION}."):
            assert set(task[module] or {}) <= set(spec("modules", module.rpartition(".")[2])), task["name"]
        for used in re.findall(r"\b(?:lookup|query|q)\('([^']+)'", json.dumps(task).replace('\\"', "'")):
            assert re.fullmatch(r"[a-z_]+\.[a-z_]+\.[a-z_]+", used)
            assert used.removeprefix(f"{COLLECTION}.") in LOOKUPS or not used.startswith(COLLECTION)


@pytest.mark.parametrize("name", LOOKUPS)
def test_options_in_examples_of_lookups(name: str) -> None:
    allowed = {*spec("lookup", name), "errors", "wantlist"}
    calls = re.findall(rf"'{COLLECTION}\.{name}'((?:[^()]|\([^()]*\))*)\)", document("lookup", name)["examples"])
    assert calls
    assert {option for call in calls for option in re.findall(r"(\w+)=", call)} <= allowed


@pytest.mark.parametrize("name", INVENTORIES)
def test_examples_of_inventories(name: str) -> None:
    """They are files of their own, with options that are checked."""
    files = list(yaml.safe_load_all(document("inventory", name)["examples"]))
    assert files
    for file in files:
        assert file["plugin"] == f"{COLLECTION}.{name}"
        validate({option: value for option, value in file.items() if option not in (*OF_CORE, "plugin")}, SPEC, {})


@pytest.mark.parametrize(("folder", "name"), [case for case in DOCUMENTED if case[0] != "inventory"])
def test_results_are_documented(folder: str, name: str) -> None:
    results = document(folder, name)["return"]
    assert results
    for details in results.values():
        assert details["description"]
        assert details["type"]
        assert folder == "lookup" or details["returned"]
    assert folder == "modules" or list(results) == ["_raw"]


@pytest.mark.parametrize(
    ("name", "model"),
    [("credential", models.Credential), ("credential", models.CredentialInfo), ("ssh_key", models.SshKey)],
)
def test_fields_that_lookups_return_are_listed(name: str, model: Any) -> None:
    fields = [f"C({field})" for field in models.fields_of(model)]
    text = " ".join(document("lookup", name)["return"]["_raw"]["description"])
    assert f"{', '.join(fields[:-1])} and {fields[-1]}." in text


def test_the_entries_that_the_secret_lookup_returns_are_listed() -> None:
    fields = [f"C({name})" for name in (*dsm_secrets.DsmSecret("", "", ()).public(), "data")]
    assert f"{', '.join(fields[:-1])} and {fields[-1]}." in " ".join(
        document("lookup", "secret")["return"]["_raw"]["description"]
    )


@pytest.mark.parametrize(
    ("noun", "model"),
    [
        ("a password", mysafe_models.MySafePassword),
        ("a note", mysafe_models.MySafeNote),
        ("an API secret", mysafe_models.MySafeApiSecret),
    ],
)
def test_the_fields_that_the_lookup_of_mysafe_returns_are_listed(noun: str, model: Any) -> None:
    fields = [f"C({field})" for field in mysafe_models.item_fields(model)]
    text = " ".join(document("lookup", "mysafe")["return"]["_raw"]["description"])
    (listed,) = re.findall(rf"The fields of {noun} are ([^.]*)\.", text)
    assert sorted(re.split(", | and ", listed)) == sorted(fields)


def test_generated_files_are_up_to_date() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "generate.py"), "--check"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_action_group_holds_all_modules_that_connect() -> None:
    """Its defaults are options of the connection, which other modules refuse."""
    groups = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())["action_groups"]
    assert sorted((*groups["senhasegura"], *groups["mysafe"])) == CONNECTING
    assert all(name.startswith("mysafe") for name in groups["mysafe"])
    for name in MODULES:
        own = {"support": "none", **document("modules", name)["doc"]["attributes"].get("action_group", {})}
        assert own["support"] == ("full" if name in CONNECTING else "none"), name
        if name in CONNECTING:
            group = "mysafe" if name in groups["mysafe"] else "senhasegura"
            assert own["membership"] == [f"{COLLECTION}.{group}"]
            assert f"group/{COLLECTION}.{group})" in own["description"]
        options = document("modules", name)["doc"]["options"].keys() & {*CONNECTION, *OF_MYSAFE}
        assert options == (connection(name).keys() if name in CONNECTING else set()), name


def test_each_action_has_a_module_and_each_module_an_action() -> None:
    assert names("action") == MODULES


OPERATIONS = sorted(
    path.stem for path in (PLUGINS / "module_utils" / "operations").glob("*.py") if path.stem in MODULES
)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_action_without_a_rotation_is_wiring(name: str) -> None:
    operation = importlib.import_module(
        f"ansible_collections.community.senhasegura.plugins.module_utils.operations.{name}"
    )
    action = plugin("action", name).ActionModule
    assert action.operation is operation
    assert (action.spec, action.rules, action.thing) == (operation.SPEC, operation.RULES, operation.NOUN)
    assert len((PLUGINS / "action" / f"{name}.py").read_text().splitlines()) < 20


def test_which_actions_rotate_on_hosts() -> None:
    assert set(CONNECTING) - set(OPERATIONS) == {"linux_password_change", "linux_ssh_key_rotation", "rotation_info"}


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_documentation_and_nothing_else(name: str) -> None:
    body = ast.parse((PLUGINS / "modules" / f"{name}.py").read_text()).body
    assert isinstance(body[0], ast.ImportFrom)
    assert body[0].module == "__future__"
    names = [ast.unparse(part.targets[0]) for part in body[1:] if isinstance(part, ast.Assign)]
    assert names == ["DOCUMENTATION", "EXAMPLES", "RETURN"]
    assert len(body) == 1 + len(names)


def test_the_files_that_the_guide_of_the_architecture_names() -> None:
    guide = (ROOT / "docs" / "docsite" / "rst" / "architecture.rst").read_text()
    named = re.findall(r"``((?:action|lookup|module_utils|plugin_utils)/[\w/]+\.py)``", guide)
    assert len(named) > 25
    assert [name for name in named if not (PLUGINS / name).is_file()] == []
