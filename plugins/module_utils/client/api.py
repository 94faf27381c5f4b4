# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The interface to one server, which the client uses alike with and without the broker."""

from __future__ import annotations

import typing as t

from ..dialects.dialect import Dialect
from ..dialects.operations import Area, Operation
from ..errors import SenhaseguraError
from ..models import secret_leaves
from ..queries import Query, answer
from ..retry import Replay

_Answer = t.TypeVar("_Answer")
_Result = t.TypeVar("_Result")


class Api(t.Protocol):
    """One server, as one client of it sees it."""

    @property
    def gives_back_at_end(self) -> bool:
        """Return whether what was taken with C(at_end) is given back at the end of the run."""
        return False

    @property
    def server(self) -> str:
        """Return the server as errors name it: its base URL with the port."""

    def dialect(self) -> Dialect:
        """Return the dialect of the server. With C(auto), the login finds it out. Raises SenhaseguraError."""

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

    def writable(self, area: Area, fields: t.Iterable[str]) -> tuple[str, ...]:
        """Return those fields of a write in an area that the dialect has a wire field for."""
        lost = self.dialect().unwritable.get(area, ())
        return tuple(name for name in fields if name not in lost)

    def place(self, operation: Operation[t.Any]) -> dict[str, str]:
        """Return the server, the operation and its endpoint, as errors name them."""
        return {"server": self.server, "operation": operation.name, "endpoint": self.dialect().call(operation).endpoint}


class WrappedApi(Api):
    """Talk to the server of another API. Subclasses add something to its calls."""

    def __init__(self, api: Api) -> None:
        self._api = api

    @property
    def server(self) -> str:
        return self._api.server

    @property
    def gives_back_at_end(self) -> bool:
        return self._api.gives_back_at_end

    def dialect(self) -> Dialect:
        return self._api.dialect()

    def remember(self, make: t.Callable[[], _Answer]) -> _Answer:
        return self._api.remember(make)


class AnnouncingApi(WrappedApi):
    """Announce each secret before anybody else has it: what is written before it is sent, what was read before it is
    returned.
    """

    def __init__(self, api: Api, announce: t.Callable[[t.Iterable[str]], None]) -> None:
        super().__init__(api)
        self._announce = announce

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
        return self._announced(self._api.call(operation, ref=ref, model=model, subject=subject, fresh=fresh))

    def select(
        self, operation: Operation[t.Any], query: Query[_Answer], *, subject: str = "", fresh: bool = False
    ) -> _Answer:
        return self._announced(self._api.select(operation, query, subject=subject, fresh=fresh))

    def _announced(self, result: _Answer) -> _Answer:
        self._announce(secret_leaves(result))
        return result


class HeardApi(WrappedApi):
    """Tell what each write has returned, when it has ended."""

    def __init__(self, api: Api, wrote: t.Callable[[t.Any], None]) -> None:
        super().__init__(api)
        self._wrote = wrote

    def call(
        self,
        operation: Operation[_Result],
        *,
        ref: str = "",
        model: t.Any = None,
        subject: str = "",
        fresh: bool = False,
    ) -> _Result:
        result = self._api.call(operation, ref=ref, model=model, subject=subject, fresh=fresh)
        if operation.replay is not Replay.SAFE:
            self._wrote(result)
        return result

    def select(
        self, operation: Operation[t.Any], query: Query[_Answer], *, subject: str = "", fresh: bool = False
    ) -> _Answer:
        # In the process that holds the list: the rest of the list, which nobody asked for, has secrets too.
        return self._api.select(operation, query, subject=subject, fresh=fresh)
