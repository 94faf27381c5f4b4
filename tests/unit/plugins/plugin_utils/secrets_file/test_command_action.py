# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a command prints is shown without the values that it got."""

from __future__ import annotations

import base64
import json
import shlex
import urllib.parse
from typing import Any

import pytest
from secrets_files.values import AWKWARD

from ansible_collections.community.senhasegura.plugins.plugin_utils.secrets_file import command_action

VALUES = {label: value for label, value in AWKWARD.items() if value.strip()}


@pytest.mark.parametrize("label", VALUES)
def test_a_value_is_masked_in_each_form(label: str) -> None:
    value = VALUES[label]
    mask = command_action.Mask([value])
    for text in (
        value,
        f"x{value}y",
        repr([value]) if len(value) < 6 else value,
        json.dumps(value),
        shlex.quote(value),
    ):
        if value in text or len(value) >= 6:
            assert value not in mask(text), label
    if len(value) >= 6:
        assert json.dumps(value)[1:-1] not in mask(json.dumps(value))
        assert base64.b64encode(value.encode()).decode().rstrip("=") not in mask(
            base64.b64encode(value.encode()).decode()
        )
        assert urllib.parse.quote(value, safe="") not in mask(urllib.parse.quote(value, safe="")) or value.isalnum()


def test_lines_and_short_values_are_masked_and_other_text_is_not() -> None:
    mask = command_action.Mask(["first-line\nsecond-line\n", "on", ""])
    assert mask("second-line of on: it goes") == "******** of ********: it goes"
    assert mask("nothing here") == "nothing here"
    assert command_action.Mask([])("as it is") == "as it is"


def test_a_value_that_holds_another_is_masked_as_a_whole() -> None:
    assert command_action.Mask(["secret", "secret-and-more"])("secret-and-more") == "********"


@pytest.mark.parametrize("keep", [True, False])
def test_the_environment(keep: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENHASEGURA_CLIENT_SECRET", "client")
    monkeypatch.setenv("OTHER", "other")
    found: dict[str, Any] = command_action._environment({"A": "1", "PATH_OF": "2"}, keep)
    assert "SENHASEGURA_CLIENT_SECRET" not in found and "PATH" in found and found["A"] == "1"
    assert ("OTHER" in found) is keep
