# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the files that come from the option table: documentation fragments and the AWX credential type.

usage: python scripts/generate.py [--check]   (--check writes nothing and fails if a file is out of date)
"""

from __future__ import annotations

import pathlib
import re
import sys
import typing as t

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
LICENCE = """\
# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""
NOTICE = "# Generated from plugins/module_utils/options.py by scripts/generate.py: change the table, then run that.\n"
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


def doc_fragment(options: t.Sequence[t.Any]) -> str:
    """plugins/doc_fragments/connection.py, with one fragment for modules and one for other plugins."""
    modules = {"options": {option.name: _option(option, lookup=False) for option in options}, "notes": NOTES}
    lookups = {"options": {option.name: _option(option, lookup=True) for option in options}, "notes": NOTES}
    return (
        f"{LICENCE}\n{NOTICE}\nfrom __future__ import annotations\n\n\n"
        "class ModuleDocFragment:\n"
        '    """The options by which every plugin of this collection reaches the server."""\n\n'
        f"{_documentation('DOCUMENTATION', modules)}\n{_documentation('PLUGIN', lookups)}"
    )


def credential_type(options: t.Sequence[t.Any]) -> str:
    """extensions/awx/credential_type.yml: a credential type for AWX whose injectors set the environment variables."""
    kinds = {"bool": "boolean"}
    fields = []
    for option in options:
        if option.name in ("config_file", "allow_http"):
            continue
        field: dict[str, t.Any] = {"id": option.name, "label": option.name.replace("_", " ").capitalize()}
        field["type"] = kinds.get(option.type, "string")
        # AWX shows plain text: the markup goes, its content stays.
        field["help_text"] = re.sub(r"\b[A-Z]\(([^)]*)\)", r"\1", " ".join(option.description))
        if option.secret:
            field["secret"] = True
        if option.choices:
            field["choices"] = list(option.choices)
        if option.default is not None:
            field["default"] = option.default if option.type == "bool" else str(option.default)
        fields.append(field)
    document = {
        "name": "senhasegura",
        "description": "Connection of the collection community.senhasegura",
        "kind": "cloud",
        "inputs": {"fields": fields, "required": ["url"]},
        "injectors": {
            "env": {option.env: f"{{{{ {option.name} }}}}" for option in options if option.name in _ids(fields)}
        },
    }
    text = yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True)
    return f"---\n{LICENCE}{NOTICE}{text}"


def _ids(fields: list[dict[str, t.Any]]) -> set[str]:
    return {field["id"] for field in fields}


class _Dumper(yaml.SafeDumper):
    """Indents list items below their key, as yamllint wants them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def main() -> int:
    sys.path.insert(0, str(ROOT / ".cache" / "collections"))
    from ansible_collections.community.senhasegura.plugins.module_utils.options import OPTIONS, RUN_OPTIONS

    files = {
        "plugins/doc_fragments/connection.py": doc_fragment((*OPTIONS, *RUN_OPTIONS)),
        "extensions/awx/credential_type.yml": credential_type(OPTIONS),
    }
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
