# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wait until the vault has changed a password or a key."""

from __future__ import annotations

import time
import typing as t

from ..errors import ChangeNotSeen
from ..models import CredentialInfo
from ..references import Reference


def wait_for_change(
    find: t.Callable[[Reference], CredentialInfo | None],
    before: CredentialInfo,
    *,
    wait: float,
    poll: float,
    clock: t.Callable[[], float] = time.monotonic,
    sleep: t.Callable[[float], None] = time.sleep,
) -> CredentialInfo:
    """Poll the list until the time of change or the public key of an entry differs. ``wait`` 0 means: do not wait."""
    end = clock() + wait
    while True:
        now = find(Reference(before.id, "id"))
        if now is not None and (now.changed_at, now.public_key) != (before.changed_at, before.public_key):
            return now
        if wait <= 0:
            return now or before
        remaining = end - clock()
        if remaining <= 0:
            raise ChangeNotSeen(
                f"the server has not changed {before.identifier or before.id} within {wait:g} seconds",
                hint="Look it up in the console (Executions > History); raise wait_timeout if the server is only slow",
            )
        sleep(min(poll, remaining))
