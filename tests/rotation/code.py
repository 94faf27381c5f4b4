# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The implementation of the rotations, as it is or with a mistake put into its source (a mutant)."""

from __future__ import annotations

import contextlib
import importlib
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass

from workspace import ROOT

_PACKAGE = "ansible_collections.community.senhasegura.plugins.plugin_utils.rotation"
FOLDER = ROOT / "plugins" / "plugin_utils" / "rotation"
# Each stands after those that it imports. What is not here stays as it is.
_FILES = (
    "calls",
    "pair",
    "steps",
    "password",
    "records",
    "key",
    "driver",
    "on_host.state",
    "on_host.password",
    "on_host.authorized_keys",
    "on_host.key",
    "on_host.commands",
)


@dataclass(frozen=True)
class Edit:
    """Replace a text that stands exactly once in a file."""

    file: str
    old: str
    new: str


class Code:
    """Fresh modules of the implementation, by their names, with some edits in their source."""

    def __init__(self, *edits: Edit) -> None:
        self.modules: dict[str, types.ModuleType] = {}
        with _forgotten():
            for name in _FILES:
                self.modules[name] = _load(name, [edit for edit in edits if edit.file == name])
        self.calls, self.steps, self.driver = (self.modules[name] for name in ("calls", "steps", "driver"))
        self.records, self.state, self.commands = (
            self.modules[name] for name in ("records", "on_host.state", "on_host.commands")
        )

    def __getattr__(self, name: str) -> types.ModuleType:
        return self.modules[name]


@contextlib.contextmanager
def _forgotten() -> Iterator[None]:
    """Python knows nothing of the files meanwhile, neither as modules nor as attributes of their packages."""
    places = [(name, *f"{_PACKAGE}.{name}".rpartition(".")[::2]) for name in _FILES]
    packages = {package: importlib.import_module(package) for _name, package, _own in places}
    modules = {name: sys.modules.pop(f"{_PACKAGE}.{name}", None) for name in _FILES}
    attributes = {(package, own): vars(packages[package]).pop(own, None) for _name, package, own in places}
    try:
        yield
    finally:
        for name, module in modules.items():
            sys.modules.pop(f"{_PACKAGE}.{name}", None)
            if module is not None:
                sys.modules[f"{_PACKAGE}.{name}"] = module
        for (package, own), module in attributes.items():
            vars(packages[package]).pop(own, None)
            if module is not None:
                setattr(packages[package], own, module)


def _load(name: str, edits: list[Edit]) -> types.ModuleType:
    path = FOLDER.joinpath(*name.split(".")).with_suffix(".py")
    source = path.read_text()
    for edit in edits:
        if source.count(edit.old) != 1:
            raise ValueError(f"{edit.old!r} stands {source.count(edit.old)} times in {path.name}, not once")
        source = source.replace(edit.old, edit.new)
    full_name = f"{_PACKAGE}.{name}"
    module = sys.modules[full_name] = types.ModuleType(full_name)
    module.__file__ = str(path)
    module.__package__ = full_name.rpartition(".")[0]
    exec(compile(source, str(path), "exec"), module.__dict__)
    return module
