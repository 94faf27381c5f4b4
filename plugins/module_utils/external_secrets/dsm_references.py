# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compare what ExternalSecrets ask for with what DSM has. ESO finds most of this out only at the next refresh."""

from __future__ import annotations

import dataclasses
import typing as t

from ..ciphertext import looks_encrypted
from ..dsm_secrets import DsmSecret
from . import manifests
from .manifests import Manifest, inside, kind, label, text


@dataclasses.dataclass(frozen=True)
class DsmReference:
    """One place in an ExternalSecret that names a DSM secret. ``property`` is '' for all of it."""

    owner: str
    identifier: str
    property: str = ""
    extract: bool = False


def references(given: t.Iterable[Manifest]) -> list[DsmReference]:
    """Return what the ExternalSecrets read from DSM. Entries with a store of their own (sourceRef) are left out."""
    found = []
    for manifest in given:
        if kind(manifest) != "ExternalSecret":
            continue
        for part, name in (("data", "remoteRef"), ("dataFrom", "extract")):
            for entry in manifests.items(inside(manifest, "spec", part)):
                remote = entry.get(name)
                if remote is not None and "sourceRef" not in entry:
                    key, wanted = text(inside(remote, "key")), text(inside(remote, "property"))
                    found.append(DsmReference(label(manifest), key, wanted, extract=name == "extract"))
    return found


def encrypted(secrets: t.Iterable[DsmSecret]) -> list[str]:
    """Return the keys whose values the server has encrypted, as C(KEY of IDENTIFIER): ESO cannot decrypt them."""
    return sorted(
        {
            f"{name} of {secret.identifier}"
            for secret in secrets
            for name, value in secret.values()
            if looks_encrypted(value)
        }
    )


def compare(wanted: t.Sequence[DsmReference], secrets: t.Mapping[str, DsmSecret | None]) -> tuple[list[str], list[str]]:
    """Return what is wrong and what may surprise, a sentence each, without values.

    :param secrets: what DSM has of each identifier that is asked for
    """
    problems: list[str] = []
    warnings: list[str] = []
    for reference in wanted:
        secret = secrets.get(reference.identifier)
        if secret is None:
            problems.append(f"{reference.owner}: there is no DSM secret {reference.identifier} for this client")
        elif secret.problem is not None:
            problems.append(
                f"{reference.owner}: DSM secret {secret.identifier} cannot be read: {secret.problem.message}"
            )
        elif reference.property:
            _compare_property(reference, secret, problems, warnings)
        elif secret.is_empty:
            problems.append(f"{reference.owner}: DSM secret {secret.identifier} is empty")
        else:
            warnings += _surprises(reference, secret)
    return list(dict.fromkeys(problems)), list(dict.fromkeys(warnings))


def _compare_property(reference: DsmReference, secret: DsmSecret, problems: list[str], warnings: list[str]) -> None:
    names = sorted({name for block in secret.data for name in block})
    if reference.property not in names:
        alike = [name for name in names if name.lower() == reference.property.lower()]
        hint = f", and {alike[0]} is written so" if alike else f": it has {', '.join(names) or 'none'}"
        problems.append(f"{reference.owner}: DSM secret {secret.identifier} has no property {reference.property}{hint}")
    elif reference.property in _several(secret):
        warnings.append(
            f"{reference.owner}: {reference.property} stands in several blocks of DSM secret {secret.identifier}, and "
            "ESO takes the first"
        )


def _surprises(reference: DsmReference, secret: DsmSecret) -> list[str]:
    """Return what ESO does with a whole secret that few expect (facts-eso.md 5)."""
    if not reference.extract:
        return [
            f"{reference.owner}: without a property, the value is the JSON text of all blocks of DSM secret "
            f"{secret.identifier}"
        ]
    several = _several(secret)
    if not several:
        return []
    return [
        f"{reference.owner}: {', '.join(several)} stands in several blocks of DSM secret {secret.identifier}, and "
        "extract takes the last"
    ]


def _several(secret: DsmSecret) -> list[str]:
    """Return the keys that more than one block of a secret has."""
    names = [name for block in secret.data for name in block]
    return sorted({name for name in names if names.count(name) > 1})
