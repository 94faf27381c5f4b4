# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action behind the module vault_export: what the operation has read becomes a file, if one is asked for."""

from __future__ import annotations

from ..module_utils.operations import vault_export
from ..module_utils.operations.results import Params, Result
from ..module_utils.settings.settings import RunSettings, Settings
from . import vault_file
from .vault_action import VaultAction


class VaultExportAction(VaultAction):
    """Read the vault in the broker, and write the file from here."""

    operation = vault_export

    def perform(self, settings: Settings, run: RunSettings, params: Params, check_mode: bool) -> Result:
        result = super().perform(settings, run, params, check_mode)
        if params["dest"]:
            # From the folder of the play.
            path = self._loader.path_dwim(params["dest"])
            changed, difference = vault_file.write(path, result["vault"], check_mode=check_mode)
            result.update(changed=changed, dest=path)
            if self._task.diff and changed:
                result["diff"] = difference
        return result
