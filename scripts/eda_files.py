# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What scripts/generate.py writes for the event sources: their documentation, JSON schemas and credential types.

The forms are those of the collection ansible.eda: schemas/NAME.json, credential_types/NAME/input.yml and injectors.yml.
"""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

FOLDER = Path("extensions/eda/plugins/event_source")
TITLES = {"senhasegura": "senhasegura, by polling", "senhasegura_syslog": "senhasegura, by syslog"}
DOCUMENTATION: dict[str, dict[str, t.Any]] = {
    "senhasegura": {
        "short_description": "Poll senhasegura for what expired, was changed, is in custody or could not be changed",
        "description": [
            "Lists the credentials and SSH keys that the client may see, compares them with what it remembers, and"
            " reports what is new. It reads no secret and takes no custody.",
            "Each event has C(type), C(id), C(kind) (V(credential) or V(ssh_key)), C(source) (V(poll)), and as far as"
            " they are known C(identifier), C(username), C(hostname), C(ip), C(account_type), C(automatic_change),"
            " C(changed_at), C(viewed_at) and C(expires_at).",
            "Its type is V(expired) when its expiration has passed, and V(changed) when its time of change or its"
            " public key is another one; C(previous_changed_at) has the time before.",
            "It is V(custody_held) when it was viewed and not changed since, so that somebody may have it in custody,"
            " and V(change_failed) when the vault should have changed it and has not. The API shows neither custody nor"
            " failed changes, so these two are conclusions.",
            "C(repeated) is true for an event that was reported before and is still true: see O(repeat_after).",
        ],
        "notes": [
            "An event is reported at least once. It is remembered as reported when the rules have certainly taken it:"
            " the last events before a restart may come again.",
            "If the server cannot be polled, a warning says why, and the next try comes after a growing pause. What"
            " happens meanwhile is reported afterwards, as far as the list still shows it: of two changes between two"
            " polls, one is seen.",
            "Texts have no template in them, because rules hand events to Ansible as variables: V({{) becomes V({ {).",
            "Options of the connection that are not set here are taken from the environment (C(SENHASEGURA_URL), ...),"
            " and then the default. C(ansible.cfg) and the file of the DSM CLI are not read.",
        ],
    },
    "senhasegura_syslog": {
        "short_description": "Receive the syslog messages of senhasegura",
        "description": [
            "Listens for syslog messages in CEF and in the appliance's RFC 5424 form, over TCP and UDP. TCP may use"
            " octet counting or lines (RFC 6587).",
            "Each event has C(type), C(event_id), C(source) (V(syslog)), C(format), C(name), C(fields) with all pairs,"
            " C(header), C(complete), C(uncertain), C(sender) and C(raw), and as far as they are known C(id) (the id of"
            " the credential), C(username), C(hostname), C(severity) and C(device).",
            "C(id) is there only if the message has exactly one C(duid) of digits, and did not end in it. A message"
            " that was cut has C(complete=false), without the pair that it ends in; C(uncertain) names such pairs.",
        ],
        "notes": [
            "The appliance documents neither TLS nor all of its event ids. Look at C(raw), and set O(event_types).",
            "Messages that come while nothing listens are lost. The event source C(senhasegura) finds most of them.",
            "Take an event for a hint, and ask the vault before something is changed, as the playbooks of this"
            " collection do: whoever can reach the port can send a message.",
            "Texts have no template in them, because rules hand events to Ansible as variables: V({{) becomes V({ {).",
        ],
    },
}
_TYPES = {"str": "string", "path": "string", "int": "integer", "float": "number", "bool": "boolean", "list": "array"}


def documented(source: str, options: t.Sequence[t.Any], dump: t.Callable[..., str]) -> str:
    """Return the text of a source with its documentation made of its options."""
    document = {
        **{key: DOCUMENTATION[source][key] for key in ("short_description", "description")},
        "version_added": "0.1.0",
        "author": ["community.senhasegura contributors (@community-senhasegura)"],
        "options": {option.name: _documented(option) for option in options},
        "notes": DOCUMENTATION[source]["notes"],
    }
    path = FOLDER / f"{source}.py"
    text = path.read_text(encoding="utf-8")
    block = f'DOCUMENTATION = r"""\n{dump(document)}"""\n\nEXAMPLES'
    return re.sub(r'DOCUMENTATION = r""".*?"""\n\nEXAMPLES', lambda _: block, text, flags=re.DOTALL)


def _documented(option: t.Any) -> dict[str, t.Any]:
    details: dict[str, t.Any] = {"description": list(option.description), "type": option.type}
    if option.type == "list":
        details["elements"] = "str"
    if option.default is not None:
        details["default"] = list(option.default) if option.type == "list" else option.default
    if option.choices:
        details["choices"] = list(option.choices)
    return details


def schema(source: str, options: t.Sequence[t.Any]) -> str:
    """Return the JSON schema of the arguments of a source."""
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://github.com/ansible-collections/community.senhasegura/{FOLDER}/schemas/{source}.json",
        "title": TITLES[source],
        "description": DOCUMENTATION[source]["short_description"],
        "type": "object",
        "properties": {option.name: _property(option) for option in options},
        # No option is required: those of the connection may come from the environment.
        "required": [],
    }
    return json.dumps(document, indent=4, ensure_ascii=False) + "\n"


def plain(texts: t.Iterable[str]) -> str:
    """Return descriptions without markup."""
    return re.sub(r"\b[A-Z]\(([^)]*)\)", r"\1", " ".join(texts))


def _title(name: str) -> str:
    words = [{"ca": "CA", "tls": "TLS", "url": "URL"}.get(word, word) for word in name.split("_")]
    return " ".join([words[0][0].upper() + words[0][1:], *words[1:]])


def _property(option: t.Any) -> dict[str, t.Any]:
    found: dict[str, t.Any] = {"title": _title(option.name), "description": plain(option.description)}
    if option.type == "dict":
        return {**found, "type": "object", "additionalProperties": {"type": "string"}}
    found["type"] = _TYPES[option.type]
    choices = {"enum": list(option.choices)} if option.choices else {}
    if option.type == "list":
        found["items"] = {"type": "string", **choices}
    else:
        found.update(choices)
    if option.default is not None:
        found["default"] = list(option.default) if option.type == "list" else option.default
    if getattr(option, "most", 0):
        found.update(minimum=option.least, maximum=option.most)
    if getattr(option, "secret", False):
        found["format"] = "password"
    return found


def injectors(types: t.Mapping[str, t.Any], dump: t.Callable[..., str]) -> str:
    """Return the injectors of a credential type of EDA. A field that is empty is undefined there, which is an error."""
    lines: dict[str, dict[str, str]] = {}
    for kind, entries in types.items():
        lines[kind] = {name: _defaulted(template) for name, template in entries.items()}
    return dump(lines)


def _defaulted(template: str) -> str:
    template = template.replace("tower.filename", "eda.filename")
    template = re.sub(r"\{\{ (\w+) \}\}", r"{{ \1 | default('', true) }}", template)
    return re.sub(r"\{% if (\w+) %\}", r"{% if \1 | default('', true) %}", template)


TLS_FIELDS = [
    {
        "id": "tls_cert",
        "label": "Certificate",
        "type": "string",
        "multiline": True,
        "help_text": "Certificate of the event source (PEM), for a relay that sends over TLS.",
    },
    {
        "id": "tls_key",
        "label": "Key",
        "type": "string",
        "multiline": True,
        "secret": True,
        "help_text": "Key of the certificate (PEM, without passphrase).",
    },
    {
        "id": "tls_client_ca",
        "label": "CA of senders",
        "type": "string",
        "multiline": True,
        "help_text": "CA certificates (PEM). Senders must show a certificate of one of them.",
    },
]
TLS_INJECTORS = {
    "file": {f"template.{name}": f"{{{{ {name} }}}}" for name in ("tls_cert", "tls_key", "tls_client_ca")},
    "extra_vars": {
        f"senhasegura_syslog_{name}": f"{{% if {name} %}}{{{{ tower.filename.{name} }}}}{{% endif %}}"
        for name in ("tls_cert", "tls_key", "tls_client_ca")
    },
}
