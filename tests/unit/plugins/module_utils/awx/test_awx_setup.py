# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All that awx_setup makes, against a small server that refuses as AWX does."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from awx.awx_server import TOKEN, Awx
from workspace import ROOT

from ansible_collections.community.senhasegura.plugins.module_utils.awx import composition, reconcile
from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError
from ansible_collections.community.senhasegura.plugins.module_utils.operations import awx_setup
from ansible_collections.community.senhasegura.plugins.plugin_utils.awx_setup_action import load
from ansible_collections.community.senhasegura.plugins.plugin_utils.plugin_options import validate

SECRET = "canary-51be-secret"
PLAYBOOKS = [f"playbooks/{name}.yml" for name in composition.JOBS]
# All of it.
OPTIONS: dict[str, Any] = {
    "awx_token": TOKEN,
    "awx_allow_http": True,
    "credentials": [
        {
            "name": "vault",
            "inputs": {"url": "https://pam.example.com", "ca_content": "-----BEGIN CERTIFICATE-----\nx\n"},
            "secrets": {"client_id": f"{SECRET}-id", "client_secret": SECRET},
        },
        {
            "name": "signed",
            "type": "oauth1",
            "inputs": {"url": "https://pam.example.com"},
            "secrets": {
                name: f"{SECRET}-{name}" for name in ("consumer_key", "consumer_secret", "token_key", "token_secret")
            },
        },
        {
            "name": "own",
            "type": "mysafe",
            "inputs": {"url": "https://pam.example.com", "mysafe_auth_method": "oauth2_basic"},
            "secrets": {"mysafe_client_id": f"{SECRET}-m", "mysafe_client_secret": f"{SECRET}-s"},
        },
    ],
    "execution_environment": {"image": "registry.example.com/ee:1", "pull": "missing"},
    "jobs": list(composition.JOBS),
    "job_fields": {"linux_password_change": {"job_slice_count": 10}},
    "job_variables": {"linux_password_change": {"linux_password_change_go_on": True}},
    "answers": {"linux_password_change_user": "web"},
    "report_dir": "/srv/reports",
    "notification": {"type": "webhook", "configuration": {"headers": {}}, "secrets": {"url": f"https://x/{SECRET}"}},
    "enabled_schedules": ["Nightly rotation - Each night"],
    "rrules": {"Nightly rotation - Each night": "DTSTART;TZID=UTC:20260105T033000 RRULE:FREQ=DAILY;INTERVAL=1"},
    "objects": [{"kind": "inventory", "name": "own", "fields": {"organization": "Default"}}],
}


@pytest.fixture
def awx() -> Iterator[Awx]:
    with Awx(PLAYBOOKS, delay=0) as server:
        yield server


def run(awx: Awx, check: bool = False, **options: Any) -> dict[str, Any]:
    given = copy.deepcopy({"awx_url": awx.url, **OPTIONS, **options})
    params = validate(
        {name: value for name, value in given.items() if value is not None}, awx_setup.SPEC, awx_setup.RULES
    )
    files = {name: load(name) for name in composition.needed_files(params)}
    return awx_setup.run(awx_setup.connect(params), params, check, files)


