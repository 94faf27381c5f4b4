# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command senhasegura: what it prints, what it does not, and what it takes custody for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from workspace import library

from ansible_collections.community.senhasegura.tests.unit.python.vaults import (
    CHANGED_PASSWORD,
    DSM_PASSWORD,
    PASSWORD,
    SECRET,
    Vault,
)
from senhasegura.cli import main

VALUES = (PASSWORD, CHANGED_PASSWORD, DSM_PASSWORD, SECRET, "PRIVATE KEY")


class Command:
    """Run the command in this process, as the user that the vault knows."""

    def __init__(self, vault: Vault, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in vault.env.items():
            monkeypatch.setenv(name, value)
        self._capsys = capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        """Return exit code, output and errors."""
        code = main(arguments)
        return code, *self._capsys.readouterr()


@pytest.fixture
def command(vault: Vault, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    return Command(vault, capsys, monkeypatch)


@pytest.mark.parametrize(
    "arguments",
    [
        ("get", "credential", "web-root"),
        ("get", "credential", "web-root", "--json"),
        ("get", "ssh-key", "deploy-key"),
        ("get", "secret", "shop-db"),
        ("get", "secret", "shop-db", "--json"),
        ("list", "credentials"),
        ("list", "ssh-keys", "--json"),
        ("list", "secrets"),
        ("list", "secrets", "--json"),
        ("doctor",),
        ("doctor", "--json", "--expect", "pam"),
        ("--help",),
    ],
)
def test_no_value_is_shown_and_no_custody_taken_unasked(
    vault: Vault, command: Command, arguments: tuple[str, ...]
) -> None:
    try:
        code, out, err = command(*arguments)
    except SystemExit as exc:
        assert (exc.code, arguments) == (0, ("--help",))
        return
    assert (code, err) == (0, "")
    assert out
    assert [value for value in VALUES if value in out] == []
    assert vault.reads() == 0


@pytest.mark.parametrize(
    ("arguments", "value", "reads"),
    [
        (("credential", "web-root", "--field", "password"), PASSWORD, 1),
        (("credential", "root@web01", "--field", "username"), "root", 0),
        (("credential", "web-root", "--field", "automatic_change"), "false", 0),
        (("credential", "web-root", "--field", "port"), "22", 1),
        (("ssh-key", "deploy-key", "--field", "username"), "deploy", 0),
        (("ssh-key", "deploy-key", "--field", "devices"), "web01", 1),
        (("secret", "shop-db", "--field", "PASSWORD"), DSM_PASSWORD, 0),
    ],
)
def test_a_field_is_printed_alone(
    vault: Vault, command: Command, arguments: tuple[str, ...], value: str, reads: int
) -> None:
    vault.control.set_credential("deploy-key", devices=["web01"])
    assert command("get", *arguments) == (0, f"{value}\n", "")
    assert vault.reads() == reads


def test_a_private_key_comes_as_it_is(vault: Vault, command: Command) -> None:
    code, out, _err = command("get", "ssh-key", "deploy-key", "--field", "private_key", "--release")
    assert code == 0
    assert out.startswith("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    assert out.endswith("-----END OPENSSH PRIVATE KEY-----\n")
    assert not vault.in_custody("deploy-key")


def test_all_values_on_request(command: Command) -> None:
    assert f"password: {PASSWORD}\n" in command("get", "credential", "web-root", "--show-value")[1]
    assert json.loads(command("get", "credential", "web-root", "--show-value", "--json")[1])["password"] == PASSWORD
    assert "private_key: \n  -----BEGIN" in command("get", "ssh-key", "deploy-key", "--show-value")[1]
    secret = json.loads(command("get", "secret", "shop-db", "--show-value", "--json")[1])
    assert secret["data"] == [{"USERNAME": "app", "PASSWORD": DSM_PASSWORD}]
    assert f"  PASSWORD: {DSM_PASSWORD}" in command("get", "secret", "shop-db", "--show-value")[1]


def test_lists_are_filtered(command: Command) -> None:
    assert [
        c["identifier"] for c in json.loads(command("list", "credentials", "--hostname", "web02", "--json")[1])
    ] == ["db-app"]
    assert command("list", "credentials", "--username", "nobody") == (0, "none\n", "")
    assert json.loads(command("list", "secrets", "--identifier", "none", "--json")[1]) == []
    code, out, err = command("list", "secrets", "--username", "root")
    assert (code, out) == (1, "")
    assert "secrets have no username" in err


def test_release(vault: Vault, command: Command) -> None:
    command("get", "credential", "web-root", "--field", "password")
    assert vault.in_custody("web-root")
    assert command("release", "web-root") == (0, "released\n", "")
    assert command("release", "web-root")[1] == "this client did not have its custody\n"
    code, _out, err = command("release", "db-app")
    assert code == 1
    assert "would make the vault change its password" in err
    assert command("release", "db-app", "--allow-vault-rotation")[0] == 0


def test_errors_go_to_stderr_with_exit_code_1(vault: Vault, command: Command) -> None:
    code, out, err = command("get", "credential", "none", "--field", "password")
    assert (code, out) == (1, "")
    assert err.startswith("senhasegura: credential not found (credential none, ")
    code, _out, err = command("get", "credential", "web-root", "--field", "nothing")
    assert code == 1
    assert "has no field nothing" in err
    assert vault.reads() == 0


def test_wrong_arguments_end_with_2(command: Command) -> None:
    for arguments in (
        [],
        ["get"],
        ["get", "password", "x"],
        ["get", "credential", "x", "--field", "a", "--show-value"],
    ):
        with pytest.raises(SystemExit) as caught:
            command(*arguments)
        assert caught.value.code == 2


def test_doctor_fails_with_the_verdict(vault: Vault, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, _err = command("doctor", "--credential", "web-root")
    assert code == 0
    assert "credential web-root was read, and its custody given back" in out
    monkeypatch.setenv("SENHASEGURA_CLIENT_SECRET", "wrong-secret-1")
    code, out, _err = command("doctor", "--read-only")
    assert code == 1
    assert "failed  login" in out
    assert "wrong-secret-1" not in out
    monkeypatch.delenv("SENHASEGURA_CLIENT_SECRET")
    code, out, _err = command("doctor")
    assert code == 1
    assert (
        "failed  settings    client_secret is not set. Fix: Set the environment variable SENHASEGURA_CLIENT_SECRET"
        in out
    )


def test_no_secret_of_the_connection_is_an_option(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command("--help")
    shown = capsys.readouterr().out
    assert "--ca-path" in shown
    assert "--client-secret" not in shown
    assert "--proxy" not in shown


def test_the_options_count_before_the_environment(vault: Vault, command: Command, tmp_path: Path) -> None:
    code, _out, err = command("--ca-path", str(tmp_path / "none.pem"), "list", "credentials")
    assert code == 1
    assert "ca_path cannot be loaded" in err
    code, _out, err = command("--dialect", "no", "list", "credentials")
    assert "dialect from the option dialect must be one of auto, iso, api, rest" in err


def test_names_of_the_server_do_nothing_to_the_terminal(vault: Vault, command: Command) -> None:
    vault.control.set_credential("web-root", hostname="web01\x1b]0;owned\x07\nid: 9")
    out = command("list", "credentials")[1]
    assert "\x1b" not in out
    assert "\x07" not in out
    assert "\nid: 9" not in out


def test_it_is_a_program(vault: Vault) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "senhasegura", "get", "credential", "web-root", "--field", "password"],
        env={**vault.env, "PYTHONPATH": str(library())},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{PASSWORD}\n", "")
