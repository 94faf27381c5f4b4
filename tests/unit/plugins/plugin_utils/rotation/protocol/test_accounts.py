# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which accounts and hosts are accepted, which are refused, and with which words; nothing is changed before that."""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

import pytest
from faults.code import Code
from faults.world import USER as SCENE_USER
from faults.world import Scene

from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.login import password_hash
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol import accounts
from ansible_collections.community.senhasegura.tests.unit.plugins.plugin_utils.rotation.hosts_made import (
    LAYOUTS,
    NEW,
    OLD,
    TODAY,
    USER,
    Made,
    ask,
    did,
)

CODE = Code()
YESCRYPT = "$y$j9T$" + "s" * 22 + "$" + "h" * 43
BCRYPT = "$2b$12$" + "b" * 53


def problem(host: Made, *accept: str, ages: tuple[str, ...] = ()) -> tuple[str, str] | None:
    """What is told, after a look that has changed nothing and started no program that could."""
    before = {path: path.read_bytes() for path in host.folder.rglob("*") if path.is_file()}
    account = did(host, "look")["account"]
    assert {path: path.read_bytes() for path in host.folder.rglob("*") if path.is_file()} == before
    assert all("--help" in ran or ran.startswith(("getent", "faillock")) for ran in host.ran)
    return accounts.problem(account, accept, ages, password_hash.problem)


# What is accepted


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layouts_of_distributions(tmp_path: Path, layout: str) -> None:
    host = LAYOUTS[layout](tmp_path)
    assert problem(host) is None
    old = host.fields()[1]
    assert did(host, "lock")["mine"]
    did(host, "set", old=old, new=NEW)
    did(host, "finish", chage={})
    assert host.fields()[1:3] == [NEW, str(TODAY)]
    assert host.fields("root")[1] == "*"
    assert [ran for ran in host.ran if "--help" not in ran and "faillock" not in ran] == [f"chpasswd -e {USER}:{NEW}"]
    assert did(host, "look")["account"]["failures"] == (0 if "faillock" in host.help else None)


@pytest.mark.parametrize(
    ("hash_", "day", "expires", "accept"),
    [
        (OLD, TODAY, "", ()),
        ("$6$rounds=100000$salt$x", TODAY, "", ()),
        (BCRYPT, TODAY, "", ()),
        (YESCRYPT, TODAY, "", ()),
        ("$1$salt$x", TODAY, "", ()),
        (OLD, "", "", ()),
        (OLD, TODAY, str(TODAY + 1), ()),
        (OLD, 0, "", ("must_change",)),
        (OLD, TODAY, str(TODAY), ("expired",)),
        ("!" + OLD, TODAY, "", ("locked",)),
        ("!!" + YESCRYPT, 0, "1", ("locked", "must_change", "expired")),
    ],
)
def test_accounts_that_are_accepted(
    tmp_path: Path, hash_: str, day: int | str, expires: str, accept: tuple[str, ...]
) -> None:
    host = Made(tmp_path, hash_=hash_, last_change=day)
    host.change(7, expires)
    assert problem(host, *accept, ages=("max_days",)) is None


# What is refused


def directory(host: Made) -> None:
    host.put("etc/passwd", "root:x:0:0::/root:/bin/sh\n+::::::\n")
    host.put("etc/nsswitch.conf", "# passwd: none\npasswd:  files sss # SSSD\nshadow: files\n")
    host.users_elsewhere = {USER}


def directory_of_suse(host: Made) -> None:
    host.put("etc/passwd", "root:x:0:0::/root:/bin/sh\n")
    host.put("usr/etc/nsswitch.conf", "passwd:\tcompat nis\n")
    host.users_elsewhere = {USER}


def unknown(host: Made) -> None:
    host.put("etc/passwd", "root:x:0:0::/root:/bin/sh\n")


def no_shadow(host: Made) -> None:
    host.put("etc/shadow", "root:*:1::::::\n")


def not_shadowed(host: Made) -> None:
    host.put("etc/passwd", f"{USER}:{OLD}:1000:1000::/home/{USER}:/bin/sh\n")


def no_chpasswd(host: Made) -> None:
    del host.help["chpasswd"]


def plain_chpasswd(host: Made) -> None:
    host.help["chpasswd"] = "Usage: chpasswd [-m] [--md5]\n\t-m\tUse MD5 encryption\n"


def disk(name: str, **values: int) -> t.Callable[[Made], None]:
    return lambda host: host.statvfs.update({name: values})


def flag(name: str, value: int) -> t.Callable[[Made], None]:
    return lambda host: host.flag.update({name: value})


def denied(name: str) -> t.Callable[[Made], None]:
    return lambda host: host.denied.add(name)


def shadow_read_only(host: Made) -> None:
    denied("shadow")(host)
    disk("shadow", f_flag=os.ST_RDONLY)(host)


def hashed(text: str) -> t.Callable[[Made], None]:
    return lambda host: host.change(1, text)


def no_chage(host: Made) -> None:
    del host.help["chage"]


