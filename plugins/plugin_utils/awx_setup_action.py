# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action behind the module awx_setup."""

from __future__ import annotations

import pathlib
import typing as t

import yaml

from ..module_utils.awx.composition import needed_files
from ..module_utils.operations import awx_setup
from ..module_utils.operations.results import Params, Result
from .vault_action import SenhaseguraAction

# Of this collection, wherever it is installed.
_FILES = pathlib.Path(__file__).parents[2] / "extensions" / "awx"


class AwxSetupAction(SenhaseguraAction):
    """Talk to AWX from this process. The broker is for senhasegura, which this task does not need."""

    operation = awx_setup
    spec, rules, thing = awx_setup.SPEC, awx_setup.RULES, awx_setup.NOUN

    def without_server(self, params: Params, variables: dict[str, t.Any], check_mode: bool) -> Result:
        """Do the whole task."""
        files = {name: load(name) for name in needed_files(params)}
        return awx_setup.run(awx_setup.connect(params), params, check_mode, files)


def load(name: str) -> dict[str, t.Any]:
    """Return the content of a file of extensions/awx, by its name without ending."""
    document: dict[str, t.Any] = yaml.safe_load((_FILES / f"{name}.yml").read_text(encoding="utf-8"))
    return document
