# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""List API secrets in MySafe."""

from __future__ import annotations

import typing as t

from ..client.connect import Client
from .mysafe_items import API_SECRET, info_spec, list_items
from .results import Params, Result

NOUN = API_SECRET.noun
SPEC: dict[str, t.Any] = info_spec(API_SECRET)
RULES: dict[str, t.Any] = {}


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Return the items that fit. Reading them takes no custody, so check mode makes no difference."""
    return list_items(API_SECRET, client, params)
