# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The part of key rotation that runs on the managed host, with the sshd and Python of real hosts."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hosts.group import Hosts
from hosts.host import Host
from hosts.image import why_unavailable
from long_rows import rows

from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.on_host import key_lines
from ansible_collections.community.senhasegura.tests.unit.plugins.plugin_utils.rotation.host.on_host import (
    authorized_keys_corpus as corpus,
)

pytestmark = pytest.mark.skipif(bool(why_unavailable()), reason=str(why_unavailable()))
SOURCE = corpus.program()
# Each file of the corpus is tried on one of them, always the same.
SUITES = ("bookworm", "trixie")
FILE = "/home/robot/.ssh/authorized_keys"
# All files of the corpus pass here, but each takes a second or two.
SAMPLE = (
    "no final newline",
    "CRLF without comments",
    "CR CR LF",
    "old Macintosh file, one line for sshd",
    "tab after the options",
    "several blanks after the options",
    "blanks at both ends of the options",
    "command with escaped quotes",
    "command with a quoted backslash before the quote",
    "command with bytes that are not UTF-8",
    "unterminated quote before the key",
    "long options",
    "duplicate with other options",
    "commented-out copy with leading blanks",
    "the key with padding too much",
    "form feed before the key",
    "NUL after the key",
    "NUL before a copy",
    "binary",
    "BOM before the key",
    "the key as certificate authority too",
    "certificate of the key",
    "very long comment",
    "1000 keys",
)


class Pair:
    """A key of this test run."""

    def __init__(self, path: Path, *options: str) -> None:
        subprocess.run(["ssh-keygen", "-q", "-N", "", "-C", "", "-f", str(path), *options], check=True)
        self.path = path
        self.public = path.with_suffix(".pub").read_bytes().strip()

    @property
    def fingerprint(self) -> str:
        return key_lines.fingerprint(key_lines.public_key(self.public).blob)


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return Pair(tmp_path_factory.mktemp("old") / "key", "-t", "ed25519")


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return Pair(tmp_path_factory.mktemp("new") / "key", "-t", "ed25519")


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    with Hosts(SUITES) as hosts:
        for host in hosts:
            host.add_user("robot", None, authorized_keys="# nothing")
        yield hosts


@pytest.fixture(params=rows(SUITES, "trixie"))
def host(hosts: Hosts, request: pytest.FixtureRequest) -> Iterator[Host]:
    host = hosts[SUITES.index(request.param)]
    yield host
    host.sshd("")
    host.run("rm -rf /etc/keys /home/robot/.ssh; install -d -m 700 -o robot -g robot /home/robot/.ssh")


def script(request: dict[str, Any]) -> str:
    """What the bootstrap sends, in short."""
    return f"""{SOURCE}
import json
try:
    answer = perform(json.loads({json.dumps(request)!r}), lambda run: run == "r1")
except HostError as error:
    answer = {{"error": error.kind, "text": str(error)}}
print(json.dumps(answer))
"""


def ask(host: Host, do: str, **request: Any) -> dict[str, Any]:
    peer = host.address.rpartition(".")[0] + ".1"
    request = {"do": do, "user": "robot", "address": peer, "run": "r1", **request}
    done = host.execute("python3", "-", input=script(request))
    assert done.returncode == 0, done.stdout
    return dict(json.loads(done.stdout))


def rotate(host: Host, old: Pair, new: Pair) -> None:
    """Old key beside new, then new alone."""
    assert ask(host, "add", old=[old.fingerprint], new=new.public.decode())["changed"]
    assert enters(host, old)
    assert enters(host, new)
    assert ask(host, "remove", old=[old.fingerprint], keep=new.fingerprint)["changed"]
    assert enters(host, new)
    assert not enters(host, old)


def put(host: Host, content: bytes, path: str = FILE) -> None:
    host.run(
        f"install -m 600 -o robot -g robot /dev/stdin {shlex.quote(path)}",
        input=content.decode("utf-8", "surrogateescape"),
    )


def get(host: Host, path: str = FILE) -> bytes:
    return bytes.fromhex(host.run(f'python3 -c \'print(open("{path}", "rb").read().hex())\''))


