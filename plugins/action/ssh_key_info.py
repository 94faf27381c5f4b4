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
    from ansible_collections.community.senhasegura.plugins.modules.ssh_key_info import ARGUMENT_SPEC, FILTERS, RULES
    from ansible_collections.community.senhasegura.plugins.plugin_utils.action import (
        NO_LOG,
        Params,
        Result,
        SenhaseguraAction,
    )
    from ansible_collections.community.senhasegura.plugins.plugin_utils.objects import given, unread

NOT_READ = "include_key is left out in check mode, since a read takes custody"


class ActionModule(SenhaseguraAction):
    spec = ARGUMENT_SPEC
    thing = "SSH key"
    rules = RULES

    def work(self, client: Client, params: Params, check_mode: bool) -> Result:
        entries = client.ssh_keys.matching(given(params, FILTERS))
        if params["include_key"] and not check_mode:
            keys = [client.ssh_keys.read(Reference(entry.id, "id"), partial=True) for entry in entries]
            found = [_with_key(entry, key) for entry, key in zip(entries, keys, strict=True)]
            warnings: list[str] = []
            for key in keys:
                noun = f"SSH key {key.identifier or key.id}"
                warnings += [*unread(key.unreadable, noun), *self.sealed(hidden_fields(key).items(), noun)]
            return {"changed": False, "ssh_keys": found, "warnings": warnings, **NO_LOG}
        warnings = [NOT_READ] if params["include_key"] else []
        return {"changed": False, "ssh_keys": [entry.public() for entry in entries], "warnings": warnings}


def _with_key(entry: CredentialInfo, key: SshKey) -> Result:
    listed, read = entry.public(), key.values()
    # A read may leave out what the list tells.
    fields = {name: value for name, value in read.items() if value or name not in listed}
    return {**listed, **fields, "unreadable": sorted(key.unreadable)}
