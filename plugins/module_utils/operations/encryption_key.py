# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Create, update or disable a DSM encryption key (facts-dsm.md 7)."""

from __future__ import annotations

import dataclasses
import typing as t

from ..client.connect import Client
from ..dsm_models import EncryptionKey, EncryptionKeyWrite
from ..errors import NotFound, Refused
from ..plan import Plan, make_plan
from ..settings.options import argument_spec
from .apply import TaskOutcome, apply
from .parameters import console_time, numeric_id
from .results import Params, Result

NOUN = "encryption key"
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    "state": {"type": "str", "choices": ["present", "disabled"], "default": "present"},
    "id": {"type": "str"},
    "name": {"type": "str"},
    "description": {"type": "str"},
    "algorithm": {"type": "str"},
    "expires_at": {"type": "str"},
}
RULES: dict[str, t.Any] = {
    "required_one_of": [("id", "name")],
    "required_if": [("state", "present", ("name",))],
}
_VISIBLE = ("name", "description", "algorithm", "expires_at")
_ALGORITHM = "aes256-gcm96"


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Bring about the state of the task and return its result."""
    id_ = numeric_id(params["id"])
    held = client.encryption_keys.find(id=id_, name=params["name"])
    if held is None and id_ is not None:
        raise NotFound(
            f"encryption key {id_} not found", hint="Check the id, or leave it out to create one by its name"
        )
    if params["state"] == "disabled":
        return _disable(client, held, params, check_mode)
    console_time(params["expires_at"], "expires_at")
    sent = wanted = EncryptionKeyWrite(**{name: params[name] for name in _VISIBLE})
    warnings = []
    if held is None:
        sent = wanted = dataclasses.replace(wanted, algorithm=wanted.algorithm or _ALGORITHM)
    else:
        if wanted.algorithm and held.algorithm and wanted.algorithm != held.algorithm:
            raise Refused(
                f"encryption key {held.name} has the algorithm {held.algorithm}, which belongs to its material",
                hint="Make another key for another algorithm",
            ).with_context(option="algorithm")
        if held.enabled is False:
            warnings = [f"encryption key {held.name} is disabled, and the server has no call that enables it"]
        # Nothing says that an update keeps what it leaves out.
        known = {name: getattr(held, name) for name in _VISIBLE if getattr(wanted, name) is None}
        sent = dataclasses.replace(wanted, **known)
    plan = make_plan("present", _shown(held) if held else None, {name: getattr(wanted, name) for name in _VISIBLE})
    shown = {"id": held.id if held else None, **{name: plan.after.get(name) for name in _VISIBLE}}
    predicted = TaskOutcome(plan, {**shown, "enabled": held.enabled if held else True}, warnings)

    def store() -> TaskOutcome:
        made = client.encryption_keys.store(sent, held)
        return dataclasses.replace(predicted, shown={**predicted.shown, "id": made or shown["id"]})

    return apply(predicted, lambda: client.encryption_keys.check(plan.action, sent), store, check_mode).result(
        "encryption_key"
    )


def _disable(client: Client, held: EncryptionKey | None, params: Params, check_mode: bool) -> Result:
    if held is None:
        raise NotFound(f"encryption key {params['name']} not found", hint="Check the name, or give the id")
    shown = {"id": held.id, **_shown(held)}
    # What is not known to be disabled is disabled again, which does no harm.
    nothing = held.enabled is False
    before, after = {**shown, "enabled": not nothing}, {**shown, "enabled": False}
    plan = Plan("none" if nothing else "disable", before, after)
    predicted = TaskOutcome(plan, after, [])

    def disable() -> TaskOutcome:
        return dataclasses.replace(predicted, changed=client.encryption_keys.disable(held))

    return apply(predicted, lambda: client.encryption_keys.check("disable"), disable, check_mode).result(
        "encryption_key"
    )


def _shown(held: EncryptionKey) -> dict[str, t.Any]:
    """Return what can be compared. "No end" is compared, unlike what the server does not show."""
    return {**{name: getattr(held, name) for name in _VISIBLE}, "expires_at": held.expires_at or ""}
