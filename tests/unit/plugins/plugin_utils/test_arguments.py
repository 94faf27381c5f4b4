# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of plugins are checked, and no message shows a value."""

from __future__ import annotations

import datetime
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError
from ansible_collections.community.senhasegura.plugins.module_utils.settings.options import argument_spec
from ansible_collections.community.senhasegura.plugins.plugin_utils import plugin_options
from ansible_collections.community.senhasegura.plugins.plugin_utils.plugin_options import validate

CANARY = "Canary-1234-abcd"
SPEC: dict[str, dict[str, Any]] = {
    **argument_spec(),
    "name": {"type": "str", "aliases": ["title"]},
    "count": {"type": "int", "default": 3},
    "ratio": {"type": "float"},
    "flag": {"type": "bool"},
    "mode": {"type": "str", "choices": ["a", "b"], "default": "a"},
    "tags": {"type": "list", "elements": "int"},
    "device": {"type": "dict", "options": {"site": {"type": "str"}, "port": {"type": "int"}}},
    "blocks": {"type": "list", "elements": "dict", "options": {"port": {"type": "int", "required": True}}},
    "secret": {"type": "str", "no_log": True},
}
RULES = {"mutually_exclusive": [("name", "tags")], "required_if": [("mode", "b", ("secret",))]}


def refusal(rules: dict[str, Any] | None = None, **arguments: Any) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        validate(arguments, SPEC, rules or {})
    assert CANARY not in str(caught.value) + repr(caught.value.failure())
    assert caught.value.hint
    return caught.value


def test_types_and_defaults() -> None:
    result = validate({"count": "5", "flag": "yes", "tags": "1,2", "title": "x"}, SPEC, {})
    expected = {"count": 5, "flag": True, "tags": [1, 2], "name": "x", "mode": "a", "ratio": None, "url": None}
    assert {name: result[name] for name in expected} == expected


def test_the_callers_arguments_stay_as_they_are() -> None:
    arguments = {"count": "5", "device": {"port": "22"}}
    validate(arguments, SPEC, {})
    assert arguments == {"count": "5", "device": {"port": "22"}}


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("count", CANARY, "a whole number"),
        ("ratio", CANARY, "a number"),
        ("flag", CANARY, "a boolean"),
        ("mode", CANARY, "one of a, b"),
        ("tags", [1, CANARY], "a list"),
        ("tags", {"a": CANARY}, "a list"),
        ("device", CANARY, "a map"),
        ("device", [CANARY], "a map"),
        ("timeout", CANARY, "a number"),
        ("dialect", CANARY, "one of auto, iso, api, rest"),
        ("validate_certs", CANARY, "a boolean"),
    ],
)
def test_a_wrong_value_is_named_and_not_shown(name: str, value: Any, wanted: str) -> None:
    error = refusal(secret=CANARY, **{name: value})
    assert str(error).startswith(f"the option {name} must be {wanted}")
    assert error.context.option == name


@pytest.mark.parametrize(
    ("name", "value", "option"),
    [
        ("device", {"site": CANARY, "port": CANARY}, "device.port"),
        ("blocks", [{"port": 1}, {"port": CANARY}], "blocks.port"),
    ],
)
def test_a_wrong_value_inside_another_is_named(name: str, value: Any, option: str) -> None:
    assert str(refusal(**{name: value})).startswith(f"the option {option} must be a whole number")


def test_an_unknown_option_is_named_next_to_a_secret() -> None:
    error = refusal(secret=CANARY, sekret=CANARY)
    assert str(error).startswith("unknown option sekret. Options are: ")
    assert "secret" in error.hint


def test_an_unknown_suboption_is_named() -> None:
    assert "device.sitte" in str(refusal(device={"sitte": CANARY}))


def test_rules_are_checked() -> None:
    assert "mutually exclusive: name|tags" in str(refusal(RULES, name=CANARY, tags=[1]))
    assert "missing: secret" in str(refusal(RULES, mode="b"))


@pytest.mark.parametrize("name", list(argument_spec()))
@pytest.mark.parametrize("empty", ["", "  ", None])
def test_an_empty_connection_option_counts_as_unset(name: str, empty: str | None) -> None:
    assert validate({name: empty}, SPEC, {})[name] is None


def test_an_empty_text_of_another_option_is_kept() -> None:
    assert validate({"name": ""}, SPEC, {})["name"] == ""
    assert "the option count" in str(refusal(count=""))


# What YAML and Jinja make of texts that nobody has quoted, and what else is no text.
NO_TEXTS = [12345, 0, 1.1, 1e10, True, False, [CANARY], {"a": CANARY}, datetime.date(2026, 1, 2), (CANARY,)]
MODULES = sorted(path.stem for path in (Path(plugin_options.__file__).parents[1] / "action").glob("*.py"))


def secret_options(spec: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The places of all options that are secret texts."""
    for name, details in spec.items():
        client = name in ("client_id", "mysafe_client_id")
        if details.get("no_log") and details.get("type", "str") == "str" and not client:
            yield (*place, name)
        yield from secret_options(details.get("options", {}), (*place, name))


@pytest.mark.parametrize("module", MODULES)
def test_every_secret_option_of_every_module_takes_text_only(module: str) -> None:
    action = importlib.import_module(f"ansible_collections.community.senhasegura.plugins.action.{module}").ActionModule
    for place in secret_options(action.spec):
        for value in NO_TEXTS:
            given: Any = value
            for name in reversed(place):
                given = {name: given}
            for wrapped in (given, {name: [inner] for name, inner in given.items()} if len(place) > 1 else given):
                with pytest.raises(
                    ConfigError, match=f"^the option {'.'.join(place)} must be text: quote it"
                ) as caught:
                    validate(wrapped, action.spec, {})
                assert caught.value.context.option == ".".join(place)
                assert CANARY not in str(caught.value)


@pytest.mark.parametrize("value", [value for value in NO_TEXTS if type(value) not in (int, datetime.date)])
def test_no_text_is_made_of_what_could_be_another(value: Any) -> None:
    assert str(refusal(name=value)).startswith("the option name must be text: quote it")
    assert str(refusal(title=value)).startswith("the option name must be text: quote it")
    assert str(refusal(device={"site": value})).startswith("the option device.site must be text: quote it")
    assert str(refusal(client_id=value)).startswith("the option client_id must be text: quote it")


def test_whole_numbers_and_dates_are_names_too() -> None:
    result = validate({"name": 12, "client_id": 345, "device": {"site": datetime.date(2026, 1, 2)}}, SPEC, {})
    assert (result["name"], result["client_id"], result["device"]["site"]) == ("12", "345", "2026-01-02")


class AnsibleVaultEncryptedUnicode:
    """As ansible-core 2.17 and 2.18 have it: no kind of str."""

    def __str__(self) -> str:
        return CANARY


class EncryptedString(AnsibleVaultEncryptedUnicode):
    """From ansible-core 2.19 on."""


class Tagged(str):
    """Text that ansible-core has marked."""


@pytest.mark.parametrize("value", [AnsibleVaultEncryptedUnicode(), EncryptedString(), Tagged(CANARY)])
def test_each_kind_of_text_is_taken(value: Any) -> None:
    result = validate({"secret": value, "name": value, "client_secret": value, "device": {"site": value}}, SPEC, {})
    for found in (result["secret"], result["name"], result["client_secret"], result["device"]["site"]):
        assert (type(found), found) == (str, CANARY)
