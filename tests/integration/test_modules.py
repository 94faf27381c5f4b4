# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every module in each dialect, through ansible-playbook. Many steps share one, since starting it takes a second."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ansible_collections.community.senhasegura.plugins.module_utils import keypair

COLLECTION = "community.senhasegura"
CANARY = "Canary'\"$\\{}<&%é-pw-5fd1"
# Values that no output may show.
SECRETS = {"PW": CANARY, "PW2": CANARY + "-second"}
WEB = {"username": "root", "hostname": "web01", "ip": "192.0.2.10"}
DB = {"username": "app", "hostname": "web02", "ip": "192.0.2.11"}


def on(*profiles: str) -> pytest.MarkDecorator:
    """For tests that need not run on each server."""
    dialects = {"3.32": "auto", "4.0": "auto", "rest": "rest"}
    params = [(profile, dialects[profile]) for profile in profiles]
    return pytest.mark.parametrize("_server", params, ids=profiles, indirect=True)


def env(name: str) -> str:
    return f"{{{{ lookup('ansible.builtin.env', '{name}') }}}}"


def step(task: str, module: str, *, check: bool = False, fails: bool = False, **args: Any) -> dict[str, Any]:
    content = {"name": task, f"{COLLECTION}.{module}": args, "register": "last"}
    return {**content, **({"check_mode": True} if check else {}), **({"ignore_errors": True} if fails else {})}


def encrypted_pair(passphrase: str) -> keypair.KeyPair:
    """A key pair in PEM form, whose passphrases need no bcrypt."""
    key = ec.generate_private_key(ec.SECP256R1())
    protection = serialization.BestAvailableEncryption(passphrase.encode())
    text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection).decode()
    return keypair.KeyPair(text, keypair.public_key_of(text, passphrase), passphrase)


def private_part(text: str) -> list[str]:
    """Lines of a private key that hold nothing of the public one."""
    return text.splitlines()[-3:-1]


def changed(run: Any) -> dict[str, bool]:
    """Task name -> changed, for all tasks of our modules that did not fail."""
    done = [entry for entry in run.results if entry["status"] == "ok" and "diff" in entry["result"]]
    return {entry["task"]: entry["result"]["changed"] for entry in done}


def failure(run: Any, name: str) -> tuple[str, str]:
    """The kind of a failure, and its message."""
    result = run[name]
    assert "failure" in result, f"{name} did not fail as it should\n{run}"
    return result["failure"]["kind"], result["msg"]


@pytest.fixture
def rest(server: Any) -> bool:
    return server.dialect == "rest"


def test_credential(server: Any, rest: bool, run_play: Any) -> None:
    new = {"identifier": "app-1", **DB, "username": "svc"}
    device = {} if rest else {"device": {"site": "DC1", "tags": ["a", "b"], "connectivities": ["SSH:22"]}}
    other = {} if rest else {"automatic_change": True}
    run = run_play(
        server,
        [
            step("predict", "credential", check=True, **new, password=env("PW")),
            step("create", "credential", **new, password=env("PW"), tags=["x", "y"], additional="note", **device),
            step("again", "credential", **new, password=env("PW2"), tags=["z"]),
            step("by account", "credential", **{**new, "identifier": None}),
            step("predict update", "credential", check=True, **{**new, "type": "Domain User"}),
            step("update", "credential", **{**new, "type": "Domain User"}, **other),
            step("updated again", "credential", **{**new, "type": "Domain User"}, **other),
            step("predict password", "credential", check=True, **new, password=env("PW2"), update_password="always"),
            step("password", "credential", **new, password=env("PW2"), update_password="always"),
            step("attributes", "credential", **new, tags=["z"], update_attributes="always"),
            step("rename", "credential", id="1", **WEB, identifier="web-root-2"),
            step("predict disable", "credential", check=True, identifier="app-1", state="disabled"),
            step("disable", "credential", identifier="app-1", state="disabled"),
            step("disable again", "credential", identifier="app-1", state="disabled"),
            step("absent again", "credential", identifier="app-1", state="absent"),
            step("predict absent again", "credential", check=True, identifier="app-1", state="absent"),
            step("absent by account", "credential", username="app", hostname="web02", state="absent"),
        ],
        "--diff",
        "-vvv",
        env=SECRETS,
    )
    assert run.rc == 0, run
    assert changed(run) == {
        "predict": True,
        "create": True,
        "again": False,
        "by account": False,
        "predict update": True,
        "update": True,
        "updated again": False,
        "predict password": True,
        "password": True,
        "attributes": True,
        "rename": True,
        "predict disable": True,
        "disable": True,
        "disable again": False,
        "absent again": False,
        "predict absent again": False,
        "absent by account": True,
    }
    assert run["predict"]["credential"]["id"] is None
    assert run["predict"]["diff"] == {"before": {}, "after": {**new, "password": "(hidden)"}}
    assert run["create"]["diff"]["after"]["tags"] == "(hidden)"
    assert run["update"]["diff"]["after"]["type"] == "Domain User"
    assert run["rename"]["diff"] == {"before": {"identifier": "web-root"}, "after": {"identifier": "web-root-2"}}
    assert run["password"]["diff"] == {"before": {}, "after": {"password": "(hidden)"}}
    assert run["disable"]["diff"] == {"before": {"active": True}, "after": {"active": False}}
    stored = server.control.credential("app-1")
    assert (stored["password"], stored["active"], stored["tags"]) == (SECRETS["PW2"], False, ["z"])
    assert stored["additional"] == "note"
    assert run["create"]["credential"]["id"] == str(stored["id"])
    assert server.reads == {}
    assert "Canary" not in run.stdout + run.stderr


