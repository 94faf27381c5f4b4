# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Put the client of the collection into the package: there is one copy of that code, in plugins/module_utils."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CORE = "senhasegura/_core"


class CoreBuildHook(BuildHookInterface[Any]):
    """Map plugins/module_utils of the repository to the folder ``_core`` of the package."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files to what is built. In a source distribution they are in their place already."""
        if Path(self.root, CORE).is_dir():
            return
        source = Path(self.root).parent / "plugins" / "module_utils"
        files = sorted(source.rglob("*.py"))
        if not files:
            raise FileNotFoundError(f"{source}: build this in a checkout of community.senhasegura")
        for path in files:
            build_data["force_include"][str(path)] = f"{CORE}/{path.relative_to(source)}"
