# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.community.senhasegura.plugins.plugin_utils import bytecode

with bytecode.first():
    from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import Client
    from ansible_collections.community.senhasegura.plugins.modules.credential_info import ARGUMENT_SPEC, FILTERS
    from ansible_collections.community.senhasegura.plugins.plugin_utils.action import Params, Result, SenhaseguraAction
    from ansible_collections.community.senhasegura.plugins.plugin_utils.objects import given


class ActionModule(SenhaseguraAction):
    spec = ARGUMENT_SPEC

    def work(self, client: Client, params: Params, check_mode: bool) -> Result:
        wanted = given(params, FILTERS)
        entries = [*client.credentials.matching(wanted), *(client.ssh_keys.matching(wanted) if params["keys"] else ())]
        return {"changed": False, "credentials": [entry.public() for entry in entries]}
