# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects that the module external_secrets renders, and wrong ones, for the tests and for `./run manifests`."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.community.senhasegura.plugins.module_utils.external_secrets.build import EsoClient, build
from ansible_collections.community.senhasegura.plugins.module_utils.external_secrets.guide_form import correct
from ansible_collections.community.senhasegura.plugins.module_utils.operations import external_secrets
from ansible_collections.community.senhasegura.plugins.plugin_utils.plugin_options import validate

Manifest = dict[str, Any]
CLIENT = EsoClient("https://pam.example.com", "0123abcd", "client-secret-1")
GUIDE_FILE = Path(__file__).with_name("guide.txt")

_REWRITE: list[dict[str, Any]] = [{"regexp": {"source": "(.*)", "target": "DB_$1"}}]
_TEMPLATE = {
    "type": "Opaque",
    "engineVersion": "v2",
    "mergePolicy": "Merge",
    "metadata": {"labels": {"app": "shop"}, "annotations": {"note": "yes"}},
    "data": {"url": "postgres://{{ .user }}@{{ .host }}/on"},
}
_KEYS = [
    {"secret_key": "user", "identifier": "shop-db", "property": "USERNAME"},
    {"secret_key": "whole", "identifier": "shop-db"},
]
# What tasks describe: each set of options on its own.
DESCRIBED: dict[str, dict[str, Any]] = {
    "data": {"external_secrets": [{"name": "db", "data": _KEYS}]},
    "extract": {"external_secrets": [{"name": "db", "extract": [{"identifier": "shop-db", "rewrite": _REWRITE}]}]},
    "template": {"external_secrets": [{"name": "db", "target": "other", "data": _KEYS, "template": _TEMPLATE}]},
    "policies": {
        "external_secrets": [
            {
                "name": "db",
                "data": _KEYS,
                "refresh_interval": "0s",
                "refresh_policy": "CreatedOnce",
                "creation_policy": "Orphan",
                "deletion_policy": "Delete",
            }
        ]
    },
    "cluster": {
        "store_kind": "ClusterSecretStore",
        "store": "global",
        "store_namespaces": ["shop", "billing"],
        "external_secrets": [{"name": "db", "namespace": "shop", "data": _KEYS}],
    },
    "readers": {
        "namespace": "shop",
        "readers": [{"name": "shop", "secrets": ["db", "api"], "service_accounts": ["app", "ci/runner"]}],
    },
    "no store": {"create_store": False, "external_secrets": [{"name": "db", "data": _KEYS}]},
    "no Secret": {"create_auth_secret": False, "external_secrets": [{"name": "db", "data": _KEYS}]},
    "without checks of certificates": {
        "ignore_ssl_certificate": True,
        "external_secrets": [{"name": "db", "data": _KEYS}],
    },
}


def guide() -> list[Manifest]:
    """Return the five objects of the integration guide, as they stand in it."""
    return [document for document in yaml.safe_load_all(GUIDE_FILE.read_text(encoding="utf-8")) if document]


def described(**options: Any) -> list[Manifest]:
    """Return what the module makes of these options."""
    params = validate(options, external_secrets.SPEC, external_secrets.RULES)
    objects, _warnings = correct(
        build(params, CLIENT), api_version=params["api_version"], namespace=params["namespace"]
    )
    return objects


def all_rendered() -> dict[str, list[Manifest]]:
    """Return all that the module makes in these tests, by where it comes from."""
    return {"the guide": correct(guide())[0], **{name: described(**options) for name, options in DESCRIBED.items()}}


def put(*path: str | int, value: Any) -> Callable[[Manifest], None]:
    """Return what puts a value at a place of an object. None takes the place away."""

    def change(manifest: Any) -> None:
        for part in path[:-1]:
            manifest = manifest[part]
        if value is None:
            del manifest[path[-1]]
        else:
            manifest[path[-1]] = value

    return change


