# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How users name things, and how such a name becomes part of a path."""

from __future__ import annotations

import re
import typing as t
import urllib.parse

import pytest

hypothesis = pytest.importorskip("hypothesis")
from hypothesis import strategies as st  # noqa: E402

from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError  # noqa: E402
from ansible_collections.community.senhasegura.plugins.module_utils.references import (  # noqa: E402
    Reference,
    fill_path,
    parse_reference,
)
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.hostile import NAMES  # noqa: E402


@pytest.mark.parametrize(
    ("text", "is_id", "account", "path_safe"),
    [
        ("7", True, None, True),
        ("0", True, None, True),
        ("1" * 19, True, None, True),
        ("1" * 20, False, None, True),
        ("web-root", False, None, True),
        ("_x", False, None, True),
        ("a.b-c_d", False, None, True),
        ("root@web01", False, ("root", "web01"), True),
        ("root@web01.example.com", False, ("root", "web01.example.com"), True),
        ("a@b@web01", False, ("a@b", "web01"), False),
        ("DOMAIN\\root@web01", False, ("DOMAIN\\root", "web01"), False),
        ("r oot@web01", False, ("r oot", "web01"), False),
        ("@web01", False, None, False),
        ("root@", False, None, True),
        ("-x", False, None, False),
        (".x", False, None, False),
        ("..", False, None, False),
        ("7\n", False, None, False),
        ("٣", False, None, False),
        ("é", False, None, False),
        ("a" * 255, False, None, True),
        ("a" * 256, False, None, False),
    ],
)
def test_reference(text: str, is_id: bool, account: tuple[str, str] | None, path_safe: bool) -> None:
    ref = Reference(text)
    assert (ref.is_id, ref.account, ref.path_safe) == (is_id, account, path_safe)
    assert str(ref) == text


@pytest.mark.parametrize(
    ("value", "expected"),
    [("web-root", "web-root"), (7, "7"), (0, "0"), ("  7 ", "7"), ("DOMÍNIO\\raíz@web01", "DOMÍNIO\\raíz@web01")],
)
def test_parse_reference(value: t.Any, expected: str) -> None:
    assert parse_reference(value).text == expected


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        " ",
        "\n",
        True,
        False,
        1.0,
        b"7",
        [],
        ["7"],
        {},
        "a\nb",
        "a\x00",
        "\x1b[0m",
        "\u202e",
        "\udcff",
        "a" * 511,
    ],
)
def test_what_can_be_no_name(value: t.Any) -> None:
    with pytest.raises(ConfigError, match="id must be an id") as caught:
        parse_reference(value, option="id")
    assert caught.value.context.option == "id"
    if isinstance(value, str) and len(value) > 5:
        assert value not in str(caught.value)


def test_there_are_enough_hostile_names() -> None:
    assert len(NAMES) >= 600
    assert len(set(NAMES)) == len(NAMES)


def test_a_path_has_as_many_parts_as_its_template() -> None:
    taken = 0
    for name in NAMES:
        try:
            path = fill_path("/iso/pam/credential/{ref}", ref=name)
        except ConfigError as exc:
            error = exc
            assert "part of a path" in str(error), name
            assert error.hint
        else:
            taken += 1
            _check(path, name)
    assert 0 < taken < len(NAMES) / 4


def _check(path: str, name: str) -> None:
    assert re.fullmatch(r"/iso/pam/credential/[A-Za-z0-9_][A-Za-z0-9._%-]*", path)
    assert urllib.parse.unquote(path.removeprefix("/iso/pam/credential/")) == name
    assert "%" not in path.replace("%40", "")


@hypothesis.given(st.text() | st.text(st.sampled_from("./\\%2e2f;@1a-_ ")))
def test_paths_of_arbitrary_names(name: str) -> None:
    try:
        path = fill_path("/iso/pam/credential/{ref}", ref=name)
    except ConfigError:
        assert not Reference(name).path_safe or name.count("@") > 1
    else:
        _check(path, name)
