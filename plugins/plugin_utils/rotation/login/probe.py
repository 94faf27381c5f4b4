# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prove by one real login whether a password or a private key logs in.

The OpenSSH client does it, so that jump hosts, ssh_config and Ansible's own arguments work. A password goes through a
terminal that belongs to this one run of ssh. A private key goes through a pipe to an agent that lives as long as the
login. Neither of them is ever in a file, an argument or the environment, and at most one attempt reaches the server.

A password is proved by a command that runs: what asks for a change of it says so there. A key is proved without a
session (ssh -N): the log of ssh tells that the server accepts it, and nothing is started, no forced command either.
"""

from __future__ import annotations

import codecs
import contextlib
import dataclasses
import enum
import fcntl
import functools
import os
import re
import secrets
import selectors
import shutil
import signal
import subprocess
import tempfile
import termios
import time
import tty
import typing as t

from ansible import constants

from ....module_utils import keypair
from ....module_utils.errors import ConfigError, InvalidRequest
from .command import KeyFiles, Target, command, options_from, other_credentials, query

__all__ = ["Result", "Target", "Verdict", "by_key", "by_password", "options_from"]

# How long a prompt without a colon at its end must stay as it is until it counts as complete.
_QUIET = 0.1
# How long ssh may take to end after the command's output, and how much of what it says is kept.
_GRACE = 2.0
_KEPT = 100_000
# What readpassphrase in ssh takes, and the path of a socket.
_LONGEST_PASSWORD = 1000
_LONGEST_FOLDER = 80

_INTERACTIVE = "keyboard-interactive"
_PASSWORD_METHODS = (_INTERACTIVE, "password")
_PASSWORD = re.compile(r"password|passwd|passwort|kennwort|senha|contrase|mot de passe", re.IGNORECASE)
_CHANGE = re.compile(r"\b(current|old|new|retype|re-?enter|again|change|changing|nova|atual)\b", re.IGNORECASE)
_OTHER_FACTOR = re.compile(
    r"\b(one[- ]?time|[th]?otp|oath|passcode|verification|token|code|duo|factor|pin|challenge|response)\b",
    re.IGNORECASE,
)
_MUST_CHANGE_TEXT = re.compile(
    r"password (has |is )?expired|(required to|must) change your password|password change required|expired password",
    re.IGNORECASE,
)
_EXPIRED_TEXT = re.compile(
    r"account (has |is |was |been |temporarily |currently )*(expired|locked|disabled)|locked due to", re.IGNORECASE
)
# Where authentication begins in the log of ssh, and what it writes when the server has answered.
_BEGINNING = re.compile(r"debug\d: Next authentication method: ")
_JUDGED = re.compile(r"debug\d: (Server accepts key|Authentications that can continue|Authentication succeeded)\b")
_HOST_KEY_TEXT = re.compile(
    r"Host key verification failed|HOST IDENTIFICATION HAS CHANGED|requested strict checking|was revoked"
)
_UNUSABLE_OPTIONS = re.compile(
    r"bad configuration option|terminating, \d+ bad|^usage: ssh|bad owner or permissions|missing argument"
    r"|unsupported option|unknown option|extra arguments at end",
    re.IGNORECASE | re.MULTILINE,
)
_NETWORK_TEXTS = {
    "resolve hostname": "the name of the host cannot be resolved",
    "Connection refused": "the host refuses the connection",
    "timed out": "the host does not answer",
    "No route to host": "there is no route to the host",
    "Network is unreachable": "there is no route to the host",
    "UNKNOWN port": "the jump host or the proxy command gives no connection to the host",
    "Unable to negotiate": "ssh and the server have no algorithm in common",
    "reset by": "the connection was reset",
    "closed by": "the server closed the connection",
}


class Result(enum.Enum):
    """What a login has shown."""

    OK = "ok"
    WRONG = "wrong"
    MUST_CHANGE = "must_change"
    EXPIRED = "expired"
    MFA = "mfa"
    NO_SHELL = "no_shell"
    NOT_OFFERED = "not_offered"
    HOST_KEY = "host_key"
    NETWORK = "network"


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What a login has shown, and why, in words of our own: what the host says may hold anything.

    ``sent`` says that nobody has judged the secret although the server has got it, and may have counted it as wrong.
    """

    result: Result
    explanation: str
    sent: bool = False

    @property
    def ok(self) -> bool:
        return self.result is Result.OK

    @property
    def authenticated(self) -> bool:
        """Whether the server has let the account in, even if no command ran then."""
        return self.result in (Result.OK, Result.NO_SHELL)


