# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The invented secrets, one for each class, and the forms in which each is looked for."""

from __future__ import annotations

import base64
import datetime
import hashlib
import html
import json
import re
import shlex
import urllib.parse
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

_CLASSES = (
    *("client_id", "client_secret", "consumer_key", "consumer_secret", "token_key", "token_secret"),
    *("password", "old_password", "new_password", "passphrase", "dsm_value", "new_dsm_value", "totp_seed"),
    "file_content",
)
_PLAIN = ("proxy_password", "alphanumeric")
# Each is known to one call of a run alone, before another one meets a server that quotes it.
_EARLIER = (
    *("read by password", "read by credential", "read for a release", "key passphrase", "read by secret"),
    *(
        "read by secret_info",
        "written password",
        "written seed",
        "written passphrase",
        "written secret",
        "merged secret",
    ),
    *("refused password", "other client", "read by mysafe", "written note"),
)
_EARLIER_KEYS = ("read by ssh_key", "read by ssh_key_info", "written key")


@lru_cache
def make() -> dict[str, str]:
    """class -> value. The private keys are new in every process, the others are always the same."""
    secrets = {name: _distinct(name, number, "'\" $\\ {} <& %é") for number, name in enumerate(_CLASSES, 10)}
    secrets["token"] = _distinct("token", 90, "'\" $\\ {} <& %").replace(" ", "")
    secrets |= {name: _halves(name, "") for name in _PLAIN}
    secrets |= {f"earlier {name}": _distinct(name, number, "'\" $ &") for number, name in enumerate(_EARLIER, 40)}
    for name in ("private_key", "new_private_key"):
        secrets[name] = _private_key(secrets["passphrase"])
    for name in _EARLIER_KEYS:
        passphrase = "written passphrase" if name.startswith("written") else "key passphrase"
        secrets[f"earlier {name}"] = _private_key(secrets[f"earlier {passphrase}"])
    # Nobody asks for their passphrases. What looks like ciphertext is base64 of as many bytes as RSA makes.
    secrets |= {name: _private_key("") for name in ("client_key", "decryption_key")}
    secrets["ciphertext"] = base64.b64encode(hashlib.shake_256(b"ciphertext").digest(256)).decode()
    return secrets


def _distinct(name: str, number: int, awkward: str) -> str:
    """A value with what quoting and escaping change, and with a template, in the middle.

    The number stands between them, so that no six characters in a row are the same in two secrets: the client masks
    whatever looks like a part of a secret that it knows, and would mask one that it does not know as well.
    """
    middle = str(number).join(["", *awkward.split(" "), " ", f"{{{{{number}*7}}}}", ""])
    return _halves(name, middle)


def _halves(name: str, middle: str) -> str:
    """Both ends are letters and digits that occur nowhere else."""
    digits = hashlib.sha256(name.encode()).hexdigest()
    return f"k{digits[:15]}{middle}{digits[15:30]}z"


def _private_key(passphrase: str) -> str:
    lock = serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock).decode()


def public_pem(private_key: str) -> str:
    """The public part of a key without a passphrase."""
    key = serialization.load_pem_private_key(private_key.encode(), None).public_key()
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return key.public_bytes(*form).decode()


def certificate(private_key: str) -> str:
    """A certificate for a key without a passphrase, signed with that key."""
    key = serialization.load_pem_private_key(private_key.encode(), None)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ansible")])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(1))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def public_key(private_key: str, passphrase: str) -> str:
    key = serialization.load_pem_private_key(private_key.encode(), passphrase.encode())
    form = (serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return key.public_key().public_bytes(*form).decode()


def _base64(value: str) -> Iterator[str]:
    raw = value.encode()
    for before in range(3):
        # The outer groups of four depend on what stands around the value.
        text = base64.b64encode(b"\0" * before + raw).decode()
        yield text[4 if before else 0 : -4 if (before + len(raw)) % 3 else None]


def _evaluated(value: str) -> str:
    return re.sub(r"\{\{(\d+)\*7\}\}", lambda match: str(int(match[1]) * 7), value)


def _quote_all(value: str) -> str:
    return urllib.parse.quote(value, safe="")


def _lines(value: str) -> Iterator[str]:
    for line in value.splitlines():
        if len(line) > 40:  # a full line of a key, which is the same in whichever order the lines come
            yield from (line, line[::-1])


FORMS: dict[str, Callable[[str], Iterable[str]]] = {
    "raw": lambda value: [value],
    "base64": lambda value: [f for text in _base64(value) for f in (text, text.replace("+", "-").replace("/", "_"))],
    "url": lambda value: [quote(value) for quote in (urllib.parse.quote, urllib.parse.quote_plus, _quote_all)],
    "json": lambda value: [json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]],
    "shell": lambda value: [shlex.quote(value), value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")],
    "hex": lambda value: [value.encode().hex(), value.encode().hex().upper()],
    "first half": lambda value: [value[: len(value) // 2]],
    "second half": lambda value: [value[len(value) // 2 :]],
    "lines, reversed": lambda value: [value[::-1], *_lines(value)],
    "evaluated": lambda value: [_evaluated(value)],
}

_BLANKS = re.compile(r"\s+")


def squeeze(text: str) -> str:
    """Without blanks and line ends: warnings are wrapped, base64 is folded, keys come with CRLF."""
    return _BLANKS.sub("", text)


@lru_cache(maxsize=4096)
def forms(value: str) -> tuple[tuple[str, str], ...]:
    """(form, text to look for), each text once."""
    found: dict[str, str] = {}
    for name, encode in FORMS.items():
        for text in encode(value):
            found.setdefault(squeeze(text), name)
    return tuple((name, text) for text, name in found.items())


_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([nrtbf])|(.))")


def _unescape(text: str) -> str:
    """Undo one layer of backslashes (JSON, Python's repr, shell)."""

    def plain(match: re.Match[str]) -> str:
        unicode, byte, blank, other = match.groups()
        return chr(int(unicode or byte, 16)) if unicode or byte else " " if blank else other

    return _ESCAPE.sub(plain, text)


def views(data: bytes) -> list[str]:
    """The text as it is and with one or two layers of escaping undone; without blanks, each once."""
    text = _ANSI.sub("", data.decode("utf-8", "replace"))
    once = _unescape(text)
    unmarked = html.unescape(text)
    all_views = (text, once, _unescape(once), unmarked, _unescape(unmarked), once.replace("''", "'"))
    return list(dict.fromkeys(squeeze(view) for view in all_views))


def find(data: bytes, secrets: dict[str, str]) -> list[tuple[str, str, str, int]]:
    """(class, form, view, position) of everything that is found."""
    if not data:
        return []
    texts = views(data)
    return [
        (name, form, text, position)
        for text in texts
        for name, value in secrets.items()
        for form, wanted in forms(value)
        if (position := text.find(wanted)) >= 0
    ]
