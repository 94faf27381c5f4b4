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
from ..broker.cache_policy import CachePolicy, policy_of
from ..cli_settings import default_file
from ..setting_sources import settings
from ..vault_action import VaultAction

# Encoded forms that are shorter would be found in ordinary words. A value itself is masked whatever its length.
_SHORTEST_FORM = 6
# What a program gets of the environment of Ansible if the task wants none of it.
_LEAST = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
_OWN = "SENHASEGURA_"


class SecretsCommandAction(VaultAction):
    """Read secrets in the broker, and run the program from here, without a shell."""

    operation = secrets_command

    def policy(self, run: RunSettings, params: Params) -> CachePolicy:
        # As for lookups: one read for all hosts and tasks of the run.
        return policy_of(run, params)

    def settings(self, params: Params, variables: dict[str, t.Any]) -> tuple[Settings, RunSettings]:
        environment = self._task.environment or ()
        return settings(params, variables, self._templar.template, environment, default_file())

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
    """Mask values in texts: each as a whole, each of its lines, and the forms in which programs print them."""

    def __init__(self, values: t.Iterable[str]) -> None:
        forms: set[str] = set()
        for value in values:
            parts = {value, value.strip(), *value.splitlines()}
            forms |= {part for part in parts if part and (part == value or len(part) >= _SHORTEST_FORM)}
            if len(value) >= _SHORTEST_FORM:
                forms |= {form for form in encoded_forms(value) if len(form) >= _SHORTEST_FORM}
        # The longest first, of which others may be parts.
        self._pattern = re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True)))) if forms else None

    def __call__(self, text: str) -> str:
        return self._pattern.sub(MASK, text) if self._pattern else text


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
