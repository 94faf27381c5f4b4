# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Register, update, enable or disable an SSH key."""

from __future__ import annotations

import dataclasses
import typing as t

from ..client.connect import Client
from ..errors import InvalidRequest
from ..models import CredentialInfo, SshKeyWrite, Stored, key_text
from ..plan import Plan, make_plan
from ..references import parse_reference
from ..settings.options import argument_spec
from ..specs import NAMES, STATES, UPDATE
from .apply import TaskOutcome, apply, at_listed_host, set_enabled, store_and_compare
from .parameters import joinable
from .results import Params, Result, listed_fields

NOUN = "SSH key"
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    **NAMES,
    "state": STATES,
    "ip": {"type": "str"},
    "private_key": {"type": "str", "no_log": True},
    "public_key": {"type": "str", "no_log": False},
    "passphrase": {"type": "str", "no_log": True},
    "update_key": {**UPDATE, "no_log": False},
    "update_attributes": UPDATE,
    "key_name": {"type": "str", "no_log": False},
    "devices": {"type": "list", "elements": "str"},
    "tags": {"type": "list", "elements": "str"},
    "automatic_change": {"type": "bool"},
    "rotation_days": {"type": "int"},
}
RULES: dict[str, t.Any] = {
    "required_if": [("state", "present", ("identifier", "username", "hostname"))],
    "required_one_of": [("id", "identifier", "username")],
    "required_together": [("username", "hostname")],
    "required_by": {"public_key": "private_key", "passphrase": "private_key"},
    "mutually_exclusive": [("id", "identifier")],
}
# Fields of the write model: those that the list shows (some in one dialect only), and those that are never shown.
_ATTRIBUTES = ("identifier", "username", "hostname", "ip", "rotation_days")
_READABLE = (*_ATTRIBUTES, "automatic_change", "public_key")
_UNREADABLE = ("key_name", "devices", "tags")
_PAIR = ("private_key", "public_key", "passphrase")
_INACTIVE = (
    "it is there and inactive, so that nothing was written: its key pair would be lost. Enable it first, by its id "
    "(state=enabled)"
)


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Bring about the state of the task and return its result."""
    if params["state"] == "present":
        return _present(client, params, check_mode)
    return set_enabled(client.ssh_keys, params, check_mode, _shown, "ssh_key")


def _present(client: Client, params: Params, check_mode: bool) -> Result:
    area, wanted, known = client.ssh_keys, _desired(params), Stored("")
    info = area.match(wanted.identifier)
    if info is not None:
        # A key that was rotated meanwhile must not be overwritten by the one that it had at first.
        kept: dict[str, t.Any] = dict.fromkeys(_PAIR) if params["update_key"] == "on_create" else {}
        wanted, known = dataclasses.replace(wanted, ip=wanted.ip or info.ip, **kept), Stored(info.id)
        wanted = at_listed_host(wanted, info)
    plan = _plan(wanted, info, params)

    def store() -> TaskOutcome:
        if info is None and params["update_key"] == "on_create" and area.is_inactive(wanted.identifier):
            # Written, its key pair would be lost.
            return _outcome(Plan("none", {}, {}), known, [_INACTIVE])
        return _outcome(plan, *store_and_compare(area, wanted, info, plan, _ATTRIBUTES))

    predicted = _outcome(plan, known, [])
    return apply(predicted, lambda: area.check(plan.action, wanted), store, check_mode).result("ssh_key")


def _plan(wanted: SshKeyWrite, info: CredentialInfo | None, params: Params) -> Plan:
    """Return what has to be done. A key pair that differs is told by its public half."""
    before, desired = _shown(info), {name: getattr(wanted, name) for name in _READABLE}
    desired["public_key"] = _without_comment(wanted.public_key)
    unseen = _UNREADABLE if info is None or params["update_attributes"] == "always" else ()
    if before is None or before["public_key"] != desired["public_key"]:
        unseen = (*unseen, "private_key", "passphrase")
    hidden = [name for name in unseen if getattr(wanted, name) is not None]
    return make_plan("present", before, desired, hidden=hidden)


def _outcome(plan: Plan, stored: Stored, warnings: list[str]) -> TaskOutcome:
    """Return how the task ends with this receipt of the server."""
    shown = {"id": stored.id or None, **{name: plan.after.get(name) for name in _READABLE}}
    unlinked = list(stored.devices_error)
    if unlinked:
        warnings = [*warnings, f"these devices could not be linked to the key: {', '.join(unlinked)}"]
    return TaskOutcome(plan, shown, warnings, more={"unlinked_devices": unlinked})


def _shown(info: CredentialInfo | None) -> dict[str, t.Any] | None:
    fields = listed_fields(info, (*_ATTRIBUTES, "automatic_change", "public_key"))
    if fields is not None:
        fields["public_key"] = _without_comment(fields["public_key"])
    return fields


def _without_comment(public_key: str | None) -> str | None:
    # Imported lazily, here and below: cryptography takes 25 ms, for which all runs with modules would wait.
    from ..keypair import strip_comment

    return strip_comment(public_key) if public_key else None


def _desired(params: Params) -> SshKeyWrite:
    given = {name: params[name] for name in (*_ATTRIBUTES, "automatic_change", "key_name", "passphrase")}
    given["identifier"] = parse_reference(params["identifier"], option="identifier", kind="identifier").text
    devices = None if params["devices"] is None else tuple(params["devices"])
    return SshKeyWrite(**given, **_pair(params), devices=devices, tags=joinable(params["tags"], "tags"))


def _pair(params: Params) -> dict[str, t.Any]:
    """Return both key texts, or None for both. The public key is worked out; one that is given must fit."""
    if not params["private_key"]:
        return {"private_key": None, "public_key": None}
    from .. import keypair

    private_key = key_text(params["private_key"])
    public_key = keypair.public_key_of(private_key, params["passphrase"])
    given = (params["public_key"] or public_key).strip()
    if keypair.strip_comment(given) != public_key:
        raise InvalidRequest(
            "public_key does not belong to private_key", hint="Leave public_key out: it is derived from private_key"
        )
    return {"private_key": private_key, "public_key": given}
