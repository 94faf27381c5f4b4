# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""MySafe: what modules change and claim, what a run asks the server for, and the access key beside a client of A2A."""

from __future__ import annotations

import json
from typing import Any

import pytest

COLLECTION = "community.senhasegura"
CANARY = "Canary'\"$\\{}<&%é-mysafe-77c1"
SECRET = "{{ lookup('ansible.builtin.env', 'PW') }}"
OTHER = "{{ lookup('ansible.builtin.env', 'PW') }}-2"
SEED_OF_TOTP = "JBSWY3DPEHPK3PXP"
ONLY_4_0 = pytest.mark.parametrize("_server", [("4.0", "auto")], ids=["4.0"], indirect=True)


def step(task: str, module: str, *, check: bool = False, into: str = "last", fails: bool = False, **args: Any) -> Any:
    content = {"name": task, f"{COLLECTION}.{module}": args, "register": into, "ignore_errors": fails}
    return {**content, **({"check_mode": True} if check else {})}


def check(task: str, *expressions: str) -> Any:
    return {"name": task, "ansible.builtin.assert": {"that": list(expressions)}}


def lookup(term: str, **options: str) -> str:
    more = "".join(f", {name}='{value}'" for name, value in options.items())
    return f"lookup('{COLLECTION}.mysafe', '{term}'{more})"


def tasks() -> list[Any]:
    password = {"name": "Portal", "username": "shop", "target_url": "https://portal.example", "password": SECRET}
    shared = {"users": [{"username": "bob", "can_edit": True}], "groups": [{"name": "ops"}]}
    note, secret = {"name": "Door", "note": SECRET}, {"identifier": "pay", "api_client_secret": SECRET}
    whole = {**secret, "name": "Pay", "target_url": "https://api.example", "api_client_id": "shop"}
    return [
        step("predict password", "mysafe_password", check=True, **password, **shared),
        step("password", "mysafe_password", into="made", **password, **shared, totp_seed=SEED_OF_TOTP, notes=SECRET),
        step("password again", "mysafe_password", **password, **shared, totp_seed=SEED_OF_TOTP, notes=SECRET),
        step("new password", "mysafe_password", **{**password, "password": OTHER}),
        step("shared with one", "mysafe_password", name="Portal", users=[], groups=[{"name": "ops", "can_edit": True}]),
        step("shared again", "mysafe_password", name="Portal", groups=[{"name": "ops", "can_edit": True}]),
        step("shared with nobody", "mysafe_password", name="Portal", groups=[], users=[{"username": "nobody"}]),
        step("renamed", "mysafe_password", id="{{ made.mysafe_password.id }}", name="Renamed"),
        check(
            "the lookup",
            f"{lookup('Renamed')} == lookup('ansible.builtin.env', 'PW') ~ '-2'",
            f"{lookup('Renamed', field='username')} == 'shop'",
            f"{lookup('Renamed', field='totp')} is match('^[0-9]{{6}}$')",
            f"{lookup('Renamed', return_format='dict')}.notes == lookup('ansible.builtin.env', 'PW')",
        ),
        step("predict off", "mysafe_password", check=True, name="Renamed", state="disabled"),
        step("off", "mysafe_password", name="Renamed", state="disabled"),
        step("off again", "mysafe_password", id="{{ made.mysafe_password.id }}", state="absent"),
        step("on", "mysafe_password", id="{{ made.mysafe_password.id }}", state="enabled"),
        step("on again", "mysafe_password", name="Renamed", state="enabled"),
        step("gone", "mysafe_password", name="nobody", state="absent"),
        step("note", "mysafe_note", **note, tags=["a", "b"]),
        step("note again", "mysafe_note", **note, tags=["b", "a"]),
        step("note too long", "mysafe_note", fails=True, name="Door", note="{{ 'x' * 901 }}"),
        check("the note", f"{lookup('Door', kind='note')} == lookup('ansible.builtin.env', 'PW')"),
        step("api secret", "mysafe_api_secret", **whole),
        step("api secret again", "mysafe_api_secret", **whole),
        step("api secret changed", "mysafe_api_secret", **{**secret, "method": "POST"}),
        step("api secret incomplete", "mysafe_api_secret", fails=True, identifier="other", name="Other"),
        check("the api secret", f"{lookup('pay', kind='api_secret')} == lookup('ansible.builtin.env', 'PW')"),
        step("passwords", "mysafe_password_info", name="Renamed", details=True),
        step("with secrets", "mysafe_password_info", into="whole", name="Renamed", include_secrets=True),
        check("secrets that were asked for", "whole.mysafe_passwords[0].totp_seed == 'JBSWY3DPEHPK3PXP'"),
        step("notes", "mysafe_note_info", tags=["a"]),
        step("api secrets", "mysafe_api_secret_info", identifier="pay"),
    ]


