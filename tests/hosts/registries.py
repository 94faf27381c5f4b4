# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The package registries of this machine, for places that do not see its settings. No address of one is kept here."""

from __future__ import annotations

import ast
import configparser
import io
import re
import subprocess
import sys
from pathlib import Path


def debian_mirror() -> str:
    """The URL of the Debian mirror that apt uses, or an empty string."""
    targets = _output("apt-get", "indextargets", "--format", "$(REPO_URI) $(COMPONENT)", "Created-By: Packages")
    found = (line.split() for line in targets.splitlines())
    return next((url for url, component in found if component == "main" and re.search("/debian/?$", url)), "")


def apt_settings() -> str:
    """How apt gets packages (proxies, certificates, checks), as a file for apt.conf.d."""
    return _output("apt-config", "dump", "Acquire")


def pip_settings(**more: str) -> str:
    """A pip.conf with what pip's files and the variables PIP_* say, and ``more`` where they do not say it."""
    settings = configparser.RawConfigParser()
    settings.read_dict({"global": more})
    listed = _output(sys.executable, "-m", "pip", "config", "list")
    # Variables count more than files, and are in a section of their own, ":env:".
    for line in sorted(listed.splitlines(), key=lambda line: line.startswith(":env:")):
        name, value = line.split("=", 1)
        section, option = name.rsplit(".", 1)
        settings.read_dict({section.replace(":env:", "global"): {option: ast.literal_eval(value)}})
    text = io.StringIO()
    settings.write(text)
    return text.getvalue()


def local_paths(settings: str) -> list[Path]:
    """The files and folders of this machine that a pip.conf names; of an index the folder above, with its files."""
    indexes = {Path(name).parent for name in re.findall(r"file://(/\S+)", settings)}
    return sorted(path for path in {*indexes, *map(Path, re.findall(r"(?<=\s)/\S+", settings))} if path.exists())


def _output(*command: str) -> str:
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
