# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files with secrets: replaced in one step, private from the beginning, and nothing else is touched."""

from __future__ import annotations

import fcntl
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from secrets_files import kills

from ansible_collections.community.senhasegura.plugins.plugin_utils.host import host_program
from ansible_collections.community.senhasegura.plugins.plugin_utils.secrets_file import destination
from ansible_collections.community.senhasegura.plugins.plugin_utils.secrets_file.on_host import (
    file_commands,
    private_files,
    private_folders,
)

BASE: dict[str, Any] = {"do": "write", "mode": 0o600, "owner": None, "group": None, "append": False, "dry": False}


def write(path: Path, content: Any, **more: Any) -> Any:
    return file_commands.answer({**BASE, "path": str(path), "content": content, **more})


def remove(path: Path, dry: bool = False) -> Any:
    return file_commands.answer({"do": "remove", "path": str(path), "dry": dry})


CHANGED, SAME = {"ok": {"changed": True}}, {"ok": {"changed": False}}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_written_once_and_with_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert write(path, "a", dry=True) == CHANGED and not path.exists()
    assert write(path, "a long text") == CHANGED
    assert write(path, "a long text") == SAME
    number = path.stat().st_ino
    assert write(path, "short", dry=True) == CHANGED and path.read_text() == "a long text"
    assert write(path, "short") == CHANGED
    assert path.read_text() == "short" and path.stat().st_ino != number
    assert mode(path) == 0o600
    assert write(path, "short", mode=0o640) == CHANGED and mode(path) == 0o640
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
    assert remove(path, dry=True) == CHANGED and path.exists()
    assert remove(path) == CHANGED and not path.exists()
    assert remove(path) == SAME
    assert remove(tmp_path / "no" / "folder") == SAME


def test_it_is_private_while_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes = []
    real = os.write

    def spy(descriptor: int, data: Any) -> int:
        modes.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        return real(descriptor, data[:3])

    monkeypatch.setattr(private_files.os, "write", spy)
    before = os.umask(0)
    try:
        assert write(tmp_path / "file", "abcdefgh", mode=0o640) == CHANGED
    finally:
        os.umask(before)
    # Part by part, as the system may take it.
    assert modes == [0o600] * 3 and (tmp_path / "file").read_text() == "abcdefgh"


@pytest.mark.parametrize("kind", ["link", "dangling", "hard link", "fifo", "folder", "relative", "no folder", "open"])
@pytest.mark.parametrize("do", ["write", "remove"])
def test_what_is_no_file_of_ours_is_refused(kind: str, do: str, tmp_path: Path) -> None:
    path, other = tmp_path / "file", tmp_path / "other"
    other.write_text("other")
    if kind == "link":
        path.symlink_to(other)
    elif kind == "dangling":
        path.symlink_to(tmp_path / "nothing")
    elif kind == "hard link":
        path.hardlink_to(other)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
        (path / "of somebody").write_text("x")
    elif kind == "relative":
        path = Path("file")
    elif kind == "no folder":
        path = tmp_path / "no" / "folder" / "file"
    else:
        (tmp_path / "public").mkdir()
        (tmp_path / "public").chmod(0o777)
        path = tmp_path / "public" / "file"
    answer = write(path, "secret-text") if do == "write" else remove(path)
    if do == "remove" and kind in ("no folder",):
        assert answer == SAME
        return
    assert answer["error"] == "refused", answer
    assert "secret-text" not in answer["text"]
    assert other.read_text() == "other" and not (tmp_path / "nothing").exists()
    assert kind != "folder" or (path / "of somebody").exists()