@pytest.mark.parametrize(
    "_server", [("3.32", "auto"), ("4.0", "auto")], ids=["3.32", "4.0"], indirect=True
)  # The guide has none of these calls, which unit tests hold.
def test_all_modules_of_mysafe(server: Any, run_play: Any) -> None:
    server.control.settings(mysafe_token=True, mysafe_users=["bob"])
    run = run_play(server, tasks(), "--diff", "-vvv", env={"PW": CANARY})
    assert run.rc == 0, run
    changed = {entry["task"]: entry["result"]["changed"] for entry in run.results if "diff" in entry["result"]}
    assert changed == {
        "predict password": True,
        "password": True,
        "password again": False,
        "new password": True,
        "shared with one": True,
        "shared again": False,
        "shared with nobody": True,
        "renamed": True,
        "predict off": True,
        "off": True,
        "off again": False,
        "on": True,
        "on again": False,
        "gone": False,
        "note": True,
        "note again": False,
        "api secret": True,
        "api secret again": False,
        "api secret changed": True,
    }, run
    assert run["password"]["mysafe_password"]["users"] == [{"username": "bob", "can_edit": True}]
    assert run["new password"]["diff"] == {"before": {}, "after": {"password": "(hidden)"}}
    assert run["shared with one"]["diff"]["after"] == {"users": [], "groups": [{"name": "ops", "can_edit": True}]}
    (warning,) = run["shared with nobody"]["warnings"]
    assert "did not share MySafe password Portal with nobody" in warning
    assert run["off"]["diff"] == run["predict off"]["diff"] == {"before": {"active": True}, "after": {"active": False}}
    kinds = {entry["task"]: entry["result"]["failure"]["kind"] for entry in run.results if "failure" in entry["result"]}
    assert kinds == {"note too long": "configuration", "api secret incomplete": "configuration"}
    (shown,) = run["passwords"]["mysafe_passwords"]
    assert (shown["name"], shown["users"], shown["groups"]) == ("Renamed", [], [])
    assert [note["name"] for note in run["notes"]["mysafe_notes"]] == ["Door"]
    assert [one["method"] for one in run["api secrets"]["mysafe_api_secrets"]] == ["POST"]
    items = {item["name"]: item for item in server.control.state()["mysafeitems"]}
    assert items["Renamed"]["password"] == f"{CANARY}-2"
    # What no task gave later is still there.
    assert (items["Renamed"]["notes"], items["Renamed"]["secret_key"]) == (CANARY, SEED_OF_TOTP)
    assert (items["Door"]["notes"], items["Pay"]["client_secret"]) == (CANARY, CANARY)
    text = run.stdout + run.stderr
    assert "Canary" not in text
    assert not any(client["client_secret"] in text for client in server.control.state()["clients"])


@ONLY_4_0
def test_a_run_makes_one_login_one_list_and_one_read_of_each_item(server: Any, run_play: Any) -> None:
    """For all hosts and forks. A code is read each time."""
    uses = [
        f"{lookup('Supplier portal')} == {lookup('1')}",
        f"{lookup('Supplier portal', field='username')} == 'shop'",
        f"{lookup('Supplier portal', return_format='dict')}.tags == ['suppliers']",
        f"{lookup('Door of the server room', kind='note')} | length > 0",
    ]
    play = {"hosts": "all", "gather_facts": False, "tasks": [check("uses", *uses)]}
    code = {"hosts": "h0", "gather_facts": False, "tasks": [check("code", f"{lookup('1', field='totp')} != ''")] * 2}
    run = run_play(server, [play, play, code], "-i", "".join(f"h{number}," for number in range(6)), "-c", "local")
    assert run.rc == 0, run
    counters = server.control.counters()
    calls = {call: count for call, count in counters["requests"].items() if "oauth2" not in call}
    assert calls == {
        "GET /api/mysafe/password": 1,
        # One for its name and its id, and one for each code.
        "GET /api/mysafe/password/{ref}": 3,
        "GET /api/mysafe/note": 1,
        "GET /api/mysafe/note/{ref}": 1,
    }
    assert counters["tokens"] == 1
    assert counters["reads"] == {}


@ONLY_4_0
def test_check_mode_reads_and_writes_nothing(server: Any, run_play: Any) -> None:
    value = {"name": "Copied", "username": "u", "password": f"{{{{ {lookup('Supplier portal')} }}}}"}
    run = run_play(server, [step("copy", "mysafe_password", **value)], "--check", "--diff")
    assert (run.rc, run["copy"]["changed"]) == (0, True), run
    assert server.writes == []


