# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator as people get it who have not this repository: a wheel, in an environment that holds nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "simulator"
LONG = 300  # seconds, when something is wrong


def clean_environment(tmp_path: Path) -> dict[str, str]:
    """Nothing of this checkout: no PYTHONPATH, and another working folder. Settings of pip stay, for its index."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "SENHASEGURA"))}


def run(*command: str, tmp_path: Path) -> str:
    return subprocess.run(
        command,
        cwd=tmp_path,
        env=clean_environment(tmp_path),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=LONG,
    ).stdout


@pytest.mark.no_cover
def test_a_built_wheel_runs_in_a_fresh_environment(tmp_path: Path) -> None:
    pip = ("-m", "pip", "--quiet", "--disable-pip-version-check")
    run(sys.executable, *pip, "wheel", "--no-deps", "--wheel-dir", "dist", str(ROOT), tmp_path=tmp_path)
    (wheel,) = (tmp_path / "dist").iterdir()
    assert wheel.name == "senhasegura_simulator-0.1.0-py3-none-any.whl"
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert tops == {"senhasegura_simulator", "senhasegura_simulator-0.1.0.dist-info"}
    assert "senhasegura_simulator-0.1.0.dist-info/licenses/LICENSE" in names
    assert (ROOT / "LICENSE").read_bytes() == (ROOT.parents[1] / "LICENSE").read_bytes()
    metadata = zipfile.ZipFile(wheel).read("senhasegura_simulator-0.1.0.dist-info/METADATA").decode()
    assert (ROOT / "README.md").read_text() in metadata

    run(sys.executable, "-m", "venv", "fresh", tmp_path=tmp_path)
    python = str(tmp_path / "fresh" / "bin" / "python")
    # With what it says it depends on, and nothing more, from the package index.
    run(python, *pip, "install", str(wheel), tmp_path=tmp_path)
    where = run(python, "-c", "import senhasegura_simulator as s; print(s.__file__)", tmp_path=tmp_path)
    assert Path(where.strip()).is_relative_to(tmp_path / "fresh")
    program = str(tmp_path / "fresh" / "bin" / "senhasegura-simulator")
    assert run(program, "--version", tmp_path=tmp_path) == "senhasegura-simulator 0.1.0\n"

    command = [program, "--seed", "demo", "--profile", "all", "--ready-file", "ready.json", "--exit-with-stdin"]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=clean_environment(tmp_path), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        deadline = time.monotonic() + LONG
        while not (tmp_path / "ready.json").exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        facts = json.loads((tmp_path / "ready.json").read_text())
        output = run(python, "-c", CLIENT, facts["url"], facts["ca_path"], tmp_path=tmp_path)
        assert output.split() == ["web-root", "db-app", "deploy-key"]
        process.communicate(timeout=LONG)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0


# A client that has nothing but Python: what anybody would write first.
CLIENT = """
import json, ssl, sys, urllib.request
url, ca = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
form = b"grant_type=client_credentials&client_id=demo&client_secret=demo-secret-0123456789abcdef"
token = json.load(opener.open(url + "/iso/oauth2/token", form, timeout=300))["access_token"]
request = urllib.request.Request(url + "/api/pam/credential", headers={"Authorization": "Bearer " + token})
print(*[row["identifier"] for row in json.load(opener.open(request, timeout=300))["credentials"]])
"""
