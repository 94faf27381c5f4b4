# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.community.senhasegura.plugins.plugin_utils import bytecode

with bytecode.first():
    from ansible_collections.community.senhasegura.plugins.module_utils import keypair
    from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import Client
    from ansible_collections.community.senhasegura.plugins.module_utils.errors import InvalidRequest
    from ansible_collections.community.senhasegura.plugins.module_utils.models import (
        CredentialInfo,
        SshKeyWrite,
        Stored,
        key_text,
    )
    from ansible_collections.community.senhasegura.plugins.module_utils.plan import Plan, make_plan
    from ansible_collections.community.senhasegura.plugins.module_utils.references import parse_reference
    from ansible_collections.community.senhasegura.plugins.modules.ssh_key import ARGUMENT_SPEC, RULES
    from ansible_collections.community.senhasegura.plugins.plugin_utils.action import Params, Result, SenhaseguraAction
    from ansible_collections.community.senhasegura.plugins.plugin_utils.objects import (
        at_listed_host,
        joinable,
        listed,
        store,
        switch,
    )

# Fields of the write model: those that the list shows (some in one dialect only), and those that are never shown.
ATTRIBUTES = ("identifier", "username", "hostname", "ip", "rotation_days")
READABLE = (*ATTRIBUTES, "auto_rotate", "public_key")
UNREADABLE = ("key_name", "devices", "tags")
PAIR = ("private_key", "public_key", "passphrase")
INACTIVE = (
    "it is there and inactive, so that nothing was written: its key pair would be lost. Enable it first, by its id "
    "(state=enabled)"
)


class ActionModule(SenhaseguraAction):
    spec = ARGUMENT_SPEC
    thing = "SSH key"
    rules = RULES

    def work(self, client: Client, params: Params, check_mode: bool) -> Result:
        if params["state"] == "present":
            return _present(client, params, check_mode)
        return switch(client.ssh_keys, params, check_mode, _shown, "ssh_key")


def _present(client: Client, params: Params, check_mode: bool) -> Result:
    area, wanted, stored = client.ssh_keys, _wanted(params), Stored("")
    info = area.match(wanted.identifier)
    if info is not None:
        # A key that was rotated meanwhile must not be overwritten by the one that it had at first.
        kept: dict[str, t.Any] = dict.fromkeys(PAIR) if params["update_key"] == "on_create" else {}
        wanted, stored = dataclasses.replace(wanted, ip=wanted.ip or info.ip, **kept), Stored(info.id)
        wanted = at_listed_host(wanted, info)
    before, desired = _shown(info), {name: getattr(wanted, name) for name in READABLE}
    desired["public_key"] = keypair.bare(wanted.public_key) if wanted.public_key else None
    unseen = UNREADABLE if info is None or params["update_attributes"] == "always" else ()
    if before is None or before["public_key"] != desired["public_key"]:
        unseen = (*unseen, "private_key", "passphrase")
    hidden = [name for name in unseen if getattr(wanted, name) is not None]
    plan = make_plan("present", before, desired, hidden=hidden)
    warnings: list[str] = []
    if plan.changed:
        area.check(plan.action, wanted)
    if plan.changed and not check_mode:
        if info is None and params["update_key"] == "on_create" and area.is_inactive(wanted.identifier):
            # Written, its key pair would be lost.
            plan, warnings = Plan("none", {}, {}), [INACTIVE]
        else:
            stored, warnings = store(area, wanted, info, plan, ATTRIBUTES)
    after = {"id": stored.id or None, **{name: plan.after.get(name) for name in READABLE}}
    unlinked = list(stored.devices_error)
    if unlinked:
        warnings.append(f"these devices could not be linked to the key: {', '.join(unlinked)}")
    return {**plan.result(), "ssh_key": after, "devices_error": unlinked, "warnings": warnings}


def _shown(info: CredentialInfo | None) -> dict[str, t.Any] | None:
    fields = listed(info, (*ATTRIBUTES, "automatic_change", "public_key"))
    if fields is not None:
        fields["auto_rotate"] = fields.pop("automatic_change")
        fields["public_key"] = keypair.bare(fields["public_key"]) if fields["public_key"] else None
    return fields


def _wanted(params: Params) -> SshKeyWrite:
    given = {name: params[name] for name in (*ATTRIBUTES, "auto_rotate", "key_name", "passphrase")}
    given["identifier"] = parse_reference(params["identifier"], option="identifier", kind="identifier").text
    devices = None if params["devices"] is None else tuple(params["devices"])
    return SshKeyWrite(**given, **_pair(params), devices=devices, tags=joinable(params["tags"], "tags"))


def _pair(params: Params) -> dict[str, t.Any]:
    """Both key texts, or neither. The public key is worked out; one that is given must fit."""
    if not params["private_key"]:
        return {"private_key": None, "public_key": None}
    private_key = key_text(params["private_key"])
    public_key = keypair.public_key_of(private_key, params["passphrase"])
    given = (params["public_key"] or public_key).strip()
    if keypair.bare(given) != public_key:
        raise InvalidRequest(
            "public_key does not belong to private_key", hint="Leave public_key out: it is derived from private_key"
        )
    return {"private_key": private_key, "public_key": given}
