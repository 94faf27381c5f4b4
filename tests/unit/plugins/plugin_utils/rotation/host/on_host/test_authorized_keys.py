# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of key rotation that edits authorized_keys on the managed host."""

from __future__ import annotations

import ast
import base64
import os
import pwd
import shutil
import signal
import stat
import struct
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

hypothesis = pytest.importorskip("hypothesis")
from hypothesis import strategies as st  # noqa: E402

from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.on_host import (  # noqa: E402
    authorized_keys,
    key_lines,
    safe_file,
    sshd_settings,
)
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.on_host.machine import HostError  # noqa: E402
from ansible_collections.community.senhasegura.tests.unit.plugins.plugin_utils.rotation.host.on_host import (  # noqa: E402
    authorized_keys_corpus as corpus,
)

SOURCE = Path(authorized_keys.__file__)
KEYGEN = shutil.which("ssh-keygen")
OLD = key_lines.public_key(corpus.OLD).blob
NEW = key_lines.public_key(corpus.NEW).blob
KINDS = {
    "ed25519": corpus.OLD,
    "rsa": corpus.RSA,
    "dss": corpus.DSS,
    "ecdsa 256": corpus.EC256,
    "ecdsa 384": corpus.EC384,
    "ecdsa 521": corpus.EC521,
    "sk ed25519": corpus.SK_ED25519,
    "sk ecdsa": corpus.SK_EC256,
    "certificate": corpus.CERTIFICATE,
}
RSA = corpus.unpack(corpus.RSA)
ED25519 = corpus.unpack(corpus.OLD)
# Spellings of a key that OpenSSH takes for the same key.
SAME = [
    (corpus.RSA, b"rsa-sha2-512 " + corpus.pack(*RSA)),
    (corpus.RSA, b"rsa-sha2-256 " + corpus.pack(*RSA)),
    (corpus.RSA, b"ssh-rsa " + corpus.pack(b"rsa-sha2-256", *RSA[1:])),
    (corpus.RSA, b"ssh-rsa " + corpus.pack(RSA[0], b"\0" + RSA[1], b"\0\0" + RSA[2])),
    (corpus.OLD, corpus.OLD[:30] + b"\v" + corpus.OLD[30:50] + b"\f" + corpus.OLD[50:]),
]
# Those that it takes for the same key in release 9.2 (Debian 12), and for none in 10.0 (Debian 13).
SAME_IN_OLD_RELEASES = [
    (corpus.RSA, b"ssh-rsa " + corpus.pack(b"RSA", *RSA[1:])),
    (corpus.OLD, b"ssh-ed25519 " + corpus.pack(b"ED25519", ED25519[1])),
    (corpus.OLD, corpus.OLD[:30] + b"\r" + corpus.OLD[30:50] + b"\v\f" + corpus.OLD[50:]),
]
# And what it does not take for a key.
NONE = [
    b"ssh-rsa " + corpus.pack(RSA[0], RSA[1], RSA[2].lstrip(b"\0")),
    b"ssh-rsa " + corpus.pack(*RSA[:2]),
    b"ssh-rsa " + corpus.pack(*RSA, b"x"),
    b"ssh-rsa " + corpus.pack(*ED25519),
    b"ssh-ed25519 " + corpus.pack(ED25519[0], ED25519[1][:-1]),
    b"ssh-ed25519 " + corpus.pack(*ED25519, b""),
    b"ssh-ed25519 " + base64.b64encode(base64.b64decode(corpus.OLD.split()[1])[:-1]),
    b"SSH-ED25519 " + corpus.pack(*ED25519),
    b"ed25519 " + corpus.pack(*ED25519),
    corpus.EC256.rstrip(b"="),
    corpus.EC256[:-2] + b"p=",
    corpus.EC256.replace(b"256 ", b"384 "),
    b"ecdsa-sha2-nistp256 " + corpus.pack(b"ecdsa-sha2-nistp256", b"nistp384", b"\4" + b"x" * 64),
    b"ecdsa-sha2-nistp256 " + corpus.pack(b"ecdsa-sha2-nistp256", b"nistp256", b"\2" + b"x" * 32),
    b"ssh-ed25519 " + base64.b64encode(b"\0\0\0\xff"),
    b"ssh-ed25519 " + base64.b64encode(b"\0\0"),
    b"ssh-ed25519 !",
    b"hello aGVsbG8=",
]


def fingerprints(content: bytes) -> list[str]:
    """Of the plain keys; of a certificate, ssh-keygen prints that of the key in it."""
    return [key for _line, kind, key in key_lines.blobs(content) if "-cert-" not in kind]


def openssh_release() -> tuple[int, ...]:
    """Of this machine, as (9, 2)."""
    text = subprocess.run(["ssh", "-V"], stderr=subprocess.PIPE, text=True, check=True).stderr
    return tuple(map(int, text.removeprefix("OpenSSH_").split("p")[0].split(".")))


