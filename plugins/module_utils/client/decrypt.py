# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of authorizations that encrypt sensitive information: base64 of RSA-OAEP with SHA-1 (http-api.md 1.6)."""

from __future__ import annotations

import base64
import binascii
import importlib.util
import typing as t

from ..ciphertext import ENCRYPTION_FAILED
from ..errors import ConfigError, UnexpectedResponse, missing_library
from ..pem import is_pem

# Not imported before a key is there: that takes 20 ms of the start of each run, and hardly any run has one.
HAS_CRYPTOGRAPHY = importlib.util.find_spec("cryptography") is not None

_HINT = "Download the private key of this authorization again, and set decryption_key to its file or text"


def _content(source: str) -> bytes:
    if is_pem(source):
        return source.encode()
    with open(source, "rb") as file:
        return file.read()


def plain(value: str) -> str:
    """Return the value itself, for authorizations that do not encrypt. Raises for the server's own error sentence."""
    if value.strip().rstrip(".") == ENCRYPTION_FAILED:
        raise UnexpectedResponse(
            "the server could not encrypt this value, which is too long for RSA",
            hint="Switch off 'encrypt sensitive information' in the A2A authorization",
        )
    return value


def decrypter(source: str | None) -> t.Callable[[str], str]:
    """Return the function that opens sensitive values, with a private key if there is one.

    :param source: path of a PEM file, or the PEM text itself
    """
    if source is None:
        return plain
    if not HAS_CRYPTOGRAPHY:
        raise missing_library("decryption_key needs the Python library cryptography", "cryptography")
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    try:
        key = serialization.load_pem_private_key(_content(source), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        raise ConfigError("decryption_key must be readable as PEM without passphrase", hint=_HINT).with_context(
            option="decryption_key"
        ) from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ConfigError("decryption_key must be an RSA key", hint=_HINT).with_context(option="decryption_key")
    # SHA-1 is what the server uses; OAEP does not depend on its collision resistance.
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303

    def decrypt(value: str) -> str:
        try:
            return key.decrypt(base64.b64decode(plain(value), validate=True), oaep).decode("utf-8")
        except (binascii.Error, ValueError):
            raise UnexpectedResponse("a value cannot be decrypted with decryption_key", hint=_HINT) from None

    return decrypt
