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

from ....module_utils.errors import ConfigError, InvalidRequest, Unsupported
from ..protocol.accounts import split_lock

# The last one is this process: musl has crypt_r in its libc.
_LIBRARIES = ("libcrypt.so.1", "libcrypt.so.2", "libcrypt.so", None)
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
# What the hash of a host may cost this controller, which compares some records with it: about two seconds each. The
# deadline of a run cannot interrupt it, and many hosts are worked on at the same time.
_MOST_ROUNDS = 5_000_000
_MOST_DES_ROUNDS = 1_000_000
_MOST_BCRYPT_COST = 15
_MOST_MEMORY = 128 * 1024 * 1024
# In bytes that are written: memory, times how often.
_MOST_WORK = 4 * _MOST_MEMORY
# What is said of parameters that are not understood, so that nobody knows what they cost.
_UNREADABLE = "its parameters are not known"
# crypt(5): the digits of numbers in hashes.
_DIGITS = "./" + string.digits + string.ascii_uppercase + string.ascii_lowercase
# A setting of each scheme that costs nothing, to find out whether the library knows it. Those of yescrypt would cost
# memory; there, it is asked for a salt.
_CHEAP = {
    "bcrypt": "$2b$04$" + 22 * ".",
    "sha512crypt": "$6$rounds=1000$x",
    "sha256crypt": "$5$rounds=1000$x",
    "md5crypt": "$1$x",
    "nthash": "$3$",
    "sunmd5": "$md5,rounds=1$xxxxxxxx$",
    "sha1crypt": "$sha1$1$xxxxxxxx$",
    "bsdicrypt": "_/...xxxx",
    "descrypt": "xx",
}


def scheme_name(hashed: str) -> str:
    """Return the name of the scheme of a hash, with or without a lock before it; an empty text if there is no hash."""
    _unused, hashed = split_lock(hashed)
    if not hashed:
        return ""
    known = next((name for prefix, name in _NAMES.items() if hashed.startswith(prefix)), "")
    if known:
        return known
    return "descrypt" if re.fullmatch(r"[./0-9A-Za-z]{13}", hashed) else "unknown"


def max_bytes(hashed: str) -> int | None:
    """Return how many bytes of a password count with the scheme of a hash, or None for all of them."""
    return {"bcrypt": 72, "descrypt": 8}.get(scheme_name(hashed))


def problem(hashed: str) -> tuple[str, str] | None:
    """Return why passwords cannot be compared with a hash here, as (what the account has, what to do), or None.

    It takes neither memory nor time, whatever the hash says of itself.
    """
    name = scheme_name(hashed)
    if name == "unknown" or not _is_setting(hashed):
        return "has a password hash of no scheme that is known", "Look at the line in /etc/shadow of the host"
    cost = _too_much(name, hashed)
    if cost and cost != _UNREADABLE:
        return (
            f"has a password hash ({name}) that costs too much to compare: {cost}",
            "Lower the cost on the host (/etc/login.defs, pam_unix), and give the account a new password there",
        )
    if cost or not _is_known(name, hashed):
        return (
            f"has a password hash ({name}) that the crypt library of this controller does not know",
            "Use a controller with libxcrypt 4.4 or later (Debian 11, Ubuntu 22.04, RHEL 9, Fedora)",
        )
    return None


def matches(password: str, hashed: str) -> bool:
    """Return whether a hash is that of a password. Never for a locked account or an empty hash: see split_lock.

    Raises Unsupported if this machine does not know the scheme, or if it would cost too much.
    """
    data = _encode(password)
    if not hashed or split_lock(hashed)[0] or not _is_setting(hashed):
        return False
    cost = _too_much(scheme_name(hashed), hashed)
    if cost == _UNREADABLE:
        raise _unsupported(hashed)
    if cost:
        raise Unsupported(
            f"the hash ({scheme_name(hashed)}) costs too much to compare: {cost}", hint="Lower the cost on the host"
        )
    return hmac.compare_digest(_crypt(data, hashed).encode(), hashed.encode())


def hash_password(password: str, like: str) -> str:
    """Return a hash of a password by the scheme of another hash if that is a modern one, else by sha512crypt. Without
    lock.
    """
    data = _encode(password)
    _unused, like = split_lock(like)
    prefix = next((prefix for prefix in _MODERN if like.startswith(prefix)), _DEFAULT)
    longest = max_bytes(prefix)
    if longest is not None and len(data) > longest:
        raise InvalidRequest(
            f"the password is longer than the {longest} bytes that {_NAMES[prefix]} looks at",
            hint="Lower the option length",
        )
    made = _crypt(data, _salt_setting(prefix, like))
    # Whatever made it: what goes to the host is a hash of this password.
    if not made.startswith(prefix) or not hmac.compare_digest(_crypt(data, made).encode(), made.encode()):
        raise _unsupported(prefix)
    return made


def _encode(password: str) -> bytes:
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


