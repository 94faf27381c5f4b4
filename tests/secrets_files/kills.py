# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kill a process that writes a secrets file, at any moment: the old file or the new one is there, for its user alone."""

from __future__ import annotations

import os
import random
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

from workspace import environment

SIZE = 1_000_000
# Writes a file of one letter after the other, each whole file of one letter.
_WRITER = """\
import itertools, sys
from ansible_collections.community.senhasegura.plugins.plugin_utils.secrets_file.on_host import file_commands
path, size = sys.argv[1], int(sys.argv[2])
print("begins", flush=True)
for letter in itertools.cycle("abcdefgh"):
    request = {"do": "write", "path": path, "content": letter * size, "mode": 0o600, "owner": None, "group": None}
    answer = file_commands.answer({**request, "append": False, "dry": False})
    assert "ok" in answer, answer
"""


def run(folder: Path, times: int, seed: int) -> int:
    """Kill so often, print what was found, and return the number of faults."""
    chance = random.Random(seed)
    place = folder / "killed"
    place.mkdir()
    path = place / "secrets"
    path.write_text("old" * 10)
    path.chmod(0o600)
    mixed = readable = missing = left = unswept = 0
    seen: set[str] = set()
    for _each in range(times):
        command = [sys.executable, "-c", _WRITER, str(path), str(SIZE)]
        # A umask that would let everybody read.
        with subprocess.Popen(
            command, env={**os.environ, **environment()}, stdout=subprocess.PIPE, preexec_fn=lambda: os.umask(0)
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            end = time.monotonic() + chance.uniform(0, 0.05)
            while time.monotonic() < end:
                readable += sum(_for_others(each) for each in place.iterdir())
            process.send_signal(signal.SIGKILL)
        if not path.exists():
            missing += 1
            continue
        content = path.read_text()
        seen.add(content[0])
        mixed += not (content == "old" * 10 or content == content[0] * SIZE)
        readable += sum(_for_others(each) for each in place.iterdir())
        left += len(list(place.iterdir())) > 1
    # The next one that writes takes away what was left.
    from ansible_collections.community.senhasegura.plugins.plugin_utils.secrets_file.on_host import file_commands

    request = {"do": "write", "path": str(path), "content": "z", "mode": 0o600, "owner": None, "group": None}
    file_commands.answer({**request, "append": False, "dry": False})
    unswept = len(list(place.iterdir())) - 1
    print(
        f"killed {times} times: mixed {mixed}, missing {missing}, readable by others {readable}, "
        f"temporary files left {left} times and after the next write {unswept}; files seen: {len(seen)}"
    )
    return mixed + missing + readable + unswept


def _for_others(path: Path) -> bool:
    try:
        return bool(path.lstat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
    except FileNotFoundError:
        # It was a temporary one.
        return False