def test_credential_enabled(server: Any, rest: bool, run_play: Any) -> None:
    server.control.set_credential("web-root", active=False)
    run = run_play(
        server,
        [
            step("predict", "credential", check=True, id="1", state="enabled"),
            step("enable", "credential", id="1", state="enabled"),
            step("again", "credential", identifier="web-root", state="enabled"),
        ],
    )
    if rest:
        assert run.rc == 2
        assert failure(run, "predict")[0] == "unsupported"
    else:
        assert changed(run) == {"predict": True, "enable": True, "again": False}
        assert run["enable"]["diff"] == {"before": {"active": False}, "after": {"active": True}}
        assert server.control.credential("web-root")["active"]


@on("4.0", "rest")
def test_refusals(server: Any, rest: bool, run_play: Any) -> None:
    """What is refused before the server is asked to write anything, in check mode as well."""
    create = {"identifier": "x-1", "username": "x", "hostname": "web01", "ip": "192.0.2.10"}
    key, private = {"identifier": "x-2", "username": "x", "hostname": "web01"}, {"private_key": env("KEY")}
    run = run_play(
        server,
        [
            step("missing option", "credential", fails=True, identifier="x"),
            step("unknown option", "credential", fails=True, identifier="x", passwd=env("PW")),
            step("wrong choice", "credential", fails=True, **create, state=env("PW")),
            step("wrong type", "credential", fails=True, **create, parent=env("PW")),
            step("hidden type", "ssh_key_rotate", fails=True, ssh_key="1", bits=env("PW")),
            step("no id", "credential", fails=True, id="web-root", state="absent"),
            step("empty name", "credential", fails=True, identifier="", state="absent"),
            step("hostile name", "custody", fails=True, credential="../../x"),
            step("unknown", "credential", fails=True, id="99", **WEB),
            step("other identifier", "credential", fails=True, id="1", **WEB, identifier="db-app"),
            step("other account", "credential", fails=True, id="1", **DB, identifier="new"),
            step("rotate unknown", "credential_rotate", fails=True, credential="nope"),
            step("short poll", "credential_rotate", fails=True, credential="db-app", poll_interval=0),
            step("key of a credential", "ssh_key_rotate", fails=True, ssh_key="web-root"),
            step("no private key", "ssh_key", fails=True, **key, ip="192.0.2.10"),
            step("all keys", "ssh_key_info", fails=True, include_key=True),
            step("date", "secret", fails=True, identifier="x", expires_at="tomorrow"),
            step("boolean", "secret", fails=True, identifier="x", key_value={"FLAG": True}),
            step("nested", "secret", fails=True, identifier="x", key_value={"MAP": {"a": "b"}}),
            step("null", "secret", fails=True, identifier="x", key_value={"NONE": None}),
            {**step("background", "credential", fails=True, **WEB), "async": 10, "poll": 1},
            *(
                step(f"device{check}", "credential", check=check, fails=True, **create, device={"site": "DC1"})
                for check in (True, False)
            ),
            *(
                step(f"rotation{check}", "ssh_key", check=check, fails=True, **key, automatic_change=True, **private)
                for check in (True, False)
            ),
        ],
        "-vvv",
        env={**SECRETS, "KEY": keypair.generate().private_key},
    )
    kinds = {entry["task"]: entry["result"]["failure"]["kind"] for entry in run.results if "failure" in entry["result"]}
    configuration = ["missing option", "unknown option", "wrong choice", "wrong type", "hidden type", "no id", "null"]
    configuration += ["empty name", "short poll", "all keys", "date", "boolean", "nested"]
    expected = {
        **dict.fromkeys(configuration, "configuration"),
        "hostile name": "not_found",
        "unknown": "not_found",
        "other identifier": "refused",
        "other account": "refused",
        "rotate unknown": "not_found",
        # The guide has a list of keys of their own.
        "key of a credential": "not_found" if rest else "invalid_request",
        "no private key": "invalid_request",
    }
    expected |= (
        {"deviceTrue": "unsupported", "deviceFalse": "unsupported"}
        if rest
        else {"rotationTrue": "invalid_request", "rotationFalse": "invalid_request"}
    )
    assert kinds == expected, run
    assert "async" in run["background"]["msg"]
    assert "passwd" in run["unknown option"]["msg"]
    assert run["wrong choice"]["failure"]["option"] == "state"
    assert "FLAG" in run["boolean"]["msg"]
    assert "Canary" not in run.stdout + run.stderr
    assert server.reads == {}


