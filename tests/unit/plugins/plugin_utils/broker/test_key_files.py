# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private keys under paths. test_key_without_file.py has them in earnest."""

from __future__ import annotations

import importlib.util
import os
import stat
import typing as t
from pathlib import Path

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils import keypair
from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError
from ansible_collections.community.senhasegura.plugins.module_utils.operations.lookup import PLACEHOLDER
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker import key_files

PASSPHRASE = "pass-phrase-of-a-key"
AS_FILE = {"as_file": True, "field": None, "return_format": "value"}


@pytest.fixture
def look_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> t.Callable[..., t.Any]:
    """look_up(values that the client finds) -> what is handed out"""
    made = key_files.Files(str(tmp_path), b"key of the run")

    def look_up(*values: t.Any) -> list[t.Any]:
        monkeypatch.setattr(key_files, "look_up", lambda *_: (list(values), [], []))
        return made.look_up("ssh_key", t.cast(t.Any, None), ["x"], AS_FILE)[0]

    return look_up


def pair(private_key: str, passphrase: str | None = None) -> dict[str, t.Any]:
    return {"private_key": private_key, "passphrase": passphrase}


def test_a_key_has_one_path_for_its_user_alone(look_up: t.Callable[..., t.Any]) -> None:
    first, second = (keypair.generate().private_key for _number in range(2))
    paths = look_up(pair(first), pair(second), pair(first))
    assert paths[0] == paths[2] != paths[1]
    assert look_up(pair(first)) == paths[:1]
    for path, text in zip(paths, (first, second), strict=False):
        assert Path(path).read_text() == Path(path).read_text() == text
        assert (os.stat(path).st_mode & 0o777, os.stat(path).st_uid) == (0o600, os.getuid())
        assert os.readlink(path).startswith("/memfd:")


@pytest.mark.skipif(not importlib.util.find_spec("bcrypt"), reason="keys with a passphrase need bcrypt")
def test_it_has_no_passphrase(look_up: t.Callable[..., t.Any]) -> None:
    made = keypair.generate(passphrase=PASSPHRASE)
    (path,) = look_up(pair(made.private_key, PASSPHRASE))
    assert keypair.public_key_of(Path(path).read_text()) == made.public_key


def test_options_that_exclude_a_file_are_refused(tmp_path: Path) -> None:
    made = key_files.Files(str(tmp_path), b"key of the run")
    with pytest.raises(ConfigError, match="as_file cannot be combined with field or return_format"):
        made.look_up("ssh_key", t.cast(t.Any, None), ["x"], {**AS_FILE, "field": "username"})


def test_what_is_no_key_stays_what_it_is(look_up: t.Callable[..., t.Any]) -> None:
    assert look_up(pair(PLACEHOLDER), "a default", None) == [PLACEHOLDER, "a default", None]


def refuse(*_arguments: t.Any) -> int:
    raise OSError


@pytest.mark.parametrize("missing", ["memfd", "the call", "/proc"])
def test_without_files_in_memory_it_is_a_file_of_the_run(
    look_up: t.Callable[..., t.Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, missing: str
) -> None:
    if missing == "memfd":
        monkeypatch.delattr(os, "memfd_create")
    elif missing == "the call":
        monkeypatch.setattr(os, "memfd_create", refuse)
    else:
        exists = os.path.exists
        monkeypatch.setattr(os.path, "exists", lambda path: not str(path).startswith("/proc/") and exists(path))
    text = keypair.generate().private_key
    before = os.umask(0o777)
    try:
        (path,) = look_up(pair(text))
    finally:
        os.umask(before)
    assert Path(path).parent == tmp_path
    assert Path(path).read_text() == text
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    # The name says nothing of the key, and is the same for all workers of the run.
    assert key_files.Files(str(tmp_path), b"key of the run", memory=False).path(text) == path
    assert key_files.Files(str(tmp_path), b"key of another", memory=False).path(text) != path
    # What clean_up of server.py removes.
    assert {entry.name.rpartition("-")[0] for entry in tmp_path.iterdir()} == {"senhasegura-key"}


def test_a_worker_that_ends_before_the_run_makes_a_file(tmp_path: Path) -> None:
    path = key_files.Files(str(tmp_path), b"key", memory=False).path("text")
    assert Path(path).parent == tmp_path


def test_without_room_for_it_the_error_names_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="as_file cannot write .*not-there .*ANSIBLE_LOCAL_TEMP") as caught:
        key_files.Files(str(tmp_path / "not-there"), b"key", memory=False).path("text")
    assert caught.value.context.option == "as_file"
    assert "broker=false" not in str(caught.value)
