# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build a wheel from its source distribution, and write its software bill of materials (CycloneDX 1.6) beside it.

usage: PYTHON scripts/wheels.py SOURCE OUTPUT   (PYTHON: of the environment of requirements/wheels.txt)

The bill of materials lists what pip installs with the wheel and all of its extras, in the versions that the tests use
(requirements/python.txt), with their licences and what needs what. The wheel itself is the root, with its checksum.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def build(source: Path, output: Path) -> Path:
    """Build both distributions of a project in a folder, and return the path of the wheel."""
    before = set(output.glob("*.whl"))
    _run(sys.executable, "-m", "build", "--outdir", str(output), str(source))
    (wheel,) = set(output.glob("*.whl")) - before
    return wheel


def metadata_of(wheel: Path) -> Message:
    """Return the metadata that a wheel carries."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return Parser().parsestr(archive.read(name).decode())


def bill_of_materials(wheel: Path, source: Path, folder: Path) -> dict[str, Any]:
    """Install a wheel with all of its extras in a new environment, and return the bill of what is there then.

    :param source: the folder of the project
    :param folder: where files may be left
    """
    metadata = metadata_of(wheel)
    python = folder / "environment" / "bin" / "python"
    _run("uv", "venv", "--quiet", "--python", sys.executable, str(python.parent.parent))
    pinned = (ROOT / "requirements" / "python.txt").read_text(encoding="utf-8")
    versions = folder / "constraints.txt"
    # Without checksums, since there is none of the wheel.
    versions.write_text(re.sub(r" *\\\n +--hash=\S+", "", pinned), encoding="utf-8")
    extras = ",".join(metadata.get_all("Provides-Extra", []))
    wanted = f"{wheel}[{extras}]" if extras else str(wheel)
    _run("uv", "pip", "install", "--quiet", "--python", str(python), "--constraint", str(versions), wanted)
    # cyclonedx-py reads no version that the build backend finds.
    project = (source / "pyproject.toml").read_text(encoding="utf-8")
    copy = folder / "pyproject.toml"
    copy.write_text(re.sub(r"(?m)^dynamic = .*$", f'version = "{metadata["Version"]}"', project), encoding="utf-8")
    written = folder / "bill.json"
    # Without times and random numbers: two builds of a commit are equal.
    options = ("--output-reproducible", "--spec-version", "1.6", "--mc-type", "library", "--pyproject", str(copy))
    command = (sys.executable, "-m", "cyclonedx_py", "environment", *options, "--output-file", str(written))
    _run(*command, str(python))
    bill: dict[str, Any] = json.loads(written.read_text(encoding="utf-8"))
    checksum = hashlib.sha256(wheel.read_bytes()).hexdigest()
    bill["metadata"]["component"]["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    return bill


def missing(wheel: Path, bill: dict[str, Any]) -> list[str]:
    """Return what a bill of materials does not say: name and version of the wheel, and what it requires."""
    metadata, root = metadata_of(wheel), bill["metadata"]["component"]
    found = {_normal(component["name"]) for component in bill["components"] if component.get("version")}
    required = {
        _normal(re.split(r"[\s<>=!~;\[]", line, maxsplit=1)[0]) for line in metadata.get_all("Requires-Dist", [])
    }
    absent = sorted(required - found)
    if (_normal(root["name"]), root.get("version")) != (_normal(metadata["Name"]), metadata["Version"]):
        absent.append(f"{metadata['Name']} {metadata['Version']}")
    return absent


def main(source: str, output: str) -> None:
    """Build the wheel of a project, and write its bill of materials."""
    Path(output).mkdir(parents=True, exist_ok=True)
    wheel = build(Path(source), Path(output))
    with tempfile.TemporaryDirectory() as folder:
        bill = bill_of_materials(wheel, Path(source), Path(folder))
    if absent := missing(wheel, bill):
        sys.exit(f"wheels.py: the bill of materials of {wheel.name} does not have {', '.join(absent)}")
    path = wheel.with_name(f"{wheel.name}.cdx.json")
    path.write_text(json.dumps(bill, indent=2) + "\n", encoding="utf-8")
    print(f"{path}: {len(bill['components'])} components")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False)
    if done.returncode:
        sys.exit(f"wheels.py: failed with exit code {done.returncode}: {' '.join(command)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
