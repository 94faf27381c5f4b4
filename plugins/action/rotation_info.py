# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import Client
from ansible_collections.community.senhasegura.plugins.module_utils.references import parse_reference
from ansible_collections.community.senhasegura.plugins.modules.rotation_info import ARGUMENT_SPEC
from ansible_collections.community.senhasegura.plugins.plugin_utils.action import Params, Result
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation import password
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.action import RotationAction


class ActionModule(RotationAction):
    spec = ARGUMENT_SPEC
    kind = "password"

    def work(self, client: Client, params: Params, check_mode: bool) -> Result:
        info = client.credentials.info(parse_reference(params["credential"], option="credential"))
        user = params["user"] or info.username
        run, world = self.prepare(client.credentials, info, user, params)
        job = password.Job(user=user, generate=str)
        protocol = password.inspect(run, job, compare=params["compare"] and not check_mode)
        return self.told(info, user, lambda: self.drive(protocol, world, run))
