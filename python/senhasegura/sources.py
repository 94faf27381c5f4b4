# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the settings of a client come from: arguments, environment variables, and the file of the vendor's DSM CLI."""

from __future__ import annotations

import os
import typing as t

from ._core.redaction import SecretStr
from ._core.settings.config_file import OTHERS, read_settings
from ._core.settings.options import OPTIONS, Option, is_set
from ._core.settings.settings import Settings, Source, environment_source, find_value, resolve

_CONFIG_FILE = next(option for option in OPTIONS if option.name == "config_file")
Warn = t.Callable[[str], None]
# What arguments are called that have another name than their option.
ARGUMENTS = {"url": "base_url"}


def from_arguments(arguments: t.Mapping[str, t.Any], warn: Warn) -> Settings:
    """Return the settings that arguments give. Nothing else is looked at. Raises ConfigError."""
    return _warned(resolve([_arguments(arguments, "the argument {}")], _pass_argument), warn)


def from_environment(arguments: t.Mapping[str, t.Any], warn: Warn, label: str = "the argument {}") -> Settings:
    """Return the settings of arguments, else of C(SENHASEGURA_*), else of the file that config_file names.

    Raises ConfigError.

    :param label: how an argument is called in errors
    """
    sources = [_arguments(arguments, label), environment_source(os.environ)]
    path = find_value(_CONFIG_FILE, sources)
    if path is not None:
        known, mode = read_settings(path)
        if mode & OTHERS:
            warn("config_file can be read by other users: chmod 600 it")
        sources.append(environment_source(known, "{} in config_file"))
    return _warned(resolve(sources, _set_variable), warn)


def _warned(settings: Settings, warn: Warn) -> Settings:
    if not settings.validate_certs:
        warn("validate_certs is false: anybody on the way to the server can read and change passwords")
    return settings


def _arguments(arguments: t.Mapping[str, t.Any], label: str) -> Source:
    def value(option: Option) -> t.Any:
        given = arguments.get(option.name)
        return given.reveal() if isinstance(given, SecretStr) else given if is_set(given) else None

    return Source(value, lambda option: label.format(ARGUMENTS.get(option.name, option.name)))


def _pass_argument(name: str) -> str:
    return f"Pass the argument {ARGUMENTS.get(name, name)}"


def _set_variable(name: str) -> str:
    option = next(option for option in OPTIONS if option.name == name)
    return f"Set the environment variable {option.env}, or {option.env} in the file that {_CONFIG_FILE.env} names"
