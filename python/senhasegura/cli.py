# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command line: C(senhasegura get|list|release|doctor). It shows a secret only if it is asked for one."""

from __future__ import annotations

import argparse
import json
import logging
import re
import sys
import typing as t

from . import __version__, sources
from ._core.dsm_secrets import DsmSecret
from ._core.errors import ConfigError, SenhaseguraError
from ._core.models import Credential, CredentialInfo, SshKey
from ._core.operations import doctor
from ._core.redaction import printable
from ._core.settings.options import OPTIONS
from .a2a import A2A
from .fields import CREDENTIAL, SECRET, SSH_KEY, as_text, read_field

KINDS = {"credential": CREDENTIAL, "ssh-key": SSH_KEY, "secret": SECRET}
LISTS = {"credentials": CREDENTIAL, "ssh-keys": SSH_KEY, "secrets": SECRET}
_FILTERS = ("identifier", "username", "hostname", "ip")
# Other users of the machine can read what stands on a command line, so no secret does.
_CONNECTION = [option for option in OPTIONS if not option.secret]
FAILED = 1
Fields = dict[str, t.Any]


def main(arguments: t.Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code: 0, or 1 if it has failed. Of wrong arguments, it is 2."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(format="senhasegura: %(message)s", stream=sys.stderr)
    given = {option.name: getattr(options, option.name) for option in _CONNECTION}
    try:
        return int(options.run(options, given))
    except SenhaseguraError as exc:
        _complain(str(exc))
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="senhasegura",
        description="Read from a senhasegura (Segura) PAM. Secrets of the connection come from SENHASEGURA_* variables,"
        " or from the file of the DSM CLI that --config-file or SENHASEGURA_CONFIG_FILE names.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    connection = parser.add_argument_group("connection, each also as SENHASEGURA_NAME")
    for option in _CONNECTION:
        choices = f" ({', '.join(option.choices)})" if option.choices else ""
        # The markup of Ansible's documentation goes, its content stays.
        text = re.sub(r"\b[A-Z]\(([^)]*)\)", r"\1", option.description[0]) + choices
        connection.add_argument(f"--{option.name.replace('_', '-')}", metavar="VALUE", help=text.replace("%", "%%"))
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    get = commands.add_parser("get", help="show one thing; its secrets only if they are asked for")
    get.add_argument("kind", choices=KINDS)
    get.add_argument("name", help="id, identifier or username@hostname; of a secret its identifier")
    what = get.add_mutually_exclusive_group()
    what.add_argument("--field", help="print this field alone, secret or not (of a secret: the key)")
    what.add_argument(
        "--show-value",
        action="store_true",
        help="print all fields, with the secret ones; --json and --field print them exactly",
    )
    get.add_argument("--release", action="store_true", help="give custody back at once, if it was taken")
    _add_rotation(get)
    _add_json(get)
    get.set_defaults(run=_get)

    listing = commands.add_parser("list", help="list what there is, without secrets")
    listing.add_argument("kind", choices=LISTS)
    for name in _FILTERS:
        listing.add_argument(f"--{name}", help=f"only those with this {name}")
    _add_json(listing)
    listing.set_defaults(run=_list)

    release = commands.add_parser("release", help="give the custody of a credential back")
    release.add_argument("name", help="id, identifier or username@hostname")
    _add_rotation(release)
    release.set_defaults(run=_release)

    examine = commands.add_parser("doctor", help="find out why the server cannot be reached or used")
    examine.add_argument("--credential", help="read this credential as well, and give its custody back")
    examine.add_argument("--expect", action="append", choices=("pam", "dsm", "write"), help="what must be possible")
    examine.add_argument("--read-only", action="store_true", help="send nothing that writes, take no custody")
    _add_json(examine)
    examine.set_defaults(run=_doctor)
    return parser


def _add_rotation(parser: argparse.ArgumentParser) -> None:
    text = "release it even if the vault then changes the password"
    parser.add_argument("--allow-vault-rotation", action="store_true", help=text)


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def _client(given: Fields) -> A2A:
    return A2A.from_settings(_settings(given))


def _settings(given: Fields) -> t.Any:
    return sources.from_environment(given, _complain, "the option {}")


def _get(options: argparse.Namespace, given: Fields) -> int:
    client, kind = _client(given), KINDS[options.kind]
    release = {"release": options.release, "allow_vault_rotation": options.allow_vault_rotation}
    if options.field:
        value = read_field(client, kind, options.name, options.field, **release)
        shown = json.dumps(value) if options.json else value
        # A private key ends its last line itself.
        print(shown, end="" if shown.endswith("\n") else "\n")  # noqa: T201
    else:
        _show([_found(client, kind, options.name, options.show_value, release)], options.json, several=False)
    return 0


def _found(client: A2A, kind: str, name: str, with_value: bool, release: Fields) -> Fields:
    """Return one thing. Custody is taken only for its value."""
    if kind == SECRET:
        secret = client.get_secret(name)
        return {**_public(secret), **({"data": [dict(block) for block in secret.data]} if with_value else {})}
    if not with_value:
        return _public(client.credential_info(name) if kind == CREDENTIAL else client.ssh_key_info(name))
    read: Credential | SshKey
    read = client.get_credential(name, **release) if kind == CREDENTIAL else client.get_ssh_key(name, **release)
    return read.values()


def _list(options: argparse.Namespace, given: Fields) -> int:
    client, kind = _client(given), LISTS[options.kind]
    wanted = {name: value for name in _FILTERS if (value := getattr(options, name)) is not None}
    found: t.Sequence[CredentialInfo | DsmSecret]
    if kind != SECRET:
        found = client.list_credentials(**wanted) if kind == CREDENTIAL else client.list_ssh_keys(**wanted)
    elif set(wanted) <= {"identifier"}:
        found = [entry for entry in client.list_secrets() if wanted.get("identifier") in (None, entry.identifier)]
    else:
        raise ConfigError("secrets have no username, hostname and ip", hint="Use --identifier, or no filter")
    _show([_public(entry) for entry in found], options.json, several=True)
    return 0


def _release(options: argparse.Namespace, given: Fields) -> int:
    released = _client(given).release_custody(options.name, allow_vault_rotation=options.allow_vault_rotation)
    print("released" if released else "this client did not have its custody")  # noqa: T201
    return 0


def _doctor(options: argparse.Namespace, given: Fields) -> int:
    params = {"expect": options.expect or [], "credential": options.credential, "fail_on": "failed"}
    try:
        settings = _settings(given)
    except ConfigError as exc:
        settings = exc
    result = doctor.run(settings, params, options.read_only, lambda _secrets: None)
    print(json.dumps(result, indent=2) if options.json else "\n".join(result["lines"]))  # noqa: T201
    return FAILED if result.get("failed") else 0


def _public(entry: CredentialInfo | DsmSecret) -> Fields:
    return entry.public()


def _show(entries: list[Fields], as_json: bool, *, several: bool) -> None:
    """Print things: as JSON, or with one line for each field that has a value, and an empty line between them."""
    if as_json:
        print(json.dumps(entries if several else entries[0], indent=2, ensure_ascii=False))  # noqa: T201
        return
    filled = [{name: value for name, value in entry.items() if value not in (None, "", [], ())} for entry in entries]
    blocks = ["\n".join(f"{name}: {_line(value)}" for name, value in entry.items()) for entry in filled]
    print("\n\n".join(blocks) or "none")  # noqa: T201


def _line(value: t.Any) -> str:
    """Return a value on one line, or below its name if it has several. Nothing of it is obeyed by a terminal."""
    if isinstance(value, dict):
        value = [f"{name}={part}" for name, part in value.items()]
    elif isinstance(value, list) and any(isinstance(part, dict) for part in value):
        value = "\n".join(f"{key}: {part}" for block in value for key, part in block.items())
    shown = [printable(line) for line in as_text(value).rstrip("\n").split("\n")]
    return shown[0] if len(shown) == 1 else "".join(f"\n  {line}" for line in shown)


def _complain(text: str) -> None:
    print(f"senhasegura: {printable(text)}", file=sys.stderr)  # noqa: T201
