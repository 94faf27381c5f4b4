# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private keys under paths. test_key_without_file.py has them in earnest."""

from __future__ import annotations

import importlib.util
import os
import typing as t
from pathlib import Path

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils import keypair
from ansible_collections.community.senhasegura.plugins.module_utils.client.lookups import PLACEHOLDER
from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker import files

PASSPHRASE = "pass-phrase-of-a-key"


@pytest.fixture
def look_up(monkeypatch: pytest.MonkeyPatch) -> t.Callable[..., t.Any]:
    """look_up(values that the client finds) -> what is handed out"""
    made = files.Files()

    def look_up(*values: t.Any) -> list[t.Any]:
        monkeypatch.setattr(files, "look_up", lambda *_: (list(values), [], []))
        return made.look_up("ssh_key", t.cast(t.Any, None), ["x"], {})[0]

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


def test_what_is_no_key_stays_what_it_is(look_up: t.Callable[..., t.Any]) -> None:
    assert look_up(pair(PLACEHOLDER), "a default", None) == [PLACEHOLDER, "a default", None]


def test_without_files_in_memory(look_up: t.Callable[..., t.Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: t.Any) -> int:
        raise OSError

    monkeypatch.setattr(os, "memfd_create", refuse)
    with pytest.raises(ConfigError, match="no files in memory"):
        look_up(pair("key"))
