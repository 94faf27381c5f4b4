# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run tasks of ./run where nothing is installed: in a bare root file system of each Debian release.

It holds git, python3 and what apt needs. A clone of the last commit is in an empty home folder, and the registries are
those of this machine. Without a task the two commands of the README run, demo and test.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from . import registries, system
from .image import SUITES

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "bare"
CLONE = "root/community.senhasegura"
README = (["demo"], ["test"])
# Certificates are for git and python3 to reach registries over TLS.
PACKAGES = "ca-certificates,git,python3"
# Everything that is mounted or started goes with the namespaces of this process. A new root and not chroot, in which
# test hosts could not have a root of their own.
ENTER = """\
set -euo pipefail
root=$1 home=$2 user=$3
shift 3
mount --make-rprivate /
mount --bind "$root" "$root"
for place; do
    [ "$place" = -- ] && break
    [ -d "$place" ] && mkdir -p "$root$place" || { mkdir -p "$(dirname "$root$place")" && touch "$root$place"; }
    mount --rbind "$place" "$root$place"
    mount -o remount,bind,ro "$root$place"
done
while [ "$1" != -- ]; do shift; done
shift
mount --rbind /dev "$root/dev"
mount -t sysfs sysfs "$root/sys"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
cd "$root"
mkdir -p .old
pivot_root . .old
cd "/$home"
# Without the package mount there is no umount.
python3 -c 'import ctypes, os; ctypes.CDLL(None).umount2(b"/.old", 2) and exit("umount failed"); os.rmdir("/.old")'
exec setpriv --reuid "$user" --regid "$user" --clear-groups env -i HOME="$(dirname "$PWD")" TERM=dumb \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bare", description=__doc__)
    parser.add_argument("--suite", action="append", choices=SUITES, help="only this release (repeatable)")
    parser.add_argument("--again", action="store_true", help="in the root as the last run has left it")
    parser.add_argument("--user", default="0", help="the numeric id of the user who runs the tasks (default 0, root)")
    parser.add_argument("task", nargs=argparse.REMAINDER, help="one task of ./run, with its arguments")
    options = parser.parse_args()
    if reason := system.why_no_hosts():
        print(reason, file=sys.stderr)
        return 1
    results = []
    for suite in options.suite or SUITES:
        root = CACHE / suite
        if not (options.again and root.exists()):
            make_root(suite, root)
        clone(root, options.user)
        for task in [options.task] if options.task else README:
            start = time.monotonic()
            code = enter(root, options.user, "./run", *task)
            end = "ok" if code == 0 else f"failed ({code})"
            results.append(f"{suite:10} ./run {' '.join(task):10} {time.monotonic() - start:6.0f} s  {end}")
    print("\n" + "\n".join(results))
    return int(any("failed" in line for line in results))


def make_root(suite: str, root: Path) -> None:
    """A new root file system, as small as mmdebstrap makes one that has apt."""
    system.prepare()
    shutil.rmtree(root, ignore_errors=True)
    root.parent.mkdir(parents=True, exist_ok=True)
    print(f"Building a bare root of {suite}", file=sys.stderr, flush=True)
    command = ["mmdebstrap", "--quiet", "--mode=root", "--format=directory", "--variant=apt", f"--include={PACKAGES}"]
    command += ["--aptopt=Acquire::Languages none", "--dpkgopt=force-unsafe-io", suite, str(root)]
    subprocess.run([*command, f"deb {registries.debian_mirror()} {suite} main"], check=True)
    (root / "etc/apt/apt.conf.d/00machine").write_text(registries.apt_settings())
    (root / "etc/pip.conf").write_text(registries.pip_settings())


def clone(root: Path, user: str) -> None:
    """A clone of the last commit; with ``--again`` what is in its .cache stays."""
    target = root / CLONE
    kept = target.with_name("cache")
    if (target / ".cache").exists():
        (target / ".cache").rename(kept)
    shutil.rmtree(target, ignore_errors=True)
    command = ["git", "-c", "safe.directory=*", "clone", "--quiet", "--depth", "1", f"file://{ROOT}", str(target)]
    subprocess.run(command, check=True)
    if kept.exists():
        kept.rename(target / ".cache")
    subprocess.run(["chown", "-R", f"{user}:{user}", str(target.parent)], check=True)


def enter(root: Path, user: str, *command: str) -> int:
    """Run a command in the root, with the network, the registries and the devices of this machine."""
    for name in ("resolv.conf", "hosts"):
        shutil.copyfile(f"/etc/{name}", root / "etc" / name)
    places = map(str, registries.local_paths((root / "etc/pip.conf").read_text()))
    unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "bash", "-c", ENTER, "bare", str(root)]
    return subprocess.call([*unshare, CLONE, user, *places, "--", *command], env={"PATH": os.environ["PATH"]})


if __name__ == "__main__":
    sys.exit(main())
