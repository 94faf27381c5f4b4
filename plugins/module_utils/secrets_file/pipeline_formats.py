# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write what CI systems read: GitHub's environment file, GitLab's dotenv report, Azure's commands, Jenkins' properties.

Sources of the rules: facts-dsm.md 9.
"""

from __future__ import annotations

import re
import secrets

from . import value_rules
from .document_formats import render_properties
from .value_rules import Entries

# Bytes of a dotenv report: it must have less.
GITLAB_REPORT = 5 * 1024
# Variables that begin so are not handed to tasks, whatever their case.
_AZURE_RESERVED = ("agent", "endpoint", "input", "path", "secret", "securefile", "system", "build", "release")
# A mask of few characters would blank out the whole log (actions/runner issue 326).
_SHORTEST_MASK = 4


# --- GitHub -----------------------------------------------------------------------------------------------------------


def render_github(entries: Entries) -> str:
    """Return what is appended to the file that GITHUB_ENV names, with a random delimiter for each value.

    A value is all between the line of its name and the line end before the delimiter
    (actions/runner FileCommandManager.cs).
    """
    return "".join(_github(name, value) for name, value in entries.items())


def _github(name: str, value: str) -> str:
    delimiter = f"ghadelimiter_{secrets.token_hex(16)}"
    # 128 random bits: this loop hardly ever runs twice. It is here because a collision would be an injection.
    while delimiter in value:
        delimiter = f"ghadelimiter_{secrets.token_hex(16)}"
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def github_masks(entries: Entries) -> str:
    """Return the commands that mask values in the log, for the step to print: one for each, and for each line of it."""
    parts: dict[str, None] = {}
    for value in entries.values():
        parts.update(dict.fromkeys((value, *re.split(r"[\r\n]+", value))))
    return "".join(f"::add-mask::{_github_data(part)}\n" for part in parts if len(part.strip()) >= _SHORTEST_MASK)


def unmasked(entries: Entries) -> list[str]:
    """Return the names of those values that are too short to be masked."""
    return [name for name, value in entries.items() if 0 < len(value.strip()) < _SHORTEST_MASK]


def _github_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


# --- GitLab -----------------------------------------------------------------------------------------------------------


def check_gitlab(name: str, value: str) -> str:
    """Say why GitLab would read another value (ParseDotenvArtifactService, and the expansion of job variables)."""
    for rule in (value_rules.in_environment, value_rules.on_one_line, value_rules.without_outer_blanks):
        if reason := rule(name, value):
            return reason
    if "$" in value:
        return "it has a '$', which GitLab expands"
    return "it is longer than a dotenv report (5 KiB)" if len(value.encode()) >= GITLAB_REPORT else ""


def render_gitlab(entries: Entries) -> str:
    """Return a dotenv report."""
    return "".join(f"{name}={value}\n" for name, value in entries.items())


# --- Azure ------------------------------------------------------------------------------------------------------------


def azure_name(name: str) -> str:
    """Say why Azure would not hand a variable of this name to a step."""
    begins = next((word for word in _AZURE_RESERVED if name.lower().startswith(word)), "")
    # Those of the agent itself have a dot, which becomes an underscore in the environment.
    if begins in ("agent", "system", "build", "release") and not name.lower().startswith(f"{begins}_"):
        return ""
    return f"Azure hands no variable to a step whose name begins with {begins}" if begins else ""


def check_azure(name: str, value: str) -> str:
    """Say why Azure would set another value."""
    for rule in (value_rules.in_environment, value_rules.on_one_line):
        if reason := rule(name, value):
            return reason
    if not value:
        return "it is empty, and Azure sets no empty variable"
    return "it has '$(', which Azure replaces by a variable" if "$(" in value else ""


def render_azure(entries: Entries) -> str:
    """Return logging commands, which a step has to print. They set secret variables, which Azure masks."""
    return "".join(
        f"##vso[task.setvariable variable={name};issecret=true]{_azure_data(value)}\n"
        for name, value in entries.items()
    )


def _azure_data(value: str) -> str:
    # "%" first, as the agent undoes it last.
    return value.replace("%", "%AZP25").replace(";", "%3B").replace("]", "%5D")


# --- Jenkins ----------------------------------------------------------------------------------------------------------


def check_jenkins(name: str, value: str) -> str:
    """Say why readProperties and withEnv would set another value."""
    if reason := value_rules.in_environment(name, value):
        return reason
    if "$" in value:
        return "it has a '$', which withEnv expands in some releases of Jenkins and not in others"
    return "it is empty, for which withEnv removes the variable" if not value else ""


def render_jenkins(entries: Entries) -> str:
    """Return properties, for C(withEnv(readProperties(...).collect { name, value -> "$name=$value" }))."""
    return render_properties(entries)
