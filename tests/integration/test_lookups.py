# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All lookups in real ansible-playbook runs. A start of Ansible costs a second, so one run holds many lookups."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

CANARY = "Canary-1234-abcd"
MARKER = "/tmp/senhasegura-lookup-was-evaluated"
# What templates, shells, YAML and careless clients change.
ODD = {
    "crlf": "a\r\nb\r\n",
    "blanks": " \tpw \t ",
    "newline": "pw\n",
    "unicode": "pw-𝕊🔑e\u0301\u00a0ключ",
    "expression": "{{ 7 * 191 }}",
    "statement": "{% for x in range(3) %}x{% endfor %}{# comment #}",
    "pipe": "{{ lookup('pipe', 'touch " + MARKER + "') }}",
    "header": "#jinja2: variable_start_string: '[%'\n[% 7 * 191 %]",
    "quotes": "'\"\\$`%&<>!;|",
    "digits": "007",
    "boolean": "True",
    "list": '["a", 1]',
    "map": "{'a': 1}",
    "none": "None",
    "unsafe": "!unsafe x: 1",
    "long": "0123456789äöü{{}}" * 4000,
}
SEED = {
    "clients": [
        {"client_id": "demo", "client_secret": "demo-secret-0123456789abcdef", "application": "shop"},
        {"client_id": "limited", "client_secret": "limited-secret", "credentials": ["root"]},
        {"client_id": "no-dsm", "client_secret": "no-dsm-secret", "resources": ["PAM Core"], "application": "shop"},
    ],
    "devices": [{"hostname": "web01", "ip": "192.0.2.10"}, {"hostname": "web02", "ip": "192.0.2.11"}],
    "credentials": [
        {"identifier": "root", "username": "root", "hostname": "web01", "password": "pw-root"},
        {"identifier": "auto", "username": "app", "hostname": "web02", "password": "pw-auto", "automatic_change": True},
        {"identifier": "at", "username": "svc@corp.example", "hostname": "web02", "password": "pw-at"},
        {"identifier": "free", "username": "free", "hostname": "web02", "password": "pw-free"},
        {"identifier": "naïve-ключ", "username": "näme", "hostname": "web02", "password": "pw-unicode"},
        *(
            {"identifier": f"odd-{name}", "username": f"odd-{name}", "hostname": "web01", "password": value}
            for name, value in ODD.items()
        ),
    ],
    "keys": [{"identifier": "deploy", "username": "deploy", "hostname": "web01", "generate": "ed25519"}],
    "applications": [
        {
            "name": "shop",
            "secrets": [
                {
                    "identity": "plain",
                    "name": "Plain",
                    "data": [{"USER": "app", "SAME": "x"}, {"KEY": "k", "SAME": "x"}],
                },
                {"identity": "twice", "data": [{"PASSWORD": "first"}, {"PASSWORD": "last", "TTL": None}]},
                {"identity": "odd", "data": [ODD]},
            ],
        }
    ],
}


def look(name: str, *terms: str, call: str = "lookup", **options: Any) -> str:
    """A template that calls a lookup."""
    arguments = [f"'community.senhasegura.{name}'", *map(repr, terms), *(f"{k}={v!r}" for k, v in options.items())]
    return "{{ " + f"{call}({', '.join(arguments)})" + " }}"


def values(run: Any, task: str) -> dict[str, Any]:
    assert run.rc == 0, run
    return dict(run[task]["msg"])


