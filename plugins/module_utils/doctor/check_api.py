# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hold a whole check to the option timeout, however many requests it takes."""

from __future__ import annotations

import typing as t

from ..client.api import Api
from ..client.direct_api import DirectApi
from ..dialects.dialect import Dialect
from ..dialects.operations import Operation, Verb

_Result = t.TypeVar("_Result")


class CheckApi(Api):
    """Make all calls of one check within one timeout.

    Custody is given back in a time of its own, because it must not be kept.
    """

    def __init__(self, api: DirectApi) -> None:
        self._api = api
        self.begin()

    def begin(self) -> None:
        """Begin another check."""
        self._deadline = self._api.deadline()

    @property
    def server(self) -> str:
        return self._api.server

    def dialect(self) -> Dialect:
        return self._api.dialect(self._deadline)

    def call(
        self,
        operation: Operation[_Result],
        *,
        ref: str = "",
        model: t.Any = None,
        subject: str = "",
        fresh: bool = False,
    ) -> _Result:
        deadline = self._api.deadline() if operation.verb is Verb.RELEASE else self._deadline
        return self._api.call(operation, ref=ref, model=model, subject=subject, deadline=deadline)