def by_password(target: Target, password: str, *, timeout: float = 30) -> Verdict:
    """Try one login with a password. Raises ConfigError without a usable ssh client, and nothing for a host's sake."""
    deadline = time.monotonic() + timeout
    answer = _typed(password)
    return _log_in(target, None, _Transcript(answer), deadline)


def by_key(target: Target, private_key: str, *, passphrase: str | None = None, timeout: float = 30) -> Verdict:
    """Try one login with a private key, and with no other. Raises ConfigError and InvalidRequest, as by_password."""
    deadline = time.monotonic() + timeout
    text = private_key.replace("\r\n", "\n").strip() + "\n"
    public = keypair.public_key_of(text, passphrase)
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(_folder())
        files = KeyFiles(os.path.join(folder, "key.pub"), os.path.join(folder, "agent"))
        with open(files.public, "w", encoding="ascii") as file:
            file.write(public + "\n")
        stack.enter_context(_agent(target, files, keypair.decrypted(text, passphrase), deadline))
        return _log_in(target, files, _Transcript(None, keypair.fingerprint(public)), deadline)


def _typed(password: str) -> bytes:
    """A password as somebody would type it."""
    try:
        data = password.encode()
    except UnicodeEncodeError:
        data = b"\0"
    if any(character in data for character in b"\0\r\n"):
        raise InvalidRequest("the password has characters that nobody can type", hint="Leave line breaks out of it")
    if len(data) > _LONGEST_PASSWORD:
        raise InvalidRequest(f"the password is longer than the {_LONGEST_PASSWORD} bytes that ssh takes")
    return data + b"\n"


