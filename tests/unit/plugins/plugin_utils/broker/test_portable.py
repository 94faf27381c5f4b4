# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test that the broker needs nothing that only Linux has. test_broker_survives.py has real plays without it."""

from __future__ import annotations

import ast
import os
import pathlib
import re
import subprocess
import sys

import pytest
from portable import PORTABLE, TAKEN_AWAY
from workspace import ROOT, environment

from ansible_collections.community.senhasegura.plugins.plugin_utils.broker import client

HERE = pathlib.Path(__file__).parent
PLUGINS = pathlib.Path(client.__file__).parents[2]
# Of os, socket, select, fcntl and signal: what macOS and FreeBSD do not have both.
LINUX = {
    *("O_PATH", "O_TMPFILE", "memfd_create", "pidfd_open", "eventfd", "timerfd_create", "getrandom", "splice"),
    *("copy_file_range", "sched_getaffinity", "setns", "unshare", "listxattr", "getxattr", "setxattr", "posix_fadvise"),
    *("epoll", "SO_PEERCRED", "SO_PASSCRED", "SOCK_CLOEXEC", "SOCK_NONBLOCK", "AF_NETLINK", "F_OFD_SETLK", "pipe2"),
    *("F_ADD_SEALS", "pidfd_send_signal", "signalfd", "sigtimedwait", "sigwaitinfo", "accept4", "RWF_NOWAIT"),
}
# What is sent to managed hosts, which are Linux, is executed there. All else runs on the controller.
ON_HOSTS = PLUGINS / "plugin_utils" / "rotation" / "host" / "on_host"
# Where it is used, each with another way beside it: TAKEN_AWAY has the code that makes that way be taken.
USED = {
    "plugin_utils/broker/key_files.py": {"memfd_create", "/proc/"},
    "plugin_utils/broker/server.py": {"pidfd_open", "SO_PEERCRED"},
    "module_utils/transport/tls.py": {"memfd_create", "/proc/"},
}


def linux_in(path: pathlib.Path) -> set[str]:
    """Return what a file uses of LINUX, and /proc/."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and node.attr in LINUX:
            found.add(node.attr)
        text = str(node.value) if isinstance(node, ast.Constant) else ""
        # NUL alone is no address of a socket.
        if text.startswith(("/proc/", "/sys/", "/dev/shm", "\0")) and text != "\0":
            found.add("/proc/")
    return found


def test_what_only_linux_has_is_used_where_there_is_another_way() -> None:
    files = [path for path in PLUGINS.rglob("*.py") if ON_HOSTS not in path.parents]
    assert len(files) > 100
    found = {path.relative_to(PLUGINS).as_posix(): linux_in(path) for path in files}
    assert {name: names for name, names in found.items() if names} == USED


@pytest.mark.parametrize("code", TAKEN_AWAY.values(), ids=TAKEN_AWAY)
def test_it_is_taken_away(code: str) -> None:
    """Each of them, or the tests without it would prove nothing."""
    look = """
import os, select, socket, sys
there = ["O_PATH", "memfd_create", "pidfd_open", "SO_PEERCRED", "epoll"]
print(*[name for name in there if any(hasattr(owner, name) for owner in (os, select, socket))], end=" ")
print(os.path.exists("/proc/self"), sys.platform)
"""
    plain, without, portable = (
        subprocess.run([sys.executable, "-c", part + look], capture_output=True, text=True, check=True).stdout
        for part in ("", code, PORTABLE)
    )
    assert plain != without
    assert portable == " False freebsd14\n"


@pytest.mark.skipif(
    "PYTEST_PLUGINS" in os.environ or sys.version_info < (3, 11),
    reason="starts pytest, which needs more than the standard library without Linux: once is enough, in ./run units",
)
def test_the_tests_of_the_broker_pass_without_linux(tmp_path: pathlib.Path) -> None:
    # With another name, the Python of this system does not find its own files.
    taken = [code for name, code in TAKEN_AWAY.items() if name != "another name"]
    (tmp_path / "sitecustomize.py").write_text("".join(taken))
    env = {**os.environ, **environment()}
    env["PYTHONPATH"] = f"{tmp_path}:{env['PYTHONPATH']}"
    names = ("channel", "client", "key_files", "ledger", "protocol", "start_lock", "startup")
    files = [*(str(HERE / f"test_{name}.py") for name in names), str(HERE.parent / "test_vault_action.py")]
    # The first needs Linux, and the others take it away themselves.
    linux = "not one_path_for_its_user and not seen_without_pidfd and not without_files_in_memory"
    options = ("-q", "-p", "no:xdist", "-o", f"cache_dir={tmp_path / 'cache'}", "-k", linux)
    command = [sys.executable, "-m", "pytest", *options, *files]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.findall(r"(\d+) passed", done.stdout)[0]) > 100
