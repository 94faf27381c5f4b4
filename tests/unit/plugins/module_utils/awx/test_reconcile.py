# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects of AWX as code, against a small server that refuses as AWX does."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from awx.awx_server import PASSWORD, TOKEN, USER, Awx

from ansible_collections.community.senhasegura.plugins.module_utils.awx.awx_api import AwxApi
from ansible_collections.community.senhasegura.plugins.module_utils.awx.object_kinds import KINDS
from ansible_collections.community.senhasegura.plugins.module_utils.awx.reconcile import Reconciler, Wanted
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    AuthenticationFailed,
    InvalidRequest,
    NotFound,
    Refused,
    SenhaseguraError,
    UnexpectedResponse,
)

SECRET = "canary-93a1-secret"
FIELDS = [
    {"id": "url", "label": "URL", "type": "string"},
    {"id": "client_secret", "label": "Secret", "type": "string", "secret": True},
]
TYPE = {
    "kind": "credential_type",
    "name": "pam",
    "fields": {
        "kind": "cloud",
        "inputs": {"fields": FIELDS, "required": ["url"]},
        "injectors": {"env": {"A": "{{ url }}"}},
    },
}
CREDENTIAL = {
    "kind": "credential",
    "name": "vault",
    "fields": {"organization": "Default", "credential_type": "pam", "inputs": {"url": "https://pam.example.com"}},
    "secrets": {"client_secret": SECRET},
}
IMAGE = {
    "kind": "execution_environment",
    "name": "ee",
    "fields": {"image": "registry.example.com/ee:1", "pull": "always"},
}
PROJECT = {
    "kind": "project",
    "name": "code",
    "fields": {"organization": "Default", "scm_type": "git", "scm_url": "https://git.example.com/x.git"},
}
INVENTORY = {"kind": "inventory", "name": "linux", "fields": {"organization": "Default", "variables": {"a": [1, "é"]}}}
SOURCE = {
    "kind": "inventory_source",
    "name": "pam",
    "fields": {
        "inventory": "linux",
        "source": "scm",
        "source_project": "code",
        "source_path": "senhasegura.yml",
        "credential": "vault",
    },
}
MAIL = {
    "kind": "notification_template",
    "name": "hook",
    "fields": {
        "organization": "Default",
        "notification_type": "webhook",
        "notification_configuration": {"headers": {}, "username": "me"},
    },
    "secrets": {"url": f"https://hooks.example.com/{SECRET}-url", "password": f"{SECRET}-hook"},
}
SURVEY = {
    "name": "",
    "description": "",
    "spec": [
        {
            "question_name": "User",
            "variable": "user",
            "type": "text",
            "required": True,
            "default": "app",
            "min": 1,
            "max": 9,
        }
    ],
}
JOB = {
    "kind": "job_template",
    "name": "rotate",
    "fields": {
        "project": "code",
        "inventory": "linux",
        "playbook": "rotate.yml",
        "execution_environment": "ee",
        "extra_vars": {"deep": {"list": [1, 2]}},
        "survey_enabled": True,
        "survey_spec": SURVEY,
        "credentials": ["vault"],
        "notification_templates_error": ["hook"],
        "job_slice_count": 10,
    },
}
SCHEDULE = {
    "kind": "schedule",
    "name": "nightly",
    "fields": {
        "job_template": "rotate",
        "rrule": "DTSTART;TZID=UTC:20260105T020000 RRULE:FREQ=DAILY;INTERVAL=1",
        "extra_data": {"user": "app"},
    },
}
WORKFLOW = {
    "kind": "workflow_job_template",
    "name": "night",
    "fields": {
        "organization": "Default",
        "notification_templates_error": ["hook"],
        "nodes": [
            {"identifier": "one", "job_template": "rotate", "extra_data": {"user": "web"}, "success": ["two"]},
            {"identifier": "two", "job_template": "rotate", "always": ["three"]},
            {"identifier": "three", "job_template": "rotate"},
        ],
    },
}
ALL = [TYPE, IMAGE, CREDENTIAL, PROJECT, INVENTORY, SOURCE, MAIL, JOB, SCHEDULE, WORKFLOW]


@pytest.fixture
def awx() -> Iterator[Awx]:
    with Awx(["rotate.yml", "verify.yml"]) as server:
        yield server


