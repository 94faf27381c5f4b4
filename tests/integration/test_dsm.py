# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All modules of DSM in one play for each release: what they change, what they claim, and what stays behind."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

COLLECTION = "community.senhasegura"
CANARY = "Canary'\"$\\{}<&%é-dsm-77c1"
NAMES = {"application": "billing", "system": "web", "environment": "prod"}
OWN = {"application": "shop", "system": "shop", "environment": "prod"}
POD = {"pod_name": "web-1", "deploy": "web", "namespace": "prod"}
MAPPING = {
    "credentials": [{"name": "DATABASE", "fields": {"user": "DB_USER", "password": "DB_PASSWORD"}}],
    "key_value": [{"name": "TOKENS", "fields": ["API_KEY"]}],
}
ON, OFF = (
    {"access_keys": 0, "credentials": 60, "ephemeral_credentials": 0},
    dict.fromkeys(("access_keys", "credentials", "ephemeral_credentials"), 0),
)
SECRET = "{{ lookup('ansible.builtin.env', 'PW') }}"


def step(task: str, module: str, *, check: bool = False, fails: bool = False, into: str = "last", **args: Any) -> Any:
    content = {"name": task, f"{COLLECTION}.{module}": args, "register": into}
    return {**content, **({"check_mode": True} if check else {}), **({"ignore_errors": True} if fails else {})}


def tasks(pods: Any) -> list[dict[str, Any]]:
    values = {"DB_USER": "svc", "DB_PASSWORD": SECRET, "API_KEY": SECRET, "HOME": "not named"}
    upload = {"mapping_file": "mapping.json", "variables": values}
    other = {
        "client_id": "{{ made.authorization.client_id }}",
        "client_secret": "{{ made.authorization.client_secret }}",
    }
    watch = {"name": "watch", "triggers": ["When a secret is updated"], "secrets": ["shop-db"], "tags": ["b", "a"]}
    key = {"name": "backup", "expires_at": "2035-01-31 12:00:00"}
    return [
        step("own", "dsm_application_info"),
        step("own, compared", "dsm_application", **OWN, tags=["web"], allowed_ips=["192.0.2.1"]),
        step("own, described", "dsm_application", **OWN, description="The shop"),
        step("predict application", "dsm_application", check=True, **NAMES),
        step("application", "dsm_application", into="made", **NAMES, description="Bills"),
        step("application again", "dsm_application", **NAMES, description="Bills", encryption_enabled=True),
        step("its secrets", "secret_info", **other),
        step("deactivate, not allowed", "dsm_application", fails=True, **NAMES, **other, state="absent"),
        step("deactivate", "dsm_application", **NAMES, **other, state="absent", allow_deprovision=True),
        step("renewal", "secret", identifier="renewed", key_value={"A": SECRET}, renewal_minutes=ON),
        step("renewal off, not said how", "secret", fails=True, identifier="renewed", renewal_minutes=OFF),
        step("predict upload", "dsm_variables", check=True, **upload),
        step("upload", "dsm_variables", **upload),
        step("upload again", "dsm_variables", **upload),
        step("for the run", "ephemeral_credential", into="run", **pods),
        step("to stay", "ephemeral_credential", into="stays", **POD, deprovision_at_end=False),
        step("removed by the task", "ephemeral_credential", into="removed", **POD),
        *(
            step(name, "ephemeral_credential", **POD, state="absent", secret_id="{{ removed.secret.id }}")
            for name in ("remove", "remove again")
        ),
        {"name": "It is there", "ansible.builtin.assert": {"that": "run.secret.data[0].PASSWORD | length > 0"}},
        step("predict automation", "dsm_automation", check=True, **watch),
        step("automation", "dsm_automation", **watch),
        step("automation again", "dsm_automation", **watch),
        step("automation changed", "dsm_automation", **{**watch, "template": "t"}),
        step("automations", "dsm_automation_info", name="watch"),
        step("no automation", "dsm_automation", name="watch", state="absent"),
        step("key", "encryption_key", **key),
        step("key again", "encryption_key", **key),
        step("encrypted", "encrypt", into="sealed", key="backup", value=SECRET),
        step("decrypted", "decrypt", into="opened", key="backup", value="{{ sealed.encrypted_value }}"),
        {
            "name": "It is the same",
            "ansible.builtin.assert": {"that": "opened.value == lookup('ansible.builtin.env', 'PW')"},
        },
        step("key off", "encryption_key", name="backup", state="disabled"),
        step("key off again", "encryption_key", name="backup", state="disabled"),
        step("keys", "encryption_key_info"),
        step("disabled", "encrypt", fails=True, key="backup", value=SECRET),
    ]