def test_what_a_client_may_not_do_fails_with_its_kind(server: Any, rest: bool, run_play: Any) -> None:
    """Read-only and restricted clients, a wrong secret, and the wrong dialect."""
    server.control.set_client("demo", read_only=True)
    run = run_play(
        server,
        [
            step("predict", "credential", check=True, identifier="x-1", **{**WEB, "username": "x"}),
            step("create", "credential", fails=True, identifier="x-1", **{**WEB, "username": "x"}),
            step("disable", "credential", fails=True, identifier="web-root", state="disabled"),
            step("custody", "custody", fails=True, credential="web-root"),
            step("no change", "credential", identifier="web-root", **WEB),
            step("list", "credential_info", identifier="web-root"),
        ],
    )
    assert {name: failure(run, name)[0] for name in ("create", "disable", "custody")} == dict.fromkeys(
        ("create", "disable", "custody"), "denied"
    ), run
    if not rest:
        assert run["create"]["failure"]["code"] == 1039
    assert "read and write" in run["create"]["msg"]
    assert (run["predict"]["changed"], run["no change"]["changed"]) == (True, False)
    assert len(run["list"]["credentials"]) == 1

    server.control.set_client("demo", read_only=False, credentials=["web-root"])
    run = run_play(
        server,
        [
            step("by id", "credential", fails=True, id="2", state="disabled"),
            step("unseen", "credential_rotate", fails=True, credential="db-app"),
            step("seen", "credential_info"),
            step("wrong secret", "credential_info", fails=True, client_secret=env("PW")),
        ],
        env=SECRETS,
    )
    assert failure(run, "by id")[0] == "denied", run
    if not rest:
        assert run["by id"]["failure"]["code"] == 1009
    assert "A2A authorization" in run["by id"]["msg"]
    assert failure(run, "unseen")[0] == "not_found"
    assert [entry["identifier"] for entry in run["seen"]["credentials"]] == ["web-root"]
    assert failure(run, "wrong secret")[0] == "authentication"
    assert "Canary" not in run.stdout + run.stderr


@on("4.0")
def test_wrong_dialect(server: Any, run_play: Any) -> None:
    """A client that is told rest says of a vendor server what to set."""
    run = run_play(
        server,
        [
            step("list", "credential_info", fails=True),
            step("keys", "ssh_key_info", fails=True),
            step("secrets", "secret_info", fails=True),
        ],
        env={"SENHASEGURA_DIALECT": "rest"},
    )
    for name in ("list", "keys", "secrets"):
        assert "set dialect to auto" in failure(run, name)[1], run


def test_info_modules_list_and_read(server: Any, rest: bool, run_play: Any) -> None:
    run = run_play(
        server,
        [
            step("all", "credential_info"),
            step("with keys", "credential_info", include_ssh_keys=True),
            step("filtered", "credential_info", username="app", hostname="web02", ip="192.0.2.11", type="Local User"),
            step("none", "credential_info", id="1", identifier="db-app"),
            step("by number", "credential_info", id=1),
            step("ssh keys", "ssh_key_info"),
            step("none of them", "ssh_key_info", username="root"),
            step("predict key", "ssh_key_info", check=True, identifier="deploy-key", include_key=True),
            step("secrets", "secret_info"),
            step("no secret", "secret_info", identifier="shop"),
        ],
        "-vvv",
    )
    assert run.rc == 0, run
    assert not any(entry["result"]["changed"] for entry in run.results)

    def identifiers(name: str) -> list[str]:
        (entries,) = (
            value for value in run[name].values() if isinstance(value, list) and value != run[name].get("warnings")
        )
        return [entry["identifier"] for entry in entries]

    assert identifiers("all") == ["web-root", "db-app"]
    assert identifiers("with keys") == ["web-root", "db-app", "deploy-key"]
    assert identifiers("filtered") == ["db-app"]
    assert run["none"]["credentials"] == []
    assert identifiers("by number") == ["web-root"]
    assert identifiers("ssh keys") == ["deploy-key"]
    assert run["none of them"]["ssh_keys"] == []
    assert run["all"]["credentials"][1]["automatic_change"] is (None if rest else True)
    assert identifiers("predict key") == ["deploy-key"]
    assert "private_key" not in run["predict key"]["ssh_keys"][0]
    assert "custody" in run["predict key"]["warnings"][0]
    (secret,) = run["secrets"]["secrets"]
    assert secret["key_names"] == ["API_KEY", "API_URL", "HOSTNAME", "PASSWORD", "USERNAME"]
    assert "data" not in secret
    assert run["no secret"]["secrets"] == []
    assert server.reads == {}
    values = [value for block in server.control.state()["secrets"][0]["data"] for value in block.values()]
    assert not [value for value in values if len(value) > 4 and value in run.stdout + run.stderr]


