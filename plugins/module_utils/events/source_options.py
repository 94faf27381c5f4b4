# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the event sources: one table each, for the checks, the documentation and the JSON schemas.

No Ansible checks the options of an event source, so this does. Those of the connection are in settings/options.py.
"""

from __future__ import annotations

import dataclasses
import os
import typing as t

from ..errors import ConfigError
from ..settings.options import OPTIONS, Option, is_set
from .event_types import CHANGE_FAILED, CHANGED, CUSTODY_HELD, EXPIRED, SYSLOG_TYPES

POLLED_TYPES = (EXPIRED, CHANGED, CUSTODY_HELD, CHANGE_FAILED)
# What ansible-rulebook adds to the arguments of a source with the option feedback.
FEEDBACK_QUEUE = "eda_feedback_queue"
_DAY = 86400


@dataclasses.dataclass(frozen=True)
class SourceOption:
    """One option of an event source.

    :ivar least, most: the range of a number
    :ivar choices: of a text, or of each text in a list
    """

    name: str
    description: tuple[str, ...]
    type: t.Literal["str", "bool", "int", "float", "path", "list", "dict"] = "str"
    default: t.Any = None
    choices: tuple[str, ...] = ()
    least: float = 0
    most: float = 0


# No event source reads ansible.cfg, and none has Ansible's YAML: what the DSM CLI's file says comes by the environment.
CONNECTION: tuple[Option, ...] = tuple(option for option in OPTIONS if option.name != "config_file")

POLLING: tuple[SourceOption, ...] = (
    SourceOption("interval", ("Seconds between two polls.",), "float", 60.0, least=1, most=_DAY),
    SourceOption("types", ("Which types of events to report.",), "list", POLLED_TYPES, POLLED_TYPES),
    SourceOption(
        "expires_within",
        ("Seconds before the expiration at which a credential is reported as V(expired).",),
        "float",
        0.0,
        most=366 * _DAY,
    ),
    SourceOption(
        "custody_after",
        (
            "Seconds after which a credential that was viewed, and not changed since, is reported as V(custody_held).",
            "They count from the first poll that sees it.",
        ),
        "float",
        3600.0,
        most=366 * _DAY,
    ),
    SourceOption(
        "failed_after",
        (
            "Seconds after its expiration at which a credential that the vault changes by itself, and has not changed,"
            " is reported as V(change_failed).",
        ),
        "float",
        3600.0,
        most=366 * _DAY,
    ),
    SourceOption(
        "repeat_after",
        (
            "Seconds after which V(expired), V(custody_held) and V(change_failed) are reported again if they are still"
            " true, for an action that has failed. V(0) reports them once.",
        ),
        "float",
        float(_DAY),
        most=366 * _DAY,
    ),
    SourceOption(
        "first_poll",
        (
            "What the first poll without a state file does.",
            "V(report) reports what is true then. V(remember) reports only what becomes true later.",
        ),
        default="report",
        choices=("report", "remember"),
    ),
    SourceOption(
        "identifiers", ("Only entries whose identifier fits one of these patterns, with V(*) and V(?).",), "list", ()
    ),
    SourceOption("hostnames", ("Only entries whose host name fits one of these patterns.",), "list", ()),
    SourceOption(
        "state_file",
        (
            "File that remembers what was reported, with mode 0600 and without any secret.",
            "By default it is in C($XDG_STATE_HOME) or C(~/.local/state), with a name made of server and client.",
            "In a container, put it on a volume. One source at a time can use it.",
        ),
        "path",
    ),
    SourceOption(
        "max_pause",
        ("The longest pause in seconds between two tries while the server cannot be polled.",),
        "float",
        300.0,
        least=1,
        most=_DAY,
    ),
    SourceOption(
        "feedback",
        (
            "Count an event as reported when the rules have it, not when it was handed over.",
            "It needs C(--persistence-id) of ansible-rulebook, and a name of its own for the source.",
        ),
        "bool",
        False,
    ),
)

SYSLOG: tuple[SourceOption, ...] = (
    SourceOption("host", ("Address to listen on.",), default="127.0.0.1"),
    SourceOption("port", ("Port to listen on, for TCP and for UDP.",), "int", 1514, most=65535),
    SourceOption("protocols", ("How messages may come.",), "list", ("tcp",), ("tcp", "udp")),
    SourceOption(
        "senders",
        (
            "Networks or addresses that messages are accepted from, for example V(192.0.2.10) or V(192.0.2.0/24).",
            "It must be set unless O(host) is an address of this machine alone: who can send a message can start"
            " what the rules say. The address of a datagram can be forged.",
        ),
        "list",
        (),
    ),
    SourceOption("types", ("Which types of events to report. Without it, all of them.",), "list", (), SYSLOG_TYPES),
    SourceOption(
        "event_types",
        (
            "Types by event id, where the appliance sends other ids than the vendor documents, for example"
            " C({'17': changed}).",
        ),
        "dict",
    ),
    SourceOption(
        "max_message",
        ("The longest message in bytes. What is longer is cut, and its rest is skipped.",),
        "int",
        8192,
        least=480,
        most=65536,
    ),
    SourceOption(
        "max_connections",
        ("How many TCP connections there may be at a time.",),
        "int",
        64,
        least=1,
        most=10000,
    ),
    SourceOption(
        "max_waiting",
        ("How many datagrams may wait for the rules. More are dropped, and a warning says how many.",),
        "int",
        1000,
        least=1,
        most=100000,
    ),
    SourceOption(
        "tls_cert",
        (
            "File with the certificate of this side (PEM), and its key unless O(tls_key) is set. TCP is TLS then.",
            "The appliance sends without TLS; this is for a relay such as rsyslog.",
        ),
        "path",
    ),
    SourceOption("tls_key", ("File with the key of O(tls_cert) (PEM, without passphrase).",), "path"),
    SourceOption(
        "tls_client_ca",
        ("File with CA certificates (PEM). Senders must show a certificate of one of them.",),
        "path",
    ),
)


def check_options(
    args: t.Mapping[str, t.Any], options: t.Sequence[SourceOption], others: t.Container[str] = ()
) -> dict[str, t.Any]:
    """Return the options with their defaults, converted. Raises ConfigError, which quotes no value.

    :param args: the arguments of the source, as the rulebook has them
    :param others: names of arguments that are not looked at
    """
    known = {option.name for option in options}
    unknown = sorted(str(name) for name in args if name not in known and name not in others and name != FEEDBACK_QUEUE)
    if unknown:
        raise ConfigError(
            f"the event source has no option {unknown[0]}", hint=f"Its own are {', '.join(sorted(known))}"
        )
    return {option.name: _value(option, args.get(option.name)) for option in options}


def _value(option: SourceOption, value: t.Any) -> t.Any:
    if not is_set(value):
        return list(option.default) if option.type == "list" else option.default
    if option.type in ("int", "float"):
        return _number(option, value)
    if option.type == "bool":
        if str(value).lower() not in ("true", "false", "yes", "no"):
            raise _wrong(option, "true or false")
        return str(value).lower() in ("true", "yes")
    if option.type == "list":
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, (list, tuple)):
            raise _wrong(option, "a list of texts")
        return [_text(option, item) for item in items]
    if option.type == "dict":
        if not isinstance(value, t.Mapping):
            raise _wrong(option, "a map of texts")
        return {str(name).strip().upper(): _text(option, item) for name, item in value.items()}
    text = _text(option, value)
    return os.path.abspath(os.path.expanduser(os.path.expandvars(text))) if option.type == "path" else text


def _number(option: SourceOption, value: t.Any) -> float | int:
    try:
        number = float(str(value))
    except ValueError:
        number = -1.0
    # Also not a number, which is in no range.
    if isinstance(value, bool) or not option.least <= number <= option.most or (option.type == "int" and number % 1):
        kind = "a whole number" if option.type == "int" else "a number"
        raise _wrong(option, f"{kind} from {option.least:g} to {option.most:g}")
    return int(number) if option.type == "int" else number


def _text(option: SourceOption, value: t.Any) -> str:
    if isinstance(value, (bool, dict, list, tuple)) or value is None or not str(value).strip().isprintable():
        raise _wrong(option, "text")
    text = str(value).strip()
    if option.choices and text not in option.choices:
        raise _wrong(
            option,
            f"one of {', '.join(option.choices)}"
            if option.type != "list"
            else f"a list of {', '.join(option.choices)}",
        )
    return text


def _wrong(option: SourceOption, wanted: str) -> ConfigError:
    return ConfigError(f"{option.name} must be {wanted}", hint="Correct it in the rulebook").with_context(
        option=option.name
    )
