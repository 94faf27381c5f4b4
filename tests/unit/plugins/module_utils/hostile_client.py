# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client in a process of its own, so that what a hostile answer costs it can be measured.

Started as C(hostile_client.py URL OPERATION TIMEOUT). Prints JSON: ``outcome`` (a class of error, or the number of
items), ``text`` (that of the error), ``rss`` (MB at most), ``cpu`` and ``elapsed`` (seconds of the call).
"""

from __future__ import annotations

import json
import sys
import time

from ansible_collections.community.senhasegura.plugins.module_utils.client.direct_api import DirectApi
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.operations import named
from ansible_collections.community.senhasegura.plugins.module_utils.errors import SenhaseguraError
from ansible_collections.community.senhasegura.plugins.module_utils.redaction import SecretStr
from ansible_collections.community.senhasegura.plugins.module_utils.settings.settings import Settings


def main() -> None:
    url, operation, timeout = sys.argv[1:]
    settings = Settings(
        url,
        SecretStr("id"),
        SecretStr("client-secret-1"),
        dialect="rest" if operation.startswith("rest:") else "api",
        timeout=float(timeout),
        retries=0,
        allow_http=True,
    )
    session, text = DirectApi(settings), ""
    start, cpu = time.monotonic(), time.process_time()
    try:
        result = session.call(named(operation.removeprefix("rest:")), ref="7")
        outcome = str(len(result)) if isinstance(result, tuple) else type(result).__name__
    except SenhaseguraError as exc:
        outcome, text = type(exc).__name__, str(exc)
    elapsed, cpu = time.monotonic() - start, time.process_time() - cpu
    # Not getrusage(), which also counts the process that this one was forked from.
    with open("/proc/self/status", encoding="ascii") as file:
        rss = next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024
    print(json.dumps({"outcome": outcome, "text": text, "rss": rss, "cpu": cpu, "elapsed": elapsed}))


if __name__ == "__main__":
    main()
