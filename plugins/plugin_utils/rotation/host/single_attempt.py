# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sees that Ansible's way to a host sends a wrong password once: neither ssh, Ansible, sudo nor a second command of the
same run sends it again. Hosts lock an account after a few.

* Login: ssh would ask by keyboard-interactive and by password, and Ansible starts ssh again (ansible_ssh_retries). So a
  password is proved by probe.py, which sends it once, before Ansible's connection gets it.
* sudo asks up to three times, and takes the end of its input for another answer. So it is killed when it asks again.
  It may want a terminal (requiretty), and doas asks nothing but that.
* su asks once.
"""

from __future__ import annotations

import contextlib
import re
import shlex
import typing as t

from ansible.errors import AnsibleAuthenticationFailure, AnsibleError

from ....module_utils.redaction import printable
from ...host import ansible_internals
from ...host.host_connection import HostConnection
from ...host.host_program import find_python
from ..login import probe
from ..protocol.effects import Lost, NotDone
from ..protocol.verdict import LoginResult
from .host_target import target_of

LOGIN, BECOME = "login", "become"
# A program for the host, run by whoever logs in there. It carries out a command on a terminal of its own, and kills it
# when it asks for a password a second time: sudo puts off each other signal until PAM has counted that as well, but has
# the real user id of its caller until then. What is said after the first prompt is held back, as Ansible would end the
# command's input. Arguments: the command, and "terminal" if it reads the answer there and not from its standard input.
_ON_TERMINAL = """\
import fcntl, os, pty, signal, sys, termios
command, forward = sys.argv[1], sys.argv[2] == "terminal"
master, slave = pty.openpty()
mode = termios.tcgetattr(slave)
mode[1] &= ~termios.OPOST
termios.tcsetattr(slave, termios.TCSANOW, mode)
child = os.fork()
if not child:
    # Python ignores it.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    os.dup2(slave, 2)
    os.close(slave)
    os.close(master)
    os.execv("/bin/sh", ["sh", "-c", command])
os.close(slave)
said, shown, known, asked = b"", 0, 0, 0
while True:
    try:
        data = os.read(master, 4096)
    except OSError:
        data = b""
    if not data:
        break
    said += data
    text, before = said.rstrip().lower(), asked
    if text.endswith(b"password:") and len(text) > known:
        asked = max(asked + 1, text.count(text.rpartition(b"\\n")[2]))
        known = len(text)
    if asked > 1:
        os.killpg(child, signal.SIGKILL)
        break
    if not before:
        os.write(2, said[shown:])
        shown = len(said)
    if asked > before:
        answer = b""
        while forward and not answer.endswith(b"\\n"):
            answer += os.read(0, 1) or b"\\n"
        os.write(master, answer)
