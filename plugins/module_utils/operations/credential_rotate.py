# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Have the server change the password of a credential."""

from __future__ import annotations

import typing as t

from ..client.connect import Client
from ..plan import Plan
from ..references import parse_reference
from ..settings.options import argument_spec
from ..specs import WAITING
from .apply import do_or_predict
from .parameters import wait_options
from .results import Params, Result

NOUN = "credential"
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    **WAITING,
    "credential": {"type": "str", "required": True, "no_log": False},
    "wait": {"type": "bool", "default": True},
}
RULES: dict[str, t.Any] = {}


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Change the password and return when it was changed. Raises Refused if the server cannot change it."""
    ref, pace = parse_reference(params["credential"], option="credential"), wait_options(params)
    before = client.credentials.rotatable(ref)
    after = do_or_predict(check_mode, lambda: client.credentials.rotate(ref, **pace, before=before), lambda: before)
    seen = None if after.changed_at == before.changed_at else after.changed_at
    plan = Plan("update", {"changed_at": before.changed_at}, {"changed_at": seen})
    return {
        **plan.result(),
        "credential": {**after.public(), "changed_at": seen, "previous_changed_at": before.changed_at},
    }
