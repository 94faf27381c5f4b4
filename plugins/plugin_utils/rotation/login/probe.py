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
import os
import selectors
import shutil
import subprocess
import time

from ....module_utils import keypair
from ....module_utils.errors import ConfigError, InvalidRequest
from ..protocol.verdict import Verdict
from .command import KeyFiles, Target, command, other_credentials, query
from .processes import agent, environment, fileno, key_files, pseudo_terminal, running
from .transcript import Transcript

# Seconds for one login; a host that needs longer counts as not reachable.
LOGIN_TIMEOUT = 30.0
# How long a prompt without a colon at its end must stay as it is until it counts as complete.
_QUIET = 0.1
# How long ssh may take to end after the command's output, and how much of what it says is kept.
_GRACE = 2.0
# What readpassphrase in ssh takes, and the path of a socket.
_LONGEST_PASSWORD = 1000


def by_password(target: Target, password: str, *, timeout: float = LOGIN_TIMEOUT) -> Verdict:
    """Try one login with a password. Raises ConfigError without a usable ssh client, and nothing for a host's sake."""
    deadline = time.monotonic() + timeout
    answer = _typed(password)
    return _log_in(target, None, Transcript(answer), deadline)


def by_key(
    target: Target, private_key: str, *, passphrase: str | None = None, timeout: float = LOGIN_TIMEOUT
) -> Verdict:
    """Try one login with a private key, and with no other. Raises ConfigError and InvalidRequest, as by_password."""
    deadline = time.monotonic() + timeout
    text = private_key.replace("\r\n", "\n").strip() + "\n"
    public = keypair.public_key_of(text, passphrase)
    with contextlib.ExitStack() as stack:
        files = stack.enter_context(key_files())
        with open(files.public, "w", encoding="ascii") as file:
            file.write(public + "\n")
        stack.enter_context(agent(target, files, keypair.decrypted(text, passphrase), deadline))
        return _log_in(target, files, Transcript(None, keypair.fingerprint(public)), deadline)


def _typed(password: str) -> bytes:
    """Return a password as somebody would type it."""
    try:
        data = password.encode()
    except UnicodeEncodeError:
        data = b"\0"
    if any(character in data for character in b"\0\r\n"):
        raise InvalidRequest("the password has characters that nobody can type", hint="Leave line breaks out of it")
    if len(data) > _LONGEST_PASSWORD:
        raise InvalidRequest(f"the password is longer than the {_LONGEST_PASSWORD} bytes that ssh takes")
    return data + b"\n"


def _log_in(target: Target, key: KeyFiles | None, talk: Transcript, deadline: float) -> Verdict:
    executable = shutil.which(target.executable)
    if executable is None:
        raise ConfigError(
            f"the ssh client {target.executable} is not there",
            hint="Install the OpenSSH client on the controller, or set ansible_ssh_executable",
        )
    target = dataclasses.replace(target, executable=executable)
    found = _found(target, key, deadline) if key else ""
    with contextlib.ExitStack() as stack:
        terminal, slave = stack.enter_context(pseudo_terminal())
        log, log_slave = stack.enter_context(pseudo_terminal())
        remote = None if key else talk.remote
        arguments = command(target, key, remote=remote, log=os.ttyname(log_slave), found=found)
        process = stack.enter_context(running(arguments, slave, stderr=subprocess.PIPE))
        in_time = _converse(process, terminal, log, talk, deadline)
    return talk.verdict(in_time=in_time)


def _found(target: Target, key: KeyFiles, deadline: float) -> str:
    """Return the settings of ssh_config for this host, if they would make ssh offer other credentials as well."""
    try:
        done = subprocess.run(
            query(target, key),
            env=environment(),
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


def _converse(process: subprocess.Popen[bytes], terminal: int, log: int, talk: Transcript, deadline: float) -> bool:
    """Read all that ssh says, and type the one answer. False if the time was over before it ended."""
    stdout, stderr = fileno(process.stdout), fileno(process.stderr)
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


def _read(fd: int) -> bytes | None:
    """Return what is there: None for nothing yet, and an empty text at the end."""
    try:
        return os.read(fd, 65536)
    except BlockingIOError:
        return None
    except OSError:
        return b""
