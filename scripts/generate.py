# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write what comes from tables in the code: documentation fragments, fields of credentials in AWX, the documentation,
schemas and credential types of the event sources, and tables in the guides.

usage: python scripts/generate.py [--check]   (--check writes nothing and fails if a file is out of date)
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
import re
import sys
import typing as t

import eda_files
import guide_tables
import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
LICENCE = """\
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""
NOTICE = "# Generated from module_utils/settings/options.py by scripts/generate.py: change the table, then run that.\n"
NOTES = [
    "A connection option may come from several places. The first of these that sets it counts: the option itself,"
    " the variable C(senhasegura_NAME), the environment variable C(SENHASEGURA_NAME), C(NAME) in section"
    " C([senhasegura]) of C(ansible.cfg), the name C(SENHASEGURA_NAME) in O(config_file), and then the default."
    " That is the order of Ansible's own options.",
    "Modules see the C(environment) of their play, block or task as well, before the one that Ansible was started with."
    " Ansible does not show it to lookups: for them, set variables instead.",
    "An empty value counts as unset, wherever it comes from.",
    "What managed hosts say never sets a connection option. Facts, of this run or cached, and registered results are"
    " ignored with a warning, and the variable of the inventory or the play counts instead. That includes"
    " C(set_fact) with C(cacheable=true), which makes facts. Without it, C(set_fact) counts,"
    " and so do C(vars), C(include_vars) and loops: do not fill it from what a host has said.",
    "E(SENHASEGURA_INSECURE) with a true value is the same as O(validate_certs=false).",
    "All requests to the server are made by the controller, never by managed hosts.",
]
MYSAFE_NOTES = [
    *NOTES,
    "The access key has options of its own, with variables, environment variables and names in files of their own."
    " Other plugins of this collection do not see them, and these do not see C(client_id), C(dialect) and what else"
    " says how an A2A authorization logs in.",
    "MySafe is part of the vendor's API from release 3.32 on. The integration guide has no call for it.",
]
INVENTORY_NOTES = [
    "A connection option may come from several places. The first of these that sets it counts: the inventory"
    " source, the variable C(senhasegura_NAME), the environment variable C(SENHASEGURA_NAME), C(NAME) in section"
    " C([senhasegura]) of C(ansible.cfg), the name C(SENHASEGURA_NAME) in O(config_file), and then the default.",
    "Of all variables, those of the command line (C(--extra-vars)) alone are known when an inventory is made.",
    *NOTES[2:3],
    *NOTES[4:],
]


def _documentation(name: str, document: dict[str, t.Any]) -> str:
    text = yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True)
    return f'    {name} = r"""\n{text}"""\n'


def _option(option: t.Any, *, lookup: bool) -> dict[str, t.Any]:
    details: dict[str, t.Any] = {"description": list(option.description), "type": option.type}
    if option.default is not None:
        # Modules take their defaults from the other places, so their argument specs have none.
        if lookup:
            details["default"] = option.default
        else:
            value = str(option.default).lower() if isinstance(option.default, bool) else option.default
            details["description"].append(f"The default is V({value}).")
    if option.choices:
        details["choices"] = list(option.choices)
    if lookup:
        details["vars"] = [{"name": option.variable}]
        details["ini"] = [{"section": "senhasegura", "key": option.name}]
        details["env"] = [{"name": option.env}]
    return details


def _of_mysafe(document: dict[str, t.Any], options: t.Sequence[t.Any]) -> dict[str, t.Any]:
    """Let descriptions that all plugins share name the options that MySafe has in the place of others."""
    for details in document["options"].values():
        for option in options:
            old, new = f"O({option.stands_for})", f"O({option.name})"
            details["description"] = [text.replace(old, new) for text in details["description"]]
    return {**document, "notes": MYSAFE_NOTES}


def doc_fragment(server: t.Sequence[t.Any], run: t.Sequence[t.Any], mysafe: t.Sequence[t.Any]) -> str:
    """plugins/doc_fragments/connection.py, with one fragment for modules, one for lookups and one for inventories, and
    one for modules and one for lookups of MySafe.
    """
    options = (*server, *run)
    modules = {"options": {option.name: _option(option, lookup=False) for option in options}, "notes": NOTES}
    lookups = {"options": {option.name: _option(option, lookup=True) for option in options}, "notes": NOTES}
    of_mysafe = [
        _of_mysafe({"options": {option.name: _option(option, lookup=lookup) for option in mysafe}}, mysafe)
        for lookup in (False, True)
    ]
    inventory = {"options": {option.name: _option(option, lookup=True) for option in server}, "notes": INVENTORY_NOTES}
    return (
        f"{LICENCE}\n{NOTICE}\nfrom __future__ import annotations\n\n\n"
        "class ModuleDocFragment:\n"
        '    """The options by which every plugin of this collection reaches the server."""\n\n'
        f"{_documentation('DOCUMENTATION', modules)}\n{_documentation('PLUGIN', lookups)}\n"
        f"{_documentation('INVENTORY', inventory)}\n"
        f"{_documentation('MYSAFE', of_mysafe[0])}\n{_documentation('MYSAFE_PLUGIN', of_mysafe[1])}"
    )


@dataclasses.dataclass(frozen=True)
class CredentialType:
    """A credential type for AWX. ``required`` are options it asks for, ``left_out`` those that it has no field for.

    ``mysafe``: whether its options are those of plugins for MySafe.
    """

    name: str
    description: str
    required: tuple[str, ...]
    left_out: tuple[str, ...]
    choices: dict[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    fixed: dict[str, str] = dataclasses.field(default_factory=dict)
    mysafe: bool = False


OAUTH_1 = ("consumer_key", "consumer_secret", "token_key", "token_secret")
OAUTH_2 = ("client_id", "client_secret")
CREDENTIAL_TYPES = {
    "oauth2": CredentialType(
        "senhasegura (OAuth 2)",
        "Connection of the collection community.senhasegura, with a client id and a client secret",
        required=("url", *OAUTH_2),
        left_out=OAUTH_1,
        choices={"auth_method": ("oauth2", "oauth2_basic")},
    ),
    "oauth1": CredentialType(
        "senhasegura (OAuth 1)",
        "Connection of the collection community.senhasegura, with the two keys and two secrets of OAuth 1",
        required=("url", *OAUTH_1),
        left_out=(*OAUTH_2, "auth_method"),
        fixed={"auth_method": "oauth1"},
    ),
    "mysafe": CredentialType(
        "senhasegura (MySafe)",
        "Access key for MySafe, for the collection community.senhasegura",
        required=("url", "mysafe_client_id", "mysafe_client_secret"),
        left_out=(),
        mysafe=True,
    ),
}
# No place for files is the same in all containers that jobs run in, and http:// is for tests.
NOT_IN_AWX = ("config_file", "allow_http")
# AWX writes the content of these fields to files of the job, and the options get their paths. A value with several
# lines must not be an environment variable, since AWX hands those to podman line by line.
FILES = {
    "decryption_key": "Private key (PEM, PKCS#8, without passphrase) of the authorization, when its option"
    ' "encrypt sensitive information" is on. It needs the Python library cryptography.',
    "mysafe_decryption_key": "Private key (PEM, PKCS#8, without passphrase) of the access key, when its option"
    ' "Encrypt sensitive data" is on. It needs the Python library cryptography.',
    "ca_path": "Certificates (PEM) of the authorities to trust. With them, no others are trusted.",
    "client_cert": "Client certificate (PEM), and its key unless that has a field of its own.",
    "client_key": "Key (PEM, without passphrase) of the client certificate.",
}
# AWX injects False for a boolean that a credential does not have, whatever the default of its field is: only its web
# pages fill that in. So the field has to be the one that is safe when it is false.
INVERSE_FIELDS = {
    "validate_certs": (
        "skip_tls_verify",
        "Do not verify the certificate of the server. Anybody on the way can then read passwords.",
    ),
}
ACRONYMS = {"ca": "CA", "mysafe": "MySafe", "tls": "TLS", "url": "URL"}


def _field(option: t.Any, credential: CredentialType) -> tuple[dict[str, t.Any], dict[str, t.Any]]:
    """The field of an option, and what injects it."""
    # AWX shows plain text: the markup goes, its content stays.
    help_text = re.sub(r"\b[A-Z]\(([^)]*)\)", r"\1", " ".join(option.description))
    if option.type == "path":
        stem = option.name.removesuffix("_path")
        field = {"id": f"{stem}_content", "type": "string", "help_text": FILES[option.name], "multiline": True}
        # The others are or may hold a private key.
        if option.name != "ca_path":
            field["secret"] = True
        # The file is there, and empty, when the field is.
        path = f"{{% if {stem}_content %}}{{{{ tower.filename.{stem} }}}}{{% endif %}}"
        return field, {"file": {f"template.{stem}": f"{{{{ {stem}_content }}}}"}, "env": {option.env: path}}
    if option.type == "bool":
        name, env = option.name, option.env
        if option.default is True:
            (name, help_text), env = INVERSE_FIELDS[option.name], option.inverse_env
        return {"id": name, "type": "boolean", "help_text": help_text}, {"env": {env: f"{{{{ {name} }}}}"}}
    field = {"id": option.name, "type": "string", "help_text": help_text}
    if option.secret:
        field["secret"] = True
    if choices := credential.choices.get(option.name, option.choices):
        field["choices"] = list(choices)
    if option.default is not None:
        field["default"] = str(option.default)
    return field, {"env": {option.env: f"{{{{ {option.name} }}}}"}}


def _fields(
    options: t.Sequence[t.Any], credential: CredentialType
) -> tuple[list[dict[str, t.Any]], dict[str, dict[str, str]]]:
    """The fields of a credential type, and its injectors."""
    fields: list[dict[str, t.Any]] = []
    injectors: dict[str, dict[str, str]] = {"file": {}, "env": {}}
    for option in options:
        if option.name in credential.fixed:
            injectors["env"][option.env] = credential.fixed[option.name]
        elif option.name not in (*credential.left_out, *NOT_IN_AWX):
            field, injector = _field(option, credential)
            words = [ACRONYMS.get(word, word) for word in field["id"].split("_")]
            label = " ".join([words[0][0].upper() + words[0][1:], *words[1:]])
            fields.append({"id": field.pop("id"), "label": label, **field})
            for kind, entries in injector.items():
                injectors[kind].update(entries)
    return fields, injectors


def credential_type(options: t.Sequence[t.Any], credential: CredentialType) -> str:
    """extensions/awx/credential_type_*.yml: credential types for AWX that set the environment variables."""
    fields, injectors = _fields(options, credential)
    document = {
        "name": credential.name,
        "description": credential.description,
        "kind": "cloud",
        "inputs": {"fields": fields, "required": list(credential.required)},
        "injectors": injectors,
    }
    text = yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True)
    return f"---\n{LICENCE}{NOTICE}{text}"


def plugin_fields(options: t.Sequence[t.Any]) -> str:
    """python/senhasegura/awx_fields.json: the same fields for the credential plugins of AWX, with OAuth 2."""
    credential = CREDENTIAL_TYPES["oauth2"]
    fields, _injectors = _fields(options, credential)
    return json.dumps({"fields": fields, "required": credential.required}, indent=2) + "\n"


class _Dumper(yaml.SafeDumper):
    """Indents list items below their key, as yamllint wants them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


