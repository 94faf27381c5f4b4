# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write documents: JSON, variables of Ansible as YAML, properties of Java, and a Secret of Kubernetes."""

from __future__ import annotations

import base64
import json
import re
import typing as t

from .value_rules import Entries

# Bytes of all values of a Secret together.
KUBERNETES_SECRET = 1024 * 1024
_DNS_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
# DNS-1123: that of a Secret may have dots, that of a namespace not.
_SUBDOMAIN = re.compile(rf"{_DNS_LABEL}(\.{_DNS_LABEL})*")
_LABEL = re.compile(_DNS_LABEL)
_LONGEST_SUBDOMAIN = 253
_YAML_PLAIN = re.compile(r"[^ !#-\[\]-~]")
_PROPERTY_PLAIN = re.compile(r"[^!-~]|[\\=:#!]")
_PROPERTY_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f"}


def any_value(_name: str, _value: str) -> str:
    """Refuse nothing: the format has a form for each text."""
    return ""


def render_json(entries: Entries) -> str:
    """Return a JSON object, in ASCII."""
    return json.dumps(dict(entries), indent=2) + "\n"


def render_yaml_vars(entries: Entries) -> str:
    """Return variables for C(include_vars) or C(vars_files). C(!unsafe) keeps Ansible from evaluating templates.

    It stands before the whole map: before a single value, ansible-core from 2.19 on makes numbers and dates of texts.
    """
    lines = "".join(f'{name}: "{_YAML_PLAIN.sub(_yaml_escape, value)}"\n' for name, value in entries.items())
    return f"--- !unsafe\n{lines or '{}'}"


def _yaml_escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def render_properties(entries: Entries) -> str:
    """Return properties of Java, in ASCII, which is the same in ISO 8859-1 and in UTF-8."""
    return "".join(f"{_property(name)}={_property(value)}\n" for name, value in entries.items())


def _property(text: str) -> str:
    return _PROPERTY_PLAIN.sub(_property_escape, text)


def _property_escape(match: re.Match[str]) -> str:
    character = match[0]
    if character in _PROPERTY_NAMED:
        return _PROPERTY_NAMED[character]
    if character in "\\=:#! ":
        return f"\\{character}"
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def kubernetes_name(name: str, *, namespace: bool = False) -> str:
    """Say why a name cannot be that of a Secret, or of a namespace."""
    pattern = _LABEL if namespace else _SUBDOMAIN
    if not pattern.fullmatch(name) or len(name) > _LONGEST_SUBDOMAIN:
        return "it must be of lower-case letters, digits and hyphens" + ("" if namespace else " with dots between them")
    return ""


def render_kubernetes_secret(entries: Entries, name: str, namespace: str | None) -> str:
    """Return a Secret as JSON, which kubectl and every reader of YAML take. Its values are base64, and never clear.

    :param name: its name, checked by C(kubernetes_name)
    :param namespace: its namespace, or None to leave that to C(kubectl)
    """
    metadata: dict[str, t.Any] = {"name": name, **({"namespace": namespace} if namespace else {})}
    data = {key: base64.b64encode(value.encode()).decode() for key, value in entries.items()}
    document = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": data}
    return json.dumps(document, indent=2) + "\n"