def enters(host: Host, key: Pair) -> bool:
    """Whether sshd lets the key in, whatever the program does that it starts then."""
    done = host.ssh("robot", "true", key=key.path)
    assert "Connection" not in done.stdout or "closed by" in done.stdout, done.stdout
    return "Permission denied" not in done.stdout


@pytest.mark.parametrize("name", SAMPLE)
def test_sshd_lets_in_who_it_should(hosts: Hosts, name: str, old: Pair, new: Pair) -> None:
    host = hosts[SAMPLE.index(name) % len(hosts)]
    template = corpus.FILES[name]
    put(host, corpus.build(template, old.public))
    both, alone = (corpus.build(part, old.public, new.public) for part in corpus.expected(template))
    assert enters(host, old)
    assert not enters(host, new)
    assert ask(host, "add", old=[old.fingerprint], new=new.public.decode())["changed"]
    assert get(host) == both
    assert enters(host, new)
    assert ask(host, "remove", old=[old.fingerprint], keep=new.fingerprint)["changed"]
    assert get(host) == alone
    assert enters(host, new)
    assert not enters(host, old)


@pytest.mark.parametrize("name", [name for name, template in corpus.WITHOUT.items() if b"@DEAD@" in template])
def test_sshd_does_not_let_in_a_key_that_is_not_found(hosts: Hosts, name: str, old: Pair) -> None:
    put(hosts[0], corpus.build(corpus.WITHOUT[name], old.public))
    assert not enters(hosts[0], old)


def test_an_rsa_key_in_any_spelling(host: Host, tmp_path: Path, new: Pair) -> None:
    old = Pair(tmp_path / "key", "-t", "rsa", "-b", "2048")
    fields = corpus.unpack(old.public)
    for spelling in (
        b"rsa-sha2-512 " + corpus.pack(*fields),
        b"ssh-rsa " + corpus.pack(b"RSA", *fields[1:]),
        b"ssh-rsa " + corpus.pack(fields[0], b"\0" + fields[1], b"\0" + fields[2]),
        old.public[:60] + b"\r" + old.public[60:],
    ):
        put(host, b"no-pty " + spelling + b" me\n")
        # OpenSSH 10 is stricter about names inside a blob.
        assert enters(host, old) or (host.suite == "trixie" and b"RSA" not in old.public)
        assert ask(host, "add", old=[old.fingerprint], new=new.public.decode())["changed"]
        assert ask(host, "remove", old=[old.fingerprint], keep=new.fingerprint)["changed"]
        assert enters(host, new)
        assert not enters(host, old)
        assert get(host) == b"no-pty " + new.public + b" me\n"


def test_the_options_of_the_old_key_are_in_force(host: Host, old: Pair, new: Pair) -> None:
    put(host, b'command="echo \\"only  this\\" # $SSH_ORIGINAL_COMMAND",no-pty ' + old.public + b" robot\r\n")
    ask(host, "add", old=[old.fingerprint], new=new.public.decode())
    for key in (old, new):
        assert host.ssh("robot", "id", key=key.path).stdout.strip() == "only  this"
    put(host, b'from="203.0.113.1" ' + old.public + b"\n")
    ask(host, "add", old=[old.fingerprint], new=new.public.decode())
    assert not enters(host, new)


def test_owner_mode_and_attributes_stay(host: Host, old: Pair, new: Pair) -> None:
    put(host, old.public + b"\n")
    host.run(f"chown robot:mail {FILE}; chmod 0640 {FILE}")
    ask(host, "add", old=[old.fingerprint], new=new.public.decode())
    assert host.run(f"stat -c '%U %G %a' {FILE}").strip() == "robot mail 640"
    assert host.run("ls -A /home/robot/.ssh").split() == ["authorized_keys"]


