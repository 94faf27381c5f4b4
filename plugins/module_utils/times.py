# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the times that the server lists."""

from __future__ import annotations

import datetime


def moment(text: str | None) -> datetime.datetime | None:
    """Return an ISO 8601 time with its zone, or None for anything else. One without a zone is taken for UTC."""
    try:
        # Python 3.10 reads no Z.
        found = datetime.datetime.fromisoformat((text or "").strip().replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=datetime.timezone.utc)
