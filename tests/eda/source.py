# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An event source without rules: prints SEEN, type and id of each event, as the rulebook soak.yml does.

usage: python -m eda.source NAME JSON   (the arguments of the source)
"""

from __future__ import annotations

import asyncio
import json
import logging
import runpy
import sys
from typing import Any

from workspace import collections

FOLDER = collections() / "ansible_collections/community/senhasegura/extensions/eda/plugins/event_source"


async def main(name: str, args: dict[str, Any]) -> None:
    """Run the source, with a queue as that of ansible-rulebook, until this process is ended."""
    queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(1)
    source = asyncio.create_task(runpy.run_path(str(FOLDER / f"{name}.py"))["main"](queue, args))
    rules = asyncio.create_task(show(queue))
    await asyncio.wait([source, rules], return_when=asyncio.FIRST_COMPLETED)
    rules.cancel()
    source.result()


async def show(queue: asyncio.Queue[dict[str, Any]]) -> None:
    """Print what comes."""
    while True:
        event = await queue.get()
        print("SEEN", event["type"], event.get("id", "-"), flush=True)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(main(sys.argv[1], json.loads(sys.argv[2])))
