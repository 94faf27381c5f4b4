# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.community.senhasegura.plugins.plugin_utils import bytecode

with bytecode.first():
    from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import Client
    from ansible_collections.community.senhasegura.plugins.module_utils.models import CredentialInfo, CredentialWrite
    from ansible_collections.community.senhasegura.plugins.module_utils.plan import make_plan
    from ansible_collections.community.senhasegura.plugins.modules.credential import ARGUMENT_SPEC, RULES
    from ansible_collections.community.senhasegura.plugins.plugin_utils.action import Params, Result, SenhaseguraAction
    from ansible_collections.community.senhasegura.plugins.plugin_utils.objects import as_tuple, listed, named, switch

ACCOUNT = ("username", "hostname", "ip")
DEVICE = ("type", "vendor", "model")
# Fields of the write model: those that the list shows, those that are never shown, and the server's own blocks.
READABLE = ("identifier", *ACCOUNT, "type", "automatic_change", *(f"device_{name}" for name in DEVICE))
PLAIN = ("additional", "domain", "parent")
UNREADABLE = (*PLAIN, "tags", "device_site", "device_domain", "device_tags", "connectivities", "settings")
SETTINGS = ("execution_settings", "session_settings", "additional_settings", "jit_settings")


class ActionModule(SenhaseguraAction):
    spec = ARGUMENT_SPEC
    rules = RULES

    def work(self, client: Client, params: Params, check_mode: bool) -> Result:
        if params["state"] == "present":
            return _present(client, params, check_mode)
        return switch(client.credentials, params, check_mode, _shown, "credential")


def _present(client: Client, params: Params, check_mode: bool) -> Result:
    wanted = _wanted(params)
    info = client.credentials.match(wanted, named(params) if params["id"] else None)
    hidden = [name for name in UNREADABLE if getattr(wanted, name) not in (None, {})]
    if info is not None and params["update_attributes"] == "on_create":
        hidden = []
    if wanted.password is not None and (info is None or params["update_password"] == "always"):
        hidden.append("password")
    else:
        wanted = dataclasses.replace(wanted, password=None)
    plan = make_plan("present", _shown(info), {name: getattr(wanted, name) for name in READABLE}, hidden=hidden)
    after = {"id": info.id if info else None, **{name: plan.after.get(name) for name in READABLE}}
    if plan.changed:
        client.credentials.check(plan.action, wanted)
    if plan.changed and not check_mode:
        stored = client.credentials.store(wanted, info)
        after.update(id=stored.id or after["id"], identifier=stored.identifier or after["identifier"])
    return {**plan.result(), "credential": after}


def _shown(info: CredentialInfo | None) -> dict[str, t.Any] | None:
    return listed(info, READABLE)


def _wanted(params: Params) -> CredentialWrite:
    device = params["device"] or {}
    given = {name: params[name] for name in (*ACCOUNT, *PLAIN, "identifier", "password", "type", "automatic_change")}
    given |= {f"device_{name}": device.get(name) for name in (*DEVICE, "site", "domain")}
    return CredentialWrite(
        **given,
        tags=as_tuple(params["tags"]),
        device_tags=as_tuple(device.get("tags")),
        connectivities=as_tuple(device.get("connectivities")),
        settings={name: params[name] for name in SETTINGS if params[name]},
    )