GOOD: dict[str, tuple[str, Any]] = {
    "by identifier": (look("password", "root"), "pw-root"),
    "by id": (look("password", "1"), "pw-root"),
    "by account": (look("password", "root@web01"), "pw-root"),
    "account with two @": (look("password", "svc@corp.example@web02"), "pw-at"),
    "unicode identifier": (look("password", "naïve-ключ"), "pw-unicode"),
    "unicode account": (look("password", "näme@web02"), "pw-unicode"),
    "several terms joined": (look("password", "root", "free"), "pw-root,pw-free"),
    "several terms as a list": (look("password", "free", "root", call="query"), ["pw-free", "pw-root"]),
    "lists of terms": (
        "{{ query('community.senhasegura.password', ['root', ['free', ['at']]], 'root') }}",
        ["pw-root", "pw-free", "pw-at", "pw-root"],
    ),
    "field": (look("password", "root", field="username"), "root"),
    "field of a credential": (look("credential", "root", field="hostname"), "web01"),
    "without the password": (look("credential", "auto", include_password=False, field="ip"), "192.0.2.11"),
    "passphrase": (look("ssh_key", "deploy", field="passphrase"), "phrase"),
    "secret": (look("secret", "plain"), {"USER": "app", "SAME": "x", "KEY": "k"}),
    "secret field": (look("secret", "plain", field="KEY"), "k"),
    "secret first": (look("secret", "twice", field="PASSWORD", duplicates="first"), "first"),
    "secret last": (look("secret", "twice", duplicates="last"), {"PASSWORD": "last", "TTL": None}),
    "secret list": (look("secret", "twice", duplicates="list"), {"PASSWORD": ["first", "last"], "TTL": []}),
    "secret null": (look("secret", "twice", field="TTL", default="none"), "none"),
    "secret odd values": (look("secret", "odd"), ODD),
    "default": (look("password", "nope", default=""), ""),
    "default list": (look("ssh_key", "nope", default=["a"]), ["a"]),
    "skipped": (look("password", "nope", "root", call="query", on_missing="skip"), ["pw-root"]),
    "warned": (
        look("secret", "nope", "plain", call="query", on_missing="warn"),
        [{"USER": "app", "SAME": "x", "KEY": "k"}],
    ),
    "all skipped": (look("password", "nope", call="query", on_missing="skip"), []),
    "ignored": (look("password", "nope", call="query", errors="ignore"), []),
    "empty options": (look("password", "root", url="", timeout="", dialect="", validate_certs=""), "pw-root"),
    **{f"odd {name}": (look("password", f"odd-{name}")[:-3] + "| string }}", value) for name, value in ODD.items()},
}


# The one run of every lookup on 3.32 (see conftest.py).
ALL = {"3.32": "auto", "4.0": "auto", "rest": "rest"}


@pytest.mark.parametrize("_server", ALL.items(), ids=ALL, indirect=True)
def test_lookups_return_the_values_of_the_server(serve: Any, run_play: Any) -> None:
    Path(MARKER).unlink(missing_ok=True)
    server = serve(SEED)
    server.control.set_credential("deploy", password="phrase")
    # That dialect does not tell what changes automatically.
    allowed = {"allow_vault_rotation": True} if server.dialect == "rest" else {}
    odd = "{{ lookup('community.senhasegura.password', 'odd-' ~ item) | string }}"
    play = [
        {"name": "good", "ansible.builtin.debug": {"msg": {name: text for name, (text, _value) in GOOD.items()}}},
        {
            "name": "release",
            "ansible.builtin.debug": {"msg": {"value": look("password", "free", release=True, **allowed)}},
        },
        {"name": "key", "ansible.builtin.debug": {"msg": {"value": look("ssh_key", "deploy@web01")}}},
        {"name": "credential", "ansible.builtin.debug": {"msg": {"value": look("credential", "root")}}},
        {
            "name": "omitted",
            "ansible.builtin.debug": {
                "msg": {
                    "variable": look("password", "root"),
                    "option": "{{ lookup('community.senhasegura.password', 'root', tenant=omit) }}",
                }
            },
            "vars": {"senhasegura_tenant": "{{ nope | default(omit) }}"},
        },
        {"name": "raw", "ansible.builtin.debug": {"msg": {"value": look("credential", "root", return_format="raw")}}},
        {
            "name": "keep",
            "ansible.builtin.set_fact": {"kept": "{{ kept | default([]) + [" + odd[3:-3] + "] }}"},
            "loop": [*ODD],
        },
        {
            "name": "kept",
            "ansible.builtin.debug": {"msg": {"value": "{{ kept }}", "nested": "{{ nested }}"}},
            "vars": {"nested": {"a": ["{{ kept[4] }}"]}},
        },
        {
            "name": "with",
            "ansible.builtin.debug": {"msg": "{{ item }}"},
            "with_community.senhasegura.password": ["root", ["at"]],
        },
    ]
    run = run_play(server, play)
    assert values(run, "good") == {name: value for name, (_text, value) in GOOD.items()}
    assert values(run, "release") == {"value": "pw-free"}
    stored = server.control.credential("deploy")["private_key"]
    assert values(run, "key") == {"value": stored.replace("\r\n", "\n").rstrip("\n") + "\n"}
    credential = values(run, "credential")["value"]
    assert {name: credential[name] for name in ("id", "identifier", "password", "hostname")} == {
        "id": "1",
        "identifier": "root",
        "password": "pw-root",
        "hostname": "web01",
    }
    assert values(run, "omitted") == {"variable": "pw-root", "option": "pw-root"}
    assert values(run, "raw")["value"]["password"] == "pw-root"
    assert values(run, "kept") == {"value": list(ODD.values()), "nested": {"a": [ODD["expression"]]}}
    assert [entry["msg"] for entry in run["with"]["results"]] == ["pw-root", "pw-at"]
    assert not Path(MARKER).exists()
    assert server.control.credential("root")["custody_client"]
    assert server.control.credential("free")["custody_client"] is None
    assert server.control.credential("auto")["custody_client"] is None