_AT = ("spec", "provider", "senhasegura")
_REF = (*_AT, "auth", "clientSecretSecretRef")
# Changes of a right object that ESO's own types refuse, by kind, and what our message says of each.
REFUSED: dict[str, tuple[str, Callable[[Manifest], None], str]] = {
    "clientId of the guide": (
        "SecretStore",
        put(*_AT, "auth", "clientId", value={"secretRef": {"name": "a", "key": "b"}}),
        "auth.clientId must be text",
    ),
    "no url": ("SecretStore", put(*_AT, "url", value=None), "url is missing"),
    "no auth": ("SecretStore", put(*_AT, "auth", value=None), "auth is missing"),
    "no client id": ("SecretStore", put(*_AT, "auth", "clientId", value=None), "clientId is missing"),
    "no reference": ("SecretStore", put(*_REF, value=None), "clientSecretSecretRef is missing"),
    "text for boolean": (
        "SecretStore",
        put(*_AT, "ignoreSslCertificate", value="yes"),
        "ignoreSslCertificate must be true or false",
    ),
    "two providers": (
        "SecretStore",
        put("spec", "provider", "vault", value={"server": "https://x", "path": "y"}),
        "must have senhasegura and nothing else",
    ),
    "name of the Secret": ("SecretStore", put(*_REF, "name", value="Not_A_Name"), "name must be a name"),
    "key of the Secret": ("SecretStore", put(*_REF, "key", value="a/b"), "key must be a key"),
    "no spec": ("ExternalSecret", put("spec", value=7), "spec must be a map"),
    "store kind": (
        "ExternalSecret",
        put("spec", "secretStoreRef", "kind", value="Store"),
        "kind must be one of SecretStore, ClusterSecretStore",
    ),
    "creation policy": (
        "ExternalSecret",
        put("spec", "target", "creationPolicy", value="Mine"),
        "creationPolicy must be one of",
    ),
    "deletion policy": (
        "ExternalSecret",
        put("spec", "target", "deletionPolicy", value="Keep"),
        "deletionPolicy must be one of",
    ),
    "refresh policy": ("ExternalSecret", put("spec", "refreshPolicy", value="Never"), "refreshPolicy must be one of"),
    "number as interval": ("ExternalSecret", put("spec", "refreshInterval", value=60), "must be text: quote it"),
    "no secretKey": ("ExternalSecret", put("spec", "data", 0, "secretKey", value=None), "secretKey is missing"),
    "secretKey": ("ExternalSecret", put("spec", "data", 0, "secretKey", value="a b"), "secretKey must be a key"),
    "no remoteRef": ("ExternalSecret", put("spec", "data", 0, "remoteRef", value=None), "remoteRef is missing"),
    "no key": ("ExternalSecret", put("spec", "data", 0, "remoteRef", "key", value=None), "key is missing"),
    "decoding": (
        "ExternalSecret",
        put("spec", "data", 0, "remoteRef", "decodingStrategy", value="Hex"),
        "decodingStrategy must be one of",
    ),
    "data as map": ("ExternalSecret", put("spec", "data", value={"a": "b"}), "data must be a list of maps"),
    "rewrite": (
        "ExternalSecret",
        put("spec", "dataFrom", value=[{"extract": {"key": "a"}, "rewrite": [{"regexp": {}, "transform": {}}]}]),
        "rewrite must be a list with one of",
    ),
}
# What they accept, and what fails in the controller of ESO or makes it do nothing.
ONLY_OURS: dict[str, tuple[str, Callable[[Manifest], None], str]] = {
    "other module": ("SecretStore", put(*_AT, "module", value="PAM"), "module must be one of DSM"),
    "http": ("SecretStore", put(*_AT, "url", value="http://pam.example.com"), "url must begin with https://"),
    "a password": (
        "SecretStore",
        put(*_AT, "url", value="https://user:pw@pam.example.com"),
        "and neither user nor password",
    ),
    "no host": ("SecretStore", put(*_AT, "url", value="https://"), "and have a host"),
    "a CA": ("SecretStore", put(*_AT, "caBundle", value="x"), "has the unknown field caBundle"),
    "no name of the Secret": ("SecretStore", put(*_REF, "name", value=None), "name is missing"),
    "conditions": ("SecretStore", put("spec", "conditions", value=[]), "counts in a ClusterSecretStore only"),
    "neither data nor dataFrom": ("ExternalSecret", put("spec", "data", value=None), "must have data or dataFrom"),
    "no duration": ("ExternalSecret", put("spec", "refreshInterval", value="often"), "must be a duration"),
    "search": (
        "ExternalSecret",
        put("spec", "dataFrom", value=[{"find": {"name": {"regexp": "x"}}}]),
        "the provider of senhasegura has no search",
    ),
    "deleted by nobody": (
        "ExternalSecret",
        put("spec", "target", value={"creationPolicy": "Merge", "deletionPolicy": "Delete"}),
        "Delete needs creationPolicy Owner or Orphan",
    ),
    "merged into nothing": (
        "ExternalSecret",
        put("spec", "target", value={"creationPolicy": "None", "deletionPolicy": "Merge"}),
        "Merge does not go with creationPolicy None",
    ),
    "bootstrap token": (
        "ExternalSecret",
        put("spec", "target", "template", value={"type": "bootstrap.kubernetes.io/token"}),
        "must not be that of a bootstrap token",
    ),
    "one key twice": (
        "ExternalSecret",
        put("spec", "data", value=[{"secretKey": "a", "remoteRef": {"key": "b"}}] * 2),
        "secretKey is a once more",
    ),
}


def changed(kind: str, change: Callable[[Manifest], None]) -> list[Manifest]:
    """Return right objects, of which the one of this kind was changed."""
    objects = copy.deepcopy(described(**DESCRIBED["data"]))
    change(next(manifest for manifest in objects if manifest["kind"] == kind))
    return objects
