# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action behind the module onboarding: show how far it has come, since many hosts take minutes."""

from __future__ import annotations

import typing as t

from ansible.utils.display import Display

from ..module_utils.models import Stored
from ..module_utils.operations import onboarding
from ..module_utils.operations.results import Params, Result
from ..module_utils.settings.settings import RunSettings, Settings
from .vault_action import VaultAction

display = Display()
# A line is shown after so many devices and credentials.
_STEP = 100


class OnboardingAction(VaultAction):
    """Register all of them in the broker, and report the progress from here."""

    operation = onboarding
    _written = _most = 0

    def perform(self, settings: Settings, run: RunSettings, params: Params, check_mode: bool) -> Result:
        self._written, self._most = 0, len(params["devices"]) + len(params["credentials"])
        return super().perform(settings, run, params, check_mode)

    def wrote(self, result: t.Any) -> None:
        # Other calls that may change something only look for what is inactive.
        if isinstance(result, Stored):
            self._written += 1
            if self._written % _STEP == 0:
                text = f"onboarding: {self._written} registered of at most {self._most} devices and credentials"
                display.display(text)