LIMITED = {"senhasegura_client_id": "limited", "senhasegura_client_secret": "limited-secret"}
NO_DSM = {"senhasegura_client_id": "no-dsm", "senhasegura_client_secret": "no-dsm-secret"}
BAD: dict[str, tuple[str, dict[str, Any], str]] = {
    "missing credential": (look("password", "nope"), {}, "nope"),
    "missing key": (look("ssh_key", "nope"), {}, "SSH key nope is not in the list"),
    "missing secret": (look("secret", "nope"), {}, "DSM secret nope not found"),
    "missing field": (
        look("secret", "plain", field="nope"),
        {},
        "has no value under the key nope, which field asks for",
    ),
    "two values": (look("secret", "twice"), {}, "has several values for the key PASSWORD"),
    "release of what changes": (look("password", "auto", release=True), {}, "allow_vault_rotation=true"),
    "denied": (look("password", "2"), LIMITED, "access"),
    "no dsm": (look("secret", "plain"), NO_DSM, "authorization"),
}
# Those that come before any request are the same in all dialects.
BAD_EARLY: dict[str, tuple[str, dict[str, Any], str]] = {
    "no field": (look("credential", "auto", field="nope"), {}, "Fields are: id, password"),
    "no term": ("{{ query('community.senhasegura.password', []) }}", {}, "the lookup needs a term"),
    "no name": (look("password", "auto", ""), {}, "term 2 must be an id"),
    "unknown option": (look("password", "auto", pasword=CANARY), {}, "unknown option pasword"),
    "wrong option": (
        look("password", "auto", timeout=CANARY),
        {},
        "the option timeout must be a number",
    ),
    "wrong variable": (
        look("password", "auto"),
        {"senhasegura_timeout": CANARY},
        "timeout from the variable senhasegura_timeout must be a number of seconds",
    ),
    "undefined in a variable": (
        look("password", "auto"),
        {"senhasegura_tenant": "{{ nope }}"},
        "the variable senhasegura_tenant cannot be evaluated",
    ),
    "error in a variable": (
        look("password", "auto"),
        {"senhasegura_client_secret": CANARY + "{{ 1/0 }}"},
        "the variable senhasegura_client_secret cannot be evaluated",
    ),
    "wrong client": (
        look("password", "auto"),
        {"senhasegura_client_secret": CANARY},
        "does not accept client_id and client_secret",
    ),
    "unknown server": (
        look("password", "auto"),
        {"senhasegura_url": "https://nowhere.invalid", "senhasegura_retries": 0},
        "the host name of url cannot be resolved",
    ),
    "undefined term": ("{{ query('community.senhasegura.password', nope) }}", {}, "'nope' is undefined"),
    "undefined term in a list": ("{{ query('community.senhasegura.password', [nope]) }}", {}, "'nope' is undefined"),
}


def test_lookups_fail_with_what_is_missing_or_denied(serve: Any, run_play: Any) -> None:
    server = serve(SEED)
    bad = {**BAD, **(BAD_EARLY if server.profile == "4.0" else {})}
    if server.dialect == "rest":
        bad["release of a key"] = (look("ssh_key", "deploy", release=True), {}, "Keys have no custody in this dialect")
    play = [
        {"name": name, "ansible.builtin.debug": {"msg": text}, "vars": variables, "ignore_errors": True}
        for name, (text, variables, _message) in bad.items()
    ]
    good = {
        "denied and skipped": look("password", "2", "1", call="query", on_denied="skip"),
        "denied and warned": look("password", "2", "1", call="query", on_denied="warn"),
    }
    play.append({"name": "left out", "ansible.builtin.debug": {"msg": good}, "vars": LIMITED})
    run = run_play(server, play)
    assert values(run, "left out") == {name: ["pw-root"] for name in good}
    assert "left out: " in run.stderr
    for name, (_text, _variables, message) in bad.items():
        assert message in run[name]["msg"], name
        assert "bug of community.senhasegura" not in run[name]["msg"], name
        assert CANARY not in run[name]["msg"], name
    # What is refused is refused before anything is read.
    reads = server.reads
    assert set(reads) <= {"1"}, reads


