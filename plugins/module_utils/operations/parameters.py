# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read what the options of several modules have in common."""

from __future__ import annotations

import dataclasses
import typing as t

from ..errors import ConfigError
from ..references import Reference, parse_reference
from .results import Params

# Seconds. A shorter interval would flood the server.
_MIN_SECONDS = 0.1
_TIME = "%Y-%m-%d %H:%M:%S"
# The options that name the object of a task, in the order in which they count.
_NAMES = ("credential", "ssh_key", "id", "identifier", "key", "application", "name")
# What is named by another option.
_NAME_OF = {"device": "hostname", "SCIM user": "username"}


def subject_of(params: Params, noun: str) -> str:
    """Return what errors call the object of a task, or the list of all where the task names none.

    :param params: the options, whose names say what they are; those that a module does not have may be missing
    :param noun: what the module works on, such as C(SSH key)
    """
    name = next((params[option] for option in _NAMES if params.get(option)), "")
    if not name and params.get("username") and params.get("hostname"):
        name = f"{params['username']}@{params['hostname']}"
    if not name and noun in _NAME_OF:
        name = params.get(_NAME_OF[noun]) or ""
    noun = "SSH key" if params.get("ssh_key") else noun
    return f"{noun} {name}" if name else f"the list of {noun}s"


def reference_from(params: Params) -> Reference:
    """Return what a task names by id, by identifier, or by username, hostname and, if given, ip. Raises ConfigError."""
    if params["id"]:
        ref = parse_reference(params["id"], option="id", kind="id")
        if not ref.is_id:
            hint = "Give a number as id, and anything else as identifier or as username and hostname"
            raise ConfigError("id must be a number", hint=hint).with_context(option="id")
        return ref
    if params["identifier"] or not params["username"]:
        return parse_reference(params["identifier"], option="identifier", kind="identifier")
    ref = parse_reference(f"{params['username']}@{params['hostname']}", option="username", kind="account")
    return dataclasses.replace(ref, ip=params["ip"] or None)


def passed(params: Params, names: t.Iterable[str]) -> dict[str, t.Any]:
    """Return those of the options ``names`` that the task sets, with their values."""
    return {name: params[name] for name in names if params[name] is not None}


def joinable(items: list[str] | None, option: str) -> tuple[str, ...] | None:
    """Return the items of an option that the server takes as one text with commas. Raises ConfigError."""
    if items is None:
        return None
    if any("," in item for item in items):
        raise ConfigError(
            f"an item of {option} has a comma, with which the server would make several of it",
            hint="Give each as an item of its own",
        ).with_context(option=option)
    return tuple(items)


def wait_options(params: Params) -> dict[str, float]:
    """Return how long to wait for a rotation (C(wait)) and how often to look (C(poll)), in seconds.

    Raises ConfigError for an interval that is too short.
    """
    for option in ("wait_timeout", "poll_interval"):
        # Written so that it holds for NaN as well.
        if not params[option] >= _MIN_SECONDS:
            raise ConfigError(
                f"{option} must be at least {_MIN_SECONDS} seconds", hint="Leave it out for the default"
            ).with_context(option=option)
    return {"wait": params["wait_timeout"] if params["wait"] else 0.0, "poll": params["poll_interval"]}


def console_time(value: str | None, option: str) -> str | None:
    """Return a time as the console writes it, C(YYYY-MM-DD HH:MM:SS), or empty for none. Raises ConfigError."""
    if value:
        # Imported lazily: most tasks give no time.
        import datetime

        try:
            exact = datetime.datetime.strptime(value, _TIME).strftime(_TIME) == value
        except ValueError:
            exact = False
        if not exact:
            hint = "Give it as 'YYYY-MM-DD HH:MM:SS', or empty for none"
            raise ConfigError(f"{option} must be a date and time", hint=hint).with_context(option=option)
    return value


def numeric_id(value: str | None) -> str | None:
    """Return the option C(id), which names nothing but an id. Raises ConfigError."""
    if value is not None and not Reference(value, "id").is_id:
        raise ConfigError("id must be a number", hint="Give a number as id, or use name").with_context(option="id")
    return value


def path_id(value: str | None, other: str) -> str | None:
    """Return the option C(id), which names an id of digits or a UUID. Raises ConfigError.

    :param other: the option that names the same thing otherwise
    """
    if value is not None and not Reference(value).path_safe:
        raise ConfigError("id must be a number or a UUID", hint=f"Correct it, or use {other}").with_context(option="id")
    return value


def not_text(name: str, option: str) -> ConfigError:
    """Make the error for a value that is no text, where the text that was meant is not known any more.

    YAML makes 12345 of 12_34_5, true of yes, and 1.1 of 1.10.
    """
    hint = "Use the filter string in a template, or to_json for a list or a map"
    return ConfigError(f"{name} must be text: quote it", hint=hint).with_context(option=option)
