# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A conversation of which ansible-core (2.22 or later) is told each secret before anybody else: see registry.py."""

from __future__ import annotations

import typing as t

from ansible_collections.community.senhasegura.plugins.module_utils.client.conversation import Conversation, Pick
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.base import Dialect
from ansible_collections.community.senhasegura.plugins.module_utils.models import secret_leaves
from ansible_collections.community.senhasegura.plugins.plugin_utils.registry import register


class RegisteredConversation(Conversation):
    """Registers what is written before it is sent, and what was read before it is returned."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    @property
    def server(self) -> str:
        return self._conversation.server

    def dialect(self) -> Dialect:
        return self._conversation.dialect()

    def call(
        self, operation: str, *, ref: str = "", model: t.Any = None, subject: str = "", fresh: bool = False
    ) -> t.Any:
        register(secret_leaves(model))
        return self._noted(self._conversation.call(operation, ref=ref, model=model, subject=subject, fresh=fresh))

    def select(self, operation: str, pick: Pick, *, subject: str = "", fresh: bool = False) -> t.Any:
        return self._noted(self._conversation.select(operation, pick, subject=subject, fresh=fresh))

    def _noted(self, result: t.Any) -> t.Any:
        register(secret_leaves(result))
        return result
