# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands as somebody types them into one terminal: what one exports, the next one has."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL

SECONDS = 600
# Of any program on standard error, and of Ansible wherever it prints them.
COMPLAINTS = (re.compile(r"warning|deprecat", re.IGNORECASE), re.compile(r"\[(DEPRECATION )?WARNING\]"))


@dataclass(frozen=True)
class Done:
    """Commands that have ended, and the environment after them, which is the one before if one of them has failed."""

    script: str
    code: int
    output: str
    errors: str
    env: Mapping[str, str]

    def __str__(self) -> str:
        return (
            f"{self.script}\n--- ended with {self.code} and this output:\n{self.output}--- and errors:\n{self.errors}"
        )


def run(script: str, env: Mapping[str, str], folder: Path) -> Done:
    """Run commands up to the first that fails. Raises AssertionError where something warns."""
    with tempfile.TemporaryDirectory() as kept:
        output, errors, after = (Path(kept, name) for name in ("output", "errors", "env"))
        # Into files, since what is started in the background has them open for longer.
        with output.open("w") as out, errors.open("w") as err:
            command = ["bash", "-eo", "pipefail", "-c", f"{script}\nenv -0 >{after}"]
            code = _wait(
                subprocess.Popen(
                    command, env=env, cwd=folder, stdin=DEVNULL, stdout=out, stderr=err, start_new_session=True
                )
            )
        variables = after.read_text().split("\0") if code == 0 else []
        new = dict(one.split("=", 1) for one in variables if one) or env
        done = Done(script, code, output.read_text(), errors.read_text(), new)
    if COMPLAINTS[0].search(done.errors) or COMPLAINTS[1].search(done.output):
        raise AssertionError(f"something warns\n{done}")
    return done


def _wait(process: subprocess.Popen[bytes]) -> int:
    """The code with which it ends; 124, as of timeout(1), if it has to be ended. What fails leaves nothing running."""
    try:
        code = process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        code = 124
    if code:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return code
