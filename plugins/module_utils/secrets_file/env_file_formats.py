# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write files of variables that programs read, each by rules of its own: dotenv, docker --env-file, systemd.

None of them is a shell: what one of them unquotes, another takes as it is.
"""

from __future__ import annotations

import re

from . import value_rules
from .value_rules import Entries

# What docker's reader (bufio.Scanner in docker/cli, pkg/kvfile) takes as one line, in bytes, with the line end.
_LONGEST_DOCKER_LINE = 65_536
# systemd unescapes these after a backslash in double quotes (src/basic/env-file.c, SHELL_NEED_ESCAPE).
_SYSTEMD_ESCAPES = re.compile(r'(["\\`$])')
# systemd drops a variable with a control character other than tab and line feed (env_value_is_valid), and one that is
# not UTF-8 by its rules, which leave out the code points that are no characters (unichar_is_valid).
_SYSTEMD_DROPS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufdd0-\ufdef]")


# --- dotenv -----------------------------------------------------------------------------------------------------------
# The readers differ: python-dotenv unescapes \\ and \' in single quotes, dotenv of Node unescapes \n and \r in double
# quotes and nothing else. So a value is written in the one way that both take as it is.


def check_dotenv(name: str, value: str) -> str:
    """Say why python-dotenv or dotenv for Node would read another value."""
    if reason := value_rules.in_environment(name, value):
        return reason
    if "\r" in value:
        return "it has a carriage return, which dotenv for Node makes a line feed"
    if "${" in value:
        return "it has '${', which python-dotenv replaces by a variable"
    if _dotenv(value) is None:
        return "its quotes, backslashes or line ends cannot be written so that all readers of dotenv files agree"
    return ""


def render_dotenv(entries: Entries) -> str:
    """Return a dotenv file."""
    return "".join(f"{name}={_dotenv(value)}\n" for name, value in entries.items())


def _dotenv(value: str) -> str | None:
    """Return a value as a dotenv file has it; None if there is no way."""
    if "'" not in value and "\\\\" not in value and not value.endswith("\\"):
        return f"'{value}'"
    if '"' not in value and "\\" not in value:
        return f'"{value}"'
    bare = value == value.strip() and not value.startswith(("'", '"', "`", "\ufeff")) and not value.endswith("\ufeff")
    if bare and "#" not in value and "\n" not in value and not value_rules.has_odd_line_end(value):
        return value
    return None


# --- docker -----------------------------------------------------------------------------------------------------------
# docker run --env-file reads lines as they are (docker/cli pkg/kvfile); podman, and docker from 29 on, take quotes off.


def check_docker(name: str, value: str) -> str:
    """Say why docker or podman would read another value."""
    for rule in (value_rules.in_environment, value_rules.on_one_line):
        if reason := rule(name, value):
            return reason
    if value.startswith(("'", '"', "`")):
        return "it begins with a quote, which podman and newer releases of docker take off"
    if len(f"{name}={value}".encode()) >= _LONGEST_DOCKER_LINE:
        return "it is longer than a line that docker reads (64 KiB)"
    return ""


def render_docker(entries: Entries) -> str:
    """Return a file for docker --env-file: values as they are, without quotes."""
    return "".join(f"{name}={value}\n" for name, value in entries.items())


# --- systemd ----------------------------------------------------------------------------------------------------------
# EnvironmentFile= of systemd.exec(5).


def check_systemd(name: str, value: str) -> str:
    """Say why systemd would read another value, or drop it."""
    if reason := value_rules.in_environment(name, value):
        return reason
    if _SYSTEMD_DROPS.search(value) or any(ord(character) & 0xFFFE == 0xFFFE for character in value):
        return "it has a control character other than tab and line feed, for which systemd drops the variable"
    return ""


def render_systemd(entries: Entries) -> str:
    """Return an EnvironmentFile: values in double quotes."""
    return "".join(f'{name}="{_SYSTEMD_ESCAPES.sub(_BACKSLASHED, value)}"\n' for name, value in entries.items())


_BACKSLASHED = r"\\\1"