def test_info_with_values(server: Any, run_play: Any) -> None:
    """The values are there for later tasks, and callbacks get nothing of them."""
    run = run_play(
        server,
        [
            step("key", "ssh_key_info", identifier="deploy-key", include_key=True),
            {
                "name": "key shape",
                "ansible.builtin.debug": {
                    "msg": "{{ last.ssh_keys[0].private_key[:35] }} {{ last.ssh_keys[0].public_key[:11] }}"
                    " {{ last.ssh_keys[0].id }} {{ last.ssh_keys[0].passphrase is none }}"
                },
            },
            step("secret", "secret_info", identifier="shop-db", include_data=True),
            {"name": "secret shape", "ansible.builtin.debug": {"msg": "{{ last.secrets[0].data[0].HOSTNAME }}"}},
            step("predicted secret", "secret_info", check=True, identifier="shop-db", include_data=True),
            {"name": "predicted shape", "ansible.builtin.debug": {"msg": "{{ last.secrets[0].data | length }}"}},
        ],
        "-vvv",
    )
    assert run.rc == 0, run
    assert run["key shape"]["msg"] == "-----BEGIN OPENSSH PRIVATE KEY----- ssh-ed25519 3 True"
    assert run["secret shape"]["msg"] == "db01"
    assert str(run["predicted shape"]["msg"]) == "2"
    assert "censored" in run["key"]
    assert "censored" in run["secret"]
    assert server.reads == {"3": 1}
    state = server.control.state()
    values = [value for block in state["secrets"][0]["data"] for name, value in block.items() if name != "HOSTNAME"]
    values += private_part(server.control.credential("deploy-key")["private_key"])
    assert not [value for value in values if value in run.stdout + run.stderr]


def test_custody_and_rotation(server: Any, rest: bool, run_play: Any) -> None:
    before = {name: server.control.credential(name)["password"] for name in ("web-root", "db-app")}
    read = {"ansible.builtin.set_fact": {"read": "{{ lookup('community.senhasegura.password', 'web-root') | length }}"}}
    run = run_play(
        server,
        [
            {"name": "read", **read},
            step("predict release", "custody", check=True, credential="web-root"),
            step("release", "custody", credential="root@web01"),
            step("release again", "custody", credential="1"),
            step("predict unlisted", "custody", check=True, credential="nope"),
            step("refused", "custody", fails=True, credential="db-app"),
            step("predict refused", "custody", check=True, fails=True, credential="db-app"),
            step("allowed", "custody", credential="db-app", allow_vault_rotation=True),
            step("predict rotation", "credential_rotate", check=True, credential="db-app"),
            step("rotate", "credential_rotate", credential="db-app", poll_interval=0.2, wait_timeout=20),
            step("rotate again", "credential_rotate", credential="2", wait=False),
            step("no automatic change", "credential_rotate", fails=True, credential="web-root"),
            step("nor in check mode", "credential_rotate", check=True, fails=True, credential="web-root"),
        ],
        "--diff",
    )
    assert run.rc == 0, run
    assert run["release"]["diff"] == {"before": {"in_custody": True}, "after": {"in_custody": False}}
    expected = {"predict release": True, "release": True, "release again": False, "predict unlisted": False}
    expected |= {"predict rotation": True, "rotate": True, "rotate again": True}
    if rest:
        # Its list does not tell about automatic change, and it has a call for rotations.
        expected |= dict.fromkeys(("refused", "allowed"), False)
        expected |= dict.fromkeys(("predict refused", "no automatic change", "nor in check mode"), True)
    else:
        expected["allowed"] = False
        for name in ("refused", "predict refused", "no automatic change", "nor in check mode"):
            assert failure(run, name)[0] == "refused"
        rotated = run["rotate"]["credential"]
        assert rotated["changed_at"] > rotated["previous_changed_at"]
        assert run["rotate"]["diff"]["after"] == {"changed_at": rotated["changed_at"]}
    assert changed(run) == expected, run
    after = {name: server.control.credential(name)["password"] for name in ("web-root", "db-app")}
    assert after["db-app"] != before["db-app"]
    assert (after["web-root"] == before["web-root"]) is not rest
    assert not [value for value in (*before.values(), *after.values()) if value in run.stdout]
    assert server.control.credential("db-app")["custody_client"] is None


def test_rotation_that_does_not_come(server: Any, rest: bool, run_play: Any) -> None:
    server.control.settings(change_result="fails")
    server.control.set_credential("deploy-key", automatic_change=True)
    waiting = {"wait": True, "wait_timeout": 0.6, "poll_interval": 0.2}
    run = run_play(
        server,
        [
            step("password", "credential_rotate", fails=True, credential="db-app", **waiting),
            step("key", "ssh_key_rotate", fails=True, ssh_key="deploy-key", mode="vault", **waiting),
        ],
    )
    # The dialect rest lists public keys, but no time of change.
    failing = ["key"] if rest else ["password", "key"]
    assert {entry["task"] for entry in run.results if entry["status"] == "failed"} == set(failing), run
    for name in failing:
        assert failure(run, name)[0] == "change_not_seen"
        assert "wait_timeout" in run[name]["msg"]