def run(awx: Awx, *objects: dict[str, Any], check: bool = False, **options: Any) -> dict[str, Any]:
    """Apply objects, and return what the module does. Options are those of the login and of the reconciler."""
    own = {name: options.pop(name) for name in ("update_secrets", "wait") if name in options}
    login = {} if "password" in options else {"token": TOKEN}
    api = AwxApi(awx.url, **{"allow_http": True, **login, **options})
    api.hide(value for one in objects for value in one.get("secrets", {}).values())
    reconciler = Reconciler(api, check, pause=lambda _seconds: None, **own)
    done = [
        reconciler.apply(Wanted(one["kind"], one["name"], copy.deepcopy(one["fields"]), one.get("secrets", {})))
        for one in objects
    ]
    diffs = {f"{one.kind} {one.name}": one.plan.result()["diff"] for one in done if one.plan.changed}
    return {
        "changed": bool(diffs),
        "objects": [{"kind": one.kind, "id": one.identifier, "action": one.plan.action} for one in done],
        "diff": {key: {label: diff[key] for label, diff in diffs.items()} for key in ("before", "after")},
    }


def refused(awx: Awx, *objects: dict[str, Any], **options: Any) -> SenhaseguraError:
    with pytest.raises(SenhaseguraError) as caught:
        run(awx, *objects, **options)
    return caught.value


