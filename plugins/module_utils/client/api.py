# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the areas of the client need of a session: the direct one and the broker's are alike to them."""

from __future__ import annotations

import typing as t

from ..dialects.dialect import Dialect
from ..dialects.operations import Operation
from ..errors import SenhaseguraError
from ..models import secret_leaves
from ..queries import Query, answer

_Answer = t.TypeVar("_Answer")
_Result = t.TypeVar("_Result")


class Api(t.Protocol):
    """A conversation with one server as one client of it."""

    @property
    def server(self) -> str:
        """The server as errors name it: its base URL with the port."""

    def dialect(self) -> Dialect:
        """The dialect of the server; with C(auto), logging in finds it out."""

    def call(
        self,
        operation: Operation[_Result],
        *,
        ref: str = "",
        model: t.Any = None,
        subject: str = "",
        fresh: bool = False,
    ) -> _Result:
        """Carry out an operation of the dialect and return what it decodes. Raises SenhaseguraError.

        :param fresh: ask the server, even if it has answered the same before
        """

    def select(
        self, operation: Operation[t.Any], query: Query[_Answer], *, subject: str = "", fresh: bool = False
    ) -> _Answer:
        """Answer a query about the list that an operation decodes, in the process that holds the list.

        :param subject: what is looked for, as errors name it
        :param fresh: ask the server, even if it has answered the same before
        """
        return self.answered(operation, query, self.call(operation, subject=subject, fresh=fresh), subject)

    def answered(self, operation: Operation[t.Any], query: Query[_Answer], listed: t.Any, subject: str) -> _Answer:
        """Answer a query about ``listed``. Its errors name the server and the call that the list came from."""
        try:
            return answer(listed, query)
        except SenhaseguraError as exc:
            raise exc.with_context(subject=subject, **self.place(operation)) from None

    def remember(self, make: t.Callable[[], _Answer]) -> _Answer:
        """Return what ``make`` returns, and the same again if the operation is repeated because its broker was lost.

        For what is made by chance. It may be a text, or a map of texts.
        """
        return make()

    def place(self, operation: Operation[t.Any]) -> dict[str, str]:
        """The server and the endpoint of an operation, as errors name them."""
        return {"server": self.server, "operation": operation.name, "endpoint": self.dialect().call(operation).endpoint}


class AnnouncingApi(Api):
    """Announces each secret before anybody else has it: what is written before it is sent, what was read before it is
    returned.
    """

    def __init__(self, conversation: Api, announce: t.Callable[[t.Iterable[str]], None]) -> None:
        self._conversation, self._announce = conversation, announce

    @property
    def server(self) -> str:
        return self._conversation.server

    def dialect(self) -> Dialect:
        return self._conversation.dialect()

    def call(
        self,
        operation: Operation[_Result],
        *,
        ref: str = "",
        model: t.Any = None,
        subject: str = "",
        fresh: bool = False,
    ) -> _Result:
        self._announce(secret_leaves(model))
        return self._announced(self._conversation.call(operation, ref=ref, model=model, subject=subject, fresh=fresh))

    def select(
        self, operation: Operation[t.Any], query: Query[_Answer], *, subject: str = "", fresh: bool = False
    ) -> _Answer:
        return self._announced(self._conversation.select(operation, query, subject=subject, fresh=fresh))

    def remember(self, make: t.Callable[[], _Answer]) -> _Answer:
        return self._conversation.remember(make)

    def _announced(self, result: _Answer) -> _Answer:
        self._announce(secret_leaves(result))
        return result