def test_ssh_key(server: Any, rest: bool, run_play: Any, tmp_path: Path) -> None:
    first, second = keypair.generate(comment="first"), encrypted_pair(CANARY)
    key = {"identifier": "ci-key", "username": "ci", "hostname": "web01", "ip": "192.0.2.10"}
    more = (
        {"automatic_change": False, "rotation_days": 90}
        if rest
        else {"devices": ["web02", "web99"], "tags": ["a", "b"]}
    )
    mixed = {"private_key": env("FIRST"), "public_key": second.public_key}
    run = run_play(
        server,
        [
            step("mismatch", "ssh_key", fails=True, **key, **mixed),
            step("wrong passphrase", "ssh_key", fails=True, **key, private_key=env("SECOND"), passphrase="wrong"),
            step("predict", "ssh_key", check=True, **key, private_key=env("FIRST")),
            step("create", "ssh_key", **key, private_key=env("CRLF"), public_key=first.public_key, **more),
            step("again", "ssh_key", **key, private_key=env("FIRST")),
            step("without key", "ssh_key", **key),
            step("another key", "ssh_key", **key, private_key=env("SECOND"), passphrase=env("PW")),
            step("new key", "ssh_key", **key, private_key=env("SECOND"), passphrase=env("PW"), update_key="always"),
            step("same key", "ssh_key", **key, private_key=env("SECOND"), passphrase=env("PW"), update_key="always"),
            step("attribute", "ssh_key", fails=True, **{**key, "username": "cd"}, private_key=env("FIRST")),
            step("both", "ssh_key", **{**key, "username": "cd"}, private_key=env("FIRST"), update_key="always"),
        ],
        "--diff",
        "-vvv",
        env={
            **SECRETS,
            "FIRST": first.private_key,
            "SECOND": second.private_key,
            "CRLF": first.private_key.replace("\n", "\r\n").rstrip(),
        },
    )
    assert failure(run, "mismatch")[0] == failure(run, "wrong passphrase")[0] == "invalid_request"
    expected = {"predict": True, "create": True, "again": False, "without key": False, "another key": False}
    expected |= {"new key": True, "same key": not rest, "both": True}
    if rest:
        expected["attribute"] = True
    else:
        kind, message = failure(run, "attribute")
        assert kind == "invalid_request"
        assert "update_key=always" in message
        assert run["create"]["unlinked_devices"] == ["web99"]
        assert "web99" in run["create"]["warnings"][0]
    assert changed(run) == expected, run
    assert run["create"]["diff"]["after"]["private_key"] == "(hidden)"
    assert run["create"]["ssh_key"]["public_key"] == keypair.strip_comment(first.public_key)
    stored = server.control.credential("ci-key")
    assert (stored["private_key"], stored["username"]) == (first.private_key, "cd")
    assert stored["public_key"] == keypair.strip_comment(first.public_key)
    if not rest:
        assert (stored["devices"], stored["tags"]) == (["web02"], ["a", "b"])
    assert server.reads == {}
    lines = [*private_part(first.private_key), *private_part(second.private_key), "Canary"]
    assert not [line for line in lines if line in run.stdout + run.stderr]
    (tmp_path / "key").write_text(stored["private_key"])
    (tmp_path / "key").chmod(0o600)
    shown = subprocess.run(
        ["ssh-keygen", "-y", "-f", str(tmp_path / "key")], capture_output=True, text=True, check=True
    )
    assert keypair.strip_comment(shown.stdout) == keypair.strip_comment(first.public_key)


def test_ssh_key_states(server: Any, rest: bool, run_play: Any) -> None:
    run = run_play(
        server,
        [
            step("predict", "ssh_key", check=True, identifier="deploy-key", state="disabled"),
            step("disable", "ssh_key", fails=rest, identifier="deploy-key", state="disabled"),
            step("disable again", "ssh_key", fails=rest, id="3", state="disabled"),
            step("absent", "ssh_key", fails=rest, identifier="deploy-key", state="absent"),
            step("unlisted", "ssh_key", fails=True, identifier="deploy-key", state="enabled"),
            step("enable", "ssh_key", fails=rest, id="3", state="enabled"),
            step("enable again", "ssh_key", fails=rest, username="deploy", hostname="web01", state="enabled"),
        ]
        if not rest
        else [step("disable", "ssh_key", fails=True, identifier="deploy-key", state="disabled")],
    )
    if rest:
        assert failure(run, "disable")[0] == "unsupported"
        return
    assert failure(run, "unlisted")[0] == "not_found", run
    assert "id" in run["unlisted"]["msg"]
    expected = {"predict": True, "disable": True, "disable again": False, "absent": False}
    assert changed(run) == {**expected, "enable": True, "enable again": False}
    assert server.control.credential("deploy-key")["active"]


