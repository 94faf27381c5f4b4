# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Operations over a conversation that is a table of answers: no server, no task."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.client.api import Api
from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import client_over
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.catalog import DIALECTS
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.operations import (
    DSM_ONLY,
    LIST_CREDENTIALS,
    LIST_SECRETS,
    LIST_SSH_KEYS,
    READ_APPLICATION,
    READ_SECRET,
    Area,
    Operation,
    Verb,
)
from ansible_collections.community.senhasegura.plugins.module_utils.dsm_secrets import DsmSecret
from ansible_collections.community.senhasegura.plugins.module_utils.errors import NotFound
from ansible_collections.community.senhasegura.plugins.module_utils.models import (
    SSH_KEY_TYPE,
    CredentialInfo,
    Entries,
    Stored,
)
from ansible_collections.community.senhasegura.plugins.plugin_utils.plugin_options import validate

PLUGINS = "ansible_collections.community.senhasegura.plugins"


class Table(Api):
    """Answers lists, and reads of one secret, from ``entries``, ``secrets`` and ``listed`` (automations or encryption keys),
    and the application of the client from ``own``; notes all other calls as (operation, ref, model) in ``calls``.

    ``fresh`` holds the operations that shall not be answered from memory. A write without an answer in ``answers`` is
    applied: what it creates has the id 77.
    """

    def __init__(self, dialect: str) -> None:
        self._dialect = DIALECTS[dialect]
        self.entries: list[CredentialInfo] = []
        self.secrets: list[Any] = []
        self.own: Any = None
        self.listed: list[Any] = []
        self.answers: dict[str, Any] = {}
        self.calls: list[tuple[str, str, Any]] = []
        self.fresh: list[str] = []

    def dialect(self) -> Any:
        return self._dialect

    def call(
        self, operation: Operation[Any], *, ref: str = "", model: Any = None, subject: str = "", fresh: bool = False
    ) -> Any:
        self._dialect.check(operation, model)
        self.fresh += [operation.name] if fresh else []
        if operation in (LIST_CREDENTIALS, LIST_SSH_KEYS):
            return Entries(self.entries)
        if operation.verb is Verb.LIST:
            return tuple(self.secrets if operation == LIST_SECRETS else self.listed)
        if operation == READ_APPLICATION:
            if self.own is None:
                raise NotFound("no application")
            return self.own
        if operation == READ_SECRET:
            found = next((secret for secret in self.secrets if secret.identifier == ref), None)
            if found is None:
                raise NotFound("not there")
            return found
        self.calls.append((operation.name, ref, model))
        answer = self.answers[operation.name] if operation.name in self.answers else self._apply(operation, ref, model)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _apply(self, operation: Operation[Any], ref: str, model: Any) -> Any:
        area, verb = operation.area, operation.verb
        if area is Area.SECRETS:
            if verb in (Verb.CREATE, Verb.UPDATE):
                self._store_secret(model)
            return None
        if area in DSM_ONLY:
            return "77" if verb in (Verb.CREATE, Verb.UPDATE) else None
        if verb is Verb.CREATE:
            kind = SSH_KEY_TYPE if area is Area.SSH_KEYS else "Local User"
            entry = CredentialInfo("77", model.identifier, model.username, model.hostname, model.ip or "", kind)
            self.entries.append(entry)
        if verb is Verb.RELEASE and not any(entry.id == ref for entry in self.entries):
            return NotFound("x")
        return Stored(ref or "77")

    def _store_secret(self, model: Any) -> None:
        held = next((secret for secret in self.secrets if secret.identifier == model.identifier), None)
        changes = {name: value for name in ("name", "engine") if (value := getattr(model, name)) is not None}
        data = model.flat() or (held.data if held else ())
        new = dataclasses.replace(held or DsmSecret("77", model.identifier, ()), data=data, **changes)
        self.secrets = [*(secret for secret in self.secrets if secret is not held), new]


Work = Callable[..., dict[str, Any]]


@pytest.fixture
def talk() -> Callable[[str], Table]:
    """talk(dialect) -> Table"""
    return Table


@pytest.fixture
def work() -> Work:
    """work(conversation, module, check_mode=False, **options) -> the result of the module's operation"""

    def run(conversation: Table, module: str, check_mode: bool = False, **options: Any) -> dict[str, Any]:
        operation = importlib.import_module(f"{PLUGINS}.module_utils.operations.{module}")
        params = validate(options, operation.SPEC, operation.RULES)
        return operation.run(client_over(conversation), params, check_mode)

    return run
