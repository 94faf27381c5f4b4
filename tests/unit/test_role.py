# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roles have every option of their modules, and the examples for AWX ask for what they have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
import yaml
from workspace import ROOT

from ansible_collections.community.senhasegura.plugins.action import (
    awx_setup,
    linux_password_change,
    linux_ssh_key_rotation,
    secrets_file,
)
from ansible_collections.community.senhasegura.plugins.module_utils.settings.options import argument_spec


@dataclass(frozen=True)
class Role:
    """``names`` are options of the module that the role calls otherwise; ``own_defaults`` are those for which the role
    has none, or a better one for most; ``unset`` have no default in the role.
    """

    name: str
    module: str
    spec: dict[str, Any]
    tasks: str
    names: dict[str, str]
    own_defaults: frozenset[str]
    unset: frozenset[str]
    # What the role gives to the module when it is not an option under the same name.
    computed: frozenset[str] = frozenset()
    # Options of the role from which it makes one of the module, of another type.
    made: frozenset[str] = frozenset()

    @property
    def prefix(self) -> str:
        return f"{self.name}_"

    def load(self, path: str) -> Any:
        return yaml.safe_load((ROOT / "roles" / self.name / path).read_text())

    def options(self, *entries: str) -> dict[str, Any]:
        """The options of these entry points, or of the main one, without the prefix."""
        specs = self.load("meta/argument_specs.yml")["argument_specs"]
        found = {name: details for entry in entries or ("main",) for name, details in specs[entry]["options"].items()}
        assert all(name.startswith(self.prefix) for name in found)
        return {name.removeprefix(self.prefix): details for name, details in found.items()}

    def of_module(self, option: str) -> str:
        return self.names.get(option, option)


# What the role does around the module.
OF_THE_ROLE = {"notify", "retries", "retry_delay"}
ROLES = [
    Role(
        "linux_password_change",
        "community.senhasegura.linux_password_change",
        linux_password_change.SPEC,
        "tasks/main.yml",
        {"share": "hosts"},
        frozenset({"credential", "user", "report_dir", "policy", "chage", "break_lock"}),
        frozenset({"max_age_days"}),
        frozenset({"group"}),
        frozenset({"share"}),
    ),
    Role(
        "linux_ssh_key_rotation",
        "community.senhasegura.linux_ssh_key_rotation",
        linux_ssh_key_rotation.SPEC,
        "tasks/rotate.yml",
        {"key": "ssh_key"},
        frozenset({"key", "user", "report_dir", "passphrase", "break_lock"}),
        frozenset({"max_age_days", "hosts", "shared_with", "source_address", "bits", "comment"}),
        frozenset({"used", "group", "sharing"}),
    ),
]
roles = pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)


@roles
def test_the_role_has_the_options_of_the_module(role: Role) -> None:
    wanted = {name: details for name, details in role.spec.items() if name not in argument_spec()}
    options = {name: details for name, details in role.options().items() if name not in OF_THE_ROLE}
    assert {role.of_module(name) for name in options} == set(wanted)
    for name, details in options.items():
        if name in role.made:
            continue
        spec = wanted[role.of_module(name)]
        assert (details["type"], details.get("choices"), details.get("elements")) == (
            spec["type"],
            spec.get("choices"),
            spec.get("elements"),
        ), name
        if name not in role.own_defaults:
            assert details.get("default") == spec.get("default"), name
        assert details.get("no_log", False) == spec.get("no_log", False), name
        inner = {part: inside["type"] for part, inside in details.get("options", {}).items()}
        assert inner == {part: inside["type"] for part, inside in spec.get("options", {}).items()}, name


@roles
def test_all_of_them_reach_the_module(role: Role) -> None:
    (task,) = (task for task in role.load(role.tasks) if role.module in task)
    given = task[role.module]
    assert set(given) == {role.of_module(name) for name in role.options()} - OF_THE_ROLE
    names = {role.of_module(name): name for name in role.options()}
    for option, value in given.items():
        possible = {names[option], *role.computed}
        assert any(f"{role.prefix}{name}" in value for name in possible), option


@roles
def test_defaults_are_those_that_are_documented(role: Role) -> None:
    defaults = {name.removeprefix(role.prefix): value for name, value in role.load("defaults/main.yml").items()}
    options = role.options("main", "state")
    assert set(defaults) == set(options) - role.unset
    for name, details in options.items():
        if "default" in details:
            assert defaults[name] == details["default"], name
        else:
            # The role leaves these out where they are empty.
            assert name in {"credential", "key", *role.unset} or defaults[name] == "", name


