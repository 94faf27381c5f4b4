# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test what the base class of the lookups imports from bytecode, and what it leaves to others."""

from __future__ import annotations

import importlib.util
import pathlib
import sys

import pytest

from ansible_collections.community.senhasegura.plugins.plugin_utils import vault_lookup

FOLDER = pathlib.Path(vault_lookup.__file__).parent
UTILS = vault_lookup.__name__.rpartition(".")[0]


def test_files_of_the_collection_come_from_bytecode() -> None:
    spec = vault_lookup.BytecodeFinder.find_spec(f"{UTILS}.lookup_fallback", [str(FOLDER)])
    assert spec is not None
    assert spec.origin == str(FOLDER / "lookup_fallback.py")
    assert spec.cached == importlib.util.cache_from_source(spec.origin)


@pytest.mark.parametrize(
    "name", ["json", "ansible.errors", f"{UTILS}.nothing", f"{UTILS}.broker", UTILS.replace("plugin_utils", "action")]
)
def test_all_else_is_left_to_others(name: str) -> None:
    assert vault_lookup.BytecodeFinder.find_spec(name, [str(FOLDER)]) is None
    assert vault_lookup.BytecodeFinder.find_spec(name) is None


def test_imports_are_afterwards_as_they_were() -> None:
    found: list[list[object]] = []

    class Templar:
        @property
        def template(self) -> object:
            found.append(sys.meta_path[:1])
            raise ZeroDivisionError

    class Lookup(vault_lookup.VaultLookup):
        name = "password"

    before = list(sys.meta_path)
    with pytest.raises(ZeroDivisionError):
        Lookup(templar=Templar()).run(["x"])
    assert found == [[vault_lookup.BytecodeFinder]]
    assert sys.meta_path == before