def refused(awx: Awx, **options: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        run(awx, **options)
    return str(caught.value)


def test_an_empty_awx_gets_it_all_and_the_second_run_changes_nothing(awx: Awx) -> None:
    first = run(awx)
    assert {one["action"] for one in first["objects"]} == {"create"}
    kinds = {one["kind"] for one in first["objects"]}
    assert kinds == set(reconcile.KINDS) - {"organization"}
    del awx.writes[:]
    second = run(awx)
    assert (second["changed"], awx.writes) == (False, [])
    assert SECRET not in str(first) + str(second)


def test_check_mode_of_an_empty_awx_writes_nothing(awx: Awx) -> None:
    predicted = run(awx, check=True)
    assert awx.writes == []
    assert not [request for request in awx.requests if not request.startswith("GET ")]
    made = run(awx)
    assert [(one["kind"], one["name"], one["action"]) for one in predicted["objects"]] == [
        (one["kind"], one["name"], one["action"]) for one in made["objects"]
    ]


def test_what_each_job_gets(awx: Awx) -> None:
    run(awx)
    job = awx.named("job_templates", "Linux passwords - change")
    vault = awx.named("credentials", "vault")
    assert vault["inputs"]["client_secret"] == SECRET
    # One for A2A: a second one would set the same variables.
    assert awx.links["job_templates", job["id"], "credentials"] == [vault["id"]]
    assert job["job_slice_count"] == 10
    assert yaml.safe_load(job["extra_vars"]) == {
        "linux_password_change_report_dir": "/srv/reports/linux_passwords",
        "linux_password_change_go_on": True,
    }
    defaults = {one["variable"]: one["default"] for one in awx.surveys["job_templates", job["id"]]["spec"]}
    assert defaults["linux_password_change_user"] == "web"
    report = awx.named("job_templates", "Rotations - report")
    assert yaml.safe_load(report["extra_vars"])["rotation_report_dirs"] == [
        "/srv/reports/linux_passwords",
        "/srv/reports/ssh_keys",
    ]
    source = awx.named("inventory_sources", "devices")
    assert (source["source_path"], source["credential"]) == ("extensions/awx/devices.senhasegura.yml", vault["id"])
    assert (ROOT / source["source_path"]).is_file()


def test_the_workflow_is_preflight_rotate_verify_report(awx: Awx) -> None:
    run(awx)
    nodes = {one["identifier"]: one for one in awx.objects["workflow_job_template_nodes"].values()}
    names = {number: one["name"] for number, one in awx.objects["job_templates"].items()}
    assert {name: names[one["unified_job_template"]] for name, one in nodes.items()} == {
        "preflight": "senhasegura - doctor",
        "rotate": "Linux passwords - change",
        "verify": "Passwords and keys - verify",
        "report": "Rotations - report",
    }
    kind = "workflow_job_template_nodes"
    edges = {(number, part): ids for (one, number, part), ids in awx.links.items() if one == kind and ids}
    assert edges == {
        (nodes["preflight"]["id"], "success_nodes"): [nodes["rotate"]["id"]],
        (nodes["rotate"]["id"], "always_nodes"): [nodes["verify"]["id"]],
        (nodes["verify"]["id"], "always_nodes"): [nodes["report"]["id"]],
    }
    assert nodes["rotate"]["extra_data"]["linux_password_change_user"] == "web"


def test_only_the_schedules_that_are_named_run(awx: Awx) -> None:
    run(awx)
    enabled = {one["name"] for one in awx.objects["schedules"].values() if one["enabled"]}
    assert enabled == {"Nightly rotation - Each night"}
    assert "T033000" in awx.named("schedules", "Nightly rotation - Each night")["rrule"]
    assert len(awx.objects["schedules"]) > 4
    assert run(awx, enabled_schedules=[])["changed"]
    assert not any(one["enabled"] for one in awx.objects["schedules"].values())


def test_as_little_as_possible(awx: Awx) -> None:
    given = dict.fromkeys(set(OPTIONS) - {"awx_token", "awx_allow_http"})
    done = run(awx, **given)
    assert {one["name"] for one in done["objects"] if one["kind"] == "job_template"} == {
        load(name)["job_template"]["name"] for name in awx_setup.SPEC["jobs"]["default"]
    }
    assert not awx.objects["execution_environments"]
    assert run(awx, **given)["changed"] is False


@pytest.mark.parametrize("name", composition.JOBS)
def test_each_job_alone(awx: Awx, name: str) -> None:
    given = {**dict.fromkeys(set(OPTIONS) - {"awx_token", "awx_allow_http"}), "jobs": [name], "workflow": False}
    assert run(awx, **given)["changed"]
    assert run(awx, **given)["changed"] is False


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"job_fields": {"doctro": {}}}, "job_fields names doctro, which is not one of jobs"),
        ({"job_variables": {"x": {}}}, "job_variables names x"),
        (
            {"answers": {"linux_pasword_change_user": "x"}},
            "answers names linux_pasword_change_user, which no job asks for",
        ),
        (
            {"jobs": ["doctor"], "job_fields": {}, "job_variables": {}, "answers": {}},
            "jobs does not name linux_password_change, rotation_report, rotation_state, which the workflow needs",
        ),
        ({"enabled_schedules": ["nightly"]}, "enabled_schedules names nightly, and there are: DSM"[:40]),
        ({"awx_token": None}, "awx_token is not set"),
        ({"awx_url": ""}, "awx_url is empty"),
    ],
)
def test_what_would_do_nothing_is_refused_before_anything_is_made(awx: Awx, options: dict[str, Any], says: str) -> None:
    assert says in refused(awx, **options)
    assert awx.writes == []


def test_every_job_has_its_playbook() -> None:
    for name in composition.JOBS:
        assert load(name)["job_template"]["playbook"] == f"{name}.yml"
        assert (ROOT / "playbooks" / f"{name}.yml").is_file()
