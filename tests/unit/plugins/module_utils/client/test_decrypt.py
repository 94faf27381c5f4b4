# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values that the server encrypts for the client."""

from __future__ import annotations

import base64
import pathlib
import typing as t

import pytest

pytest.importorskip("cryptography")
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from ansible_collections.community.senhasegura.plugins.module_utils.client import decrypt
from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError, UnexpectedResponse
from ansible_collections.community.senhasegura.plugins.module_utils.pem import whole_pem
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.support import CANARY
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.test_keypair import unknown_algorithm

SENTENCE = "An error occurred while encrypting the text"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def write(folder: pathlib.Path, key: t.Any, passphrase: bytes | None = None, form: str = "PKCS8") -> str:
    protection = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    text = key.private_bytes(serialization.Encoding.PEM, getattr(serialization.PrivateFormat, form), protection)
    (folder / "key.pem").write_bytes(text)
    return str(folder / "key.pem")


def seal(key: rsa.RSAPrivateKey, value: bytes, algorithm: t.Any = None) -> str:
    """As the server does it, and PHP's openssl_public_encrypt with OPENSSL_PKCS1_OAEP_PADDING."""
    algorithm = algorithm or hashes.SHA1()
    oaep = padding.OAEP(padding.MGF1(algorithm), algorithm, None)
    return base64.b64encode(key.public_key().encrypt(value, oaep)).decode()


@pytest.mark.parametrize("form", ["PKCS8", "TraditionalOpenSSL"])
@pytest.mark.parametrize("value", ["pw-Example-1", "", "é日本 🔑", "line\r\nline", "x" * 200, SENTENCE])
def test_round_trip(key: rsa.RSAPrivateKey, value: str, form: str, tmp_path: pathlib.Path) -> None:
    assert decrypt.decrypter(write(tmp_path, key, form=form))(seal(key, value.encode())) == value


@pytest.mark.parametrize(
    "value",
    [
        "pw-Example-1",
        "",
        "AAAA",
        "not base64 é",
        base64.b64encode(b"x" * 256).decode(),
        base64.b64encode(b"x" * 255).decode(),
    ],
)
def test_what_cannot_be_decrypted(key: rsa.RSAPrivateKey, value: str, tmp_path: pathlib.Path) -> None:
    with pytest.raises(UnexpectedResponse, match="cannot be decrypted") as caught:
        decrypt.decrypter(write(tmp_path, key))(value)
    assert "decryption_key" in caught.value.hint
    assert caught.value.__suppress_context__


def test_another_key_another_hash_and_no_text(key: rsa.RSAPrivateKey, tmp_path: pathlib.Path) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    opened = decrypt.decrypter(write(tmp_path, key))
    for value in (seal(other, b"x"), seal(key, b"x", hashes.SHA256()), seal(key, b"\xff\xfe"), seal(key, b"x")[:-8]):
        with pytest.raises(UnexpectedResponse, match="cannot be decrypted"):
            opened(value)


@pytest.mark.parametrize("text", [SENTENCE, f"{SENTENCE}.", f"  {SENTENCE}. \n"])
def test_the_servers_error_sentence_is_no_value(key: rsa.RSAPrivateKey, text: str, tmp_path: pathlib.Path) -> None:
    for opened in (decrypt.plain, decrypt.decrypter(None), decrypt.decrypter(write(tmp_path, key))):
        with pytest.raises(UnexpectedResponse, match="too long for RSA") as caught:
            opened(text)
        assert "encrypt sensitive information" in caught.value.hint


@pytest.mark.parametrize("value", ["pw", "", f"{SENTENCE} of a poem", " blanks stay "])
def test_without_a_key_values_stay_as_they_are(value: str) -> None:
    assert decrypt.decrypter(None)(value) == value


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", ["missing", "folder", "empty", "text", "passphrase", "unknown", "public", "binary"])
def test_unusable_files(case: str, key: rsa.RSAPrivateKey, tmp_path: pathlib.Path) -> None:
    path = tmp_path / f"{CANARY}.pem"
    content = {
        "empty": b"",
        "text": b"no PEM",
        "unknown": unknown_algorithm().encode(),
        "public": key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
        "binary": b"\xff\xfe\x00",
    }.get(case)
    if content is not None:
        path.write_bytes(content)
    elif case == "folder":
        path.mkdir()
    elif case == "passphrase":
        path = pathlib.Path(write(tmp_path, key, b"passphrase"))
    with pytest.raises(ConfigError, match="decryption_key must be readable as PEM") as caught:
        decrypt.decrypter(str(path))
    assert caught.value.context.option == "decryption_key"
    assert CANARY not in str(caught.value)


def test_another_kind_of_key(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match="must be an RSA key"):
        decrypt.decrypter(write(tmp_path, ec.generate_private_key(ec.SECP256R1())))


def test_library_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decrypt, "HAS_CRYPTOGRAPHY", False)
    assert decrypt.decrypter(None)("x") == "x"
    with pytest.raises(ConfigError, match="library cryptography") as caught:
        decrypt.decrypter("/key.pem")
    assert "pip install cryptography" in str(caught.value)


@pytest.mark.parametrize("form", ["PKCS8", "TraditionalOpenSSL"])
def test_the_key_as_text(key: rsa.RSAPrivateKey, form: str, tmp_path: pathlib.Path) -> None:
    text = pathlib.Path(write(tmp_path, key, form=form)).read_text()
    for source in (text, whole_pem(text.replace("\n", " ")), whole_pem(text.replace("\n", "\\n"))):
        assert decrypt.decrypter(source)(seal(key, b"pw-Example-1")) == "pw-Example-1"


def test_a_text_that_is_no_key_is_not_shown(key: rsa.RSAPrivateKey, tmp_path: pathlib.Path) -> None:
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    locked = pathlib.Path(write(tmp_path, key, b"passphrase")).read_text()
    for text in (public.decode(), locked, "-----BEGIN PRIVATE KEY-----\nQUJD\n-----END PRIVATE KEY-----\n"):
        with pytest.raises(ConfigError, match="decryption_key must be readable as PEM") as caught:
            decrypt.decrypter(text)
        assert "BEGIN" not in str(caught.value)
        assert caught.value.__suppress_context__
