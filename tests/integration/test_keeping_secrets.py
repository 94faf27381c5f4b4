# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide keeping_secrets: what it calls safe leaves no secret anywhere, and what it calls unsafe does."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.release import __version__
from leaks.runner import Run, Scene
from leaks.world import World, world
from walk.pages import RST
from workspace import ROOT

CORE = tuple(map(int, __version__.split(".")[:2]))
MASKS = CORE >= (2, 22)
# Before, an inventory plugin evaluates no lookup.
COMPOSES_LOOKUPS = CORE >= (2, 19)
GUIDE = (ROOT / "docs/docsite/rst/keeping_secrets.rst").read_text(encoding="utf-8")
BLOCKS = [yaml.safe_load(text) for language, text in RST.findall(GUIDE) if language == "yaml"]
TASKS = {task["name"]: task for block in BLOCKS if isinstance(block, list) for task in block}
VARIABLES, COMPOSED = (block for block in BLOCKS if isinstance(block, dict))
# Task -> the sinks that the guide names, by playbook and by ansible-runner, which is what AWX runs.
UNSAFE: dict[str, tuple[set[str], set[str]]] = {
    "Unsafe: the fact cache has it in clear": ({"facts"}, {"artifacts"}),
    "Unsafe: AWX stores it with the job": (
        (set(), {"artifacts"}) if MASKS else ({"stdout", "log"}, {"artifacts", "log"})
    ),
    "Unsafe: it is in the result of the task before ansible-core 2.22": (
        (set(), set()) if MASKS else ({"stdout", "log", "record", "junit"}, {"artifacts", "log", "record", "junit"})
    ),
}


@pytest.fixture(scope="module")
def place() -> Iterator[World]:
    with world() as place:
        yield place


@pytest.fixture
def scene() -> Iterator[Scene]:
    # The paths of sockets that ansible-core makes below must be short, and those of pytest are long.
    with tempfile.TemporaryDirectory(prefix="keep-", ignore_cleanup_errors=True) as folder:
        yield Scene(Path(folder))


def options(place: World) -> dict[str, Any]:
    return {"env": {"SENHASEGURA_CONFIG_FILE": place.config("ok"), "ANSIBLE_SHOW_CUSTOM_STATS": "true"}}


def sinks(run: Run, place: World) -> set[str]:
    assert run.code == 0, (run.folder / "out" / "stdout").read_text()
    return {hit.sink for hit in run.leaks({"password": place.secrets["password"]})}


def test_the_guide_has_both() -> None:
    assert set(UNSAFE) == {name for name in TASKS if name.startswith("Unsafe: ")}
    assert len([name for name in TASKS if name.startswith("Safe: ")]) == len(TASKS) - len(UNSAFE) >= 5


@pytest.mark.parametrize("how", ["playbook", "runner"])
@pytest.mark.parametrize("name", TASKS)
def test_where_a_task_shows_what_it_was_given(place: World, scene: Scene, name: str, how: str) -> None:
    # The variable is used, or nothing would be evaluated.
    more = {"when": "db_password | length > 0"} if "db_password" in str(TASKS[name].get("vars")) else {}
    run = getattr(scene, how)([{"tasks": [{**TASKS[name], **more}]}], **options(place))
    assert sinks(run, place) == UNSAFE.get(name, (set(), set()))[how == "runner"]


@pytest.mark.parametrize("composed", [False, True])
def test_inventories(place: World, scene: Scene, tmp_path: Path, composed: bool) -> None:
    folder = tmp_path / "inventory"
    folder.mkdir()
    variables = {} if composed else VARIABLES
    (folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": {"db01": variables}}}))
    if composed:
        (folder / "z.constructed.yml").write_text(yaml.safe_dump(COMPOSED))
    run = scene.inventory("-i", str(folder), "--list", **options(place))
    given = COMPOSES_LOOKUPS or not composed
    assert ("db_password" in (run.folder / "out" / "stdout").read_text()) == given
    assert sinks(run, place) == ({"stdout", "log"} if composed and given and not MASKS else set())