def test_check_mode(serve: Any, run_play: Any) -> None:
    server = serve(SEED)
    placeholder = "not-read-in-check-mode"
    secrets = look("secret", "plain", "twice", "odd", call="query", duplicates="list")
    play = [
        {"name": "one request", "ansible.builtin.debug": {"msg": {"value": secrets}}},
        {
            "name": "predicted",
            "ansible.builtin.debug": {
                "msg": {
                    "password": look("password", "root"),
                    "user": look("credential", "root", field="username"),
                    "key": look("ssh_key", "deploy"),
                    "raw": look("password", "root", return_format="raw"),
                    "missing": look("password", "nope", default="x"),
                }
            },
        },
        {
            "name": "read",
            "ansible.builtin.debug": {"msg": {"option": look("password", "free", check_mode="read")}},
        },
        {
            "name": "read by variable",
            "ansible.builtin.debug": {"msg": {"variable": look("password", "at")}},
            "vars": {"senhasegura_check_mode": "{{ 're' ~ 'ad' }}"},
        },
    ]
    run = run_play(server, play, "--check")
    assert len(values(run, "one request")["value"]) == 3
    lines = [entry["line"] for entry in server.control.log()]
    assert len([line for line in lines if "/dapp/application" in line or "/dsm/secret" in line]) == 1
    predicted = values(run, "predicted")
    assert predicted.pop("raw")["password"] == placeholder
    assert predicted == {"password": placeholder, "user": "root", "key": placeholder, "missing": "x"}
    assert values(run, "read") == {"option": "pw-free"}
    assert values(run, "read by variable") == {"variable": "pw-at"}
    read = {server.control.credential(name)["id"] for name in ("free", "at")}
    assert {int(item) for item in server.reads} == read
    assert "check mode: nothing is read that takes custody" in " ".join(run.stderr.split())


