# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action behind the module doctor."""

from __future__ import annotations

import typing as t

from ..module_utils.errors import ConfigError
from ..module_utils.operations import doctor
from ..module_utils.operations.results import Params, Result
from .masking import register
from .vault_action import SenhaseguraAction


class DoctorAction(SenhaseguraAction):
    """Examine the set-up in this process: the broker would hide the way that is to be examined."""

    operation = doctor
    spec, rules, thing = doctor.SPEC, doctor.RULES, doctor.NOUN

    def without_server(self, params: Params, variables: dict[str, t.Any], check_mode: bool) -> Result:
        """Do the whole task, because settings that cannot be used are a verdict, and no error."""
        try:
            settings, _run = self.settings(params, variables)
        except ConfigError as exc:
            return doctor.run(exc, params, check_mode, register)
        return doctor.run(settings, params, check_mode, register)
