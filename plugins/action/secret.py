# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.community.senhasegura.plugins.plugin_utils import bytecode

with bytecode.first():
    from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import Client
    from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError
    from ansible_collections.community.senhasegura.plugins.module_utils.models import (
        DsmSecret,
        DsmSecretWrite,
        SecretBlock,
    )
    from ansible_collections.community.senhasegura.plugins.module_utils.plan import make_plan
    from ansible_collections.community.senhasegura.plugins.module_utils.references import parse_reference
    from ansible_collections.community.senhasegura.plugins.module_utils.secrecy import scrub
    from ansible_collections.community.senhasegura.plugins.modules.secret import ARGUMENT_SPEC
    from ansible_collections.community.senhasegura.plugins.plugin_utils.action import Params, Result, SenhaseguraAction
    from ansible_collections.community.senhasegura.plugins.plugin_utils.arguments import not_text

ATTRIBUTES = (
    *("identity", "name", "engine", "description", "expiration_date"),
    *("application", "system", "environment"),
)
_TIME = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)?\Z")


class ActionModule(SenhaseguraAction):
    spec = ARGUMENT_SPEC

    def work(self, client: Client, params: Params, check_mode: bool) -> Result:
        wanted = _wanted(params)
        held = client.secrets.find(wanted.identity)
        if params["state"] == "absent":
            return _absent(client, wanted, held, check_mode)
        # Ciphertext differs each time, so the data would be written at every run.
        warnings = self.sealed(held.values(), f"DSM secret {held.identity}") if held and wanted.flat() else []
        return {**_present(client, wanted, held, check_mode), "warnings": warnings}


def _present(client: Client, wanted: DsmSecretWrite, held: DsmSecret | None, check_mode: bool) -> Result:
    if held is None:
        wanted = dataclasses.replace(wanted, engine=wanted.engine or "Generic")
    desired: dict[str, t.Any] = {name: getattr(wanted, name) for name in ATTRIBUTES}
    data = wanted.flat()
    rewrite = bool(data) and (held is None or not wanted.same_data(held.data, as_one=held.as_one))
    if rewrite:
        desired["key_names"] = sorted({key for block in data for key in block})
    plan = make_plan("present", _shown(held), desired, hidden=["data"] if rewrite else [])
    if plan.changed:
        client.secrets.check(plan.action, wanted)
    if plan.changed and not check_mode:
        client.secrets.store(wanted, held)
    return {**plan.result(), "secret": {name: plan.after.get(name) for name in (*ATTRIBUTES, "key_names")}}


def _absent(client: Client, wanted: DsmSecretWrite, held: DsmSecret | None, check_mode: bool) -> Result:
    plan = make_plan("absent", _shown(held), {})
    if plan.changed:
        client.secrets.check("delete")
    changed = plan.changed if check_mode or not plan.changed else client.secrets.delete(wanted.identity)
    return {**plan.result(changed=changed), "secret": {"identity": wanted.identity}}


def _shown(secret: DsmSecret | None) -> dict[str, t.Any] | None:
    if secret is None:
        return None
    public = secret.public()
    # "No date" is compared, unlike what the server does not tell.
    public["expiration_date"] = secret.expiration_date or ""
    return {name: public[name] for name in (*ATTRIBUTES, "key_names")}


def _wanted(params: Params) -> DsmSecretWrite:
    if not _TIME.match(params["expiration_date"] or ""):
        hint = "Give it as 'YYYY-MM-DD HH:MM:SS', or empty for none"
        raise ConfigError("expiration_date is no date and time", hint=hint).with_context(option="expiration_date")
    return DsmSecretWrite(
        identity=parse_reference(params["identity"], option="identity").text,
        **{name: params[name] for name in ATTRIBUTES[1:]},
        credentials=tuple(_block(item) for item in params["credentials"] or ()),
        access_keys=tuple(_block(item) for item in params["access_keys"] or ()),
        key_value=_texts(params["key_value"] or {}),
    )


def _block(item: Params) -> SecretBlock:
    fields = {name: item[name] for name in item["labels"] if item[name] is not None}
    return SecretBlock(fields, {name: item["labels"][name] for name in fields}, item.get("type", ""))


def _texts(values: t.Mapping[t.Any, t.Any]) -> dict[str, str]:
    """Nobody could say for sure which text a number is meant to be."""
    for name, value in values.items():
        if not isinstance(value, str):
            raise not_text(f"the value of {scrub(str(name), [])} in key_value", "key_value")
    return {str(name): value for name, value in values.items()}
