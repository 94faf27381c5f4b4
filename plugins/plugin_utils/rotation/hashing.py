# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hashes of Linux passwords, by the crypt library of this machine: the clear password never goes to the host."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import hmac
import re
import secrets
import string
import typing as t

from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    ConfigError,
    InvalidRequest,
    Unsupported,
)

_LIBRARIES = ("libcrypt.so.1", "libcrypt.so.2", "libcrypt.so")
# libxcrypt has 32 KiB, glibc 128 KiB and a little more.
_WORKSPACE = 256 * 1024
# libxcrypt's CRYPT_GENSALT_OUTPUT_SIZE.
_SETTING = 192
_SALT = "./" + string.digits + string.ascii_uppercase + string.ascii_lowercase
# libxcrypt and glibc take fewer than 512 bytes.
_LONGEST = 511

_NAMES = {
    "$y$": "yescrypt",
    "$gy$": "gost-yescrypt",
    "$7$": "scrypt",
    "$2b$": "bcrypt",
    "$2y$": "bcrypt",
    "$2a$": "bcrypt",
    "$2x$": "bcrypt",
    "$6$": "sha512crypt",
    "$5$": "sha256crypt",
    "$1$": "md5crypt",
    "$3$": "nthash",
    "$md5": "sunmd5",
    "$sha1$": "sha1crypt",
    "_": "bsdicrypt",
}
# What a new hash may be made with. The others are weak, or refused by newer systems.
_MODERN = ("$y$", "$gy$", "$7$", "$2b$", "$2y$", "$6$", "$5$")
_DEFAULT = "$6$"
# The default of the library is that of another century.
_BCRYPT_COST = 12
# About two seconds.
_MOST_ROUNDS = 5_000_000


def split_lock(hashed: str) -> tuple[str, str]:
    """What locks an account (C(!), C(!!), C(*), C(*LK*)), and the hash behind it: either may be empty."""
    found = re.fullmatch(r"((?:\*LK\*|[!*])*)(.*)", hashed, re.DOTALL)
    return (found[1], found[2]) if found else ("", hashed)


def scheme(hashed: str) -> str:
    """The name of the scheme of a hash, with or without a lock before it; an empty text if there is no hash."""
    _unused, hashed = split_lock(hashed)
    if not hashed:
        return ""
    known = next((name for prefix, name in _NAMES.items() if hashed.startswith(prefix)), "")
    if known:
        return known
    return "descrypt" if re.fullmatch(r"[./0-9A-Za-z]{13}", hashed) else "unknown"


def limit(hashed: str) -> int | None:
    """How many bytes of a password count with the scheme of a hash, or None for all of them."""
    return {"bcrypt": 72, "descrypt": 8}.get(scheme(hashed))


def matches(password: str, hashed: str) -> bool:
    """Whether a hash is that of a password. Never for a locked account or an empty hash: see split_lock.

    Raises Unsupported if this machine does not know the scheme.
    """
    data = _data(password)
    if not hashed or split_lock(hashed)[0] or not _is_setting(hashed):
        return False
    return hmac.compare_digest(_crypt(data, hashed).encode(), hashed.encode())


def make(password: str, like: str) -> str:
    """A hash of a password by the scheme of another hash if that is a modern one, else by sha512crypt. Without lock."""
    data = _data(password)
    _unused, like = split_lock(like)
    prefix = next((prefix for prefix in _MODERN if like.startswith(prefix)), _DEFAULT)
    longest = limit(prefix)
    if longest is not None and len(data) > longest:
        raise InvalidRequest(
            f"the password is longer than the {longest} bytes that {_NAMES[prefix]} looks at",
            hint="Lower the option length",
        )
    made = _crypt(data, _setting(prefix, like))
    # Whatever made it: what goes to the host is a hash of this password.
    if not made.startswith(prefix) or not hmac.compare_digest(_crypt(data, made).encode(), made.encode()):
        raise _unsupported(prefix)
    return made


def _data(password: str) -> bytes:
    try:
        data = password.encode()
    except UnicodeEncodeError:
        raise InvalidRequest("the password is no valid Unicode text", hint="Use a password of ordinary text") from None
    if any(character in data for character in b"\0\r\n"):
        raise InvalidRequest(
            "the password has a line break or a NUL, which Linux does not take", hint="Use a password without them"
        )
    if len(data) > _LONGEST:
        raise InvalidRequest(f"the password is longer than the {_LONGEST} bytes that Linux takes")
    return data


def _is_setting(hashed: str) -> bool:
    return hashed.isascii() and hashed.isprintable() and not any(character in hashed for character in ":;*!\\ ")


def _unsupported(hashed: str) -> Unsupported:
    return Unsupported(
        f"the crypt library of this controller does not know the scheme {scheme(hashed)} of the hash",
        hint="Use a controller with libxcrypt 4.4 or later (Debian 11, Ubuntu 22.04, RHEL 9, Fedora)",
    )


@functools.cache
def _library() -> t.Any:
    for name in _LIBRARIES:
        with contextlib.suppress(OSError, AttributeError):
            library = ctypes.CDLL(name, use_errno=True)
            library.crypt_r.restype = ctypes.c_char_p
            library.crypt_r.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p]
            return library
    raise ConfigError(
        "this controller has no crypt library",
        hint=f"Install {_LIBRARIES[0]} or {_LIBRARIES[1]} (libcrypt1, libxcrypt) on the controller",
    )


def _crypt(data: bytes, setting: str) -> str:
    workspace = ctypes.create_string_buffer(_WORKSPACE)
    try:
        made: bytes | None = _library().crypt_r(data, setting.encode(), workspace)
    finally:
        ctypes.memset(workspace, 0, len(workspace))
    # libxcrypt says "*0" or "*1", glibc nothing.
    if not made or made.startswith(b"*"):
        raise _unsupported(setting)
    return made.decode()


def _setting(prefix: str, like: str) -> str:
    """A fresh salt, with the costs of the other hash unless they are low or absurd."""
    found = re.match(r"\$[56]\$rounds=(\d{4,7})\$", like)
    rounds = int(found[1]) if found and int(found[1]) <= _MOST_ROUNDS else 0
    generate = getattr(_library(), "crypt_gensalt_rn", None)
    if generate is None:
        if prefix not in ("$5$", "$6$"):
            raise _unsupported(prefix)
        salt = "".join(secrets.choice(_SALT) for _number in range(16))
        return f"{prefix}rounds={rounds}${salt}" if rounds else prefix + salt
    generate.restype = ctypes.c_char_p
    generate.argtypes = [ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int]
    cost = rounds
    if _NAMES[prefix] == "bcrypt":
        cost = int(like[4:6]) if re.match(r"\$2.\$1[0-6]\$", like) else _BCRYPT_COST
    output, random = ctypes.create_string_buffer(_SETTING), secrets.token_bytes(32)
    made: bytes | None = generate(prefix.encode(), cost, random, len(random), output, len(output))
    if not made or made.startswith(b"*"):
        raise _unsupported(prefix)
    setting = made.decode()
    # yescrypt and what is built on it: $y$ costs $ salt.
    if found := re.match(r"\$g?y\$(j[9A-F]T)\$", like):
        setting = re.sub(r"(?<=y\$)j.T(?=\$)", found[1], setting, count=1)
    return setting
