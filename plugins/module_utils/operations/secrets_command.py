# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read DSM secrets for the environment of a command. The action runs it, on the controller."""

from __future__ import annotations

import typing as t

from ..client.connect import Client
from ..secrets_file.formats import FORMATS, refuse_unfit
from ..settings.options import argument_spec
from . import secret_selection
from .results import Params, Result

NOUN = "DSM secret"
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    **secret_selection.SPEC,
    "argv": {"type": "list", "elements": "str"},
    "cmd": {"type": "str"},
    "chdir": {"type": "path"},
    "stdin": {"type": "str", "no_log": False},
    "command_timeout": {"type": "float"},
    "keep_environment": {"type": "bool", "default": True},
}
RULES: dict[str, t.Any] = {"mutually_exclusive": [["argv", "cmd"]], "required_one_of": [["argv", "cmd"]]}
# What the result has for the action alone.
ENTRIES = "entries"


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Return the variables for the command. Check mode makes no difference. Raises Refused for what none can hold."""
    chosen = secret_selection.select(client, params)
    # An environment holds what a shell can read from a file.
    refuse_unfit(FORMATS["posix"], chosen.entries)
    return {
        "changed": True,
        "names": list(chosen.entries),
        ENTRIES: chosen.entries,
        "warnings": chosen.warnings,
    }