EDA_NOTICE = "# Generated by scripts/generate.py: change the option tables or scripts/eda_files.py, then run that.\n"
# One type for both ways to log in.
EDA_CREDENTIAL = CredentialType(
    "", "", required=("url",), left_out=(), choices={"auth_method": ("oauth2", "oauth2_basic", "oauth1")}
)


def _dumped(document: t.Any) -> str:
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True)


def eda(connection: t.Sequence[t.Any], own: t.Mapping[str, t.Sequence[t.Any]]) -> dict[str, str]:
    """All generated files of the event sources.

    :param own: name of a source -> all its options
    """
    files = {}
    fields, injectors = _fields(connection, EDA_CREDENTIAL)
    types = {
        "senhasegura": ({"fields": fields, "required": ["url"]}, injectors),
        "senhasegura_syslog": (
            {"fields": eda_files.TLS_FIELDS, "required": ["tls_cert", "tls_key"]},
            eda_files.TLS_INJECTORS,
        ),
    }
    for name, options in own.items():
        folder, (inputs, injected) = eda_files.FOLDER, types[name]
        files[f"{folder}/{name}.py"] = eda_files.documented(name, options, _dumped)
        files[f"{folder}/schemas/{name}.json"] = eda_files.schema(name, options)
        files[f"{folder}/credential_types/{name}/input.yml"] = f"---\n{LICENCE}{EDA_NOTICE}{_dumped(inputs)}"
        text = eda_files.injectors(injected, _dumped)
        files[f"{folder}/credential_types/{name}/injectors.yml"] = f"---\n{LICENCE}{EDA_NOTICE}{text}"
    return files


