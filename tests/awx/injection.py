# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWX's own injector makes of a credential for a job. Its names are private, of a preview: they are here alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from awx_plugins.interfaces._temporary_private_api import ManagedCredentialType
from awx_plugins.interfaces._temporary_private_credential_api import Credential
from awx_plugins.interfaces._temporary_private_inject_api import inject_credential
from workspace import ROOT

FILES = ROOT / "extensions" / "awx"
# Where a job has its private data.
INSIDE = "/runner"


def load(name: str) -> dict[str, Any]:
    """A file of extensions/awx."""
    return dict(yaml.safe_load((FILES / f"{name}.yml").read_text()))


@dataclass
class Injected:
    """What AWX would start a job with. ``shown`` are the variables as its API shows them."""

    env: dict[str, str]
    shown: dict[str, str]
    arguments: list[str]
    folder: Path

    def outside(self) -> dict[str, str]:
        """The variables for a job that does not run in a container."""
        return {
            name: str(self.folder / Path(value).relative_to(INSIDE)) if value.startswith(f"{INSIDE}/") else value
            for name, value in self.env.items()
        }

    def content(self, path: str) -> str:
        """The text of a file that the job sees below /runner."""
        return (self.folder / Path(path).relative_to(INSIDE)).read_text()


def inject(name: str, values: dict[str, Any], folder: Path) -> Injected:
    """Inject a credential of the type in that file."""
    document = load(name)
    awx_type = ManagedCredentialType(
        namespace="senhasegura",
        name=document["name"],
        kind=document["kind"],
        inputs=document["inputs"],
        injectors=document["injectors"],
    )
    (folder / "env").mkdir(parents=True, exist_ok=True)
    # What is in them are texts, whatever else the injector allows.
    env: Any = {}
    shown: Any = {}
    arguments: Any = []
    inject_credential(awx_type, Credential(values), env, shown, arguments, str(folder))
    return Injected(env, shown, arguments, folder)
