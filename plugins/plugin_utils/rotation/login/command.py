# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a login is tried, and the command line of the ssh client for it: pure, nothing is started here."""

from __future__ import annotations

import dataclasses
import re
import shlex
import typing as t

from ....module_utils.errors import ConfigError

# The single letters of the ssh client that help to reach a host, without and with a value, and the others with one.
# What is not here is left out: more output, other credentials, forwardings, no command, a shared connection.
_FLAGS = frozenset("46C")
_VALUES = frozenset("BbcFJmPp")
_OTHER_VALUES = frozenset("DEeIiLlOQRSWw")
# Options of which the first one does not win over ours: these add up. And all of a shared connection, which proves
# nothing since it was made with another credential.
_LEFT_OUT = re.compile(r"control(master|path|persist)|(identity|certificate)file|(local|remote|dynamic)forward|setenv")

# The first one given wins in ssh, so these stand before what the user has set.
_ALWAYS = (
    "ControlMaster=no",
    "ControlPath=none",
    "LogLevel=DEBUG1",
    "BatchMode=no",
    "ConnectionAttempts=1",
    "NumberOfPasswordPrompts=1",
    "FingerprintHash=sha256",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "ForwardX11=no",
    "Tunnel=no",
    "RequestTTY=no",
    "RemoteCommand=none",
    "PermitLocalCommand=no",
    "UpdateHostKeys=no",
    "VisualHostKey=no",
    "AddKeysToAgent=no",
    "GSSAPIAuthentication=no",
    "HostbasedAuthentication=no",
)
_WITH_PASSWORD = (
    "PreferredAuthentications=keyboard-interactive,password",
    "KbdInteractiveAuthentication=yes",
    "PasswordAuthentication=yes",
    "PubkeyAuthentication=no",
    "IdentityAgent=none",
)
_WITH_KEY = (
    "PreferredAuthentications=publickey",
    "KbdInteractiveAuthentication=no",
    "PasswordAuthentication=no",
    "PubkeyAuthentication=yes",
    "IdentitiesOnly=yes",
    "PKCS11Provider=none",
)
# What an ssh_config may say about the way to a host and about its host key, as "ssh -G" prints it.
_WAY = re.compile(
    r"addressfamily|bindaddress|bindinterface|casignaturealgorithms|checkhostip|ciphers|"
    r"compression|connecttimeout|globalknownhostsfile|hashknownhosts|hostkeyalgorithms|"
    r"hostkeyalias|hostname|ipqos|kexalgorithms|knownhostscommand|macs|"
    r"nohostauthenticationforlocalhost|port|proxycommand|proxyusefdpass|"
    r"pubkeyacceptedalgorithms|rekeylimit|requiredrsasize|revokedhostkeys|serveralivecountmax|"
    r"serveraliveinterval|stricthostkeychecking|tcpkeepalive|userknownhostsfile|"
    r"verifyhostkeydns"
)
_CREDENTIALS = frozenset({"identityfile", "certificatefile"})


@dataclasses.dataclass(frozen=True)
class Target:
    """A host and the account on it. ``arguments`` are more arguments for the ssh client, as Ansible has them.

    Without a user, ssh takes that of ssh_config, or the one who runs it.
    """

    address: str
    user: str | None
    port: int | None = None
    executable: str = "ssh"
    arguments: tuple[str, ...] = ()
    host_key_checking: bool = True
    connect_timeout: float = 10

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[^\s@/-][^\s@/]*", self.address):
            raise ConfigError("the address of the host is no name or address", hint="Check ansible_host")
        if self.user is not None and not (self.user and self.user.isprintable()):
            raise ConfigError("the name of the account is empty or not printable", hint="Check the user name")


@dataclasses.dataclass(frozen=True)
class KeyFiles:
    """Where the ssh client finds a key: the file of its public half, and the socket of the agent that holds it."""

    public: str
    agent: str


def options_from(
    variables: t.Mapping[str, t.Any], *, user: str | None, defaults: t.Mapping[str, t.Any] | None = None
) -> Target:
    """Return the target that Ansible itself would connect to, but for the account.

    :param variables: the variables of the host, without templates in them
    :param defaults: what counts where no variable says otherwise: the options of Ansible's ssh connection by name
        (host, port, ssh_executable, ssh_args, ssh_common_args, ssh_extra_args, host_key_checking, timeout)
    """
    defaults = defaults or {}

    def first(option: str, *names: str) -> t.Any:
        values = (*(variables.get(name) for name in names), defaults.get(option))
        return next((value for value in values if value not in (None, "")), None)

    arguments: list[str] = []
    for option in ("ssh_args", "ssh_common_args", "ssh_extra_args"):
        arguments += _split(f"ansible_{option}", first(option, f"ansible_{option}"))
    address = first("host", "ansible_ssh_host", "ansible_host", "inventory_hostname")
    checking = first("host_key_checking", "ansible_ssh_host_key_checking", "ansible_host_key_checking")
    port = first("port", "ansible_ssh_port", "ansible_port")
    return Target(
        address=str(address or "").strip("[]"),
        user=user,
        port=None if port is None else int(_number("ansible_port", port)),
        executable=str(first("ssh_executable", "ansible_ssh_executable") or "ssh"),
        arguments=tuple(way_arguments(arguments)),
        host_key_checking=checking is None or str(checking).lower() not in ("false", "no", "off", "0", "n", "f"),
        connect_timeout=_number("ansible_ssh_timeout", first("timeout", "ansible_ssh_timeout") or 10),
    )


