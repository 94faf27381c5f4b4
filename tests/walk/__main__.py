# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""./run walk: the way of a new user, from the pages alone, in an empty home. Prints how long each step took.

A step fails if a command of its page fails or warns, if what must come of it does not come, or if the page has lost it.
The first error is compared with the page word for word. It needs root, for the test host, and PyPI.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from hosts.image import why_unavailable
from walk.pages import Lost
from walk.shell import run
from walk.steps import STEPS, Site, new_site


def made_of(site: Site) -> str:
    """What the table is of: the day, the Python and ansible-core of the user, and how busy the machine is."""
    versions = run("python --version; ansible --version | head -1", site.env, site.folder).output
    return f"{time.strftime('%Y-%m-%d')}, {', '.join(versions.splitlines())}, load {os.getloadavg()[1]:.1f}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run walk", description=__doc__)
    # Not the one of an environment: the new user makes that.
    python = Path(sys.base_prefix, "bin", "python3")
    parser.add_argument("--python", type=Path, default=python, help=f"which the user has (default {python})")
    options = parser.parse_args()
    if reason := why_unavailable():
        print(f"left out: {reason}")
        return 1
    print("| step | page | seconds |\n|---|---|---|", flush=True)
    try:
        with tempfile.TemporaryDirectory(prefix="walk") as folder, new_site(Path(folder), options.python) as site:
            for name, page, step in STEPS:
                begun = time.monotonic()
                step(site)
                print(f"| {name} | `{page}` | {time.monotonic() - begun:.1f} |", flush=True)
            print(made_of(site))
    except (AssertionError, Lost) as problem:
        print(problem)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
