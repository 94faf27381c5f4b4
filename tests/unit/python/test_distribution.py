# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Python library as people get it: a wheel, in an environment that holds nothing else, above all no Ansible.

`./run python` builds the source distribution, and the wheel from that, and runs this with each Python. Here, the wheel
is built from the checkout.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import Any

import pytest
from workspace import ROOT

from ansible_collections.community.senhasegura.tests.unit.python.vaults import DSM_PASSWORD, PASSWORD, SECRET, Vault

SOURCE, CORE = ROOT / "python", ROOT / "plugins" / "module_utils"
BUILT = os.environ.get("SENHASEGURA_TEST_DIST")
INFO = "senhasegura_client-0.1.0.dist-info"
PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check")
AWX = ("awx-plugins-core==0.2.0a0", "awx-plugins-interfaces==0.0.1a5")
LONG = 300  # seconds, when something is wrong

pytestmark = pytest.mark.no_cover


def run(*command: str, folder: Path, **environment: str) -> str:
    """Run a program that sees nothing of this checkout. Settings of pip stay, for its index."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "SENHASEGURA"))}
    done = subprocess.run(
        command,
        cwd=folder,
        env={**clean, **environment},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=LONG,
    )
    return done.stdout


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that all processes of pytest-xdist share, each of which has it for itself meanwhile."""
    folder = tmp_path_factory.getbasetemp()
    folder = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    with (folder / "distribution.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


@pytest.fixture(scope="module")
def wheel(place: Path) -> Path:
    folder = Path(BUILT) if BUILT else place / "dist"
    if not folder.exists():
        run(sys.executable, *PIP, "wheel", "--no-deps", "--wheel-dir", str(folder), str(SOURCE), folder=place)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def fresh(wheel: Path, place: Path) -> Path:
    """The Python of an environment with the wheel and what it says it depends on, from the package index."""
    folder = place / "fresh"
    python = folder / "bin" / "python"
    if not folder.exists():
        run(sys.executable, "-m", "venv", "--without-pip", str(folder), folder=place)
        install(python, str(wheel))
    return python


def install(python: Path, *packages: str) -> None:
    """Install packages into an environment that has no pip of its own."""
    run(sys.executable, *PIP, "--python", str(python), "install", *packages, folder=python.parent)


def metadata(wheel: Path) -> Message:
    return Parser().parsestr(zipfile.ZipFile(wheel).read(f"{INFO}/METADATA").decode())


def test_the_wheel_holds_the_client_of_the_collection_and_nothing_else(wheel: Path) -> None:
    assert wheel.name == "senhasegura_client-0.1.0-py3-none-any.whl"
    archive = zipfile.ZipFile(wheel)
    names = set(archive.namelist())
    own = {f"senhasegura/{path.name}": path for path in (SOURCE / "senhasegura").iterdir() if path.is_file()}
    core = {f"senhasegura/_core/{path.relative_to(CORE).as_posix()}": path for path in CORE.rglob("*.py")}
    assert {name for name in names if not name.startswith(INFO)} == {*own, *core}
    assert [name for name, path in {**own, **core}.items() if archive.read(name) != path.read_bytes()] == []
    assert "senhasegura/py.typed" in names
    assert archive.read(f"{INFO}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert (SOURCE / "README.md").read_text() in archive.read(f"{INFO}/METADATA").decode()


def test_it_requires_what_the_collection_requires(wheel: Path) -> None:
    listed = (ROOT / "meta" / "ee-requirements.txt").read_text().splitlines()
    known = {re.split(r"[ >=]", line)[0].lower(): line.replace(" ", "") for line in listed if line[:1] not in ("", "#")}
    found = [line.partition(";") for line in metadata(wheel).get_all("Requires-Dist", [])]
    assert [name for name, _colon, marker in found if not marker] == [known["requests"]]
    assert {name for name, _colon, _marker in found} - set(known.values()) == {"pyyaml"}


@pytest.mark.skipif(not BUILT, reason="./run python builds it")
def test_the_wheel_comes_from_a_source_distribution(wheel: Path) -> None:
    assert [path.name for path in wheel.parent.glob("*.tar.gz")] == ["senhasegura_client-0.1.0.tar.gz"]


def test_it_works_in_a_fresh_environment(fresh: Path, vault: Vault, tmp_path: Path) -> None:
    facts = json.loads(run(str(fresh), "-c", USE, folder=tmp_path, **vault.env))
    assert Path(facts.pop("file")).is_relative_to(fresh.parent.parent)
    assert facts == {"password": PASSWORD, "ansible": False}
    assert not vault.in_custody("web-root")
    program = str(fresh.with_name("senhasegura"))
    assert run(program, "--version", folder=tmp_path) == "senhasegura 0.1.0\n"
    arguments = ("get", "credential", "web-root", "--field", "password")
    assert run(program, *arguments, folder=tmp_path, **vault.env) == f"{PASSWORD}\n"


USE = """
import importlib.util, json, senhasegura
with senhasegura.A2A.from_environment() as client:
    password = client.get_password("web-root")
found = importlib.util.find_spec("ansible") is not None
print(json.dumps({"file": senhasegura.__file__, "password": password, "ansible": found}))
"""


@pytest.mark.parametrize("group", ["awx.credential_plugins", "awx_plugins.credentials"])
def test_awx_finds_the_plugins_and_100_calls_cost_one_token(
    fresh: Path, vault: Vault, tmp_path: Path, group: str
) -> None:
    facts = json.loads(run(str(fresh), "-c", FIND, group, json.dumps(source(vault)), folder=tmp_path))
    assert facts == {"names": ["senhasegura_dsm", "senhasegura_pam"], "values": [DSM_PASSWORD, PASSWORD], "ansible": []}
    assert vault.tokens == 1
    assert vault.reads() == 50


def source(vault: Vault) -> dict[str, Any]:
    ca = Path(vault.ca_path).read_text()
    return {"url": vault.url, "client_id": "demo", "client_secret": SECRET, "ca_content": ca}


FIND = """
import importlib.metadata, json, sys
group, fields = sys.argv[1], json.loads(sys.argv[2])
links = {"senhasegura_pam": {"secret_id": "web-root"}, "senhasegura_dsm": {"secret_id": "shop-db", "secret_field": "PASSWORD"}}
plugins = {entry.name: entry.load() for entry in importlib.metadata.entry_points(group=group)}
values = set()
for _ in range(50):
    values |= {plugin.backend(**fields, **links[name]) for name, plugin in plugins.items()}
loaded = [name for name in sys.modules if name.partition(".")[0] in ("ansible", "awx", "awx_plugins")]
print(json.dumps({"names": sorted(plugins), "values": sorted(values), "ansible": loaded}))
"""


@pytest.mark.skipif(not BUILT or sys.version_info < (3, 11), reason="./run python does it, from Python 3.11 on")
def test_the_plugins_work_through_the_classes_of_awx(fresh: Path, vault: Vault, tmp_path: Path) -> None:
    install(fresh, *AWX)
    assert json.loads(run(str(fresh), "-c", THROUGH_AWX, json.dumps(source(vault)), folder=tmp_path)) == [
        ["senhasegura DevOps Secret Manager", DSM_PASSWORD],
        ["senhasegura PAM", PASSWORD],
    ]


# As AWX loads them beside its own, and sets the password of a machine credential.
THROUGH_AWX = """
import importlib.metadata, json, sys
from awx_plugins.credentials.plugin import CredentialPlugin
from awx_plugins.interfaces._temporary_private_api import ManagedCredentialType
from awx_plugins.interfaces._temporary_private_credential_api import Credential

stored = Credential(json.loads(sys.argv[1]))
links = {"senhasegura_pam": {"secret_id": "web-root"}, "senhasegura_dsm": {"secret_id": "shop-db", "secret_field": "PASSWORD"}}
found = []
for entry in importlib.metadata.entry_points(group="awx_plugins.credentials"):
    if entry.name in links:
        plugin = CredentialPlugin(*entry.load())
        kind = ManagedCredentialType(namespace=entry.name, name=plugin.name, kind="external", inputs=plugin.inputs)
        fields = [field["id"] for field in kind.inputs["fields"] if stored.has_input(field["id"])]
        given = {name: stored.get_input(name) for name in fields}
        found.append([kind.name, plugin.backend(**given, **links[entry.name])])
print(json.dumps(sorted(found)))
"""


@pytest.mark.skipif(not BUILT, reason="./run python does it")
def test_programs_that_use_it_are_checked_by_its_types(fresh: Path, tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(TYPED)
    (tmp_path / "bad.py").write_text(TYPED.replace("password: str", "password: int"))
    mypy = (sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--python-executable", str(fresh))
    assert "Success" in run(*mypy, "good.py", folder=tmp_path)
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run(*mypy, "bad.py", folder=tmp_path)
    assert 'expression has type "str", variable has type "int"' in caught.value.stdout


TYPED = """
from senhasegura import A2A, Credential
from senhasegura.exceptions import APIError

def read(name: str) -> Credential | None:
    with A2A("https://pam.example.com", "id", "secret") as client:
        password: str = client.get_password(name)
        print(len(password), client.get("/x").json())
        try:
            return client.get_credential(name)
        except APIError as error:
            print(error.status_code, error.message)
    return None
"""
