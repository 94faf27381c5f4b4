# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""List DSM secrets, with their data if the task asks for it."""

from __future__ import annotations

import typing as t

from ..ciphertext import judge
from ..client.connect import Client
from ..dsm_secrets import DsmSecret
from ..settings.options import argument_spec
from .results import NO_LOG, Params, Result, secret_with_data, unread

NOUN = "DSM secret"
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    "identifier": {"type": "str", "aliases": ["identity"]},
    "include_data": {"type": "bool", "default": False},
}
RULES: dict[str, t.Any] = {}


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Return one secret or all. Reading them takes no custody, so check mode makes no difference."""
    secrets = _secrets(client, params["identifier"])
    if not params["include_data"]:
        return {"changed": False, "secrets": [secret.public() for secret in secrets]}
    secrets = [client.secrets.complete(secret) for secret in secrets]
    found = [secret_with_data(secret) for secret in secrets]
    warnings: list[str] = []
    for secret in secrets:
        noun = f"DSM secret {secret.identifier}"
        warnings += [*unread(secret.unreadable, noun), *judge(secret.values(), noun, params["on_ciphertext"])]
    return {"changed": False, "secrets": found, "warnings": warnings, **NO_LOG}


def _secrets(client: Client, identifier: str | None) -> list[DsmSecret]:
    if identifier is None:
        return list(client.secrets.list())
    found = client.secrets.find(identifier)
    return [found] if found else []
