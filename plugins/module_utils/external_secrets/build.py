# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make the objects of the External Secrets Operator (ESO) from the options of the module C(external_secrets)."""

from __future__ import annotations

import dataclasses
import typing as t

from . import manifests
from .manifests import CLIENT_SECRET_KEY, RBAC, Manifest

# The options of one ExternalSecret that stand in its spec.target, and their names there.
_TARGET = {"creation_policy": "creationPolicy", "deletion_policy": "deletionPolicy", "template": "template"}
_SPEC = {"refresh_interval": "refreshInterval", "refresh_policy": "refreshPolicy"}


@dataclasses.dataclass(frozen=True)
class EsoClient:
    """How ESO reaches the server: the client of a DSM authorization. ``client_secret`` goes into a Secret alone."""

    url: str
    client_id: str = dataclasses.field(repr=False)
    client_secret: str = dataclasses.field(repr=False)


def build(params: t.Mapping[str, t.Any], client: EsoClient) -> list[Manifest]:
    """Return the objects that the options describe, in the order in which they are applied.

    :param params: the checked options of the module (operations/external_secrets.py)
    """
    found: list[Manifest] = []
    if params["create_store"]:
        if params["create_auth_secret"]:
            found.append(_auth_secret(params, client))
        found.append(_store(params, client))
    found += [_external_secret(params, wanted) for wanted in params["external_secrets"] or []]
    for reader in params["readers"] or []:
        found += _reader(params, reader)
    return manifests.ordered(found)


def _object(api_version: str, kind: str, name: str, namespace: str | None, **parts: t.Any) -> Manifest:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **parts}


def _is_cluster_store(params: t.Mapping[str, t.Any]) -> bool:
    return bool(params["store_kind"] == "ClusterSecretStore")


def _auth_secret(params: t.Mapping[str, t.Any], client: EsoClient) -> Manifest:
    # ESO reads it from the namespace of the ExternalSecret if the store is namespaced (facts-eso.md 3).
    place = params["auth_namespace"] if _is_cluster_store(params) else params["namespace"]
    data = {CLIENT_SECRET_KEY: manifests.encoded(client.client_secret)}
    return _object("v1", "Secret", params["auth_secret"], place, type="Opaque", data=data)


def _store(params: t.Mapping[str, t.Any], client: EsoClient) -> Manifest:
    cluster = _is_cluster_store(params)
    reference = {"name": params["auth_secret"], "key": CLIENT_SECRET_KEY}
    block: dict[str, t.Any] = {
        "url": client.url,
        "module": "DSM",
        "auth": {
            "clientId": client.client_id,
            "clientSecretSecretRef": {**reference, **({"namespace": params["auth_namespace"]} if cluster else {})},
        },
    }
    if params["ignore_ssl_certificate"]:
        block["ignoreSslCertificate"] = True
    spec: dict[str, t.Any] = {"provider": {"senhasegura": block}}
    if cluster and params["store_namespaces"]:
        spec["conditions"] = [{"namespaces": list(params["store_namespaces"])}]
    namespace = None if cluster else params["namespace"]
    return _object(params["api_version"], params["store_kind"], params["store"], namespace, spec=spec)


def _external_secret(params: t.Mapping[str, t.Any], wanted: t.Mapping[str, t.Any]) -> Manifest:
    target = {"name": wanted["target"] or wanted["name"], **_given(wanted, _TARGET)}
    spec: dict[str, t.Any] = {
        **_given(wanted, _SPEC),
        "secretStoreRef": {"name": params["store"], "kind": params["store_kind"]},
        "target": target,
    }
    if wanted["data"]:
        spec["data"] = [_key(entry) for entry in wanted["data"]]
    if wanted["extract"]:
        spec["dataFrom"] = [_extract(entry) for entry in wanted["extract"]]
    place = wanted["namespace"] or params["namespace"]
    return _object(params["api_version"], "ExternalSecret", wanted["name"], place, spec=spec)


def _given(options: t.Mapping[str, t.Any], names: t.Mapping[str, str]) -> dict[str, t.Any]:
    """Return the options that are set, under their names in Kubernetes."""
    return {there: options[here] for here, there in names.items() if options[here] is not None}


def _key(entry: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    remote = {"key": entry["identifier"], **_given(entry, {"property": "property"})}
    return {"secretKey": entry["secret_key"], "remoteRef": remote}


def _extract(entry: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {"extract": {"key": entry["identifier"]}, **({"rewrite": entry["rewrite"]} if entry["rewrite"] else {})}


def _reader(params: t.Mapping[str, t.Any], reader: t.Mapping[str, t.Any]) -> list[Manifest]:
    """Return the Role that may read the named Secrets and nothing else, and what binds it to service accounts."""
    name, place = reader["name"], reader["namespace"] or params["namespace"]
    rule = {
        "apiGroups": [""],
        "resources": ["secrets"],
        "resourceNames": list(reader["secrets"]),
        # The names limit neither list nor watch.
        "verbs": ["get"],
    }
    subjects = [
        {"kind": "ServiceAccount", "name": account.rpartition("/")[2], "namespace": account.rpartition("/")[0] or place}
        for account in reader["service_accounts"]
    ]
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
    return [
        _object(RBAC, "Role", name, place, rules=[rule]),
        _object(RBAC, "RoleBinding", name, place, roleRef=role, subjects=subjects),
    ]