def known_fingerprints(content: bytes) -> list[str]:
    """The same without the types that the OpenSSH of this machine does not have: from release 10 on it reads no DSA."""
    listed = subprocess.run(["ssh", "-Q", "key"], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    unknown = {"ssh-dss"}.difference(listed)
    return [key for _line, kind, key in key_lines.blobs(content) if "-cert-" not in kind and kind not in unknown]


def ssh_keygen(content: bytes, folder: Path) -> list[str]:
    """The fingerprints of the plain keys that OpenSSH sees in a file."""
    path = folder / "keys"
    path.write_bytes(content)
    command = [str(KEYGEN), "-l", "-f", str(path)]
    lines = subprocess.run(command, capture_output=True, check=False).stdout.split(b"\n")
    return [line.split()[1].decode() for line in lines if line and not line.endswith(b"-CERT)")]


# Lines


@pytest.mark.parametrize("kind", KINDS)
def test_each_type_is_read(kind: str) -> None:
    text = KINDS[kind]
    line = key_lines.parse(b'  from="a b" ' + text + b" me too \r\n")
    assert line is not None
    assert (line.options, line.type, line.comment) == (b'from="a b"', text.split()[0].decode(), b"me too")
    assert line.blob == base64.b64decode(text.split()[1])
    assert line.before + text + line.after == b'  from="a b" ' + text + b" me too "


def test_a_type_of_the_future_is_read() -> None:
    text = b"ssh-mldsa44-ed25519@openssh.com " + corpus.pack(b"ssh-mldsa44-ed25519@openssh.com", b"x" * 1344)
    line = key_lines.parse(b"no-pty " + text)
    assert line is not None
    assert line.type == "ssh-mldsa44-ed25519@openssh.com"
    assert key_lines.remove(text + b"\n" + corpus.ANNA, line.blob) == corpus.ANNA


@pytest.mark.parametrize(("plain", "other"), SAME + SAME_IN_OLD_RELEASES)
def test_a_key_in_another_spelling_is_the_same_key(plain: bytes, other: bytes, tmp_path: Path) -> None:
    content = other + b" me\n"
    assert key_lines.parse(content) is not None
    assert fingerprints(content) == fingerprints(plain)
    assert key_lines.remove(content, key_lines.public_key(plain).blob) == b""
    if KEYGEN:
        seen, same = ssh_keygen(content, tmp_path), fingerprints(plain)
        if (plain, other) in SAME or openssh_release() <= (9, 2):
            assert seen == same
        else:
            assert seen == [] or (seen == same and openssh_release() < (10, 0))


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_key_for_openssh_is_none_here(text: bytes, tmp_path: Path) -> None:
    assert key_lines.parse(text + b" me\n") is None
    assert key_lines.parse(b"no-pty " + text + b"\n") is None
    if KEYGEN:
        assert ssh_keygen(text + b"\n", tmp_path) == []


@pytest.mark.parametrize(
    ("line", "options"),
    [
        (rb'command="a b"', rb'command="a b"'),
        (rb'command="a\" b"', rb'command="a\" b"'),
        (rb'command="a\\" b"', rb'command="a\\" b"'),
        (rb'a="x"y"z w",b', rb'a="x"y"z w",b'),
        (rb"\"a", rb"\"a"),
    ],
)
def test_options_end_at_the_first_blank_outside_quotes(line: bytes, options: bytes) -> None:
    parsed = key_lines.parse(line + b" " + corpus.OLD)
    assert parsed is not None
    assert parsed.options == options


@pytest.mark.parametrize("text", [b"", b"x", b"no-pty " + corpus.OLD, corpus.OLD + b"\n" + corpus.NEW, corpus.OLD[:-4]])
def test_a_public_key_must_be_one(text: bytes) -> None:
    with pytest.raises(HostError) as caught:
        key_lines.public_key(text)
    assert caught.value.kind == "invalid"


def test_a_public_key_may_be_text_with_a_comment() -> None:
    assert key_lines.public_key(corpus.OLD.decode() + " jürgen@büro\n").blob == OLD


# The corpus


def test_the_corpus_is_large() -> None:
    assert len(corpus.FILES) + len(corpus.WITHOUT) >= 60


@pytest.mark.parametrize("name", corpus.FILES)
def test_new_key_in_and_old_key_out(name: str) -> None:
    template = corpus.FILES[name]
    before = corpus.build(template)
    both, alone = map(corpus.build, corpus.expected(template))
    added = key_lines.add(before, OLD, corpus.NEW)
    assert added == both
    assert key_lines.add(added, OLD, corpus.NEW) == added
    assert key_lines.remove(added, OLD) == alone
    assert key_lines.add(alone, OLD, corpus.NEW) == alone
    # And taken back, the file is what it was, except that a last line without an end has got one.
    again = key_lines.remove(added, NEW)
    assert again in (before, before + b"\n", before + b"\r\n")


@pytest.mark.parametrize("name", corpus.FILES)
def test_all_other_lines_are_the_same_bytes_in_the_same_order(name: str) -> None:
    before = corpus.build(corpus.FILES[name])
    after = key_lines.remove(key_lines.add(before, OLD, corpus.NEW), OLD)

    def others(content: bytes, blob: bytes) -> list[bytes]:
        parsed = ((line, key_lines.parse(line)) for line in content.split(b"\n"))
        return [line for line, key in parsed if line and (key is None or key.blob != blob)]

    assert others(after, NEW) == others(before, OLD)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "certificate"])
def test_old_keys_of_each_type(kind: str) -> None:
    old = KINDS[kind]
    blob = key_lines.public_key(old).blob
    for name in ("CRLF", "no final newline", "command with escaped quotes", "duplicate with other options", "comments"):
        template = corpus.FILES[name]
        both, alone = (corpus.build(part, old) for part in corpus.expected(template))
        added = key_lines.add(corpus.build(template, old), blob, corpus.NEW)
        assert added == both
        assert key_lines.remove(added, blob) == alone


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("certificate", "ed25519")])
def test_new_keys_of_each_type(kind: str) -> None:
    before = corpus.build(b'from="a" @OLD@ me\r\n@CERT@\r\n')
    added = key_lines.add(before, OLD, KINDS[kind] + b" another comment")
    assert added == corpus.build(b'from="a" @OLD@ me\r\nfrom="a" @NEW@ me\r\n@CERT@\r\n', new=KINDS[kind])


# Where ssh-keygen reads otherwise than sshd: private keys, and several blanks after options.
KEYGEN_DIFFERS = {"private key pasted", "several blanks after the options", "blanks at both ends of the options"}


