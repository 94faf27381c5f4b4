# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check the options of a plugin against its argument spec. Ansible's own messages quote values; these name options."""

from __future__ import annotations

import datetime
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import (
    AliasError,
    ArgumentTypeError,
    ArgumentValueError,
    ElementError,
    NoLogError,
    SubParameterTypeError,
)

from ..module_utils.errors import ConfigError, SenhaseguraError
from ..module_utils.operations.parameters import not_text
from ..module_utils.settings.options import OPTIONS, RUN_OPTIONS, is_set, takes_text_only
from .broker.client import text

_QUOTING = (AliasError, ArgumentTypeError, ArgumentValueError, ElementError, NoLogError, SubParameterTypeError)
_HINT = "Correct the options; ansible-doc shows those of this plugin"
# What values of a type are called. A choice says more.
_TYPES = {
    "str": "text",
    "bool": "a boolean (true or false)",
    "int": "a whole number",
    "float": "a number",
    "list": "a list",
    "dict": "a map",
    "path": "a path",
}
_CONNECTION = frozenset(option.name for option in (*OPTIONS, *RUN_OPTIONS))
Spec = t.Mapping[str, t.Mapping[str, t.Any]]


def validate(arguments: t.Mapping[str, t.Any], spec: Spec, rules: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the arguments with types and defaults of ``spec``. Raises ConfigError, whose text holds no value.

    :param rules: mutually_exclusive, required_together, required_one_of, required_if, required_by
    """
    arguments = {name: plain(value) for name, value in arguments.items()}
    known = _names(spec)
    unknown = sorted(str(name) for name in arguments if name not in known)
    if unknown:
        raise ConfigError(f"unknown option {', '.join(unknown)}", hint=f"Options are: {', '.join(sorted(spec))}")
    # An empty connection option is the same as none, also where its type has no empty value.
    given = {name: value for name, value in arguments.items() if is_set(value) or name not in _CONNECTION}
    _check_texts(given, spec)
    # Nor does it have a default, so there is nothing to check of those that are not given: most of the options.
    concerned = {name: dict(option) for name, option in spec.items() if name in given or name not in _CONNECTION}
    result = ArgumentSpecValidator(concerned, **rules).validate(given)
    # The container of the errors is true even when it is empty.
    if result.error_messages:
        if any(isinstance(error, _QUOTING) for error in result.errors.errors):
            raise _wrong_value(given, spec) or ConfigError("an option has a value of the wrong type", hint=_HINT)
        raise ConfigError(f"wrong options: {result.errors[0].msg}", hint=_HINT)
    found = {str(name): plain(value) for name, value in result.validated_parameters.items()}
    return {**dict.fromkeys(spec), **found}


def plain(value: t.Any) -> t.Any:
    """The value without the types with which ansible-core marks where a text comes from, or that it is encrypted."""
    value = text(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, dict):
        return {plain(name): plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def _check_texts(arguments: t.Mapping[str, t.Any], spec: Spec, place: str = "", exact: bool = False) -> None:
    """Refuse what the validator would make a text of, and another one than was meant.

    A secret has to be a text, and so has what is stored beside it in one dictionary. Elsewhere whole numbers and dates
    are as good, since ids are often written so.

    :param exact: whether only text will do for all options
    """
    exact = exact or (bool(place) and any(details.get("no_log") for details in spec.values()))
    for name, details in spec.items():
        for key in {name, *details.get("aliases", ())} & arguments.keys():
            value, kind = arguments[key], details.get("type", "str")
            items = value if isinstance(value, list) and kind == "list" else [value]
            for item in items:
                if "options" in details and isinstance(item, dict):
                    _check_texts(item, details["options"], f"{place}{name}.", exact)
                only = exact or takes_text_only(name, details.get("no_log", False))
                good = (str,) if only else (str, int, datetime.date)
                if details.get("elements", kind) == "str" and not (
                    item is None or (isinstance(item, good) and not isinstance(item, bool))
                ):
                    raise not_text(f"the option {place}{name}", f"{place}{name}")


def _names(spec: Spec) -> set[str]:
    return {name for option, details in spec.items() for name in (option, *details.get("aliases", ()))}


def _wrong_value(arguments: t.Mapping[str, t.Any], spec: Spec, place: str = "") -> SenhaseguraError | None:
    """Find the option at fault by checking each alone, since the message that names it shows its value too."""
    for name, details in spec.items():
        alone = {key: value for key, value in details.items() if key not in ("required", "default")}
        given = {key: arguments[key] for key in (name, *details.get("aliases", ())) if key in arguments}
        if not given or not ArgumentSpecValidator({name: alone}).validate(given).error_messages:
            continue
        for value in given.values():
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, dict) and (
                    inner := _wrong_value(item, details.get("options", {}), f"{place}{name}.")
                ):
                    return inner
        choices = details.get("choices")
        kind = details.get("type", "str")
        wanted = f"one of {', '.join(map(str, choices))}" if choices else _TYPES.get(kind, kind)
        error = ConfigError(f"the option {place}{name} must be {wanted}", hint=f"Correct {place}{name}")
        return error.with_context(option=f"{place}{name}")
    return None
