# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What sees that a wrong password is sent once. test_world.py has what a rotation makes of it, test_rotation_become.py
sudo, su and doas themselves.
"""

from __future__ import annotations

import glob
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError

from ansible_collections.community.senhasegura.plugins.plugin_utils.host.host_connection import HostConnection
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host import single_attempt
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.single_attempt import (
    Once,
    PasswordRefused,
)
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol.effects import Lost
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol.verdict import (
    LoginResult,
    Verdict,
)

PYTHONS = sorted({sys.executable, *glob.glob(os.path.expanduser("~/.pyenv/versions/3.[789]*/bin/python"))})
# Asks as sudo does, until the end of the input counts as an answer as well. Then it carries out what follows.
ASKS_INPUT = """\
tries=0
while :; do
    printf '[sudo via ansible, key=x] password:' >&2
    read -r answer
    tries=$((tries + 1)); echo "$tries" >"$COUNT"
    [ "$answer" = right ] && break
    echo 'Sorry, try again.' >&2
    [ "$tries" = 3 ] && exit 1
done
"""
ASKS_TERMINAL = """\
printf 'doas (app@host) password: ' >/dev/tty
read -r answer </dev/tty
echo 1 >"$COUNT"
[ "$answer" = right ] || { echo 'doas: Authentication failed' >&2; exit 1; }
"""
DATA = "line of a program\n" * 10_000


def run(
    script: str, where: str, answer: str, tmp_path: Path, python: str = sys.executable, *, asked: bool = True
) -> Any:
    """Carry it out, with input that stays open until it ends if the answer is wrong: as Ansible does it.

    ``asked`` says whether the answer waits for the prompt, which Ansible does as well.
    """
    command = script + "cat; exit 7"
    process = subprocess.Popen(
        [python, "-I", "-c", single_attempt._ON_TERMINAL, command, where],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "COUNT": str(tmp_path / "count")},
    )
    with process:
        assert process.stdin and process.stderr
        prompt = b""
        while asked and not prompt.rstrip().lower().endswith(b"password:"):
            prompt += os.read(process.stderr.fileno(), 4096)
        process.stdin.write(f"{answer}\n")
        process.stdin.flush()
        if answer != "right":
            process.wait(60)
        stdout, stderr = process.communicate(DATA if answer == "right" else None, timeout=60)
    done = subprocess.CompletedProcess(command, process.returncode, stdout, stderr)
    return done, int((tmp_path / "count").read_text())


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize(("script", "where"), [(ASKS_INPUT, "input"), (ASKS_TERMINAL, "terminal")])
def test_the_right_password_and_then_the_input(python: str, script: str, where: str, tmp_path: Path) -> None:
    done, tries = run(script, where, "right", tmp_path, python)
    assert done.returncode == 7, done.stderr
    assert done.stdout == DATA
    assert tries == 1


@pytest.mark.parametrize(
    ("script", "where", "said"),
    [(ASKS_INPUT, "input", "Sorry, try again"), (ASKS_TERMINAL, "terminal", "Authentication failed")],
)
def test_a_wrong_password_is_asked_for_once(script: str, where: str, said: str, tmp_path: Path) -> None:
    done, tries = run(script, where, "wrong", tmp_path)
    assert done.returncode == 1
    assert said in done.stderr
    assert tries == 1


PROMPT = "    printf '[sudo via ansible, key=x] password:' >&2\n"
IN_PARTS = """\
    printf '[sudo via ansible, key=x] pass' >&2; sleep 0.3; printf 'word: ' >&2; sleep 0.3; printf ' ' >&2
"""
# The password was sent before it was asked for.
WITH_THE_ANSWER = """\
    read -r answer
    tries=1; echo 1 >"$COUNT"
    printf '[sudo via ansible, key=x] password:Sorry, try again.\\n' >&2; sleep 0.3
    printf '[sudo via ansible, key=x] password:' >&2
"""
OF_ANOTHER_MODULE = """\
    if [ "$tries" = 1 ]; then printf 'LDAP Password: ' >&2; else printf '[sudo via ansible, key=x] password:' >&2; fi
