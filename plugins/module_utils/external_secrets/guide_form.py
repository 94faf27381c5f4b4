# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Correct objects that are given in the form of the integration guide, which no current ESO accepts (facts-eso.md)."""

from __future__ import annotations

import copy
import typing as t
import urllib.parse

from ..errors import ConfigError
from . import manifests
from .manifests import V1, V1BETA1, Manifest, inside, kind, label, mapping, shown, text

Warn = t.Callable[[str], None]


def correct(
    given: t.Sequence[Manifest], *, api_version: str = V1, namespace: str = "default", client_id: str = ""
) -> tuple[list[Manifest], list[str]]:
    """Return the objects in the form that ESO takes, in the order in which they are applied, and why each was changed.

    :param given: objects in the form of ESO or of the guide; they are left as they are
    :param api_version: what the objects of ESO get
    :param namespace: where an object without a namespace belongs
    :param client_id: what a store gets whose client id stands in a Secret that is not among the objects
    Raises ConfigError if a client id cannot be found.
    """
    warnings: list[str] = []
    found = [copy.deepcopy(manifest) for manifest in given]
    for manifest in found:
        _place(manifest, namespace, warnings.append)
        _api_version(manifest, api_version, warnings.append)
        _encode(manifest)
    for manifest in found:
        _client_id(manifest, found, client_id, warnings.append)
    found = _beside_their_stores(found, warnings.append)
    for manifest in found:
        _doubtful(manifest, warnings.append)
    return manifests.ordered(found), list(dict.fromkeys(warnings))


def _place(manifest: Manifest, namespace: str, warn: Warn) -> None:
    """Name the namespace, and take it from what has none."""
    metadata = manifest.get("metadata")
    if not isinstance(metadata, dict):
        return
    if kind(manifest) not in manifests.CLUSTER_SCOPED:
        metadata["namespace"] = metadata.get("namespace") or namespace
    elif "namespace" in metadata:
        place = text(metadata.pop("namespace"))
        warn(
            f"{label(manifest)}: metadata.namespace ({shown(place)}) is left out, since a ClusterSecretStore is in none"
        )


def _api_version(manifest: Manifest, wanted: str, warn: Warn) -> None:
    version = text(manifest.get("apiVersion"))
    if not version.startswith(f"{manifests.GROUP}/") or version == wanted:
        return
    manifest["apiVersion"] = wanted
    why = "ESO serves no other since 0.17 (May 2025)" if wanted == V1 else "api_version asks for it"
    warn(f"{label(manifest)}: apiVersion {shown(version)} becomes {wanted}: {why}")


def _encode(manifest: Manifest) -> None:
    """Write the values of a Secret as the API server stores them, so that a repeated run finds them equal."""
    plain = manifest.get("stringData")
    if kind(manifest) == "Secret" and isinstance(plain, dict) and all(isinstance(v, str) for v in plain.values()):
        del manifest["stringData"]
        manifest["data"] = {
            **mapping(manifest.get("data")),
            **{name: manifests.encoded(value) for name, value in plain.items()},
        }


def _client_id(manifest: Manifest, found: t.Sequence[Manifest], client_id: str, warn: Warn) -> None:
    """Replace the guide's C(clientId.secretRef) by the client id: the field is a plain string in every version."""
    auth = inside(manifests.provider(manifest), "auth")
    if not isinstance(auth, dict) or not isinstance(auth.get("clientId"), dict):
        return
    reference = mapping(auth["clientId"].get("secretRef"))
    place = text(reference.get("namespace")) or manifests.namespace(manifest)
    key, name = text(reference.get("key")), text(reference.get("name"))
    secret = _secret(found, name, place)
    value = manifests.decoded(inside(secret, "data", key)) if secret else None
    source = f"key {shown(key)} of Secret {shown(place)}/{shown(name)}" if value else "the option client_id"
    value = value or client_id
    if not value:
        raise ConfigError(
            f"{label(manifest)}: auth.clientId must be a plain string, and Secret {shown(place)}/{shown(name)} that it "
            f"refers to is not given with the key {shown(key)}",
            hint="Write the client id itself as auth.clientId, give that Secret in manifests, or set client_id",
        ).with_context(option="manifests")
    auth["clientId"] = value
    warn(
        f"{label(manifest)}: auth.clientId.secretRef becomes the client id itself, from {source}: ESO knows no "
        "reference there, and its CRD refuses one"
    )


