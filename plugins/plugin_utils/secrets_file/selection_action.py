# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The base of the actions that hand chosen DSM secrets to something that is not Ansible."""

from __future__ import annotations

import typing as t

from ...module_utils.operations.results import Params
from ...module_utils.settings.settings import RunSettings, Settings
from ..broker.cache_policy import CachePolicy, policy_of
from ..cli_settings import default_file
from ..plugin_options import settings
from ..vault_action import VaultAction


class SelectionAction(VaultAction):
    """Read secrets in the broker, with the settings of the vendor's CLI where no others are given."""

    def policy(self, run: RunSettings, params: Params) -> CachePolicy:
        # As for lookups: one read for all hosts and tasks of the run.
        return policy_of(run, params)

    def settings(self, params: Params, variables: dict[str, t.Any]) -> tuple[Settings, RunSettings]:
        environment = self._task.environment or ()
        return settings(params, variables, self._templar.template, environment, default_file())
