# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files with manifests: their YAML, their modes, and that there is the old one or the new one."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from eso import corpus

from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError
from ansible_collections.community.senhasegura.plugins.plugin_utils import manifest_files
from ansible_collections.community.senhasegura.plugins.plugin_utils.manifest_files import file_name, to_yaml, write

OBJECTS = corpus.described(**corpus.DESCRIBED["template"])
SECRET, STORE, EXTERNAL = OBJECTS
NAMES = [
    "secret_default_senhasegura-auth.yml",
    "secretstore_default_senhasegura-dsm.yml",
    "externalsecret_default_db.yml",
]


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "new" / "manifests"


def test_each_object_has_a_file_that_means_the_same(folder: Path) -> None:
    changed, differences = write(str(folder), OBJECTS, check_mode=False)
    assert changed
    assert len(differences) == 3
    assert [yaml.safe_load((folder / name).read_text()) for name in NAMES] == OBJECTS
    assert modes(folder) == dict(zip(NAMES, [0o600, 0o644, 0o644], strict=True))


def test_a_second_run_changes_nothing(folder: Path) -> None:
    write(str(folder), OBJECTS, check_mode=False)
    before = {path.name: path.stat().st_ino for path in folder.iterdir()}
    assert write(str(folder), OBJECTS, check_mode=False) == (False, [])
    assert {path.name: path.stat().st_ino for path in folder.iterdir()} == before


def test_only_what_differs_is_written(folder: Path) -> None:
    write(str(folder), OBJECTS, check_mode=False)
    other = {**EXTERNAL, "spec": {**EXTERNAL["spec"], "refreshInterval": "30m"}}
    changed, (difference,) = write(str(folder), [SECRET, STORE, other], check_mode=False)
    assert changed
    assert difference["after_header"] == str(folder / NAMES[2])
    assert (difference["before"].count("30m"), difference["after"].count("30m")) == (0, 1)


def test_a_secret_that_others_can_read_is_written_again(folder: Path) -> None:
    write(str(folder), OBJECTS, check_mode=False)
    (folder / NAMES[0]).chmod(0o644)
    (folder / NAMES[1]).chmod(0o600)
    assert write(str(folder), OBJECTS, check_mode=False)[0]
    assert modes(folder) == dict(zip(NAMES, [0o600, 0o600, 0o644], strict=True))


def test_check_mode_writes_nothing(folder: Path) -> None:
    changed, differences = write(str(folder), OBJECTS, check_mode=True)
    assert (changed, len(differences), folder.exists()) == (True, 3, False)


def test_a_difference_holds_no_secret(folder: Path) -> None:
    write(str(folder), OBJECTS, check_mode=False)
    for name in NAMES[:2]:
        (folder / name).write_text((folder / name).read_text().replace("kind: S", "extra: 1\nkind: S"))
    shown = str(write(str(folder), OBJECTS, check_mode=False)[1])
    assert shown.count("(hidden)") == 4
    assert not [text for text in ("client-secret-1", "Y2xpZW50", "0123abcd") if text in shown]


@pytest.mark.parametrize("content", ["a: [", "password: hunter2", "- 1", "", "kind: Secret\ndata: {a: [hunter2]}"])
def test_a_file_that_is_not_ours_is_not_shown(folder: Path, content: str) -> None:
    folder.mkdir(parents=True)
    (folder / NAMES[0]).write_text(content)
    assert "hunter2" not in str(write(str(folder), [SECRET], check_mode=True))


@pytest.mark.parametrize("check_mode", [False, True])
def test_links_are_not_followed(folder: Path, check_mode: bool) -> None:
    folder.mkdir(parents=True)
    target = folder / "target"
    target.write_text("kept")
    (folder / NAMES[0]).symlink_to(target)
    with pytest.raises(ConfigError, match="the manifests cannot be written") as caught:
        write(str(folder), [SECRET], check_mode=check_mode)
    assert caught.value.context.option == "dest"
    assert target.read_text() == "kept"


