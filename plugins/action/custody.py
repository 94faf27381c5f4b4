# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.community.senhasegura.plugins.plugin_utils import bytecode

with bytecode.first():
    from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import Client
    from ansible_collections.community.senhasegura.plugins.module_utils.plan import Plan
    from ansible_collections.community.senhasegura.plugins.module_utils.references import parse_reference
    from ansible_collections.community.senhasegura.plugins.modules.custody import ARGUMENT_SPEC
    from ansible_collections.community.senhasegura.plugins.plugin_utils.action import Params, Result, SenhaseguraAction


class ActionModule(SenhaseguraAction):
    spec = ARGUMENT_SPEC

    def work(self, client: Client, params: Params, check_mode: bool) -> Result:
        ref = parse_reference(params["credential"], option="credential")
        allowed = params["allow_vault_rotation"]
        if check_mode:
            # What is not listed is inactive or not there, and so in nobody's custody.
            released = client.credentials.releasable(ref, allow_vault_rotation=allowed) is not None
        else:
            released = client.credentials.release(ref, allow_vault_rotation=allowed)
        return Plan("update", {"in_custody": True}, {"in_custody": False}).result(changed=released)
