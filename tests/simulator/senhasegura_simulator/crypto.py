# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated secrets, SSH key pairs, and the "encrypt sensitive information" option."""

from __future__ import annotations

import base64
import json
import secrets
import string
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

TOO_LONG = "An error occurred while encrypting the text"
_ALPHABET = string.ascii_letters + string.digits + "!#%+-_=@"


def random_password(length: int = 20) -> str:
    return "".join(secrets.choice(_ALPHABET) for _unused in range(length))


def random_identifier() -> str:
    """UUIDv7-like, as releases since 3.33 make for a blank identifier."""
    noise = secrets.token_hex(9)
    digits = f"{int(time.time() * 1000):012x}7{noise[:3]}{secrets.choice('89ab')}{noise[3:]}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def random_token(client_id: str, issued: float, expires: float) -> str:
    """JWT-shaped, since that is what clients see; the signature is random: the server looks tokens up."""
    claims = {"aud": client_id, "jti": secrets.token_hex(40), "iat": issued, "nbf": issued, "exp": expires, "sub": ""}
    parts = (json.dumps({"typ": "JWT", "alg": "RS256"}), json.dumps({**claims, "scopes": []}))
    encoded = [base64.urlsafe_b64encode(p.encode()) for p in parts]
    return ".".join(p.decode().rstrip("=") for p in (*encoded, base64.urlsafe_b64encode(secrets.token_bytes(256))))


def ssh_key_pair(comment: str, passphrase: str | None = None) -> tuple[str, str]:
    """A new ed25519 pair as (private, public) in OpenSSH's formats."""
    key = ed25519.Ed25519PrivateKey.generate()
    lock = serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, lock)
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return private.decode(), f"{public.decode()} {comment}".strip()


def encryption_pair() -> tuple[str, str]:
    """An RSA pair as (private PKCS#8 PEM, public PEM)."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def encrypt(text: str, public_key: str) -> str:
    key = serialization.load_pem_public_key(public_key.encode())
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("the encryption key must be an RSA key")
    # SHA-1 is what the product uses (PHP's OPENSSL_PKCS1_OAEP_PADDING), not a choice of ours.
    oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)
    try:
        return base64.b64encode(key.encrypt(text.encode(), oaep)).decode()
    except ValueError:
        return TOO_LONG
