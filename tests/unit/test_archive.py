# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users of the archive read: each link in it leads somewhere, though tests and tools are not in it."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

import pytest
from workspace import ROOT

# [text](target), ![text](target), and [name]: target at the start of a line.
MARKDOWN = re.compile(r"\]\(<?([^)>\s]+)>?(?:\s+\"[^\"]*\")?\)|^\[[^\]]+\]:\s*<?([^>\s]+)", re.MULTILINE)
# `text <target>`_ and .. _name: target
RST = re.compile(r"`[^`<]*<([^`>]+)>`__?|^\.\. _[^:\n]+:[ \t]+(\S+)", re.MULTILINE)
FENCES = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def links(name: str, text: str) -> list[str]:
    """Targets that are neither addresses nor anchors of the same page."""
    found = MARKDOWN.findall(FENCES.sub("", text)) if name.endswith(".md") else RST.findall(text)
    targets = [first or second for first, second in found]
    return [t for t in targets if not re.match(r"[a-z][a-z0-9+.-]*:|#|//", t)]


def broken(files: dict[str, str], names: set[str]) -> list[str]:
    """`page: target` for each link whose target is neither a file nor a folder of the archive."""
    folders = {str(parent) for name in names for parent in PurePosixPath(name).parents}
    wrong = []
    for page, text in files.items():
        for target in links(page, text):
            path = os.path.normpath(os.path.join(os.path.dirname(page), unquote(target.partition("#")[0])))
            if path not in names | folders:
                wrong.append(f"{page}: {target}")
    return wrong


def galaxy(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run `ansible-galaxy collection`, without any server."""
    command = [sys.executable, "-m", "ansible", "galaxy", "collection", *map(str, arguments)]
    # It looks into PYTHONPATH too, and would find this checkout there.
    env = {**os.environ, "PYTHONPATH": "", "ANSIBLE_COLLECTIONS_PATH": "/nowhere"}
    return subprocess.run(command, check=False, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.fixture(scope="module")
def archive_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    built = galaxy("build", ROOT, "--output-path", folder)
    assert built.returncode == 0, built.stdout
    (path,) = folder.glob("*.tar.gz")
    return path


@pytest.fixture(scope="module")
def archive(archive_path: Path) -> Any:
    with tarfile.open(archive_path) as tar:
        members = [member for member in tar.getmembers() if member.isfile()]
        pages = [member for member in members if Path(member.name).suffix in (".md", ".rst")]
        texts = {member.name: tar.extractfile(member).read().decode() for member in pages}  # type: ignore[union-attr]
    return texts, {member.name for member in members}


def test_links_in_the_archive_lead_to_files_of_the_archive(archive: Any) -> None:
    texts, names = archive
    assert {"README.md", "CONTRIBUTING.md", "docs/docsite/rst/linux_ssh_key_rotation.rst"} <= set(texts)
    assert not [name for name in names if name.startswith("tests/")]
    assert broken(texts, names) == []


def test_links_to_the_repository_lead_to_its_files(archive: Any) -> None:
    texts, _names = archive
    own = re.compile(r"https://github\.com/ansible-collections/community\.senhasegura/(?:blob|tree)/main/([^)\s>#`]+)")
    found = {path.rstrip(".,") for text in texts.values() for path in own.findall(text)}
    assert "tests/simulator/README.md" in found
    assert [path for path in sorted(found) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize(
    ("page", "text", "wrong"),
    [
        ("README.md", "[a](docs/x.md) [b](docs) [c](docs/x.md#part) [d](#here) [e](https://example.org/x)", []),
        ("README.md", "[a](tests/README.md)", ["README.md: tests/README.md"]),
        ("docs/x.md", "![a](../README.md) [b](../../README.md)", ["docs/x.md: ../../README.md"]),
        ("README.md", "[a]: missing.md", ["README.md: missing.md"]),
        ("README.md", "```\n[a](missing.md)\n```", []),
        ("docs/y.rst", ".. _label:\n\n*****\nTitle\n*****\n\n.. _link: none.md\n", ["docs/y.rst: none.md"]),
        ("docs/y.rst", "`a <x.md>`_ `b <none.md>`__ `c <https://example.org>`_", ["docs/y.rst: none.md"]),
    ],
)
def test_the_check_itself(page: str, text: str, wrong: list[str]) -> None:
    names = {"README.md", "docs/x.md", "docs/y.rst"}
    assert broken({page: text}, names) == wrong


def install(archive: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return galaxy("install", "--offline", "--no-deps", "-p", folder, archive)


@pytest.mark.parametrize("name", ["plugins/lookup/password.py", "FILES.json"])
def test_an_archive_that_somebody_has_changed_is_not_installed(archive_path: Path, tmp_path: Path, name: str) -> None:
    # Who changes all check sums as well is found by a signature alone.
    changed = tmp_path / archive_path.name
    with tarfile.open(archive_path) as old, tarfile.open(changed, "w:gz") as new:
        for member in old.getmembers():
            content = old.extractfile(member).read() if member.isfile() else b""  # type: ignore[union-attr]
            if member.name == name:
                # A check sum in the lists, a line in the plugin.
                digests = re.search(rb'"chksum_sha256": "([0-9a-f]{64})"', content)
                content = content.replace(digests[1], digests[1][::-1]) if digests else content + b"\n# changed\n"
            member.size = len(content)
            new.addfile(member, io.BytesIO(content))
    refused = install(changed, tmp_path / "installed")
    assert refused.returncode != 0
    assert "mismatch" in refused.stdout.lower(), refused.stdout
    assert not list((tmp_path / "installed").rglob("password.py"))


def test_what_somebody_changes_after_the_installation_is_found(archive_path: Path, tmp_path: Path) -> None:
    assert install(archive_path, tmp_path).returncode == 0
    verify = ("verify", "--offline", "-p", tmp_path, "community.senhasegura")
    assert galaxy(*verify).returncode == 0
    plugin = tmp_path / "ansible_collections/community/senhasegura/plugins/lookup/password.py"
    plugin.write_text(plugin.read_text() + "# changed\n")
    found = galaxy(*verify)
    assert found.returncode != 0
    assert "plugins/lookup/password.py" in found.stdout
