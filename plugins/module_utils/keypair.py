# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Key pairs for SSH, by the cryptography library (a dependency of ansible-core itself)."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import hashlib
import importlib.util
import typing as t

from .errors import InvalidRequest, missing_library
from .models import SshKeyPair, key_text

try:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
except ImportError:
    HAS_CRYPTOGRAPHY = False
else:
    HAS_CRYPTOGRAPHY = True

# What cryptography needs for passphrases in the form of OpenSSH.
HAS_BCRYPT = importlib.util.find_spec("bcrypt") is not None
KEY_TYPES = ("ed25519", "ecdsa", "rsa")


@dataclasses.dataclass(frozen=True)
class KeyPair:
    """A private key in OpenSSH form, its public key in one line, and the passphrase that protects the former."""

    private_key: str = dataclasses.field(repr=False)
    public_key: str
    passphrase: str | None = dataclasses.field(default=None, repr=False)


def _require_libraries(*, passphrase: bool) -> None:
    needs = {"cryptography": HAS_CRYPTOGRAPHY, "bcrypt": HAS_BCRYPT or not passphrase}
    for library, present in needs.items():
        if not present:
            keys = "SSH keys with a passphrase" if passphrase else "SSH keys"
            raise missing_library(f"{keys} need the Python library {library}", library)


def generate(
    kind: str = "ed25519", *, bits: int | None = None, passphrase: str | None = None, comment: str = ""
) -> KeyPair:
    """Make a new key pair. ``bits``: 256, 384 or 521 for ecdsa (default 256), 2048 or more for rsa (default 4096)."""
    _require_libraries(passphrase=bool(passphrase))
    if not comment.isprintable():
        # A line break would make a second line in authorized_keys.
        raise InvalidRequest("the comment has control characters", hint="Give comment as one plain line")
    key: t.Any
    if kind == "ed25519":
        if bits not in (None, 256):
            raise InvalidRequest("an ed25519 key has 256 bits", hint="Leave bits out")
        key = ed25519.Ed25519PrivateKey.generate()
    elif kind == "ecdsa":
        curves = {256: ec.SECP256R1(), 384: ec.SECP384R1(), 521: ec.SECP521R1()}
        if (bits or 256) not in curves:
            raise InvalidRequest("an ecdsa key has 256, 384 or 521 bits", hint="Give bits as one of these")
        key = ec.generate_private_key(curves[bits or 256])
    else:
        if not 2048 <= (bits or 4096) <= 16384:
            raise InvalidRequest("an rsa key has 2048 to 16384 bits", hint="Give bits in this range")
        key = rsa.generate_private_key(public_exponent=65537, key_size=bits or 4096)
    protection = (
        serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, protection)
    return KeyPair(private.decode(), f"{_openssh_line(key)} {comment}".rstrip(), passphrase)


def new_pair(kind: str, *, bits: int | None = None, passphrase: str | None = None, comment: str = "") -> SshKeyPair:
    """Make a new key pair, see generate(). Raises InvalidRequest."""
    made = generate(kind, bits=bits, passphrase=passphrase, comment=comment)
    return checked_pair(made.private_key, made.public_key, made.passphrase)


def checked_pair(private_key: str, public_key: str, passphrase: str | None = None) -> SshKeyPair:
    """Check a pair as it was read or made: whether its halves belong together, and the private one can be opened.

    :param private_key: in OpenSSH or PEM form; servers give line ends of their own
    :param public_key: one line, or nothing: some servers keep the private half only
    """
    private_key = key_text(private_key)
    comment = " ".join(public_key.split()[2:])
    try:
        public = strip_comment(public_key) if public_key else public_key_of(private_key, passphrase)
        public_fingerprint = fingerprint(public)
    except InvalidRequest:
        return SshKeyPair("", False, private_key, "", passphrase, comment)
    try:
        usable = public_key_of(private_key, passphrase) == public
    except InvalidRequest:
        usable = False
    return SshKeyPair(public_fingerprint, usable, private_key, public, passphrase, comment)


def public_key_of(private_key: str, passphrase: str | None = None) -> str:
    """Return the public key (type and blob) of a private key in OpenSSH or PEM form. Raises InvalidRequest."""
    _require_libraries(passphrase=bool(passphrase) and "OPENSSH PRIVATE KEY" in private_key)
    for load in (serialization.load_ssh_private_key, serialization.load_pem_private_key):
        try:
            return _openssh_line(load(private_key.encode(), passphrase.encode() if passphrase else None))
        except (ValueError, TypeError, UnsupportedAlgorithm):
            continue
    raise InvalidRequest(
        "private_key must be a private key that this passphrase opens",
        hint="Give it in OpenSSH or PEM form, and its passphrase if it has one",
    )


def decrypted(private_key: str, passphrase: str | None) -> str:
    """Return the same key without its passphrase, so that no program asks for it. Raises InvalidRequest."""
    if not passphrase:
        return private_key
    _require_libraries(passphrase="OPENSSH PRIVATE KEY" in private_key)
    openssh = "OPENSSH PRIVATE KEY" in private_key
    load: t.Any = serialization.load_ssh_private_key if openssh else serialization.load_pem_private_key
    try:
        key = load(private_key.encode(), passphrase.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise InvalidRequest(
            "the private key cannot be read with its passphrase",
            hint="Compare both in the console; if the authorization encrypts sensitive information, set decryption_key",
        ) from None
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    text: str = plain.decode()
    return text


def _openssh_line(key: t.Any) -> str:
    line = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    text: str = line.decode()
    return text


def strip_comment(public_key: str) -> str:
    """Return type and blob of a public key line, without its comment. Raises InvalidRequest."""
    parts = public_key.split()
    try:
        name, blob = parts[0].encode(), base64.b64decode(parts[1], validate=True)
    except (IndexError, binascii.Error, ValueError):
        raise InvalidRequest(
            "public_key must be one line of the form 'TYPE BASE64 COMMENT'", hint="Check public_key"
        ) from None
    if blob[:4] != len(name).to_bytes(4, "big") or blob[4 : 4 + len(name)] != name:
        raise InvalidRequest("public_key must hold a key of the type that it names", hint="Check public_key")
    return f"{parts[0]} {parts[1]}"


def fingerprint(public_key: str) -> str:
    """Return the SHA-256 fingerprint as ssh-keygen prints it: C(SHA256:...)."""
    digest = hashlib.sha256(base64.b64decode(strip_comment(public_key).split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")
