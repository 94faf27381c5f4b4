# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Count what the playbook onboard asks of the server for many hosts, and kill some of its runs.

Each host has an account with a password. The server's own counters say how many requests there were: those for hosts,
and those of the whole run (login and lists), which must not grow with the number. Then everything starts over with an
empty vault, and runs are killed with SIGKILL when some of the devices are there. The last run is left alone. After it,
each device and each credential must be there once.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import yaml
from bench.inventory import CLIENT
from workspace import CACHE, environment

from senhasegura_simulator.server import Simulator

# Bounds of issue 14. Of the requests of a whole run, more than login and two lists would be a mistake.
MOST_PER_HOST, MOST_PER_RUN = 2.0, 3
# What a killed run has under way may be asked for again, and the credential of a device that is there takes one more.
MOST_PER_KILL = 2
FOR_RUNS = ("POST /api/oauth2/token", "GET /api/pam/device", "GET /api/pam/credential")
_DEVICE = "POST /api/pam/device"
TIMEOUT = 1800
_POLL = 0.05


def inventory(size: int) -> dict[str, Any]:
    """Return hosts that say all of themselves, with an account each."""
    hosts = {
        f"host-{number:05}": {"onboard_ip": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"}
        for number in range(size)
    }
    account = {
        "hostname": "{{ inventory_hostname }}",
        "identifier": "{{ inventory_hostname }}-root",
        "username": "root",
        "password": "Canary-{{ inventory_hostname }}",
    }
    described = {"onboard_vendor": "Debian", "onboard_model": "Debian 13", "onboard_site": "DC1"}
    return {"all": {"hosts": hosts, "vars": {**described, "onboard_credentials": [account]}}}


def command(source: Path) -> list[str]:
    """Return the run of the playbook, without facts, since there are no such hosts."""
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    more = ("-e", "onboard_gather_facts=false", "--forks", "10")
    return [program, "community.senhasegura.onboard", "-i", str(source), *more]


class Vault:
    """An empty vault, and the runs against it."""

    def __init__(self, simulator: Simulator, source: Path) -> None:
        self.simulator, self.control, self.source = simulator, simulator.control, source
        self.env = {
            **os.environ,
            **environment(),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "SENHASEGURA_URL": simulator.url,
            "SENHASEGURA_CA_PATH": simulator.ca_path,
            **{f"SENHASEGURA_{name.upper()}": value for name, value in CLIENT.items()},
        }

    def requests(self) -> Counter[str]:
        """Return how many requests there were since the last reset, by method and path."""
        return Counter(self.control.counters()["requests"])

    def run(self) -> dict[str, Any]:
        """Run the playbook to its end, and return what that took. Raises SystemExit if it fails or warns."""
        before, began = self.requests(), time.monotonic()
        done = subprocess.run(
            command(self.source), env=self.env, capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
        if done.returncode or done.stderr.strip() or "Canary" in done.stdout:
            raise SystemExit(f"the playbook failed:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
        requests = self.requests() - before
        for_runs = sum(number for line, number in requests.items() if line in FOR_RUNS)
        return {
            "seconds": time.monotonic() - began,
            "for hosts": sum(requests.values()) - for_runs,
            "for the run": for_runs,
            "progress": done.stdout.count("onboarding: "),
        }

    def kill_at(self, devices: int) -> int:
        """Start a run, kill it and all that belongs to it when so many devices are there. Return how many there are."""
        with subprocess.Popen(
            command(self.source),
            env=self.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            end = time.monotonic() + TIMEOUT
            # By the counter: the whole state of many hosts would be half of the work.
            while self.requests()[_DEVICE] < devices and process.poll() is None and time.monotonic() < end:
                time.sleep(_POLL)
            if process.poll() is not None:
                raise SystemExit("the run has ended before it could be killed: use more hosts")
            workers = children(process.pid)
            os.killpg(process.pid, signal.SIGKILL)
        # The broker belongs to no terminal, and ends when it sees that its run has.
        seen = -1
        while seen != (seen := sum(self.requests().values())):
            time.sleep(1.0)
        # Since ansible-core 2.19, workers are no part of its process group. One that has a large result for the main
        # process waits for ever when that was killed, as the other ends of its pipe are open in other workers.
        for worker in workers:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        return self.count("devices")

    def count(self, what: str) -> int:
        """Return how many devices or items the vault has."""
        return len(self.control.state()[what])

    def names(self) -> tuple[Counter[str], Counter[str]]:
        """Return how often each device and each account is there."""
        state = self.control.state()
        accounts = (f"{item['username']}@{item['hostname']}" for item in state["items"])
        return Counter(device["hostname"] for device in state["devices"]), Counter(accounts)


def children(parent: int) -> list[int]:
    """Return the ids of the processes that a process has started."""
    listed = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="utf-8")
    return [int(number) for number in listed.split()]


def measure(size: int, kills: int) -> list[dict[str, Any]]:
    """Return a row for each run."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="onboard-", dir=CACHE)))
        source = folder / "hosts.yml"
        source.write_text(yaml.safe_dump(inventory(size)))
        simulator = stack.enter_context(Simulator(profile="4.0", seed={"clients": [CLIENT]}))
        vault = Vault(simulator, source)
        rows = [{"run": name, "hosts": size, **vault.run()} for name in ("first", "again")]
        rows[0]["doubles"] = doubles(vault, size)
        vault.control.reset()
        there = 0
        for number in range(1, kills + 1):
            there = vault.kill_at(max(there + 1, size * number // (kills + 1)))
        last = vault.run()
        whole = vault.requests()
        for_hosts = sum(number for line, number in whole.items() if line not in FOR_RUNS)
        rows.append(
            {"run": f"after {kills} killed at {there}", "hosts": size, **last, "in all": for_hosts, "kills": kills}
            | {"doubles": doubles(vault, size)}
        )
        return rows


def doubles(vault: Vault, size: int) -> int:
    """Return how many devices and accounts are there twice. Raises SystemExit if one is missing."""
    devices, accounts = vault.names()
    if len(devices) != size or len(accounts) != size:
        raise SystemExit(f"{len(devices)} devices and {len(accounts)} accounts instead of {size}")
    return sum(number > 1 for names in (devices, accounts) for number in names.values())


HEAD = """\
| run | hosts | seconds | requests for hosts | for each | for the run | for hosts, with the killed runs | doubles |
|---|---|---|---|---|---|---|---|"""


def line(row: dict[str, Any]) -> str:
    """Return a row of the table."""
    cells = [row["run"], f"{row['hosts']:,}", f"{row['seconds']:.1f}", f"{row['for hosts']:,}"]
    cells += [f"{row['for hosts'] / row['hosts']:.2f}", row["for the run"]]
    cells += [row.get("in all", ""), row.get("doubles", "")]
    return f"| {' | '.join(map(str, cells))} |"


def broken(rows: list[dict[str, Any]]) -> list[str]:
    """Return the bounds that do not hold, in words."""
    found = []
    for row in rows:
        each = row["for hosts"] / row["hosts"]
        if each > MOST_PER_HOST:
            found.append(f"{row['run']}: {each:.2f} requests for each host")
        if row["run"] == "again" and row["for hosts"]:
            found.append(f"again: {row['for hosts']} requests for hosts that are there")
        if row["for the run"] > MOST_PER_RUN:
            found.append(f"{row['run']}: {row['for the run']} requests for login and lists")
        if row.get("in all", 0) > MOST_PER_HOST * row["hosts"] + MOST_PER_KILL * row.get("kills", 0):
            found.append(f"{row['run']}: {row['in all']} requests for hosts with the killed runs")
        if row.get("doubles"):
            found.append(f"{row['run']}: {row['doubles']} doubles")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run onboarding", description=__doc__)
    parser.add_argument("--hosts", type=int, default=1000, help="number of hosts (default: %(default)s)")
    parser.add_argument("--kills", type=int, default=3, help="runs that are killed (default: %(default)s)")
    options = parser.parse_args()
    rows = measure(options.hosts, options.kills)
    print(HEAD)
    for row in rows:
        print(line(row))
    problems = broken(rows)
    print("\n".join(problems) or "all bounds hold")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
