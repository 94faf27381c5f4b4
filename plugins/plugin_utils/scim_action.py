# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base class of actions that use SCIM."""

from __future__ import annotations

import dataclasses
import typing as t

from ..module_utils.operations.results import Params
from ..module_utils.settings.settings import RunSettings, Settings
from .vault_action import VaultAction


class ScimAction(VaultAction):
    """Run an operation on SCIM users."""

    def settings(self, params: Params, variables: dict[str, t.Any]) -> tuple[Settings, RunSettings]:
        """Return the settings with the dialect C(iso) for C(auto): SCIM and its login are below /iso in all releases.

        The client is that of an identity provider, for which no other login is documented (facts-platform.md 3).
        """
        found, run = super().settings(params, variables)
        return (dataclasses.replace(found, dialect="iso") if found.dialect == "auto" else found), run
