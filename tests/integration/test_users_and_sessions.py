# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Related users, remote sessions and protected information: what the modules and the lookup change, return and claim."""

from __future__ import annotations

from typing import Any

import pytest

COLLECTION = "community.senhasegura"
SECRET = "Canary-of-information-51aa"
SEED = {
    "clients": [
        {"client_id": "demo", "client_secret": "demo-secret-0123456789abcdef"},
        {"client_id": "reader", "client_secret": "demo-secret-0123456789abcdef", "read_only": True},
        {"client_id": "core", "client_secret": "demo-secret-0123456789abcdef", "resources": ["PAM Core"]},
    ],
    "related_users": [{"name": "jane", "username": "jdoe"}],
    "sessions": [
        {"user": "jdoe", "credential": "root", "device": "web01:22", "origin_ip": "192.0.2.9"},
        {"user": "jdoe", "device": "web02:22", "started": "2026-01-01T00:00:00Z", "ended": "2026-01-01T01:02:03Z"},
        {"user": "asmith", "device": "[2001:db8::1]:3389", "protocol": "rdp"},
    ],
    "information": [{"identifier": "wifi", "type": "Text", "content": SECRET}],
}
BOTH = pytest.mark.parametrize("profile", ["3.32", "4.0"])


def env(name: str) -> str:
    return f"{{{{ lookup('ansible.builtin.env', '{name}') }}}}"


def step(task: str, module: str, *, check: bool = False, fails: bool = False, **args: Any) -> Any:
    content = {"name": task, f"{COLLECTION}.{module}": args}
    return {**content, **({"check_mode": True} if check else {}), **({"ignore_errors": True} if fails else {})}


@BOTH
def test_related_users(serve_profile: Any, run_play: Any, profile: str) -> None:
    server = serve_profile(profile, SEED)
    new = {"name": "john", "username": "jsmith"}
    tasks = [
        step("predict", "related_user", check=True, **new),
        step("create", "related_user", **new),
        step("again", "related_user", **new),
        step("update", "related_user", name="john", username="jsmith2"),
        step("rename", "related_user", id="2", name="johnny"),
        step("deactivate", "related_user", name="johnny", state="absent"),
        step("not listed", "related_user", name="johnny", state="absent"),
        step("inactive", "related_user", fails=True, id="2", state="present"),
    ]
    run = run_play(server, tasks, "--diff")
    assert run.rc == 0, run
    changed = {entry["task"]: entry["result"]["changed"] for entry in run.results}
    assert changed == {**dict.fromkeys(("predict", "create", "update", "rename", "deactivate"), True),
                       **dict.fromkeys(("again", "not listed", "inactive"), False)}  # fmt: skip
    assert run["predict"]["diff"] == run["create"]["diff"]
    assert run["rename"]["related_user"] == {"id": "2", "name": "johnny", "username": "jsmith2"}
    assert run["inactive"]["failure"]["kind"] == "not_found"
    prefix = "/iso" if profile == "3.32" else "/api"
    changes = f"PUT {prefix}/user/related" + ("/2" if profile == "3.32" else "")
    assert server.writes == [f"POST {prefix}/user/related", changes, changes, f"DELETE {prefix}/user/related/2"]
    assert server.control.state()["relatedusers"][1]["active"] is False


@BOTH
def test_sessions(serve_profile: Any, run_play: Any, profile: str) -> None:
    server = serve_profile(profile, SEED)
    web = {"user": "jdoe", "credential": "root", "device": "web01", "protocol": "ssh"}
    tasks = [
        step("all", "session_info"),
        step("running", "session_info", running=True, device="web01"),
        step("predict", "session", check=True, state="terminated", id="1"),
        step("terminate", "session", state="terminated", id="1"),
        step("again", "session", state="terminated", id="1"),
        step("by hash", "session", state="terminated", session_id=f"{3:040x}"),
        step("unknown", "session", state="terminated", id="99"),
        step("predict start", "session", check=True, state="started", **web),
        {**step("start", "session", state="started", **web), "register": "started"},
        {
            "name": "use it",
            "ansible.builtin.assert": {
                "that": ["started.session.url is match('https://')", "started.session.token | length > 0"]
            },
        },
        step("wrong", "session", fails=True, state="started", **{**web, "protocol": "carrier pigeon"}),
    ]
    run = run_play(server, tasks, "--diff", "-vvv")
    assert run.rc == 0, run
    assert [session["running"] for session in run["all"]["sessions"]] == [True, False, True]
    assert run["all"]["sessions"][1]["ended_at"] == "2025-12-31 22:02:03"
    assert [session["id"] for session in run["running"]["sessions"]] == ["1"]
    assert (
        run["predict"]["diff"] == run["terminate"]["diff"] == {"before": {"running": True}, "after": {"running": False}}
    )
    found = {task: run[task]["changed"] for task in ("terminate", "again", "by hash", "unknown", "predict start")}
    assert found == {"terminate": True, "again": False, "by hash": True, "unknown": False, "predict start": True}
    assert run["predict start"]["session"]["url"] is None
    assert "Invalid protocol" in run["wrong"]["msg"]
    (made,) = server.control.state()["weburls"]
    for value in (made["token"], made["url"]):
        assert value not in run.stdout + run.stderr
    assert all(session["ended"] for session in server.control.state()["remotesessions"])