class _Transcript:
    """What ssh has said so far, and what that means. What comes from a host is looked at and never shown."""

    def __init__(self, answer: bytes | None, fingerprint: str = "") -> None:
        self._answer, self._fingerprint = answer, fingerprint
        # The command's text and its output differ, so that no program that repeats the former looks like a shell.
        nonce = secrets.token_hex(8)
        self.remote = f'true && echo log"g"ed-in-{nonce}'
        self._marker = f"logged-in-{nonce}"
        self._output, self._log_rest, self._prompt = "", "", ""
        # The log of ssh and what came on stderr, from the beginning of authentication on.
        self._text: list[str] = []
        self._method = ""
        self._offered: frozenset[str] = frozenset()
        self._tried = self._failed = self._partial = self._key_accepted = False
        self._authenticated = ""
        self._verdict: Verdict | None = None

    @property
    def decided(self) -> bool:
        if self._verdict is not None:
            return True
        return self._logged_in() and (bool(self._fingerprint) or self._marker in self._output)

    @property
    def prompted(self) -> bool:
        return bool(self._prompt.strip())

    @property
    def prompt_complete(self) -> bool:
        return self._prompt.rstrip().endswith((":", "?"))

    def log(self, text: str) -> None:
        *lines, self._log_rest = (self._log_rest + text).split("\n")
        for number, line in enumerate(lines, 1):
            if not self._method and _BEGINNING.match(line) and not any(map(_JUDGED.match, lines[number:])):
                # What came before is a banner. After an answer to the login it may be the reason for that answer.
                self._text.clear()
            self._log_line(line.rstrip("\r"))

    def _log_line(self, line: str) -> None:
        level, _unused, message = line.partition(": ")
        debug = message if re.fullmatch(r"debug\d", level) else ""
        name, _unused, value = (debug or line).partition(": ")
        if debug and name == "Next authentication method":
            self._method = value
        elif debug and name == "Authentications that can continue":
            self._offered = frozenset(value.split(","))
            self._failed = self._failed or (self._tried and not self._partial)
        elif debug and name == "Offering public key":
            self._tried = self._tried or self._fingerprint in value.split(" ")
        elif debug and name == "Server accepts key":
            self._key_accepted = self._fingerprint in value.split(" ")
        elif found := re.fullmatch(r"Authentication succeeded \((\S+)\)\.", debug):
            self._authenticated = found[1]
        elif not debug and re.match(r"Authenticated .*with partial success", line):
            self._partial = True
        elif not debug and (found := re.fullmatch(r'Authenticated to .* using "(\S+)"\.', line)):
            self._authenticated = found[1]
        elif not debug:
            self.other(line + "\n")

    def other(self, text: str) -> None:
        """What ssh or the host says elsewhere: banners, and the output of the host's own programs."""
        self._text.append(text)
        if sum(map(len, self._text)) > _KEPT:
            del self._text[:-1]

    def output(self, text: str) -> None:
        self._output = (self._output + text)[-_KEPT:]
        self.other(text)

    def terminal(self, text: str) -> None:
        self._prompt = (self._prompt + text)[-_KEPT:]

    def reply(self) -> bytes | None:
        """What to type now that a prompt is there. With None there may be a verdict."""
        prompt, self._prompt = re.sub(r"\([^()\s]+@[^()\s]+\) ", "", self._prompt).strip(), ""
        said = "".join(self._text)
        if self._method not in _PASSWORD_METHODS or self._answer is None:
            if re.search(r"fingerprint|continue connecting", prompt):
                self._verdict = Verdict(Result.HOST_KEY, "the key of the host is not known")
            else:
                self._verdict = Verdict(
                    Result.NETWORK, "something on the way to the host asks a question (a jump host, a key file)"
                )
        elif _EXPIRED_TEXT.search(said):
            self._verdict = Verdict(Result.EXPIRED, "the account has expired or is locked")
        elif self._is_change(prompt) or _MUST_CHANGE_TEXT.search(said):
            self._verdict = Verdict(Result.MUST_CHANGE, "the password must be changed before it can be used")
        elif not self._is_password(prompt):
            self._verdict = Verdict(Result.MFA, "the server asks for something else than a password")
        elif self._tried:
            # The same again, within one method or by the next one.
            self._verdict = Verdict(Result.WRONG, "the server does not accept the password")
        else:
            self._tried = True
            answer, self._answer = self._answer, b""
            return answer
        return None

    def _is_change(self, prompt: str) -> bool:
        if self._method == "password":
            # In the words of ssh itself, whatever the names of host and account are.
            return bool(re.search(r"'s (old|new) password:$", prompt))
        return bool(_CHANGE.search(prompt))

    def _is_password(self, prompt: str) -> bool:
        if self._method == "password":
            return prompt.endswith("'s password:")
        return bool(_PASSWORD.search(prompt)) and not _OTHER_FACTOR.search(prompt)

    def _logged_in(self) -> bool:
        """Whether the credential has opened the door, and not something else."""
        if self._fingerprint:
            return self._authenticated == "publickey" and self._key_accepted
        return self._tried and self._authenticated in _PASSWORD_METHODS

    def verdict(self, *, in_time: bool) -> Verdict:
        """The verdict when ssh has ended, or was ended because it took too long."""
        self.log("\n")
        what = "key" if self._fingerprint else "password"
        said = "".join(self._text)
        must_change = bool(_MUST_CHANGE_TEXT.search(said))
        if self._verdict is not None:
            return self._verdict
        if self.decided and self._fingerprint:
            return Verdict(Result.OK, "the server lets the account in with this key")
        if self.decided:
            return Verdict(Result.OK, "logged in and ran a command")
        if self._authenticated and not self._logged_in():
            return Verdict(Result.NOT_OFFERED, f"the server lets the account in without this {what}")
        if self._authenticated:
            if must_change:
                return Verdict(Result.MUST_CHANGE, "the password is right, but must be changed")
            late = "" if in_time else " in time"
            return Verdict(Result.NO_SHELL, f"the password is right, but no command could be run{late}")
        if self._partial:
            return Verdict(Result.MFA, f"the {what} is right, but the server asks for more")
        if self._method and _EXPIRED_TEXT.search(said):
            return Verdict(Result.EXPIRED, "the account has expired or is locked")
        if self._method and must_change:
            return Verdict(Result.MUST_CHANGE, "the password must be changed before it can be used")
        if self._failed or (self._tried and "Too many authentication failures" in said):
            return Verdict(Result.WRONG, f"the server does not accept the {what}")
        if _HOST_KEY_TEXT.search(said):
            return Verdict(Result.HOST_KEY, "the key of the host is unknown or has changed")
        if not self._tried and self._offered and "Permission denied" in said:
            methods = " or ".join(("publickey",) if self._fingerprint else _PASSWORD_METHODS)
            return Verdict(Result.NOT_OFFERED, f"the server does not offer {methods} to this account")
        if _UNUSABLE_OPTIONS.search(said):
            raise ConfigError(
                "the ssh client refuses its options",
                hint="Check ansible_ssh_args, ansible_ssh_common_args, ansible_ssh_extra_args and ssh_config",
            )
        return Verdict(Result.NETWORK, self._why_not_reached(said, in_time=in_time), sent=self._tried)

    def _why_not_reached(self, said: str, *, in_time: bool) -> str:
        if not in_time:
            return "the login took too long"
        if self._tried:
            return "the connection ended without an answer to the login: the server may refuse the account"
        known = (why for text, why in _NETWORK_TEXTS.items() if text in said)
        return next(known, "the connection to the host failed")


