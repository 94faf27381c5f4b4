# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where this checkout keeps what it makes, and the environment in which Ansible and the tests find the collection."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

NAME = ("ansible_collections", "community", "senhasegura")
ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
SIMULATOR = ROOT / "tests" / "simulator"


def collections() -> Path:
    """The folder above ansible_collections; ansible-test has the tree in the right place already."""
    if ROOT.parts[-3:] == NAME:
        return ROOT.parents[2]
    link = CACHE.joinpath("collections", *NAME)
    link.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        link.symlink_to(os.path.relpath(ROOT, link.parent))
    return CACHE / "collections"


def library() -> Path:
    """The folder with the package senhasegura as a wheel has it: its own files, and below _core the shared client."""
    package = CACHE / "python" / "senhasegura"
    package.mkdir(parents=True, exist_ok=True)
    sources = {path.name: path for path in (ROOT / "python" / "senhasegura").iterdir() if path.suffix != ".pyc"}
    sources["_core"] = ROOT / "plugins" / "module_utils"
    for name, source in sources.items():
        with suppress(FileExistsError):
            (package / name).symlink_to(os.path.relpath(source, package))
    for link in package.iterdir():
        if link.is_symlink() and not link.exists():
            link.unlink(missing_ok=True)
    return package.parent


def environment() -> dict[str, str]:
    """What to add to os.environ: nothing of ours is read from or written to the home folder."""
    return {
        "ANSIBLE_COLLECTIONS_PATH": str(collections()),
        "ANSIBLE_HOME": str(CACHE / "ansible"),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(CACHE / "hypothesis"),
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join([str(collections()), str(SIMULATOR), str(library())]),
    }


def checkout(folder: Path) -> Path:
    """Copy what git holds or would hold into a folder, at the path that Ansible demands, and return that path."""
    target = folder.joinpath(*NAME)
    shutil.rmtree(target, ignore_errors=True)
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    for path in filter(None, listed.stdout.split("\0")):
        if (ROOT / path).exists():
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, target / path, follow_symlinks=False)
    # Without a repository of its own the copy counts as an ignored part of ours, and ansible-test finds no file.
    subprocess.run(["git", "init", "--quiet", str(target)], check=True)
    return target