def _too_much(name: str, hashed: str) -> str:
    """Return what of the parameters of a hash is too much, or nothing. Numbers are read as crypt(5) has them."""
    if name in ("yescrypt", "gost-yescrypt", "scrypt"):
        return _too_much_memory(name, hashed)
    rounds, most = 0, _MOST_ROUNDS // 10 if name == "sunmd5" else _MOST_ROUNDS
    if name == "bcrypt":
        rounds, most = _number(hashed[4:6], _MOST_BCRYPT_COST), _MOST_BCRYPT_COST
    elif name == "bsdicrypt":
        rounds, most = sum(_DIGITS.find(digit) << 6 * at for at, digit in enumerate(hashed[1:5])), _MOST_DES_ROUNDS
    elif found := re.match(r"\$(?:[56]\$|md5[,$])rounds=([^$]*)\$|\$sha1\$([^$]*)\$", hashed):
        rounds = _number(found[1] if found[2] is None else found[2], most)
    word = "cost" if name == "bcrypt" else "rounds"
    return f"{word} {rounds}, at most {most}" if rounds > most else ""


def _number(text: str, most: int) -> int:
    """Return a decimal number; more than ``most`` if it is none, since libraries differ in what they make of it."""
    return int(text) if re.fullmatch("[0-9]{1,10}", text) else most + 1


def _too_much_memory(name: str, hashed: str) -> str:
    parameters = hashed.split("$", 3)[2]
    try:
        blocks, size, times = _scrypt_costs(parameters) if name == "scrypt" else _yescrypt_costs(parameters)
    except (ValueError, IndexError):
        return _UNREADABLE
    # Before any of them is computed.
    if blocks > 40 or size > 1 << 24 or times > 1 << 24:
        return f"N=2^{blocks}, r={size}, {times} times"
    memory = 128 * size * (1 << blocks)
    if memory > _MOST_MEMORY:
        return f"{memory >> 20} MiB, at most {_MOST_MEMORY >> 20} MiB"
    if memory * times > _MOST_WORK or 128 * size * times > _MOST_MEMORY:
        return f"{memory >> 10} KiB, {times} times"
    return ""


def _scrypt_costs(text: str) -> tuple[int, int, int]:
    """Return the logarithm of N, r, and p: one digit, and five of each, the lowest first."""
    digits = [_DIGITS.index(digit) for digit in text[:11]]
    blocks, size, times = (
        sum(digit << 6 * at for at, digit in enumerate(part)) for part in (digits[:1], digits[1:6], digits[6:11])
    )
    if len(digits) != 11 or not size or not times:
        raise ValueError
    return blocks, size, times


def _yescrypt_costs(text: str) -> tuple[int, int, int]:
    """Return the logarithm of N, r, and how often the memory is gone through: p, and t (yescrypt's PARAMETERS)."""
    digits: t.Iterator[int] = iter([_DIGITS.index(digit) for digit in text])

    def number(least: int) -> int:
        """yescrypt's decode64_uint32: the first digit says how many there are."""
        first = next(digits, None)
        if first is None:
            raise ValueError
        start, end, bits, value, more = 0, 47, 0, least, 0
        while first > end:
            value += (end + 1 - start) << bits
            start, end, bits, more = end + 1, end + 1 + (62 - end) // 2, bits + 6, more + 1
        value += (first - start) << bits
        for _digit in range(more):
            bits -= 6
            value += next(digits, 0) << bits
        return value

    number(0)
    blocks, size, parallel, passes = number(1), number(1), 1, 0
    rest = [*digits]
    if rest:
        digits = iter(rest)
        have = number(1)
        if have & ~3:
            # It grows its hash, or has a ROM: nobody does that in shadow.
            raise ValueError
        parallel = number(2) if have & 1 else 1
        passes = number(1) if have & 2 else 0
    return blocks, size, parallel * (1 + passes)


@functools.cache
def _knows(name: str, prefix: str) -> bool:
    try:
        if name in _CHEAP:
            return bool(_crypt(b"x", _CHEAP[name]))
        return bool(_salt_setting(prefix, ""))
    except Unsupported:
        return False


def _is_known(name: str, hashed: str) -> bool:
    return _knows(name, next((prefix for prefix in _NAMES if hashed.startswith(prefix)), ""))


def _unsupported(hashed: str) -> Unsupported:
    return Unsupported(
        f"the crypt library of this controller does not know the scheme {scheme_name(hashed)} of the hash",
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


def _salt_setting(prefix: str, like: str) -> str:
    """Return a fresh salt, with the costs of the other hash unless they are low or absurd."""
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
        cost = int(like[4:6]) if re.match(r"\$2.\$1[0-5]\$", like) else _BCRYPT_COST
    output, random = ctypes.create_string_buffer(_SETTING), secrets.token_bytes(32)
    made: bytes | None = generate(prefix.encode(), cost, random, len(random), output, len(output))
    if not made or made.startswith(b"*"):
        raise _unsupported(prefix)
    setting = made.decode()
    # yescrypt and what is built on it: $y$ costs $ salt. From 16 MiB to _MOST_MEMORY.
    if found := re.match(r"\$g?y\$(j[9A-C]T)\$", like):
        setting = re.sub(r"(?<=y\$)j.T(?=\$)", found[1], setting, count=1)
    return setting
