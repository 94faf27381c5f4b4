# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes functions of the collection raise exceptions that quote secrets. Used in the controller and in the broker."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping
from typing import Any

COLLECTION = "ansible_collections.community.senhasegura."


def load(place: str) -> Any:
    """What MODULE:PATH names, with modules of the collection."""
    module, _colon, path = place.partition(":")
    found = importlib.import_module(COLLECTION + module)
    for part in filter(None, path.split(".")):
        found = getattr(found, part)
    return found


def plant(faults: Mapping[str, Mapping[str, str]], text: str, chosen: Callable[[], str]) -> None:
    """Patch the functions. ``chosen`` tells which fault the present call of a plugin shall meet."""
    for name, fault in faults.items():
        for place in fault["at"].split():
            _replace(place, name, fault["raises"], text, chosen)


def _replace(place: str, name: str, raises: str, text: str, chosen: Callable[[], str]) -> None:
    owner_path, _dot, attribute = place.rpartition("." if "." in place.partition(":")[2] else ":")
    owner = load(owner_path)
    original = getattr(owner, attribute)

    @functools.wraps(original)
    def exploding(*args: Any, **kwargs: Any) -> Any:
        if chosen() == name:
            raise _exception(raises, text) from ValueError(text)
        return original(*args, **kwargs)

    setattr(owner, attribute, exploding)


def _exception(name: str, text: str) -> Exception:
    module, _dot, kind = name.rpartition(".")
    error = getattr(importlib.import_module(module or "builtins"), kind)
    return error("utf-8", text.encode(), 0, 1, text) if error is UnicodeDecodeError else error(text)
