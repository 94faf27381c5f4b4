# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create, update or deactivate a related user."""

from __future__ import annotations

import dataclasses
import typing as t

from ..client.connect import Client
from ..errors import ConfigError, NotFound
from ..plan import make_plan
from ..settings.options import argument_spec
from ..user_models import RelatedUser, RelatedUserWrite
from .apply import TaskOutcome, apply
from .parameters import numeric_id
from .results import Params, Result

NOUN = "related user"
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    **{name: {"type": "str"} for name in ("id", "name", "username")},
}
RULES: dict[str, t.Any] = {"required_one_of": [("id", "name")]}


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Bring about the state of the task and return its result."""
    id_, area = numeric_id(params["id"]), client.related_users
    held = area.find(id=id_, name=params["name"])
    if params["state"] == "absent":
        return _absent(client, params, held, check_mode)
    if held is None and id_ is not None:
        hint = "Check the id, or leave it out to create a related user by its name"
        raise NotFound(f"related user {id_} not found", hint=hint)
    wanted: dict[str, t.Any] = {
        name: params[name] or (getattr(held, name) if held else None) for name in ("name", "username")
    }
    missing = [name for name, value in wanted.items() if not value]
    if missing:
        raise ConfigError(
            f"{missing[0]} must be set", hint="The server wants name and username of a related user"
        ).with_context(option=missing[0])
    plan = make_plan("present", _compared(held) if held else None, wanted)
    shown = {"id": held.id if held else None, **wanted}
    model = RelatedUserWrite(**wanted, id=held.id if held else None)

    def store() -> TaskOutcome:
        stored = area.store(model) or None
        warnings = [] if stored else [f"the server took related user {model.name} and does not tell its id"]
        return TaskOutcome(plan, {**shown, "id": stored}, warnings)

    return apply(TaskOutcome(plan, shown, []), lambda: area.check(plan.action, model), store, check_mode).result(
        "related_user"
    )


def _absent(client: Client, params: Params, held: RelatedUser | None, check_mode: bool) -> Result:
    """Deactivate. The list does not tell who is active, but the words of the server do."""
    area = client.related_users
    shown = held.public() if held else {name: params[name] for name in ("id", "name")}
    predicted = TaskOutcome(make_plan("absent", shown if held else None, {}), shown, [])

    def disable() -> TaskOutcome:
        return dataclasses.replace(predicted, changed=area.disable(shown["id"]))

    return apply(predicted, lambda: area.check("disable"), disable, check_mode).result("related_user")


def _compared(held: RelatedUser) -> dict[str, t.Any]:
    return {"name": held.name, "username": held.username}
