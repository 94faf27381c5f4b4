# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Talk to a server at the end of a run, to give custody back."""

from __future__ import annotations

import typing as t

from ...module_utils.client.api import Api
from ...module_utils.client.direct_api import DirectApi
from ...module_utils.dialects.dialect import Dialect
from ...module_utils.dialects.operations import LIST_CREDENTIALS, Operation

_Result = t.TypeVar("_Result")


class FinalApi(Api):
    """Make calls when nobody writes any more: one list is enough for all.

    :param timeout: seconds for each call; C(timeout) may be set to less
    """

    def __init__(self, api: DirectApi, timeout: float) -> None:
        self._api, self.timeout = api, timeout
        self._listed: t.Any = None

    @property
    def server(self) -> str:
        return self._api.server

    def dialect(self) -> Dialect:
        return self._api.dialect(self._api.deadline(self.timeout))

    def call(
        self,
        operation: Operation[_Result],
        *,
        ref: str = "",
        model: t.Any = None,
        subject: str = "",
        fresh: bool = False,
    ) -> _Result:
        if operation == LIST_CREDENTIALS and self._listed is not None:
            listed: _Result = self._listed
            return listed
        deadline = self._api.deadline(self.timeout)
        result = self._api.call(operation, ref=ref, model=model, subject=subject, deadline=deadline)
        if operation == LIST_CREDENTIALS:
            self._listed = result
        return result
