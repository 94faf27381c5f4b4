# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create, update, enable, disable or delete a user by SCIM."""

from __future__ import annotations

import dataclasses
import typing as t

from ..client.connect import Client
from ..errors import ConfigError, NotFound, Refused
from ..plan import Plan, make_plan
from ..settings.options import argument_spec
from ..specs import STATES
from ..user_models import ScimUser, ScimUserWrite
from .apply import TaskOutcome, apply, do_or_predict
from .parameters import path_id
from .results import Params, Result

NOUN = "SCIM user"
_LIST = {"type": "list", "elements": "str"}
_TEXTS = ("external_id", "full_name", "given_name", "family_name", "email", "phone")
_SETS = ("entitlements", "groups")
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    "state": STATES,
    "id": {"type": "str"},
    "username": {"type": "str"},
    **{name: {"type": "str"} for name in _TEXTS},
    **dict.fromkeys(_SETS, _LIST),
    "password": {"type": "str", "no_log": True},
    "patch_style": {"type": "str", "choices": ["patch_op", "user"], "default": "patch_op"},
}
RULES: dict[str, t.Any] = {"required_one_of": [("id", "username")]}
# The server wants them of a new user (http-api.md 3.10).
_REQUIRED = ("external_id", "full_name", "email")
_NO_SUCH = "has no user of this name"


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Bring about the state of the task and return its result."""
    id_, username = path_id(params["id"], "username"), params["username"]
    if id_ is None and not username:
        raise ConfigError("username must not be empty", hint="Set username or id").with_context(option="username")
    held = client.scim_users.find(id=id_, username=username)
    if held is not None and username and held.username.casefold() != username.casefold():
        raise Refused(
            f"the id names SCIM user {held.id} with the user name {held.username}, and the task gives another one",
            hint="Correct one of them. This module does not rename users",
        ).with_context(option="username")
    if params["state"] == "present":
        return _present(client, params, held, check_mode)
    if params["state"] == "absent":
        return _absent(client, params, held, check_mode)
    return _switch(client, params, held, check_mode)


def _present(client: Client, params: Params, held: ScimUser | None, check_mode: bool) -> Result:
    area = client.scim_users
    if held is None and params["id"] is not None:
        hint = "Check the id, or leave it out to create a user by its name"
        raise NotFound(f"SCIM user {params['id']} not found", hint=hint)
    wanted: dict[str, t.Any] = {name: params[name] for name in _TEXTS}
    wanted |= {name: _in_order(params[name]) for name in _SETS}
    if held is None:
        _require_all(params)
    plan = make_plan(
        "present",
        _compared(held) if held else None,
        wanted if held else {"username": params["username"], **wanted},
        hidden=["password"] if held is None and params["password"] else (),
    )
    shown = _shown(held, params["username"], plan)
    predicted = TaskOutcome(plan, shown, [])
    model = _write(params, held, wanted, tuple(n for n, value in plan.after.items() if plan.before.get(n) != value))

    def store() -> TaskOutcome:
        if held is None:
            id_ = area.create(model)
        else:
            id_ = held.id
            area.update(id_, model)
        now = area.read(id_) if id_ else None
        return dataclasses.replace(predicted, shown=now.public() if now else shown, warnings=_lost(now, model, plan))

    return apply(predicted, lambda: area.check(plan.action, model), store, check_mode).result("scim_user")


def _switch(client: Client, params: Params, held: ScimUser | None, check_mode: bool) -> Result:
    """Activate or deactivate. Unlike others, the server tells which of them a user is."""
    area, enabling = client.scim_users, params["state"] == "enabled"
    if held is None:
        if enabling:
            raise _not_found(params)
        return _nothing(params, [f"the server {_NO_SUCH}: {params['username'] or params['id']}"])
    done = held.active is enabling
    action: t.Literal["none", "enable", "disable"] = "none" if done else "enable" if enabling else "disable"
    plan = Plan(action, {"active": held.active}, {"active": enabling})
    predicted = TaskOutcome(plan, {**held.public(), "active": enabling}, [])
    model = dataclasses.replace(_whole(held), active=enabling, changes=("active",), style=params["patch_style"])

    def switch() -> TaskOutcome:
        area.update(held.id, model)
        now = area.read(held.id)
        return dataclasses.replace(
            predicted, shown=now.public() if now else predicted.shown, warnings=_lost(now, model, plan)
        )

    return apply(predicted, lambda: area.check("update", model), switch, check_mode).result("scim_user")


def _absent(client: Client, params: Params, held: ScimUser | None, check_mode: bool) -> Result:
    """Delete. What the server keeps of a user then, if anything, is looked up afterwards."""
    area = client.scim_users
    area.check("delete")
    if held is None:
        return _nothing(params, [])
    plan = Plan("delete", held.public(), {})
    before = {"before": {"username": held.username, "active": held.active}, "after": {}}
    predicted = TaskOutcome(plan, held.public(), [])

    def delete() -> TaskOutcome:
        try:
            area.delete(held.id)
        except NotFound:
            return dataclasses.replace(predicted, changed=False)
        now = area.read(held.id)
        if now is None:
            return predicted
        told = f"the server keeps SCIM user {held.username} (id {held.id}), {_state(now)}"
        return dataclasses.replace(predicted, shown=now.public(), changed=now != held, warnings=[told])

    outcome = do_or_predict(check_mode, delete, lambda: predicted)
    result = outcome.result("scim_user")
    return {**result, "diff": before if result["changed"] else {"before": {}, "after": {}}}


def _state(user: ScimUser) -> str:
    return "inactive" if user.active is False else "active" if user.active else "and does not tell whether it is active"


def _nothing(params: Params, warnings: list[str]) -> Result:
    shown = {"id": params["id"], "username": params["username"]}
    return TaskOutcome(Plan("none", {}, {}), shown, warnings).result("scim_user")


def _not_found(params: Params) -> NotFound:
    name = params["id"] or params["username"]
    return NotFound(f"SCIM user {name} not found", hint="Check the name; state=present creates a user")


def _require_all(params: Params) -> None:
    missing = [name for name in _REQUIRED if not params[name]]
    if missing:
        raise ConfigError(
            f"SCIM user {params['username']} is not complete: {', '.join(missing)} must be set",
            hint=f"Set {' and '.join(missing)}; the server wants them of every new user",
        ).with_context(option=missing[0])


def _in_order(names: list[str] | None) -> list[str] | None:
    """Return names in an order, since theirs has no meaning, and each of them once."""
    return None if names is None else sorted(set(names))


def _compared(user: ScimUser) -> dict[str, t.Any]:
    return {**{name: getattr(user, name) for name in _TEXTS}, **{n: _in_order(list(getattr(user, n))) for n in _SETS}}


def _shown(held: ScimUser | None, username: str, plan: Plan) -> dict[str, t.Any]:
    known = held.public() if held else ScimUser("", username).public() | {"id": None}
    return {**known, **{name: value for name, value in plan.after.items() if name in known}}


def _whole(user: ScimUser) -> ScimUserWrite:
    """Return a write with all that is known of a user, but for what is empty."""
    known: dict[str, t.Any] = {name: getattr(user, name) or None for name in (*_TEXTS, *_SETS)}
    return ScimUserWrite(user.username, active=user.active, **known)


def _write(params: Params, held: ScimUser | None, wanted: dict[str, t.Any], changes: tuple[str, ...]) -> ScimUserWrite:
    given: dict[str, t.Any] = {
        n: tuple(value) if isinstance(value, list) else value for n, value in wanted.items() if value is not None
    }
    if held is None:
        return ScimUserWrite(params["username"], password=params["password"], **given)
    return dataclasses.replace(_whole(held), **given, changes=changes, style=params["patch_style"])


def _lost(now: ScimUser | None, model: ScimUserWrite, plan: Plan) -> list[str]:
    """Return a warning for what the server does not show after it has taken it."""
    if now is None:
        return [f"the server took SCIM user {model.username}, and cannot be asked for it now: see the console"]
    written = {
        name: value for name, value in plan.after.items() if plan.before.get(name) != value and name != "password"
    }
    found = {**_compared(now), "active": now.active, "username": now.username}
    lost = [name for name, value in written.items() if value and found[name] != value]
    if not lost:
        return []
    return [
        f"the server took SCIM user {now.username} (id {now.id}) and shows other values of {', '.join(lost)} now. "
        "Roles and access groups must exist under the same names; another patch_style may help"
    ]
