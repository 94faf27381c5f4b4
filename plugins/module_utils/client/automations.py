# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DSM automations (facts-dsm.md 6)."""

from __future__ import annotations

from ..dialects.operations import (
    CREATE_AUTOMATION,
    DELETE_AUTOMATION,
    LIST_AUTOMATIONS,
    UPDATE_AUTOMATION,
    Area,
    Verb,
    operation_of,
)
from ..dsm_models import Automation, AutomationWrite
from ..errors import NotFound
from ..plan import Action
from .api import Api
from .named import one_named


class Automations:
    """The DSM automations."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def check(self, action: Action, model: AutomationWrite | None = None) -> None:
        """Raise what create, update or delete would raise before it asks the server."""
        self._api.dialect().check(operation_of(Area.AUTOMATIONS, Verb(action)), model)

    def list(self) -> tuple[Automation, ...]:
        """Return all automations."""
        return self._api.call(LIST_AUTOMATIONS, subject="the list of automations")

    def find(self, *, id: str | None, name: str | None) -> Automation | None:  # noqa: A002
        """Return the automation with this id, or else this name, or None. Raises InvalidRequest if several fit."""
        return one_named(self.list(), id, name, "automation")

    def store(self, wanted: AutomationWrite, held: Automation | None) -> str:
        """Create an automation or update ``held``. Returns its id, or "" if the server does not tell."""
        subject = f"automation {wanted.name}"
        if held is None:
            return self._api.call(CREATE_AUTOMATION, model=wanted, subject=subject)
        return self._api.call(UPDATE_AUTOMATION, ref=held.id, model=wanted, subject=subject) or held.id

    def delete(self, held: Automation) -> bool:
        """Delete an automation. Returns whether it was there."""
        try:
            self._api.call(DELETE_AUTOMATION, ref=held.id, subject=f"automation {held.name}")
        except NotFound:
            return False
        return True
