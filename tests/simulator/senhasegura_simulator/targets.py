# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real hosts on which the vault changes passwords and keys, and the commands that do it there."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .store import KEY, Device, Item

if TYPE_CHECKING:
    from .world import World


@dataclass(frozen=True)
class Target:
    """How the vault logs in to a host as its administrator: root, or a user with sudo without a password."""

    address: str
    private_key: str
    known_hosts: str
    user: str = "root"
    port: int = 22
    chage: list[str] = field(default_factory=list)  # arguments of chage, run before the password is set
    verify: bool = False  # log in with the new password before it is stored

    @classmethod
    def of(cls, host: str, fields: Any) -> Target:
        known = {f.name: f for f in dataclasses.fields(cls)}
        if not isinstance(fields, Mapping) or set(fields) - set(known):
            raise ValueError(f"target {host!r} must be a mapping of {', '.join(known)}, not {fields!r}")
        try:
            return cls(**fields)
        except TypeError as error:
            raise ValueError(f"target {host!r}: {error}") from None

    def command_line(self, program: str, user: str | None = None) -> list[str]:
        """ssh up to the remote command; nothing comes from the caller's own configuration."""
        options = {
            "UserKnownHostsFile": self.known_hosts,
            "GlobalKnownHostsFile": "/dev/null",
            "StrictHostKeyChecking": "yes",
            "ConnectTimeout": "10",
        }
        if user is None:
            options |= {"BatchMode": "yes", "IdentitiesOnly": "yes", "IdentityFile": self.private_key}
        else:
            options |= {"PreferredAuthentications": "password", "NumberOfPasswordPrompts": "1"}
        words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        return [program, "-F", "/dev/null", "-T", "-p", str(self.port), *words, f"{user or self.user}@{self.address}"]

    def as_root(self, script: str) -> str:
        command = f"sh -c {shlex.quote(script)}"
        return command if self.user == "root" else f"sudo -n {command}"


def names_of(world: World, item: Item) -> list[str]:
    """The configured targets among the hosts of a credential (one) or key (its host and the linked devices)."""
    hosts = [(item.hostname, item.ip)]
    if item.kind == KEY:
        devices = (world.store.first(Device, hostname=name) for name in item.devices)
        hosts += [(device.hostname, device.ip) for device in devices if device]
    found = (next((name for name in names if name in world.settings.targets), None) for names in hosts)
    return list(dict.fromkeys(name for name in found if name))


def set_password(username: str, chage: list[str]) -> str:
    """A script that reads `username:password` from its standard input. `passwd` itself wants a terminal."""
    lines = ["set -e"]
    if chage:
        lines.append(f"chage {shlex.join(chage)} -- {shlex.quote(username)} </dev/null")
    return "\n".join([*lines, "chpasswd"])


def add_key(username: str, public_key: str) -> str:
    return _edit_keys(username, f"cat -- \"$file\" | sed -e '$a\\'; printf '%s\\n' {shlex.quote(public_key)}")


def remove_key(username: str, public_key: str) -> str:
    return _edit_keys(username, f'grep -vF -- {shlex.quote(_blob(public_key))} "$file" || [ $? = 1 ]')


def _edit_keys(username: str, filter_: str) -> str:
    """Put what the filter prints in the place of the user's authorized_keys, at once."""
    name = shlex.quote(username)
    return f"""set -e
home=$(getent passwd {name} | cut -d: -f6) group=$(id -g {name})
[ -d "$home" ]
file=$home/.ssh/authorized_keys
[ -d "$home/.ssh" ] || install -d -m 700 -o {name} -g "$group" "$home/.ssh"
[ -e "$file" ] || install -m 600 -o {name} -g "$group" /dev/null "$file"
draft=$(mktemp "$file.XXXXXX")
trap 'rm -f "$draft"' EXIT
{{ {filter_}; }} >"$draft"
chown --reference="$file" "$draft"
chmod --reference="$file" "$draft"
mv "$draft" "$file"
"""


def _blob(public_key: str) -> str:
    """The base64 part, which neither comment nor options alter."""
    return next(word for word in public_key.split() if word.startswith("AAAA"))
