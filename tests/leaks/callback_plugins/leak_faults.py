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
  - With C(debug) in it, also makes the libraries log and print as much as they can.
"""

import functools
import http.client
import importlib
import json
import logging
import os
import typing as t

from ansible.plugins.callback import CallbackBase

COLLECTION = "ansible_collections.community.senhasegura."


class _Chosen:
    """The fault of the plugin call that runs in this worker."""

    name = ""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "leak_faults"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_start(self, playbook: t.Any) -> None:
        with open(os.environ["LEAKS_FAULTS"], encoding="utf-8") as file:
            plan = json.load(file)
        action = _load("plugins.plugin_utils.action:SenhaseguraAction")
        lookup = _load("plugins.plugin_utils.lookup:SenhaseguraLookup")
        _choose(action, lambda self, args, kwargs: self._task.args)
        _choose(lookup, lambda self, args, kwargs: kwargs)
        for name, fault in plan["faults"].items():
            for place in fault["at"].split():
                _plant(name, place, fault["raises"], plan["text"])
        if plan.get("debug"):
            logging.getLogger().setLevel(logging.DEBUG)
            http.client.HTTPConnection.debuglevel = 1


def _load(place: str) -> t.Any:
    module, _colon, path = place.partition(":")
    found = importlib.import_module(module if module == "requests" else COLLECTION + module)
    for part in filter(None, path.split(".")):
        found = getattr(found, part)
    return found


def _choose(edge: t.Any, options: t.Callable[..., t.Any]) -> None:
    """Note which fault a call of ``run`` asks for."""
    run = edge.run

    @functools.wraps(run)
    def noting(self: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Any:
        _Chosen.name = os.path.basename(str(options(self, args, kwargs).get("config_file")))
        return run(self, *args, **kwargs)

    edge.run = noting


def _plant(name: str, place: str, raises: str, text: str) -> None:
    owner_path, _dot, attribute = place.rpartition("." if "." in place.partition(":")[2] else ":")
    owner = _load(owner_path)
    original = getattr(owner, attribute)

    @functools.wraps(original)
    def exploding(*args: t.Any, **kwargs: t.Any) -> t.Any:
        if _Chosen.name == name + ".yml":
            raise _exception(raises, text) from ValueError(text)
        return original(*args, **kwargs)

    setattr(owner, attribute, exploding)


def _exception(name: str, text: str) -> Exception:
    module, _dot, kind = name.rpartition(".")
    error = getattr(importlib.import_module(module or "builtins"), kind)
    return error("utf-8", text.encode(), 0, 1, text) if error is UnicodeDecodeError else error(text)
