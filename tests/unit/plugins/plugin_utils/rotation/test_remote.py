# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands on a host: the program that is piped to its Python, and what is made of the answers."""

from __future__ import annotations

import contextlib
import getpass
import glob
import os
import signal
import subprocess
import sys
import time
import typing as t

import pytest
from ansible.errors import AnsibleAuthenticationFailure, AnsibleConnectionFailure, AnsibleError

from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation import remote
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.calls import Lost, NotDone

USER = getpass.getuser()
PYTHONS = sorted({sys.executable, *glob.glob(os.path.expanduser("~/.pyenv/versions/3.*/bin/python"))})


def by_shell(command: str, *, sudoable: bool, in_data: bytes) -> dict[str, t.Any]:
    """As _low_level_execute_command of an action, on this machine."""
    assert sudoable
    done = subprocess.run(["/bin/sh", "-c", command], input=in_data, capture_output=True, check=False)
    return {"rc": done.returncode, "stdout": done.stdout.decode(), "stderr": done.stderr.decode()}


def look(python: str | None = sys.executable, pad: str = "00" * 512) -> dict[str, t.Any]:
    return remote.perform(by_shell, python, {"do": "look", "user": USER, "run": "1", "pad": pad}, 30)


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


@pytest.mark.skipif(os.getuid() != 0, reason="only root may look")
def test_the_hash_is_covered_on_its_way() -> None:
    pad = remote.new_pad()
    covered = look(pad=pad)
    clear = remote.uncovered(covered, pad)["account"]["hash"]
    with open("/etc/shadow") as file:
        (line,) = [line for line in file if line.startswith(f"{USER}:")]
    assert clear == line.split(":")[1]
    assert len(pad) == 1024
    assert pad != remote.new_pad()
    assert clear not in str(covered) or len(clear) < 3


def test_nothing_secret_is_in_the_command() -> None:
    commands = []

    def execute(command: str, **details: t.Any) -> dict[str, t.Any]:
        commands.append(command)
        assert b"the-hash" in details["in_data"]
        return by_shell(command, **details)

    with contextlib.suppress(NotDone):
        remote.perform(
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
        remote.perform(noisy, sys.executable, request, 30)


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
        remote.perform(lambda *_a, **_k: result, None, {}, 30)


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
        remote.perform(execute, None, {}, 30)


def test_a_connection_that_hangs_has_a_limit_and_other_timers_go_on() -> None:
    fired: list[int] = []
    previous = signal.signal(signal.SIGALRM, lambda *_details: fired.append(1))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.6)
        start = time.monotonic()
        with pytest.raises(Lost, match="no answer within"):
            remote.perform(lambda *_a, **_k: time.sleep(600), None, {}, 0.2)
        assert time.monotonic() - start < 300
        while not fired and time.monotonic() - start < 300:
            time.sleep(0.02)
        assert fired
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
