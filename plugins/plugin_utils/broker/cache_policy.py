# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cache policy of one caller."""

from __future__ import annotations

import dataclasses
import math
import typing as t

from ...module_utils.settings.settings import RunSettings

# Seconds. Nothing is said not to exist by an answer that is older: others register and enable things during a run.
# The hosts of one task share such an answer, so that a name that 500 of them miss makes one request in this time.
NEWS_AFTER = 5.0


@dataclasses.dataclass(frozen=True)
class CachePolicy:
    """The cache policy of one caller. ``ttl`` is in seconds; None means as long as the run.

    ``not_after`` is the monotonic time, the same in all processes, after which nothing is sent any more.
    """

    fresh: bool = False
    ttl: float | None = None
    release_at_end: bool = False
    allow_vault_rotation: bool = False
    not_after: float = math.inf

    def state(self) -> dict[str, t.Any]:
        """Return the policy as plain data."""
        return dict(vars(self))


def policy_of(run: RunSettings, options: t.Mapping[str, t.Any], *, ttl: float | None = None) -> CachePolicy:
    """Return the policy for the options of a run and of one plugin. ``ttl`` counts where cache_ttl is not set."""
    return CachePolicy(
        fresh=options.get("fresh", False),
        ttl=ttl if run.cache_ttl is None else run.cache_ttl,
        release_at_end=run.custody == "release_at_end",
        allow_vault_rotation=options.get("allow_vault_rotation", False),
    )
