# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Key pairs, against ssh-keygen where it is installed."""

from __future__ import annotations

import base64
import pathlib
import shutil
import subprocess
import typing as t

import pytest

pytest.importorskip("cryptography")
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519

from ansible_collections.community.senhasegura.plugins.module_utils import keypair
from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError, InvalidRequest

KEYGEN = shutil.which("ssh-keygen")
needs_keygen = pytest.mark.skipif(not KEYGEN, reason="ssh-keygen is not installed")
needs_bcrypt = pytest.mark.skipif(not keypair.HAS_BCRYPT, reason="bcrypt is not installed")
KINDS = [
    ("ed25519", None, "ssh-ed25519", 256),
    ("ed25519", 256, "ssh-ed25519", 256),
    ("ecdsa", None, "ecdsa-sha2-nistp256", 256),
    ("ecdsa", 256, "ecdsa-sha2-nistp256", 256),
    ("ecdsa", 384, "ecdsa-sha2-nistp384", 384),
    ("ecdsa", 521, "ecdsa-sha2-nistp521", 521),
    ("rsa", 2048, "ssh-rsa", 2048),
]


def ssh_keygen(*arguments: str) -> str:
    done = subprocess.run(
        [str(KEYGEN), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def private_file(folder: pathlib.Path, text: str) -> str:
    file = folder / "key"
    file.write_text(text)
    file.chmod(0o600)
    return str(file)


def pem(key: t.Any, form: str = "PKCS8", passphrase: bytes | None = None) -> str:
    protection = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    return key.private_bytes(
        serialization.Encoding.PEM, getattr(serialization.PrivateFormat, form), protection
    ).decode()


@needs_keygen
@pytest.mark.parametrize("passphrase", [None, pytest.param("correct horse, é", marks=needs_bcrypt)])
@pytest.mark.parametrize(("kind", "bits", "name", "size"), KINDS)
def test_ssh_keygen_reads_what_we_make(
    kind: str, bits: int | None, name: str, size: int, passphrase: str | None, tmp_path: pathlib.Path
) -> None:
    pair = keypair.generate(kind, bits=bits, passphrase=passphrase, comment="deploy@web01")
    path = private_file(tmp_path, pair.private_key)
    assert ssh_keygen("-y", "-P", passphrase or "", "-f", path).split()[:2] == pair.public_key.split()[:2]
    (tmp_path / "key.pub").write_text(pair.public_key + "\n")
    number, fingerprint, comment, _type = ssh_keygen("-l", "-f", f"{path}.pub").split()
    assert (int(number), fingerprint, comment) == (size, keypair.fingerprint(pair.public_key), "deploy@web01")
    assert pair.public_key.split()[0] == name
    assert pair.passphrase == passphrase
    assert pair.private_key.startswith("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    assert pair.private_key.endswith("\n")


@needs_keygen
@pytest.mark.parametrize("passphrase", ["", pytest.param("secret-passphrase", marks=needs_bcrypt)])
@pytest.mark.parametrize("form", ["RFC4716", "PEM", "PKCS8"])
@pytest.mark.parametrize(("kind", "bits"), [("ed25519", None), ("ecdsa", 384), ("rsa", 2048)])
def test_we_read_what_ssh_keygen_makes(
    kind: str, bits: int | None, form: str, passphrase: str, tmp_path: pathlib.Path
) -> None:
    if kind == "ed25519" and form != "RFC4716":
        pytest.skip("ssh-keygen writes such keys in its own form only")
    path = str(tmp_path / "made")
    size = ["-b", str(bits)] if bits else []
    ssh_keygen("-q", "-t", kind, *size, "-m", form, "-N", passphrase, "-C", "a comment", "-f", path)
    private, public = pathlib.Path(path).read_text(), pathlib.Path(f"{path}.pub").read_text()
    assert keypair.public_key_of(private, passphrase or None) == keypair.strip_comment(public)
    assert keypair.public_key_of(private.replace("\n", "\r\n"), passphrase or None) == keypair.strip_comment(public)
    assert keypair.fingerprint(public) == ssh_keygen("-l", "-f", f"{path}.pub").split()[1]
    for wrong in (None, "wrong") if passphrase else ("given-for-nothing",):
        with pytest.raises(InvalidRequest, match="cannot|this passphrase opens"):
            keypair.public_key_of(private, wrong)


@pytest.mark.parametrize(("kind", "bits", "name", "size"), KINDS)
def test_the_pair_belongs_together(kind: str, bits: int | None, name: str, size: int) -> None:
    pair = keypair.generate(kind, bits=bits)
    assert keypair.public_key_of(pair.private_key) == pair.public_key == keypair.strip_comment(pair.public_key)
    assert keypair.generate(kind, bits=bits).public_key != pair.public_key


def test_rsa_has_4096_bits_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    real = rsa.generate_private_key

    def spy(*, public_exponent: int, key_size: int) -> rsa.RSAPrivateKey:
        sizes.append(key_size)
        return real(public_exponent=public_exponent, key_size=2048)

    monkeypatch.setattr(keypair.rsa, "generate_private_key", spy)
    keypair.generate("rsa")
    keypair.generate("rsa", bits=3072)
    assert sizes == [4096, 3072]


@pytest.mark.parametrize(
    ("kind", "bits", "text"),
    [
        ("ed25519", 512, "256 bits"),
        ("ecdsa", 512, "256, 384 or 521"),
        ("ecdsa", 1, "256, 384 or 521"),
        ("rsa", 1024, "2048 to 16384"),
        ("rsa", 20000, "2048 to 16384"),
    ],
)
def test_wrong_sizes(kind: str, bits: int, text: str) -> None:
    with pytest.raises(InvalidRequest, match=text):
        keypair.generate(kind, bits=bits)


@pytest.mark.parametrize("comment", ["a\nssh-ed25519 AAAA evil", "a\r", "\x00", "\x1b[0m", "a\u2028b"])
def test_a_comment_is_one_line(comment: str) -> None:
    with pytest.raises(InvalidRequest, match="control characters"):
        keypair.generate(comment=comment)


UNREADABLE = {
    "empty": lambda: "",
    "text": lambda: "no key",
    "surrogate": lambda: "\udcff",
    "cut": lambda: keypair.generate().private_key[:200],
    "cut pem": lambda: pem(ed25519.Ed25519PrivateKey.generate())[:80],
    "empty pem": lambda: "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
    "public": lambda: keypair.generate().public_key,
    "certificate": lambda: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    "x25519": lambda: pem(x25519.X25519PrivateKey.generate()),
    "odd curve": lambda: pem(ec.generate_private_key(ec.SECP256K1())),
    "unknown algorithm": lambda: str(unknown_algorithm()),
}


def unknown_algorithm() -> str:
    """A well-formed PKCS#8 key of a kind that nobody knows."""
    identifier = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x7f"
    body = b"\x02\x01\x00" + b"\x30" + bytes([len(identifier)]) + identifier + b"\x04\x02\x04\x00"
    text = base64.b64encode(b"\x30" + bytes([len(body)]) + body).decode()
    return f"-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", UNREADABLE)
def test_unreadable_private_keys(kind: str) -> None:
    text = UNREADABLE[kind]()
    with pytest.raises(InvalidRequest, match="private_key must be a private key") as caught:
        keypair.public_key_of(text)
    assert caught.value.hint
    assert not text or text not in str(caught.value)


GOOD = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINVAd3e0ZNiBMN6sLKsbA8TiMFZ2TsDC0nKUJ3zGgGSM"


def test_bare_and_fingerprint() -> None:
    assert keypair.strip_comment(f"  {GOOD}   deploy key of web01 \n") == GOOD
    assert keypair.fingerprint(GOOD) == keypair.fingerprint(GOOD + " x")
    assert keypair.fingerprint(GOOD).startswith("SHA256:")
    assert not keypair.fingerprint(GOOD).endswith("=")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "ssh-ed25519",
        "ssh-ed25519 !!!!",
        "ssh-ed25519 é",
        "\udcff AAAA",
        GOOD.replace("ssh-ed25519", "ssh-rsa"),
        GOOD.replace("ssh-ed25519", "ssh-ed2551"),
        GOOD[:-1],
        'command="x" ' + GOOD,
        "ssh-ed25519 AAAA",
        "-----BEGIN PUBLIC KEY-----",
    ],
)
def test_what_is_no_public_key(line: str) -> None:
    with pytest.raises(InvalidRequest, match="public_key must"):
        keypair.strip_comment(line)


