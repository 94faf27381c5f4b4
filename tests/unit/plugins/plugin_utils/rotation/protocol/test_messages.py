# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What runs say when they end: the table of the guides is what the code says, and each end names the record that logs in."""

from __future__ import annotations

import os
import re
import typing as t
from pathlib import Path

import pytest
from faults import matrix
from faults.code import Code
from faults.keys import HOSTS, STARTS, KeyScene
from faults.world import USER, Scene, cheap_hash

from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.login import password_hash
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol import accounts

CODE = Code()
GUIDES = Path(__file__).parents[6] / "docs" / "docsite" / "rst"
TODAY = 20_000
Stage = t.Callable[[t.Any], t.Any]


def _other_mark(scene: Scene) -> None:
    at = scene.run()[1].trace.index("host set") + 1
    scene.run({at: "killed after"})
    scene.rest()
    scene.vault.records[scene.main]["identifier"] = "gone"
    other = dict(scene.vault.records[scene.main], id="77", identifier="web01-app")
    scene.vault.records["77"] = other
    scene.main = "77"


def _other_machine(scene: Scene) -> None:
    scene.run()
    (scene.host.etc / "machine-id").write_text("another\n")


def _no_directory(scene: Scene) -> None:
    (scene.host.etc / "passwd").write_text("")


PASSWORDS: dict[str, tuple[Stage, dict[str, t.Any]]] = {
    "no local user": (_no_directory, {}),
    "no shadow": (lambda scene: scene.host.forget_user(), {}),
    "no chpasswd": (lambda scene: setattr(scene.host, "missing", "chpasswd"), {}),
    "no password": (lambda scene: scene.host.change(hash="*"), {}),
    "locked": (lambda scene: scene.host.change(hash="!" + cheap_hash("first")), {"accept": "locked"}),
    "expired": (lambda scene: scene.host.change(expire_day=str(TODAY)), {"accept": "expired"}),
    "must change": (lambda scene: scene.host.change(last_change="0"), {"accept": "must_change"}),
    "no login": (lambda scene: setattr(scene.host, "login_verdict", "not_offered"), {"verify_login": False}),
    "automatic change": (lambda scene: scene.vault.records[scene.main].update(automatic_change=True), {}),
    "read-only record": (lambda scene: setattr(scene.vault, "refuses", lambda name: name == "web01-app"), {}),
    "another machine": (_other_machine, {"accept": "other_host"}),
    "another user": (lambda scene: scene.run(user="root"), {}),
    "another record": (_other_mark, {}),
}


# What only some hosts have: their answer differs in this from that of an account which can be changed.
FINE: dict[str, t.Any] = {
    "local": True,
    "directory": None,
    "in_shadow": True,
    "shadowed": True,
    "chpasswd": "ok",
    "obstacle": None,
    "chage": True,
    "last_change": TODAY,
    "today": TODAY,
    "expire_day": None,
    "hash": "$6$salt$" + "x" * 86,
}
ACCOUNTS: dict[str, dict[str, t.Any]] = {
    "no user at all": {"local": False},
    "not shadowed": {"shadowed": False},
    "old chpasswd": {"chpasswd": "no -e"},
    **{
        kind: {"obstacle": {"kind": kind, "path": "/etc/shadow"}}
        for kind in ("read-only", "full", "immutable", "append-only", "denied")
    },
    "no chage": {"chage": False, "last_change": 0},
    "no scheme": {"hash": "$99$salt$x"},
    "too costly": {"hash": "$6$rounds=999999999$salt$" + "x" * 86},
}


def of_accounts() -> dict[str, str]:
    """What is said of them."""
    texts = {}
    for name, change in ACCOUNTS.items():
        problem = accounts.problem({**FINE, **change}, frozenset(), frozenset(), password_hash.problem)
        assert problem, name
        text, hint = problem
        texts[name] = re.sub("compare: .*", "compare: REASON", text)
        texts[name] = f"refused: web01: app {texts[name]}. Nothing was changed. {hint}"
    return texts


def _sshd(text: str) -> Stage:
    def stage(scene: KeyScene) -> None:
        scene.hosts["web01"].sshd = text

    return stage


def _mode(where: str, mode: int) -> Stage:
    def stage(scene: KeyScene) -> None:
        file = scene.hosts["web01"].file
        os.chmod({"file": file, "folder": file.parent}[where], mode)

    return stage


def _second_name(scene: KeyScene) -> None:
    file = scene.hosts["web01"].file
    os.link(file, file.parent / "copy")


KEYS: dict[str, tuple[Stage, dict[str, t.Any]]] = {
    "AuthorizedKeysCommand": (_sshd("authorizedkeysfile .ssh/authorized_keys\nauthorizedkeyscommand /bin/keys\n"), {}),
    "no file": (_sshd("authorizedkeysfile none\n"), {}),
    "no public keys": (_sshd("pubkeyauthentication no\nauthorizedkeysfile .ssh/authorized_keys\n"), {}),
    "others may write the file": (_mode("file", 0o666), {}),
    "others may write the folder": (_mode("folder", 0o777), {}),
    "two names": (_second_name, {}),
    "automatic change": (lambda scene: scene.vault.records[scene.main].update(automatic_change=True), {}),
    "another user": (lambda scene: scene.run(user="root"), {}),
}


def ended(scene: t.Any, **job: t.Any) -> t.Any:
    """The Outcome or Stopped of a run, and what the run knows."""
    world, run, protocol = scene.start(**job)
    try:
        end = CODE.driver.drive(protocol, world, run, CODE.driver.Interrupt(), sleep=scene.sleep)
    except CODE.effects.Stopped as stop:
        end = stop
    return end


