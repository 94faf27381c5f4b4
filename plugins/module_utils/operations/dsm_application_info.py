# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tell which DSM application the client belongs to."""

from __future__ import annotations

import typing as t

from ..client.connect import Client
from ..settings.options import argument_spec
from .results import Params, Result

NOUN = "DSM application"
SPEC: dict[str, t.Any] = argument_spec()
RULES: dict[str, t.Any] = {}


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Return the application of the client. It is read without the values of its secrets."""
    own = client.applications.own()
    return {"changed": False, "application": own.public() if own else None}