@ONLY_4_0
def test_an_access_key_whose_secret_is_in_the_vault(server: Any, run_play: Any) -> None:
    """Two clients in one run, one of which the other one reads."""
    server.control.set_credential("web-root", password="demo-mysafe-0123456789abcdef")
    env = {"SENHASEGURA_MYSAFE_CLIENT_SECRET": None}
    variables = {"senhasegura_mysafe_client_secret": f"{{{{ lookup('{COLLECTION}.password', 'web-root') }}}}"}
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars": variables,
        "tasks": [
            check(
                "lookups", f"{lookup('Supplier portal')} | length > 0", f"lookup('{COLLECTION}.password', '2') != ''"
            ),
            step("list", "mysafe_password_info"),
            step("credentials", "credential_info"),
        ],
    }
    run = run_play(server, [play], env=env)
    assert run.rc == 0, run
    assert server.control.counters()["tokens"] == 2


@ONLY_4_0
def test_module_defaults_of_the_group_and_an_access_key_that_is_missing(server: Any, run_play: Any) -> None:
    client = {
        "mysafe_client_id": server.env["SENHASEGURA_MYSAFE_CLIENT_ID"],
        "mysafe_client_secret": server.env["SENHASEGURA_MYSAFE_CLIENT_SECRET"],
    }
    names = ("mysafe_password", "mysafe_note", "mysafe_api_secret")
    without = dict.fromkeys((f"SENHASEGURA_{name.upper()}" for name in client), None)
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "module_defaults": {f"group/{COLLECTION}.mysafe": client},
        "tasks": [step(name, f"{name}_info") for name in names],
    }
    run = run_play(
        server, [play, {**play, "module_defaults": {}, "tasks": [step("none", "mysafe_note_info")]}], env=without
    )
    assert run.rc == 2, run
    assert all(len(run[name][f"{name}s"]) == 1 for name in names)
    assert run["none"]["failure"]["option"] == "mysafe_client_id"
    assert "SENHASEGURA_MYSAFE_CLIENT_ID" in run["none"]["msg"]


@ONLY_4_0
def test_a_client_of_a2a_is_told_what_it_needs(server: Any, run_play: Any) -> None:
    env = {f"SENHASEGURA_MYSAFE_{name}": server.env[f"SENHASEGURA_{name}"] for name in ("CLIENT_ID", "CLIENT_SECRET")}
    run = run_play(server, [step("list", "mysafe_note_info")], env=env)
    assert run.rc == 2
    assert "Use an access key for MySafe (console: MySafe > Integrations > Access keys)" in run["list"]["msg"]


@ONLY_4_0
def test_an_access_key_that_encrypts(server: Any, serve_profile: Any, run_play: Any, tmp_path: Any) -> None:
    key = {"client_id": "demo-mysafe", "client_secret": "demo-mysafe-0123456789abcdef", "mysafe_user": "alice"}
    item = {"name": "n", "owner": "alice", "username": "u", "password": CANARY}
    sealing = serve_profile("4.0", {"clients": [{**key, "encryption": "generate"}], "mysafe": [item]})
    pem = sealing.control.state()["clients"][0]["encryption_private_key"]
    (tmp_path / "key.pem").write_text(pem)
    right = check("opened", f"{lookup('n')} == lookup('ansible.builtin.env', 'PW')")
    same = step("the same", "mysafe_password", name="n", password=SECRET)
    env = {"PW": CANARY, "SENHASEGURA_MYSAFE_DECRYPTION_KEY": str(tmp_path / "key.pem")}
    run = run_play(sealing, [right, same], env=env)
    assert (run.rc, run["the same"]["changed"]) == (0, False), run
    run = run_play(sealing, [check("sealed", f"{lookup('n')} | length == 344")], env={"PW": CANARY})
    assert run.rc == 0, run
    assert "looks like ciphertext" in run.stderr
    assert CANARY not in json.dumps(run.results)


@ONLY_4_0
def test_without_a_broker_it_works_too(server: Any, run_play: Any) -> None:
    env = {"SENHASEGURA_BROKER": "false", "SENHASEGURA_CUSTODY": "release_at_end"}
    run = run_play(server, [check("lookup", f"{lookup('1')} != ''"), step("list", "mysafe_note_info")], env=env)
    assert run.rc == 0, run
    # Custody is none of its business, so there is no warning about it either.
    assert run.stderr == ""
