# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables of the guides that come from tables in the code. scripts/generate.py puts them between their marks.

A guide has ``.. table NAME, generated`` where a table begins and ``.. end of table NAME`` where it ends.
"""

from __future__ import annotations

import functools
import re
import typing as t

Rows = t.Iterable[t.Sequence[str]]
GUIDES = "docs/docsite/rst"
_MARKS = re.compile(r"(\.\. table (?P<name>\w+), generated\n)(.*?)(\.\. end of table (?P=name)\n)", re.DOTALL)

# What to do about each kind of failure. The hint of the failure itself says more where the cause is known.
FIXES = {
    "error": "Read the message and the hint. If they do not help, report it as a bug.",
    "configuration": "Set or correct the option that ``failure.option`` and the message name. Nothing was sent.",
    "connection": "Run the module ``doctor``: it says whether name service, network, proxy or TLS is the cause.",
    "connections_busy": "Run the job with fewer forks, or set ``timeout`` to more seconds.",
    "unknown_host": "Correct the host name in ``url``, or the name service of the controller.",
    "response_lost": "Look whether the change is there, for example with an ``_info`` module, then run the task again.",
    "unexpected_response": "Check ``url`` and ``dialect``: a proxy or another server may have answered.",
    "no_route": "Set ``dialect`` to that of the release of your server. A gateway may also need a route for the path.",
    "authentication": "Check ``client_id``, ``client_secret`` and ``tenant`` against the authorization, which must be"
    " enabled and not expired.",
    "token_refused": "Run the job again. If it goes on, somebody has disabled the authorization, or it has expired.",
    "not_found": "Check the name. The server also says this of what the authorization may not see: add it there.",
    "denied": "Give the authorization what the hint names: the credential, the resource, the permission to write, or"
    " this controller's address.",
    "already_done": "Nothing, where that is the state you want. Where it is inactive and you want to read it, enable it"
    " first.",
    "invalid_request": "Correct the option that the message names.",
    "custody_held": "Give custody back with the module ``custody``. The hint names the credential.",
    "server_busy": "Try again later, or with fewer forks. After a write, look first whether it is there.",
    "server": "Look at the system error log of the server for this time.",
    "refused": "Read what would be lost. The hint names the option that allows it.",
    "unsupported": "Use another dialect if your server has one, or do it in the console.",
    "change_not_seen": "Look at the executions in the console: the change has failed, waits, or takes longer than"
    " ``wait_timeout``.",
}


def with_tables(text: str, tables: t.Mapping[str, t.Callable[[], str]]) -> str:
    """Return the text of a guide with each of its generated tables as it is now. Raises KeyError for another name."""
    return _MARKS.sub(lambda found: f"{found[1]}\n{tables[found['name']]()}\n{found[4]}", text)


def list_table(head: t.Sequence[str], rows: Rows, widths: str = "auto") -> str:
    """Write rows as a list-table of reStructuredText. ``widths`` are the shares of its columns."""
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", ""]
    for row in (head, *rows):
        lines += [f"   {'*' if not number else ' '} - {cell}".rstrip() for number, cell in enumerate(row)]
    return "\n".join(lines) + "\n"


def failure_kinds() -> str:
    """Write each ``failure.kind``: what it means and what to do."""
    from ansible_collections.community.senhasegura.plugins.module_utils import errors

    classes = [errors.SenhaseguraError]
    for cls in classes:
        classes += [sub for sub in cls.__subclasses__() if sub.__module__ == errors.__name__]
    known = {cls.kind: (cls.__doc__ or "").partition("\n")[0].partition("``")[0].strip() for cls in classes}
    known["error"] = "Anything that has no kind of its own."
    safe = {cls.kind for cls in classes if issubclass(cls, errors.NOT_APPLIED)}
    rows = [
        (f"``{kind}``", meaning, "No" if kind in safe else "It may be", FIXES[kind]) for kind, meaning in known.items()
    ]
    return list_table(("``kind``", "What it means", "Was the request applied?", "What to do"), rows, "15 30 15 40")


def server_codes(module: str) -> str:
    """Write each error number of a module of the server."""
    from ansible_collections.community.senhasegura.plugins.module_utils.dialects import error_codes as codes

    rows = [_meaning(str(number), codes.CODES[of, number]) for of, number in sorted(codes.CODES) if of == module]
    return list_table(_HEAD, [*rows, _meaning("1105", codes.REFERER)], "10 30 20 40")


def http_statuses() -> str:
    """Write what an HTTP status means that comes without a number of the server."""
    from ansible_collections.community.senhasegura.plugins.module_utils.dialects import error_codes as codes
    from ansible_collections.community.senhasegura.plugins.module_utils.dialects import response

    rows = {status: _meaning(str(status), meaning) for status, meaning in codes.STATUSES.items()}
    for status, text in response._BUSY.items():
        hint = response._BUSY_HINTS.get(status, "Try again later; if it goes on, look at the server and its gateway")
        rows[status] = (str(status), _sentence(text), "``server_busy``", _sentence(hint))
    return list_table(_HEAD, [rows[status] for status in sorted(rows)], "10 30 20 40")


def login_errors() -> str:
    """Write how a login fails: the errors of OAuth, and the statuses without one."""
    from ansible_collections.community.senhasegura.plugins.module_utils.dialects import error_codes as codes

    rows = [_meaning(f"``{name}``", meaning) for name, meaning in codes.OAUTH_ERRORS.items()]
    rows += [_meaning(f"HTTP {status}", meaning) for status, meaning in codes.LOGIN.items()]
    return list_table(_HEAD, rows, "15 25 20 40")


_HEAD = ("The server says", "What it means", "``failure.kind``", "What to do")


def _meaning(name: str, meaning: t.Any) -> tuple[str, ...]:
    return name, _sentence(meaning.text), f"``{meaning.error.kind}``", _sentence(meaning.hint)


# Names of plugins and options, with or without a value, and addresses.
_LITERAL = re.compile(r"\b(community\.senhasegura\.\w+|\w+=\w+|https?://[\w:@]*|[a-z]+(?:_[a-z]+)+)\b")


def _sentence(text: str) -> str:
    text = _LITERAL.sub(r"``\1``", text.rstrip("."))
    return f"{text[0].upper()}{text[1:]}."


def connection_options() -> str:
    """Write each connection option with its variable, environment variable and default."""
    from ansible_collections.community.senhasegura.plugins.module_utils.settings.options import ALL_OPTIONS

    def default(option: t.Any) -> str:
        value = option.default
        return "" if value is None else f"``{str(value).lower() if isinstance(value, bool) else value}``"

    rows = [
        (f"``{option.name}``", f"``{option.variable}``", f"``{option.env}``", default(option)) for option in ALL_OPTIONS
    ]
    return list_table(("Option, and key in ``ansible.cfg``", "Variable", "Environment variable", "Default"), rows)


# What it does, with what, and the calls that it needs, by their names in dialects/operations.py.
FEATURES = (
    ("Read passwords and credentials", "Lookups ``password``, ``credential``", ("READ_CREDENTIAL",)),
    ("List credentials without custody", "``credential_info``", ("LIST_CREDENTIALS",)),
    ("Create and update credentials", "``credential``", ("CREATE_CREDENTIAL", "UPDATE_CREDENTIAL")),
    ("Disable credentials", "``credential``", ("DISABLE_CREDENTIAL",)),
    ("Enable credentials", "``credential``", ("ENABLE_CREDENTIAL",)),
    ("Give custody of credentials back", "``custody``, lookups", ("RELEASE_CREDENTIAL",)),
    ("Have the vault change a password", "``credential_rotate``", ("ROTATE_CREDENTIAL",)),
    ("Read SSH keys", "Lookup ``ssh_key``", ("READ_SSH_KEY",)),
    ("Create and update SSH keys", "``ssh_key``", ("CREATE_SSH_KEY", "UPDATE_SSH_KEY")),
    ("Disable SSH keys", "``ssh_key``", ("DISABLE_SSH_KEY",)),
    ("Enable SSH keys", "``ssh_key``", ("ENABLE_SSH_KEY",)),
    ("Replace the key pair in the vault", "``ssh_key_rotate``", ("ROTATE_SSH_KEY",)),
    (
        "Devices, and an inventory of them",
        "``device``, ``device_info``, inventory ``devices``",
        ("LIST_DEVICES", "CREATE_DEVICE"),
    ),
    ("Read DevOps secrets", "Lookup ``secret``, ``secret_info``, ``secrets_file``", ("LIST_SECRETS",)),
    ("Create and update DevOps secrets", "``secret``", ("CREATE_SECRET", "UPDATE_SECRET")),
    ("Delete DevOps secrets", "``secret``", ("DELETE_SECRET",)),
    ("DSM applications and their authorizations", "``dsm_application``", ("CREATE_APPLICATION",)),
    ("Variables of pipelines", "``dsm_variables``", ("CREATE_VARIABLES",)),
    ("Credentials for the time of a run", "``ephemeral_credential``", ("CREATE_EPHEMERAL",)),
    ("DSM automations", "``dsm_automation``", ("CREATE_AUTOMATION", "UPDATE_AUTOMATION")),
    (
        "MySafe: passwords, notes and API secrets",
        "Lookup ``mysafe``, ``mysafe_password``, ``mysafe_note``, ``mysafe_api_secret``",
        ("READ_MYSAFE_PASSWORD", "CREATE_MYSAFE_PASSWORD"),
    ),
    ("Users of the server by SCIM", "``scim_user``, ``scim_user_info``", ("LIST_SCIM_USERS", "CREATE_SCIM_USER")),
    ("Related users", "``related_user``", ("LIST_RELATED_USERS", "CREATE_RELATED_USER")),
    (
        "Sessions: list, terminate, start in a browser",
        "``session_info``, ``session``",
        ("LIST_SESSIONS", "DELETE_SESSION"),
    ),
    (
        "Protected information",
        "Lookup ``protected_information``, ``protected_information``",
        ("READ_INFORMATION", "CREATE_INFORMATION"),
    ),
    ("DSM encryption", "``encryption_key``, ``encrypt``, ``decrypt``", ("CREATE_ENCRYPTION_KEY", "ENCRYPT", "DECRYPT")),
)
# What is made of other calls where a dialect has none.
COMPOSED = {
    "ROTATE_CREDENTIAL": "Yes, by taking and giving back custody",
    "ROTATE_SSH_KEY": "Yes, with a pair that the collection makes",
    "LIST_SECRETS": "Yes, by reading the application",
}


def features() -> str:
    """Write what each dialect has calls for."""
    from ansible_collections.community.senhasegura.plugins.module_utils.dialects import operations
    from ansible_collections.community.senhasegura.plugins.module_utils.dialects.catalog import DIALECTS

    def cell(dialect: t.Any, names: t.Sequence[str]) -> str:
        lacking = [name for name in names if not dialect.supports(getattr(operations, name))]
        if not lacking:
            return "Yes"
        return COMPOSED.get(lacking[0], "No") if len(lacking) == 1 else "No"

    releases = {"iso": "up to 3.32", "api": "from 3.33 on", "rest": "the integration guide"}
    head = ("To", "Use", *(f"``{name}`` ({releases[name]})" for name in DIALECTS))
    rows = [(what, use, *(cell(dialect, names) for dialect in DIALECTS.values())) for what, use, names in FEATURES]
    return list_table(head, rows, "30 28 14 14 14")


TABLES: t.Mapping[str, t.Callable[[], str]] = {
    "failure_kinds": failure_kinds,
    "pam_codes": functools.partial(server_codes, "pam"),
    "mysafe_codes": functools.partial(server_codes, "mysafe"),
    "users_codes": functools.partial(server_codes, "users"),
    "session_codes": functools.partial(server_codes, "session"),
    "http_statuses": http_statuses,
    "login_errors": login_errors,
    "connection_options": connection_options,
    "features": features,
}