def _secret(found: t.Iterable[Manifest], name: str, namespace: str) -> Manifest | None:
    """Return the Secret of that name and namespace, if it is among the objects."""
    return next(
        (
            manifest
            for manifest in found
            if (kind(manifest), manifests.name(manifest), manifests.namespace(manifest)) == ("Secret", name, namespace)
        ),
        None,
    )


def _beside_their_stores(found: list[Manifest], warn: Warn) -> list[Manifest]:
    """Return the objects with the authentication Secret of each SecretStore in the namespace of the store.

    ESO ignores the namespace in the reference of a SecretStore, and looks into that of the ExternalSecret
    (facts-eso.md 3). A Secret that only such stores refer to is moved; one that others need as well is copied.
    """
    moved: list[Manifest] = []
    added: list[Manifest] = []
    for store in found:
        reference = _reference(store)
        if kind(store) != "SecretStore" or "namespace" not in reference:
            continue
        there, here = text(reference.pop("namespace")), manifests.namespace(store)
        if there == here:
            continue
        name = text(reference.get("name"))
        problem = (
            f"ESO reads the Secret of a SecretStore from the namespace of the store ({shown(here)}), not from "
            f"{shown(there)}"
        )
        secret = _secret(found, name, there)
        if secret is None:
            warn(f"{label(store)}: {problem}: put Secret {shown(name)} there")
            continue
        warn(f"{label(store)}: {problem}: Secret {shown(name)} is put there")
        moved.append(secret)
        if _secret([*found, *added], name, here) is None:
            metadata = {**mapping(secret.get("metadata")), "namespace": here}
            added.append({**copy.deepcopy(secret), "metadata": metadata})
    still_needed = [
        secret
        for store in found
        if kind(store) == "ClusterSecretStore" and (reference := _reference(store))
        for secret in moved
        if (text(reference.get("name")), reference.get("namespace") or manifests.namespace(secret))
        == (manifests.name(secret), manifests.namespace(secret))
    ]
    gone = [secret for secret in moved if not any(secret is other for other in still_needed)]
    return [manifest for manifest in found if not any(manifest is other for other in gone)] + added


def _reference(store: Manifest) -> dict[str, t.Any]:
    return mapping(inside(manifests.provider(store), "auth", "clientSecretSecretRef"))


def _doubtful(manifest: Manifest, warn: Warn) -> None:
    """Warn of what is valid and yet not what most mean."""
    block = manifests.provider(manifest)
    if manifest.get("apiVersion") == V1BETA1:
        warn(f"{label(manifest)}: {V1BETA1} is served by ESO up to 0.16 only, and by no release since May 2025")
    if block is not None:
        _doubtful_store(manifest, block, warn)
    if kind(manifest) == "Role":
        for rule in manifests.items(manifest.get("rules")):
            verbs = rule.get("verbs")
            given = [verb for verb in verbs if isinstance(verb, str)] if isinstance(verbs, list) else []
            unlimited = sorted({"list", "watch", "create", "*"}.intersection(given))
            if rule.get("resourceNames") and unlimited:
                warn(f"{label(manifest)}: resourceNames does not limit {', '.join(unlimited)}")


def _doubtful_store(manifest: Manifest, block: dict[str, t.Any], warn: Warn) -> None:
    path = _path(text(block.get("url")))
    if path.strip("/"):
        warn(f"{label(manifest)}: ESO replaces the path {path} of the url by its own")
    if block.get("ignoreSslCertificate") is True:
        warn(
            f"{label(manifest)}: ignoreSslCertificate is true: nobody checks the certificate of the server. The store "
            "has no option for a CA: put it into the trust store of ESO's controller instead"
        )


def _path(url: str) -> str:
    try:
        return urllib.parse.urlsplit(url).path
    except ValueError:
        # No url at all, which the rules refuse.
        return ""
