# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: leak_faults
type: aggregate
short_description: Makes functions of the collection raise exceptions that quote secrets
description:
  - Patches the functions that E(LEAKS_FAULTS) lists, in the controller, so that the workers forked from it have them.
  - A plugin call meets the fault whose name is in the name of its C(config_file), and no other.
  - The broker of the run is started by C(tests/leaks/broker.py), which does the same there.
  - With C(debug) in it, also makes the libraries log and print as much as they can.
"""

import functools
import http.client
import json
import logging
import os
import sys
import types
import typing as t

from ansible.plugins.callback import CallbackBase

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class _Chosen:
    """The fault of the plugin call that runs in this worker."""

    name = ""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "leak_faults"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_start(self, playbook: t.Any) -> None:
        sys.path.append(HERE)
        import planting

        with open(os.environ["LEAKS_FAULTS"], encoding="utf-8") as file:
            plan = json.load(file)
        action = planting.load("plugins.plugin_utils.vault_action:SenhaseguraAction")
        lookup = planting.load("plugins.plugin_utils.vault_lookup:VaultLookup")
        action.run = _choosing(action.run, lambda self, *_arguments, **_named: self._task.args)
        lookup.run = _choosing(lookup.run, lambda self, _terms, _variables=None, **options: options)
        planting.plant(plan["faults"], plan["text"], lambda: _Chosen.name)
        startup = planting.load("plugins.plugin_utils.broker.startup")
        os.environ["LEAKS_BROKER"] = startup.server.__file__
        startup.server = types.SimpleNamespace(**{**vars(startup.server), "__file__": f"{HERE}/broker.py"})
        if plan.get("debug"):
            logging.getLogger().setLevel(logging.DEBUG)
            http.client.HTTPConnection.debuglevel = 1
        # Ansible goes on after an error in a callback.
        with open(os.path.join(os.environ["LEAKS_RECORD"], "armed"), "w", encoding="utf-8"):
            pass


def _choosing(run: t.Callable[..., t.Any], options: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
    """``run``, which also notes which fault a call asks for by its options."""

    @functools.wraps(run)
    def noting(*arguments: t.Any, **named: t.Any) -> t.Any:
        logging.getLogger(__name__).debug("a plugin is called")
        name, _dot, _extension = os.path.basename(str(options(*arguments, **named).get("config_file"))).rpartition(".")
        _Chosen.name = name
        return run(*arguments, **named)

    return noting
