# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Words for exceptions that nobody expected. Their own text may quote a secret, so it is never shown."""

from __future__ import annotations

import traceback


def describe(error: BaseException) -> str:
    """Where an unexpected exception came from: its class, file and line, and not its message."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename.rsplit('/plugins/', 1)[-1]}:{frames[-1].lineno}" if frames else ""
    return (
        f"unexpected {type(error).__name__}{place}; its message is withheld since it may quote a secret. "
        "This is a bug of community.senhasegura: please report it with this line"
    )
