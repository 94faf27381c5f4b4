# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Root file systems of Debian releases: built once, kept in .cache/hosts, shared by all hosts as a read-only layer."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

SUITES = ("bookworm", "trixie")
# Of root and of every user but admin, who has none.
PASSWORD = "Initial-Pass-1"

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".cache" / "hosts"
# Program: the Debian package that has it.
TOOLS = {
    "ip": "iproute2",
    "mmdebstrap": "mmdebstrap",
    "nsenter": "util-linux",
    "ssh": "openssh-client",
    "tar": "tar",
    "unshare": "util-linux",
}


class Unavailable(RuntimeError):
    """Test hosts cannot run here; the text says what to do about it."""


def why_unavailable() -> str | None:
    """What keeps test hosts from running on this machine, or nothing."""
    if sys.platform != "linux":
        return "test hosts need Linux"
    if os.geteuid() != 0:
        return "test hosts need root, for namespaces and mounts: run as root or with sudo"
    if "overlay" not in Path("/proc/filesystems").read_text() and subprocess.call(["modprobe", "-q", "overlay"]) != 0:
        return "test hosts need the overlay file system: modprobe overlay"
    if (missing := missing_tools()) and not shutil.which("apt-get"):
        return f"test hosts need {', '.join(missing)}: install them"
    return None


def missing_tools() -> list[str]:
    """The Debian packages of the programs that are not here."""
    return sorted({package for tool, package in TOOLS.items() if not shutil.which(tool)})


def templates(suites: Iterable[str]) -> dict[str, Path]:
    """The unpacked root file system of each release; those that are missing are built at the same time."""
    if reason := why_unavailable():
        raise Unavailable(reason)
    wanted = sorted(set(suites))
    if unknown := set(wanted).difference(SUITES):
        raise Unavailable(f"no test hosts of {', '.join(sorted(unknown))}, only of {', '.join(SUITES)}")
    CACHE.mkdir(parents=True, exist_ok=True)
    _install_tools()
    with ThreadPoolExecutor() as pool:
        return dict(zip(wanted, pool.map(_template, wanted), strict=True))


def _template(suite: str) -> Path:
    target = CACHE / f"{suite}-{_key(suite)}"
    if target.exists():
        return target
    with locked(CACHE / f"{suite}.lock"):
        if target.exists():
            return target
        tarball, part = target.with_suffix(".tar"), target.with_suffix(".part")
        if not tarball.exists():
            print(f"Building the test hosts' {suite} (once, about a minute)", file=sys.stderr, flush=True)
            part.unlink(missing_ok=True) if not part.is_dir() else shutil.rmtree(part)
            _run(["bash", str(HERE / "image.sh"), suite, str(part), PASSWORD])
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


def _install_tools() -> None:
    if not missing_tools():
        return
    with locked(CACHE / "tools.lock"):
        if not (packages := missing_tools()):
            return
        print(f"Installing {', '.join(packages)} for the test hosts", file=sys.stderr, flush=True)
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        options = ["-q", "-y", "-o", "DPkg::Lock::Timeout=300"]
        _run(["apt-get", *options, "update"], env)
        _run(["apt-get", *options, "install", "--no-install-recommends", *packages], env)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes, and other threads of this one, out."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _run(command: list[str], env: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Unavailable(f"{' '.join(command)} failed ({done.returncode}):\n{done.stdout[-4000:]}")
