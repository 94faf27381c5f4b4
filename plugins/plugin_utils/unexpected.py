# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Describe exceptions that nobody expected. Their own text may quote a secret, so it is never shown."""

from __future__ import annotations

import errno
import os
import re
import sys
import traceback

_INSTALL = "Install it for the Python that runs Ansible: python -m pip install"
_PART_OF_PYTHON = "It is a part of Python that this Python ({}) was built without: run Ansible with a complete Python"
_INCOMPLETE = "The installation of the collection is incomplete: install it again (ansible-galaxy collection install)"
_THREADS = "Raise the limits of processes (ulimit -u, pids.max of the container), or use fewer forks"
# By the number of the system's error.
_FIXES = {
    errno.EMFILE: "Raise the limit of open files (ulimit -n), or use fewer forks",
    errno.ENFILE: "Raise the limit of open files of the system (fs.file-max)",
    errno.ENOSPC: "Make room in the folder for temporary files (local_tmp) of Ansible",
    errno.EDQUOT: "Make room in the folder for temporary files (local_tmp) of Ansible",
    errno.ENOMEM: "Give the controller more memory, or use fewer forks",
    errno.EAGAIN: _THREADS,
}
_OWN = "ansible_collections.community.senhasegura"


def describe(error: BaseException) -> str:
    """Return what an unexpected exception means: its cause and fix if it is known, else its class, file and line.

    Its message is never shown.
    """
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename.rsplit('/plugins/', 1)[-1]}:{frames[-1].lineno}" if frames else ""
    known = _cause(error)
    if known:
        return f"{known[0]}{place}. {known[1]}"
    return (
        f"unexpected {type(error).__name__}{place}; its message is withheld since it may quote a secret. "
        "This is a bug of community.senhasegura: please report it with this line"
    )


def _cause(error: BaseException) -> tuple[str, str] | None:
    """Return what is wrong with the controller, and what to do about it; None if it is not that."""
    if isinstance(error, ImportError):
        return _missing(error.name or "")
    if isinstance(error, MemoryError):
        return "the controller is out of memory", _FIXES[errno.ENOMEM]
    if isinstance(error, RuntimeError) and str(error).startswith("can't start new thread"):
        return "the controller allows no more threads", _THREADS
    number = error.errno if isinstance(error, OSError) else None
    if number is not None and number in errno.errorcode:
        # Without the path, which may be anything.
        fix = _FIXES.get(number, "Put that right on the controller, and look at its log")
        return f"the controller reports an error: {os.strerror(number)} ({errno.errorcode[number]})", fix
    return None


def _missing(name: str) -> tuple[str, str] | None:
    if not re.fullmatch(r"[A-Za-z0-9_.]{1,200}", name):
        return None
    if name.startswith(_OWN):
        return f"the Python module {name} cannot be imported", _INCOMPLETE
    top = name.partition(".")[0]
    # An extension module, such as _ssl, is known by the module that needs it.
    public = top.lstrip("_")
    if top in sys.stdlib_module_names:
        return f"the Python module {public} cannot be imported", _PART_OF_PYTHON.format(sys.executable)
    return f"the Python module {name} cannot be imported", f"{_INSTALL} {top}"
