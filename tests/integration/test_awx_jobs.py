# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each job of extensions/awx, run by ansible-runner from a private data folder with the environment of AWX's injector.

What is asked for is what the surveys ask for, and no secret is in anything that AWX keeps of a job.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.release import __version__
from awx import slices
from awx.awx_jobs import Finished, Jobs, Template, jobs, survey_answers
from awx.injection import load
from awx_plugins.interfaces._temporary_private_inject_api import HIDDEN_PASSWORD
from hosts.group import Hosts
from hosts.image import PASSWORD, why_unavailable
from leaks import canaries

from ansible_collections.community.senhasegura.plugins.module_utils.awx.composition import JOBS
from senhasegura_simulator.server import Simulator

SECRETS = canaries.make()
CLIENT = {"client_id": SECRETS["client_id"], "client_secret": SECRETS["client_secret"]}
real_hosts = pytest.mark.skipif(bool(why_unavailable()), reason=str(why_unavailable()))
# The jobs that this file runs; each has a test.
RUN_HERE = ("doctor", "linux_password_change", "linux_ssh_key_rotation", "rotation_state", "rotation_report")
RUN_HERE += ("pipeline_secrets", "external_secrets", "drift", "onboard")


@pytest.fixture
def awx() -> Iterator[Jobs]:
    with jobs() as found:
        yield found


@pytest.fixture
def vault() -> Iterator[Simulator]:
    with Simulator(profile="4.0", seed=seed()) as simulator:
        yield simulator


def seed(hosts: Any = (), key: dict[str, Any] | None = None) -> dict[str, Any]:
    block = {"USERNAME": "app", "PASSWORD": SECRETS["dsm_value"]}
    secret = {"identity": "shop-db", "name": "Shop", "data": [block]}
    return {
        "clients": [{**CLIENT, "application": "shop"}],
        "devices": [
            {"hostname": "web01", "ip": "192.0.2.10"},
            *({"hostname": host.name, "ip": host.address} for host in hosts),
        ],
        "credentials": [
            {"identifier": "web-root", "username": "root", "hostname": "web01", "password": SECRETS["password"]},
            *(
                {"identifier": f"{host.name}-app", "username": "app", "hostname": host.name, "password": PASSWORD}
                for host in hosts
            ),
        ],
        "keys": [key] if key else [],
        "applications": [{"name": "shop", "system": "shop", "environment": "prod", "secrets": [secret]}],
    }


def template(name: str, vault: Simulator, inventory: Any = None, check: bool = False, **answers: Any) -> Template:
    """The template as awx_setup makes it, launched with these answers. ``variables`` are added to its extra_vars."""
    variables = answers.pop("variables", {})
    document = load(name)
    return Template(
        f"playbooks/{document['job_template']['playbook']}",
        {**slices.credential(vault), **CLIENT},
        inventory or {"hosts": {}},
        extra_vars={**survey_answers(document, **answers), **variables},
        check=check,
        verbosity=3,
    )


def run(awx: Jobs, wanted: Template, secrets: dict[str, str] | None = None, code: int = 0) -> Finished:
    (done,) = awx.launch(wanted)
    assert done.code == code, done.stdout
    looked_for = {**CLIENT, "password": SECRETS["password"], "dsm_value": SECRETS["dsm_value"], **(secrets or {})}
    found = [(name, hit[0], hit[1]) for name, data in done.kept() for hit in canaries.find(data, looked_for)]
    assert found == []
    assert done.injected.shown["SENHASEGURA_CLIENT_SECRET"] == HIDDEN_PASSWORD
    assert list(done.events())
    return done


def test_all_jobs_are_run_here() -> None:
    assert set(RUN_HERE) == set(JOBS)


def test_the_search_finds_what_is_there(awx: Jobs, vault: Simulator) -> None:
    """A job that shows a secret is seen: otherwise the other tests would prove nothing."""
    shows = "[{hosts: localhost, gather_facts: false, tasks: [{debug: {msg: \"{{ lookup('community.senhasegura.password', 'web-root') }}\"}}]}]"
    wanted = Template("show.yml", {**slices.credential(vault), **CLIENT}, project={"show.yml": shows})
    (done,) = awx.launch(wanted)
    assert done.code == 0, done.stdout
    places = {
        name.split("/")[-2] for name, data in done.kept() if canaries.find(data, {"password": SECRETS["password"]})
    }
    masked = tuple(map(int, __version__.split(".")[:2])) >= (2, 22)
    assert ("job_events" in places) is not masked


def test_doctor(awx: Jobs, vault: Simulator) -> None:
    done = run(awx, template("doctor", vault, doctor_expect=["pam"], doctor_credential="web-root"))
    (result,) = done.results("Examine it").values()
    assert result["status"] != "failed"
    assert vault.control.counters()["reads"]


