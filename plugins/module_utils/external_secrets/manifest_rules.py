# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What must hold of the objects before they are rendered: the rules of facts-eso.md 3 and 4.

The API server knows most of them. What it does not know, ESO finds out later, and shows in a condition.
"""

from __future__ import annotations

import typing as t
import urllib.parse

from . import manifests
from .findings import DURATION, KEY, MEANINGS, NAME, NAMESPACE, Findings
from .manifests import KINDS, RBAC, STORES, V1, V1BETA1, Manifest, inside, kind, label, shown, text

# Why a kind of ESO is not rendered.
_USELESS = {
    "PushSecret": "cannot work: the provider of senhasegura only reads",
    "ClusterExternalSecret": "is not rendered: give an ExternalSecret for each namespace",
}
_CREATION = ("Owner", "Orphan", "Merge", "None", "CreateOrMerge")
_DELETION = ("Retain", "Delete", "Merge")


def problems(given: t.Sequence[Manifest]) -> list[str]:
    """Return what is wrong with the objects, a sentence each. None of them holds a value of a Secret."""
    found: list[str] = []
    for manifest in given:
        findings = Findings(manifest)
        _object(findings, manifest)
        found += findings.problems
    # They are compared only if each is right, since one mistake would be named twice.
    return found or _together(given)


def _object(findings: Findings, manifest: Manifest) -> None:
    if kind(manifest) not in KINDS:
        findings.add("kind", _USELESS.get(kind(manifest), f"must be one of {', '.join(KINDS)}"))
        return
    versions = {"Secret": ("v1",), "Role": (RBAC,), "RoleBinding": (RBAC,)}.get(kind(manifest), (V1, V1BETA1))
    findings.text(manifest, "apiVersion", required=True, choices=versions)
    metadata = findings.mapping(manifest, "metadata", required=True)
    findings.text(metadata, "metadata.name", required=True, form=NAME)
    findings.text(metadata, "metadata.namespace", form=NAMESPACE)
    if kind(manifest) == "Secret":
        _secret(findings, manifest)
    elif kind(manifest) in STORES:
        _store(findings, manifest)
    elif kind(manifest) == "ExternalSecret":
        _external_secret(findings, manifest)
    elif kind(manifest) == "Role":
        findings.items(manifest, "rules", required=True)
    else:
        reference = findings.mapping(manifest, "roleRef", required=True)
        findings.text(reference, "roleRef.name", required=True)
        findings.items(manifest, "subjects")


def _secret(findings: Findings, manifest: Manifest) -> None:
    if "stringData" in manifest:
        # All that can be written as data has been.
        findings.add("stringData", "must be a map of texts: quote its values")
    for name, value in findings.mapping(manifest, "data").items():
        if not KEY.match(str(name)):
            findings.add("data", f"has a key that is not {MEANINGS[KEY]}")
        if not manifests.is_base64(value):
            findings.add(f"data.{name}", "must be base64 in one line; give plain text as stringData")


def _store(findings: Findings, manifest: Manifest) -> None:
    spec = findings.mapping(manifest, "spec", required=True)
    providers = findings.mapping(spec, "spec.provider", required=True) if spec else {}
    if providers and list(providers) != ["senhasegura"]:
        findings.add("spec.provider", "must have senhasegura and nothing else")
    place = "spec.provider.senhasegura"
    block = findings.mapping(providers, place)
    if block:
        _provider(findings, block, place, kind(manifest))
    if "conditions" in spec and kind(manifest) == "SecretStore":
        findings.add("spec.conditions", "counts in a ClusterSecretStore only")


def _provider(findings: Findings, block: dict[str, t.Any], place: str, store: str) -> None:
    findings.only(block, place, ("url", "module", "auth", "ignoreSslCertificate"))
    url = findings.text(block, f"{place}.url", required=True)
    if url and not _is_https(url):
        findings.add(f"{place}.url", "must begin with https:// and have a host, and neither user nor password")
    # The CRD takes any text, and the controller fails on it.
    findings.text(block, f"{place}.module", required=True, choices=("DSM",))
    findings.boolean(block, f"{place}.ignoreSslCertificate")
    auth = findings.mapping(block, f"{place}.auth", required=True)
    if not auth:
        return
    findings.only(auth, f"{place}.auth", ("clientId", "clientSecretSecretRef"))
    findings.text(auth, f"{place}.auth.clientId", required=True)
    at = f"{place}.auth.clientSecretSecretRef"
    reference = findings.mapping(auth, at, required=True)
    if not reference:
        return
    findings.only(reference, at, ("name", "key", "namespace"))
    # The CRD requires none of them, and without name and key there is no Secret to read.
    findings.text(reference, f"{at}.name", required=True, form=NAME)
    findings.text(reference, f"{at}.key", required=True, form=KEY)
    findings.text(reference, f"{at}.namespace", form=NAMESPACE)


def _is_https(url: str) -> bool:
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and parts.username is None


def _external_secret(findings: Findings, manifest: Manifest) -> None:
    spec = findings.mapping(manifest, "spec", required=True)
    if not spec:
        return
    findings.text(spec, "spec.refreshPolicy", choices=("CreatedOnce", "Periodic", "OnChange"))
    findings.text(spec, "spec.refreshInterval", form=DURATION)
    reference = findings.mapping(spec, "spec.secretStoreRef", required=True)
    if reference:
        findings.text(reference, "spec.secretStoreRef.name", required=True, form=NAME)
        findings.text(reference, "spec.secretStoreRef.kind", choices=STORES)
    target = findings.mapping(spec, "spec.target")
    findings.text(target, "spec.target.name", form=NAME)
    creation = findings.text(target, "spec.target.creationPolicy", choices=_CREATION) or "Owner"
    deletion = findings.text(target, "spec.target.deletionPolicy", choices=_DELETION) or "Retain"
    if deletion == "Delete" and creation not in ("Owner", "Orphan"):
        findings.add("spec.target.deletionPolicy", "Delete needs creationPolicy Owner or Orphan")
    if (deletion, creation) == ("Merge", "None"):
        findings.add("spec.target.deletionPolicy", "Merge does not go with creationPolicy None")
    findings.boolean(target, "spec.target.immutable")
    _template(findings, findings.mapping(target, "spec.target.template"))
    keys = findings.items(spec, "spec.data")
    sources = findings.items(spec, "spec.dataFrom")
    if not (spec.get("data") or spec.get("dataFrom")):
        findings.add("spec", "must have data or dataFrom")
    _data(findings, keys, deletion)
    _data_from(findings, sources)


def _template(findings: Findings, template: dict[str, t.Any]) -> None:
    where = "spec.target.template"
    secret_type = findings.text(template, f"{where}.type")
    annotations = findings.mapping(findings.mapping(template, f"{where}.metadata"), f"{where}.metadata.annotations")
    if secret_type == "bootstrap.kubernetes.io/token":
        findings.add(f"{where}.type", "must not be that of a bootstrap token: ESO refuses it")
    if secret_type == "kubernetes.io/service-account-token" and "kubernetes.io/service-account.name" in annotations:
        findings.add(f"{where}.type", "must not be that of a service account's token: ESO refuses it")
    findings.text(template, f"{where}.engineVersion", choices=("v2",))
    findings.text(template, f"{where}.mergePolicy", choices=("Replace", "Merge"))


def _data(findings: Findings, keys: list[dict[str, t.Any]], deletion: str) -> None:
    seen: set[str] = set()
    for number, entry in enumerate(keys):
        at = f"spec.data[{number}]"
        name = findings.text(entry, f"{at}.secretKey", required=True, form=KEY)
        if name in seen and deletion == "Retain":
            findings.add(f"{at}.secretKey", f"is {name} once more")
        seen |= {name} - {""}
        _remote(findings, findings.mapping(entry, f"{at}.remoteRef", required=True), f"{at}.remoteRef")


def _data_from(findings: Findings, sources: list[dict[str, t.Any]]) -> None:
    for number, entry in enumerate(sources):
        at = f"spec.dataFrom[{number}]"
        if "find" in entry:
            findings.add(f"{at}.find", "cannot work: the provider of senhasegura has no search. Name each with extract")
        elif len({"extract", "sourceRef"} & entry.keys()) != 1:
            findings.add(at, "must have extract")
        elif "extract" in entry:
            _remote(findings, findings.mapping(entry, f"{at}.extract", required=True), f"{at}.extract")
        for rule in findings.items(entry, f"{at}.rewrite"):
            if len({"regexp", "transform", "merge"} & rule.keys()) != 1 or len(rule) != 1:
                findings.add(f"{at}.rewrite", "must be a list with one of regexp, transform and merge in each item")


def _remote(findings: Findings, reference: dict[str, t.Any], at: str) -> None:
    if not reference:
        return
    findings.text(reference, f"{at}.key", required=True)
    findings.text(reference, f"{at}.property")
    findings.text(reference, f"{at}.metadataPolicy", choices=("None", "Fetch"))
    findings.text(reference, f"{at}.conversionStrategy", choices=("Default", "Unicode"))
    findings.text(reference, f"{at}.decodingStrategy", choices=("None", "Auto", "Base64", "Base64URL"))
    findings.text(reference, f"{at}.nullBytePolicy", choices=("Ignore", "Fail"))


def _together(given: t.Sequence[Manifest]) -> list[str]:
    """Return what is wrong with objects that are right alone."""
    found = []
    seen: set[str] = set()
    owned: dict[tuple[str, str], str] = {}
    for manifest in given:
        if label(manifest) in seen:
            found.append(f"{label(manifest)} is given twice")
        seen.add(label(manifest))
        if kind(manifest) == "ExternalSecret":
            found += _store_of(manifest, given)
            target = manifests.namespace(manifest), _target(manifest)
            owns = (inside(manifest, "spec", "target", "creationPolicy") or "Owner") == "Owner"
            if owns and owned.setdefault(target, label(manifest)) != label(manifest):
                found.append(f"{label(manifest)}: {owned[target]} owns the Secret {shown(target[1])} already")
        found += _secret_of(manifest, given)
    return found


def _target(manifest: Manifest) -> str:
    return text(inside(manifest, "spec", "target", "name")) or manifests.name(manifest)


def _store_of(manifest: Manifest, given: t.Sequence[Manifest]) -> list[str]:
    """Return the problem of an ExternalSecret that is not where its store is."""
    name = text(inside(manifest, "spec", "secretStoreRef", "name"))
    wanted = text(inside(manifest, "spec", "secretStoreRef", "kind")) or "SecretStore"
    same_name = [store for store in given if kind(store) in STORES and manifests.name(store) == name]
    stores = [store for store in same_name if kind(store) == wanted]
    if same_name and not stores:
        return [f"{label(manifest)}: secretStoreRef.kind is {wanted}, and {shown(name)} is a {kind(same_name[0])}"]
    if wanted == "ClusterSecretStore" or not stores:
        return []
    places = [manifests.namespace(store) for store in stores]
    if manifests.namespace(manifest) in places:
        return []
    return [
        f"{label(manifest)}: its SecretStore {shown(name)} is in {', '.join(map(shown, places))}, and is not seen from "
        "elsewhere: put it there, or use a ClusterSecretStore"
    ]


def _secret_of(store: Manifest, given: t.Sequence[Manifest]) -> list[str]:
    """Return the problem of a store whose authentication Secret is given, and has not the key that it names."""
    reference = inside(manifests.provider(store), "auth", "clientSecretSecretRef")
    name, key = text(inside(reference, "name")), text(inside(reference, "key"))
    place = text(inside(reference, "namespace")) or manifests.namespace(store)
    for secret in given:
        if (kind(secret), manifests.name(secret), manifests.namespace(secret)) == ("Secret", name, place):
            return [] if inside(secret, "data", key) else [f"{label(store)}: {label(secret)} has no key {shown(key)}"]
    return []