def test_ssh_key_rotate(server: Any, rest: bool, run_play: Any) -> None:
    before = server.control.credential("deploy-key")
    passphrase = {"passphrase": env("PW")} if keypair.HAS_BCRYPT else {}
    choice = {} if rest else {"type": "ecdsa", "bits": 384, "comment": "by test", **passphrase}
    run = run_play(
        server,
        [
            step("predict", "ssh_key_rotate", check=True, ssh_key="deploy-key"),
            step("rotate", "ssh_key_rotate", ssh_key="deploy-key", **choice),
            step("refused", "ssh_key_rotate", fails=True, ssh_key="3", mode="vault", type="rsa"),
            *([] if rest else [step("by vault", "ssh_key_rotate", fails=True, ssh_key="3", mode="vault")]),
        ],
        "--diff",
        "-vvv",
        env=SECRETS,
    )
    after = server.control.credential("deploy-key")
    rotated = run["rotate"]["ssh_key"]
    assert changed(run) == {"predict": True, "rotate": True}, run
    assert after["private_key"] != before["private_key"]
    assert rotated["public_key"] == after["public_key"]
    assert rotated["fingerprint"] == keypair.fingerprint(after["public_key"])
    assert rotated["previous_fingerprint"] == keypair.fingerprint(before["public_key"])
    assert failure(run, "refused")[0] == "unsupported"
    if rest:
        assert rotated["previous_identifier"] is None
        assert server.reads == {}
    else:
        kept = server.control.credential("deploy-key--previous")
        assert rotated["previous_identifier"] == "deploy-key--previous"
        assert kept["private_key"] == before["private_key"]
        assert after["public_key"].startswith("ecdsa-sha2-nistp384")
        assert after["public_key"].endswith("by test")
        assert not passphrase or after["password"] == SECRETS["PW"]
        assert (after["username"], after["devices"]) == (before["username"], before["devices"])
        assert failure(run, "by vault")[0] == "refused"
    lines = [*private_part(before["private_key"]), *private_part(after["private_key"]), "Canary"]
    assert not [line for line in lines if line in run.stdout + run.stderr]


def test_ssh_key_rotation_by_the_vault(server: Any, rest: bool, run_play: Any) -> None:
    server.control.settings(key_rotation_on_release=True, change_delay=0.5)
    server.control.set_credential("deploy-key", automatic_change=True)
    before = server.control.credential("deploy-key")
    run = run_play(
        server,
        [
            *([] if rest else [step("by hand", "ssh_key_rotate", fails=True, ssh_key="deploy-key")]),
            step("predict", "ssh_key_rotate", check=True, ssh_key="deploy-key", mode="vault"),
            step("rotate", "ssh_key_rotate", ssh_key="deploy-key", mode="vault", poll_interval=0.2, wait_timeout=20),
        ],
    )
    after = server.control.credential("deploy-key")
    assert run.rc == 0, run
    assert changed(run) == {"predict": True, "rotate": True}
    assert after["private_key"] != before["private_key"]
    assert run["rotate"]["ssh_key"]["public_key"] == (after["public_key"] if rest else None)
    if not rest:
        assert failure(run, "by hand")[0] == "refused"
        assert "mode=vault" in run["by hand"]["msg"]


def test_names_and_accounts(server: Any, rest: bool, run_play: Any) -> None:
    """One rule for every state and module: case, addresses, numbers, and two accounts that only the address tells apart."""
    server.control.settings(allow_duplicates=True)
    other = {"username": "root", "hostname": "web01", "ip": "192.0.2.99"}
    run = run_play(
        server,
        [
            step("number", "credential", identifier="1", **other, password=env("PW")),
            step("number again", "credential", identifier="1", **other, password=env("PW")),
            step("another case", "credential", **{**WEB, "hostname": "WEB01"}),
            step("which of both", "credential", fails=True, username="root", hostname="WEB01", state="absent"),
            step("ambiguous", "credential_rotate", fails=True, credential="1"),
            step("ambiguous custody", "custody", fails=True, credential="1"),
            step("said", "custody", check=True, credential="identifier:1", allow_vault_rotation=True),
            step("by address", "custody", check=True, credential="root@192.0.2.10", allow_vault_rotation=True),
            step("nobody", "credential", username="root", hostname="web01", ip="192.0.2.77", state="absent"),
            step("contradiction", "credential", fails=True, identifier="1", **WEB, state="absent"),
            step("predict other", "credential", check=True, **other, state="absent"),
            step("other", "credential", **{**other, "hostname": "Web01"}, state="absent"),
            step("other again", "credential", **other, state="absent"),
            step("found", "credential_info", hostname="192.0.2.10", username="root"),
            step("comma", "credential", fails=True, **WEB, tags=["a,b"]),
        ],
        env=SECRETS,
    )
    assert run.rc == 0, run
    assert changed(run) == {
        "number": True,
        "number again": False,
        "another case": False,
        "said": True,
        "by address": True,
        "nobody": False,
        "predict other": True,
        "other": True,
        "other again": False,
    }, run
    kinds = {
        name: failure(run, name)[0]
        for name in ("which of both", "ambiguous", "ambiguous custody", "contradiction", "comma")
    }
    assert kinds == {
        "which of both": "invalid_request",
        "ambiguous": "invalid_request",
        "ambiguous custody": "invalid_request",
        "contradiction": "refused",
        "comma": "configuration",
    }
    assert [entry["id"] for entry in run["found"]["credentials"]] == ["1"]
    assert server.control.credential("web-root")["active"]
    assert not server.control.credential(run["number"]["credential"]["id"])["active"]
    # Nobody has had custody of anything.
    assert server.reads == {}


