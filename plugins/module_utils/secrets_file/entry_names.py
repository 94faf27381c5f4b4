# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Say why a name cannot be that of a variable or key. The names of DSM keys may be any text."""

from __future__ import annotations

import re

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KEY = re.compile(r"[-._a-zA-Z0-9]+")
# Characters of a key of a Kubernetes Secret, and bytes of the name of a file.
_LONGEST_KEY = 253
# Variables by which whoever sets them has a shell, linker, interpreter or CI system run something of his.
_RESERVED = frozenset(
    (
        *("PATH", "BASH_ENV", "ENV", "IFS", "SHELLOPTS", "BASHOPTS", "PS4", "PROMPT_COMMAND", "CDPATH", "GLOBIGNORE"),
        *("NODE_OPTIONS", "PYTHONSTARTUP", "PYTHONPATH", "PYTHONHOME", "PERL5OPT", "PERL5LIB", "RUBYOPT", "RUBYLIB"),
        *("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "CI", "HOME", "USER", "SHELL", "PWD", "OLDPWD"),
        # A shell refuses to set these, or gives them a meaning of its own.
        *("BASHPID", "EUID", "PPID", "UID", "OPTIND", "OPTARG", "RANDOM", "SECONDS", "LINENO", "_", "DIRSTACK"),
        *("FUNCNAME", "GROUPS", "HISTCMD", "HOSTTYPE", "MACHTYPE", "OSTYPE", "PIPESTATUS", "POSIXLY_CORRECT"),
        *("SHLVL", "SRANDOM", "TMOUT", "LC_ALL", "LANG", "EPOCHREALTIME", "EPOCHSECONDS", "COMP_WORDBREAKS"),
    )
)
_RESERVED_BEGINNINGS = (
    *("LD_", "DYLD_", "GIT_SSH", "GIT_CONFIG", "GITHUB_", "RUNNER_", "ACTIONS_", "CI_", "GITLAB_", "ANSIBLE_"),
    *("SENHASEGURA_", "BASH_", "LC_", "NPM_CONFIG_"),
)
# Variables of Ansible that decide how it connects, and words of a play.
_ANSIBLE_OWN = ("ansible_", "senhasegura_")
_PYTHON_WORDS = frozenset(
    (
        *("False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def"),
        *("del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda"),
        *("nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield"),
    )
)
_ANSIBLE_WORDS = frozenset(
    (
        *("environment", "group_names", "groups", "hosts", "hostvars", "inventory_hostname", "name", "omit", "tags"),
        *("playbook_dir", "role_path", "vars", "tasks", "roles", "become", "connection", "port", "remote_user"),
    )
)


def variable(name: str) -> str:
    """Say why a name cannot be that of an environment variable that others set for a program."""
    if not _VARIABLE.fullmatch(name):
        return "the name of a variable has letters, digits and underscores only, and begins with no digit"
    upper = name.upper()
    if upper in _RESERVED or upper.startswith(_RESERVED_BEGINNINGS):
        return "a variable of this name changes how shells, interpreters or the pipeline itself work"
    return ""


def ansible_variable(name: str) -> str:
    """Say why a name cannot be that of a variable of a play."""
    if not _VARIABLE.fullmatch(name) or name in _PYTHON_WORDS:
        return "this is no name of an Ansible variable"
    if name.lower().startswith(_ANSIBLE_OWN) or name in _ANSIBLE_WORDS:
        return "a variable of this name changes how Ansible works"
    return ""


def key(name: str) -> str:
    """Say why a name cannot be that of a key of a Kubernetes Secret, or of a file."""
    if not _KEY.fullmatch(name) or len(name) > _LONGEST_KEY:
        return "a key has at most 253 letters, digits and the characters - _ and ."
    return "it begins with a dot" if name.startswith(".") else ""


def any_text(name: str) -> str:
    """Say why a name cannot be that of a key in a document."""
    return "" if name and "\0" not in name and name.isprintable() else "it is empty or has control characters"
