# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The implementation of the rotations: as it is, as it was in a revision, or with a mistake put into its source (a mutant)."""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import io
import subprocess
import sys
import tarfile
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from workspace import CACHE, ROOT

_PACKAGE = "ansible_collections.community.senhasegura.plugins.plugin_utils.rotation"
_PLACE = Path("plugins", "plugin_utils", "rotation")
FOLDER = ROOT / _PLACE
# The commit at which the faults of issue 11 were measured.
BASE = "55b64b2"
# One module for all: the tests compare what these hold (Result, Verdict), or they have nothing to do with the protocols.
_SHARED = {
    "login",
    "target",
    "reach",
    "action",
    "by_vault",
    "policy",
}
# What is there at once, where the source has it.
_ALWAYS = (
    "calls",
    "pair",
    "steps",
    "password",
    "records",
    "key",
    "driver",
    "hashing",
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
    """Fresh modules of the implementation, by their names, with some edits in their source.

    ``folder`` has the source; old_folder() gives that of a revision. Modules that are asked for first later are loaded
    then, beside those that are there already.
    """

    def __init__(self, *edits: Edit, folder: Path = FOLDER) -> None:
        self.modules: dict[str, types.ModuleType] = {}
        self._edits, self._folder = edits, folder
        self._load(name for name in _ALWAYS if self._path(name).exists())
        self.calls, self.steps, self.driver = (self.modules[name] for name in ("calls", "steps", "driver"))
        self.records, self.state, self.commands = (
            self.modules[name] for name in ("records", "on_host.state", "on_host.commands")
        )

    def edited(self, *edits: Edit) -> Code:
        """The same with more edits."""
        return Code(*self._edits, *edits, folder=self._folder)

    def __getattr__(self, name: str) -> types.ModuleType:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.module(name)

    def has(self, name: str) -> bool:
        """Whether this source has such a module."""
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
        return self._folder.joinpath(*name.split(".")).with_suffix(".py")

    def _load(self, names: Iterator[str] | Sequence[str]) -> None:
        with _forgotten(self._folder) as forget:
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
def _forgotten(folder: Path) -> Iterator[_Modules]:
    """Python knows nothing of the files meanwhile, neither as modules nor as attributes of their packages."""
    files = {path.relative_to(root) for root in (folder, FOLDER) for path in root.rglob("*.py")}
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


def old_folder(revision: str = BASE) -> Path:
    """The folder of the rotations as it was in a revision, below .cache. Raises RuntimeError where git does not have it."""
    into = CACHE / "code" / revision
    if not (into / _PLACE).is_dir():
        archive = subprocess.run(
            ["git", "archive", revision, "--", str(_PLACE)], cwd=ROOT, capture_output=True, check=False
        )
        if archive.returncode:
            raise RuntimeError(f"git has no revision {revision} here: fetch the whole history (git fetch --unshallow)")
        into.mkdir(parents=True, exist_ok=True)
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
            files.extractall(into, filter="data")
    return into / _PLACE
