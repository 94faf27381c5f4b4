# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make each call of the API of a server through the broker.

Only rotations use it: they run in the worker, because they need Ansible's connections. All other tasks are one
operation, which the broker runs as a whole (operation.py).
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import time
import typing as t

from ...module_utils.client.api import Api
from ...module_utils.dialects.catalog import DIALECTS
from ...module_utils.dialects.dialect import Dialect
from ...module_utils.dialects.operations import Operation
from ...module_utils.errors import ConnectionFailed, ResponseLost
from ...module_utils.queries import Query
from ...module_utils.retry import Replay
from ...module_utils.settings.settings import Settings
from . import protocol
from .cache_policy import CachePolicy
from .client import BrokerConnection, NotSent

# Seconds. The broker's own deadline for a call ends first, unless it is stopped.
_GRACE = 2.0
_Answer = t.TypeVar("_Answer")
_Result = t.TypeVar("_Result")


class BrokeredApi(Api):
    """Carry out the calls of the client through the broker, or directly once that is lost.

    A write is never repeated whose reply did not come.

    :param connection: to the broker
    :param until: returns the monotonic time after which nothing is sent
    :param reconnect: called when the broker is lost, with the monotonic time until which it may take. Returns a
        connection to another one, or an API that does without.
    :param spent: how many seconds of the timeout of the first operation the way here has taken
    """

    def __init__(
        self,
        connection: BrokerConnection,
        settings: Settings,
        policy: CachePolicy,
        *,
        until: t.Callable[[], float] = lambda: math.inf,
        reconnect: t.Callable[[float], BrokerConnection | Api],
        spent: float = 0.0,
    ) -> None:
        self._connection, self._until, self._reconnect = connection, until, reconnect
        self._server, self._settings, self._policy = settings.server, settings.state(), policy
        self._timeout, self._spent = settings.timeout, spent
        self._direct: Api | None = None
        self._dialect: Dialect | None = None

    @property
    def server(self) -> str:
        return self._server

    def dialect(self) -> Dialect:
        if self._dialect is None:
            self._dialect = self._ask(
                True,
                lambda connection, policy: DIALECTS[self._call(connection, policy, "dialect")],
                lambda other: other.dialect(),
            )
        return self._dialect

    def call(
        self,
        operation: Operation[_Result],
        *,
        ref: str = "",
        model: t.Any = None,
        subject: str = "",
        fresh: bool = False,
    ) -> _Result:
        result: _Result = self._ask(
            operation.replay is Replay.SAFE,
            lambda connection, policy: self._call(connection, policy, operation.name, ref, model, subject),
            lambda other: other.call(operation, ref=ref, model=model, subject=subject, fresh=fresh),
            fresh=fresh,
        )
        return result

    def select(
        self, operation: Operation[t.Any], query: Query[_Answer], *, subject: str = "", fresh: bool = False
    ) -> _Answer:
        found: _Answer = self._ask(
            True,
            lambda connection, policy: self._call(connection, policy, operation.name, "", None, subject, query),
            lambda other: other.select(operation, query, subject=subject, fresh=fresh),
            fresh=fresh,
        )
        return found

    def _call(
        self,
        connection: BrokerConnection,
        policy: CachePolicy,
        operation: str,
        ref: str = "",
        model: t.Any = None,
        subject: str = "",
        query: Query[t.Any] | None = None,
    ) -> t.Any:
        request = protocol.call(self._settings, policy.state(), operation, ref, model, subject, query)
        return protocol.result_of(connection.ask(request))

    def _ask(
        self,
        safe: bool,
        through: t.Callable[[BrokerConnection, CachePolicy], t.Any],
        without: t.Callable[[Api], t.Any],
        *,
        fresh: bool = False,
    ) -> t.Any:
        """Ask the broker, or what comes in its place when it is lost.

        :param safe: whether asking twice does no harm
        :param through: asks a broker
        :param without: asks the server
        """
        end, self._spent = time.monotonic() + self._timeout - self._spent, 0.0
        while self._direct is None:
            # A broker that is stopped now must not send anything when it goes on, after this task was told to fail.
            not_after = min(self._until(), end)
            policy = dataclasses.replace(self._policy, fresh=fresh or self._policy.fresh, not_after=not_after)
            self._connection.until = end + _GRACE
            try:
                return through(self._connection, policy)
            except (OSError, EOFError) as exc:
                with contextlib.suppress(OSError):
                    self._connection.close()
                if not (safe or isinstance(exc, NotSent)):
                    raise ResponseLost(
                        "the broker of this run was lost before it said whether the request was applied",
                        hint="Look whether it was before you run the play again",
                    ) from None
                if time.monotonic() >= end:
                    raise ConnectionFailed(
                        "the broker of this run did not answer in time", hint="Run the play again, or raise timeout"
                    ) from None
                following = self._reconnect(end)
                if isinstance(following, BrokerConnection):
                    self._connection = following
                else:
                    self._direct = following
        return without(self._direct)
