# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file of an export: the same vault makes the same file, and nothing in it is a template."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader

from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError
from ansible_collections.community.senhasegura.plugins.plugin_utils.vault_file import to_text, write

HOSTILE = "{{ lookup('pipe', 'touch owned') }}"
VAULT = {
    "devices": [{"hostname": name, "tags": ["on", "1e3", "é\n'\""]} for name in ("web01", HOSTILE, "{% raw %}", "{# x")]
}


def test_it_is_written_once(tmp_path: Path) -> None:
    path = tmp_path / "vault.yml"
    assert write(str(path), VAULT, check_mode=True)[0]
    assert not path.exists()
    changed, difference = write(str(path), VAULT, check_mode=False)
    assert changed
    assert (difference["before"], difference["after"]) == ("", path.read_text())
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert write(str(path), VAULT, check_mode=False) == (False, {})
    path.write_text("other")
    assert write(str(path), VAULT, check_mode=True)[1]["before"] == "other"
    assert path.read_text() == "other"
    assert [one.name for one in tmp_path.iterdir()] == ["vault.yml"]


def test_ansible_loads_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "vault.yml"
    write(str(path), VAULT, check_mode=False)
    assert DataLoader().load_from_file(str(path)) == {"senhasegura_vault": VAULT}


def test_what_looks_like_a_template_is_marked() -> None:
    assert to_text(VAULT).count("!unsafe") == 3


def test_a_link_and_a_folder_that_is_not_there_are_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "other")
    for path in ("link", "nowhere/vault.yml"):
        with pytest.raises(ConfigError, match=r"the export cannot be written: .*(link|nowhere)") as caught:
            write(str(tmp_path / path), VAULT, check_mode=False)
        assert caught.value.context.option == "dest"
