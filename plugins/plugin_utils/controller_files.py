# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read files of the controller that an option names."""

from __future__ import annotations

from ..module_utils.errors import ConfigError


def read_text(path: str, option: str) -> str:
    """Return the text of a file. Raises ConfigError, which names the option, the path and no content."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError as exc:
        reason = exc.strerror or type(exc).__name__
    except UnicodeDecodeError:
        reason = "it must be UTF-8 text"
    raise ConfigError(
        f"the file of {option} cannot be read: {reason}", hint=f"Check {option}, a file of the controller"
    ).with_context(option=option)
