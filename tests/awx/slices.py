# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ten jobs at once, as AWX slices one: what the server sees of lookups, and how hosts with a common record end."""

from __future__ import annotations

import contextlib
import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from awx.awx_jobs import Jobs, Template, jobs
from hosts.group import Hosts
from hosts.host import Host
from hosts.image import PASSWORD

from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.login import password_hash
from senhasegura_simulator.server import Simulator

CLIENT = {"client_id": "demo", "client_secret": "demo-secret-0123456789abcdef"}
# Credentials that the hosts of all slices share.
CREDENTIALS = 12
PLAYBOOK = "lookups.yml"
LOOKUPS = """
- hosts: all
  gather_facts: false
  connection: local
  vars:
    own: "{{ 'c%02d' % ((inventory_hostname | regex_search('[0-9]+') | int) % COUNT) }}"
    read: "{{ lookup('community.senhasegura.password', own) }}"
  tasks:
    - name: Use it
      ansible.builtin.assert: {that: read == 'password-of-' ~ own, quiet: true}
    - name: Use it again
      ansible.builtin.assert: {that: read == 'password-of-' ~ own, quiet: true}
""".replace("COUNT", str(CREDENTIALS))


def credential(simulator: Simulator) -> dict[str, Any]:
    """What the credential of AWX has for this server."""
    return {"url": simulator.url, "ca_content": Path(simulator.ca_path).read_text(), **CLIENT}


@dataclass
class Measured:
    """How a part ended: figures, and what is not as it should be."""

    figures: dict[str, Any]
    wrong: list[str]


def lookups(hosts: int, slices: int, forks: int = 10) -> Measured:
    """Two lookups for each host, whose credentials the slices share. Each slice logs in once, and reads each once."""
    names = [f"c{number:02}" for number in range(CREDENTIALS)]
    seed = {
        "clients": [CLIENT],
        "devices": [{"hostname": "web01", "ip": "192.0.2.10"}],
        "credentials": [
            {"identifier": name, "username": name, "hostname": "web01", "password": f"password-of-{name}"}
            for name in names
        ],
    }
    inventory: dict[str, Any] = {"hosts": {f"host{number:03}": {} for number in range(hosts)}}
    with Simulator(profile="4.0", seed=seed) as vault, jobs() as awx:
        begun = time.monotonic()
        template = Template(
            PLAYBOOK, credential(vault), inventory, slices=slices, forks=forks, project={PLAYBOOK: LOOKUPS}
        )
        done = awx.launch(template)
        seconds = time.monotonic() - begun
        counters = vault.control.counters()
        ids = {str(vault.control.credential(name)["id"]): number for number, name in enumerate(names)}
        used = sum(len(one.results("Use it again")) for one in done)
        wrong = [f"slice {one.number}: {one.stdout[-800:]}" for one in done if one.code]
    # The slices that have a host with this credential.
    wanted = {
        number: len({host % slices for host in range(hosts) if host % CREDENTIALS == number}) for number in ids.values()
    }
    reads = {ids[name]: count for name, count in counters["reads"].items()}
    if counters["tokens"] != slices:
        wrong.append(f"{counters['tokens']} tokens for {slices} slices")
    if reads != {number: count for number, count in wanted.items() if count}:
        wrong.append(f"reads by credential {reads}, and one for each slice would be {wanted}")
    if used != hosts:
        wrong.append(f"{used} of {hosts} hosts had a value")
    figures = {
        "hosts": hosts,
        "slices": slices,
        "tokens": counters["tokens"],
        "reads": sum(reads.values()),
        "seconds": round(seconds, 1),
    }
    return Measured(figures, wrong)


def record_of(number: int, hosts: int) -> str:
    """The record of a host: of the first two thirds, two neighbours share one, and are in different slices."""
    return f"shared-{number // 2}" if number < hosts // 3 * 2 // 2 * 2 else f"own-{number}"


