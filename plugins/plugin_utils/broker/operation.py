# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the operation of a module: in the broker, which is one of this run, or without one."""

from __future__ import annotations

import time
import typing as t

from ...module_utils.client.api import AnnouncingApi, Api
from ...module_utils.client.connect import client_over
from ...module_utils.errors import ConfigError, ConnectionFailed
from ...module_utils.operations.results import Params, Result
from ...module_utils.settings.options import OPTIONS, RUN_OPTIONS
from ...module_utils.settings.settings import Settings
from ..masking import register
from . import protocol
from .cache_policy import CachePolicy
from .call_journal import JournaledApi
from .client import BrokerConnection

# These say how to reach the server, and are none of an operation's business. on_ciphertext is.
_CONNECTION = frozenset(option.name for option in (*OPTIONS, *RUN_OPTIONS)) - {"on_ciphertext"}


class ModuleOperation(t.Protocol):
    """One file of module_utils/operations."""

    __name__: str
    NOUN: str
    SPEC: dict[str, t.Any]
    RULES: dict[str, t.Any]

    def run(self, client: t.Any, params: Params, check_mode: bool) -> Result:
        """Do what the module is for, and return its result. In check mode, only predict it."""


def run(
    operation: ModuleOperation,
    params: Params,
    check_mode: bool,
    settings: Settings,
    policy: CachePolicy,
    connect: t.Callable[[float], BrokerConnection | Api],
) -> Result:
    """Run an operation and return its result. Raises its error.

    :param params: its checked options
    :param connect: returns a connection to a broker, or the API of the server without one, by a monotonic time. It is
        called again when the broker is lost. A write whose end is not known is never repeated.
    """
    own = {name: value for name, value in params.items() if name not in _CONNECTION}
    name = operation.__name__.rpartition(".")[2]
    journal: list[protocol.Message] = []
    interrupted = False

    def heard(progress: protocol.Message) -> None:
        nonlocal interrupted
        journal.extend(progress[protocol.PROGRESS])
        interrupted = progress["writing"]

    until = time.monotonic() + settings.timeout
    while True:
        began, calls = time.monotonic(), len(journal)
        connection = connect(until)
        if not isinstance(connection, BrokerConnection):
            alone = JournaledApi(connection, journal, interrupted)
            return operation.run(client_over(AnnouncingApi(alone, register)), own, check_mode)
        try:
            request = protocol.run(
                settings.state(),
                policy.state(),
                name,
                own,
                check_mode,
                until=until,
                journal=journal,
                interrupted=interrupted,
            )
        except protocol.Unsendable:
            raise _unsendable(own) from None
        try:
            reply = connection.ask(request, heard)
        except (OSError, EOFError):
            # The broker is lost, and so is its connection. Another one goes on.
            now = time.monotonic()
            if len(journal) > calls or now - began > settings.timeout:
                # It has done something meanwhile, so that the next call has a timeout of its own.
                until = now + settings.timeout
            if now >= until:
                raise ConnectionFailed(
                    "the broker of this run did not answer in time", hint="Run the play again, or raise timeout"
                ) from None
            continue
        connection.close()
        register(protocol.secrets_of(reply))
        result: Result = protocol.result_of(reply)
        return result


def _unsendable(params: Params) -> ConfigError:
    """Make the error that names the option with a value that JSON has no form for."""
    option = next(name for name, value in params.items() if not _is_sendable(value))
    error = ConfigError(f"{option} has a value that cannot be sent as text", hint="Quote it in YAML if a text is meant")
    return error.with_context(option=option)


def _is_sendable(value: t.Any) -> bool:
    try:
        protocol.pack(value)
    except protocol.Unsendable:
        return False
    return True
