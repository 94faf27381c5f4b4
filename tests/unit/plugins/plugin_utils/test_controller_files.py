# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of the controller that an option names."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError
from ansible_collections.community.senhasegura.plugins.plugin_utils.controller_files import read_text


def test_a_text_is_read(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "mapping.json"
    file.write_text("Grüße", encoding="utf-8")
    assert read_text(str(file), "mapping_file") == "Grüße"


@pytest.mark.parametrize(("content", "said"), [(None, "No such file"), (b"\xff hunter2", "must be UTF-8")])
def test_what_cannot_be_read_is_named_by_its_option(tmp_path: pathlib.Path, content: bytes | None, said: str) -> None:
    file = tmp_path / "mapping.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=f"the file of mapping_file cannot be read: .*{said}") as caught:
        read_text(str(file), "mapping_file")
    assert caught.value.context.option == "mapping_file"
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
