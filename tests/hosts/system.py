# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The programs that tests need of the system: python -m hosts.system installs what is missing, or says what it is."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CACHE = Path(__file__).resolve().parents[2] / ".cache"
# Program: the Debian package that has it.
TOOLS = {"git": "git", "openssl": "openssl", "ssh": "openssh-client", "ssh-keygen": "openssh-client"}
# What test hosts need besides; they run as root only, on Linux with apt.
HOST_TOOLS = {
    "ip": "iproute2",
    "mmdebstrap": "mmdebstrap",
    "mount": "mount",
    "nsenter": "util-linux",
    # For logins of Ansible by password before ansible-core 2.19.
    "sshpass": "sshpass",
    "tar": "tar",
    "unshare": "util-linux",
}


# What looks at pages, in the tests that do.
BROWSER = {"chromium": "chromium"}


class Missing(RuntimeError):
    """Programs are missing and cannot be installed; the text says what to do about it."""


def why_no_hosts() -> str | None:
    """What keeps test hosts from running on this machine whatever is installed, or nothing."""
    if sys.platform != "linux":
        return "test hosts need Linux"
    if os.geteuid() != 0:
        return "test hosts need root, for namespaces and mounts: run as root or with sudo"
    if not shutil.which("apt-get"):
        return "test hosts need a Debian with apt-get, from whose mirror they are built"
    if not _has_overlay():
        return "test hosts need the overlay file system: modprobe overlay"
    return None


def why_no_browser() -> str | None:
    """What keeps the pages of the documentation from being looked at, or nothing."""
    if missing(BROWSER) and (os.geteuid() != 0 or not shutil.which("apt-get")):
        return "it needs the program chromium, which root can install: apt-get install chromium"
    return None


def needed() -> dict[str, str]:
    """The programs that all of the tests here need together, each with its Debian package."""
    return TOOLS if why_no_hosts() else {**TOOLS, **HOST_TOOLS}


def missing(tools: dict[str, str]) -> list[str]:
    """The Debian packages of those of the programs that are not here."""
    return sorted({package for tool, package in tools.items() if not shutil.which(tool)})


def prepare(tools: dict[str, str] | None = None) -> None:
    """Install, as root, what is missing of these programs, or of needed(). Raises Missing where that cannot be done."""
    tools = needed() if tools is None else tools
    if not missing(tools):
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    with locked(CACHE / "packages.lock"):
        if not (packages := missing(tools)):
            return
        install = f"apt-get install {' '.join(packages)}"
        if not shutil.which("apt-get"):
            raise Missing(f"The tests need what Debian has in the packages {', '.join(packages)}: install it.")
        if os.geteuid() != 0:
            raise Missing(f"The tests need the packages {', '.join(packages)}: sudo {install}")
        print(f"Installing {', '.join(packages)}, which the tests need", file=sys.stderr, flush=True)
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        options = ["-q", "-y", "-o", "DPkg::Lock::Timeout=300"]
        for command in (["update"], ["install", "--no-install-recommends", *packages]):
            done = subprocess.run(
                ["apt-get", *options, *command],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            if done.returncode:
                raise Missing(f"The tests need {', '.join(packages)}, but {install} failed:\n{done.stdout[-4000:]}")


def prepare_browser() -> None:
    """Install the browser, as root, if it is missing. Ends the program where that cannot be done."""
    try:
        prepare(BROWSER)
    except Missing as missing:
        sys.exit(str(missing))


def left_out() -> list[str]:
    """What this machine cannot test, and why, in one sentence each."""
    reason, (major, minor) = why_no_hosts(), sys.version_info[:2]
    sentences = [f"Left out: the tests on real hosts ({reason})."] if reason else []
    if reason := why_no_browser():
        sentences.append(f"Left out: the documentation in a browser ({reason}).")
    if (major, minor) < (3, 12):
        sentences.append(
            f"Python {major}.{minor}: the tests run with ansible-core 2.19, the last for it."
            " Left out: ansible-core 2.20 and newer, which need Python 3.12."
        )
    return sentences


def _has_overlay() -> bool:
    if "overlay" in Path("/proc/filesystems").read_text():
        return True
    return bool(shutil.which("modprobe")) and subprocess.call(["modprobe", "-q", "overlay"]) == 0


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes, and other threads of this one, out."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main() -> int:
    try:
        prepare()
    except Missing as error:
        print(error, file=sys.stderr)
        return 1
    for sentence in left_out():
        print(sentence, file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
