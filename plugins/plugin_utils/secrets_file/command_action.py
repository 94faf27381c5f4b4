# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action of secrets_command: a program of the controller with secrets in its environment, masked in its output."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import subprocess
import typing as t

from ...module_utils.errors import ConfigError, Refused
from ...module_utils.operations import secrets_command
from ...module_utils.operations.results import Params, Result
from ...module_utils.operations.secrets_command import ENTRIES
from ...module_utils.redaction import MASK, encoded_forms
from ...module_utils.settings.settings import RunSettings, Settings
from .selection_action import SelectionAction

# Characters in a row that tell a part of a value from an ordinary word.
_RUN = 8
# What a program gets of the environment of Ansible if the task wants none of it.
_LEAST = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
_OWN = "SENHASEGURA_"


class SecretsCommandAction(SelectionAction):
    """Read secrets in the broker, and run the program from here, without a shell."""

    operation = secrets_command

    def without_server(self, params: Params, variables: dict[str, t.Any], check_mode: bool) -> Result | None:
        self._arguments = _arguments(params)
        return None

    def perform(self, settings: Settings, run: RunSettings, params: Params, check_mode: bool) -> Result:
        result = super().perform(settings, run, params, check_mode)
        entries: dict[str, str] = result.pop(ENTRIES)
        if check_mode:
            return {**result, "msg": "check mode: the command was not run"}
        code, *outputs = _run(self._arguments, _environment(entries, params["keep_environment"]), params)
        hidden = Mask(entries.values())
        stdout, stderr = (hidden(output) for output in outputs)
        result.update(rc=code, stdout=stdout, stderr=stderr)
        result.update(stdout_lines=stdout.splitlines(), stderr_lines=stderr.splitlines())
        if code:
            result.update(failed=True, msg=f"the command ended with code {code}")
        return result


class Mask:
    """Mask values in what a program prints.

    A value is masked as it is, whatever its length. A word is masked as a whole if it shares eight characters in a row
    with a value, or with a form in which programs print one: so are parts of values, lines that a program has wrapped,
    and values of which an echo has changed a character.
    """

    def __init__(self, values: t.Iterable[str]) -> None:
        whole: set[str] = set()
        self._runs: set[str] = set()
        for value in filter(None, values):
            whole |= {value, value.strip() or value}
            for form in encoded_forms(value):
                self._runs.update(form[at : at + _RUN] for at in range(len(form) - _RUN + 1))
        # The longest first, of which others may be parts.
        self._whole = re.compile("|".join(map(re.escape, sorted(whole, key=len, reverse=True)))) if whole else None

    def __call__(self, text: str) -> str:
        if self._whole is None:
            return text
        shared = bytearray(len(text))
        for at in range(len(text) - _RUN + 1):
            if text[at : at + _RUN] in self._runs:
                shared[at : at + _RUN] = b"\1" * _RUN
        hidden = [match.span() for match in self._whole.finditer(text)]
        if any(shared):
            words = (word.span() for word in re.finditer(r"\S+", text))
            hidden += [(start, end) for start, end in words if any(shared[start:end])]
        parts, done = [], 0
        for start, end in sorted(hidden):
            # What overlaps with the one before is a part of the same mask.
            if start >= done:
                parts += [text[done:start], MASK]
            done = max(done, end)
        return "".join([*parts, text[done:]])


def _arguments(params: Params) -> list[str]:
    """Return the program and its arguments. Raises ConfigError."""
    if params["argv"] is not None:
        arguments = list(params["argv"])
    else:
        try:
            arguments = shlex.split(params["cmd"])
        except ValueError:
            raise ConfigError("cmd has a quote that is not closed", hint="Close it, or use argv").with_context(
                option="cmd"
            ) from None
    if not arguments or any("\0" in argument for argument in arguments):
        option = "cmd" if params["argv"] is None else "argv"
        raise ConfigError(f"{option} names no program", hint="Give the program first").with_context(option=option)
    return arguments


def _environment(entries: t.Mapping[str, str], keep: bool) -> dict[str, str]:
    """Return the environment of the program: that of Ansible without the client's own secrets, and the secrets."""
    kept = {name: value for name, value in os.environ.items() if keep or name in _LEAST}
    return {**{name: value for name, value in kept.items() if not name.startswith(_OWN)}, **entries}


def _run(arguments: list[str], environment: dict[str, str], params: Params) -> tuple[int, str, str]:
    """Run the program to its end, and return its code and what it has printed. Raises Refused."""
    try:
        process = subprocess.Popen(
            arguments,
            cwd=params["chdir"],
            env=environment,
            stdin=subprocess.PIPE if params["stdin"] is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as exc:
        # Neither the arguments nor the environment may be shown.
        raise Refused(
            f"the command cannot be started: {exc.strerror or type(exc).__name__}",
            hint="Check the program and chdir; together, arguments and environment may also be too long",
        ) from None
    data = params["stdin"].encode() if params["stdin"] is not None else None
    try:
        outputs = process.communicate(data, timeout=params["command_timeout"])
    except subprocess.TimeoutExpired:
        raise Refused(
            f"the command did not end within {params['command_timeout']:g} seconds, and was stopped",
            hint="Raise command_timeout, or find out what it waits for",
        ).with_context(option="command_timeout") from None
    finally:
        # Its children have the secrets too.
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    stdout, stderr = (output.decode("utf-8", "replace") for output in outputs)
    return process.returncode, stdout, stderr