def test_library_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keypair, "HAS_CRYPTOGRAPHY", False)
    for call in (keypair.generate, lambda: keypair.public_key_of("x")):
        with pytest.raises(ConfigError, match="library cryptography") as caught:
            call()
        assert "pip install cryptography" in str(caught.value)


def test_library_for_passphrases_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keypair, "HAS_BCRYPT", False)
    pair = keypair.generate()
    protected = pem(rsa.generate_private_key(public_exponent=65537, key_size=2048), passphrase=b"secret")
    assert keypair.public_key_of(protected, "secret").startswith("ssh-rsa ")
    for call in (lambda: keypair.generate(passphrase="x"), lambda: keypair.public_key_of(pair.private_key, "x")):
        with pytest.raises(ConfigError, match="with a passphrase need the Python library bcrypt"):
            call()


@pytest.mark.parametrize("head", ["", "-----BEGIN OPENSSH PRIVATE KEY-----\n", "-----BEGIN RSA PRIVATE KEY-----\n"])
def test_a_key_that_its_passphrase_does_not_open_is_told_so(head: str) -> None:
    """As ciphertext is not, which a client without decryption_key gets for both."""
    for text in (f"{head}QUJDRA==\n", keypair.generate(passphrase="right-one").private_key):
        with pytest.raises(InvalidRequest, match="cannot be read with its passphrase") as caught:
            keypair.decrypted(text, "wrong-Passphrase")
        assert "decryption_key" in caught.value.hint
        assert "wrong-Passphrase" not in str(caught.value)