@roles
def test_the_survey_for_awx_asks_for_what_the_role_has(role: Role) -> None:
    example = yaml.safe_load((ROOT / "extensions" / "awx" / f"{role.name}.yml").read_text())
    assert example["job_template"]["playbook"] == f"{role.name}.yml"
    assert (ROOT / "playbooks" / f"{role.name}.yml").exists()
    types = {"int": "integer", "float": "integer", "str": "text"}
    for question in example["survey_spec"]["spec"]:
        details = role.options()[question["variable"].removeprefix(role.prefix)]
        assert question.get("choices") == details.get("choices")
        assert question["type"] == ("multiplechoice" if "choices" in details else types[details["type"]])
        assert question["default"] in question.get("choices", [question["default"]])
    asked = {question["variable"] for question in example["survey_spec"]["spec"]}
    given = set(example["job_template"]["extra_vars"])
    assert {name.removeprefix(role.prefix) for name in asked | given} <= set(role.options())
    for schedule in example["schedules"]:
        assert set(schedule["extra_data"]) <= asked
        # AWX: "'...' value missing", even where the question has a default.
        assert set(schedule["extra_data"]) >= {
            question["variable"] for question in example["survey_spec"]["spec"] if question["required"]
        }
        for question in example["survey_spec"]["spec"]:
            answer = schedule["extra_data"][question["variable"]]
            assert type(answer) is type(question["default"])
            assert answer in question.get("choices", [answer])
        assert re.fullmatch(r"DTSTART;TZID=UTC:\d{8}T\d{6} RRULE:FREQ=DAILY;INTERVAL=\d+", schedule["rrule"])


def test_the_role_of_pipelines_has_options_of_its_module() -> None:
    folder, prefix = ROOT / "roles" / "pipeline_secrets", "pipeline_secrets_"
    options = yaml.safe_load((folder / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    defaults = yaml.safe_load((folder / "defaults/main.yml").read_text())
    (task,) = (
        task["community.senhasegura.secrets_file"]
        for task in yaml.safe_load((folder / "tasks/main.yml").read_text())
        if "community.senhasegura.secrets_file" in task
    )
    of_the_role = {"mapping_file", "upload"}
    assert set(options) - {f"{prefix}{name}" for name in of_the_role} == {f"{prefix}{name}" for name in task}
    spec = secrets_file.ActionModule.spec
    for name, value in task.items():
        details = options[f"{prefix}{name}"]
        assert details["type"] == spec[name]["type"]
        assert [choice for choice in details.get("choices", []) if choice] == spec[name].get("choices", [])
        assert f"{prefix}{name}" in value
    assert defaults == {name: details["default"] for name, details in options.items() if "default" in details}


def test_the_role_for_awx_has_the_options_of_its_module() -> None:
    folder, prefix = ROOT / "roles" / "awx_setup", "awx_setup_"
    options = yaml.safe_load((folder / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    defaults = yaml.safe_load((folder / "defaults/main.yml").read_text())
    (task,) = yaml.safe_load((folder / "tasks/main.yml").read_text())
    given = task["community.senhasegura.awx_setup"]
    spec = awx_setup.ActionModule.spec
    assert set(given) == set(spec)
    names = {name: prefix + name.removeprefix("awx_") for name in spec}
    assert set(names.values()) == set(options)
    for name, option in names.items():
        assert re.match(rf"{{{{ {option}\b", given[name])
        assert_same_option(options[option], spec[name], option)
    login = {prefix + name for name in ("url", "token", "username", "password")}
    documented = {name: details["default"] for name, details in options.items() if "default" in details}
    assert {name: value for name, value in defaults.items() if name not in login} == documented
    assert all("CONTROLLER_" in defaults[name] and "AAP_" in defaults[name] for name in login)


def assert_same_option(documented: dict[str, Any], spec: dict[str, Any], name: str) -> None:
    kind = {"path": "str"}.get(spec["type"], spec["type"])
    assert (documented["type"], documented.get("elements"), documented.get("choices")) == (
        kind,
        spec.get("elements"),
        spec.get("choices"),
    ), name
    assert documented.get("default") in (spec.get("default"), ""), name
    assert documented.get("no_log", False) == spec.get("no_log", False), name
    inner = spec.get("options", {})
    assert set(documented.get("options", {})) == set(inner), name
    for part, details in inner.items():
        assert_same_option(documented["options"][part], details, f"{name}.{part}")


JOBS = sorted(path.stem for path in (ROOT / "extensions" / "awx").glob("*.yml") if "job_template:" in path.read_text())
# What a job asks for is a variable of its playbook, or of the role that this uses.
QUESTION_TYPES = {"text", "textarea", "multiplechoice", "multiselect", "integer", "float"}


@pytest.mark.parametrize("name", JOBS)
def test_a_job_asks_for_what_its_playbook_uses(name: str) -> None:
    job = yaml.safe_load((ROOT / "extensions" / "awx" / f"{name}.yml").read_text())
    if "workflow_job_template" in job:
        return
    text = (ROOT / "playbooks" / job["job_template"]["playbook"]).read_text()
    for role in re.findall(r"name: community\.senhasegura\.(\w+)", text):
        text += (ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text()
    questions = {one["variable"]: one for one in job["survey_spec"]["spec"]}
    for variable in [*questions, *job["job_template"]["extra_vars"]]:
        assert re.search(rf"\b{variable}\b", text), variable
    for schedule in job["schedules"]:
        assert set(schedule["extra_data"]) >= {name for name, one in questions.items() if one["required"]}
    for variable, question in questions.items():
        assert question["type"] in QUESTION_TYPES
        # Never a value: AWX keeps answers in clear, and shows them with the job.
        assert not re.search("password$|secret$|token|private", variable), variable