def test_an_inactive_credential_is_present(server: Any, rest: bool, run_play: Any) -> None:
    server.control.set_credential("web-root", active=False)
    before = server.control.credential("web-root")["password"]
    present = {"identifier": "web-root", **WEB, "password": env("PW")}
    run = run_play(
        server,
        [step("present", "credential", fails=rest, **present), step("again", "credential", fails=rest, **present)],
        env=SECRETS,
    )
    assert run.rc == 0, run
    assert changed(run) == ({} if rest else {"present": False, "again": False}), run
    assert server.control.credential("web-root")["password"] == before


def test_merge_into_a_secret(server: Any, rest: bool, run_play: Any) -> None:
    merge = {"identifier": "shop-keys", "data_mode": "merge"}
    run = run_play(
        server,
        [
            step("create", "secret", identifier="shop-keys", key_value={"A": env("PW"), "B": env("PW"), "C": "c"}),
            step("predict", "secret", check=True, **merge, key_value={"B": env("PW2"), "C": None}),
            step("merge", "secret", **merge, key_value={"B": env("PW2"), "C": None}),
            step("merge again", "secret", **merge, key_value={"B": env("PW2"), "C": None}),
            step("rename", "secret", **merge, name="Keys"),
            step("account", "secret", fails=True, identifier="shop-db", data_mode="merge", key_value={"X": "1"}),
            step("null", "secret", fails=True, identifier="shop-keys", key_value={"A": None}),
        ],
        "--diff",
        "-vvv",
        env=SECRETS,
    )
    assert run.rc == 0, run
    assert changed(run) == {"create": True, "predict": True, "merge": True, "merge again": False, "rename": True}, run
    assert run["merge"]["diff"]["after"] == {"key_names": ["A", "B"], "data": "(hidden)"}
    assert failure(run, "account")[0] == "refused"
    assert failure(run, "null")[0] == "configuration"
    state = {secret["identity"]: secret for secret in server.control.state()["secrets"]}
    assert state["shop-keys"]["data"] == [{"A": CANARY, "B": SECRETS["PW2"]}]
    assert not any(value in run.stdout for value in SECRETS.values())