@pytest.mark.skipif(not KEYGEN, reason="needs ssh-keygen")
@pytest.mark.parametrize("name", [name for name in (*corpus.FILES, *corpus.WITHOUT) if name not in KEYGEN_DIFFERS])
def test_openssh_sees_the_same_keys(name: str, tmp_path: Path) -> None:
    content = corpus.build({**corpus.FILES, **corpus.WITHOUT}[name])
    assert ssh_keygen(content, tmp_path) == known_fingerprints(content)
    content = key_lines.add(content, OLD, corpus.NEW, append=True)
    assert ssh_keygen(content, tmp_path) == known_fingerprints(content)
    content = key_lines.remove(content, OLD)
    seen = ssh_keygen(content, tmp_path)
    assert seen == known_fingerprints(content)
    assert key_lines.fingerprint(NEW) in seen
    assert key_lines.fingerprint(OLD) not in seen


@pytest.mark.parametrize("name", corpus.WITHOUT)
def test_without_the_old_key(name: str) -> None:
    before = corpus.build(corpus.WITHOUT[name])
    with pytest.raises(HostError, match="is not in the file") as caught:
        key_lines.add(before, OLD, corpus.NEW)
    assert caught.value.kind == "not_found"
    assert key_lines.remove(before, OLD) == before
    end = b"\r\n" if b"\r\n" in before else b"\n"
    gap = end if before and not before.endswith(b"\n") else b""
    after = before + gap + corpus.NEW + end
    assert key_lines.add(before, OLD, corpus.NEW, append=True) == after
    assert key_lines.add(after, OLD, corpus.NEW, append=True) == after


def test_the_comment_may_be_another_one() -> None:
    before = corpus.build(b"no-pty @OLD@ me\r\n@OLD@\r\n")
    after = corpus.build(b"no-pty @OLD@ me\r\nno-pty @NEW@ you\r\n@OLD@\r\n@NEW@ you\r\n")
    assert key_lines.add(before, OLD, corpus.NEW, comment=b"you") == after
    assert key_lines.add(corpus.OLD + b" me", OLD, corpus.NEW, comment=b"") == corpus.OLD + b" me\n" + corpus.NEW
    assert key_lines.add(b"", OLD, corpus.NEW, comment=b"you", append=True) == corpus.NEW + b" you\n"


@pytest.mark.parametrize("comment", [b"a\nb", b"a\rb", b"a\0b"])
def test_a_comment_cannot_bring_in_another_line(comment: bytes) -> None:
    with pytest.raises(HostError, match="comment"):
        key_lines.add(corpus.OLD, OLD, corpus.NEW, comment=comment)


def test_a_new_key_with_other_options_gets_those_of_the_old_one_too() -> None:
    before = corpus.build(b'@NEW@ me\ncommand="x" @OLD@ me\n')
    assert key_lines.add(before, OLD, corpus.NEW) == corpus.build(
        b'@NEW@ me\ncommand="x" @OLD@ me\ncommand="x" @NEW@ me\n'
    )


def test_fingerprints_are_found_with_their_lines() -> None:
    content = corpus.build(b"# x\n\n@OLD@ me\r\nno-pty @RSA@\n")
    found = [(number, kind) for number, kind, _key in key_lines.blobs(content)]
    assert found == [(3, "ssh-ed25519"), (4, "ssh-rsa")]


# Files that nobody thought of

_options = st.sampled_from([b"", b"no-pty ", b'command="a # b, \\"c\\" d" ', b"restrict,pty\t", b'  from="*" '])
_comment = st.binary(max_size=12).map(lambda raw: b" " + raw.translate(None, b"\n\0") if raw else b"")
_foreign = st.sampled_from([corpus.ANNA, corpus.RSA, corpus.CERTIFICATE, corpus.EC521])
_other = st.one_of(
    st.binary(max_size=40).map(lambda raw: raw.translate(None, b"\n")),
    st.tuples(_options, _foreign, _comment).map(b"".join),
    _comment.map(lambda comment: b"#" + corpus.OLD + comment),
)
_old = st.tuples(_options, st.just(corpus.OLD), _comment).map(b"".join)
_lines = st.lists(st.tuples(st.one_of(_other, _old), st.sampled_from([b"\n", b"\r\n"])), max_size=12)


@hypothesis.given(lines=_lines, final=st.booleans())
def test_any_file(lines: list[tuple[bytes, bytes]], final: bool) -> None:
    before = b"".join(line + end for line, end in lines)
    if not final and lines:
        before = before[: len(before) - len(lines[-1][1])]

    def split(content: bytes, blob: bytes) -> tuple[list[bytes], list[bytes]]:
        """The lines of all others, and the options of this one."""
        *ended, last = content.split(b"\n")
        rows = [*(row + b"\n" for row in ended), last]
        parsed = [(row, key_lines.parse(row)) for row in rows if row]
        return (
            [row for row, line in parsed if line is None or line.blob != blob],
            [line.options for _row, line in parsed if line is not None and line.blob == blob],
        )

    foreign, old = split(before, OLD)
    added = key_lines.add(before, OLD, corpus.NEW, append=True)
    assert key_lines.add(added, OLD, corpus.NEW) == added
    after = key_lines.remove(added, OLD)
    kept, new = split(after, NEW)
    assert split(after, OLD)[1] == []
    if old:
        assert kept == foreign
        assert new == list(dict.fromkeys(old))
    else:
        assert b"".join(kept).startswith(before)
        assert new == [b""]
        assert key_lines.remove(added, NEW) in (before, before + b"\n", before + b"\r\n")


@hypothesis.given(st.binary(max_size=300))
def test_no_bytes_break_the_parser(content: bytes) -> None:
    assert key_lines.remove(content, OLD) == content
    key_lines.blobs(content)
    key_lines.blobs(corpus.OLD + content)


# Where the files are

ME = sshd_settings.KeyOwner("me", 1000, 1000, "/home/me")
CONFIG = """port 22
pubkeyauthentication yes
usedns no
authorizedkeyscommand none
authorizedkeyscommanduser none
trustedusercakeys none
authorizedkeysfile .ssh/authorized_keys .ssh/authorized_keys2
"""


