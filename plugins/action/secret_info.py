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
        SECRETS,
        Params,
        Result,
        SenhaseguraAction,
    )


class ActionModule(SenhaseguraAction):
    spec = ARGUMENT_SPEC
    thing = "DSM secret"

    def work(self, client: Client, params: Params, check_mode: bool) -> Result:
        secrets = [
            secret
            for secret in client.secrets.list(params["identity"] or "")
            if params["identity"] in (None, secret.identity)
        ]
        if params["include_data"]:
            hidden = [value for secret in secrets for value in secret.hidden()]
            return {"changed": False, "secrets": [_with_data(secret) for secret in secrets], **NO_LOG, SECRETS: hidden}
        return {"changed": False, "secrets": [secret.public() for secret in secrets]}


def _with_data(secret: DsmSecret) -> Result:
    return {**secret.public(), "data": [dict(block) for block in secret.data]}
