# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands of on_host/ over Ansible's connection. Program and request go in on standard input: nothing is left on the
host, nothing is in an argument list, and no file of AnsiballZ stays behind when somebody is killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shlex
import signal
import threading
import typing as t

from ansible.errors import AnsibleAuthenticationFailure, AnsibleConnectionFailure, AnsibleError

from ansible_collections.community.senhasegura.plugins.module_utils.secrecy import printable, printable_message
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.calls import Lost, NotDone
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.on_host.password import cover

# Bytes; crypt(3) returns 384 at most.
_LONGEST_HASH = 512
_PACKAGE = f"{__name__.rpartition('.')[0]}.on_host"
# Each stands after those that it imports.
_FILES = ("state", "password", "authorized_keys", "key", "commands")
_FIND_PYTHON = '"$(command -v python3 || command -v /usr/libexec/platform-python || echo python3)"'
_BOOTSTRAP = """\
import json, sys, types
package, files, request, mark = json.loads({payload!r})
parts = package.split(".")
for end in range(1, len(parts) + 1):
    module = sys.modules[".".join(parts[:end])] = types.ModuleType(".".join(parts[:end]))
    module.__path__ = []
for name, source in files:
    module = sys.modules[package + "." + name] = types.ModuleType(package + "." + name)
    setattr(sys.modules[package], name, module)
    exec(compile(source, name, "exec"), module.__dict__)
from {package} import commands, state
print(mark + json.dumps(commands.carry_out(state.Machine(), request)))
"""
# What ssh says when no login was accepted, and Ansible of a wrong password for sudo: there is no class for either.
_REFUSED = re.compile(r"Permission denied \([a-z0-9,-]+\)|Incorrect \S+ password")
Execute = t.Callable[..., t.Mapping[str, t.Any]]


def program(request: t.Mapping[str, t.Any], mark: str) -> str:
    """The Python program that carries out a request, and prints the mark and the answer on one line."""
    folder = os.path.join(os.path.dirname(__file__), "on_host")
    files = []
    for name in _FILES:
        with open(os.path.join(folder, f"{name}.py"), encoding="utf-8") as file:
            files.append((name, file.read()))
    return _BOOTSTRAP.format(payload=json.dumps([_PACKAGE, files, request, mark]), package=_PACKAGE)


def new_pad() -> str:
    """What C(look) covers the hash with; for one call only."""
    return secrets.token_hex(_LONGEST_HASH)


def uncovered(answer: dict[str, t.Any], pad: str) -> dict[str, t.Any]:
    """The answer of C(look) with C(hash) in clear."""
    account = answer["account"]
    if "covered_hash" not in account:
        return answer
    rest = {name: value for name, value in account.items() if name != "covered_hash"}
    plain = cover(bytes.fromhex(account["covered_hash"]), bytes.fromhex(pad)).decode()
    return {**answer, "account": {**rest, "hash": plain}}


def perform(
    execute: Execute, interpreter: str | None, request: t.Mapping[str, t.Any], seconds: float
) -> dict[str, t.Any]:
    """Carry out a request on a host and return its answer. Raises NotDone or Lost.

    :param execute: C(_low_level_execute_command) of an action
    :param interpreter: path of the host's Python, or None to look for one
    :param seconds: after which the answer counts as lost
    """
    mark = f"senhasegura-{secrets.token_hex(8)}:"
    python = shlex.quote(interpreter) if interpreter else _FIND_PYTHON
    try:
        with _time_limit(seconds):
            result = execute(f"{python} -I -", sudoable=True, in_data=program(request, mark).encode())
    except AnsibleAuthenticationFailure:
        # For the caller, who may know another password.
        raise
    except TimeoutError:
        raise Lost(f"no answer within {seconds:.0f} seconds") from None
    except AnsibleError as exc:
        if _REFUSED.search(str(exc)):
            raise AnsibleAuthenticationFailure(_short(str(exc))) from None
        kind = Lost if isinstance(exc, AnsibleConnectionFailure) else NotDone
        raise kind(_short(str(exc))) from None
    found = re.search(f"^{mark}(.*)$", str(result.get("stdout", "")), re.MULTILINE)
    if not found:
        raise Lost(f"it ended with code {result.get('rc')}: {_short(str(result.get('stderr', '')))}")
    try:
        answer = json.loads(found[1])
    except ValueError:
        raise Lost("its answer is garbled") from None
    if "error" in answer:
        raise NotDone(printable_message(str(answer["text"])))
    return t.cast("dict[str, t.Any]", answer["ok"])


def _short(text: str) -> str:
    """The last line of what a host or a connection says."""
    lines = text.strip().splitlines()
    return printable(lines[-1].strip())[:200] if lines else "it said nothing"


@contextlib.contextmanager
def _time_limit(seconds: float) -> t.Iterator[None]:
    """Raise TimeoutError inside after so many seconds. A connection that hangs has no limit of its own.

    Not in a thread, which no signal reaches: whoever has started it does not wait for longer (driver.py).
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def late(_number: int, _frame: t.Any) -> None:
        raise TimeoutError

    previous = signal.signal(signal.SIGALRM, late)
    # The keyword timeout of a task uses the same timer.
    others = signal.setitimer(signal.ITIMER_REAL, max(0.1, seconds))[0]
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, others)
        signal.signal(signal.SIGALRM, previous)
