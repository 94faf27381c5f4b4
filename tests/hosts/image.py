# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Root file systems of Debian releases: built once, kept in .cache/hosts, shared by all hosts as a read-only layer."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import registries, system

SUITES = ("bookworm", "trixie")
# Of root and of every user but admin, who has none.
PASSWORD = "Initial-Pass-1"

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".cache" / "hosts"


class Unavailable(RuntimeError):
    """Test hosts cannot run here; the text says what to do about it."""


def why_unavailable() -> str | None:
    """What keeps test hosts from running on this machine, or nothing. What is only not installed does not."""
    return system.why_no_hosts()


def templates(suites: Iterable[str]) -> dict[str, Path]:
    """The unpacked root file system of each release; those that are missing are built at the same time."""
    if reason := why_unavailable():
        raise Unavailable(reason)
    wanted = sorted(set(suites))
    if unknown := set(wanted).difference(SUITES):
        raise Unavailable(f"no test hosts of {', '.join(sorted(unknown))}, only of {', '.join(SUITES)}")
    CACHE.mkdir(parents=True, exist_ok=True)
    try:
        system.prepare()
    except system.Missing as error:
        raise Unavailable(str(error)) from None
    with ThreadPoolExecutor() as pool:
        return dict(zip(wanted, pool.map(_template, wanted), strict=True))


def _template(suite: str) -> Path:
    target = CACHE / f"{suite}-{_key(suite)}"
    if target.exists():
        return target
    with system.locked(CACHE / f"{suite}.lock"):
        if target.exists():
            return target
        tarball, part = target.with_suffix(".tar"), target.with_suffix(".part")
        if not tarball.exists():
            print(f"Building the test hosts' {suite} (once, about a minute)", file=sys.stderr, flush=True)
            part.unlink(missing_ok=True) if not part.is_dir() else shutil.rmtree(part)
            mirror = registries.debian_mirror()
            if not mirror:
                raise Unavailable("test hosts need a Debian mirror, and apt knows none: run apt-get update")
            _run(["bash", str(HERE / "image.sh"), suite, str(part), PASSWORD, mirror])
            part.rename(tarball)
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        _run(["tar", "-xpf", str(tarball), "-C", str(part), "--numeric-owner", "--xattrs", "--xattrs-include=*"])
        part.rename(target)
    return target


def _key(suite: str) -> str:
    """Changes with everything that the image is made from."""
    recipe = [(HERE / name).read_bytes() for name in ("image.sh", "setup.sh")]
    return hashlib.sha256(b"\0".join([suite.encode(), PASSWORD.encode(), *recipe])).hexdigest()[:12]


def _run(command: list[str]) -> None:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Unavailable(f"{' '.join(command)} failed ({done.returncode}):\n{done.stdout[-4000:]}")