def changed(one: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {**one, "fields": {**one["fields"], **fields}}


def test_all_kinds_are_tried_here() -> None:
    assert {one["kind"] for one in ALL} == set(KINDS) - {"organization"}


def test_the_second_run_changes_nothing(awx: Awx) -> None:
    first = run(awx, *ALL)
    assert [one["action"] for one in first["objects"]] == ["create"] * len(ALL)
    assert all(isinstance(one["id"], int) for one in first["objects"])
    del awx.writes[:]
    second = run(awx, *ALL)
    assert (second["changed"], {one["action"] for one in second["objects"]}) == (False, {"none"})
    assert second["diff"] == {"before": {}, "after": {}}
    assert awx.writes == []
    assert [one["id"] for one in second["objects"]] == [one["id"] for one in first["objects"]]


def test_what_awx_has_then(awx: Awx) -> None:
    run(awx, *ALL)
    job, credential = awx.named("job_templates", "rotate"), awx.named("credentials", "vault")
    assert job["extra_vars"] == '{"deep": {"list": [1, 2]}}'
    assert credential["inputs"] == {"url": "https://pam.example.com", "client_secret": SECRET}
    assert awx.links["job_templates", job["id"], "credentials"] == [credential["id"]]
    assert awx.surveys["job_templates", job["id"]] == SURVEY
    nodes = {one["identifier"]: one["id"] for one in awx.objects["workflow_job_template_nodes"].values()}
    edges = {(number, part): ids for (kind, number, part), ids in awx.links.items() if "node" in kind and ids}
    assert edges == {(nodes["one"], "success_nodes"): [nodes["two"]], (nodes["two"], "always_nodes"): [nodes["three"]]}
    assert awx.named("schedules", "nightly")["unified_job_template"] == job["id"]


def test_check_mode_of_an_empty_awx_predicts_all_and_writes_nothing(awx: Awx) -> None:
    done = run(awx, *ALL, check=True)
    assert {(one["action"], one["id"]) for one in done["objects"]} == {("create", None)}
    assert awx.writes == []
    assert SECRET not in str(done)


def test_check_mode_predicts_what_a_run_does(awx: Awx) -> None:
    run(awx, *ALL)
    wanted = [changed(JOB, forks=7, credentials=[]), changed(WORKFLOW, nodes=WORKFLOW["fields"]["nodes"][:1])]  # type: ignore[index]
    wanted[1]["fields"]["nodes"] = [{**wanted[1]["fields"]["nodes"][0], "success": []}]
    del awx.writes[:]
    predicted = run(awx, *wanted, check=True)
    assert awx.writes == []
    assert run(awx, *wanted) == predicted
    assert predicted["diff"]["after"]["job_template rotate"]["forks"] == 7
    assert run(awx, *wanted)["changed"] is False
    assert len(awx.objects["workflow_job_template_nodes"]) == 1


def test_an_edge_that_moves(awx: Awx) -> None:
    run(awx, *ALL)
    one, two, three = WORKFLOW["fields"]["nodes"]  # type: ignore[index]
    # From success to failure between the same two, and back to front for the others.
    turned = [{**one, "success": [], "failure": ["two"]}, {**two, "always": []}, {**three, "success": []}]
    assert run(awx, changed(WORKFLOW, nodes=turned))["changed"]
    assert run(awx, changed(WORKFLOW, nodes=turned))["changed"] is False
    nodes = {one["identifier"]: one["id"] for one in awx.objects["workflow_job_template_nodes"].values()}
    edges = {(number, part): ids for (kind, number, part), ids in awx.links.items() if "node" in kind and ids}
    assert edges == {(nodes["one"], "failure_nodes"): [nodes["two"]]}


def test_a_secret_is_sent_once_unless_it_is_asked_for(awx: Awx) -> None:
    run(awx, *ALL)
    other = {**CREDENTIAL, "secrets": {"client_secret": "another-secret"}}
    assert run(awx, other)["changed"] is False
    assert awx.named("credentials", "vault")["inputs"]["client_secret"] == SECRET
    done = run(awx, other, update_secrets=True)
    assert done["diff"]["after"]["credential vault"]["inputs"]["client_secret"] == "(hidden)"
    assert awx.named("credentials", "vault")["inputs"]["client_secret"] == "another-secret"


def test_a_secret_stays_when_something_else_changes(awx: Awx) -> None:
    run(awx, *ALL)
    inputs = {"url": "https://other.example.com"}
    assert run(awx, changed(CREDENTIAL, inputs=inputs))["changed"]
    assert awx.named("credentials", "vault")["inputs"] == {**inputs, "client_secret": SECRET}
    # Nor has whoever does not know it to give it.
    assert run(awx, {**changed(CREDENTIAL, inputs={"url": "https://pam.example.com"}), "secrets": {}})["changed"]
    assert awx.named("credentials", "vault")["inputs"]["client_secret"] == SECRET


def test_a_secret_for_a_credential_that_is_there_without_one(awx: Awx) -> None:
    run(awx, TYPE, {**CREDENTIAL, "secrets": {}})
    bare = {**CREDENTIAL, "fields": {name: CREDENTIAL["fields"][name] for name in ("organization", "credential_type")}}  # type: ignore[index]
    assert run(awx, bare)["changed"]
    assert awx.named("credentials", "vault")["inputs"]["client_secret"] == SECRET


@pytest.mark.parametrize("check", [False, True])
def test_no_secret_is_in_a_result(awx: Awx, check: bool) -> None:
    assert SECRET not in str(run(awx, *ALL, check=check))
    assert SECRET not in str(run(awx, *ALL, check=check, update_secrets=True))


def test_a_refusal_that_quotes_a_secret_is_redacted(awx: Awx) -> None:
    wrong = {**CREDENTIAL, "secrets": {"client_secret": SECRET, SECRET: "x-canary-too"}}
    error = refused(awx, TYPE, wrong)
    assert isinstance(error, InvalidRequest)
    assert "Additional properties" in str(error)
    # The server quotes the name of a field; a value is never in it.
    assert "x-canary-too" not in str(error.failure())
    chosen = copy.deepcopy(TYPE)
    chosen["fields"]["inputs"]["fields"][1]["choices"] = ["a", "b"]  # type: ignore[index]
    chosen["name"] = "choices"
    error = refused(awx, chosen, changed(CREDENTIAL, credential_type="choices"))
    assert "is not one of" in str(error)
    assert SECRET not in str(error.failure())


def test_an_error_names_object_endpoint_and_what_awx_says(awx: Awx) -> None:
    error = refused(awx, TYPE, IMAGE, CREDENTIAL, PROJECT, INVENTORY, MAIL, changed(JOB, playbook="none.yml"))
    assert error.context.subject == "job_template rotate"
    assert error.context.endpoint == "POST /api/v2/job_templates/"
    assert "Playbook not found for project" in str(error)


def test_a_project_that_cannot_be_fetched_is_named_before_its_templates() -> None:
    with Awx(["rotate.yml"], fetched="failed") as awx:
        error = refused(awx, PROJECT)
    assert isinstance(error, Refused)
    assert "could not be fetched, its status is failed" in str(error)


def test_a_project_that_takes_too_long() -> None:
    with Awx(["rotate.yml"], delay=10**6) as awx:
        assert "has not been fetched in time" in str(refused(awx, PROJECT, wait=0.0))


def test_names_that_lead_nowhere_or_to_several(awx: Awx) -> None:
    assert "no credential_type is called pam, which credential_type names" in str(refused(awx, CREDENTIAL))
    run(awx, {"kind": "organization", "name": "Second", "fields": {}})
    run(awx, INVENTORY, changed(INVENTORY, organization="Second"))
    error = refused(
        awx, PROJECT, changed(JOB, credentials=[], notification_templates_error=[], execution_environment=None)
    )
    assert "2 objects of the kind inventory are called linux" in str(error)


def test_the_organization_decides_between_two_of_one_name(awx: Awx) -> None:
    run(
        awx,
        {"kind": "organization", "name": "Second", "fields": {}},
        INVENTORY,
        changed(INVENTORY, organization="Second"),
    )
    own = changed(WORKFLOW, organization="Second", inventory="linux", nodes=[], notification_templates_error=[])
    run(awx, own)
    (second,) = [one["id"] for one in awx.objects["organizations"].values() if one["name"] == "Second"]
    number = awx.named("workflow_job_templates", "night")["inventory"]
    assert awx.objects["inventories"][number]["organization"] == second


def test_a_field_that_awx_ignores_is_an_error(awx: Awx) -> None:
    error = refused(awx, changed(INVENTORY, varaibles={}))
    assert "AWX has no field varaibles here" in str(error)
    # It was made meanwhile, and the error stays.
    assert "AWX has no field varaibles here" in str(refused(awx, changed(INVENTORY, varaibles={}), check=True))


def test_the_workflow_names_its_own_nodes(awx: Awx) -> None:
    nodes = [{"identifier": "one", "job_template": "rotate", "success": ["gone"]}]
    error = refused(awx, *ALL[:-1], changed(WORKFLOW, nodes=nodes))
    assert "the node one leads to gone, which is no node of the workflow" in str(error)


def test_login(awx: Awx) -> None:
    assert run(awx, IMAGE, username=USER, password=PASSWORD)["changed"]
    error = refused(awx, IMAGE, username=USER, password="wrong-password-1")
    assert isinstance(error, AuthenticationFailed)
    assert "wrong-password-1" not in str(error.failure())


def test_where_awx_is(awx: Awx) -> None:
    assert isinstance(refused(awx, IMAGE, api_path="/api/v3"), NotFound)
    assert "awx_api_path must be a path" in str(refused(awx, IMAGE, api_path="api"))
    error = refused(awx, IMAGE, allow_http=False)
    assert "awx_url begins with http://" in str(error)
    assert "set awx_allow_http" in str(error)
    assert error.context.option == "awx_url"
    with Awx([]) as other:
        other.shutdown()
        other.server_close()
        assert "awx_url" in refused(other, IMAGE).hint


def test_an_answer_that_is_not_of_awx(awx: Awx, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("awx.awx_server.Handler._page", lambda *_arguments: {"results": "none"})
    assert isinstance(refused(awx, changed(INVENTORY)), UnexpectedResponse)


def test_lists_have_pages(awx: Awx, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansible_collections.community.senhasegura.plugins.module_utils.awx.awx_api._PAGE", 20)
    for number in range(50):
        awx.make(
            "notification_templates",
            {
                **MAIL["fields"],
                "organization": 1,
                "name": f"n{number}",
                "notification_configuration": {"url": "", "headers": {}},
            },
        )  # type: ignore[dict-item]
    names = [f"n{number}" for number in range(50)]
    run(awx, *ALL)
    done = run(awx, changed(JOB, notification_templates_error=names))
    assert done["changed"]
    assert run(awx, changed(JOB, notification_templates_error=names))["changed"] is False


def test_secrets_where_there_are_none(awx: Awx) -> None:
    assert "objects of the kind inventory have no secrets" in str(refused(awx, {**INVENTORY, "secrets": {"a": "b"}}))