# They do not depend on the dialect.
@pytest.mark.parametrize("_server", [("4.0", "auto")], ids=["4.0"], indirect=True)
class TestPlaces:
    """Where connection options come from."""

    def test_precedence(self, server: Any, run_play: Any, tmp_path: Path) -> None:
        names = ("URL", "CA_PATH", "CLIENT_ID", "CLIENT_SECRET")
        in_file = {f"SENHASEGURA_{name}": server.env[f"SENHASEGURA_{name}"] for name in names}
        config_file = tmp_path / "dsm.yml"
        config_file.write_text("".join(f"{name}: {value}\n" for name, value in in_file.items()))
        config_file.chmod(0o600)
        (tmp_path / "ansible.cfg").write_text(
            "[senhasegura]\nconfig_file = dsm.yml\nurl = https://ini.invalid\nclient_id = ini\ntimeout = never\n"
        )
        wrong = {"SENHASEGURA_URL": "https://environment.invalid", "SENHASEGURA_TIMEOUT": "environment"}
        text = look("password", "web-root", field="username")
        variables = {"senhasegura_url": "https://{{ 'variable' }}.invalid"}
        right = {"senhasegura_url": "{{ server_url }}", "server_url": server.url, "senhasegura_timeout": 20}
        client = {"senhasegura_client_id": "demo"}
        plays: dict[str, tuple[str, dict[str, Any]]] = {
            "environment before ini": (text, {}),
            "environment": (text, {"senhasegura_timeout": "{{ 20 }}"}),
            "variable before environment": (text, {**variables, "senhasegura_timeout": 20}),
            "option before variable": (look("password", "web-root", url="https://option.invalid"), right),
            "ini before file": (text, right),
            "file": (text, {**right, **client}),
        }
        run = run_play(
            server,
            [
                {"name": name, "ansible.builtin.debug": {"msg": text}, "vars": variables, "ignore_errors": True}
                for name, (text, variables) in plays.items()
            ],
            env={
                "SENHASEGURA_RETRIES": "0",
                "ANSIBLE_CONFIG": str(tmp_path / "ansible.cfg"),
                **dict.fromkeys(server.env, ""),
                **wrong,
            },
        )
        said = "timeout from the environment variable SENHASEGURA_TIMEOUT must be a number"
        assert said in run["environment before ini"]["msg"]
        for name in ("environment", "variable before environment", "option before variable"):
            assert "the host name of url cannot be resolved" in run[name]["msg"], name
        assert "does not accept client_id and client_secret" in run["ini before file"]["msg"]
        assert run["file"]["msg"] == "root"

    def test_insecure(self, server: Any, run_play: Any) -> None:
        play = [{"name": "read", "ansible.builtin.debug": {"msg": look("password", "web-root", field="username")}}]
        run = run_play(server, play, env={"SENHASEGURA_CA_PATH": "", "SENHASEGURA_INSECURE": "True"})
        assert run["read"]["msg"] == "root", run
        run = run_play(server, play, env={"SENHASEGURA_CA_PATH": ""})
        assert "the certificate of the server is not trusted" in run["read"]["msg"]

    @pytest.mark.parametrize("broker", ["true", "false"])
    def test_insecure_is_warned_of_once_in_a_run(self, server: Any, run_play: Any, tmp_path: Path, broker: str) -> None:
        """Whoever uses it: lookups and modules, of several hosts, in several processes."""
        (tmp_path / "hosts").write_text("a\nb\nc\n")
        tasks = [
            {"ansible.builtin.debug": {"msg": look("password", "web-root", field="username")}},
            {"ansible.builtin.debug": {"msg": look("secret", "shop-db") + look("credential", "web-root")}},
            {"community.senhasegura.credential_info": {}},
            {"community.senhasegura.secret_info": {}},
        ]
        play = {"hosts": "all", "gather_facts": False, "connection": "local", "tasks": tasks}
        env = {"SENHASEGURA_CA_PATH": "", "SENHASEGURA_INSECURE": "True", "SENHASEGURA_BROKER": broker}
        run = run_play(server, [play], "-i", str(tmp_path / "hosts"), env=env)
        assert run.rc == 0, str(run)
        assert (run.stdout + run.stderr).count("[WARNING]: validate_certs is false") == 1, str(run)

    def test_environment_of_a_task(self, server: Any, run_play: Any) -> None:
        """Modules see it, with what surrounds the task, and evaluated. Lookups do not, and the error says so."""
        url = {"SENHASEGURA_URL": "{{ server_url }}"}
        module = {"community.senhasegura.credential_info": {}}
        tasks = [
            {"name": "play", **module},
            {
                "name": "block",
                "environment": {"SENHASEGURA_URL": "https://wrong.invalid"},
                "block": [{"name": "task", **module, "environment": url}],
            },
            {"name": "a variable", **module, "environment": "{{ all_of_it }}"},
            {"name": "a loop", **module, "environment": {"SENHASEGURA_TENANT": "{{ item }}"}, "loop": [""]},
            {"name": "wrong", **module, "environment": {"SENHASEGURA_TIMEOUT": "never"}, "ignore_errors": True},
            {
                "name": "lookup",
                "ansible.builtin.debug": {"msg": look("password", "web-root")},
                "ignore_errors": True,
                "vars": {"senhasegura_config_file": ""},
            },
        ]
        play = {
            "hosts": "localhost",
            "gather_facts": False,
            "environment": [{"SENHASEGURA_URL": "https://wrong.invalid"}, url],
            "vars": {"server_url": server.url, "all_of_it": url},
            "tasks": tasks,
        }
        run = run_play(server, [play], env={"SENHASEGURA_URL": None})
        assert run.rc == 0, str(run)
        for name in ("play", "task", "a variable"):
            assert len(run[name]["credentials"]) > 1
        assert (
            "timeout from the environment variable SENHASEGURA_TIMEOUT of the task must be a number"
            in run["wrong"]["msg"]
        )
        assert "url is not set" in run["lookup"]["msg"]
        assert "lookups do not see the environment of a play or task" in run["lookup"]["msg"]
        # The nearer of two, and a task before the process.
        run = run_play(server, [{**play, "environment": [url]}], env={"SENHASEGURA_URL": "https://wrong.invalid"})
        assert len(run["task"]["credentials"]) > 1

    def test_a_file_without_certificates(self, server: Any, run_play: Any, tmp_path: Path) -> None:
        """The broker cannot make a client of such settings, and says why to each that asks."""
        (tmp_path / "none.pem").write_text("nothing")
        tasks = [{"name": name, "ansible.builtin.debug": {"msg": look("password", "web-root")}} for name in ("a", "b")]
        play = [{"hosts": "localhost", "gather_facts": False, "ignore_errors": True, "tasks": tasks}]
        run = run_play(server, play, env={"SENHASEGURA_CA_PATH": str(tmp_path / "none.pem")})
        for name in ("a", "b"):
            assert "ca_path cannot be loaded: it must be a usable PEM file" in run[name]["msg"], str(run)