def _split(name: str, value: t.Any) -> list[str]:
    try:
        return shlex.split(str(value or ""))
    except ValueError:
        raise ConfigError(f"{name} has a quote that is not closed", hint=f"Check {name}") from None


def _number(name: str, value: t.Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ConfigError(f"{name} must be a number", hint=f"Check {name}") from None


def way_arguments(arguments: t.Iterable[str]) -> list[str]:
    """Return those arguments of an ssh command line that say how to reach a host, one option in each of them."""
    kept: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        if not argument.startswith("-") or argument == "--":
            continue
        letters = argument[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter in _FLAGS:
                kept.append(f"-{letter}")
            elif letter == "o" or letter in _VALUES or letter in _OTHER_VALUES:
                value, letters = letters or next(rest, ""), ""
                if letter in _VALUES or (letter == "o" and not _LEFT_OUT.fullmatch(option_name(value))):
                    kept.append(f"-{letter}{value}")
    return kept


def option_name(setting: str) -> str:
    """Return the name of an option in the form of ssh_config, in small letters."""
    return re.split(r"[\s=]", setting.strip(), maxsplit=1)[0].lower()


def command(target: Target, key: KeyFiles | None, *, remote: str | None, log: str, found: str = "") -> list[str]:
    """Return the command line that tries to log in by a password, or by a key if there is one.

    :param remote: the command to run there, or None for no session at all
    :param log: the file to which ssh writes what it does
    :param found: what ``query`` has found, to go the same way without the credentials that ssh_config names
    """
    way = way_arguments(target.arguments)
    if found:
        way = ["-Fnone", *(f"-o{line}" for line in _way_from(found, target, way))]
    # Of several -E the last one counts, of all others here the first one.
    end = ["-N", "--", target.address] if remote is None else ["--", target.address, remote]
    return [*_beginning(target, key), *way, "-oStrictHostKeyChecking=yes", "-E", log, *end]


def query(target: Target, key: KeyFiles | None) -> list[str]:
    """Return the command line that prints the settings with which ssh would connect. Nothing is connected."""
    way = way_arguments(target.arguments)
    return [*_beginning(target, key), *way, "-oStrictHostKeyChecking=yes", "-G", "--", target.address]


def other_credentials(found: str, key: KeyFiles) -> bool:
    """Return whether ssh_config makes ssh offer more than the key: a key that is refused would seem to log in."""
    lines = [line.split(" ", 1) for line in found.splitlines() if " " in line]
    ours = (key.public, key.public.replace("%", "%%"))
    return any(name in _CREDENTIALS and value not in ours for name, value in lines)


def _beginning(target: Target, key: KeyFiles | None) -> list[str]:
    options = [*_ALWAYS, f"ConnectTimeout={max(1, round(target.connect_timeout))}"]
    if not target.host_key_checking:
        options.append("StrictHostKeyChecking=no")
    if key is None:
        options += _WITH_PASSWORD
    else:
        options += [*_WITH_KEY, f"IdentityFile={_literal(key.public)}", f"IdentityAgent={_literal(key.agent)}"]
    port = [] if target.port is None else ["-p", str(target.port)]
    user = [] if target.user is None else ["-l", target.user]
    return [target.executable, *(f"-o{option}" for option in options), *port, *user]


def _literal(path: str) -> str:
    return '"' + path.replace("%", "%%") + '"'


def _way_from(found: str, target: Target, arguments: t.Sequence[str]) -> t.Iterator[str]:
    for line in found.splitlines():
        name, _unused, value = line.partition(" ")
        if _WAY.fullmatch(name) and value:
            yield line
        elif name == "proxyjump" and value != "none":
            yield f"ProxyCommand={_jump(value, target, arguments)}"


def _jump(value: str, target: Target, arguments: t.Sequence[str]) -> str:
    """Return the command that ssh makes of ProxyJump. The jump host is reached with the user's own ssh_config."""
    before, _unused, last = value.rpartition(",")
    config = next((argument for argument in reversed(arguments) if argument.startswith("-F")), None)
    words = [target.executable, *([config] if config else []), *(["-J", before] if before else [])]
    uri = last if last.startswith("ssh://") else f"ssh://{last}"
    quoted = [shlex.quote(word).replace("%", "%%") for word in words]
    return " ".join([*quoted, "-W", "'[%h]:%p'", shlex.quote(uri).replace("%", "%%")])