def main() -> int:
    sys.path.insert(0, str(ROOT / ".cache" / "collections"))
    from ansible_collections.community.senhasegura.plugins.module_utils.events import source_options as eda_options
    from ansible_collections.community.senhasegura.plugins.module_utils.settings.options import (
        MYSAFE_OPTIONS,
        MYSAFE_RUN_OPTIONS,
        OPTIONS,
        RUN_OPTIONS,
    )

    connection = eda_options.CONNECTION
    files = {
        "plugins/doc_fragments/connection.py": doc_fragment(
            OPTIONS, RUN_OPTIONS, (*MYSAFE_OPTIONS, *MYSAFE_RUN_OPTIONS)
        ),
        **{
            f"extensions/awx/credential_type_{name}.yml": credential_type(
                MYSAFE_OPTIONS if credential.mysafe else OPTIONS, credential
            )
            for name, credential in CREDENTIAL_TYPES.items()
        },
        "python/senhasegura/awx_fields.json": plugin_fields(OPTIONS),
        **eda(
            connection,
            {"senhasegura": (*connection, *eda_options.POLLING), "senhasegura_syslog": eda_options.SYSLOG},
        ),
    }
    for guide in sorted(ROOT.glob(f"{guide_tables.GUIDES}/*.rst")):
        files[str(guide.relative_to(ROOT))] = guide_tables.with_tables(guide.read_text(), guide_tables.TABLES)
    stale = [name for name, text in files.items() if not (ROOT / name).exists() or (ROOT / name).read_text() != text]
    if "--check" in sys.argv:
        print("\n".join(f"out of date: {name} (run scripts/generate.py)" for name in stale))
        return 1 if stale else 0
    for name in stale:
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(files[name])
        print(f"written: {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
