# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Create, update, enable or disable a credential."""

from __future__ import annotations

import dataclasses
import typing as t

from ..client.connect import Client
from ..models import CredentialInfo, CredentialWrite
from ..plan import Plan, make_plan
from ..settings.options import argument_spec
from ..specs import NAMES, STATES, UPDATE
from .apply import TaskOutcome, apply, at_listed_host, set_enabled, store_and_compare
from .parameters import joinable, reference_from
from .results import Params, Result, listed_fields

NOUN = "credential"
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    **NAMES,
    "state": STATES,
    "ip": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "update_password": {**UPDATE, "no_log": False},
    "update_attributes": UPDATE,
    "allow_shared_account": {"type": "bool", "default": False},
    "type": {"type": "str"},
    "additional": {"type": "str"},
    "tags": {"type": "list", "elements": "str"},
    "domain": {"type": "str"},
    "parent": {"type": "int"},
    "automatic_change": {"type": "bool"},
    "device": {
        "type": "dict",
        "options": {
            "type": {"type": "str"},
            "vendor": {"type": "str"},
            "model": {"type": "str"},
            "site": {"type": "str"},
            "domain": {"type": "str"},
            "tags": {"type": "list", "elements": "str"},
            "connectivities": {"type": "list", "elements": "str"},
        },
    },
    "execution_settings": {"type": "dict"},
    "session_settings": {"type": "dict"},
    "additional_settings": {"type": "dict", "no_log": True},
    "jit_settings": {"type": "dict"},
}
RULES: dict[str, t.Any] = {
    "required_if": [("state", "present", ("username", "hostname", "ip"))],
    "required_one_of": [("id", "identifier", "username")],
    "required_together": [("username", "hostname")],
}
_ACCOUNT = ("username", "hostname", "ip")
_DEVICE = ("type", "vendor", "model")
# Fields of the write model: those that the list shows, those that are never shown, and the server's own blocks.
_READABLE = ("identifier", *_ACCOUNT, "type", "automatic_change", *(f"device_{name}" for name in _DEVICE))
_PLAIN = ("additional", "domain", "parent")
_UNREADABLE = (*_PLAIN, "tags", "device_site", "device_domain", "device_tags", "connectivities", "settings")
# What the list shows and a write may leave out.
_COMPARED = ("identifier", *_ACCOUNT, "type", "automatic_change")
# Attributes of a device that the server takes for a new one only.
_ONLY_NEW = (*_DEVICE, "site")
_INACTIVE = "it is there and inactive, so that nothing was written. Enable it first (state=enabled)"
_SETTINGS = ("execution_settings", "session_settings", "additional_settings", "jit_settings")


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Bring about the state of the task and return its result."""
    if params["state"] == "present":
        return _present(client, params, check_mode)
    return set_enabled(client.credentials, params, check_mode, _shown, "credential")


def _present(client: Client, params: Params, check_mode: bool) -> Result:
    wanted, area = _desired(params), client.credentials
    ref = reference_from(params) if params["id"] else None
    info = area.match(wanted, ref, shared_account=params["allow_shared_account"])
    wanted, warnings = _at_known_device(client, wanted, info)
    if info is not None:
        wanted = at_listed_host(wanted, info)
    plan, wanted = _plan(wanted, info, params)
    shown = {"id": info.id if info else None, **{name: plan.after.get(name) for name in _READABLE}}
    predicted = TaskOutcome(plan, shown, warnings)
    return apply(
        predicted,
        lambda: area.check(plan.action, wanted),
        lambda: _store(client, wanted, info, predicted, params),
        check_mode,
    ).result("credential")


def _store(
    client: Client, wanted: CredentialWrite, info: CredentialInfo | None, predicted: TaskOutcome, params: Params
) -> TaskOutcome:
    area, warnings = client.credentials, predicted.warnings or []
    if info is None and area.is_inactive(wanted):
        # It was there already, so that only what is written at every run may be sent.
        if params["update_password"] != "always":
            wanted = dataclasses.replace(wanted, password=None)
        if "always" not in (params["update_password"], params["update_attributes"]):
            nothing = Plan("none", {}, {})
            return dataclasses.replace(predicted, plan=nothing, warnings=[*warnings, _INACTIVE])
    stored, more = store_and_compare(area, wanted, info, predicted.plan, _COMPARED)
    shown = dict(predicted.shown)
    shown.update(id=stored.id or shown["id"], identifier=stored.identifier or shown["identifier"])
    return dataclasses.replace(predicted, shown=shown, warnings=[*warnings, *more])


def _plan(wanted: CredentialWrite, info: CredentialInfo | None, params: Params) -> tuple[Plan, CredentialWrite]:
    """Return what has to be done, and the write that does it."""
    hidden = [name for name in _UNREADABLE if getattr(wanted, name) not in (None, {})]
    if info is not None and params["update_attributes"] == "on_create":
        hidden = []
    if wanted.password is not None and (info is None or params["update_password"] == "always"):
        hidden.append("password")
    else:
        wanted = dataclasses.replace(wanted, password=None)
    desired = {name: getattr(wanted, name) for name in _READABLE}
    return make_plan("present", _shown(info), desired, hidden=hidden), wanted


def _at_known_device(
    client: Client, wanted: CredentialWrite, info: CredentialInfo | None
) -> tuple[CredentialWrite, list[str]]:
    """Leave out the attributes of a device that is there already, where they do not count (http-api.md 3.1.3).

    Also returns a warning for each that differs from what the task gives.
    """
    given = {name: getattr(wanted, f"device_{name}") for name in _ONLY_NEW if getattr(wanted, f"device_{name}")}
    # The one that is written to, which is new where a credential moves to a new host.
    hostname = at_listed_host(wanted, info).hostname if info else wanted.hostname
    device = client.credentials.on_device(hostname) if given else None
    if device is None:
        return wanted, []
    # A site is not listed, and cannot be compared.
    known = {name: getattr(device, f"device_{name}", None) for name in given}
    differing = [name for name in given if known[name] and known[name] != given[name]]
    warnings = [
        f"the device {device.hostname} is there already and keeps its {name} {known[name]}: the server takes "
        f"device.{name} for a new device only. Change it with the module community.senhasegura.device"
        for name in differing
    ]
    left_out: dict[str, t.Any] = {f"device_{name}": None for name in given}
    return dataclasses.replace(wanted, **left_out), warnings


def _shown(info: CredentialInfo | None) -> dict[str, t.Any] | None:
    return listed_fields(info, _READABLE)


def _desired(params: Params) -> CredentialWrite:
    device = params["device"] or {}
    given = {name: params[name] for name in (*_ACCOUNT, *_PLAIN, "identifier", "password", "type", "automatic_change")}
    given |= {f"device_{name}": device.get(name) for name in (*_DEVICE, "site", "domain")}
    return CredentialWrite(
        **given,
        tags=joinable(params["tags"], "tags"),
        device_tags=joinable(device.get("tags"), "device.tags"),
        connectivities=joinable(device.get("connectivities"), "device.connectivities"),
        settings={name: params[name] for name in _SETTINGS if params[name]},
    )