def rotations(hosts: Sequence[Host], slices: int, folder: Path) -> Measured:
    """Change a password on each of real hosts, in slices that share records, and make one report of all."""
    records = [record_of(number, len(hosts)) for number in range(len(hosts))]
    holders = dict(zip(reversed(records), reversed(hosts), strict=True))
    seed = {
        "clients": [CLIENT],
        "devices": [{"hostname": host.name, "ip": host.address} for host in hosts],
        "credentials": [
            {"identifier": record, "username": "app", "hostname": host.name, "password": PASSWORD}
            for record, host in holders.items()
        ],
    }
    # The names of an inventory, in whose order AWX slices: host1 has host2 as its neighbour, and not host10.
    inventory = {
        "hosts": {
            f"h{number:03}-{host.name}": {
                **host.inventory("admin"),
                "linux_password_change_credential": records[number],
            }
            for number, host in enumerate(hosts)
        }
    }
    with Simulator(profile="4.0", seed=seed) as vault, jobs() as awx:
        begun = time.monotonic()
        done = awx.launch(_rotation(vault, inventory, slices, folder))
        seconds = time.monotonic() - begun
        report = _report(awx, vault, folder)
        lost = [host.name for host, record in zip(hosts, records, strict=True) if not _holder(vault, record, host)]
        tokens = vault.control.counters()["tokens"]
        wrong = [f"slice {one.number}: {one.stdout[-800:]}" for one in done if not one.results("Change the password")]
    lines = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    statuses = {line["host"]: line["status"] for line in lines}
    wrong += [f"lost: nothing in the vault logs in to {name}" for name in lost]
    for number, record in enumerate(records):
        if record.startswith("shared") and number % 2 == 0:
            pair = sorted(statuses.get(name, "?") for name in sorted(inventory["hosts"])[number : number + 2])
            # One has it. The other one met its lease, or, later, found whose it is.
            if pair.count("changed") != 1 or not {*pair} & {"busy", "refused"}:
                wrong.append(f"{record}: its two hosts ended as {pair}")
        elif not record.startswith("shared") and statuses.get(sorted(inventory["hosts"])[number]) != "changed":
            wrong.append(f"{record}: {statuses.get(sorted(inventory['hosts'])[number])}")
    summary = report.get("summary", {})
    if (summary.get("hosts"), summary.get("unreadable_lines")) != (len(hosts), 0):
        wrong.append(f"the report is not of all hosts: {summary or report}")
    if len({line["job"] for line in lines}) != slices:
        wrong.append(f"the history has lines of {len({line['job'] for line in lines})} jobs")
    figures = {
        "hosts": len(hosts),
        "slices": slices,
        "records": len(set(records)),
        "statuses": dict(Counter(statuses.values())),
        "losses": len(lost),
        "tokens": tokens,
        "seconds": round(seconds, 1),
    }
    return Measured(figures, wrong)


def _rotation(vault: Simulator, inventory: dict[str, Any], slices: int, folder: Path) -> Template:
    return Template(
        "playbooks/linux_password_change.yml",
        credential(vault),
        inventory,
        slices=slices,
        extra_vars={
            "linux_password_change_user": "app",
            "linux_password_change_report_dir": str(folder),
            # One host that is refused must not keep the others of its slice waiting for the next night.
            "linux_password_change_go_on": True,
        },
    )


def _report(awx: Jobs, vault: Simulator, folder: Path) -> dict[str, Any]:
    variables = {"rotation_report_dirs": [str(folder)], "rotation_report_fail": "false"}
    (done,) = awx.launch(Template("playbooks/rotation_report.yml", credential(vault), extra_vars=variables))
    if done.code:
        return {"failed": done.stdout[-800:]}
    (made,) = done.results("Make the report").values()
    return dict(made["results"][0])


def _holder(vault: Simulator, record: str, host: Host) -> str | None:
    """The record that logs in to the host now: the main one, or one of its journal."""
    crypted = host.shadow("app").hash
    for item in vault.control.state()["items"]:
        name = str(item["identifier"])
        if name == record or name.startswith(f"{record}--"):
            with contextlib.suppress(Exception):
                if password_hash.matches(str(item["password"]), crypted):
                    return name
    return None


def on_hosts(count: int, slices: int, folder: Path) -> Iterator[Measured]:
    """The rotations on new hosts."""
    with Hosts([("bookworm", "trixie")[number % 2] for number in range(count)]) as hosts:
        yield rotations(list(hosts), slices, folder)