status = os.waitpid(child, 0)[1]
os.write(2, said[shown:])
sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 1)
"""
# What Ansible says; and what su and doas say that Ansible does not know, which depends on PAM.
_WRONG_BECOME = re.compile(
    r"Incorrect \S+ password|\bsu: (Authentication failure|Permission denied|incorrect password|Sorry)"
    r"|\bdoas: Authentication failed"
)
_WANTS_TERMINAL = "must have a tty"
_HOW = {LOGIN: "the login password", BECOME: "the {method} password"}


class LoginRefused(Exception):
    """The host has not let Ansible in. The text says what was refused, and what was not tried."""


class PasswordRefused(LoginRefused):
    """A host has refused the password of the login or of become, now or before in this run."""

    def __init__(self, way: str, what: str, password: str) -> None:
        super().__init__(f"{what} is refused")
        self.way, self.what, self.password = way, what, password


class Once:
    """The passwords with which Ansible gets to a host and becomes root there."""

    def __init__(self, connection: HostConnection) -> None:
        self._connection, self._plugin = connection, connection.plugin
        self._become: t.Any = getattr(self._plugin, "become", None)
        self._holders: dict[str, tuple[t.Any, str]] = {LOGIN: (self._plugin, "password")}
        if self._become is not None:
            self._holders[BECOME] = self._become, "become_pass"
        # The passwords of the login that were right when they were tried.
        self._right: set[str] = set()
        self.refused: set[tuple[str, str]] = set()
        self._on_terminal = False
        # Whether the login needs no password, as far as that is known.
        self._by_key: bool | None = None
        self._build: t.Any = getattr(self._become, "build_become_command", None)
        if self._become is not None and self._build is not None:
            self._become.build_become_command = self._become_command

    @property
    def method(self) -> str:
        """Return the name of the become plugin without its collection, or nothing."""
        return str(getattr(self._become, "name", "")).rpartition(".")[2]

    def passwords(self) -> dict[str, str]:
        """Return the passwords that there are: of C(login) and of C(become)."""
        given = {way: option(holder, name) for way, (holder, name) in self._holders.items()}
        return {way: str(password) for way, password in given.items() if password}

    def use(self, way: str, password: str, *, right: bool) -> None:
        """Take another password from now on. ``right`` says that the host is known to have it."""
        holder, name = self._holders[way]
        holder.set_option(name, password)
        if right:
            self._right.add(password)
            self.refused.discard((way, password))

    def forget(self, password: str | None = None) -> None:
        """Forget that a password, or any, was right: the host has, or may have, another one."""
        self._right = set() if password is None else self._right - {password}

    def run(self, execute: t.Callable[[], dict[str, t.Any]]) -> dict[str, t.Any]:
        """Carry out a command. Raises LoginRefused, and does not even connect with what was refused before."""
        given = self.passwords()
        for way, password in given.items():
            if (way, password) in self.refused:
                raise self._refusal(way, password)
        if given:
            self._ask_once(given)
        return self._executed(execute, given)

    def says(self, command: str, *, become: bool) -> str:
        """Return what a short command prints, or nothing if it fails."""
        try:
            done = self._connection.execute(command, sudoable=become, in_data=b"\n")
        except AnsibleError:
            return ""
        return str(done.get("stdout", "")) if done.get("rc") == 0 else ""

    def _executed(self, execute: t.Callable[[], dict[str, t.Any]], given: t.Mapping[str, str]) -> dict[str, t.Any]:
        try:
            return execute()
        except AnsibleAuthenticationFailure as exc:
            way = BECOME if _WRONG_BECOME.search(str(exc)) else LOGIN
            if way in given:
                raise self._refusal(way, given[way]) from None
            raise LoginRefused("the host accepts none of the keys of the login") from None
        except (Lost, NotDone) as exc:
            if BECOME in given and _WRONG_BECOME.search(str(exc)):
                raise self._refusal(BECOME, given[BECOME]) from None
            if _WANTS_TERMINAL not in str(exc) or self._on_terminal:
                raise
            # Before it has asked for anything.
            self._on_terminal = True
            return self._executed(execute, given)

    def _refusal(self, way: str, password: str) -> PasswordRefused:
        self._right.discard(password)
        self.refused.add((way, password))
        return PasswordRefused(way, _HOW[way].format(method=self.method), password)

    def _ask_once(self, given: t.Mapping[str, str]) -> None:
        kind = getattr(self._plugin, "transport", "ssh")
        if LOGIN in given and kind not in ("ssh", "local"):
            raise NotDone(
                f"the connection plugin {printable(str(kind))} with a password may send a wrong one several times: use "
                "ssh, or a key"
            )
        # Ansible repeats whatever has failed.
        if option(self._plugin, "reconnection_retries"):
            self._plugin.set_option("reconnection_retries", 0)
        if kind == "ssh" and LOGIN in given and given[LOGIN] not in self._right:
            self._prove_login(given[LOGIN])

    def _prove_login(self, password: str) -> None:
        if self._by_key is None:
            self._by_key = self._gets_in_without(password)
        if self._by_key is not False:
            return
        user = option(self._plugin, "remote_user") or None
        verdict = probe.by_password(target_of(self._connection, user), password)
        if verdict.result is LoginResult.WRONG:
            raise self._refusal(LOGIN, password)
        if verdict.sent:
            # Ansible would send it once more.
            raise Lost(f"the login was not answered: {verdict.explanation}")
        if verdict.authenticated:
            self._right.add(password)

    def _gets_in_without(self, password: str) -> bool | None:
        """Return whether a key is accepted, so that no password is needed; None if the host cannot be reached."""
        context = ansible_internals.connection_context(self._plugin)
        before, arguments = getattr(context, "password", None), option(self._plugin, "ssh_args")
        self._plugin.set_option("password", None)
        # Not over one that is open already: it may end.
        self._plugin.set_option("ssh_args", f"-o ControlPath=none {arguments or ''}")
        if before:
            context.password = None
        try:
            self._plugin.exec_command("/bin/sh -c true", in_data=b"\n", sudoable=False)
        except AnsibleError as exc:
            return False if "Permission denied" in str(exc) else None
        finally:
            self._plugin.set_option("password", password)
            self._plugin.set_option("ssh_args", arguments)
            if before:
                context.password = before
        return True

    def _become_command(self, command: str, shell: t.Any) -> str:
        asks = BECOME in self.passwords()
        wanted = self._on_terminal or (asks and self.method in ("sudo", "doas"))
        if not wanted or getattr(self._plugin, "transport", "ssh") == "local":
            return str(self._build(command, shell))
        if self.method == "sudo" and asks and not _reads_input(option(self._become, "become_flags")):
            self._become.set_option("become_flags", f"{option(self._become, 'become_flags') or ''} -S")
        words = (_ON_TERMINAL, str(self._build(command, shell)), "terminal" if self.method == "doas" else "input")
        return " ".join([find_python(self._connection.interpreter()), "-I", "-c", *map(shlex.quote, words)])


def _reads_input(flags: t.Any) -> bool:
    """Return whether sudo is told to read the password from its standard input, not from a terminal."""
    with contextlib.suppress(ValueError):
        words = shlex.split(str(flags or ""))
        return any(word == "--stdin" or re.match(r"-[A-Za-z]*S", word) for word in words)
    return False


def option(holder: t.Any, name: str) -> t.Any:
    """Return an option of a plugin, or None where it has none."""
    try:
        return holder.get_option(name)
    # What has no such option (or is None) says so in many ways.
    except (KeyError, AttributeError):
        return None
