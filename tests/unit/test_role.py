# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role linux_password_change has every option of its module, and the example for AWX asks for what it has."""

from __future__ import annotations

import re
from typing import Any

import yaml
from workspace import ROOT

from ansible_collections.community.senhasegura.plugins.module_utils.options import argument_spec
from ansible_collections.community.senhasegura.plugins.modules.linux_password_rotate import ARGUMENT_SPEC

ROLE = ROOT / "roles" / "linux_password_change"
PREFIX = "linux_password_change_"
# Where the role differs from its module: it has none, or a better one for most.
OWN_DEFAULTS = {"credential", "user", "report_keep_days", "report_dir", "policy", "chage"}


def load(path: str) -> Any:
    return yaml.safe_load((ROLE / path).read_text())


def options() -> dict[str, Any]:
    found = load("meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    assert all(name.startswith(PREFIX) for name in found)
    return {name.removeprefix(PREFIX): details for name, details in found.items()}


def test_the_role_has_the_options_of_the_module() -> None:
    wanted = {name: details for name, details in ARGUMENT_SPEC.items() if name not in argument_spec()}
    assert set(options()) - {"notify"} == set(wanted)
    for name, details in options().items():
        if name == "notify":
            continue
        spec = wanted[name]
        assert (details["type"], details.get("choices"), details.get("elements")) == (
            spec["type"],
            spec.get("choices"),
            spec.get("elements"),
        ), name
        if name not in OWN_DEFAULTS:
            assert details.get("default") == spec.get("default"), name
        inner = {part: inside["type"] for part, inside in details.get("options", {}).items()}
        assert inner == {part: inside["type"] for part, inside in spec.get("options", {}).items()}, name


def test_all_of_them_reach_the_module() -> None:
    (task,) = (task for task in load("tasks/main.yml") if "community.senhasegura.linux_password_rotate" in task)
    given = task["community.senhasegura.linux_password_rotate"]
    assert set(given) == set(options()) - {"notify"}
    assert all(f"{PREFIX}{name}" in value for name, value in given.items())


def test_defaults_are_those_that_are_documented() -> None:
    defaults = {name.removeprefix(PREFIX): value for name, value in load("defaults/main.yml").items()}
    assert set(defaults) == set(options()) - {"max_age"}
    for name, details in options().items():
        if "default" in details:
            assert defaults[name] == details["default"], name
        else:
            # The role leaves these out where they are empty.
            assert name in ("credential", "max_age") or defaults[name] == "", name


def test_the_survey_for_awx_asks_for_what_the_role_has() -> None:
    example = yaml.safe_load((ROOT / "extensions" / "awx" / "linux_password_change.yml").read_text())
    types = {"int": "integer", "float": "integer", "str": "text"}
    for question in example["survey_spec"]["spec"]:
        details = options()[question["variable"].removeprefix(PREFIX)]
        assert question.get("choices") == details.get("choices")
        assert question["type"] == ("multiplechoice" if "choices" in details else types[details["type"]])
        assert question["default"] in question.get("choices", [question["default"]])
    asked = {question["variable"] for question in example["survey_spec"]["spec"]}
    given = set(example["job_template"]["extra_vars"])
    assert {name.removeprefix(PREFIX) for name in asked | given} <= set(options())
    for schedule in example["schedules"]:
        assert set(schedule["extra_data"]) <= asked
        assert re.fullmatch(r"DTSTART;TZID=UTC:\d{8}T\d{6} RRULE:FREQ=DAILY;INTERVAL=\d+", schedule["rrule"])
