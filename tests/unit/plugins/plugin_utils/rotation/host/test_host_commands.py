# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands on a host: the program that is piped to its Python, and what is made of the answers."""

from __future__ import annotations

import contextlib
import getpass
import glob
import json
import os
import signal
import subprocess
import sys
import time
import typing as t

import pytest
from ansible.errors import AnsibleAuthenticationFailure, AnsibleConnectionFailure, AnsibleError

from ansible_collections.community.senhasegura.plugins.plugin_utils.host.host_program import BecomeRefused
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host import host_commands
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol.effects import Lost, NotDone

USER = getpass.getuser()
PYTHONS = sorted({sys.executable, *glob.glob(os.path.expanduser("~/.pyenv/versions/3.*/bin/python"))})


def by_shell(command: str, *, sudoable: bool, in_data: bytes) -> dict[str, t.Any]:
    """As _low_level_execute_command of an action, on this machine."""
    assert sudoable
    done = subprocess.run(["/bin/sh", "-c", command], input=in_data, capture_output=True, check=False)
    return {"rc": done.returncode, "stdout": done.stdout.decode(), "stderr": done.stderr.decode()}


def look(python: str | None = sys.executable, pad: str = "00" * 512) -> dict[str, t.Any]:
    return host_commands.perform(by_shell, python, {"do": "look", "user": USER, "run": "1", "pad": pad}, 30)


@pytest.mark.parametrize("python", [*PYTHONS, None])
def test_the_program_runs_with_the_pythons_of_hosts(python: str | None) -> None:
    try:
        answer = look(python)
    except NotDone as exc:
        # Only root may look.
        assert os.getuid() != 0, exc
        return
    assert answer["account"]["user"] == USER
    assert answer["lock"] == {"run": None, "remaining": 0.0}
    request = {"do": "look_keys", "user": USER, "run": "1", "record": "7", "label": "x", "keys": [], "address": None}
    assert host_commands.perform(by_shell, python, request, 60)["keys"]["user"] == USER


@pytest.mark.skipif(os.getuid() != 0, reason="only root may look")
def test_the_hash_is_covered_on_its_way() -> None:
    pad = host_commands.new_pad()
    covered = look(pad=pad)
    clear = host_commands.uncovered(covered, pad)["account"]["hash"]
    with open("/etc/shadow") as file:
        (line,) = [line for line in file if line.startswith(f"{USER}:")]
    assert clear == line.split(":")[1]
    assert len(pad) == 1024
    assert pad != host_commands.new_pad()
    assert clear not in str(covered) or len(clear) < 3


def test_nothing_secret_is_in_the_command() -> None:
    commands = []

    def execute(command: str, **details: t.Any) -> dict[str, t.Any]:
        commands.append(command)
        assert b"the-hash" in details["in_data"]
        return by_shell(command, **details)

    with contextlib.suppress(NotDone):
        host_commands.perform(
            execute, None, {"do": "set", "user": USER, "run": "1", "old": "the-hash", "new": "x", "timeout": 1}, 30
        )
    assert len(commands) == 1
    assert "the-hash" not in commands[0]


def test_an_answer_is_found_among_what_a_login_prints() -> None:
    def noisy(command: str, **details: t.Any) -> dict[str, t.Any]:
        done = by_shell(command, **details)
        return {**done, "stdout": f"Welcome!\nsenhasegura-0:{{}}\n{done['stdout']}bye\n"}

    request = {"do": "unlock", "user": "../odd", "run": "1"}
    with pytest.raises(NotDone, match="no name of a local user"):
        host_commands.perform(noisy, sys.executable, request, 30)


@pytest.mark.parametrize(
    ("result", "says"),
    [
        ({"rc": 255, "stdout": "", "stderr": "a\nConnection closed\x1b[1m"}, "code 255: Connection closed"),
        ({"rc": 0, "stdout": "SENHASEGURA", "stderr": ""}, "code 0: it said nothing"),
        # As a shell that starts noisily, and a program that was started.
        ({"rc": 255, "stdout": "", "stderr": "foo: command not found\nKilled"}, "code 255: Killed"),
    ],
)
def test_without_an_answer_nobody_knows(result: dict[str, t.Any], says: str) -> None:
    with pytest.raises(Lost, match=says):
        host_commands.perform(lambda *_a, **_k: result, None, {}, 30)


@pytest.mark.parametrize(
    ("error", "becomes"),
    [
        (AnsibleConnectionFailure("Failed to connect"), Lost),
        (AnsibleError("no such connection"), NotDone),
        (AnsibleAuthenticationFailure("Permission denied"), AnsibleAuthenticationFailure),
    ],
)
def test_errors_of_connections(error: Exception, becomes: type[Exception]) -> None:
    def execute(*_arguments: t.Any, **_details: t.Any) -> t.Any:
        raise error

    with pytest.raises(becomes):
        host_commands.perform(execute, None, {}, 30)


def test_a_connection_that_hangs_has_a_limit_and_other_timers_go_on() -> None:
    fired: list[int] = []
    previous = signal.signal(signal.SIGALRM, lambda *_details: fired.append(1))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.6)
        start = time.monotonic()
        with pytest.raises(Lost, match="no answer within"):
            host_commands.perform(lambda *_a, **_k: time.sleep(600), None, {}, 0.2)
        assert time.monotonic() - start < 300
        while not fired and time.monotonic() - start < 300:
            time.sleep(0.02)
        assert fired
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def test_who_has_set_the_limit_is_named() -> None:
    """It may be the keyword timeout of the task, which is shorter than what a host may take."""
    previous = signal.signal(signal.SIGALRM, lambda *_details: None)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.25)
        with pytest.raises(Lost, match="^no answer within 0.2[0-9]* seconds, when the timeout of the task was over$"):
            host_commands.perform(lambda *_, **__: time.sleep(60) or {}, "python3", {}, 300)
        signal.setitimer(signal.ITIMER_REAL, 60)
        with pytest.raises(Lost, match=r"^no answer within 0\.3 seconds$"):
            host_commands.perform(lambda *_, **__: time.sleep(60) or {}, "python3", {}, 0.3)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


