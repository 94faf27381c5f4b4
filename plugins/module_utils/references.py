# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How users name a credential, key or secret, and the only place where such a name becomes part of a path."""

from __future__ import annotations

import dataclasses
import re
import typing as t
import urllib.parse

from .errors import ConfigError

_ID = re.compile(r"[0-9]{1,19}\Z")
_PATH_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@-]{0,254}\Z")


NameKind = t.Literal["", "id", "identifier", "account"]
# How a user says which of them is meant, where a name could be both. An identifier has no colon.
_SAID = re.compile(r"(?:(id):(?=[0-9]{1,19}\Z)|(identifier):(?=.))")


@dataclasses.dataclass(frozen=True)
class Reference:
    """A name given by the user: an id (digits), username@hostname or username@address, or an identifier.

    ``kind`` says which of them it is; with "", it is whatever fits, and digits are an id. ``ip`` narrows an account
    down where one user has several credentials on hosts of the same name; None stands for any address.
    """

    text: str
    kind: NameKind = ""
    ip: str | None = None

    @property
    def is_id(self) -> bool:
        """Return whether it is an id, or may be one: digits alone."""
        return self.kind in ("", "id") and bool(_ID.match(self.text))

    @property
    def is_certain(self) -> bool:
        """Return whether it names one thing for sure, so that nothing has to be looked up before a read."""
        return self.kind == "id"

    @property
    def may_be_identifier(self) -> bool:
        """Return whether it may be an identifier."""
        return self.kind in ("", "identifier")

    @property
    def account(self) -> tuple[str, str] | None:
        """Return (username, host), or None. The last @ separates, because user names may hold one."""
        username, at, host = self.text.rpartition("@")
        return (username, host) if self.kind in ("", "account") and at and username and host else None

    @property
    def path_safe(self) -> bool:
        """Return whether the server can be asked for it by path, and takes it there for what it is.

        That is one @ at most, and no other character with a meaning. The server takes digits for an id, an @ for
        username@hostname, and reads no address beside that.
        """
        if self.ip is not None or (self.kind == "identifier" and (_ID.match(self.text) or "@" in self.text)):
            return False
        return bool(_PATH_PART.match(self.text)) and self.text.count("@") <= 1

    @property
    def term(self) -> str:
        """Return the text from which C(parse_reference) makes this reference again."""
        return f"{self.kind}:{self.text}" if self.kind in ("id", "identifier") else self.text

    def __str__(self) -> str:
        return self.text if self.ip is None else f"{self.text} ({self.ip})"


def parse_reference(value: object, *, option: str = "_terms", kind: NameKind = "") -> Reference:
    """Check a name that a user gave. Raises ConfigError for what can be no name of anything on the server.

    :param kind: what the option stands for; "" for terms and options that take each kind, where C(id:7) and
        C(identifier:7) say which is meant
    """
    text = str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    if not text or len(text) > 510 or not text.isprintable():
        raise ConfigError(
            f"{option} must be an id, an identifier or username@hostname",
            hint="Give a number, an identifier (letters, digits, '_', '-', '.') or username@hostname",
        ).with_context(option=option)
    said = _SAID.match(text) if not kind else None
    if said:
        return Reference(text[said.end() :], "id" if said[1] else "identifier")
    return Reference(text, kind)


def fill_path(template: str, **parts: str) -> str:
    """Return a path template such as C(/iso/pam/credential/{id}) with the names filled in.

    Names are allow-listed before they are quoted: quoting alone lets C(..) through, which HTTP libraries resolve.
    """
    return template.format(**{name: urllib.parse.quote(safe_name(part), safe="") for name, part in parts.items()})


def safe_name(text: str) -> str:
    """Return the name itself, if it can be part of a URL. Raises ConfigError."""
    if not _PATH_PART.match(text):
        raise ConfigError(
            "the name has characters that cannot be part of a path",
            hint="Use letters, digits, '_', '-', '.' and '@', with a letter, digit or '_' first, or use the id",
        )
    return text
