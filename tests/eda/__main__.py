# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Event sources for minutes, and the rulebooks for real: `./run eda`. Without a Java runtime, what needs none.

1. lines: generated syslog lines through the parser.
2. rulebooks: the schema of ansible-rulebook, and each rulebook from an event to what it is for on the simulator.
3. soak: polling while the server fails and is restarted and the source is killed, under ansible-rulebook.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from eda import lines, rulebooks
from eda.soak import soak
from workspace import ROOT

PARTS = ("lines", "rulebooks", "soak")
SCHEMA = """\
import json, pathlib, sys
import ansible_rulebook, jsonschema, yaml
schema = json.loads((pathlib.Path(ansible_rulebook.__file__).parent / "schema" / "ruleset_schema.json").read_text())
for path in sys.argv[1:]:
    jsonschema.validate(yaml.safe_load(pathlib.Path(path).read_text()), schema)
print(len(sys.argv) - 1, "rulebooks fit the schema of ansible-rulebook")
"""


def main() -> None:
    """Run the parts that are named, and fail if one of them does."""
    parser = argparse.ArgumentParser(
        prog="./run eda", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all, if none is named")
    parser.add_argument("--programs", help=argparse.SUPPRESS)
    parser.add_argument("--minutes", type=float, default=10, help="of the soak (default 10)")
    parser.add_argument("--lines", type=int, default=100_000, help="of syslog (default 100,000)")
    parser.add_argument("--seed", type=int, default=1, help="of all that is made by chance (default 1)")
    parser.add_argument("--without-rules", action="store_true", help="soak the source alone, without ansible-rulebook")
    arguments = parser.parse_args()
    parts = arguments.parts or PARTS
    problems: list[str] = []
    if "lines" in parts:
        found, measured = lines.run(arguments.lines, arguments.seed)
        print(f"lines: {measured}", flush=True)
        problems += found
    command = rulebook_command(arguments.programs)
    with tempfile.TemporaryDirectory(prefix="eda-") as folder:
        if "rulebooks" in parts:
            problems += run_rulebooks(Path(folder), command, arguments.programs)
        if "soak" in parts:
            rules = None if arguments.without_rules else command
            result = soak(Path(folder), arguments.minutes * 60, arguments.seed, rules)
            print(f"soak{'' if rules else ' without ansible-rulebook'}: {result}", flush=True)
            problems += result.problems
    for problem in problems[:20]:
        print(problem)
    sys.exit(1 if problems else 0)


def rulebook_command(programs: str | None) -> list[str] | None:
    """The command of ansible-rulebook, with its inventory; None if it is not here, or has no Java."""
    if not programs or not shutil.which("java"):
        print("no ansible-rulebook or no Java runtime here (Debian: default-jre-headless): what needs it is left out")
        return None
    # It looks for ansible-galaxy and ansible-playbook there.
    os.environ["PATH"] = os.pathsep.join([programs, os.environ["PATH"]])
    return [f"{programs}/ansible-rulebook", "--inventory", str(Path(__file__).with_name("inventory.yml"))]


def run_rulebooks(folder: Path, command: list[str] | None, programs: str | None) -> list[str]:
    """Run each rulebook. Return what went wrong."""
    problems = []
    if programs:
        files = sorted(map(str, (ROOT / "extensions" / "eda" / "rulebooks").glob("*.yml")))
        subprocess.run([f"{programs}/python", "-c", SCHEMA, *files], check=True)
    for run in rulebooks.ALL if command else ():
        try:
            print(run(folder, command or []), flush=True)
        except AssertionError as error:
            problems.append(f"{run.__name__}: {error}")
    return problems


if __name__ == "__main__":
    main()