def config(**changes: str) -> str:
    rows = dict(row.split(" ", 1) for row in CONFIG.splitlines())
    return "".join(f"{name} {value}\n" for name, value in {**rows, **changes}.items())


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        (".ssh/authorized_keys", ["/home/me/.ssh/authorized_keys"]),
        (".ssh/a .ssh/b", ["/home/me/.ssh/a", "/home/me/.ssh/b"]),
        ("%h/.ssh/a .ssh/a", ["/home/me/.ssh/a"]),
        ("/etc/ssh/keys/%u /etc/ssh/id/%U/100%%", ["/etc/ssh/keys/me", "/etc/ssh/id/1000/100%"]),
        ("none /etc/ssh/keys/%u NONE", ["/etc/ssh/keys/me"]),
        ("%u/keys", ["/home/me/me/keys"]),
    ],
)
def test_the_paths(value: str, paths: list[str]) -> None:
    assert sshd_settings.locate(ME, config(authorizedkeysfile=value)) == (paths, [])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"authorizedkeysfile": "none"}, "AuthorizedKeysFile is none"),
        ({"authorizedkeysfile": "keys/*"}, "wildcards"),
        ({"authorizedkeysfile": "keys/%z"}, "%z"),
        ({"authorizedkeysfile": "keys/%"}, "%"),
        ({"authorizedkeyscommand": "/usr/bin/sss_ssh_authorizedkeys %u"}, "AuthorizedKeysCommand is /usr/bin/sss_ssh"),
        ({"pubkeyauthentication": "no"}, "PubkeyAuthentication is no"),
    ],
)
def test_what_cannot_be_served(changes: dict[str, str], words: str) -> None:
    with pytest.raises(HostError, match="the keys of me cannot be rotated") as caught:
        sshd_settings.locate(ME, config(**changes))
    assert caught.value.kind == "unsupported"
    assert words in str(caught.value)


def test_all_reasons_are_told_at_once() -> None:
    with pytest.raises(HostError, match="PubkeyAuthentication.*AuthorizedKeysCommand"):
        sshd_settings.locate(ME, config(pubkeyauthentication="no", authorizedkeyscommand="/x"))
    with pytest.raises(HostError, match="does not say"):
        sshd_settings.locate(ME, "")


def test_what_is_only_a_warning() -> None:
    assert (
        "TrustedUserCAKeys is /etc/ssh/ca"
        in sshd_settings.locate(ME, config(trustedusercakeys="/etc/ssh/ca")).warnings[0]
    )
    assert "UseDNS is yes" in sshd_settings.locate(ME, config(usedns="yes")).warnings[0]


def program(folder: Path, script: str) -> list[str]:
    path = folder / "sshd"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return [str(path)]


def test_sshd_is_asked_with_the_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    echo = program(tmp_path, 'echo "$@"')
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.7 5000 192.0.2.1 22")
    assert (
        sshd_settings.sshd_config("me", program=echo)
        == "-T -C user=me,host=192.0.2.7,addr=192.0.2.7,laddr=192.0.2.1,lport=22\n"
    )
    assert sshd_settings.sshd_config("me", "192.0.2.9", program=echo) == "-T -C user=me,host=192.0.2.9,addr=192.0.2.9\n"
    assert "host=a.example," in sshd_settings.sshd_config("me", host="a.example", program=[*echo, "-f", "x"])
    with pytest.raises(HostError, match="comma"):
        sshd_settings.sshd_config("me,addr=127.0.0.1", program=echo)


def test_the_connection_is_found_above_sudo(tmp_path: Path) -> None:
    script = f"import runpy; print(runpy.run_path({str(alone(tmp_path))!r})['connection']())"
    # The shell stands for the one that runs sudo: it has the variable, and waits.
    command = ["sh", "-c", 'env -u SSH_CONNECTION "$@"; exit $?', "sh", sys.executable, "-c", script]
    environment = {**os.environ, "SSH_CONNECTION": "192.0.2.7 5000 192.0.2.1 22"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert ast.literal_eval(done.stdout) == {"addr": "192.0.2.7", "laddr": "192.0.2.1", "lport": "22"}


def test_without_a_connection_the_address_must_be_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sshd_settings, "connection", dict)
    with pytest.raises(HostError, match="SSH_CONNECTION") as caught:
        sshd_settings.sshd_config("me", program=program(tmp_path, "exit 0"))
    assert caught.value.kind == "invalid"


def test_sshd_without_host_keys_is_asked_in_another_way(tmp_path: Path) -> None:
    fails = program(tmp_path, 'test "$1" = -G && echo fine || { echo no hostkeys >&2; exit 1; }')
    assert sshd_settings.sshd_config("me", "192.0.2.9", program=fails) == "fine\n"


def test_sshd_that_fails_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fails = program(tmp_path, 'echo "bad $1" >&2; exit 255')
    with pytest.raises(HostError, match="fails.*: bad -T$") as caught:
        sshd_settings.sshd_config("me", "192.0.2.9", program=fails)
    assert caught.value.kind == "unsupported"
    with pytest.raises(HostError, match="cannot be asked"):
        sshd_settings.sshd_config("me", "192.0.2.9", program=[str(tmp_path / "none")])
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(HostError, match="there is no sshd"):
        sshd_settings.sshd_config("me", "192.0.2.9")


def test_an_unknown_user() -> None:
    with pytest.raises(HostError, match="no user no-such-user") as caught:
        sshd_settings.account("no-such-user")
    assert caught.value.kind == "not_found"


# The file


@pytest.fixture
def me(tmp_path: Path) -> sshd_settings.KeyOwner:
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True, mode=0o700)
    home.chmod(0o755)
    (home / ".ssh").chmod(0o700)
    user = pwd.getpwuid(os.getuid())
    return sshd_settings.KeyOwner(user.pw_name, user.pw_uid, user.pw_gid, str(home))


