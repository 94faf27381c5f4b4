# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check the base URL of a server, and bring it into its normal form."""

from __future__ import annotations

import ipaddress
import re
import typing as t
import urllib.parse

from ..errors import ConfigError

_URL_CHARACTERS = re.compile(r"[A-Za-z0-9._~:/\[\]-]+\Z")
_NAME = re.compile(r"[a-z0-9_]([a-z0-9._-]*[a-z0-9.])?\Z")
_LONGEST_LABEL = 63


def check_url(url: str, *, allow_http: bool) -> str:
    """Return the base URL in normal form (scheme, host in IDNA, port, no trailing slash). Raises ConfigError.

    http:// needs ``allow_http``; user names, query and fragment have no place in a base URL.
    """

    def refuse(message: str, hint: str) -> t.NoReturn:
        raise ConfigError(f"url {message}", hint=hint).with_context(option="url")

    example = "Give it as https://HOST or https://HOST:PORT"
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        refuse("must be a valid URL", example)
    if parts.scheme not in ("https", "http"):
        refuse("must begin with https://", example)
    if parts.scheme == "http" and not allow_http:
        refuse(
            "begins with http://, which everybody on the network can read", "Use https://, or set allow_http for tests"
        )
    if "@" in parts.netloc or parts.query or parts.fragment or "?" in url or "#" in url or not host:
        refuse("must have scheme and host, and may have port and path, but nothing else", example)
    name = _host(host) or refuse("must have a valid host name", example)
    path = parts.path.rstrip("/")
    if ".." in path or "//" in path or (path and not _URL_CHARACTERS.match(path)):
        refuse("must have a plain path, or none", example)
    return f"{parts.scheme}://{name}{f':{port}' if port else ''}{path}"


def shown_host(host: str) -> str:
    """Return a host as texts show it: a name or an IPv4 address as it is, and an IPv6 address in brackets.

    Without "::", which printable() takes out, since it begins commands to log readers.
    """
    if ":" not in host:
        return host
    address, zone, name = host.partition("%")
    groups = (f"{int(group, 16):x}" for group in ipaddress.ip_address(address).exploded.split(":"))
    return f"[{':'.join(groups)}{zone}{name}]"


def _host(host: str) -> str:
    """Return the host as in a URL: IPv6 in brackets, names in IDNA; "" if it is neither name nor address."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = _ascii(host).lower()
        return name if _NAME.match(name) else ""
    return f"[{address}]" if address.version == 6 else str(address)


def _ascii(host: str) -> str:
    """Return a host name in IDNA; "" if it has none."""
    if host.isascii():
        # As IDNA would have it, whose tables take longer to load than all options together.
        labels = host.removesuffix(".").split(".")
        return host if all(0 < len(label) <= _LONGEST_LABEL for label in labels) else ""
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
