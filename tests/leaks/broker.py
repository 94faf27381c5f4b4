# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the broker as its starter does, with the faults of leak_faults.py planted in it."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any


def main() -> None:
    spec = importlib.util.spec_from_file_location("server", os.environ["LEAKS_BROKER"])
    server: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(server)
    find_collection = server._find_collection

    def find_and_plant(path: list[str]) -> None:
        find_collection(path)
        _plant()

    server._find_collection = find_and_plant
    server.main()


def _plant() -> None:
    sys.path.append(str(Path(__file__).parent))
    import planting

    plan = json.loads(Path(os.environ["LEAKS_FAULTS"]).read_text(encoding="utf-8"))
    present = threading.local()
    apis = planting.load("plugins.plugin_utils.broker.cached_apis:CachedApis")
    api = apis.api

    def noting(self: Any, settings: Any, *args: Any) -> Any:
        made = api(self, settings, *args)
        client = settings.client_id.reveal() if settings.client_id else ""
        # Each fault has a client of its own, whose id ends with its name.
        made.fault = next((name for name in plan["broker"] if client.endswith(f"-{name}")), "")
        return made

    apis.api = noting
    for name in ("call", "dialect"):
        _choose(planting.load("plugins.plugin_utils.broker.cache:CachedApi"), name, present)
    planting.plant(plan["broker"], plan["text"], lambda: getattr(present, "fault", ""))


def _choose(owner: Any, name: str, present: threading.local) -> None:
    """Meet the fault of the API while it does this. Its thread serves others before and afterwards."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def chosen(self: Any, *args: Any, **kwargs: Any) -> Any:
        present.fault = self.fault
        try:
            return original(self, *args, **kwargs)
        finally:
            present.fault = ""

    setattr(owner, name, chosen)


if __name__ == "__main__":
    main()
