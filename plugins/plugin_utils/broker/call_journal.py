# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Record how the calls of an operation ended, so that another broker can go on where one was lost.

An operation is a sequence of calls, each of which follows from those before it. If its broker is lost, the next one
runs the operation again. The calls that the journal has are not made again, but end as they did. So nothing is written
twice. Before each write the worker gets what the journal has so far, and after it how it ended. If the broker is lost
in between, nobody knows whether the write was applied, and in the repetition it raises ResponseLost.
"""

from __future__ import annotations

import collections
import typing as t

from ...module_utils.client.api import Api, WrappedApi
from ...module_utils.dialects.operations import Operation
from ...module_utils.errors import ResponseLost, SenhaseguraError
from ...module_utils.queries import Query
from ...module_utils.retry import Replay
from ..unexpected import describe
from . import protocol

_Answer = t.TypeVar("_Answer")
_Result = t.TypeVar("_Result")


class JournaledApi(WrappedApi):
    """An API that records how each of its calls ends.

    :param known: the journal of an earlier run of the same operation: replies as protocol.py makes them
    :param interrupted: whether that run has ended within a write, which is the call after the known ones
    :param note: takes the journal's new replies, and whether a write comes next. It may raise OSError.
    :param proceed: is called before each call, and raises an error if nothing may be sent any more
    """

    def __init__(
        self,
        api: Api,
        known: t.Iterable[protocol.Message] = (),
        interrupted: bool = False,
        *,
        note: t.Callable[[list[protocol.Message], bool], None] = lambda _replies, _writing: None,
        proceed: t.Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(api)
        self._known, self._interrupted = collections.deque(known), interrupted
        self._note, self._proceed = note, proceed
        # Results and errors that nobody was told of yet.
        self._new: list[t.Any] = []

    def call(
        self,
        operation: Operation[_Result],
        *,
        ref: str = "",
        model: t.Any = None,
        subject: str = "",
        fresh: bool = False,
    ) -> _Result:
        safe = operation.replay is Replay.SAFE
        return self._noted(lambda: self._api.call(operation, ref=ref, model=model, subject=subject, fresh=fresh), safe)

    def select(
        self, operation: Operation[t.Any], query: Query[_Answer], *, subject: str = "", fresh: bool = False
    ) -> _Answer:
        return self._noted(lambda: self._api.select(operation, query, subject=subject, fresh=fresh))

    def remember(self, make: t.Callable[[], _Answer]) -> _Answer:
        return self._noted(make)

    def _noted(self, do: t.Callable[[], _Answer], safe: bool = True) -> _Answer:
        if self._known:
            known: _Answer = protocol.result_of(self._known.popleft())
            return known
        if not safe and not self._interrupted:
            self._tell(True)
        try:
            result = self._done(do)
        except SenhaseguraError as exc:
            self._add(exc, safe)
            raise
        self._add(result, safe)
        return result

    def _add(self, end: t.Any, safe: bool) -> None:
        self._new.append(end)
        if not safe:
            self._tell(False)

    def _done(self, do: t.Callable[[], _Answer]) -> _Answer:
        if self._interrupted:
            self._interrupted = False
            raise ResponseLost(
                "the broker of this run was lost before it said whether the request was applied",
                hint="Look whether it was before you run the play again",
            )
        self._proceed()
        try:
            return do()
        except SenhaseguraError:
            raise
        # Catch everything: the text of an unexpected exception may quote a secret.
        except Exception as exc:  # noqa: BLE001
            raise SenhaseguraError(describe(exc)) from None

    def _tell(self, writing: bool) -> None:
        replies = [protocol.failed(one) if isinstance(one, Exception) else protocol.done(one) for one in self._new]
        self._new.clear()
        self._note(replies, writing)