def _log_in(target: Target, key: KeyFiles | None, talk: _Transcript, deadline: float) -> Verdict:
    executable = shutil.which(target.executable)
    if executable is None:
        raise ConfigError(
            f"the ssh client {target.executable} is not there",
            hint="Install the OpenSSH client on the controller, or set ansible_ssh_executable",
        )
    target = dataclasses.replace(target, executable=executable)
    found = _found(target, key, deadline) if key else ""
    with contextlib.ExitStack() as stack:
        terminal, slave = stack.enter_context(_pseudo_terminal())
        log, log_slave = stack.enter_context(_pseudo_terminal())
        remote = None if key else talk.remote
        arguments = command(target, key, remote=remote, log=os.ttyname(log_slave), found=found)
        process = stack.enter_context(_running(arguments, slave, stderr=subprocess.PIPE))
        in_time = _converse(process, terminal, log, talk, deadline)
    return talk.verdict(in_time=in_time)


def _found(target: Target, key: KeyFiles, deadline: float) -> str:
    """The settings of ssh_config for this host, if they would make ssh offer other credentials as well."""
    try:
        done = subprocess.run(
            query(target, key),
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=max(0.1, deadline - time.monotonic()),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout if other_credentials(done.stdout, key) else ""


def _converse(process: subprocess.Popen[bytes], terminal: int, log: int, talk: _Transcript, deadline: float) -> bool:
    """Read all that ssh says, and type the one answer. False if the time was over before it ended."""
    stdout, stderr = _fileno(process.stdout), _fileno(process.stderr)
    # The log comes last: what led to a prompt or to the output was written before it, and so has been read with it.
    sinks = {stdout: talk.output, terminal: talk.terminal, stderr: talk.other, log: talk.log}
    decoders = {fd: codecs.getincrementaldecoder("utf-8")("replace") for fd in sinks}
    with selectors.DefaultSelector() as selector:
        for fd in sinks:
            os.set_blocking(fd, False)
            selector.register(fd, selectors.EVENT_READ)

        def read() -> None:
            for fd, sink in list(sinks.items()):
                while data := _read(fd):
                    # A banner that ssh has written before these lines may have come since stderr was read.
                    while fd == log and stderr in sinks and (earlier := _read(stderr)):
                        talk.other(decoders[stderr].decode(earlier))
                    sink(decoders[fd].decode(data))
                if data is not None:
                    selector.unregister(fd)
                    del sinks[fd]

        while True:
            read()
            if talk.decided:
                return True
            if stdout not in sinks or process.poll() is not None:
                break
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            if not talk.prompted:
                # No longer, in case that something else holds the other end of the output.
                selector.select(min(left, 0.5))
            elif talk.prompt_complete or not selector.select(min(left, _QUIET)):
                answer = talk.reply()
                if answer is not None:
                    os.write(terminal, answer)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, min(_GRACE, deadline - time.monotonic())))
        read()
    return True