# The cause by its name (A15)


@pytest.mark.parametrize(
    ("code", "stdout", "stderr", "says"),
    [
        (1, "", "sudo: sorry, you must have a tty to run sudo\n", "requiretty"),
        (1, "sudo: sorry, you must have a tty to run sudo\r\n", "", "requiretty"),
        (127, "", "/bin/sh: 1: python3: not found\n", "no Python where it is looked for"),
        (127, "", "/bin/sh: /usr/bin/python3.9: No such file or directory\n", "set ansible_python_interpreter"),
        (126, "", "/bin/sh: /opt/python: Permission denied\n", "no Python where it is looked for"),
        (2, "", "Unknown option: -I\nusage: python [option]\n", "is too old"),
        (1, "", "sudo: a password is required\n", "set ansible_become_password"),
        (1, "", "sudo: a terminal is required to read the password\n", "set ansible_become_password"),
        (1, "", "app is not in the sudoers file.  This incident will be reported.\n", "does not let this user"),
        (1, "", "doas: Operation not permitted\n", "doas does not let this user"),
    ],
)
def test_a_program_that_was_not_started_is_told_by_the_cause(code: int, stdout: str, stderr: str, says: str) -> None:
    with pytest.raises(NotDone, match=says):
        host_commands.perform(lambda *_a, **_k: {"rc": code, "stdout": stdout, "stderr": stderr}, None, {}, 30)


@pytest.mark.parametrize("code", [0, 255, None])
def test_what_somebody_prints_at_the_login_is_no_cause(code: int | None) -> None:
    noise = "sudo_alias: command not found\npython2: not found\n"
    with pytest.raises(Lost):
        host_commands.perform(lambda *_a, **_k: {"rc": code, "stdout": noise, "stderr": noise}, None, {}, 30)


@pytest.mark.parametrize(
    "said",
    [
        "Sorry, try again.\nsudo: 1 incorrect password attempt",
        "su: Authentication failure",
        "doas: Authentication failed",
    ],
)
def test_a_wrong_password_for_root_is_not_a_refused_login(said: str) -> None:
    with pytest.raises(BecomeRefused, match="Incorrect become password"):
        host_commands.perform(lambda *_a, **_k: {"rc": 1, "stdout": "", "stderr": said}, None, {}, 30)


@pytest.mark.parametrize("text", ["Incorrect sudo password", "Incorrect su password", "Incorrect doas password"])
def test_what_ansible_says_of_it_is_not_either(text: str) -> None:
    def execute(*_arguments: t.Any, **_details: t.Any) -> t.Any:
        raise AnsibleError(text)

    with pytest.raises(BecomeRefused, match=text):
        host_commands.perform(execute, None, {}, 30)


# A host may say anything (A12)


def told(answer: str) -> dict[str, t.Any]:
    def execute(_command: str, *, in_data: bytes, **_details: t.Any) -> dict[str, t.Any]:
        mark = in_data.decode().rsplit("senhasegura-", 1)[1].split(":", 1)[0]
        return {"rc": 0, "stdout": f"senhasegura-{mark}:{answer}\n", "stderr": ""}

    return host_commands.perform(execute, None, {}, 30)


def test_every_text_of_an_answer_is_one_plain_line() -> None:
    hostile = "\x1b[31mred\n::error::x\nTASK [forged] ***\u202e##vso[x]"
    answer = {
        "lock": {"run": hostile, "remaining": 1},
        "keys": {"warnings": [hostile], "present": {hostile: [hostile]}},
    }
    plain = str(told(json.dumps({"ok": {"mine": False, "run": hostile, "remaining": 1.5, **answer}})))
    assert "forged" in plain
    assert plain.isprintable()
    assert "::error" not in plain
    assert "##vso" not in plain
    assert "\\n" not in plain


@pytest.mark.parametrize(
    "answer",
    [
        "{",
        "[]",
        "7",
        '{"ok": []}',
        "{}",
        "[" * 100_000,
        '{"ok": {"mine": true, "machine": "../../x"}}',
        '{"ok": {"mine": true, "machine": "0123456789ab-j0"}}',
        '{"ok": {"mine": true, "machine": 7}}',
        '{"ok": {"mine": true, "machine": "0123456789ab", "quiet_in": NaN}}',
        '{"ok": {"mine": true, "machine": "0123456789ab", "quiet_in": 1e300}}',
        '{"ok": {"mine": false, "run": "x", "remaining": 2204124068}}',
        '{"ok": {"mine": false, "run": "x", "remaining": -1}}',
        '{"ok": {"mine": false, "run": "x", "remaining": "1"}}',
        '{"ok": {"lock": {"run": "x", "remaining": 2204124068}}}',
        '{"ok": {"lock": [1]}}',
        '{"ok": "' + "x" * 5_000_000 + '"}',
    ],
)
def test_an_answer_that_makes_no_sense_is_none(answer: str) -> None:
    with pytest.raises(Lost):
        told(answer)


@pytest.mark.parametrize("covered", ["zz", "00" * 600, 7, "ff" * 4])
def test_a_hash_that_cannot_be_read_is_no_answer(covered: t.Any) -> None:
    with pytest.raises(Lost):
        host_commands.uncovered({"account": {"covered_hash": covered}}, "00" * 512)
