# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names, places and order of Kubernetes objects, as all files of this folder use them."""

from __future__ import annotations

import base64
import binascii
import copy
import re
import typing as t

# An object as YAML or JSON has it. Objects that users give may have any type at any place.
Manifest = dict[str, t.Any]

GROUP = "external-secrets.io"
V1, V1BETA1 = f"{GROUP}/v1", f"{GROUP}/v1beta1"
RBAC = "rbac.authorization.k8s.io/v1"
STORES = ("SecretStore", "ClusterSecretStore")
CLUSTER_SCOPED = frozenset({"ClusterSecretStore"})
# The kinds that are rendered, in the order in which they are applied.
KINDS = ("Secret", *STORES, "ExternalSecret", "Role", "RoleBinding")
# The keys of the authentication Secret, as the integration guide calls them.
CLIENT_ID_KEY, CLIENT_SECRET_KEY = "clientId", "clientSecret"
HIDDEN = "(hidden)"
_SHOWN = re.compile(r"[A-Za-z0-9][-.A-Za-z0-9/]{0,252}\Z")


def mapping(value: t.Any) -> dict[str, t.Any]:
    """Return a map as it is, and an empty one in the place of anything else."""
    return value if isinstance(value, dict) else {}


def inside(value: t.Any, *path: str) -> t.Any:
    """Return what stands at a path of keys, or None where the path ends before."""
    for name in path:
        value = mapping(value).get(name)
    return value


def items(value: t.Any) -> list[dict[str, t.Any]]:
    """Return the maps in a list. What is no list has none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(value: t.Any) -> str:
    """Return a text as it is, and an empty one in the place of anything else."""
    return value if isinstance(value, str) else ""


def kind(manifest: Manifest) -> str:
    """Return the kind of an object, or ''."""
    return text(manifest.get("kind"))


def name(manifest: Manifest) -> str:
    """Return the name of an object, or ''."""
    return text(inside(manifest, "metadata", "name"))


def namespace(manifest: Manifest) -> str:
    """Return the namespace of an object, or '' for one without."""
    return text(inside(manifest, "metadata", "namespace"))


def label(manifest: Manifest) -> str:
    """Return what messages call an object, such as C(SecretStore default/senhasegura-dsm)."""
    place = f"{shown(namespace(manifest))}/" if namespace(manifest) else ""
    named = shown(name(manifest)) if name(manifest) else "(without name)"
    return f"{shown(kind(manifest)) if kind(manifest) else 'an object without kind'} {place}{named}"


def shown(value: str) -> str:
    """Return a name as messages show it: what cannot be one may be a secret that stands in the wrong place."""
    return value if _SHOWN.match(value) else "(not shown)"


def provider(manifest: Manifest) -> dict[str, t.Any] | None:
    """Return the block C(spec.provider.senhasegura) of a store, or None for anything else."""
    block = inside(manifest, "spec", "provider", "senhasegura")
    return block if kind(manifest) in STORES and isinstance(block, dict) else None


def ordered(manifests: t.Iterable[Manifest]) -> list[Manifest]:
    """Return the objects in the order in which they are applied: a Secret before the store that needs it."""
    rank = {kind: number for number, kind in enumerate(KINDS)}
    return sorted(manifests, key=lambda manifest: rank.get(kind(manifest), len(rank)))


def encoded(value: str) -> str:
    """Return a text as the C(data) of a Secret has it."""
    return base64.b64encode(value.encode("utf-8", "surrogateescape")).decode("ascii")


def decoded(value: t.Any) -> str | None:
    """Return the text in a value of the C(data) of a Secret, or None if it is not base64 of a text."""
    try:
        return base64.b64decode(text(value), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None


def is_base64(value: t.Any) -> bool:
    """Return whether a value may stand in the C(data) of a Secret, whatever bytes it means."""
    try:
        base64.b64decode(value if isinstance(value, str) else "!", validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def without_secrets(manifest: Manifest) -> Manifest:
    """Return the object with C((hidden)) in the place of the values of a Secret and of the client id of a store."""
    shown = copy.deepcopy(manifest)
    for part in ("data", "stringData"):
        if kind(shown) == "Secret" and isinstance(shown.get(part), dict):
            shown[part] = dict.fromkeys(shown[part], HIDDEN)
    auth = inside(provider(shown), "auth")
    if isinstance(auth, dict) and isinstance(auth.get("clientId"), str):
        auth["clientId"] = HIDDEN
    return shown


def secret_values(manifests: t.Iterable[Manifest]) -> list[str]:
    """Return all values of Secrets, as they are written and as what they mean."""
    found = []
    for manifest in manifests:
        if kind(manifest) == "Secret":
            data = [value for value in mapping(manifest.get("data")).values() if isinstance(value, str)]
            found += [*data, *filter(None, map(decoded, data))]
            found += [value for value in mapping(manifest.get("stringData")).values() if isinstance(value, str)]
    return found