def _fileno(stream: t.IO[bytes] | None) -> int:
    return -1 if stream is None else stream.fileno()


def _read(fd: int) -> bytes | None:
    """What is there: None for nothing yet, and an empty text at the end."""
    try:
        return os.read(fd, 65536)
    except BlockingIOError:
        return None
    except OSError:
        return b""


@contextlib.contextmanager
def _pseudo_terminal() -> t.Iterator[tuple[int, int]]:
    """Both ends of a terminal that shows nothing of what is typed and changes nothing of what is written."""
    try:
        master, slave = os.openpty()
    except OSError as exc:
        raise ConfigError(
            f"the controller gives no pseudo terminal ({exc.strerror})", hint="Check that /dev/pts is mounted"
        ) from None
    try:
        tty.setraw(slave)
        yield master, slave
    finally:
        os.close(master)
        os.close(slave)


@contextlib.contextmanager
def _running(
    arguments: t.Sequence[str], terminal: int, *, stderr: int = subprocess.DEVNULL
) -> t.Iterator[subprocess.Popen[bytes]]:
    """A program with a terminal of its own. It ends with the block or with this process: the terminal hangs up."""
    process = subprocess.Popen(
        arguments,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        start_new_session=True,
        preexec_fn=functools.partial(_take, terminal),
    )
    try:
        yield process
    finally:
        # With what it has started, such as the ssh to a jump host.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def _take(terminal: int) -> None:
    """Make it the terminal of this process, which ends when it hangs up, also where the run ignores that (nohup)."""
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _environment(**more: str) -> dict[str, str]:
    """The environment of the programs: English, questions on the terminal alone, and not with the vault's settings."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "SSH_ASKPASS" and not name.startswith("SENHASEGURA_")
    }
    return {**kept, "LANG": "C", "LC_ALL": "C", "SSH_ASKPASS_REQUIRE": "never", **more}


@contextlib.contextmanager
def _folder() -> t.Iterator[str]:
    """A folder for a public key and a socket: that of the run if its path leaves room for a socket."""
    run = str(constants.DEFAULT_LOCAL_TMP)
    usable = os.path.isdir(run) and len(os.fsencode(run)) <= _LONGEST_FOLDER
    with tempfile.TemporaryDirectory(
        prefix="senhasegura-key-", dir=run if usable else None, ignore_cleanup_errors=True
    ) as folder:
        yield folder


@contextlib.contextmanager
def _agent(target: Target, files: KeyFiles, private_key: str, deadline: float) -> t.Iterator[None]:
    """An agent that holds one key, and forgets it when the time for the login is over."""
    left = max(1, round(deadline - time.monotonic()) + 1)
    with contextlib.ExitStack() as stack:
        _unused, slave = stack.enter_context(_pseudo_terminal())
        arguments = [_beside(target, "ssh-agent"), "-D", "-t", str(left), "-a", files.agent]
        process = stack.enter_context(_running(arguments, slave))
        # It says where it listens as soon as it does.
        with selectors.DefaultSelector() as selector:
            selector.register(_fileno(process.stdout), selectors.EVENT_READ)
            selector.select(max(0.1, deadline - time.monotonic()))
        if not _added(_beside(target, "ssh-add"), files, private_key, deadline):
            raise InvalidRequest(
                "ssh-add does not take the private key",
                hint="Give it in OpenSSH form, with its passphrase if it has one, and check that ssh-agent starts here",
            )
        yield


def _added(program: str, files: KeyFiles, private_key: str, deadline: float) -> bool:
    try:
        done = subprocess.run(
            [program, "-q", "-"],
            env=_environment(SSH_AUTH_SOCK=files.agent),
            input=private_key.encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Without a terminal it cannot ask.
            start_new_session=True,
            timeout=max(1.0, deadline - time.monotonic()),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _beside(target: Target, name: str) -> str:
    """A program of the OpenSSH client: that which belongs to the ssh in use, if there is one."""
    ssh = shutil.which(target.executable)
    found = (ssh and shutil.which(name, path=os.path.dirname(ssh))) or shutil.which(name)
    if found is None:
        raise ConfigError(f"{name} is not there", hint="Install the OpenSSH client on the controller")
    return found
