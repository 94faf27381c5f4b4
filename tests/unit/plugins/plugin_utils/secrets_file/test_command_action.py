# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a command prints is shown without the values that it got."""

from __future__ import annotations

import base64
import json
import shlex
import textwrap
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
    assert value not in mask(f"x{value}y")
    forms = [json.dumps(value), shlex.quote(value), value.encode().hex(), urllib.parse.quote(value, safe="")]
    # As programs wrap it.
    forms += [textwrap.fill(base64.b64encode(b"x" * shift + value.encode()).decode(), 76) for shift in range(3)]
    for form in forms:
        left = mask(form)
        runs = {form[at : at + 12] for at in range(len(form) - 11)}
        # Twelve characters of base64 are nine of the value, and only its own are secret.
        own = len(value.encode()) > 11
        assert not own or not [run for run in runs if run in left and not run.startswith("eHh")], (label, form)


def test_lines_and_short_values_are_masked_and_other_text_is_not() -> None:
    mask = command_action.Mask(["first-line\nsecond-line\n", "on", ""])
    assert mask("second-line of on: it goes") == "******** of ********: it goes"
    assert mask("nothing here") == "nothing here"
    assert command_action.Mask([])("as it is") == "as it is"


def test_what_an_echo_has_changed_is_masked() -> None:
    """The echo of dash makes one character of what looks like an escape."""
    assert command_action.Mask(["first-half\\20second-half"])("is first-half\x10second-half .") == "is ******** ."


def test_a_value_that_holds_another_is_masked_as_a_whole() -> None:
    assert command_action.Mask(["secret", "secret-and-more"])("secret-and-more") == "********"


@pytest.mark.parametrize("keep", [True, False])
def test_the_environment(keep: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENHASEGURA_CLIENT_SECRET", "client")
    monkeypatch.setenv("OTHER", "other")
    found: dict[str, Any] = command_action._environment({"A": "1", "PATH_OF": "2"}, keep)
    assert "SENHASEGURA_CLIENT_SECRET" not in found and "PATH" in found and found["A"] == "1"
    assert ("OTHER" in found) is keep
