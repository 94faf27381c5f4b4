# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start programs of the OpenSSH client on a terminal of their own, and the agent that holds a key for one login."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
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

from ....module_utils.errors import ConfigError, InvalidRequest
from .command import KeyFiles, Target

# The folder of one login, to whose name tempfile adds eight characters, and the socket in it.
_FOLDER, _SOCKET = "senhasegura-key-", "agent"
_BELOW = len(f"/{_FOLDER}12345678/{_SOCKET}")
# Bytes of a path that ssh takes for a socket on every system: 107 on Linux, 103 on macOS.
_LONGEST_PATH = 103


def fileno(stream: t.IO[bytes] | None) -> int:
    """Return the descriptor of a stream, or -1 for none."""
    return -1 if stream is None else stream.fileno()


@contextlib.contextmanager
def pseudo_terminal() -> t.Iterator[tuple[int, int]]:
    """Open a terminal that shows nothing of what is typed and changes nothing of what is written. Yield both ends."""
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
def running(
    arguments: t.Sequence[str], terminal: int, *, stderr: int = subprocess.DEVNULL
) -> t.Iterator[subprocess.Popen[bytes]]:
    """Run a program on a terminal of its own. It ends with the block, or with this process: the terminal hangs up."""
    process = subprocess.Popen(
        arguments,
        env=environment(),
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


def environment(**more: str) -> dict[str, str]:
    """Return the environment of the programs: English, questions on the terminal alone, and not with the vault's
    settings.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "SSH_ASKPASS" and not name.startswith("SENHASEGURA_")
    }
    return {**kept, "LANG": "C", "LC_ALL": "C", "SSH_ASKPASS_REQUIRE": "never", **more}


@contextlib.contextmanager
def key_files() -> t.Iterator[KeyFiles]:
    """Yield paths in a folder of their own. It is below that of the run, if the path leaves room for a socket."""
    # Ansible's own path has the user's home and a process id in it, and TMPDIR may be long as well.
    places = (str(constants.DEFAULT_LOCAL_TMP), tempfile.gettempdir(), "/tmp")  # noqa: S108
    usable = (place for place in places if os.path.isdir(place) and len(os.fsencode(place)) + _BELOW <= _LONGEST_PATH)
    with tempfile.TemporaryDirectory(prefix=_FOLDER, dir=next(usable, None), ignore_cleanup_errors=True) as folder:
        yield KeyFiles(public=os.path.join(folder, "key.pub"), agent=os.path.join(folder, _SOCKET))


@contextlib.contextmanager
def agent(target: Target, files: KeyFiles, private_key: str, deadline: float) -> t.Iterator[None]:
    """Yield an agent that holds one key, and forgets it when the time for the login is over."""
    left = max(1, round(deadline - time.monotonic()) + 1)
    with contextlib.ExitStack() as stack:
        _unused, slave = stack.enter_context(pseudo_terminal())
        arguments = [_beside(target, "ssh-agent"), "-D", "-t", str(left), "-a", files.agent]
        process = stack.enter_context(running(arguments, slave))
        # It says where it listens as soon as it does.
        with selectors.DefaultSelector() as selector:
            selector.register(fileno(process.stdout), selectors.EVENT_READ)
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
            env=environment(SSH_AUTH_SOCK=files.agent),
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
    """Return a program of the OpenSSH client: that which belongs to the ssh in use, if there is one."""
    ssh = shutil.which(target.executable)
    found = (ssh and shutil.which(name, path=os.path.dirname(ssh))) or shutil.which(name)
    if found is None:
        raise ConfigError(f"{name} is not there", hint="Install the OpenSSH client on the controller")
    return found