def test_pipeline_secrets(awx: Jobs, vault: Simulator, tmp_path: Path) -> None:
    path = tmp_path / "secrets"
    answers = {"pipeline_secrets_path": str(path), "pipeline_secrets_application": "shop"}
    run(awx, template("pipeline_secrets", vault, check=True, **answers))
    assert not path.exists()
    run(awx, template("pipeline_secrets", vault, **answers))
    assert "USERNAME" in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    run(awx, template("pipeline_secrets", vault, pipeline_secrets_state="absent", **answers))
    assert not path.exists()


def test_external_secrets(awx: Jobs, vault: Simulator, tmp_path: Path) -> None:
    wanted = {"name": "db", "data": [{"secret_key": "a", "identifier": "shop-db", "property": "PASSWORD"}]}
    done = run(
        awx,
        template(
            "external_secrets",
            vault,
            external_secrets_namespace="shop",
            external_secrets_dest=str(tmp_path / "manifests"),
            variables={"external_secrets_secrets": [wanted]},
        ),
    )
    assert list((tmp_path / "manifests").iterdir()), done.stdout


def test_drift(awx: Jobs, vault: Simulator) -> None:
    nothing = {"senhasegura_vault": {"devices": []}}
    done = run(awx, template("drift", vault, drift_fail="false", variables=nothing))
    (result,) = done.results("Compare").values()
    assert result["differences"]
    run(awx, template("drift", vault, drift_fail="true", variables=nothing), code=2)


def test_onboard(awx: Jobs, vault: Simulator) -> None:
    inventory = {"hosts": {"new01": {"ansible_host": "192.0.2.77", "onboard_vendor": "Debian", "onboard_model": "13"}}}
    run(awx, template("onboard", vault, inventory, check=True, onboard_gather_facts="false"))
    done = run(awx, template("onboard", vault, inventory, onboard_gather_facts="false", onboard_site="DC9"))
    (result,) = done.results("Register all of them").values()
    assert len(result["created"]["devices"]) == 1


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    with Hosts(["bookworm", "trixie"] * 3) as found:
        yield found


@pytest.mark.long
@real_hosts
def test_a_night(awx: Jobs, hosts: Hosts, tmp_path: Path) -> None:
    """Passwords, keys, verify, report: with the answers of the surveys, and in check mode before."""
    some, folder = list(hosts)[:2], tmp_path / "reports"
    path = tmp_path / "id_deploy"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    public = path.with_suffix(".pub").read_text().strip()
    key = {
        "identifier": "deploy-key",
        "username": "deploy",
        "hostname": some[0].name,
        "devices": [some[1].name],
        "private_key": path.read_text(),
        "public_key": public,
    }
    for host in some:
        host.add_user("deploy")
        host.authorize("deploy", f"{public}\n")
    inventory = {"hosts": {host.name: host.inventory("admin") for host in some}}
    with Simulator(profile="4.0", seed=seed(some, key)) as vault:

        def launch(name: str, check: bool = False, **answers: Any) -> Finished:
            known = {**{host.name: str(vault.control.credential(f"{host.name}-app")["password"]) for host in some}}
            done = run(awx, template(name, vault, inventory, check, **answers), known)
            now = {host.name: str(vault.control.credential(f"{host.name}-app")["password"]) for host in some}
            found = [(name, hit[0]) for name, data in done.kept() for hit in canaries.find(data, now)]
            assert found == []
            return done

        variables = {"linux_password_change_report_dir": str(folder / "linux_passwords")}
        launch("linux_password_change", check=True, variables=variables)
        assert not vault.control.counters()["reads"]
        launch("linux_password_change", variables=variables, linux_password_change_max_age_days=0)
        for host in some:
            password = str(vault.control.credential(f"{host.name}-app")["password"])
            assert password != PASSWORD
            assert host.accepts("app", password)
        variables = {"linux_ssh_key_rotation_report_dir": str(folder / "ssh_keys")}
        launch("linux_ssh_key_rotation", variables=variables, linux_ssh_key_rotation_max_age_days=0)
        launch("rotation_state", linux_ssh_key_rotation_key="deploy-key", rotation_state_login="true")
        dirs = {"rotation_report_dirs": [str(folder / name) for name in ("linux_passwords", "ssh_keys", "none")]}
        launch("rotation_report", variables=dirs)
        page = json.loads((folder / "linux_passwords" / "report.json").read_text())
        assert page["summary"]["hosts"] == len(some)


def test_slices_log_in_once_and_read_each_credential_once() -> None:
    """A sample of ./run slices."""
    measured = slices.lookups(hosts=24, slices=3, forks=5)
    assert measured.wrong == [], measured.figures


@pytest.mark.long
@real_hosts
def test_slices_that_share_records_lose_nothing(hosts: Hosts, tmp_path: Path) -> None:
    """A sample of ./run slices: three jobs at once, of whose six hosts four share two records."""
    for host in hosts:
        host.run(f"rm -rf /var/lib/senhasegura-rotation; echo 'app:{PASSWORD}' | chpasswd")
        host.forget_failures("app")
    measured = slices.rotations(list(hosts), 3, tmp_path)
    assert measured.wrong == [], measured.figures
    assert measured.figures["losses"] == 0