"""


@pytest.mark.parametrize("prompt", [IN_PARTS, WITH_THE_ANSWER, OF_ANOTHER_MODULE], ids=["parts", "answer", "module"])
def test_a_prompt_is_known_however_it_comes(prompt: str, tmp_path: Path) -> None:
    """A slow machine reads a prompt in parts, or together with what follows it."""
    script = ASKS_INPUT.replace(PROMPT, prompt)
    assert script != ASKS_INPUT
    done, tries = run(script, "input", "wrong", tmp_path, asked=prompt != WITH_THE_ANSWER)
    assert done.returncode == 1, done.stderr
    assert tries == 1


class Plugin:
    def __init__(self, name: str = "", **options: Any) -> None:
        self.name, self.options = name, options

    def get_option(self, name: str) -> Any:
        return self.options[name]

    def set_option(self, name: str, value: Any) -> None:
        self.options[name] = value

    def build_become_command(self, command: str, _shell: Any) -> str:
        return f"{self.name} {self.options.get('become_flags', '')} {command}"


class Connection(Plugin):
    transport = "ssh"

    def __init__(self, become: Plugin | None, error: Exception | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.become, self.error, self.seen = become, error, ""

    def exec_command(self, *_: Any, **__: Any) -> Any:
        self.seen = str(self.options)
        if self.error:
            raise self.error


def make(connection: Connection, execute: Any = None) -> Once:
    return Once(HostConnection("host", {}, lambda value: value, connection, execute))


@pytest.mark.parametrize(
    ("method", "flags", "wrapped", "where"),
    [
        ("sudo", "-H -S -n", True, "input"),
        ("sudo", "-H", True, "input"),
        ("sudo", "--stdin", True, "input"),
        ("community.general.doas", "", True, "terminal"),
        ("su", "", False, ""),
    ],
)
def test_which_commands_run_on_a_terminal(method: str, flags: str, wrapped: bool, where: str) -> None:
    become = Plugin(method, become_pass="secret", become_flags=flags)
    made = make(Connection(become))
    built = become.build_become_command("true", None)
    words = shlex.split(built.replace('"$(command -v python3', "'python").replace('echo python3)"', "'"))
    assert (single_attempt._ON_TERMINAL in words) is wrapped
    if wrapped:
        assert words[-1] == where
    if method == "sudo":
        assert single_attempt._reads_input(become.options["become_flags"])
    assert "secret" not in built
    assert made.method in ("sudo", "su", "doas")


def test_without_a_password_nothing_is_different_until_sudo_wants_a_terminal() -> None:
    become = Plugin("sudo", become_pass=None, become_flags="-n")
    made, seen = make(Connection(become)), []

    def execute() -> dict[str, Any]:
        seen.append(become.build_become_command("true", None))
        if len(seen) == 1:
            raise Lost("it ended with code 1: sudo: sorry, you must have a tty to run sudo")
        return {"ok": True}

    assert made.run(execute) == {"ok": True}
    assert seen[0] == "sudo -n true"
    assert "pty" in seen[1]


@pytest.mark.parametrize(
    ("error", "tried"),
    [
        (None, []),
        (AnsibleConnectionFailure("app@host: Permission denied (publickey,password)."), ["pw"]),
        # Then Ansible says why.
        (AnsibleError("no route to host"), []),
    ],
)
def test_a_password_is_proved_where_it_is_needed(
    monkeypatch: pytest.MonkeyPatch, error: Exception | None, tried: list[str]
) -> None:
    seen: list[str] = []

    def by_password(target: Any, password: str, **_: Any) -> Verdict:
        assert target.user is None
        seen.append(password)
        return Verdict(LoginResult.OK, "")

    monkeypatch.setattr(single_attempt.probe, "by_password", by_password)
    options = {"password": "pw", "remote_user": None, "host": "192.0.2.1", "ssh_args": "-C", "reconnection_retries": 3}
    connection = Connection(None, error, **options)
    made = make(connection)
    for _time in range(2):
        made.run(dict)
    assert seen == tried
    assert "'password': None" in connection.seen
    assert "ControlPath=none -C" in connection.seen
    assert connection.options == {**options, "reconnection_retries": 0}


def test_what_was_refused_is_not_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    become = Plugin("sudo", become_pass="wrong", become_flags="")
    made, count = make(Connection(become)), 0

    def execute() -> dict[str, Any]:
        nonlocal count
        count += 1
        # As ansible-core 2.19 and later say it.
        raise single_attempt.AnsibleAuthenticationFailure("Failed to authenticate: Incorrect sudo password")

    for _time in range(3):
        with pytest.raises(PasswordRefused, match="the sudo password is refused"):
            made.run(execute)
    assert count == 1
    made.use(single_attempt.BECOME, "right", right=False)
    assert made.run(dict) == {}


@pytest.mark.parametrize(
    ("method", "said"),
    [("su", "su: Permission denied"), ("su", "su: Authentication failure"), ("doas", "doas: Authentication failed")],
)
def test_what_su_and_doas_say_themselves(method: str, said: str) -> None:
    """Which Ansible does not know in each case: a command that has ended, to it."""
    made = make(Connection(Plugin(method, become_pass="wrong", become_flags="")))

    def execute() -> dict[str, Any]:
        raise Lost(f"it ended with code 1: {said}")

    with pytest.raises(PasswordRefused, match=f"the {method} password is refused"):
        made.run(execute)