def said(scene: t.Any, end: t.Any) -> str:
    """The message and the hint, without what differs from host to host."""
    text = f"{end.status}: {end.message}. {end.hint}".replace(str(getattr(scene, "_folder", "/nowhere")), "")
    text = re.sub(r"\b[0-9a-f]{12}\b", "TOKEN", text)
    text = re.sub("not_offered|the server does not take this", "REASON", text)
    text = text.replace("nsswitch.conf: unknown", "nsswitch.conf: REASON")
    return " ".join(text.replace("/web01/home", "/home/app").split())


def refusals(make: t.Callable[[], t.Any], cases: t.Mapping[str, tuple[Stage, dict[str, t.Any]]]) -> dict[str, str]:
    """What is said in each case. Nothing may have been changed."""
    texts = {}
    for name, (stage, _accepted) in cases.items():
        with make() as scene:
            scene.checking = False
            stage(scene)
            before = {host.name: host.tree() for host in scene.hosts.values()}
            end = ended(scene)
            texts[name] = said(scene, end)
            assert end.status in ("refused", "pending"), (name, texts[name])
            for host in scene.hosts.values():
                changed = {path for path, content in host.tree().items() if before[host.name].get(path) != content}
                assert not [path for path in changed if "shadow" in path or "authorized_keys" in path], name
    return texts


def in_the_guide(name: str) -> list[str]:
    """The messages in the table of a guide."""
    text = (GUIDES / name).read_text()
    part = text.split("What is accepted and what is refused\n=", 1)[1].split("\n==", 1)[0]
    return [" ".join(found.split()) for found in re.findall(r"``((?:refused|pending): .*?)``", part, re.DOTALL)]


@pytest.mark.parametrize(
    ("make", "cases", "guide"),
    [
        pytest.param(lambda: Scene(CODE), PASSWORDS, "linux_password_change.rst", id="passwords"),
        pytest.param(lambda: KeyScene(CODE), KEYS, "linux_ssh_key_rotation.rst", id="keys"),
    ],
)
def test_the_table_of_the_guide_is_what_the_code_says(make: t.Any, cases: t.Any, guide: str) -> None:
    said_so = [*refusals(make, cases).values(), *(of_accounts().values() if cases is PASSWORDS else ())]
    assert sorted(in_the_guide(guide)) == sorted(said_so)


@pytest.mark.parametrize("name", [name for name, (_stage, more) in PASSWORDS.items() if more])
def test_what_can_be_accepted_is_changed_then(name: str) -> None:
    stage, more = PASSWORDS[name]
    job = {**more, **({"accept": frozenset({more["accept"]})} if "accept" in more else {})}
    with Scene(CODE) as scene:
        scene.checking = False
        stage(scene)
        assert ended(scene, **job).status == "changed"


# Promise 89: who is called at night is told what logs in, or that nobody knows


def _check_end(scene: t.Any, end: t.Any, hosts: t.Iterable[str], secrets: t.Iterable[str], story: object) -> None:
    text = f"{end.login} {end.message} {getattr(end, 'hint', '')}"
    for host in hosts:
        line = next(part for part in end.login.split(". ") if re.search(rf"\b{host}\b", part.split(":")[0]))
        told = re.search(rf"{USER} logs in with (.+) \((.+)\)", line)
        assert told or "was not compared" in line, (story, line)
        if told:
            assert told[2] in ("not proved", "proved by its hash in this run", "proved by a login in this run"), story
            refs = {scene.vault.name(ref): ref for ref in scene.vault.records}
            assert any(scene.logs_in(host, refs[label]) for label in told[1].split(" or ")), (story, line)
    # "first" is a word as well, and what a fault has left may be nothing.
    for secret in secrets:
        assert not secret.startswith("secret") or secret not in text, story


@pytest.mark.no_cover
@pytest.mark.parametrize("start", ["first", "second"])
def test_each_end_names_the_record_that_logs_in(start: str) -> None:
    seen = set()
    for (faults,) in matrix.singles(CODE, start):
        if "killed before" in faults.values() or "killed after" in faults.values():
            continue
        with Scene(CODE) as scene:
            matrix.STARTS[start](scene)
            end = ended(scene, faults=faults)
            seen.add(end.status)
            _check_end(scene, end, ["web01"], scene.vault.passwords(), faults)
    assert {"changed", "failed", "pending", "unreachable"} <= seen


@pytest.mark.no_cover
@pytest.mark.parametrize("start", ["key first", "key third, a host may go"])
def test_each_end_with_a_key_names_the_record_that_logs_in(start: str) -> None:
    seen = set()
    for (faults,) in matrix.singles(CODE, start):
        if "killed before" in faults.values() or "killed after" in faults.values():
            continue
        with KeyScene(CODE, **STARTS[start]) as scene:
            scene.prepare()
            end = ended(scene, faults=faults)
            seen.add(end.status)
            _check_end(scene, end, HOSTS, [], faults)
            text = f"{end.login} {end.message} {getattr(end, 'hint', '')}"
            assert "PRIVATE" not in text, faults
            assert "ssh-ed25519" not in text, faults
    assert {"changed", "failed", "pending"} <= seen


def test_a_run_that_reads_nothing_says_so() -> None:
    with Scene(CODE) as scene:
        scene.host.change(last_change=str(TODAY))
        end = ended(scene, max_age_days=30.0)
        assert (end.status, end.login) == ("unchanged", "web01: which record logs app in was not compared")
    with KeyScene(CODE, **STARTS["key first"]) as scene:
        end = ended(scene)
        assert end.login == f"{', '.join(HOSTS)}: app logs in with web-app (proved by a login in this run)"
