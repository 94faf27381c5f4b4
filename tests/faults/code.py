# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The implementation of the rotations: as it is, or with a mistake put into its source (a mutant)."""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from workspace import ROOT

_PACKAGE = "ansible_collections.community.senhasegura.plugins.plugin_utils.rotation"
FOLDER = ROOT / "plugins" / "plugin_utils" / "rotation"
# One module for all: the tests compare what these hold (LoginResult, Verdict), or they have nothing to do with the protocols.
_SHARED = {
    "login.probe",
    "login.command",
    "login.processes",
    "login.transcript",
    "host.host_connection",
    "rotation_action",
    "vault.server_side",
    "protocol.password_policy",
    "protocol.verdict",
}
# What is there at once. The tests use these by their names: code.effects, code.phases ...
_ALWAYS = (
    "protocol.effects",
    "protocol.run",
    "protocol.phases",
    "protocol.password",
    "protocol.password_job",
    "protocol.password_inspection",
    "vault.journal",
    "protocol.ssh_key",
    "protocol.ssh_key_job",
    "protocol.ssh_key_inspection",
    "driver",
    "login.password_hash",
    "host.on_host.machine",
    "host.on_host.user_state",
    "host.on_host.key_lines",
    "host.on_host.authorized_keys",
    "host.on_host.commands",
)


@dataclass(frozen=True)
class Edit:
    """Replace a text that stands exactly once in a file."""

    file: str
    old: str
    new: str


class Code:
    """Fresh modules of the implementation, by their names, with some edits in their source.

    Modules that are asked for first later are loaded then, beside those that are there already.
    """

    def __init__(self, *edits: Edit) -> None:
        self.modules: dict[str, types.ModuleType] = {}
        self._edits = edits
        if missing := [edit.file for edit in edits if not self.has(edit.file)]:
            raise ValueError(f"there is no {', '.join(missing)} below {FOLDER}")
        self._load(_ALWAYS)
        for name in _ALWAYS:
            setattr(self, name.rpartition(".")[2], self.modules[name])

    def edited(self, *edits: Edit) -> Code:
        """The same with more edits."""
        return Code(*self._edits, *edits)

    def __getattr__(self, name: str) -> types.ModuleType:
        # Only for mypy: those of _ALWAYS are attributes.
        raise AttributeError(name)

    def has(self, name: str) -> bool:
        """Whether there is such a module."""
        return self._path(name).exists()

    def module(self, name: str) -> types.ModuleType:
        if name not in self.modules:
            if not self.has(name):
                raise AttributeError(name)
            self._load([name])
        return self.modules[name]

    def source(self, name: str) -> str:
        source = self._path(name).read_text()
        for edit in self._edits:
            if edit.file == name:
                if source.count(edit.old) != 1:
                    raise ValueError(f"{edit.old!r} stands {source.count(edit.old)} times in {name}, not once")
                source = source.replace(edit.old, edit.new)
        return source

    def _path(self, name: str) -> Path:
        return FOLDER.joinpath(*name.split(".")).with_suffix(".py")

    def _load(self, names: Sequence[str]) -> None:
        with _forgotten() as forget:
            for name, module in self.modules.items():
                forget.put(name, module)
            finder = _Finder(self)
            sys.meta_path.insert(0, finder)
            try:
                for name in names:
                    importlib.import_module(f"{_PACKAGE}.{name}")
            finally:
                sys.meta_path.remove(finder)
            self.modules.update(forget.present())


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the modules of the package from one source."""

    def __init__(self, code: Code) -> None:
        self._code = code

    def find_spec(self, fullname: str, path: object, target: object = None) -> importlib.machinery.ModuleSpec | None:
        name = fullname.removeprefix(f"{_PACKAGE}.")
        if name == fullname or name in _SHARED or not self._code.has(name):
            return None
        return importlib.machinery.ModuleSpec(fullname, self, origin=str(self._code._path(name)))

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        name = module.__name__.removeprefix(f"{_PACKAGE}.")
        path = str(self._code._path(name))
        module.__file__ = path
        exec(_compiled(self._code.source(name), path), module.__dict__)


@functools.cache
def _compiled(source: str, path: str) -> types.CodeType:
    return compile(source, path, "exec")


class _Modules:
    """What Python knows of the package meanwhile."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def put(self, name: str, module: types.ModuleType) -> None:
        full_name = f"{_PACKAGE}.{name}"
        package, _dot, own = full_name.rpartition(".")
        sys.modules[full_name] = module
        setattr(importlib.import_module(package), own, module)

    def present(self) -> dict[str, types.ModuleType]:
        return {name: sys.modules[f"{_PACKAGE}.{name}"] for name in self._names if f"{_PACKAGE}.{name}" in sys.modules}


@contextlib.contextmanager
def _forgotten() -> Iterator[_Modules]:
    """Python knows nothing of the files meanwhile, neither as modules nor as attributes of their packages."""
    files = {path.relative_to(FOLDER) for path in FOLDER.rglob("*.py")}
    names = sorted({".".join(path.with_suffix("").parts) for path in files} - _SHARED)
    places = [(name, *f"{_PACKAGE}.{name}".rpartition(".")[::2]) for name in names]
    packages = {package: importlib.import_module(package) for _name, package, _own in places}
    modules = {name: sys.modules.pop(f"{_PACKAGE}.{name}", None) for name in names}
    attributes = {(package, own): vars(packages[package]).pop(own, None) for _name, package, own in places}
    try:
        yield _Modules(names)
    finally:
        for name, module in modules.items():
            sys.modules.pop(f"{_PACKAGE}.{name}", None)
            if module is not None:
                sys.modules[f"{_PACKAGE}.{name}"] = module
        for (package, own), module in attributes.items():
            vars(packages[package]).pop(own, None)
            if module is not None:
                setattr(packages[package], own, module)
