# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the configuration file of the vendor's DSM CLI: YAML, a flat map with the names of the environment variables."""

from __future__ import annotations

import functools
import os
import stat
import typing as t

from ..errors import ConfigError, SenhaseguraError, missing_library
from .options import ALL_OPTIONS

# What the mode of a file has if others than its user may read or change it.
OTHERS = stat.S_IRWXG | stat.S_IRWXO


@functools.cache
def _text_loader() -> t.Any:
    """Return a safe loader that leaves numbers, dates and booleans as they are written: a secret of digits is a string.

    Raises ConfigError.
    """
    try:
        import yaml
    except ImportError:
        raise missing_library("config_file needs the Python library PyYAML", "PyYAML") from None

    class TextLoader(yaml.SafeLoader):
        pass

    TextLoader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag == "tag:yaml.org,2002:null"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return TextLoader


def load_file(path: str) -> tuple[dict[t.Any, t.Any], int]:
    """Read the file, and return its content, with its numbers and dates as texts, and its mode. Raises ConfigError."""
    loader = _text_loader()
    import yaml

    try:
        with open(path, encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            # It is a kind of SafeLoader.
            content = yaml.load(file, loader)  # noqa: S506
    except FileNotFoundError:
        raise _unusable("does not exist") from None
    except yaml.YAMLError:
        # The text of the error quotes the line at fault, which may be the one with the secret.
        raise _unusable("must be valid YAML") from None
    except (OSError, ValueError, RecursionError):
        raise _unusable("cannot be read") from None
    if not isinstance(content, dict):
        raise _unusable("must be a map of names and values")
    return content, mode


def read_settings(path: str) -> tuple[dict[str, str | None], int]:
    """Return the settings in the file, by the names of environment variables, and its mode. Raises ConfigError."""
    content, mode = load_file(path)
    known = {name: content.get(name) for option in ALL_OPTIONS for name in (option.env, option.inverse_env)}
    nested = [name for name, value in known.items() if isinstance(value, (dict, list))]
    if nested:
        raise _unusable(f"must have text under {nested[0]}")
    return known, mode


def _unusable(problem: str) -> SenhaseguraError:
    hint = (
        "Give config_file (SENHASEGURA_CONFIG_FILE) the path of a YAML file of the DSM CLI, with SENHASEGURA_URL and so"
        " on, or leave it out"
    )
    return ConfigError(f"config_file {problem}", hint=hint).with_context(option="config_file")
