# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check a SCIM server with scim2-tester: conformance.py URL CA_PATH CLIENT_ID CLIENT_SECRET.

Runs in an environment of its own (requirements/scim.txt): see __main__.py.
"""

from __future__ import annotations

import collections
import json
import ssl
import sys
import urllib.parse
import urllib.request

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

# What the vendor does not document and the simulator does not have: the title of the check, and what it needs.
BEYOND: dict[str, str] = {
    "object_replacement": "PUT",
    "object_query_with_attributes": "the parameters attributes and excludedAttributes",
    "object_list_with_attributes": "the parameters attributes and excludedAttributes",
    "search_with_attributes": "POST /.search",
}


def main(url: str, ca_path: str, client_id: str, client_secret: str) -> int:
    """Print each check that fails, and the numbers. Returns 1 if one fails that is not beyond the documentation."""
    context = ssl.create_default_context(cafile=ca_path)
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    request = urllib.request.Request(f"{url}/iso/oauth2/token", urllib.parse.urlencode(form).encode())
    with urllib.request.urlopen(request, context=context) as reply:
        token = json.load(reply)["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    with Client(base_url=f"{url}/iso/scim/v2", headers=headers, verify=context) as client:
        results = check_server(SyncSCIMClient(client))
    numbers: collections.Counter[str] = collections.Counter()
    for result in results:
        beyond = result.status is not Status.SUCCESS and result.title in BEYOND
        numbers["beyond the documentation" if beyond else result.status.name] += 1
        if result.status is not Status.SUCCESS:
            needs = f" (needs {BEYOND[result.title]})" if beyond else ""
            print(f"{result.status.name} {result.title}{needs}: {result.reason}")
    print(dict(numbers))
    return 1 if numbers["ERROR"] or numbers["CRITICAL"] else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
