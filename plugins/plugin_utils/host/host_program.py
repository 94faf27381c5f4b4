# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a program of ours on a managed host, over Ansible's connection. Program and request go in on standard input:
nothing is left on the host, nothing is in an argument list, and no file of AnsiballZ stays behind if a run is killed.
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
import time
import typing as t

from ansible.errors import AnsibleAuthenticationFailure, AnsibleConnectionFailure, AnsibleError

from ...module_utils.redaction import printable, printable_message


class HostProgram(t.NamedTuple):
    """Files of a folder C(on_host), which are sent to a host and run there.

    :param package: the package that the folder is in
    :param folder: the folder
    :param files: each stands after those that it imports; the last one has C(answer(request))
    """

    package: str
    folder: str
    files: tuple[str, ...]


_FIND_PYTHON = '"$(command -v python3 || command -v /usr/libexec/platform-python || echo python3)"'
# Python 3.6 (platform-python of RHEL 8) knows neither the import of annotations nor the types in them, so these become
# texts before anything is compiled.
_BOOTSTRAP = """\
import ast, json, sys, types
class Plain(ast.NodeTransformer):
    def visit_ImportFrom(self, node):
        return None if node.module == "__future__" else node
    def visit_FunctionDef(self, node):
        node.returns = None
        return self.generic_visit(node)
    def visit_arg(self, node):
        node.annotation = None
        return node
    def visit_AnnAssign(self, node):
        node.annotation = ast.copy_location(ast.Name("object", ast.Load()), node.annotation)
        return self.generic_visit(node)
package, files, request, mark = json.loads({payload!r})
parts = package.split(".")
for end in range(1, len(parts) + 1):
    module = sys.modules[".".join(parts[:end])] = types.ModuleType(".".join(parts[:end]))
    module.__path__ = []
for name, source in files:
    module = sys.modules[package + "." + name] = types.ModuleType(package + "." + name)
    setattr(sys.modules[package], name, module)
    exec(compile(Plain().visit(ast.parse(source)), name, "exec"), module.__dict__)
from {package} import {entry}
print(mark + json.dumps({entry}.answer(request)))
"""
# What ssh says when no login was accepted: there is no class for it.
_LOGIN_REFUSED = re.compile(r"Permission denied \([a-z0-9,-]+\)")
# What Ansible, sudo, su and doas say of a wrong password.
_BECOME_REFUSED = re.compile(
    r"Incorrect \S+ password|Sorry, try again|incorrect password attempt|su: Authentication (failure|token)|"
    r"doas: (doas )?(Authentication failed|Authorization failed)",
    re.IGNORECASE,
)
# What stands in the output when the program was certainly not started, and what that means.
_NOT_STARTED = (
    (
        r"sudo: .*must have a tty",
        "sudo on the host asks for a terminal (requiretty): set Defaults:USER !requiretty there",
    ),
    (
        r"(sudo|doas): .*(password is required|no password was provided|terminal is required)|"
        r"su: must be run from a term",
        "the become method asks for a password, and there is none: set ansible_become_password",
    ),
    (
        r"is not in the sudoers file|not allowed to (execute|run sudo)|may not run sudo",
        "sudo does not let this user do it",
    ),
    (r"doas: Operation not permitted", "doas does not let this user do it"),
    (r"(sudo|su|doas): (command )?not found", "the host does not have the become method: set ansible_become_method"),
    (r"Unknown option: -I", "the Python of the host is too old: set ansible_python_interpreter to Python 3.6 or later"),
)
# What a shell ends with if there is no such program, or if it is none.
_NO_PROGRAM = (126, 127)
# Bytes of an answer.
_LONGEST_ANSWER = 4_000_000
Execute = t.Callable[..., t.Mapping[str, t.Any]]


class HostRefused(Exception):
    """The request was certainly not carried out: the host has refused it, or the program was not started."""


class HostLost(Exception):
    """The host has not answered, or nothing that can be read: nobody knows whether the request was carried out."""


class BecomeRefused(AnsibleAuthenticationFailure):
    """The password for sudo, su or doas was refused; the login was not."""


def program(request: t.Mapping[str, t.Any], mark: str, sent: HostProgram) -> str:
    """Return the Python program that carries out a request, and prints the mark and the answer on one line."""
    files = []
    for name in sent.files:
        with open(os.path.join(sent.folder, f"{name}.py"), encoding="utf-8") as file:
            files.append((name, file.read()))
    payload = json.dumps([sent.package, files, request, mark])
    return _BOOTSTRAP.format(payload=payload, package=sent.package, entry=sent.files[-1])


