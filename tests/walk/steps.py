# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of a new user, each with the page that it is taken from. What they type is what the pages print.

A step fails by AssertionError, or by Lost where its page does not have it any more.
"""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from awx.awx_jobs import Jobs, Template, jobs, survey_answers
from awx.awx_server import TOKEN, Awx
from hosts.group import Hosts
from hosts.image import PASSWORD
from walk.pages import Lost, block, dialogue, line, title
from walk.shell import Done, run
from workspace import ROOT, checkout

REPOSITORY = "https://github.com/ansible-collections/community.senhasegura"
DOCTOR, CHANGE = "senhasegura - doctor", "Linux passwords - change"


@dataclass
class Site:
    """A new user's folder and terminal, a host, and an AWX.

    ``replaced`` is all that is typed differently from what the pages print.
    """

    folder: Path
    env: dict[str, str]
    hosts: Hosts
    awx: Awx
    jobs: Jobs
    replaced: dict[str, str]
    used: set[str] = field(default_factory=set)

    def adapt(self, text: str) -> str:
        """The text of a page for this site."""
        for printed, typed in self.replaced.items():
            if printed in text:
                self.used.add(printed)
                text = text.replace(printed, typed)
        return text

    def type(self, script: str) -> Done:
        """Run commands of a page, all of which must work."""
        done = run(self.adapt(script), self.env, self.folder)
        assert done.code == 0, done
        self.env = dict(done.env)
        return done

    def write(self, name: str, text: str) -> None:
        """Write a file as a page prints it."""
        (self.folder / name).write_text(f"{self.adapt(text)}\n")

    def password(self) -> str:
        """The password of app that the vault has now."""
        server = json.loads((self.folder / "simulator.json").read_text())
        request = urllib.request.Request(
            f"{server['control_url']}/state", headers={"X-Control-Key": server["control_key"]}
        )
        with urllib.request.urlopen(request) as response:
            items = json.load(response)["items"]
        return next(str(one["password"]) for one in items if one["identifier"] == "web01-app")


@contextmanager
def new_site(folder: Path, python: Path) -> Iterator[Site]:
    """An empty home and an empty folder, with nothing in PATH but the system and a Python."""
    (folder / "home").mkdir()
    (folder / "work").mkdir()
    env = {"HOME": str(folder / "home"), "PATH": f"{python.parent}:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    playbooks = [f"playbooks/{path.name}" for path in (ROOT / "playbooks").glob("*.yml")]
    with Hosts(["bookworm"]) as hosts, Awx(playbooks) as awx, jobs() as launched:
        awx.make_machine_credential("Linux hosts")
        source = checkout(folder / "source")
        replaced = {
            f"git clone {REPOSITORY}.git": f"cp -r {source} community.senhasegura",
            f"git+{REPOSITORY}#subdirectory=tests/simulator": f"file://{source}/tests/simulator",
            "ip: 192.0.2.10": f"ip: {hosts[0].address}",
            "password: made-up": f"password: {PASSWORD}",
            "/var/lib/rotation": f"{folder}/rotation",
            "/var/lib/awx/reports": f"{folder}/reports",
            "https://awx.example.com CONTROLLER_OAUTH_TOKEN=...": f"{awx.url} CONTROLLER_OAUTH_TOKEN={TOKEN}",
            # The AWX of the tests has no certificate.
            "awx_url:": "awx_allow_http: true\n        awx_url:",
        }
        site = Site(folder / "work", env, hosts, awx, launched, replaced)
        try:
            yield site
        finally:
            if (site.folder / "simulator.json").exists():
                site.type(block("testing_your_playbooks", "kill "))
    if unused := set(replaced) - site.used:
        raise Lost(f"no page has {', '.join(sorted(unused))}")


def install(site: Site) -> None:
    """Ansible and the collection, from the archive."""
    site.type(block("quick_start", "python3 -m venv"))
    site.type(block("quick_start", "ansible-galaxy collection build"))
    site.type(line("quick_start", "pip install requests"))


def simulator(site: Site) -> None:
    """A server of one's own, and the variables that name it."""
    site.write("vault.yml", block("testing_your_playbooks", "credentials:"))
    site.type(block("testing_your_playbooks", "--seed vault.yml"))
    site.type(block("testing_your_playbooks", "export SENHASEGURA_URL"))
    site.replaced["https://pam.example.com:443"] = site.env["SENHASEGURA_URL"]


LOOKUP = "'web-root') | length"


