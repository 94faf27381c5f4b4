# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A session whose calls are carried out by the broker: for actions, which use the same client as without it."""

from __future__ import annotations

import dataclasses
import math
import typing as t

from ansible_collections.community.senhasegura.plugins.module_utils.client.conversation import Conversation, Pick
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.base import Dialect
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.catalog import DIALECTS
from ansible_collections.community.senhasegura.plugins.module_utils.errors import AnswerLost
from ansible_collections.community.senhasegura.plugins.module_utils.options import Settings
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.link import Link
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.policy import Policy


class RemoteSession(Conversation):
    """What the areas of the client take for a session. ``until`` tells the time after which nothing is sent."""

    def __init__(
        self, link: Link, settings: Settings, policy: Policy, *, until: t.Callable[[], float] = lambda: math.inf
    ) -> None:
        self._link, self._until = link, until
        self._server, self._settings, self._policy = settings.server, settings.state(), policy
        self._dialect: Dialect | None = None

    @property
    def server(self) -> str:
        return self._server

    def dialect(self) -> Dialect:
        if self._dialect is None:
            self._dialect = DIALECTS[self._ask(False, "dialect")]
        return self._dialect

    def call(
        self, operation: str, *, ref: str = "", model: t.Any = None, subject: str = "", fresh: bool = False
    ) -> t.Any:
        return self._ask(fresh, operation, ref, model, subject)

    def select(self, operation: str, pick: Pick, *, subject: str = "", fresh: bool = False) -> t.Any:
        return self._ask(fresh, operation, "", None, subject, pick)

    def _ask(
        self,
        fresh: bool,
        operation: str,
        ref: str = "",
        model: t.Any = None,
        subject: str = "",
        pick: Pick | None = None,
    ) -> t.Any:
        policy = dataclasses.replace(self._policy, fresh=fresh or self._policy.fresh, not_after=self._until())
        try:
            return self._link.call(self._settings, policy.state(), operation, ref, model, subject, pick)
        except (OSError, EOFError):
            raise AnswerLost(
                "the broker of this run has ended", hint="Run the play again; if it happens again, set broker=false"
            ) from None
