# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The leak harness with all its cases, on the ansible-core releases that are asked for: python tests/leaks --help"""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "simulator")]

from cores import PYTHONS  # noqa: E402
from leaks import checks, core  # noqa: E402
from leaks.inventories import inventories  # noqa: E402
from leaks.runner import Scene  # noqa: E402
from leaks.world import canary_tokens  # noqa: E402
from workspace import CACHE, ROOT  # noqa: E402

PACKAGES = ("requests", "requests-oauthlib", "cryptography", "bcrypt", "ansible-runner")
CALLBACKS = ("default", "minimal", "oneline")
WHOLE_CHECKS = (
    checks.check_mode,
    checks.adhoc,
    checks.owed,
    checks.killed,
    checks.inert,
    checks.channels,
    checks.debug_logging,
    inventories,
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python tests/leaks", description=__doc__)
    parser.add_argument("--core", action="append", choices=PYTHONS, help="an ansible-core release (default: all)")
    parser.add_argument("--quick", action="store_true", help="all cases once, and secrets of earlier calls")
    parser.add_argument("--core-itself", action="store_true", help="only measure what ansible-core shows by itself")
    options = parser.parse_args()
    total = checks.Outcome()
    for release in options.core or PYTHONS:
        folder = environment(release)
        if folder is None:
            print(f"ansible-core {release}: no Python for it here, left out")
        elif options.core_itself:
            with temporary() as place, canary_tokens():
                print(f"ansible-core {release}\n{core.table(core.leaks(Scene(Path(place), folder)))}")
        else:
            total += everything(release, folder, options.quick)
    if total.cases:
        print(total)
    return 1 if total.leaks or total.problems else 0


def everything(release: str, folder: Path, quick: bool) -> checks.Outcome:
    """All cases at -vvvvv; then a sample at each verbosity with each callback, the dialects, and all other checks."""
    total = checks.Outcome()

    def show(title: str, check: checks.Check, **options: object) -> None:
        nonlocal total
        start = time.monotonic()
        with temporary() as place, canary_tokens():
            outcome = check(Scene(Path(place), folder, **options))
        print(f"ansible-core {release}, {title} ({time.monotonic() - start:.0f} s): {outcome}", flush=True)
        total += outcome

    show("all cases", partial(checks.run_cases, choose=bool))
    show("secrets of earlier calls", checks.earlier)
    if quick:
        return total
    sample = partial(checks.run_cases, choose=checks.sample)
    for verbosity, callback in itertools.product((0, 1, 3, 5), CALLBACKS):
        show(f"{callback} at {verbosity}", sample, verbosity=verbosity, stdout_callback=callback)
    for profile in ("3.32", "rest"):
        show(f"profile {profile}", partial(checks.run_cases, choose=checks.brief, profile=profile))
    for verbosity in (0, 5):
        show(f"ansible-runner at {verbosity}", partial(sample, how="runner", inject=False), verbosity=verbosity)
    show("processes", checks.processes)
    for check in WHOLE_CHECKS:
        show(check.__name__, check)
    return total


def temporary() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="leaks-runs-")


def environment(release: str) -> Path | None:
    """The bin folder of an environment with that ansible-core, made once, or None where no Python for it is."""
    folder = CACHE / "leaks" / release
    if not (folder / "complete").exists():
        pick = [str(ROOT / "scripts" / "pick-python.sh"), *PYTHONS[release]]
        python = subprocess.run(pick, stdout=subprocess.PIPE, text=True, check=False).stdout.strip()
        if not python:
            return None
        subprocess.run([python, "-m", "venv", "--clear", str(folder)], check=True)
        install = [f"{folder}/bin/python", "-m", "pip", "install", "--quiet", *(["--pre"] if release == "2.22" else [])]
        subprocess.run([*install, f"ansible-core=={release}.*", *PACKAGES], check=True)
        (folder / "complete").touch()
    return folder / "bin"


if __name__ == "__main__":
    sys.exit(main())