@pytest.fixture
def path(me: sshd_settings.KeyOwner) -> Path:
    path = Path(me.home, ".ssh", "authorized_keys")
    path.write_bytes(b"old\n")
    path.chmod(0o600)
    return path


def to(new: bytes) -> t.Callable[[bytes], bytes]:
    return lambda old: new


def alone(folder: Path) -> Path:
    """The part as a file of its own."""
    (folder / "alone.py").write_text(corpus.program())
    return folder / "alone.py"


def names(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.parent.iterdir())


def test_a_file_is_replaced_with_its_mode_and_owner(path: Path, me: sshd_settings.KeyOwner) -> None:
    path.chmod(0o640)
    before = path.stat()
    assert safe_file.change(str(path), me, lambda old: old + b"new\n")
    after = path.stat()
    assert path.read_bytes() == b"old\nnew\n"
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert after.st_ino != before.st_ino
    assert names(path) == ["authorized_keys"]


def test_the_same_content_writes_nothing(path: Path, me: sshd_settings.KeyOwner) -> None:
    before = path.stat()
    assert not safe_file.change(str(path), me, lambda old: old)
    assert path.stat() == before


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
def test_owner_and_mode_stay(path: Path, me: sshd_settings.KeyOwner) -> None:
    for entry in (path, path.parent, path.parent.parent):
        os.chown(entry, 12345, 23456)
    path.chmod(0o444)
    assert safe_file.change(str(path), me._replace(uid=12345), to(b"new"))
    info = path.stat()
    assert (info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode)) == (12345, 23456, 0o444)


def test_a_file_is_made_only_if_asked(path: Path, me: sshd_settings.KeyOwner) -> None:
    path.unlink()
    assert safe_file.read(str(path), me) is None
    with pytest.raises(HostError, match="does not exist") as caught:
        safe_file.change(str(path), me, to(b"new"))
    assert caught.value.kind == "not_found"
    assert safe_file.change(str(path), me, to(b"new"), create=True)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.unlink()
    path.parent.rmdir()
    assert safe_file.read(str(path), me) is None
    with pytest.raises(HostError, match="does not exist"):
        safe_file.change(str(path), me, to(b"new"), create=True)


def attribute(path: Path, name: str, value: bytes) -> None:
    try:
        os.setxattr(path, name, value)
    except OSError as error:
        pytest.skip(f"no {name} here: {error}")


def test_extended_attributes_stay(path: Path, me: sshd_settings.KeyOwner) -> None:
    attribute(path, "user.note", b"\0\xff")
    assert safe_file.change(str(path), me, to(b"new"))
    assert os.getxattr(path, "user.note") == b"\0\xff"


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
def test_a_selinux_label_stays(path: Path, me: sshd_settings.KeyOwner) -> None:
    attribute(path, "security.selinux", b"unconfined_u:object_r:ssh_home_t:s0\0")
    assert safe_file.change(str(path), me, to(b"new"))
    assert os.getxattr(path, "security.selinux") == b"unconfined_u:object_r:ssh_home_t:s0\0"


def acl(*entries: tuple[int, int, int]) -> bytes:
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


NOBODY = 0xFFFFFFFF
READER = acl((1, 6, NOBODY), (2, 4, 65534), (4, 0, NOBODY), (16, 4, NOBODY), (32, 0, NOBODY))
WRITER = acl((1, 6, NOBODY), (2, 6, 65534), (4, 0, NOBODY), (16, 6, NOBODY), (32, 0, NOBODY))


def test_an_access_control_list_stays(path: Path, me: sshd_settings.KeyOwner) -> None:
    attribute(path, "system.posix_acl_access", READER)
    assert safe_file.change(str(path), me, to(b"new"))
    assert os.getxattr(path, "system.posix_acl_access") == READER


def test_an_access_control_list_that_lets_others_write_is_refused(path: Path, me: sshd_settings.KeyOwner) -> None:
    attribute(path, "system.posix_acl_access", WRITER)
    with pytest.raises(HostError, match="may write"):
        safe_file.change(str(path), me, to(b"new"))


def test_the_default_list_of_the_folder_gives_nobody_more(path: Path, me: sshd_settings.KeyOwner) -> None:
    attribute(path.parent, "system.posix_acl_default", READER)
    assert safe_file.change(str(path), me, to(b"new"))
    assert "system.posix_acl_access" not in os.listxattr(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def refused(path: Path | str, me: sshd_settings.KeyOwner, words: str) -> None:
    before = Path(path).stat() if Path(path).is_file() else None
    for act in (lambda: safe_file.change(str(path), me, to(b"new")), lambda: safe_file.read(str(path), me)):
        with pytest.raises(HostError, match=words) as caught:
            act()
        assert caught.value.kind == "unsafe"
        assert me.name in str(caught.value)
    if before:
        assert Path(path).stat() == before


def test_a_link_that_leads_out_is_refused(path: Path, me: sshd_settings.KeyOwner, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"old\n")
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    refused(path, me, "symbolic link that leads out of")
    path.unlink()
    path.parent.rmdir()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "authorized_keys").write_bytes(b"old\n")
    path.parent.symlink_to(tmp_path / "folder")
    refused(path, me, "symbolic link that leads out of")


def test_a_link_inside_the_home_folder_counts(path: Path, me: sshd_settings.KeyOwner) -> None:
    target = Path(me.home, "dotfiles")
    path.rename(target)
    path.symlink_to("../dotfiles")
    assert safe_file.change(str(path), me, to(b"new"))
    assert path.is_symlink()
    assert target.read_bytes() == b"new"


