# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What onboarding shows while it goes on."""

from __future__ import annotations

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.models import Stored
from ansible_collections.community.senhasegura.plugins.plugin_utils import onboarding_action


def test_a_line_for_each_hundred_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(onboarding_action.display, "display", shown.append)
    action = object.__new__(onboarding_action.OnboardingAction)
    action._most = 250
    for _number in range(250):
        # A look for an inactive credential returns nothing.
        action.wrote(None)
        action.wrote(Stored("1"))
    assert shown == [f"onboarding: {number} registered of at most 250 devices and credentials" for number in (100, 200)]
