# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Create, update, enable or disable a password in MySafe."""

from __future__ import annotations

import typing as t

from ..client.connect import Client
from .mysafe_items import PASSWORD, item_spec, run_item
from .results import Params, Result

NOUN = PASSWORD.noun
SPEC: dict[str, t.Any] = item_spec(PASSWORD)
RULES: dict[str, t.Any] = {"required_one_of": [("id", "name")]}


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Bring about the state of the task and return its result."""
    return run_item(PASSWORD, client, params, check_mode)
