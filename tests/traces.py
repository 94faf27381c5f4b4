# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Search this machine for secrets that a login may leave in processes and files."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from ansible import constants

_LARGEST_FILE = 1_000_000


def traces(needles: Iterable[bytes], patterns: Iterable[str]) -> list[str]:
    """Return where one of the needles is: arguments and environments of all processes, and temporary files.

    :param patterns: those of the files, below each folder for temporary files
    """
    processes = filter(str.isdigit, os.listdir("/proc"))
    places = [Path("/proc", pid, name) for pid in processes for name in ("cmdline", "environ")]
    for base in (constants.DEFAULT_LOCAL_TMP, tempfile.gettempdir(), "/dev/shm"):
        places += [path for pattern in patterns for path in Path(base).glob(pattern)] if os.path.isdir(base) else []
    found = []
    for place in places:
        # It may be gone, or another user's.
        with contextlib.suppress(OSError):
            if place.is_file() and place.stat().st_size < _LARGEST_FILE:
                data = place.read_bytes()
                found += [str(place) for needle in needles if needle in data]
    return found
