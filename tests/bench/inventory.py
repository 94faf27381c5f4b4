# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Time the inventory plugin against a static YAML inventory of the same hosts and variables, by the number of devices.

Both are run by ansible-inventory --list, in turn. The simulator is a thread of this process, so that its time is in the
wall time of the plugin, and not in its CPU time. Each device has two credentials. The static file is read up to 2,000
devices: beyond, it takes minutes.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import yaml
from workspace import CACHE, environment

from senhasegura_simulator.server import Simulator

MEASURE = Path(__file__).with_name("measure.py")
CLIENT = {"client_id": "bench", "client_secret": "bench-secret-0123456789abcdef"}
# Bounds of issue 14: wall time of 2,000 devices by that of the static file, and how time and memory may grow.
LARGEST_RATIO, AT = 1.5, 2000
# A tenth more than the number is noise.
LARGEST_GROWTH = 1.1
PLUGIN = {
    "plugin": "community.senhasegura.devices",
    "timeout": 600,
    "credentials": [{"username": "ansible"}],
}
KEYED = {"keyed_groups": [{"key": "senhasegura_device.site", "prefix": "site"}]}
# How the hosts are grouped -> what the file of the plugin has more, and whether the static file has groups of sites.
KINDS: dict[str, tuple[dict[str, Any], bool]] = {"plain": ({}, False), "keyed": (KEYED, True)}


def device(number: int) -> dict[str, str]:
    """Return the device with this number, as a seed has it."""
    return {
        "hostname": f"host-{number:05}",
        "ip": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}",
        "type": "Server",
        "vendor": "Debian",
        "model": "Debian 13",
        "site": f"DC{number % 20}",
        "device_tags": "linux,web",
        "connectivities": "SSH:22",
    }


def seed(size: int) -> dict[str, Any]:
    """Return a vault with this many devices, and two credentials of each."""
    devices = [device(number) for number in range(size)]
    credentials = [
        {"identifier": f"{one['hostname']}-{user}", "username": user, "hostname": one["hostname"], "ip": one["ip"]}
        for one in devices
        for user in ("root", "ansible")
    ]
    return {"clients": [CLIENT], "devices": devices, "credentials": credentials}


def static(size: int, sites: bool) -> dict[str, Any]:
    """Return the same hosts with the same variables as a YAML inventory."""
    hosts, groups = {}, {}
    for number in range(size):
        one = device(number)
        own = {name: one[name] for name in ("hostname", "ip", "type", "vendor", "model", "site")}
        more = {"tags": ["linux", "web"], "domains": None, "connectivities": None, "session_remote_config": None}
        id_ = str(number * 2 + 2)
        hosts[one["hostname"]] = {
            "ansible_host": one["ip"],
            "ansible_user": "ansible",
            "ansible_connection": "ssh",
            "ansible_password": f"{{{{ lookup('community.senhasegura.password', 'id:{id_}', check_mode='read') }}}}",
            "senhasegura_device": {"id": str(number + 1), **own, **more},
            "senhasegura_credential": {
                "id": id_,
                "identifier": f"{one['hostname']}-ansible",
                "username": "ansible",
                "hostname": one["hostname"],
                "type": "Local User",
                "connectivity": "SSH",
            },
        }
        groups.setdefault(f"site_{one['site']}", {"hosts": {}})["hosts"][one["hostname"]] = None
    return {"all": {"children": {"senhasegura": {"hosts": hosts}, **(groups if sites else {})}}}


def measure(source: Path, folder: Path, env: dict[str, str]) -> dict[str, float]:
    """Return seconds and KiB of one ansible-inventory. Raises SystemExit if it fails."""
    result, listed = folder / "result.json", folder / "listed.json"
    program = str(Path(sys.executable).with_name("ansible-inventory"))
    command = [program, "-i", str(source), "--list", "--output", str(listed)]
    run = subprocess.run(
        [sys.executable, str(MEASURE), str(result), "1800", *command],
        env={**os.environ, **environment(), **env},
        capture_output=True,
        text=True,
        check=False,
    )
    found: dict[str, float] = json.loads(result.read_text())
    hosts = json.loads(listed.read_text())["_meta"]["hostvars"] if listed.exists() else {}
    passwords = sum("ansible_password" in variables for variables in hosts.values())
    listed.unlink(missing_ok=True)
    if run.stderr.strip() or not passwords:
        raise SystemExit(f"{source.name} failed:\n{run.stdout}\n{run.stderr}")
    return {**found, "hosts": len(hosts), "passwords": passwords}


