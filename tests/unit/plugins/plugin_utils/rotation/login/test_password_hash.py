# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hashes by the system's crypt library, against known answers."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    ConfigError,
    InvalidRequest,
    SenhaseguraError,
    Unsupported,
)
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.login import password_hash
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol.accounts import split_lock

# Known answers: of openssl passwd, of bcrypt's and of scrypt's own tests.
KNOWN = [
    (
        "Hello world!",
        "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
    ),
    ("Hello world!", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"),
    ("Hello world!", "$1$saltstri$YMyguxXMBpd2TEZ.vS/3q1"),
    ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    ("pleaseletmein", "$7$C6..../....SodiumChloride$kBGj9fHznVYFQMEn/qDCfrDevf9YDtcDdKvEqHJLV8D"),
]
SCHEMES = ("$y$", "$gy$", "$7$", "$2b$", "$2y$", "$6$", "$5$")
PASSWORD = "A right pass-word:é"


@pytest.mark.parametrize(("password", "hash_"), KNOWN)
def test_known_answers(password: str, hash_: str) -> None:
    try:
        right = password_hash.matches(password, hash_)
    except Unsupported:
        pytest.skip("this library does not have the scheme")
    assert right
    assert not password_hash.matches(password + "x", hash_)


@pytest.mark.parametrize("prefix", SCHEMES)
def test_a_new_hash_keeps_a_modern_scheme(prefix: str) -> None:
    try:
        first, second = (password_hash.hash_password(PASSWORD, prefix + "anything") for _number in range(2))
    except Unsupported as exc:
        pytest.skip(str(exc))
    assert first.startswith(prefix)
    assert first != second
    assert password_hash.matches(PASSWORD, first)
    for other in (PASSWORD + " ", PASSWORD[:-1], PASSWORD.lower(), ""):
        assert not password_hash.matches(other, first)
    assert ":" not in first
    assert first.isprintable()


@pytest.mark.parametrize(
    "like", ["$1$salt$hash", "abJnggxhB/yWI", "_J9..CCCC", "$3$$8846f7", "", "!", "*", "x", "$2a$12$x", "!!$1$x"]
)
def test_all_other_schemes_become_sha512(like: str) -> None:
    assert password_hash.hash_password(PASSWORD, like).startswith("$6$")


@pytest.mark.parametrize(
    ("like", "start"),
    [
        ("$6$rounds=10000$salt$hash", "$6$rounds=10000$"),
        ("$5$rounds=9999$salt$hash", "$5$rounds=9999$"),
        ("!$6$rounds=10000$salt$hash", "$6$rounds=10000$"),
        ("$2b$10$x", "$2b$10$"),
        ("$2b$04$x", "$2b$12$"),
        ("$2b$31$x", "$2b$12$"),
        ("$y$jBT$salt$hash", "$y$jBT$"),
        ("$y$j1T$salt$hash", "$y$j9T$"),
        ("$y$jzT$salt$hash", "$y$j9T$"),
    ],
)
def test_costs_are_kept_if_they_are_sensible(like: str, start: str) -> None:
    try:
        made = password_hash.hash_password(PASSWORD, like)
    except Unsupported as exc:
        pytest.skip(str(exc))
    assert made.startswith(start)
    assert password_hash.matches(PASSWORD, made)


@pytest.mark.parametrize("like", ["$6$rounds=999999999$salt$hash", "$6$rounds=1$salt$hash", "$6$rounds=x$"])
def test_absurd_rounds_are_not_kept(like: str) -> None:
    assert re.match(r"\$6\$[./0-9A-Za-z]{8,16}\$", password_hash.hash_password(PASSWORD, like))


@pytest.mark.parametrize(
    ("hash_", "expected"),
    [
        ("$6$a$b", ("", "$6$a$b")),
        ("!$6$a$b", ("!", "$6$a$b")),
        ("!!$6$a$b", ("!!", "$6$a$b")),
        ("*LK*$6$a$b", ("*LK*", "$6$a$b")),
        ("!*", ("!*", "")),
        ("!", ("!", "")),
        ("*", ("*", "")),
        ("", ("", "")),
        ("*abJnggxhB/yWI", ("*", "abJnggxhB/yWI")),
        ("$6$a!b$c*", ("", "$6$a!b$c*")),
    ],
)
def test_split_lock(hash_: str, expected: tuple[str, str]) -> None:
    assert split_lock(hash_) == expected
    assert "".join(split_lock(hash_)) == hash_


@pytest.mark.parametrize(
    ("hash_", "name", "limit"),
    [
        ("$y$j9T$x$y", "yescrypt", None),
        ("$gy$j9T$x$y", "gost-yescrypt", None),
        ("$7$x", "scrypt", None),
        ("!$2b$05$x", "bcrypt", 72),
        ("$2y$05$x", "bcrypt", 72),
        ("$6$a$b", "sha512crypt", None),
        ("$5$a$b", "sha256crypt", None),
        ("$1$a$b", "md5crypt", None),
        ("abJnggxhB/yWI", "descrypt", 8),
        ("", "", None),
        ("!", "", None),
        ("x", "unknown", None),
    ],
)
def test_scheme_and_limit(hash_: str, name: str, limit: int | None) -> None:
    assert (password_hash.scheme_name(hash_), password_hash.max_bytes(hash_)) == (name, limit)


@pytest.mark.parametrize(
    "hash_", ["", "!", "*", "*0", "*1", "!!", "!" + KNOWN[0][1], "*" + KNOWN[0][1], "*LK*" + KNOWN[0][1]]
)
def test_nothing_matches_a_lock(hash_: str) -> None:
    for password in ("", "*", "!", "Hello world!"):
        assert not password_hash.matches(password, hash_)


def test_a_hash_with_other_things_behind_it_does_not_match() -> None:
    password, hash_ = KNOWN[0]
    for odd in (hash_ + ":1", hash_ + "\n", hash_ + " ", hash_ + "a", hash_[:-1], hash_ + "é"):
        assert not password_hash.matches(password, odd)


@pytest.mark.parametrize("hash_", ["$99$salt$hash", "x", "$6", "$y$"])
def test_an_unknown_scheme_is_an_error(hash_: str) -> None:
    with pytest.raises(Unsupported) as caught:
        password_hash.matches(PASSWORD, hash_)
    assert PASSWORD not in str(caught.value)
    assert "libxcrypt 4.4" in caught.value.hint


@pytest.mark.parametrize("password", ["a\nb", "a\rb", "a\0b", "\ud800", "x" * 512], ids=ascii)
def test_passwords_that_linux_does_not_take(password: str) -> None:
    for call in (password_hash.matches, password_hash.hash_password):
        with pytest.raises(InvalidRequest):
            call(password, KNOWN[0][1])


def test_bcrypt_does_not_cut_silently() -> None:
    with pytest.raises(InvalidRequest) as caught:
        password_hash.hash_password("x" * 73, "$2b$12$x")
    assert "72 bytes" in str(caught.value)
    assert password_hash.matches("x" * 511, password_hash.hash_password("x" * 511, "$6$"))


class Lacking:
    """A library as old glibc has it: no yescrypt, no salts, and nothing as the answer to what it does not know."""

    def __init__(self) -> None:
        real = password_hash._library()

        def crypt_r(data: bytes, setting: bytes, workspace: Any) -> bytes | None:
            return real.crypt_r(data, setting, workspace) if setting[:3] in (b"$5$", b"$6$", b"$1$") else None

        self.crypt_r = crypt_r


def test_an_old_library(monkeypatch: pytest.MonkeyPatch) -> None:
    old = Lacking()
    monkeypatch.setattr(password_hash, "_library", lambda: old)
    for prefix, name in (("$y$j9T$x$y", "yescrypt"), ("$2b$10$x", "bcrypt"), ("$7$x", "scrypt")):
        with pytest.raises(Unsupported) as caught:
            password_hash.hash_password(PASSWORD, prefix)
        assert f"scheme {name}" in str(caught.value)
    for like in ("$6$a$b", "$5$a$b", "$1$a$b", "$6$rounds=10000$a$b"):
        made = password_hash.hash_password(PASSWORD, like)
        assert password_hash.matches(PASSWORD, made)
        assert re.match(r"\$[56]\$(rounds=10000\$)?[./0-9A-Za-z]{16}\$", made)


def test_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    password_hash._library.cache_clear()
    monkeypatch.setattr(password_hash, "_LIBRARIES", ("libnothing.so.1", "libnothing.so.2"))
    try:
        with pytest.raises(ConfigError) as caught:
            password_hash.matches(PASSWORD, KNOWN[0][1])
        assert "libnothing.so.1" in str(caught.value)
        assert isinstance(caught.value, SenhaseguraError)
    finally:
        password_hash._library.cache_clear()


def test_threads() -> None:
    wrong: list[int] = []

    def work(number: int) -> None:
        made = password_hash.hash_password(f"password {number}", "$5$")
        if not password_hash.matches(f"password {number}", made) or password_hash.matches("password", made):
            wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# What a hash may cost (A11). Costs are read as crypt(5) has them; those of yescrypt and scrypt here are libxcrypt's.

TOO_MUCH = [
    ("$6$rounds=999999999$a$b", "rounds 999999999, at most 5000000"),
    ("$6$rounds=5000001$a$b", "rounds 5000001"),
    ("$5$rounds=99999999999999999999$a$b", "rounds"),
    ("$5$rounds=+5000$a$b", "rounds"),
    ("$2b$16$" + "b" * 53, "cost 16, at most 15"),
    ("$2y$31$" + "b" * 53, "cost 31"),
    ("$2a$x1$" + "b" * 53, "cost"),
    ("$md5,rounds=4294963199$salt$$x", "rounds 4294963199"),
    ("$md5$rounds=900000$salt$$x", "rounds 900000"),
    ("$sha1$4294967295$salt$x", "rounds 4294967295"),
    ("_zzzzsaltxxxxxxxxxxx", "rounds 16777215"),
    ("$7$FU..../....salt$x", "512 MiB, at most 128 MiB"),
    ("$7$zU..../....salt$x", "N=2^63"),
    ("$7$CU....zzzzzsalt$x", "times"),
    ("$7$/zzzzz/....salt$x", "N=2^1, r="),
    ("$y$jDT$salt$x", "256 MiB, at most 128 MiB"),
    ("$y$jFT$salt$x", "1024 MiB"),
    ("$gy$jFT$salt$x", "1024 MiB"),
    # The parameters p and t: how often the memory is gone through.
    ("$y$jCT.zzzzzz$salt$x", "times"),
    ("$y$jCT/zzzzzz$salt$x", "times"),
    ("$y$jzzzzzzzzzzzz$salt$x", "parameters"),
]


def never(*_arguments: Any) -> str:
    raise AssertionError("the library was asked to compute it")


@pytest.mark.parametrize(("hash_", "says"), TOO_MUCH)
def test_a_hash_that_costs_too_much_is_refused_before_anything_is_computed(
    hash_: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(password_hash, "_crypt", never)
    with pytest.raises(Unsupported) as caught:
        password_hash.matches(PASSWORD, hash_)
    told = password_hash.problem(hash_)
    assert told
    if says != "parameters":
        assert says in str(caught.value)
        assert f"({password_hash.scheme_name(hash_)}) that costs too much to compare" in told[0]
        assert says in told[0]


@pytest.mark.parametrize(
    "hash_",
    [
        "$6$salt$x",
        "$6$rounds=5000000$salt$x",
        "$2b$15$" + "b" * 53,
        "$1$salt$x",
        "_J9..CCCCxxxxxxxxxxx",
        "$7$CU..../....salt$x",
        "$7$DU..../....salt$x",
        *(f"$y${costs}$salt$x" for costs in ("j75", "j85", "j9T", "jCT")),
    ],
)
def test_usual_costs_are_no_problem(hash_: str) -> None:
    assert password_hash.problem(hash_) is None


@pytest.mark.parametrize("prefix", ["$y$", "$gy$", "$7$", "$2b$", "$6$"])
def test_a_new_hash_can_be_compared(prefix: str) -> None:
    """Whatever the old one costs, this is not refused by the next run."""
    for like in (prefix, f"{prefix}jFT$", f"{prefix}31$", f"{prefix}rounds=999999999$x$"):
        assert password_hash.problem(password_hash.hash_password(PASSWORD, like)) is None
