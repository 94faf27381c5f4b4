# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users by SCIM: what the modules change and claim, on servers whose lists have right and wrong ids."""

from __future__ import annotations

from typing import Any

import pytest

COLLECTION = "community.senhasegura"
CLIENT = {"client_id": "demo", "client_secret": "demo-secret-0123456789abcdef"}
USERS = [
    {
        "userName": f"user{number}",
        "externalId": f"x{number}",
        "name": {"formatted": f"User {number}"},
        "emails": [{"value": f"user{number}@example.com"}],
        "entitlements": [{"value": "Operator"}] if number == 119 else [],
    }
    for number in range(120)
]
SEED = {"clients": [CLIENT], "users": USERS}
JANE = {"username": "jdoe", "external_id": "4711", "full_name": "Jane Doe", "email": "jane@example.com"}
JANE |= {"entitlements": ["Operator"], "groups": ["Linux"], "password": "Canary-of-SCIM-51aa"}


def step(task: str, module: str, *, check: bool = False, **args: Any) -> Any:
    content = {"name": task, f"{COLLECTION}.{module}": args, "register": "last"}
    return {**content, **({"check_mode": True} if check else {})}


TASKS = [
    step("predict", "scim_user", check=True, **JANE),
    step("create", "scim_user", **JANE),
    step("again", "scim_user", **{**JANE, "username": "JDOE"}),
    step("roles", "scim_user", username="jdoe", entitlements=["Auditor", "Operator"], groups=[]),
    step("as a user", "scim_user", username="jdoe", phone="+1 555", patch_style="user"),
    step("predict disable", "scim_user", check=True, username="jdoe", state="disabled"),
    step("disable", "scim_user", username="jdoe", state="disabled"),
    step("disable again", "scim_user", username="jdoe", state="disabled"),
    step("inactive", "scim_user_info", active=False),
    step("enable", "scim_user", username="jdoe", state="enabled"),
    step("operators", "scim_user_info", entitlement="Operator"),
    step("all", "scim_user_info"),
    step("delete", "scim_user", username="jdoe", state="absent"),
    step("delete again", "scim_user", username="jdoe", state="absent"),
]


def test_life_of_a_user(serve_profile: Any, run_play: Any) -> None:
    server = serve_profile("4.0", SEED, roles=["Operator", "Auditor"], access_groups=["Linux"])
    run = run_play(server, TASKS, "--diff", "-vvv")
    assert run.rc == 0, run
    assert {entry["task"]: entry["result"]["changed"] for entry in run.results} == {
        "predict": True,
        "create": True,
        "again": False,
        "roles": True,
        "as a user": True,
        "predict disable": True,
        "disable": True,
        "disable again": False,
        "inactive": False,
        "enable": True,
        "operators": False,
        "all": False,
        "delete": True,
        "delete again": False,
    }
    assert run["predict"]["diff"] == run["create"]["diff"]
    assert run["create"]["scim_user"]["id"] == "121"
    assert run["roles"]["diff"]["after"] == {"entitlements": ["Auditor", "Operator"], "groups": []}
    assert run["as a user"]["scim_user"]["phone"] == "+1 555"
    assert run["as a user"]["scim_user"]["entitlements"] == ["Auditor", "Operator"]
    assert (
        run["predict disable"]["diff"]
        == run["disable"]["diff"]
        == {"before": {"active": True}, "after": {"active": False}}
    )
    assert [user["username"] for user in run["inactive"]["scim_users"]] == ["jdoe"]
    assert [user["username"] for user in run["operators"]["scim_users"]] == ["user119", "jdoe"]
    # In two parts.
    assert len(run["all"]["scim_users"]) == 121
    assert not any(result["result"].get("warnings") for result in run.results)
    requests = server.control.counters()["requests"]
    # The login that is documented for identity providers.
    assert requests["POST /iso/oauth2/token"] == 1
    assert "POST /api/oauth2/token" not in requests
    assert [line.partition(" ")[0] for line in server.writes] == ["POST", *["PATCH"] * 4, "DELETE"]
    assert JANE["password"] not in run.stdout + run.stderr
    assert server.control.state()["users"][-1]["username"] == "user119"


@pytest.mark.parametrize("options", [{"state": "absent"}, {"state": "disabled"}, {"full_name": "x"}])
def test_before_4_0_nobody_else_is_changed(serve_profile: Any, run_play: Any, options: Any) -> None:
    """The ids in the list are those of others there (SSGR-3702)."""
    server = serve_profile("3.32", SEED)
    tasks = [
        {**step("by name", "scim_user", username="user7", **options), "ignore_errors": True},
        step("list", "scim_user_info", username="user7"),
        step("by id", "scim_user", id="8", **options),
    ]
    run = run_play(server, tasks)
    assert run.rc == 0, run
    assert "under which the server has the user user8" in run["by name"]["msg"]
    assert run["by name"]["failure"]["kind"] == "unexpected_response"
    (user,) = run["list"]["scim_users"]
    assert (user["id"], user["id_verified"]) == ("9", False)
    assert (run["by id"]["changed"], run["by id"]["scim_user"]["username"]) == (True, "user7")
    assert len(server.writes) == 1


def test_what_the_server_refuses_or_keeps_is_told(serve_profile: Any, run_play: Any) -> None:
    server = serve_profile("4.0", SEED, roles=["Operator"], scim_delete="disable")
    tasks = [
        {**step("unknown role", "scim_user", username="user1", entitlements=["Nobody"]), "ignore_errors": True},
        step("kept", "scim_user", id="4", state="absent"),
        step("kept again", "scim_user", id="4", state="absent"),
    ]
    run = run_play(server, tasks)
    assert run.rc == 0, run
    assert "Roles and access groups must exist under the same names" in run["unknown role"]["msg"]
    assert run["unknown role"]["failure"]["status"] == 400
    assert (run["kept"]["changed"], run["kept again"]["changed"]) == (True, False)
    assert run["kept"]["warnings"] == ["the server keeps SCIM user user3 (id 4), inactive"]


def test_the_guide_has_none(serve_profile: Any, run_play: Any) -> None:
    run = run_play(serve_profile("rest", {"clients": [CLIENT]}), [step("list", "scim_user_info")])
    assert run["list"]["failure"]["kind"] == "unsupported"
