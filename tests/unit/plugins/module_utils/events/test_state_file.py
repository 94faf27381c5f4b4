# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state file: private, whole or the old one, for one source at a time, and never a reason to say nothing."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError
from ansible_collections.community.senhasegura.plugins.module_utils.events.state_file import (
    StateFile,
    default_path,
    owner_of,
)
from ansible_collections.community.senhasegura.plugins.module_utils.events.watch import Remembered
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.support import settings

MEMORY = {
    "7": Remembered("2027-01-10 08:00:00", "abc", "2027-01-11 08:00:00", 5.0, "x", "y", {"expired": ("x", 6.5)}, 7.0),
    "8": Remembered(),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "eda.json"


def test_what_was_saved_is_loaded(path: Path) -> None:
    file = StateFile(str(path), "me")
    assert not file.exists()
    assert file.load() == ({}, "")
    file.save(MEMORY)
    file.close()
    again = StateFile(str(path), "me")
    assert again.load() == (MEMORY, "")
    again.close()


def test_the_files_are_private(path: Path) -> None:
    umask = os.umask(0)
    try:
        file = StateFile(str(path), "me")
        file.save(MEMORY)
        file.close()
    finally:
        os.umask(umask)
    modes = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in path.parent.iterdir()}
    assert modes == {"eda.json": 0o600, "eda.json.lock": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_one_source_at_a_time(path: Path) -> None:
    file = StateFile(str(path), "me")
    with pytest.raises(ConfigError, match="another event source uses"):
        StateFile(str(path), "me")
    file.close()
    StateFile(str(path), "me").close()


def test_the_file_of_another_client_is_refused(path: Path) -> None:
    file = StateFile(str(path), "me")
    file.save(MEMORY)
    file.close()
    other = StateFile(str(path), "somebody else")
    with pytest.raises(ConfigError, match="belongs to another server or client"):
        other.load()
    other.close()
    assert path.exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"version":2,"owner":"me","entries":{}}',
        '{"version":1,"owner":"me","entries":{"7":{"reported":{"a":1}}}}',
        "\x00",
        "[" * 100_000,
    ],
)
def test_a_damaged_file_is_put_aside(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    file = StateFile(str(path), "me")
    memory, warning = file.load()
    file.close()
    assert memory == {}
    assert "damaged" in warning
    assert path.with_name("eda.json.damaged").read_text() == text


def test_a_file_is_written_when_there_is_something_new(path: Path) -> None:
    file = StateFile(str(path), "me")
    file.save(MEMORY)
    first = path.stat().st_ino
    file.save(MEMORY)
    assert path.stat().st_ino == first
    file.save({})
    assert path.stat().st_ino != first
    path.unlink()
    file.save({})
    assert path.exists()
    file.close()


def test_links_are_not_followed(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    (tmp_path / "other").write_text("x")
    path.symlink_to(tmp_path / "other")
    file = StateFile(str(path), "me")
    with pytest.raises(ConfigError, match="it is a link"):
        file.load()
    # Saving puts a file in its place.
    file.save(MEMORY)
    file.close()
    assert (tmp_path / "other").read_text() == "x"
    assert not path.is_symlink()


def test_what_a_killed_process_has_left_is_replaced(path: Path) -> None:
    file = StateFile(str(path), "me")
    path.with_name("eda.json.new").write_text("half")
    file.save(MEMORY)
    file.close()
    assert json.loads(path.read_text())["version"] == 1
    assert not path.with_name("eda.json.new").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="state file .* cannot be used"):
        StateFile(str(tmp_path / "file" / "eda.json"), "me")


def test_each_client_has_a_file_of_its_own() -> None:
    paths = {
        default_path(settings(url=url, tenant=tenant), {"XDG_STATE_HOME": "/state"})
        for url in ("https://a", "https://b")
        for tenant in ("x", "y")
    }
    assert len(paths) == 4
    assert all(path.startswith("/state/community.senhasegura/eda-") for path in paths)
    assert settings().secrets()[0] not in owner_of(settings())