def test_a_pipe_does_not_stop_the_task(folder: Path) -> None:
    folder.mkdir(parents=True)
    os.mkfifo(folder / NAMES[0])
    assert write(str(folder), [SECRET], check_mode=False)[0]
    assert (folder / NAMES[0]).is_file()


def test_a_failed_write_leaves_the_old_file_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(str(folder), OBJECTS, check_mode=False)
    before = (folder / NAMES[0]).read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(manifest_files.os, "fsync", full)
    other = {**SECRET, "data": {"clientSecret": "YQ=="}}
    with pytest.raises(ConfigError, match="No space left on device"):
        write(str(folder), [other], check_mode=False)
    assert sorted(modes(folder)) == sorted(NAMES)
    assert (folder / NAMES[0]).read_bytes() == before


def test_what_a_killed_run_has_left_of_a_secret_goes_with_the_next_write(folder: Path) -> None:
    write(str(folder), OBJECTS, check_mode=False)
    before = (folder / NAMES[0]).read_bytes()
    program = (
        "import os, signal, sys; from ansible_collections.community.senhasegura.plugins.plugin_utils import"
        " manifest_files as m; os.fsync = lambda _fd: os.kill(os.getpid(), signal.SIGKILL);"
        " m.write(sys.argv[1], [eval(sys.argv[2])], check_mode=False)"
    )
    other = {**SECRET, "data": {"clientSecret": "YQ=="}}
    python = [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}; {program}"]
    killed = subprocess.run([*python, str(folder), repr(other)], check=False)
    assert killed.returncode == -signal.SIGKILL
    (left,) = {*os.listdir(folder)} - {*NAMES}
    assert stat.S_IMODE((folder / left).stat().st_mode) == 0o600
    assert (folder / NAMES[0]).read_bytes() == before
    # Also where nothing is to be written any more.
    assert not write(str(folder), OBJECTS, check_mode=False)[0]
    assert sorted(modes(folder)) == sorted(NAMES)


def test_nobody_can_read_a_secret_before_it_is_in_place(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    fsync = os.fsync

    def look(descriptor: int) -> None:
        mode = os.fstat(descriptor).st_mode
        # Its folder is synced as well.
        if stat.S_ISREG(mode):
            seen.append(stat.S_IMODE(mode))
        fsync(descriptor)

    monkeypatch.setattr(manifest_files.os, "fsync", look)
    before = os.umask(0)
    try:
        write(str(folder), [SECRET], check_mode=False)
    finally:
        os.umask(before)
    assert seen == [0o600]


def test_names_of_files_differ_where_names_of_objects_do() -> None:
    def named(namespace: str, name: str) -> dict[str, Any]:
        return {"kind": "Role", "metadata": {"name": name, "namespace": namespace}}

    assert file_name(named("a-b", "c")) != file_name(named("a", "b-c"))
    assert file_name({"kind": "ClusterSecretStore", "metadata": {"name": "x"}}) == "clustersecretstore_x.yml"


@pytest.mark.parametrize(
    "text", ["1e3", "on", "Yes", "null", "~", "0777", "1_000", "12:30:45", "=", "<<", "0x1F", "-", "", "a: b", "NaN"]
)
def test_what_another_reader_takes_for_something_else_is_quoted(text: str) -> None:
    """Kubernetes reads YAML by other rules than PyYAML: C(1e3) is a number there."""
    written = to_yaml({"data": {text: text}})
    assert yaml.safe_load(written) == {"data": {text: text}}
    assert written.rstrip().endswith('"')


@pytest.mark.parametrize("text", ["a\nb", "a\tb", "\u2028", "é", "😀", "'", '"', "{{ x }}", "# no", " a "])
def test_any_text_is_read_back(text: str) -> None:
    assert yaml.safe_load(to_yaml({"data": {"a": [text, {text: text}]}})) == {"data": {"a": [text, {text: text}]}}