def find_python(interpreter: str | None) -> str:
    """Return the host's Python, as a shell has to be told."""
    return shlex.quote(interpreter) if interpreter else _FIND_PYTHON


def run_program(
    execute: Execute,
    interpreter: str | None,
    request: t.Mapping[str, t.Any],
    seconds: float,
    sent: HostProgram,
) -> dict[str, t.Any]:
    """Carry out a request on a host and return its answer. Raises HostRefused, HostLost, and, where a password or key
    was refused, AnsibleAuthenticationFailure.

    :param execute: C(_low_level_execute_command) of an action
    :param interpreter: path of the host's Python, or None to look for one
    :param seconds: after which the answer counts as lost
    :param sent: what carries it out there
    """
    mark = f"senhasegura-{secrets.token_hex(8)}:"
    try:
        with _time_limit(seconds):
            source = program(request, mark, sent).encode()
            result = execute(f"{find_python(interpreter)} -I -", sudoable=True, in_data=source)
    except AnsibleAuthenticationFailure:
        # For the caller, who may know another password.
        raise
    except TimeoutError as exc:
        raise HostLost(str(exc)) from None
    except AnsibleError as exc:
        text = str(exc)
        if _BECOME_REFUSED.search(text):
            raise BecomeRefused(_short(text)) from None
        if _LOGIN_REFUSED.search(text):
            raise AnsibleAuthenticationFailure(_short(text)) from None
        kind = HostLost if isinstance(exc, AnsibleConnectionFailure) else HostRefused
        raise kind(_short(text)) from None
    output = str(result.get("stdout", ""))
    found = re.search(f"^{mark}(.*)$", output, re.MULTILINE)
    if not found:
        raise _no_answer(result.get("rc"), output, str(result.get("stderr", "")))
    answer = _answer(found[1])
    if "error" in answer:
        raise HostRefused(printable_message(str(answer.get("text"))))
    done = answer.get("ok")
    if not isinstance(done, dict):
        raise HostLost("its answer is garbled")
    return done


def _no_answer(code: t.Any, output: str, errors: str) -> Exception:
    """Return what it means that a program has left no answer: it may have run, unless something says that it cannot
    have.
    """
    said = f"{output}\n{errors}"
    if code != 0 and (found := _BECOME_REFUSED.search(said)):
        return BecomeRefused(f"Incorrect become password ({printable(found[0])})")
    if code in _NO_PROGRAM:
        return HostRefused(
            f"the host has no Python where it is looked for ({_short(errors or output)}): install Python 3.6 or later, "
            "or set ansible_python_interpreter"
        )
    if code != 0:
        for pattern, meaning in _NOT_STARTED:
            if re.search(pattern, said, re.IGNORECASE):
                return HostRefused(f"{meaning} ({_short(errors or output)})")
    return HostLost(f"it ended with code {code}: {_short(errors)}")


def _answer(text: str) -> dict[str, t.Any]:
    """Return what a host has answered. Its texts go into messages, so each is one line without control characters."""
    if len(text) > _LONGEST_ANSWER:
        raise HostLost("its answer is too long")

    def no_number(_name: str) -> t.NoReturn:
        raise ValueError

    try:
        answer = _plain(json.loads(text, parse_constant=no_number))
    except (ValueError, RecursionError):
        raise HostLost("its answer is garbled") from None
    if not isinstance(answer, dict):
        raise HostLost("its answer is garbled")
    return answer


def _plain(value: t.Any) -> t.Any:
    if isinstance(value, str):
        return printable_message(value)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {printable_message(name): _plain(each) for name, each in value.items()}
    return value


def _short(text: str) -> str:
    """Return the last line of what a host or a connection says."""
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

    # The keyword timeout of a task uses the same timer. What takes that over has to go on when its time has come.
    others = signal.getitimer(signal.ITIMER_REAL)[0]

    def late(_number: int, _frame: t.Any) -> None:
        if others and others < seconds:
            raise TimeoutError(f"no answer within {others:.3g} seconds, when the timeout of the task was over")
        raise TimeoutError(f"no answer within {seconds:.3g} seconds")

    previous = signal.signal(signal.SIGALRM, late)
    began = time.monotonic()
    signal.setitimer(signal.ITIMER_REAL, max(0.1, min(seconds, others or seconds)))
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, previous)
        left = others - (time.monotonic() - began)
        signal.setitimer(signal.ITIMER_REAL, max(0.01, left) if others else 0)
