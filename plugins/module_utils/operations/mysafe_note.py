# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Create, update, enable or disable a note in MySafe."""

from __future__ import annotations

import typing as t

from ..client.connect import Client
from ..errors import ConfigError
from ..mysafe_models import LONGEST_NOTE
from .mysafe_items import NOTE, item_spec, run_item
from .results import Params, Result

NOUN = NOTE.noun
SPEC: dict[str, t.Any] = item_spec(NOTE)
RULES: dict[str, t.Any] = {"required_one_of": [("id", "name")]}


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Bring about the state of the task and return its result."""
    if params["note"] is not None and len(params["note"]) > LONGEST_NOTE:
        raise ConfigError(
            f"note must have {LONGEST_NOTE} characters at most", hint="Give less, or make several notes"
        ).with_context(option="note")
    return run_item(NOTE, client, params, check_mode)