def test_a_secret_is_created_changed_and_deactivated(server: Any, rest: bool, run_play: Any) -> None:
    account = {"user": "app", "password": env("PW"), "host": "db01", "additional_information": "shop"}
    account["labels"] = {"additional_information": "SCHEMA"}
    access = {"access_key_id": "AKIAEXAMPLE", "secret_access_key": env("PW2")}
    data = {"key_value": {"API_KEY": env("PW"), "PORT": "5432"}, "credentials": [account], "access_keys": [access]}
    new = {"identifier": "shop-new", "name": "New"}
    held = {"identifier": "shop-new"}
    run = run_play(
        server,
        [
            step("predict", "secret", check=True, **new, **data),
            step("create", "secret", **new, **data, description="text", expires_at="2027-01-01 00:00:00"),
            step("again", "secret", **new, **data, description="text", expires_at="2027-01-01 00:00:00"),
            step("only name", "secret", **new),
            step("empty", "secret", **new, key_value={}, credentials=[], access_keys=[]),
            step("predict value", "secret", check=True, **held, **{**data, "key_value": {"API_KEY": env("PW2")}}),
            step("value", "secret", **held, **{**data, "key_value": {"API_KEY": env("PW2"), "PORT": "5432"}}),
            step("key gone", "secret", **held, **{**data, "key_value": {"API_KEY": env("PW2")}}),
            step("block gone", "secret", **held, key_value={"API_KEY": env("PW2")}),
            step("block back", "secret", **held, credentials=[account]),
            step("attributes", "secret", **held, name="Newer", expires_at=""),
            step("attributes again", "secret", **held, name="Newer", expires_at="", credentials=[account]),
            step("description", "secret", **held, description="other"),
            step("engine", "secret", fails=True, **held, engine="Unknown"),
            step("missing", "secret", identifier="not-there", state="absent"),
            step("predict absent", "secret", check=True, fails=not rest, identifier="shop-new", state="absent"),
            step("absent", "secret", fails=not rest, identifier="shop-new", state="absent"),
            step("absent again", "secret", fails=not rest, identifier="shop-new", state="absent"),
        ],
        "--diff",
        "-vvv",
        env=SECRETS,
    )
    expected = {
        "predict": True,
        "create": True,
        "again": False,
        "only name": False,
        "empty": False,
        "predict value": True,
        "value": True,
        "key gone": True,
        "block gone": True,
        "block back": True,
        "attributes": True,
        "attributes again": False,
        "description": rest,
        "missing": False,
    }
    state = {secret["identity"]: secret for secret in server.control.state()["secrets"]}
    if rest:
        expected |= {"predict absent": True, "absent": True, "absent again": False}
        assert "shop-new" not in state
    else:
        for name in ("predict absent", "absent", "absent again"):
            kind, message = failure(run, name)
            assert kind == "unsupported"
            assert "Delete it in the console" in message
        stored = state["shop-new"]
        wanted = {"USERNAME": "app", "PASSWORD": CANARY, "HOSTNAME": "db01", "SCHEMA": "shop"}
        assert (stored["data"], stored["name"], stored["expiration_date"]) == ([wanted], "Newer", "")
        # Nothing was written that did not change anything: create, four times data, attributes.
        assert stored["version"] == 6
    assert changed(run) == expected, run
    assert failure(run, "engine")[0] == "invalid_request"
    keys = [
        "API_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "HOSTNAME",
        "PASSWORD",
        "PORT",
        "SCHEMA",
        "USERNAME",
    ]
    assert run["create"]["secret"]["key_names"] == keys
    assert run["create"]["diff"]["after"]["data"] == "(hidden)"
    assert run["block gone"]["diff"]["after"] == {"data": "(hidden)", "key_names": ["API_KEY"]}
    assert run["attributes"]["diff"] == {
        "before": {"name": "New", "expires_at": "2027-01-01 00:00:00"},
        "after": {"name": "Newer", "expires_at": ""},
    }
    assert "Canary" not in run.stdout + run.stderr


@on("3.32")
def test_module_defaults(server: Any, run_play: Any) -> None:
    """The action group sets the connection of all modules; a template in a variable works, and the option wins."""
    connection = {"url": server.url, "client_id": "{{ me }}", "client_secret": env("SECRET"), "ca_path": server.ca_path}
    tasks = [
        step("credential", "credential", identifier="web-root", **WEB),
        step("credential_info", "credential_info"),
        step("credential_rotate", "credential_rotate", check=True, credential="db-app"),
        step("custody", "custody", credential="web-root"),
        step("ssh_key", "ssh_key", check=True, identifier="deploy-key", username="deploy", hostname="web01"),
        step("ssh_key_info", "ssh_key_info"),
        step("ssh_key_rotate", "ssh_key_rotate", check=True, ssh_key="deploy-key"),
        step("secret", "secret", identifier="shop-db"),
        step("secret_info", "secret_info"),
        step("option wins", "secret_info", fails=True, client_id="nobody"),
    ]
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars": {"me": "demo"},
        "module_defaults": {f"group/{COLLECTION}.senhasegura": {**connection, "dialect": server.dialect}},
        "tasks": tasks,
    }
    run = run_play(None, [play], env={"SECRET": server.env["SENHASEGURA_CLIENT_SECRET"]})
    assert run.rc == 0, run
    assert {entry["task"] for entry in run.results if entry["status"] == "ok"} == {t["name"] for t in tasks[:-1]}
    assert failure(run, "option wins")[0] == "authentication"


@on("4.0")
def test_on_other_hosts(server: Any, run_play: Any) -> None:
    """The modules run on the controller, whatever the host is and whether it can be reached."""
    play = {
        "hosts": "all",
        "gather_facts": False,
        "tasks": [step("list", "credential_info", identifier="web-root"), step("same", "credential", **WEB)],
    }
    run = run_play(server, [play], "-i", "192.0.2.1,192.0.2.2,", "--forks", "2")
    assert run.rc == 0, run
    assert len(run.results) == 4
    assert all(entry["result"]["changed"] is False for entry in run.results)


@on("4.0")
def test_adhoc(server: Any, run_adhoc: Any) -> None:
    args = "identifier=adhoc username=a hostname=web01 ip=192.0.2.10"
    created = run_adhoc(server, f"{COLLECTION}.credential", args)
    again = run_adhoc(server, f"{COLLECTION}.credential", args)
    failed = run_adhoc(server, f"{COLLECTION}.credential_rotate", "credential=nope")
    assert (created.rc, again.rc) == (0, 0), created
    assert "CHANGED" in created.stdout
    assert "SUCCESS" in again.stdout
    assert failed.rc == 2
    assert '"kind": "not_found"' in failed.stdout
