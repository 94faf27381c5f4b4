# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the record says that tells who owns a secret at the moment.

Two claims that cross may both read themselves back, and clocks may be wrong. So nothing is safe because of a lease: it
is there so that the second run says C(busy) and has changed nothing.
"""

from __future__ import annotations

import dataclasses
import datetime
import math
import typing as t
import zlib

# Seconds. Who claims to hold a lease for longer, or from later on than that, is not believed.
_LONGEST = 3600.0


@dataclasses.dataclass(frozen=True)
class Lease:
    """The fields are texts as they stand in the record. ``serves``, ``serves_host`` and ``serves_user`` are the
    machines, hosts and user for which main was written last.
    """

    run: str = ""
    machine: str = ""
    user: str = ""
    host: str = ""
    start: str = ""
    seconds: str = ""
    state: str = "free"
    serves: str = ""
    serves_host: str = ""
    serves_user: str = ""

    @classmethod
    def of(cls, note: t.Mapping[str, str]) -> Lease:
        """Return the lease in a record. What is garbled or empty is free."""
        lease = cls(**{field.name: note[field.name] for field in dataclasses.fields(cls) if field.name in note})
        return lease if note.get("sum") == lease._sum() else cls()

    def note(self) -> dict[str, str]:
        """Return the lease as a record has it, with its checksum."""
        return {**dataclasses.asdict(self), "sum": self._sum()}

    def _sum(self) -> str:
        """Return a checksum of the fields. It proves nothing against somebody who wants to deceive."""
        return f"{zlib.crc32(repr(dataclasses.astuple(self)).encode()):08x}"

    def remaining(self, now: datetime.datetime) -> float:
        """Return the seconds until another run may take it."""
        if self.state != "held":
            return 0.0
        try:
            seconds = float(self.seconds)
            age = (now - datetime.datetime.fromisoformat(self.start)).total_seconds()
        except (ValueError, TypeError):
            return 0.0
        if not math.isfinite(seconds) or age < -_LONGEST:
            return 0.0
        return max(0.0, min(seconds, _LONGEST) - max(age, 0.0))
