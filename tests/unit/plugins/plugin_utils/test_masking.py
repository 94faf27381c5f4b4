# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-core is told about secrets, where it wants to know."""

from __future__ import annotations

import base64
import urllib.parse
from collections.abc import Iterable

import pytest

from ansible_collections.community.senhasegura.plugins.plugin_utils import masking

SECRET = "s3cret/with 'quotes' & é"


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    found: set[str] = set()

    def register_secrets(values: Iterable[str], /) -> None:
        found.update(values)

    monkeypatch.setattr(masking, "register_secrets", register_secrets)
    return found


def test_a_secret_is_registered_in_each_form_in_which_it_may_turn_up(registered: set[str]) -> None:
    masking.register([SECRET])
    assert {SECRET, urllib.parse.quote(SECRET, safe="")} <= registered
    # Of base64, what does not depend on what stands around it: all but the last characters.
    for before in ("", "a", "ab"):
        text = base64.b64encode(f"{before}{SECRET}".encode()).decode()
        assert any(form in text for form in registered if len(form) >= len(text) - 8)


@pytest.mark.parametrize("value", ["", "abc", None, 7, ["nested"], {"a": "dict"}])
def test_what_is_no_text_or_too_short_to_be_masked_is_left_out(registered: set[str], value: object) -> None:
    masking.register([value])
    assert registered == set()


def test_nothing_happens_where_ansible_core_does_not_want_to_know(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "register_secrets", None)
    masking.register([SECRET])
