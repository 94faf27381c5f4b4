# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.community.senhasegura.plugins.plugin_utils import bytecode

with bytecode.first():
    from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import Client
    from ansible_collections.community.senhasegura.plugins.module_utils.models import DsmSecret
    from ansible_collections.community.senhasegura.plugins.modules.secret_info import ARGUMENT_SPEC
    from ansible_collections.community.senhasegura.plugins.plugin_utils.action import (
        NO_LOG,
        Params,
        Result,
        SenhaseguraAction,
    )
    from ansible_collections.community.senhasegura.plugins.plugin_utils.objects import unread


class ActionModule(SenhaseguraAction):
    spec = ARGUMENT_SPEC
    thing = "DSM secret"

    def work(self, client: Client, params: Params, check_mode: bool) -> Result:
        secrets = _secrets(client, params["identity"])
        if params["include_data"]:
            secrets = [client.secrets.complete(secret) for secret in secrets]
            found = [_with_data(secret) for secret in secrets]
            warnings = []
            for secret in secrets:
                noun = f"DSM secret {secret.identity}"
                warnings += [*unread(secret.unreadable, noun), *self.sealed(secret.values(), noun)]
            return {"changed": False, "secrets": found, "warnings": warnings, **NO_LOG}
        return {"changed": False, "secrets": [secret.public() for secret in secrets]}


def _secrets(client: Client, identity: str | None) -> list[DsmSecret]:
    if identity is None:
        return list(client.secrets.list())
    found = client.secrets.find(identity)
    return [found] if found else []


def _with_data(secret: DsmSecret) -> Result:
    data = [{key: value if isinstance(value, str) else None for key, value in one.items()} for one in secret.data]
    return {**secret.public(), "data": data, "unreadable": sorted(secret.unreadable)}
