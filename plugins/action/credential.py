# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.community.senhasegura.plugins.plugin_utils import bytecode

with bytecode.first():
    from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import Client
    from ansible_collections.community.senhasegura.plugins.module_utils.models import (
        CredentialInfo,
        CredentialWrite,
    )
    from ansible_collections.community.senhasegura.plugins.module_utils.plan import Plan, make_plan
    from ansible_collections.community.senhasegura.plugins.modules.credential import ARGUMENT_SPEC, RULES
    from ansible_collections.community.senhasegura.plugins.plugin_utils.action import Params, Result, SenhaseguraAction
    from ansible_collections.community.senhasegura.plugins.plugin_utils.objects import (
        at_listed_host,
        joinable,
        listed,
        named,
        store,
        switch,
    )

ACCOUNT = ("username", "hostname", "ip")
DEVICE = ("type", "vendor", "model")
# Fields of the write model: those that the list shows, those that are never shown, and the server's own blocks.
READABLE = ("identifier", *ACCOUNT, "type", "automatic_change", *(f"device_{name}" for name in DEVICE))
PLAIN = ("additional", "domain", "parent")
UNREADABLE = (*PLAIN, "tags", "device_site", "device_domain", "device_tags", "connectivities", "settings")
# What the list tells and a write may leave out.
COMPARED = ("identifier", *ACCOUNT, "type", "automatic_change")
# Attributes of a device that the server takes for a new one only.
ONLY_NEW = (*DEVICE, "site")
INACTIVE = "it is there and inactive, so that nothing was written. Enable it first (state=enabled)"
SETTINGS = ("execution_settings", "session_settings", "additional_settings", "jit_settings")


class ActionModule(SenhaseguraAction):
    spec = ARGUMENT_SPEC
    rules = RULES

    def work(self, client: Client, params: Params, check_mode: bool) -> Result:
        if params["state"] == "present":
            return _present(client, params, check_mode)
        return switch(client.credentials, params, check_mode, _shown, "credential")


def _present(client: Client, params: Params, check_mode: bool) -> Result:
    wanted, area = _wanted(params), client.credentials
    ref = named(params) if params["id"] else None
    info = area.match(wanted, ref, shared_account=params["allow_shared_account"])
    wanted, warnings = _at_known_device(client, wanted, info)
    if info is not None:
        wanted = at_listed_host(wanted, info)
    plan, wanted = _plan(wanted, info, params)
    after = {"id": info.id if info else None, **{name: plan.after.get(name) for name in READABLE}}
    if plan.changed:
        area.check(plan.action, wanted)
    if check_mode or not plan.changed:
        return {**plan.result(), "credential": after, "warnings": warnings}
    if info is None and area.is_inactive(wanted):
        # It was there already, so that only what is written at every run may be sent.
        if params["update_password"] != "always":
            wanted = dataclasses.replace(wanted, password=None)
        if "always" not in (params["update_password"], params["update_attributes"]):
            return {**Plan("none", {}, {}).result(), "credential": after, "warnings": [*warnings, INACTIVE]}
    stored, more = store(area, wanted, info, plan, COMPARED)
    after.update(id=stored.id or after["id"], identifier=stored.identifier or after["identifier"])
    return {**plan.result(), "credential": after, "warnings": [*warnings, *more]}


def _plan(wanted: CredentialWrite, info: CredentialInfo | None, params: Params) -> tuple[Plan, CredentialWrite]:
    """What has to be done, and the write that does it."""
    hidden = [name for name in UNREADABLE if getattr(wanted, name) not in (None, {})]
    if info is not None and params["update_attributes"] == "on_create":
        hidden = []
    if wanted.password is not None and (info is None or params["update_password"] == "always"):
        hidden.append("password")
    else:
        wanted = dataclasses.replace(wanted, password=None)
    desired = {name: getattr(wanted, name) for name in READABLE}
    return make_plan("present", _shown(info), desired, hidden=hidden), wanted


def _at_known_device(
    client: Client, wanted: CredentialWrite, info: CredentialInfo | None
) -> tuple[CredentialWrite, list[str]]:
    """Leave out the attributes of a device that is there already, where they do not count (http-api.md 3.1.3)."""
    given = {name: getattr(wanted, f"device_{name}") for name in ONLY_NEW if getattr(wanted, f"device_{name}")}
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
        f"device.{name} for a new device only. Change it in the console (Devices), or by the server's call for devices"
        for name in differing
    ]
    left_out: dict[str, t.Any] = {f"device_{name}": None for name in given}
    return dataclasses.replace(wanted, **left_out), warnings


def _shown(info: CredentialInfo | None) -> dict[str, t.Any] | None:
    return listed(info, READABLE)


def _wanted(params: Params) -> CredentialWrite:
    device = params["device"] or {}
    given = {name: params[name] for name in (*ACCOUNT, *PLAIN, "identifier", "password", "type", "automatic_change")}
    given |= {f"device_{name}": device.get(name) for name in (*DEVICE, "site", "domain")}
    return CredentialWrite(
        **given,
        tags=joinable(params["tags"], "tags"),
        device_tags=joinable(device.get("tags"), "device.tags"),
        connectivities=joinable(device.get("connectivities"), "device.connectivities"),
        settings={name: params[name] for name in SETTINGS if params[name]},
    )