REFUSED: dict[str, tuple[t.Callable[[Made], None], str]] = {
    "LDAP or SSSD": (directory, "is no local user of the host: it comes from a directory (nsswitch.conf: files sss)"),
    "NIS on SUSE": (directory_of_suse, "it comes from a directory (nsswitch.conf: compat nis)"),
    "nobody": (unknown, "is no local user of the host, nor one of a directory"),
    "no shadow": (no_shadow, "has no line in /etc/shadow"),
    "hash in passwd": (not_shadowed, "has a password in /etc/passwd, which counts instead"),
    "no chpasswd": (no_chpasswd, "the host has no chpasswd"),
    "chpasswd without -e": (plain_chpasswd, "chpasswd of the host does not take hashes (-e)"),
    "read-only /etc": (disk("etc", f_flag=os.ST_RDONLY), "/etc is on a file system that is mounted read-only"),
    "full /etc": (disk("etc", f_bavail=3), "/etc is full"),
    "no inodes": (disk("etc", f_favail=0), "/etc is full"),
    "chattr +i": (flag("shadow", 0x10), "/etc/shadow is immutable"),
    "chattr +i /etc": (flag("etc", 0x10), "/etc is immutable"),
    "chattr +a": (flag("shadow", 0x20), "/etc/shadow is append-only"),
    "SELinux": (denied("shadow"), "the host lets root not write to"),
    "SELinux, folder": (denied("etc"), "by SELinux or another security module"),
    "shadow mounted read-only": (
        shadow_read_only,
        "/etc/shadow is on a file system that is mounted read-only",
    ),
    "no password": (hashed("*"), "has no password at all"),
    "locked": (hashed(f"!{OLD}"), "is locked"),
    "expired": (lambda host: host.change(7, str(TODAY)), "has expired"),
    "must change": (lambda host: host.change(2, "0"), "must change the password at the next login"),
    "scheme": (hashed("$99$salt$x"), "has a password hash of no scheme that is known"),
    "sha512 cost": (
        hashed("$6$rounds=999999999$s$x"),
        "(sha512crypt) that costs too much to compare: rounds 999999999",
    ),
    "yescrypt cost": (hashed("$y$jFT$s$x"), "(yescrypt) that costs too much to compare: 1024 MiB, at most 128 MiB"),
    "bcrypt cost": (hashed("$2b$31$" + "b" * 53), "(bcrypt) that costs too much to compare: cost 31, at most 15"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_and_with_which_words(tmp_path: Path, name: str) -> None:
    host = Made(tmp_path)
    change, says = REFUSED[name]
    change(host)
    told = problem(host)
    assert told
    text, hint = told
    assert says in text.replace(str(tmp_path), "")
    assert hint
    for part in told:
        assert OLD not in part


@pytest.mark.parametrize(("day", "ages"), [(TODAY, ("max_days",)), (0, ())])
def test_ages_need_a_chage(tmp_path: Path, day: int, ages: tuple[str, ...]) -> None:
    host = LAYOUTS["alpine"](tmp_path)
    host.change(2, str(day))
    told = problem(host, "must_change", ages=ages)
    assert told
    assert "has ages that cannot be set: the host has no chage" in told[0]


def test_a_controller_without_yescrypt_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Glibc:
        """crypt of glibc: no crypt_gensalt, and of the schemes only those with these prefixes."""

        @staticmethod
        def crypt_r(_data: bytes, setting: bytes, _workspace: t.Any) -> bytes | None:
            return setting + b"x" if setting.startswith((b"$1$", b"$5$", b"$6$")) else None

    monkeypatch.setattr(password_hash, "_library", Glibc)
    password_hash._knows.cache_clear()
    try:
        for hash_ in (YESCRYPT, BCRYPT):
            told = problem(Made(tmp_path, hash_=hash_))
            assert told
            assert (
                f"({password_hash.scheme_name(hash_)}) that the crypt library of this controller does not know"
                in told[0]
            )
        assert problem(Made(tmp_path)) is None
    finally:
        password_hash._knows.cache_clear()


# Promise 84: read-only and full /etc, a denial by SELinux: it stops clean, and main is unchanged


def stopped(scene: Scene, **job: t.Any) -> tuple[str, list[str], dict[str, t.Any], list[str]]:
    before = scene.host.lines
    main = dict(scene.vault.records[scene.main])
    result, world = scene.run(**job)
    assert scene.vault.records[scene.main]["password"] == main["password"] == "first"
    assert scene.host.lines == before
    assert scene.host.accepts("first")
    assert scene.leftovers() in ([], ["machine.json"])
    assert scene.lock_holder() is None
    return result, world.trace, main, scene.log


@pytest.mark.parametrize("name", [name for name in REFUSED if "/etc" in name or "SELinux" in name or "chattr" in name])
def test_a_host_that_cannot_be_written_to_stops_a_run_before_anything_is_written(name: str) -> None:
    with Scene(CODE) as scene:
        as_made = Made(scene.host.folder / "made")
        REFUSED[name][0](as_made)
        for what in ("may_write", "flags", "disk"):
            setattr(scene.host.machine, what, getattr(as_made, what))
        result, trace, _main, log = stopped(scene)
        assert result == "refused"
        assert not [call for call in trace if call.startswith("write j") or call == "host set"]
        assert f"{SCENE_USER} cannot be changed" in log[0]


def test_a_denial_that_shows_only_when_the_file_is_written_stops_clean_as_well() -> None:
    with Scene(CODE) as scene:
        command = scene.host.machine.command

        def denies(arguments: list[str], *rest: t.Any, **more: t.Any) -> tuple[int, str]:
            if arguments == ["chpasswd", "-e"]:
                return 1, "chpasswd: cannot lock /etc/passwd; try again later."
            return t.cast("tuple[int, str]", command(arguments, *rest, **more))

        scene.host.machine.command = denies
        before = scene.host.lines
        result, _world = scene.run()
        assert result == "failed"
        assert scene.host.lines == before
        assert scene.vault.records[scene.main]["password"] == "first"
        scene.host.machine.command = command
        assert scene.run()[0] == "changed"


def test_a_user_name_that_is_a_path_is_refused(tmp_path: Path) -> None:
    assert ask(Made(tmp_path), "look", user="../etc")["error"] == "refused"