def test_match_blocks_and_several_files_count(host: Host, old: Pair, new: Pair) -> None:
    peer = host.address.rpartition(".")[0] + ".1"
    host.sshd(
        "AuthorizedKeysFile /etc/keys/wrong\n"
        f"Match User robot Address {peer}\n"
        "  AuthorizedKeysFile /etc/keys/%u %h/keys/%U .ssh/authorized_keys\n"
        "Match User root,admin\n"
        "  AuthorizedKeysFile .ssh/authorized_keys\n"
    )
    uid = host.run("id -u robot").strip()
    host.run("mkdir -p /etc/keys; install -d -o robot -g robot /home/robot/keys")
    put(host, b"# system\n" + old.public + b"\n", "/etc/keys/robot")
    host.run("chown root: /etc/keys/robot; chmod 644 /etc/keys/robot")
    put(host, b"no-pty " + old.public, f"/home/robot/keys/{uid}")
    paths = ["/etc/keys/robot", f"/home/robot/keys/{uid}", FILE]
    seen = ask(host, "look", keys=[old.fingerprint])
    assert [entry["path"] for entry in seen["files"]] == paths
    assert [place["path"] for place in seen["present"][old.fingerprint]] == paths[:2]
    rotate(host, old, new)
    assert get(host, paths[0]) == b"# system\n" + new.public + b"\n"
    assert get(host, paths[1]) == b"no-pty " + new.public
    # From elsewhere, sshd looks elsewhere.
    assert [entry["path"] for entry in ask(host, "look", address="203.0.113.1")["files"]] == ["/etc/keys/wrong"]


def test_the_address_is_that_of_the_connection(host: Host) -> None:
    peer = host.address.rpartition(".")[0] + ".1"
    host.sshd(f"Match Address {peer} LocalPort 22 User robot\n  AuthorizedKeysFile /etc/keys/%u\n")
    host.write("/tmp/sent.py", script({"do": "look", "user": "robot"}))
    for command in (
        "sudo python3 /tmp/sent.py",
        "sudo -i python3 /tmp/sent.py",
        "sudo sh -c 'python3 - </tmp/sent.py'",
    ):
        answer = json.loads(host.ssh("admin", command).stdout)
        assert answer["refused"] == []
        assert [entry["path"] for entry in answer["files"]] == ["/etc/keys/robot"]


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (
            "AuthorizedKeysCommand /usr/bin/true\n  AuthorizedKeysCommandUser nobody",
            "AuthorizedKeysCommand is /usr/bin/true",
        ),
        ("PubkeyAuthentication no", "PubkeyAuthentication is no"),
        ("AuthorizedKeysFile none", "AuthorizedKeysFile is none"),
    ],
)
def test_settings_that_cannot_be_served(host: Host, old: Pair, new: Pair, setting: str, words: str) -> None:
    put(host, old.public)
    host.sshd(f"Match User robot\n  {setting}\n")
    (reason,) = ask(host, "look")["refused"]
    assert words in reason["text"]
    assert ask(host, "add", old=[old.fingerprint], new=new.public.decode())["error"] == "unsupported"
    assert get(host) == old.public


def test_a_certificate_authority_is_a_warning(host: Host) -> None:
    host.sshd("Match User robot\n  TrustedUserCAKeys /etc/ssh/ca.pub\n")
    assert "TrustedUserCAKeys is /etc/ssh/ca.pub" in ask(host, "look")["warnings"][0]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (f"chmod 666 {FILE}", "may write"),
        ("chmod 777 /home/robot/.ssh", "may write"),
        (f"chown admin {FILE}", "belongs to"),
        # With a group of the user alone, Debian's sshd is content.
        (f"chmod 660 {FILE}", ""),
        (f"chgrp mail {FILE}; chmod 660 {FILE}", "may write"),
    ],
)
def test_strict_modes_are_judged_as_sshd_does(host: Host, old: Pair, new: Pair, spoil: str, words: str) -> None:
    put(host, old.public + b"\n")
    host.run(spoil)
    assert enters(host, old) == (not words)
    answer = ask(host, "add", old=[old.fingerprint], new=new.public.decode())
    if words:
        assert answer["error"] == "unsafe"
        assert words in answer["text"]
    else:
        assert answer["changed"]
        assert enters(host, new)


def test_without_space_the_old_file_stays(host: Host, old: Pair, new: Pair) -> None:
    put(host, old.public + b"\n")
    with host.full("/home/robot/.ssh"):
        answer = ask(host, "add", old=[old.fingerprint], new=new.public.decode())
        assert answer["error"] == "io"
        assert "No space left" in answer["text"]
        assert enters(host, old)
        assert ".senhasegura" not in host.run("ls -A /home/robot/.ssh")
    with host.readonly("/home/robot/.ssh"):
        answer = ask(host, "add", old=[old.fingerprint], new=new.public.decode())
        assert answer["error"] == "io"
        assert "Read-only" in answer["text"]
    assert get(host) == old.public + b"\n"
