# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Give the custody of a credential back."""

from __future__ import annotations

import typing as t

from ..client.connect import Client
from ..plan import Plan
from ..references import parse_reference
from ..settings.options import argument_spec
from .apply import do_or_predict
from .results import Params, Result

NOUN = "credential"
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    "credential": {"type": "str", "required": True, "no_log": False},
    "state": {"type": "str", "choices": ["released"], "default": "released"},
    "allow_vault_rotation": {"type": "bool", "default": False},
}
RULES: dict[str, t.Any] = {}


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Release the credential and return whether this client had its custody."""
    ref = parse_reference(params["credential"], option="credential")
    allowed = params["allow_vault_rotation"]
    released = do_or_predict(
        check_mode,
        lambda: client.credentials.release(ref, allow_vault_rotation=allowed),
        # What is not listed is inactive or not there, and so in nobody's custody.
        lambda: client.credentials.releasable(ref, allow_vault_rotation=allowed) is not None,
    )
    return Plan("update", {"in_custody": True}, {"in_custody": False}).result(changed=released)
