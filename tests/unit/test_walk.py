# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ./run walk takes from the guides, and how it types it. The walk itself needs root, PyPI and minutes."""

from __future__ import annotations

import inspect
import os
import re
import time
from pathlib import Path

import pytest
from walk import steps
from walk.pages import Lost, block, dialogue, line, title
from walk.shell import run


def test_each_step_has_its_words_on_its_page() -> None:
    """So that a page that loses a step is seen before the walk is made."""
    calls = re.findall(r'\b(block|line|title)\("(\w+)", (?:"([^"]+)"|(\w+))\)', inspect.getsource(steps))
    found = [
        {"block": block, "line": line, "title": title}[kind](page, words or vars(steps)[name])
        for kind, page, words, name in calls
        if name != "name"
    ]
    assert len(found) >= 15
    assert {page for _kind, page, *_words in calls} == {page for _name, page, _step in steps.STEPS}
    for name in (steps.DOCTOR, steps.CHANGE):
        assert title("awx", name) == name


def test_what_a_page_does_not_have_is_lost() -> None:
    for take in (block, line, title):
        with pytest.raises(Lost, match=r"quick_start\.rst .*no such words"):
            take("quick_start", "no such words")
    with pytest.raises(Lost, match="must have one"):
        block("quick_start", "ansible")


def test_a_dialogue_is_commands_and_what_they_print() -> None:
    assert dialogue("$ one\n$ two -a '$ x'\nits output\n  more") == (["one", "two -a '$ x'"], "its output\n  more")


def test_a_terminal_keeps_what_is_exported(tmp_path: Path) -> None:
    first = run("export A='x\ny' B=2; unset B", {"PATH": os.environ["PATH"], "B": "1"}, tmp_path)
    assert (first.code, first.env["A"], "B" in first.env) == (0, "x\ny", False)
    assert run('printf %s "$A"', first.env, tmp_path).output == "x\ny"
    failed = run("export A=z; false; echo not reached", first.env, tmp_path)
    assert (failed.code, failed.output, failed.env["A"]) == (1, "", "x\ny")


@pytest.mark.parametrize("warning", ["echo '[WARNING]: x'", "echo 'DeprecationWarning: x' >&2", "echo WARNING: x >&2"])
def test_what_warns_fails(warning: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="something warns"):
        run(warning, {"PATH": os.environ["PATH"]}, tmp_path)


def test_what_fails_leaves_nothing_running(tmp_path: Path) -> None:
    done = run("sleep 100 & echo $! ; false", {"PATH": os.environ["PATH"]}, tmp_path)
    state = Path(f"/proc/{done.output.strip()}/status")
    end = time.monotonic() + 30
    # Its parent may not have been told yet.
    while state.exists() and "State:\tZ" not in state.read_text():
        assert time.monotonic() < end
        time.sleep(0.01)
