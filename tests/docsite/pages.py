# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make the pages of the site by antsibull-docs, and HTML of them by Sphinx. A warning of either is an error."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml
from workspace import ROOT

HERE = Path(__file__).resolve().parent
COLLECTION = "community.senhasegura"
# As long as nothing has been released, antsibull-docs makes an empty page of the changelog.
UNRELEASED = """\
.. _changelog_for_community.senhasegura:

Changelog
=========

Nothing has been released yet. What the first release brings stands in the
`changelog fragments <https://github.com/ansible-collections/community.senhasegura/tree/main/changelogs/fragments>`__.
"""
CONTENTS = ".. contents::\n   :local:\n   :depth: 1\n"
# It comes before all guides.
CHANGELOG = re.compile(
    r"^\.\. _changelog_section_for_.*?:\n\nChangelog\n-+\n\n.*?    changelog\n\n", re.DOTALL | re.MULTILINE
)
# A title, its line, and what follows up to a list of pages.
TOCTREE = re.compile(
    r"(?P<title>^[^\n]+)\n[-~]+\n(?:(?!^[-~]+$).)*?\.\. toctree::\n(?=(?:    :[^\n]+\n)+\n    \w)",
    re.DOTALL | re.MULTILINE,
)


def build(folder: Path) -> None:
    """Write the site to ``folder``/html, and what it is made of to ``folder``/rst. Ends the program if that fails."""
    source = folder / "rst"
    source.mkdir(parents=True, exist_ok=True)
    # antsibull-docs refuses a folder that others could write to.
    source.chmod(0o700)
    run(
        *(sys.executable, str(ROOT / "scripts" / "run_antsibull_docs.py"), "collection", "--cleanup", "everything"),
        *("--fail-on-error", "--use-current", "--squash-hierarchy", "--dest-dir", str(source), COLLECTION),
    )
    changelog, index = source / "changelog.rst", source / "index.rst"
    if not released():
        changelog.write_text(UNRELEASED)
    index.write_text(with_introduction(index.read_text(), (HERE / "introduction.rst").read_text()))
    # All of it anew: the sidebar of a page that has not changed would lack new pages, and what is gone would stay.
    shutil.rmtree(folder / "html", ignore_errors=True)
    options = ("--fresh-env", "--fail-on-warning", "--keep-going", "--jobs", "2", "--quiet", "--builder", "html")
    run(sys.executable, "-m", "sphinx", *options, "--conf-dir", str(HERE), str(source), str(folder / "html"))


def released() -> bool:
    """Tell whether there is a release to show changes of."""
    changelog = yaml.safe_load((ROOT / "changelogs" / "changelog.yaml").read_text()) or {}
    return bool(changelog.get("releases"))


def with_introduction(index: str, introduction: str) -> str:
    """Return the page of the collection with our introduction, and with a caption in the sidebar for each section."""
    changelog = CHANGELOG.search(index)
    if CONTENTS not in index or not changelog:
        sys.exit("antsibull-docs writes another index than this was made for: see tests/docsite/pages.py")
    index = index.replace(changelog[0], "").replace(CONTENTS, introduction.partition("\n\n")[2])
    return TOCTREE.sub(r"\g<0>    :caption: \g<title>\n", f"{index}\n\n{changelog[0]}")


def run(*command: str) -> None:
    """Run a program, and end with its exit code if that is not 0."""
    if code := subprocess.run(command, check=False).returncode:
        sys.exit(code)