def test_a_home_folder_behind_a_link_is_fine(path: Path, me: sshd_settings.KeyOwner, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(me.home)
    linked = me._replace(home=str(tmp_path / "link"))
    assert safe_file.change(f"{linked.home}/.ssh/authorized_keys", linked, to(b"new"))
    assert path.read_bytes() == b"new"


def test_a_link_in_a_folder_of_the_system_must_stay_there(
    path: Path, me: sshd_settings.KeyOwner, tmp_path: Path
) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "me").symlink_to(path)
    refused(tmp_path / "etc" / "me", me, "leads out of")


def test_no_regular_file(path: Path, me: sshd_settings.KeyOwner) -> None:
    path.unlink()
    os.mkfifo(path)
    refused(path, me, "not a regular file")
    path.unlink()
    path.mkdir()
    refused(path, me, "not a regular file")


def test_a_second_name(path: Path, me: sshd_settings.KeyOwner) -> None:
    os.link(path, path.parent / "other")
    refused(path, me, "2 names")


@pytest.mark.parametrize("mode", [0o666, 0o602, 0o777])
def test_others_may_write_the_file(path: Path, me: sshd_settings.KeyOwner, mode: int) -> None:
    path.chmod(mode)
    refused(path, me, r"may write to the file .* \(mode 0\d+\); sshd refuses it too \(StrictModes\): .*chmod go-w")


@pytest.mark.parametrize("which", ["home", "ssh"])
def test_others_may_write_a_folder(path: Path, me: sshd_settings.KeyOwner, which: str) -> None:
    folder = Path(me.home) if which == "home" else path.parent
    folder.chmod(0o1777)
    refused(path, me, f"may write to the folder {folder} ")


def test_folders_above_the_home_folder_do_not_count(path: Path, me: sshd_settings.KeyOwner) -> None:
    Path(me.home).parent.chmod(0o777)
    assert safe_file.change(str(path), me, to(b"new"))


def test_outside_the_home_folder_all_folders_count(me: sshd_settings.KeyOwner, tmp_path: Path) -> None:
    folder = tmp_path / "etc" / "keys"
    folder.mkdir(parents=True)
    (folder / "me").write_bytes(b"old\n")
    folder.chmod(0o755)
    (tmp_path / "etc").chmod(0o777)
    # /tmp itself may be written to by anybody.
    refused(folder / "me", me, "may write to the folder")


