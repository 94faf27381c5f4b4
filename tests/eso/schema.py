# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A JSON Schema of the objects of ESO that the module renders, written by hand from facts-eso.md 3 and 4.

It shares nothing with the rules of the module. `./run manifests` shows that it refuses what the schema made of ESO's Go
types refuses. Objects of the core (Secret, Role, RoleBinding) are checked there, by kubernetes-validate.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

_DNS = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_TEXT: Schema = {"type": "string"}
_NAME: Schema = {"type": "string", "pattern": rf"^{_DNS}(\.{_DNS})*$", "minLength": 1, "maxLength": 253}
_NAMESPACE: Schema = {"type": "string", "pattern": f"^{_DNS}$", "minLength": 1, "maxLength": 63}
_KEY: Schema = {"type": "string", "pattern": "^[-._a-zA-Z0-9]+$", "minLength": 1, "maxLength": 253}


def _object(required: str = "", **properties: Schema) -> Schema:
    return {
        "type": "object",
        "required": required.split(),
        "properties": properties,
        "additionalProperties": False,
    }


def _one_of(*values: str) -> Schema:
    return {"type": "string", "enum": list(values)}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


_REMOTE = _object(
    "key",
    key=_TEXT,
    property=_TEXT,
    version=_TEXT,
    metadataPolicy=_one_of("None", "Fetch"),
    conversionStrategy=_one_of("Default", "Unicode"),
    decodingStrategy=_one_of("None", "Auto", "Base64", "Base64URL"),
    nullBytePolicy=_one_of("Ignore", "Fail"),
)
_REWRITE: Schema = {
    **_object(
        regexp=_object("source target", source=_TEXT, target=_TEXT),
        transform=_object("template", template=_TEXT),
        merge={"type": "object"},
    ),
    "minProperties": 1,
    "maxProperties": 1,
}
_TEMPLATE = _object(
    type=_TEXT,
    engineVersion=_one_of("v2"),
    mergePolicy=_one_of("Replace", "Merge"),
    metadata=_object(
        annotations={"type": "object", "additionalProperties": _TEXT},
        labels={"type": "object", "additionalProperties": _TEXT},
        finalizers=_list(_TEXT),
    ),
    data={"type": "object", "additionalProperties": _TEXT},
    templateFrom=_list({"type": "object"}),
)
_PROVIDER = _object(
    "auth module url",
    url=_TEXT,
    module=_TEXT,
    auth=_object(
        "clientId clientSecretSecretRef",
        clientId=_TEXT,
        clientSecretSecretRef=_object(name=_NAME, key=_KEY, namespace=_NAMESPACE),
    ),
    ignoreSslCertificate={"type": "boolean"},
)
_SPECS: dict[str, Schema] = {
    "SecretStore": _object("provider", provider=_object("senhasegura", senhasegura=_PROVIDER)),
    "ClusterSecretStore": _object(
        "provider",
        provider=_object("senhasegura", senhasegura=_PROVIDER),
        conditions=_list(_object(namespaces=_list(_NAMESPACE))),
    ),
    "ExternalSecret": _object(
        "secretStoreRef",
        refreshPolicy=_one_of("CreatedOnce", "Periodic", "OnChange"),
        refreshInterval=_TEXT,
        secretStoreRef=_object("name", name=_NAME, kind=_one_of("SecretStore", "ClusterSecretStore")),
        target=_object(
            name=_NAME,
            creationPolicy=_one_of("Owner", "Orphan", "Merge", "None", "CreateOrMerge"),
            deletionPolicy=_one_of("Retain", "Delete", "Merge"),
            immutable={"type": "boolean"},
            template=_TEMPLATE,
        ),
        data=_list(_object("secretKey remoteRef", secretKey=_KEY, remoteRef=_REMOTE)),
        dataFrom=_list(_object("extract", extract=_REMOTE, rewrite=_list(_REWRITE))),
    ),
}


def schema_of(kind: str) -> Schema | None:
    """Return the schema of an object of ESO, or None for a kind of the core."""
    if kind not in _SPECS:
        return None
    version = {"const": "external-secrets.io/v1"}
    # A ClusterSecretStore is in no namespace, and the others always say in which one they are.
    place: dict[str, Schema] = {} if kind == "ClusterSecretStore" else {"namespace": _NAMESPACE}
    metadata = _object(" ".join(["name", *place]), name=_NAME, **place)
    return _object(
        "apiVersion kind metadata spec", apiVersion=version, kind={"const": kind}, metadata=metadata, spec=_SPECS[kind]
    )


def errors_of(objects: list[dict[str, Any]]) -> list[str]:
    """Return what the schema says of the objects of ESO."""
    # Imported here: it comes with ansible-lint, which the environments of older releases of ansible-core do not have.
    import jsonschema

    found = []
    for manifest in objects:
        schema = schema_of(manifest["kind"])
        if schema is not None:
            found += [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(manifest)]
    return found
