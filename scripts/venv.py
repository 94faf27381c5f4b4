# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Print the path of a virtual environment of this Python that holds exactly requirements/NAME.txt.

usage: PYTHON scripts/venv.py NAME [FOLDER PACKAGE ...]   (with other packages besides, under another name)

It is made once for each content of that file and each interpreter; older ones of the same name are removed.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def environment(name: str, *more: str) -> Path:
    """Make the environment if it is not there, and return its folder."""
    requirements, cache = ROOT / "requirements" / f"{name}.txt", ROOT / ".cache"
    text = "\n".join([sys.version, sys.executable, *more, ""]).encode() + requirements.read_bytes()
    key = hashlib.sha256(text).hexdigest()[:12]
    name, *packages = more or (name,)
    folder = cache / f"{name}-{key}"
    cache.mkdir(exist_ok=True)
    with (cache / f"{name}.lock").open("w") as lock:
        # A second run started meanwhile waits here instead of installing into the same place.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            source = " and ".join([str(requirements.relative_to(ROOT)), *packages])
            version, place = sys.version.split()[0], folder.relative_to(ROOT)
            print(f"Installing {source} for Python {version} into {place} (once)", file=sys.stderr)
            for old in cache.glob(f"{name}-*"):
                old.unlink() if old.is_symlink() else shutil.rmtree(old)
            _run(sys.executable, "-m", "venv", str(folder))
            pip = (str(folder / "bin" / "python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check")
            _run(*pip, "--require-hashes", "-r", str(requirements))
            if packages:
                _run(*pip, *packages)
            (folder / "complete").touch()
    return folder


def _run(*command: str) -> None:
    done = subprocess.run(command, stdout=sys.stderr, check=False)
    if done.returncode:
        sys.exit(f"venv.py: failed with exit code {done.returncode}: {' '.join(command)}")


if __name__ == "__main__":
    print(environment(*sys.argv[1:]))