def test_the_group_may_write_if_it_is_the_users_own(
    path: Path, me: sshd_settings.KeyOwner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def group(members: list[str]) -> None:
        entry = safe_file.grp.struct_group(("mine", "x", me.gid, members))
        monkeypatch.setattr(safe_file.grp, "getgrgid", lambda gid: entry)

    user = pwd.getpwuid(os.getuid())
    monkeypatch.setattr(safe_file.pwd, "getpwall", lambda: [user])
    path.chmod(0o660)
    os.chown(path, -1, me.gid)
    group([])
    assert safe_file.change(str(path), me, to(b"new"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    group([me.name])
    assert safe_file.change(str(path), me, to(b"newer"))
    group(["eve"])
    refused(path, me, "may write")
    group([])
    eve = pwd.struct_passwd(("eve", "x", 4321, me.gid, "", "/", "/bin/sh"))
    monkeypatch.setattr(safe_file.pwd, "getpwall", lambda: [user, eve])
    refused(path, me, "may write")


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
def test_somebody_elses_file(path: Path, me: sshd_settings.KeyOwner) -> None:
    os.chown(path, 12345, -1)
    refused(path, me, "belongs to user id 12345")


def test_a_huge_file(path: Path, me: sshd_settings.KeyOwner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safe_file, "LARGEST", 3)
    with pytest.raises(HostError, match="4 bytes") as caught:
        safe_file.change(str(path), me, to(b"new"))
    assert caught.value.kind == "unsafe"


def test_what_the_operating_system_says(
    path: Path, me: sshd_settings.KeyOwner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: t.Any, **options: t.Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises(HostError, match="cannot be read or written: Permission denied") as caught:
        safe_file.change(str(path), me, to(b"new"))
    assert caught.value.kind == "io"
    assert path.read_bytes() == b"old\n"
    assert names(path) == ["authorized_keys"]


# Somebody else writes meanwhile


def test_what_others_write_meanwhile_is_kept(path: Path, me: sshd_settings.KeyOwner) -> None:
    seen = []

    def edit(old: bytes) -> bytes:
        seen.append(old)
        if len(seen) == 1:
            with path.open("ab") as file:
                file.write(b"theirs\n")
        return old + b"ours\n"

    assert safe_file.change(str(path), me, edit)
    assert seen == [b"old\n", b"old\ntheirs\n"]
    assert path.read_bytes() == b"old\ntheirs\nours\n"
    assert names(path) == ["authorized_keys"]


def test_a_file_that_others_exchange_meanwhile_is_kept(path: Path, me: sshd_settings.KeyOwner) -> None:
    def edit(old: bytes) -> bytes:
        if old == b"old\n":
            other = path.parent / "other"
            other.write_bytes(b"OLD\n")
            other.chmod(0o600)
            other.rename(path)
        return old + b"ours\n"

    assert safe_file.change(str(path), me, edit)
    assert path.read_bytes() == b"OLD\nours\n"


def test_a_write_in_the_same_instant_is_seen(
    path: Path, me: sshd_settings.KeyOwner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if the clock of the file system had not moved on.
    info, fstat, lstat = path.stat(), os.fstat, os.lstat

    def frozen(now: os.stat_result) -> os.stat_result:
        return info if os.path.samestat(now, info) else now

    monkeypatch.setattr(os, "fstat", lambda *a: frozen(fstat(*a)))
    monkeypatch.setattr(os, "lstat", lambda *a, **k: frozen(lstat(*a, **k)))

    def edit(old: bytes) -> bytes:
        if old == b"old\n":
            path.write_bytes(b"0ld\n")
        return old + b"ours\n"

    assert safe_file.change(str(path), me, edit)
    assert path.read_bytes() == b"0ld\nours\n"


def test_a_file_that_appears_meanwhile_is_kept(path: Path, me: sshd_settings.KeyOwner) -> None:
    path.unlink()

    def edit(old: bytes) -> bytes:
        if not old:
            path.write_bytes(b"theirs\n")
            path.chmod(0o600)
        return old + b"ours\n"

    assert safe_file.change(str(path), me, edit, create=True)
    assert path.read_bytes() == b"theirs\nours\n"


def test_a_file_that_never_rests(path: Path, me: sshd_settings.KeyOwner) -> None:
    def edit(old: bytes) -> bytes:
        with path.open("ab") as file:
            file.write(b"x")
        return old + b"ours\n"

    with pytest.raises(HostError, match="keeps changing") as caught:
        safe_file.change(str(path), me, edit)
    assert caught.value.kind == "busy"
    assert names(path) == ["authorized_keys"]


# Killed


@pytest.mark.parametrize("call", ["write", "fchown", "fchmod", "fsync", "rename"])
def test_an_error_before_the_rename_leaves_the_old_file(
    path: Path, me: sshd_settings.KeyOwner, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def fail(*args: t.Any, **options: t.Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(KeyboardInterrupt):
            safe_file.change(str(path), me, to(b"new"))
    assert path.read_bytes() == b"old\n"
    assert names(path) == ["authorized_keys"]


@pytest.mark.parametrize("call", ["write", "fchown", "fchmod", "fsync", "rename"])
def test_a_run_that_is_killed_leaves_the_old_file_and_the_next_one_cleans_up(
    path: Path, me: sshd_settings.KeyOwner, call: str, tmp_path: Path
) -> None:
    script = (
        "import os, signal, sys\n"
        "names = {'__name__': 'sent'}\n"
        f"exec(compile(open({str(alone(tmp_path))!r}).read(), 'sent', 'exec'), names)\n"
        f"os.{call} = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"names['change']({str(path)!r}, names['KeyOwner'](*{tuple(me)!r}), lambda old: b'new')\n"
    )
    done = subprocess.run([sys.executable, "-"], input=script.encode(), check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old\n"
    left = [name for name in names(path) if name != "authorized_keys"]
    assert left == [f".senhasegura-{me.uid}-authorized_keys"]
    assert not stat.S_IMODE((path.parent / left[0]).stat().st_mode) & 0o177
    # Also if there is nothing to change.
    assert not safe_file.change(str(path), me, lambda old: old)
    assert names(path) == ["authorized_keys"]


def test_a_link_in_the_place_of_the_temporary_file_is_not_followed(
    path: Path, me: sshd_settings.KeyOwner, tmp_path: Path
) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"precious")
    temporary = path.parent / f".senhasegura-{me.uid}-authorized_keys"
    temporary.symlink_to(target)
    assert safe_file.change(str(path), me, to(b"new"))
    assert target.read_bytes() == b"precious"
    temporary.mkdir()
    with pytest.raises(HostError, match="in the way"):
        safe_file.change(str(path), me, to(b"newer"))


def test_permission_is_asked_last(path: Path, me: sshd_settings.KeyOwner) -> None:
    def permit() -> None:
        assert len(names(path)) == 2
        raise HostError("lost", "not yours")

    with pytest.raises(HostError, match="not yours"):
        safe_file.change(str(path), me, to(b"new"), permit=permit)
    assert path.read_bytes() == b"old\n"
    assert names(path) == ["authorized_keys"]


# Requests


class World:
    """A user with some files, and an sshd that knows where they are."""

    def __init__(self, me: sshd_settings.KeyOwner, folder: Path) -> None:
        self.me = me
        self.first = Path(me.home, ".ssh", "authorized_keys")
        self.second = Path(me.home, ".ssh", "authorized_keys2")
        self.folder = folder
        self.set()

    def set(self, **changes: str) -> None:
        (self.folder / "config").write_text(config(**changes))
        self.sshd = program(self.folder, f"cat {self.folder / 'config'}")

    def write(self, path: Path, template: bytes) -> None:
        path.write_bytes(corpus.build(template))
        path.chmod(0o600)

    def ask(self, do: str, owned: bool = True, **request: t.Any) -> dict[str, t.Any]:
        runs = []

        def own(run: str) -> bool:
            runs.append(run)
            return owned

        request = {"do": do, "user": self.me.name, "address": "192.0.2.7", "sshd": self.sshd, "run": "r1", **request}
        result = authorized_keys.perform(request, own)
        assert set(runs) == ({"r1"} if result.get("changed") else set())
        return result


@pytest.fixture
def world(me: sshd_settings.KeyOwner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(authorized_keys, "account", lambda user: me._replace(name=user))
    return World(me, tmp_path)


def fp(text: bytes) -> str:
    return key_lines.fingerprint(key_lines.public_key(text).blob)


def test_a_look_tells_files_and_keys(world: World) -> None:
    world.write(world.first, b"# x\n@OLD@ me\nno-pty @OLD@\n@RSA@\n")
    old, new = fp(corpus.OLD), fp(corpus.NEW)
    result = world.ask("look", keys=[old, corpus.NEW.decode()])
    info = {"mode": "0600", "uid": world.me.uid, "gid": world.first.stat().st_gid}
    assert result == {
        "user": world.me.name,
        "home": world.me.home,
        "files": [
            {"path": str(world.first), "exists": True, "lines": 4, "problem": None, **info},
            {"path": str(world.second), "exists": False, "lines": 0, "problem": None},
        ],
        "present": {
            old: [
                {"path": str(world.first), "line": 2, "type": "ssh-ed25519"},
                {"path": str(world.first), "line": 3, "type": "ssh-ed25519"},
            ],
            new: [],
        },
        "refused": [],
        "warnings": [],
    }


def test_look_tells_problems(world: World) -> None:
    world.write(world.first, b"@OLD@ me\n")
    world.first.chmod(0o606)
    problem = world.ask("look", keys=[fp(corpus.OLD)])["files"][0]["problem"]
    assert problem["kind"] == "unsafe"
    world.set(authorizedkeyscommand="/x")
    (reason,) = world.ask("look")["refused"]
    assert reason["kind"] == "unsupported"
    assert "AuthorizedKeysCommand" in reason["text"]


def test_a_rotation(world: World) -> None:
    world.write(world.first, b"@ANNA@\nno-pty @OLD@ me\n")
    world.write(world.second, b"@OLD@ two\r\n")
    result = world.ask("add", old=[fp(corpus.OLD)], new=f"{corpus.NEW.decode()} ignored")
    assert result == {"changed": True, "paths": [str(world.first), str(world.second)], "warnings": []}
    assert world.first.read_bytes() == corpus.build(b"@ANNA@\nno-pty @OLD@ me\nno-pty @NEW@ me\n")
    assert world.second.read_bytes() == corpus.build(b"@OLD@ two\r\n@NEW@ two\r\n")
    assert not world.ask("add", old=[fp(corpus.OLD)], new=corpus.NEW.decode())["changed"]
    result = world.ask("remove", old=[corpus.OLD.decode()], keep=fp(corpus.NEW))
    assert result == {"changed": True, "paths": [str(world.first), str(world.second)], "warnings": []}
    assert world.first.read_bytes() == corpus.build(b"@ANNA@\nno-pty @NEW@ me\n")
    assert world.second.read_bytes() == corpus.build(b"@NEW@ two\r\n")
    assert not world.ask("remove", old=[corpus.OLD.decode()], keep=fp(corpus.NEW))["changed"]
    assert not world.ask("add", old=[fp(corpus.OLD)], new=corpus.NEW.decode())["changed"]


def test_several_old_keys(world: World) -> None:
    world.write(world.first, b"@ANNA@ a\n@OLD@ me\nno-pty @BEN@ b\n")
    old = [fp(corpus.OLD), fp(corpus.BEN)]
    world.ask("add", old=old, new=corpus.NEW.decode(), comment="é")
    assert world.first.read_bytes() == corpus.build(
        "@ANNA@ a\n@OLD@ me\n@NEW@ é\nno-pty @BEN@ b\nno-pty @NEW@ é\n".encode()
    )
    world.ask("remove", old=old)
    assert world.first.read_bytes() == corpus.build("@ANNA@ a\n@NEW@ é\nno-pty @NEW@ é\n".encode())


def test_an_old_key_that_is_nowhere(world: World) -> None:
    world.write(world.first, b"@ANNA@ a")
    request = {"old": [fp(corpus.OLD)], "new": corpus.NEW.decode()}
    with pytest.raises(HostError, match="none of the keys SHA256:.* is in") as caught:
        world.ask("add", **request)
    assert caught.value.kind == "not_found"
    assert world.ask("add", append=True, **request)["paths"] == [str(world.first)]
    assert world.first.read_bytes() == corpus.build(b"@ANNA@ a\n@NEW@\n")
    assert not world.ask("add", append=True, **request)["changed"]


def test_a_first_key(world: World) -> None:
    world.ask("add", append=True, old=[], new=corpus.NEW.decode(), comment="me")
    assert world.first.read_bytes() == corpus.NEW + b" me\n"


def test_the_old_key_stays_without_the_new_one(world: World) -> None:
    world.write(world.first, b"@OLD@ me\n")
    for keep in (fp(corpus.NEW), fp(corpus.OLD)):
        with pytest.raises(HostError, match="the old key of .* stays"):
            world.ask("remove", old=[fp(corpus.OLD)], keep=keep)


@pytest.mark.parametrize("do", ["add", "remove"])
def test_nothing_is_changed_without_the_lock(world: World, do: str) -> None:
    world.write(world.first, b"@OLD@ me\n")
    with pytest.raises(HostError, match="run r1") as caught:
        world.ask(do, owned=False, old=[fp(corpus.OLD)], new=corpus.NEW.decode())
    assert caught.value.kind == "lost"
    assert world.first.read_bytes() == corpus.build(b"@OLD@ me\n")


def test_nothing_is_changed_if_one_file_is_unsafe(world: World) -> None:
    world.write(world.first, b"@OLD@ me\n")
    world.write(world.second, b"@OLD@ me\n")
    world.second.chmod(0o666)
    for do in ("add", "remove"):
        with pytest.raises(HostError, match="may write"):
            world.ask(do, old=[fp(corpus.OLD)], new=corpus.NEW.decode())
    assert world.first.read_bytes() == corpus.build(b"@OLD@ me\n")


@pytest.mark.parametrize(
    "request_",
    [{}, {"do": "dance"}, {"do": "look"}, {"do": "add", "user": "root", "new": "x"}, {"do": "remove", "user": "root"}],
)
def test_requests_without_sense(request_: dict[str, t.Any]) -> None:
    with pytest.raises(HostError) as caught:
        authorized_keys.perform(request_)
    assert caught.value.kind == "invalid"


# The file as it is sent


@pytest.mark.parametrize("path", sorted(SOURCE.parent.glob("*.py")), ids=lambda path: path.stem)
def test_the_oldest_python_of_hosts_understands_it(path: Path) -> None:
    ast.parse(path.read_text(), feature_version=(3, 6))


def test_it_runs_without_being_a_module() -> None:
    script = corpus.program() + f"\nprint(blobs({corpus.OLD!r}))"
    done = subprocess.run([sys.executable, "-I", "-"], input=script, capture_output=True, text=True, check=True)
    assert ast.literal_eval(done.stdout) == [(1, "ssh-ed25519", fp(corpus.OLD))]
