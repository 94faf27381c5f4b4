# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.community.senhasegura.plugins.plugin_utils import bytecode

with bytecode.first():
    from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import Client
    from ansible_collections.community.senhasegura.plugins.module_utils.plan import Plan
    from ansible_collections.community.senhasegura.plugins.module_utils.references import parse_reference
    from ansible_collections.community.senhasegura.plugins.modules.credential_rotate import ARGUMENT_SPEC
    from ansible_collections.community.senhasegura.plugins.plugin_utils.action import Params, Result, SenhaseguraAction
    from ansible_collections.community.senhasegura.plugins.plugin_utils.objects import waiting


class ActionModule(SenhaseguraAction):
    spec = ARGUMENT_SPEC

    def work(self, client: Client, params: Params, check_mode: bool) -> Result:
        ref, pace = parse_reference(params["credential"], option="credential"), waiting(params)
        before = client.credentials.rotatable(ref)
        after = before if check_mode else client.credentials.rotate(ref, **pace, before=before)
        seen = None if after.change == before.change else after.change
        plan = Plan("update", {"change": before.change}, {"change": seen})
        return {**plan.result(), "credential": {**after.public(), "change": seen, "previous_change": before.change}}
