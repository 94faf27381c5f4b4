# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Recognise values that the server has encrypted for a client without decryption_key. Nothing else in an answer tells.

An authorization that encrypts hands out base64 of RSA-OAEP (http-api.md 1.6), which is as long as the modulus.
"""

from __future__ import annotations

import base64
import binascii
import typing as t

from .errors import UnexpectedResponse
from .redaction import redact

# Bytes of the modulus of RSA with 2048, 3072 and 4096 bits, and characters of their base64.
_SIZES = (256, 384, 512)
_LENGTHS = tuple(4 * -(-size // 3) for size in _SIZES)
# What the server returns in place of a value that is too long for RSA.
ENCRYPTION_FAILED = "An error occurred while encrypting the text"
_HINT = (
    "If the authorization encrypts sensitive information, set decryption_key to its private key; if this is the value"
    " itself, set on_ciphertext=ignore"
)


def looks_encrypted(value: object) -> bool:
    """Return whether a text is base64 of as many bytes as RSA makes. Keys and tokens in hexadecimal are not."""
    if not isinstance(value, str) or not _LENGTHS[0] <= len(value) <= 2 * _LENGTHS[-1]:
        return False
    text = "".join(value.split())
    if len(text) not in _LENGTHS or not all(any(map(kind, text)) for kind in (str.isupper, str.islower, str.isdigit)):
        return False
    try:
        return len(base64.b64decode(text, validate=True)) in _SIZES
    except (binascii.Error, ValueError):
        return False


def may_be_sealed(value: str) -> bool:
    """Return whether a value, of which it is not documented, is encrypted, or could not be encrypted by the server."""
    return looks_encrypted(value) or value.startswith(ENCRYPTION_FAILED)


def judge(values: t.Iterable[tuple[str, t.Any]], subject: str, policy: str) -> list[str]:
    """Return warnings about values that look encrypted, or raise UnexpectedResponse, as on_ciphertext wants it.

    :param values: names and values; only the names are shown
    :param subject: what they are of, such as C(credential web-root)
    :param policy: warn, error or ignore
    """
    names = [] if policy == "ignore" else sorted({name for name, value in values if looks_encrypted(value)})
    if not names:
        return []
    shown = ", ".join(redact(name, []) for name in names)
    error = UnexpectedResponse(f"what the server gives as {shown} of {subject} looks like ciphertext", hint=_HINT)
    if policy == "error":
        raise error.with_context(option="on_ciphertext")
    return [str(error)]