def test_a_link_to_the_folder_is_followed_once(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert write(tmp_path / "link" / "file", "a") == CHANGED
    assert (tmp_path / "real" / "file").read_text() == "a"


def test_what_a_killed_run_left_goes_and_what_another_writes_stays(tmp_path: Path) -> None:
    path = tmp_path / "file"
    dead, alive, stranger = (tmp_path / name for name in (".file.senhasegura-1", ".file.senhasegura-2", ".file.other"))
    for each in (dead, alive, stranger):
        each.write_text("secret")
    with alive.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert write(path, "a") == CHANGED
        assert sorted(entry.name for entry in tmp_path.iterdir()) == sorted([alive.name, stranger.name, "file"])
    assert remove(path) == CHANGED
    assert [entry.name for entry in tmp_path.iterdir()] == [stranger.name]
    dead.write_text("secret")
    # Also where nothing else is left.
    assert remove(path) == CHANGED and not dead.exists()


def test_many_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "file"
    texts = [str(number) * 200_000 for number in range(8)]
    answers: list[Any] = []
    threads = [
        threading.Thread(target=lambda text=text: answers.extend(write(path, text) for _each in range(5)))
        for text in texts
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [answer for answer in answers if "ok" not in answer] == []
    assert path.read_text() in texts
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_the_end_of_somebody_elses_file(tmp_path: Path) -> None:
    path = tmp_path / "github_env"
    assert "does not exist: the pipeline makes it" in write(path, "A=1\n", append=True)["text"]
    path.write_text("BEFORE=1")
    path.chmod(0o644)
    assert write(path, "A=1\n", append=True, dry=True) == CHANGED and path.read_text() == "BEFORE=1"
    assert write(path, "A=1\n", append=True) == CHANGED
    assert write(path, "B=2\n", append=True) == CHANGED
    assert path.read_text() == "BEFORE=1\nA=1\nB=2\n" and mode(path) == 0o600


def test_what_another_process_adds_meanwhile_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "github_env"
    path.write_text("")
    real = os.fsync

    def other(descriptor: int) -> None:
        path.write_text("OTHER=1\n")
        real(descriptor)

    monkeypatch.setattr(private_files.os, "fsync", other)
    assert "was changed by another process" in write(path, "A=1\n", append=True)["text"]
    assert path.read_text() == "OTHER=1\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["github_env"]


def test_a_folder_with_one_file_for_each_value(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    assert write(folder, {"a": "1", "b": "2"}, dry=True) == CHANGED and not folder.exists()
    assert write(folder, {"a": "1", "b": "2"}) == CHANGED
    assert write(folder, {"a": "1", "b": "2"}) == SAME
    assert mode(folder) == 0o700 and mode(folder / "a") == 0o600
    (folder / "of somebody").write_text("x")
    assert write(folder, {"a": "1", "c": "3"}, dry=True) == CHANGED and (folder / "b").exists()
    assert write(folder, {"a": "1", "c": "3"}) == CHANGED
    assert sorted(entry.name for entry in folder.iterdir()) == [private_folders.MARKER, "a", "c", "of somebody"]
    assert "of somebody was not written by this module" in write(folder, {"of somebody": "1"})["text"]
    assert write(folder, {"a": "1", "c": "3"}, mode=0o640) == CHANGED and mode(folder) == 0o750
    assert remove(folder, dry=True) == CHANGED and (folder / "a").exists()
    assert remove(folder) == CHANGED
    assert [entry.name for entry in folder.iterdir()] == ["of somebody"]
    (folder / "of somebody").unlink()
    assert write(folder, {"a": "1"}) == CHANGED and remove(folder) == CHANGED and not folder.exists()


@pytest.mark.parametrize("marker", ["no json", "{}", '["../other"]', "[1]"])
def test_a_marker_that_names_anything_else_is_refused(marker: str, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "other").write_text("x")
    (folder / private_folders.MARKER).write_text(marker)
    assert "is damaged" in remove(folder)["text"] and "is damaged" in write(folder, {"a": "1"})["text"]
    assert (tmp_path / "other").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="gives files to others, which only root can")
def test_owner_and_group(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert write(path, "a", owner="nobody", group="nogroup", mode=0o640) == CHANGED
    assert (path.stat().st_uid, path.stat().st_gid) == (65534, 65534)
    assert write(path, "a", owner="nobody", group="nogroup", mode=0o640) == SAME
    assert write(path, "a") == CHANGED and path.stat().st_uid == 0
    assert "no user of the name in owner" in write(path, "a", owner="nobody-of-this-name")["text"]
    assert "no group of the name in group" in write(path, "a", group="nobody-of-this-name")["text"]
    folder = tmp_path / "folder"
    assert write(folder, {"a": "1"}, owner="nobody", group="nogroup") == CHANGED
    assert (folder.stat().st_uid, (folder / "a").stat().st_uid) == (65534, 65534)


def test_an_unexpected_error_shows_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: Any) -> Any:
        raise RuntimeError("secret-text")

    monkeypatch.setattr(private_files, "replace", fail)
    assert write(tmp_path / "file", "secret-text") == {"error": "unexpected", "text": "RuntimeError"}


def test_a_sample_of_kills(tmp_path: Path) -> None:
    """./run secrets-files has a hundred."""
    assert kills.run(tmp_path, 5, seed=7) == 0


def test_what_is_sent_to_a_host_runs_alone(tmp_path: Path) -> None:
    """With a Python that has nothing of ours, and the content on standard input."""
    sent = destination._SENT
    request = {**BASE, "path": str(tmp_path / "file"), "content": "a'é\n"}
    source = host_program.program(request, "mark:", sent)
    done = subprocess.run([sys.executable, "-I", "-"], input=source.encode(), capture_output=True, check=True)
    assert done.stdout == b'mark:{"ok": {"changed": true}}\n'
    assert (tmp_path / "file").read_text() == "a'é\n"
    assert set(sent.files) == {path.stem for path in Path(sent.folder).glob("*.py")}
    assert sent.folder.endswith(sent.package.replace(".", "/").removeprefix("ansible_collections/community/"))


def test_no_syntax_that_python_3_6_does_not_know() -> None:
    import ast

    for path in Path(destination._SENT.folder).glob("*.py"):
        tree = ast.parse(path.read_text(), feature_version=(3, 7))
        assert not any(isinstance(node, ast.NamedExpr) for node in ast.walk(tree)), path
