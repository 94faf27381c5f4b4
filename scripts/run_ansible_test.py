# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run ansible-test, as it is installed beside this Python, in a copy of the tree and with what this machine has.

usage: PYTHON scripts/run_ansible_test.py COMMAND [ARGUMENTS]

It works in a folder of its own for each command, .cache/ansible_test/COMMAND, so that two commands can run at the same
time. What it needs besides:

- the tree at the path that Ansible demands, in a git repository of its own;
- a home folder, which it writes to whatever else it is told;
- the pip of this machine: it would get pip's installer from a host of its own. It keeps that download in its home, and
  there it finds a program that installs with ensurepip instead;
- this machine's settings of pip: it hands on neither PIP_* nor, with another home, the user's own file;
- each pythonX.Y in PATH works: it takes a shim of pyenv that answers "command not found" for a Python, too.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from hosts import registries  # noqa: E402
from workspace import CACHE, checkout  # noqa: E402

INSTALLER = """\
import subprocess, sys
options = [option for option in sys.argv[1:] if option not in ("--no-setuptools", "--no-wheel")]
subprocess.check_call([sys.executable, "-m", "ensurepip"], stdout=subprocess.DEVNULL)
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", *options]))
"""


def main(command: str, *arguments: str) -> None:
    """Make all of it ready, and become ansible-test."""
    place, programs = CACHE / "ansible_test" / command, Path(sys.executable).parent
    home, pythons = place / "home", place / "pythons"
    write(home / ".ansible" / "test" / "cache" / f"get_pip_{pip_version().replace('.', '_')}.py", INSTALLER)
    write(home / ".pip" / "pip.conf", registries.pip_settings(quiet="2"))
    link_pythons(pythons)
    os.chdir(checkout(place))
    path = os.pathsep.join([str(programs), str(pythons), os.environ["PATH"]])
    program = str(programs / "ansible-test")
    os.execve(program, [program, command, "--local", *arguments], {**os.environ, "HOME": str(home), "PATH": path})


def write(path: Path, text: str) -> None:
    """Write a file, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def pip_version() -> str:
    """Return the version of pip that this ansible-test would get."""
    package = find_spec("ansible_test")
    assert package
    assert package.submodule_search_locations
    source = Path(package.submodule_search_locations[0], "_internal", "python_requirements.py").read_text()
    found = re.search(r"pip='([\d.]+)'", source)
    assert found
    return found[1]


def link_pythons(folder: Path) -> None:
    """Fill a folder with a pythonX.Y for each Python that works."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for version in (f"3.{minor}" for minor in range(7, 15)):
        command = ["scripts/pick-python.sh", version]
        found = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False).stdout.strip()
        if found:
            (folder / f"python{version}").symlink_to(found)


if __name__ == "__main__":
    main(*sys.argv[1:])
