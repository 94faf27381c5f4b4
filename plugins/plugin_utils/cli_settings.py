# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the vendor's DSM CLI is configured with, apart from the connection: its file, and what C(runb) does.

Facts: facts-dsm.md 8. The file is the one of the option C(config_file), else C($HOME/.config.yaml).
"""

from __future__ import annotations

import os
import typing as t

from ..module_utils.errors import ConfigError, SenhaseguraError
from ..module_utils.settings.config_file import load_file
from ..module_utils.settings.options import is_set
from . import plugin_options

SECRETS_FILE, DISABLE_RUNB = "SENHASEGURA_SECRETS_FILE", "SENHASEGURA_DISABLE_RUNB"
_DEFAULT_FILE = ".config.yaml"
_YES, _NO = ("true", "1", "t"), ("false", "0", "f")


def default_file() -> str | None:
    """Return the path of the file that the CLI takes when nobody names one; None if there is none of the CLI.

    Other programs may have a file of this name, so one without a setting of the CLI is left alone.
    """
    path = os.path.join(os.path.expanduser("~"), _DEFAULT_FILE)
    try:
        content, _mode = load_file(path)
    except SenhaseguraError:
        return None
    return path if any(str(name).startswith("SENHASEGURA_") for name in content) else None


class CliSettings:
    """The settings of C(runb): from the environment of the task, that of the process, or the CLI's file.

    Raises ConfigError.

    :param given: the options of the task, of which C(config_file) counts
    :param variables: those of the host
    :param template: evaluates the value of a variable
    :param environment: what the play, the blocks and the task set, the innermost last
    """

    def __init__(
        self,
        given: t.Mapping[str, t.Any],
        variables: t.Mapping[str, t.Any],
        template: plugin_options.Template,
        environment: t.Sequence[t.Any],
    ) -> None:
        task, path = plugin_options.environment_and_file(given, variables, template, environment)
        self._sources: list[t.Mapping[str, t.Any]] = [task, os.environ]
        path = path or default_file()
        if path is not None:
            self._sources.append(load_file(path)[0])

    def value(self, name: str) -> str | None:
        """Return the value of a variable, or None if it is not set."""
        found = next((source[name] for source in self._sources if is_set(source.get(name))), None)
        return None if found is None else str(found).strip()

    def is_disabled(self) -> bool:
        """Return whether C(runb) is switched off. Raises ConfigError."""
        value = (self.value(DISABLE_RUNB) or "0").lower()
        if value not in (*_YES, *_NO):
            raise ConfigError(f"{DISABLE_RUNB} must be 0 or 1", hint="Correct it where it is set")
        return value in _YES

    def secrets_file(self) -> str | None:
        """Return the path that the CLI writes to, if somebody has set one."""
        return self.value(SECRETS_FILE)
