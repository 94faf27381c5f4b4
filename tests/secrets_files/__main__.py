# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every value through every format and every program that reads it, and writers that are killed: ./run secrets-files.

--values N    generated values (10000)
--kills N     how often a writer is killed (100)
--seed N      for the generated values and the moments of death
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any

from secrets_files import kills
from secrets_files.consumers import Consumers
from secrets_files.values import AWKWARD, generated
from workspace import CACHE

from ansible_collections.community.senhasegura.plugins.module_utils.errors import Refused
from ansible_collections.community.senhasegura.plugins.module_utils.secrets_file import formats
from ansible_collections.community.senhasegura.plugins.plugin_utils.secrets_file.on_host import file_commands

# Values of one file, and of one with a limit for the whole.
_TOGETHER, _FEW = 500, 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run secrets-files", description=__doc__)
    parser.add_argument("--values", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    failures = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cwd = folder / "cwd"
        cwd.mkdir()
        consumers = Consumers(CACHE / "secrets-files", cwd)
        values = [*AWKWARD.values(), *generated(options.values, options.seed)]
        print(f"{len(AWKWARD)} awkward values and {options.values} generated ones (seed {options.seed})")
        for form in formats.FORMATS.values():
            began = time.monotonic()
            named = {f"K{number}": value for number, value in enumerate(values)}
            kept = {key: value for key, value in named.items() if not form.problem(key, value)}
            refused = len(named) - len(kept)
            for label, consumer in consumers.found.get(form.name, {}).items():
                wrong = check(form, kept, consumer, folder)
                failures += len(wrong)
                print(
                    f"{form.name:14} {label:26} equal {len(kept) - len(wrong):6}  refused {refused:6}  changed {len(wrong)}"
                )
                for key in wrong[:5]:
                    print(f"    {key}: {named[key]!r}"[:200])
            print(f"{'':14} {time.monotonic() - began:.1f} s", flush=True)
        ran = sorted(path.name for path in cwd.iterdir())
        print(f"commands run by values: {len(ran)} {ran or ''}")
        failures += len(ran)
        if options.kills:
            failures += kills.run(folder, options.kills, options.seed)
        if consumers.missing:
            print("Left out, since it is not installed:", ", ".join(consumers.missing))
    return 1 if failures else 0


def check(form: Any, kept: dict[str, str], consumer: Any, folder: Path) -> list[str]:
    """Write the values with the writer of the collection, a part at a time; return the names of those that changed."""
    path = folder / "secrets"
    wrong: list[str] = []
    items = iter(kept.items())
    while part := dict(islice(items, _FEW if form.name == "gitlab_dotenv" else _TOGETHER)):
        try:
            formats.refuse_unfit(form, part)
        except Refused:
            # Each fits, and not all of them: a report of GitLab is small.
            for key, value in part.items():
                wrong += compare(form, {key: value}, consumer, path)
            continue
        wrong += compare(form, part, consumer, path)
    return wrong


def compare(form: Any, part: dict[str, str], consumer: Any, path: Path) -> list[str]:
    content = formats.render(form, part, "shop")
    if form.appends:
        path.write_bytes(b"")
    request = {"do": "write", "path": str(path), "content": content, "mode": 0o600, "owner": None, "group": None}
    answer = file_commands.answer({**request, "append": form.appends, "dry": False})
    assert "ok" in answer, answer
    try:
        found = consumer(path, list(part))
    except Exception as error:
        print(f"    {form.name}: {type(error).__name__} {error}"[:300])
        found = {}
    finally:
        file_commands.answer({"do": "remove", "path": str(path), "dry": False})
    return [key for key, value in part.items() if found.get(key) != value] + [key for key in found if key not in part]


if __name__ == "__main__":
    sys.exit(main())
