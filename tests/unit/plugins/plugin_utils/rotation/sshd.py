# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An SSH server that answers logins as a test wants it to, and counts what it is asked."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh

USER = "alice"
PASSWORD = "Right-pass.word-1"


@dataclass
class Behaviour:
    """How the server treats the account. ``dialogue``: the prompts of keyboard-interactive, and their right answers."""

    methods: tuple[str, ...] = ("password",)
    password: str = PASSWORD
    dialogue: list[tuple[str, str]] = field(default_factory=lambda: [("Password: ", PASSWORD)])
    instruction: str = ""
    keys: tuple[str, ...] = ()
    banner: str = ""
    # What the account's shell does with a command: run it, or say something else and end with a status.
    shell: tuple[str, int] | None = None
    delay: float = 0
    open_door: bool = False
    must_change: bool = False
    drop_after_password: str | None = None
    drop_at_start: bool = False


@dataclass
class Seen:
    """What the server was asked."""

    connections: int = 0
    passwords: list[str] = field(default_factory=list)
    answers: list[list[str]] = field(default_factory=list)
    offered_keys: list[str] = field(default_factory=list)
    sessions: list[str | None] = field(default_factory=list)

    @property
    def attempts(self) -> int:
        return len(self.passwords) + len(self.answers)


class Account(asyncssh.SSHServer):
    def __init__(self, sshd: Sshd) -> None:
        self.sshd, self.how, self.seen = sshd, sshd.behaviour, sshd.seen
        self._step = 0

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self.seen.connections += 1
        if self.how.drop_at_start:
            conn.abort()

    async def begin_auth(self, username: str) -> bool:
        if self.how.banner:
            self._connection.send_auth_banner(self.how.banner)
        await asyncio.sleep(self.how.delay)
        return not self.how.open_door

    def password_auth_supported(self) -> bool:
        return "password" in self.how.methods

    def validate_password(self, username: str, password: str) -> bool:
        self.seen.passwords.append(password)
        if self.how.must_change and password == self.how.password:
            raise asyncssh.PasswordChangeRequired("Password has expired")
        if self.how.drop_after_password is not None:
            self._drop()
        return password == self.how.password

    def kbdint_auth_supported(self) -> bool:
        return "keyboard-interactive" in self.how.methods

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> Any:
        return "", self.how.instruction, "", [(self.how.dialogue[0][0], False)]

    def validate_kbdint_response(self, username: str, responses: Any) -> Any:
        self.seen.answers.append(list(responses))
        if list(responses) != [self.how.dialogue[self._step][1]]:
            return False
        self._step += 1
        if self.how.drop_after_password is not None:
            self._drop()
        if self._step == len(self.how.dialogue):
            return True
        return "", "", "", [(self.how.dialogue[self._step][0], False)]

    def _drop(self) -> None:
        if self.how.drop_after_password:
            self._connection.send_auth_banner(self.how.drop_after_password)
        self._connection.abort()

    def public_key_auth_supported(self) -> bool:
        return "publickey" in self.how.methods

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        line = " ".join(key.export_public_key().decode().split()[:2])
        self.seen.offered_keys.append(line)
        return line in self.how.keys


class Sshd:
    """The server, in a thread of its own."""

    def __init__(self, folder: Path) -> None:
        self.behaviour, self.seen = Behaviour(), Seen()
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port = 0
        self.new_host_key()

    def new_host_key(self) -> None:
        """(Re)start with a new host key."""
        self.stop()
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        self._server = self._run(self._listen())
        self.port = self._server.sockets[0].getsockname()[1]

    def known_hosts(self) -> Path:
        path = self._folder / "known_hosts"
        public = self.key.export_public_key().decode().strip()
        path.write_text(f"[127.0.0.1]:{self.port} {public}\n")
        return path

    def stop(self) -> None:
        if self.port:
            self._server.close()
            self._run(self._server.wait_closed())

    def close(self) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(120)

    async def _listen(self) -> asyncssh.SSHAcceptor:
        return await asyncssh.create_server(
            lambda: Account(self),
            "127.0.0.1",
            self.port,
            server_host_keys=[self.key],
            process_factory=self._process,
            login_timeout=60,
        )

    async def _process(self, process: asyncssh.SSHServerProcess[str]) -> None:
        self.seen.sessions.append(process.command)
        with contextlib.suppress(OSError):
            if self.behaviour.shell is not None:
                output, status = self.behaviour.shell
                process.stdout.write(output.replace("{command}", process.command or ""))
                process.exit(status)
                return
            program = await asyncio.create_subprocess_shell(
                process.command or "false", stdout=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL
            )
            process.stdout.write((await program.communicate())[0].decode())
            process.exit(program.returncode or 0)