def lookup(site: Site) -> None:
    """Doctor, list, and the first password."""
    site.type(block("quick_start", "export ANSIBLE_LOCALHOST_WARNING"))
    site.type(block("quick_start", "community.senhasegura.doctor"))
    assert '"web-root"' in site.type(block("quick_start", "credential_info")).output
    assert re.search(r'"msg": "?[1-9]', site.type(block("quick_start", LOOKUP)).output)


def error(site: Site) -> None:
    """The error of the page, word for word; then the name is corrected, as its end says."""
    (command,), printed = dialogue(block("quick_start", "credential not found"))
    done = run(command, site.env, site.folder)
    assert done.code != 0, done
    # Lines of the page end elsewhere.
    expected = "".join(site.adapt(printed).split())
    assert expected in "".join((done.output + done.errors).split()), f"it does not say: {printed}\n{done}"
    site.type(block("quick_start", LOOKUP))


def rotation(site: Site) -> None:
    """Look ahead, change the password, compare, and log in with the new one."""
    inventory = {"all": {"hosts": {"web01": site.hosts[0].inventory("admin")}}}
    (site.folder / "inventory").write_text(json.dumps(inventory))
    done = site.type(block("linux_password_change", "linux_password_change_user=app --check"))
    for words in ("would be changed", "changed: the host and the main record", "clean: ", '"ping": "pong"'):
        assert words in done.output, f"it does not say {words!r}\n{done}"
    check_login(site, PASSWORD)


def check_login(site: Site, old: str) -> None:
    """The password that the vault has now is a new one, and logs in."""
    new = site.password()
    assert new != old, "the vault has the old password"
    assert site.hosts[0].accepts("app", new), "the host does not accept the password of the vault"


def awx_setup(site: Site) -> None:
    """All objects in AWX; nothing of it in check mode, and no change by the second run."""
    site.type(block("awx", "export CONTROLLER_HOST"))
    site.write("setup.yml", block("awx", "Make all objects"))
    (check, make), _printed = dialogue(block("awx", "setup.yml --check"))
    site.type(check)
    assert site.awx.writes == [], "check mode has written"
    assert "changed=1" in site.type(make).output
    writes = len(site.awx.writes)
    assert writes, "nothing was made"
    again = site.type(make)
    assert "changed=0" in again.output, again
    assert len(site.awx.writes) == writes, site.awx.writes[writes:]


def awx_jobs(site: Site) -> None:
    """The job templates that the page launches, from the objects that AWX has of the step before."""
    launch(site, DOCTOR)
    old = site.password()
    launch(site, CHANGE, check=True)
    assert site.password() == old, "a job of the type check has changed the password"
    launch(site, CHANGE, linux_password_change_max_age_days=0)
    check_login(site, old)


def launch(site: Site, name: str, *, check: bool = False, **answers: Any) -> None:
    """Launch a job template of AWX as AWX does, on the host of this site, with the collection from the archive."""
    template = site.awx.named("job_templates", title("awx", name))
    credentials = [
        site.awx.objects["credentials"][one] for one in site.awx.links["job_templates", template["id"], "credentials"]
    ]
    document = {
        "job_template": {"extra_vars": yaml.safe_load(site.adapt(template["extra_vars"])) or {}},
        "survey_spec": site.awx.surveys["job_templates", template["id"]],
    }
    wanted = Template(
        template["playbook"],
        next(one["inputs"] for one in credentials if "client_secret" in one["inputs"]),
        # What AWX makes of the machine credential.
        {"hosts": {"web01": site.hosts[0].inventory("admin")}},
        extra_vars=survey_answers(document, **answers),
        env={"ANSIBLE_COLLECTIONS_PATH": f"{site.env['HOME']}/.ansible/collections", "PYTHONPATH": ""},
        check=check,
    )
    (done,) = site.jobs.launch(wanted)
    assert done.code == 0, done.stdout
    assert "[WARNING]" not in done.stdout, done.stdout


STEPS = (
    ("install from the archive", "quick_start", install),
    ("start the simulator", "testing_your_playbooks", simulator),
    ("doctor, first list, first lookup", "quick_start", lookup),
    ("first error and its fix", "quick_start", error),
    ("first rotation: check, change, state, login", "linux_password_change", rotation),
    ("AWX: all objects, with a check and a second run", "awx", awx_setup),
    ("AWX: doctor, and a change with its check, as jobs", "awx", awx_jobs),
)
