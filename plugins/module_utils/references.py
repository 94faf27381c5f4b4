# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How users name a credential, key or secret, and the only place where such a name becomes part of a path."""

from __future__ import annotations

import dataclasses
import re
import urllib.parse

from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError

_ID = re.compile(r"[0-9]{1,19}\Z")
_PATH_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@-]{0,254}\Z")


@dataclasses.dataclass(frozen=True)
class Reference:
    """A name given by the user: an id (digits), username@hostname, or an identifier."""

    text: str

    @property
    def is_id(self) -> bool:
        return bool(_ID.match(self.text))

    @property
    def account(self) -> tuple[str, str] | None:
        """(username, hostname), or None. The last @ separates, because user names may hold one."""
        username, at, hostname = self.text.rpartition("@")
        return (username, hostname) if at and username and hostname else None

    @property
    def path_safe(self) -> bool:
        """Whether the server can be asked for it by path: one @ at most, and no other character with a meaning."""
        return bool(_PATH_PART.match(self.text)) and self.text.count("@") <= 1

    def __str__(self) -> str:
        return self.text


def parse_reference(value: object, *, option: str = "_terms") -> Reference:
    """Check a name that a user gave. Raises ConfigError for what can be no name of anything on the server."""
    text = str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    if not text or len(text) > 510 or not text.isprintable():
        raise ConfigError(
            f"{option} must be an id, an identifier or username@hostname",
            hint="Give a number, an identifier (letters, digits, '_', '-', '.') or username@hostname",
        ).with_context(option=option)
    return Reference(text)


def fill_path(template: str, **parts: str) -> str:
    """Put names into a path template such as C(/iso/pam/credential/{id}).

    Names are allow-listed before they are quoted: quoting alone lets C(..) through, which HTTP libraries resolve.
    """
    return template.format(**{name: urllib.parse.quote(safe_name(part), safe="") for name, part in parts.items()})


def safe_name(text: str) -> str:
    """The name itself, if it can be part of a URL. Raises ConfigError."""
    if not _PATH_PART.match(text):
        raise ConfigError(
            "the name has characters that cannot be part of a path",
            hint="Use letters, digits, '_', '-', '.' and '@', with a letter, digit or '_' first, or use the id",
        )
    return text
