# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of an exception that nobody expected."""

from __future__ import annotations

from ansible_collections.community.senhasegura.plugins.plugin_utils.failure import describe

CANARY = "Canary-1234-abcd"


def test_class_and_place_are_named_and_the_message_is_not() -> None:
    text = ""
    try:
        raise RuntimeError(CANARY)
    except RuntimeError as error:
        text = describe(error)
    assert text.startswith("unexpected RuntimeError at ")
    assert "test_failure.py:" in text
    assert "report" in text
    assert CANARY not in text


def test_an_exception_that_was_never_raised_has_no_place() -> None:
    assert describe(KeyError(CANARY)).startswith("unexpected KeyError; its message is withheld")
