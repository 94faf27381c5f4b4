# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.community.senhasegura.plugins.plugin_utils import bytecode

with bytecode.first():
    from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import Client
    from ansible_collections.community.senhasegura.plugins.module_utils.models import (
        CredentialInfo,
        SshKey,
        hidden_fields,
    )
    from ansible_collections.community.senhasegura.plugins.module_utils.references import Reference
    from ansible_collections.community.senhasegura.plugins.module_utils.specs import NAMES
    from ansible_collections.community.senhasegura.plugins.modules.ssh_key_info import ARGUMENT_SPEC, RULES
    from ansible_collections.community.senhasegura.plugins.plugin_utils.action import (
        NO_LOG,
        SECRETS,
        Params,
        Result,
        SenhaseguraAction,
    )
    from ansible_collections.community.senhasegura.plugins.plugin_utils.objects import given

NOT_READ = "include_key is left out in check mode, since a read takes custody"


class ActionModule(SenhaseguraAction):
    spec = ARGUMENT_SPEC
    rules = RULES

    def work(self, client: Client, params: Params, check_mode: bool) -> Result:
        entries = client.ssh_keys.matching(given(params, NAMES))
        if params["include_key"] and not check_mode:
            keys = [client.ssh_keys.read(Reference(entry.id)) for entry in entries]
            secret = [hidden_fields(key) for key in keys]
            hidden = [text for fields in secret for text in fields.values()]
            found = [_with_key(entry, key) for entry, key in zip(entries, keys, strict=True)]
            names = [f"SSH key {key.identifier or key.id}" for key in keys]
            pairs = zip(secret, names, strict=True)
            sealed = [text for fields, name in pairs for text in self.sealed(fields.items(), name)]
            return {"changed": False, "ssh_keys": found, "warnings": sealed, **NO_LOG, SECRETS: hidden}
        warnings = [NOT_READ] if params["include_key"] else []
        return {"changed": False, "ssh_keys": [entry.public() for entry in entries], "warnings": warnings}


def _with_key(entry: CredentialInfo, key: SshKey) -> Result:
    listed, read = entry.public(), key.values()
    # A read may leave out what the list tells.
    return {**listed, **{name: value for name, value in read.items() if value or name not in listed}}