@pytest.mark.parametrize(
    "_server", [("3.32", "auto"), ("4.0", "auto")], ids=["3.32", "4.0"], indirect=True
)  # The guide has none of these calls, which unit tests hold.
def test_all_modules_of_dsm(server: Any, run_play: Any, tmp_path: Any) -> None:
    (tmp_path / "mapping.json").write_text(json.dumps(MAPPING))
    old = server.profile == "3.32"
    run = run_play(server, tasks(POD if old else {"identifier": "nightly"}), "--diff", "-vvv", env={"PW": CANARY})
    assert run.rc == 0, run
    changed = {entry["task"]: entry["result"]["changed"] for entry in run.results if "diff" in entry["result"]}
    # What holds a secret is hidden, and its change is seen in the summary only.
    assert changed == {
        "own, compared": False,
        "predict application": True,
        "deactivate": True,
        "renewal": True,
        "predict upload": True,
        "upload": True,
        "upload again": False,
        "remove": True,
        "remove again": False,
        "predict automation": True,
        "automation": True,
        "automation again": False,
        "automation changed": True,
        "no automation": True,
        "key": True,
        "key again": False,
        "key off": True,
        "key off again": False,
    }, run
    kinds = {entry["task"]: entry["result"]["failure"]["kind"] for entry in run.results if "failure" in entry["result"]}
    assert kinds == {
        "deactivate, not allowed": "refused",
        # The server of 4.0 shows the times; that of 3.32 does not.
        "renewal off, not said how": "refused",
        "disabled": "invalid_request",
    }
    (warning,) = run["own, compared"]["warnings"]
    assert "allowed_ips" in warning
    assert "encryption_enabled for a new one only" in run.stderr + run.stdout
    assert run["own"]["application"]["secrets"] == ["shop-db"]
    assert [one["as_given"] for one in run["upload"]["variables"]["secrets"]] == [True, True]
    assert run["upload"]["variables"]["uploaded"] == ["DB_USER", "DB_PASSWORD", "API_KEY"]
    assert run["automations"]["automations"][0]["tags"] == ["b", "a"]
    shown = run["keys"]["encryption_keys"]
    assert [(one["expires_at"], one["enabled"]) for one in shown] == [("2035-01-31 12:00:00", False)]
    state = _state_at_the_end(server)
    applications = {one["name"]: one for one in state["applications"]}
    assert (applications["shop"]["description"], applications["billing"]["description"]) == ("The shop", "Bills")
    assert applications["shop"]["variables"] == {"DB_USER": "svc", "DB_PASSWORD": CANARY, "API_KEY": CANARY}
    secrets = {one["identity"]: one for one in state["secrets"]}
    assert secrets["renewed"]["renew_credential_time"] == 60
    # The one of the run is gone, and the one that shall stay is there.
    assert [one["provisioned"] for one in state["secrets"] if one["provisioned"]] == [POD]
    text = run.stdout + run.stderr
    made = [value for one in state["secrets"] for part in one["data"] for value in part.values()]
    assert not [value for value in made if value and len(value) > 9 and value in text]
    assert "Canary" not in text
    assert not any(client["client_secret"] in text for client in state["clients"])


@pytest.mark.parametrize("_server", [("4.0", "auto")], ids=["4.0"], indirect=True)
def test_many_secrets_need_one_list(server: Any, run_play: Any) -> None:
    """A sample of 200 secrets, which one list and an upsert for each write, and 50 hosts, which one list serves."""
    names = [f"many-{number}" for number in range(12)]
    write = step("write", "secret", identifier="{{ item }}", key_value={"V": "{{ item }}"})
    read = f"query('{COLLECTION}.secret', *names, field='V') == names"
    play = {"gather_facts": False, "vars": {"names": names}}
    plays = [
        {**play, "hosts": "h0", "tasks": [{**write, "loop": names}]},
        {**play, "hosts": "all", "tasks": [{"name": "read", "ansible.builtin.assert": {"that": read}}]},
    ]
    run = run_play(server, plays, "-i", "".join(f"h{number}," for number in range(6)), "-c", "local")
    assert run.rc == 0, run
    counters = server.control.counters()
    calls = {call: count for call, count in counters["requests"].items() if "oauth2" not in call}
    assert calls == {"GET /iso/dapp/application": 1, "POST /iso/sctm/secret": len(names)}
    assert counters["tokens"] == 1


def _state_at_the_end(server: Any) -> Any:
    """The records when the broker has given back what the run owed."""
    for _attempt in range(100):
        state = server.control.state()
        if len([one for one in state["secrets"] if one["provisioned"]]) <= 1:
            break
        time.sleep(0.1)
    return state