@BOTH
def test_protected_information(serve_profile: Any, run_play: Any, profile: str) -> None:
    server = serve_profile(profile, SEED)
    new = {"identifier": "alarm", "type": "Text", "name": "Alarm", "content": env("PW2")}
    look = f"lookup('{COLLECTION}.protected_information', "
    tasks = [
        step("predict", "protected_information", check=True, **new),
        step("create", "protected_information", **new),
        step("again", "protected_information", **new),
        step("differs", "protected_information", fails=True, **{**new, "content": env("PW3")}),
        {
            "name": "read",
            "ansible.builtin.assert": {
                "that": [
                    f"{look}'1') == lookup('env', 'PW1')",
                    f"{look}'alarm') == lookup('env', 'PW2')",
                    f"{look}'1', return_format='dict').identifier == 'wifi'",
                    f"{look}'99', default='nothing') == 'nothing'",
                ]
            },
            "no_log": True,
        },
        step("deactivate", "protected_information", id="2", state="absent"),
        step("deactivate again", "protected_information", id="2", state="absent"),
        step("unknown", "protected_information", id="99", state="absent"),
        {"name": "inactive", "ansible.builtin.debug": {"msg": "{{ " + look + "'2') }}"}, "ignore_errors": True},
    ]
    run = run_play(server, tasks, "--diff", "-vvv", env={**{f"PW{n}": f"{SECRET}-{n}" for n in (2, 3)}, "PW1": SECRET})
    assert run.rc == 0, run
    changed = [entry["task"] for entry in run.results if entry["result"]["changed"]]
    assert changed == ["predict", "create", "deactivate"]
    assert run["create"]["protected_information"]["id"] == run["again"]["protected_information"]["id"] == "2"
    assert run["predict"]["diff"] == run["create"]["diff"]
    assert "check mode reads no protected information" in run["predict"]["warnings"][0]
    assert run["differs"]["failure"]["kind"] == "refused"
    assert "the protected information is inactive" in str(run["inactive"])
    # One list of requests for both releases.
    assert server.writes == ["POST /iso/pam/info", *["DELETE /iso/pam/info/2"] * 2, "DELETE /iso/pam/info/99"]
    assert SECRET not in run.stdout + run.stderr


def test_what_the_client_may_not_do(serve_profile: Any, run_play: Any) -> None:
    server = serve_profile("4.0", SEED)
    tasks = [
        step("users", "related_user", fails=True, client_id="core", name="x", username="y"),
        step(
            "web",
            "session",
            fails=True,
            client_id="core",
            state="started",
            user="u",
            credential="c",
            device="d",
            protocol="ssh",
        ),
        step("drop", "session", fails=True, client_id="reader", state="terminated", id="1"),
        step("create", "protected_information", fails=True, client_id="reader", content="x"),
        step("scim", "scim_user_info", fails=True, client_id="core"),
    ]
    run = run_play(server, tasks)
    assert {entry["task"]: entry["result"]["failure"]["kind"] for entry in run.results} == dict.fromkeys(
        ("users", "web", "drop", "create", "scim"), "denied"
    )
    assert "resource Users" in run["users"]["msg"]
    assert "Web Proxy Session" in run["web"]["msg"]
    assert "read-only" in run["drop"]["msg"]
    assert "identity provider" in run["scim"]["msg"]


def test_the_guide_has_none(serve_profile: Any, run_play: Any) -> None:
    server = serve_profile("rest", {"clients": SEED["clients"]})
    tasks = [
        step("users", "related_user", fails=True, name="x", username="y"),
        step("sessions", "session_info", fails=True),
        step("information", "protected_information", fails=True, content="x"),
    ]
    run = run_play(server, tasks)
    assert {entry["result"]["failure"]["kind"] for entry in run.results} == {"unsupported"}
