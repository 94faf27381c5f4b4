# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Take away what only Linux has: code to run in a Python process before anything of ours is imported there."""

from __future__ import annotations

import pathlib
import shlex
import sys

_TAKE = """
import os, select, socket, sys
for owner, name in ({}):
    if hasattr(owner, name):
        delattr(owner, name)
"""
_NO_PROC = """
import builtins, os

def without_proc(function):
    def wrapped(path, *args, **kwargs):
        if str(path).startswith("/proc"):
            raise FileNotFoundError(2, "No such file or directory", path)
        return function(path, *args, **kwargs)
    return wrapped

builtins.open = without_proc(builtins.open)
for name in ("open", "stat", "lstat", "listdir", "scandir", "readlink", "access"):
    setattr(os, name, without_proc(getattr(os, name)))
"""
_NO_NAME = """
import sys
sys.platform = "freebsd14"
"""
# What is missing -> the code that takes it away.
TAKEN_AWAY = {
    "no O_PATH": _TAKE.format('(os, "O_PATH"),'),
    "no memfd": _TAKE.format('(os, "memfd_create"), (os, "MFD_CLOEXEC")'),
    "no pidfd": _TAKE.format('(os, "pidfd_open"),'),
    "no SO_PEERCRED": _TAKE.format('(socket, "SO_PEERCRED"),'),
    "no epoll": _TAKE.format('(select, "epoll"),'),
    "no proc": _NO_PROC,
    "another name": _NO_NAME,
}
# All of it at once: no Linux.
PORTABLE = "".join(TAKEN_AWAY.values())


def python_with(code: str, folder: pathlib.Path) -> pathlib.Path:
    """Make a program in the folder that runs the broker in this Python after some code. It is for sys.executable."""
    script, program = folder / "broker.py", folder / "python"
    script.write_text(f"{code}\nimport runpy, sys\nrunpy.run_path(sys.argv[1], run_name='__main__')\n")
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -I -S {script} "$3"\n')
    program.chmod(0o755)
    return program
