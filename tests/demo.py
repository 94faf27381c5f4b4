# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run playbooks/demo.yml twice over HTTPS against a simulator of each dialect: what ./run demo does.

usage: python tests/demo.py [PROFILE ...]   (3.32, 4.0, rest; all three without an argument)
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workspace import environment

SEED = "demo"
# Each strict profile of the simulator, and what a user sets for it: auto has to find iso and api by itself.
DIALECTS = {"3.32": "auto", "4.0": "auto", "rest": "rest"}
# The play creates a credential once; it takes and returns custody, and rotates a key, each time.
CHANGES = {1: 3, 2: 2}


@contextlib.contextmanager
def simulator(profile: str, folder: Path) -> Iterator[dict[str, Any]]:
    """A running simulator; gives what it wrote into its ready file."""
    ready = folder / f"{profile}.json"
    command = [sys.executable, "-m", "senhasegura_simulator", "--profile", profile, "--seed", str(SEED)]
    command += ["--ready-file", str(ready), "--parent-pid", str(os.getpid())]
    process = subprocess.Popen(command, env={**os.environ, **environment()})
    try:
        for _attempt in range(2400):
            if ready.exists():
                break
            if process.poll() is not None:
                sys.exit(f"the simulator ended with exit code {process.returncode}")
            time.sleep(0.05)
        else:
            sys.exit("the simulator was not ready within two minutes")
        yield json.loads(ready.read_text())
    finally:
        process.terminate()
        process.wait()


def play(server: dict[str, Any], dialect: str) -> int:
    """Run the playbook and return how many tasks changed something."""
    seed_client = {"SENHASEGURA_CLIENT_ID": "demo", "SENHASEGURA_CLIENT_SECRET": "demo-secret-0123456789abcdef"}
    place = {"SENHASEGURA_URL": server["url"], "SENHASEGURA_CA_PATH": server["ca_path"]}
    command = [shutil.which("ansible-playbook") or "ansible-playbook", "community.senhasegura.demo"]
    process = subprocess.Popen(
        [*command, "-i", "localhost,", "-c", "local"],
        env={**os.environ, **environment(), **seed_client, **place, "SENHASEGURA_DIALECT": dialect},
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    changed = 0
    for line in process.stdout or ():
        print(line, end="", flush=True)
        if recap := re.search(r"changed=(\d+)", line):
            changed = int(recap[1])
    if process.wait():
        sys.exit(f"the demo failed with exit code {process.returncode}")
    return changed


def counters(server: dict[str, Any]) -> dict[str, Any]:
    """What the simulator counted."""
    request = urllib.request.Request(
        f"{server['control_url']}/counters", headers={"X-Control-Key": server["control_key"]}
    )
    with urllib.request.urlopen(request) as answer:
        return dict(json.load(answer))


def main(profiles: list[str]) -> None:
    summary = []
    with tempfile.TemporaryDirectory() as folder:
        for profile in profiles:
            dialect = DIALECTS[profile]
            with simulator(profile, Path(folder)) as server:
                for run, expected in CHANGES.items():
                    print(f"\n##### profile {profile}, dialect {dialect}, run {run}", flush=True)
                    changed = play(server, dialect)
                    if changed != expected:
                        sys.exit(f"run {run} changed {changed} things instead of {expected}")
                count = counters(server)
                summary.append(
                    f"profile {profile:4}  dialect {dialect:4}  both runs as expected; tokens: {count['tokens']}"
                )
    print("\nDemo passed\n" + "\n".join(summary))


if __name__ == "__main__":
    main(sys.argv[1:] or list(DIALECTS))