def compare(size: int, rounds: int, kinds: list[str]) -> list[dict[str, Any]]:
    """Return a row for each kind of grouping: medians of the rounds, and what the server counted in one run."""
    rows = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="inventory-", dir=CACHE)))
        simulator = stack.enter_context(Simulator(profile="4.0", seed=seed(size)))
        env = {
            "SENHASEGURA_URL": simulator.url,
            "SENHASEGURA_CA_PATH": simulator.ca_path,
            **{f"SENHASEGURA_{name.upper()}": value for name, value in CLIENT.items()},
        }
        for kind in kinds:
            more, sites = KINDS[kind]
            sources = {"plugin": folder / "hosts.senhasegura.yml"}
            sources["plugin"].write_text(yaml.safe_dump({**PLUGIN, **more}))
            if size <= AT:
                sources["static"] = folder / "static.yml"
                sources["static"].write_text(yaml.dump(static(size, sites), Dumper=yaml.CSafeDumper))
            runs: list[dict[str, dict[str, float]]] = []
            for _round in range(rounds):
                before = simulator.control.counters()["requests"]
                runs.append({name: measure(source, folder, env) for name, source in sources.items()})
                after = simulator.control.counters()["requests"]
            if any(run["hosts"] != size or run["passwords"] != size for turn in runs for run in turn.values()):
                raise SystemExit(f"not all of {size} hosts are there")
            requests = {name: after[name] - before.get(name, 0) for name in after}
            row: dict[str, Any] = {"kind": kind, "devices": size, "requests": requests}
            for what in ("wall", "cpu", "rss"):
                for name in sources:
                    row[f"{name} {what}"] = statistics.median(turn[name][what] for turn in runs)
                if "static" in sources:
                    ratios = [turn["plugin"][what] / turn["static"][what] for turn in runs]
                    row[f"ratio {what}"] = statistics.median(ratios)
            rows.append(row)
            print(line(row), flush=True)
    return rows


HEAD = """\
| groups | devices | plugin s | static s | ratio | plugin CPU s | static CPU s | ratio | plugin MiB | static | ratio |
|---|---|---|---|---|---|---|---|---|---|---|"""


def line(row: dict[str, Any]) -> str:
    """Return a row of the table."""
    cells = [row["kind"], f"{row['devices']:,}"]
    for what, unit in (("wall", 1.0), ("cpu", 1.0), ("rss", 1024.0)):
        for name, divisor in (("plugin", unit), ("static", unit), ("ratio", 1.0)):
            value = row.get(f"{name} {what}")
            cells.append("" if value is None else f"{value / divisor:.{0 if divisor > 1 else 2}f}")
    return f"| {' | '.join(cells)} |"


def broken(rows: list[dict[str, Any]]) -> list[str]:
    """Return the bounds that do not hold, in words."""
    found = []
    for row in rows:
        where = f"{row['devices']} devices, {row['kind']}"
        if sorted(row["requests"].values()) != [1, 1, 1]:
            found.append(f"{where}: {row['requests']} instead of one token and two lists")
        if row["devices"] == AT and row["ratio wall"] >= LARGEST_RATIO:
            found.append(f"{where}: {row['ratio wall']:.2f} times the static file")
    for kind in KINDS:
        own = sorted((row for row in rows if row["kind"] == kind), key=lambda row: row["devices"])
        for less, more in itertools.pairwise(own):
            number = more["devices"] / less["devices"]
            for what in ("cpu", "rss"):
                growth = more[f"plugin {what}"] / less[f"plugin {what}"]
                if growth > number * LARGEST_GROWTH:
                    found.append(f"{kind}, {less['devices']} to {more['devices']} devices: {what} {growth:.1f} times")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run inventory", description=__doc__)
    parser.add_argument("--sizes", default="2000,20000", help="numbers of devices (default: %(default)s)")
    parser.add_argument("--repeat", type=int, default=3, help="rounds of each (default: %(default)s)")
    parser.add_argument("--kinds", default=",".join(KINDS), help="of groups (default: %(default)s)")
    options = parser.parse_args()
    print(HEAD, flush=True)
    rows = []
    for size in map(int, options.sizes.split(",")):
        rows += compare(size, options.repeat, options.kinds.split(","))
    problems = broken(rows)
    print("\n".join(problems) or "all bounds hold")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
