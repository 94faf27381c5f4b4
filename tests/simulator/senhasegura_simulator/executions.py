# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vault's own changes on real hosts: first there, over SSH, then in the vault."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

from . import targets
from .store import CHANGED, FAILED, KEY, PENDING, RUNNING, Execution, Item
from .targets import Target
from .vault import catch_up, finish, store_change
from .world import World

TICK_SECONDS = 0.05
ASKPASS = '#!/bin/sh\nprintf "%s\\n" "$SIMULATOR_PASSWORD"\n'


class SshError(RuntimeError):
    """A login or the command in it failed; the text is for the history."""


class Executions:
    """Runs what `vault.change_now` left pending: changes of one item in turn, those of different items side by side.

    A handler may be rolled back, so it only writes down what is to be done; what is in the store after it, is done.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._generation = world.generation
        self._tasks: dict[int, asyncio.Task[None]] = {}  # by id of the item

    async def run(self) -> None:
        for execution in self._world.store.all(Execution, status=RUNNING):
            finish(self._world, execution, FAILED, "interrupted; the host may have been changed")
        try:
            while True:
                self._tick()
                await asyncio.sleep(TICK_SECONDS)
        finally:
            await self._cancel()

    def _tick(self) -> None:
        if self._generation != self._world.generation:
            self._generation = self._world.generation
            for task in self._tasks.values():
                task.cancel()
        if not self._world.settings.targets:
            return
        # Requests are not the only clock any more: a host is changed when it is due. Log entries say what a request
        # has touched, so what is touched here does not count.
        touched = list(self._world.store.touched)
        catch_up(self._world)
        self._tasks = {item: task for item, task in self._tasks.items() if not task.done()}
        for execution in self._world.store.all(Execution, status=PENDING):
            if execution.item not in self._tasks:
                execution.status, execution.started = RUNNING, self._world.now()
                self._world.store.save(execution)
                self._tasks[execution.item] = asyncio.create_task(self._execute(execution, self._generation))
        self._world.store.touched[:] = touched

    async def _execute(self, execution: Execution, generation: int) -> None:
        item = self._world.store.first(Item, id=execution.item)
        try:
            # The settings may have changed since.
            hosts = [self._target(name) for name in execution.hosts]
            change = self._change_key if execution.kind == KEY else self._change_password
            message = await change(execution, item.public_key if item else None, hosts, generation)
        except (SshError, LookupError, ValueError, OSError) as error:
            status, message = FAILED, str(error)
        else:
            status = CHANGED
        if self._current(generation):
            finish(self._world, execution, status, message)

    async def _change_password(
        self, execution: Execution, old: str | None, hosts: list[Target], generation: int
    ) -> str:
        if set(execution.username) & set(":\n"):
            raise SshError(f"{execution.username!r} is no name of a Linux user")
        for host in hosts:
            script = targets.set_password(execution.username, host.chage)
            await self._ssh(host, script, f"{execution.username}:{execution.password}\n")
            if host.verify:
                await self._log_in(host, execution)
        self._store(execution, generation)
        return ""

    async def _change_key(self, execution: Execution, old: str | None, hosts: list[Target], generation: int) -> str:
        """The new key is everywhere before the vault has it, and the old one goes only after that."""
        new, done = str(execution.public_key), []
        try:
            for host in hosts:
                await self._ssh(host, targets.add_key(execution.username, new))
                done.append(host)
        except SshError:
            for host in done:
                await self._try(host, targets.remove_key(execution.username, new))
            raise
        self._store(execution, generation)
        complaints = [await self._try(host, targets.remove_key(execution.username, old)) for host in hosts if old]
        return "; ".join(f"the old key is still there: {complaint}" for complaint in complaints if complaint)

    def _store(self, execution: Execution, generation: int) -> None:
        if not self._current(generation):
            raise SshError("the simulator was reset")
        item = self._world.store.first(Item, id=execution.item)
        if item is None:
            raise LookupError(f"item {execution.item} is gone")
        touched = list(self._world.store.touched)
        store_change(self._world, execution, item)
        self._world.store.touched[:] = touched

    def _current(self, generation: int) -> bool:
        return generation == self._world.generation

    def _target(self, name: str) -> Target:
        if name not in self._world.settings.targets:
            raise LookupError(f"no target {name!r} any more")
        return Target.of(name, self._world.settings.targets[name])

    async def _try(self, host: Target, script: str) -> str:
        try:
            await self._ssh(host, script)
        except SshError as error:
            return str(error)
        return ""

    async def _ssh(self, host: Target, script: str, text: str = "") -> None:
        await self._start(host, [*host.command_line(self._world.settings.ssh_program), host.as_root(script)], text)

    async def _log_in(self, host: Target, execution: Execution) -> None:
        with tempfile.TemporaryDirectory(prefix="senhasegura-simulator-") as folder:
            askpass = Path(folder) / "askpass"
            askpass.write_text(ASKPASS)
            askpass.chmod(0o700)
            environment = {
                "SSH_ASKPASS": str(askpass),
                "SSH_ASKPASS_REQUIRE": "force",
                "SIMULATOR_PASSWORD": str(execution.password),
            }
            command = host.command_line(self._world.settings.ssh_program, execution.username)
            await self._start(host, [*command, "true"], "", **environment)

    async def _start(self, host: Target, command: list[str], text: str, **environment: str) -> None:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={"PATH": os.environ["PATH"], **environment},
        )
        try:
            output = (await asyncio.wait_for(process.communicate(text.encode()), self._world.settings.ssh_timeout))[0]
        except asyncio.TimeoutError:
            raise SshError(f"{host.address}: no end after {self._world.settings.ssh_timeout} seconds") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode != 0:
            complaint = output.decode(errors="replace").strip()
            raise SshError(f"{host.address}: ssh ended with {process.returncode}: {complaint}")

    async def _cancel(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
