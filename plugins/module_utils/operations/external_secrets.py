# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check what the manifests of the External Secrets Operator read from DSM, in one request."""

from __future__ import annotations

import typing as t

from ..client.connect import Client
from ..errors import NotFound, Refused
from ..external_secrets.dsm_references import compare, encrypted, references
from ..external_secrets.manifests import STORES, V1, V1BETA1
from ..settings.options import argument_spec
from .results import Params, Result

NOUN = "DSM secret"
_KEY: dict[str, t.Any] = {"type": "str", "required": True}
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    "external_secrets": {
        "type": "list",
        "elements": "dict",
        "no_log": False,
        "options": {
            "name": _KEY,
            "namespace": {"type": "str"},
            "target": {"type": "str"},
            "data": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "secret_key": {**_KEY, "no_log": False},
                    "identifier": _KEY,
                    "property": {"type": "str"},
                },
            },
            "extract": {
                "type": "list",
                "elements": "dict",
                "options": {"identifier": _KEY, "rewrite": {"type": "list", "elements": "dict"}},
            },
            "template": {"type": "dict"},
            "refresh_interval": {"type": "str", "default": "1h"},
            "refresh_policy": {"type": "str", "choices": ["CreatedOnce", "Periodic", "OnChange"]},
            "creation_policy": {
                "type": "str",
                "choices": ["Owner", "Orphan", "Merge", "None", "CreateOrMerge"],
                "default": "Owner",
            },
            "deletion_policy": {"type": "str", "choices": ["Retain", "Delete", "Merge"]},
        },
    },
    "readers": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": _KEY,
            "namespace": {"type": "str"},
            "secrets": {"type": "list", "elements": "str", "required": True, "no_log": False},
            "service_accounts": {"type": "list", "elements": "str", "required": True},
        },
    },
    "manifests": {"type": "list", "elements": "dict", "no_log": False},
    "namespace": {"type": "str", "default": "default"},
    "store": {"type": "str", "default": "senhasegura-dsm"},
    "store_kind": {"type": "str", "choices": list(STORES), "default": "SecretStore"},
    "store_url": {"type": "str"},
    "store_namespaces": {"type": "list", "elements": "str"},
    "create_store": {"type": "bool", "default": True},
    "create_auth_secret": {"type": "bool", "default": True, "no_log": False},
    "auth_secret": {"type": "str", "default": "senhasegura-auth", "no_log": False},
    "auth_namespace": {"type": "str", "default": "external-secrets", "no_log": False},
    "ignore_ssl_certificate": {"type": "bool", "default": False},
    "api_version": {"type": "str", "choices": [V1, V1BETA1], "default": V1},
    "check_dsm": {"type": "bool", "default": True},
    "dest": {"type": "path"},
    "include_manifests": {"type": "bool", "default": False},
}
RULES: dict[str, t.Any] = {
    "mutually_exclusive": [["manifests", "external_secrets"], ["manifests", "readers"]],
    "required_one_of": [["manifests", "external_secrets", "readers"]],
}


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Return how many DSM secrets the manifests read (C(checked)), and warnings. It changes nothing.

    :param params: of them, C(manifests) alone counts: the objects as they will be rendered
    Raises NotFound for what DSM does not have, and Refused for values that ESO could not decrypt.
    """
    wanted = references(params["manifests"])
    if not wanted:
        return {"checked": 0, "warnings": []}
    identifiers = sorted({reference.identifier for reference in wanted})
    listed = client.secrets.several(identifiers)
    found = {name: secret and client.secrets.complete(secret) for name, secret in listed.items()}
    if unreadable := encrypted(secret for secret in found.values() if secret):
        raise Refused(
            f"the server has encrypted {', '.join(unreadable)}, and ESO cannot decrypt it",
            hint="Turn off the encryption of sensitive information in the DSM authorization that ESO uses; if these "
            "are the values themselves, set check_dsm=false",
        )
    problems, warnings = compare(wanted, found)
    if problems:
        raise NotFound(
            "; ".join(problems),
            hint="Correct the names, or assign the secret to the DSM authorization of this client; check_dsm=false "
            "renders all the same",
        )
    return {"checked": len(identifiers), "warnings": warnings}
