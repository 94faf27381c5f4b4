# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""./run mutants makes the mistakes that it names, the same ones each time, and asks tests that exist."""

from __future__ import annotations

import ast

import pytest
from mutants.selections import FOLDERS, SELECTIONS, nearest, selection
from mutants.sources import mutants, pick
from workspace import ROOT

SOURCES = {
    path.relative_to(ROOT).as_posix(): path.read_bytes()
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*.py"))
}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = a < b", {("comparison", "x = (a <= b)")}),
        ("x = a is None", {("comparison", "x = (a is not None)")}),
        ("x = a in b", {("comparison", "x = (a not in b)")}),
        ("x = a == 'b'", {("comparison", "x = (a != 'b')"), ("constant", "x = a == ('bx')")}),
        ("x = a == (b'b', 1, True)", {
            ("comparison", "x = (a != (b'b', 1, True))"),
            ("constant", "x = a == ((b'bx'), 1, True)"),
            ("constant", "x = a == (b'b', (2), True)"),
            ("constant", "x = a == (b'b', 1, (False))"),
        }),
        ("x = 0 < a <= 5", {
            ("comparison", "x = (0 <= a <= 5)"),
            ("comparison", "x = (0 < a < 5)"),
            ("constant", "x = (1) < a <= 5"),
            ("constant", "x = 0 < a <= (6)"),
        }),
        ("x = a and b", {("and/or", "x = (a or b)"), ("order of and/or", "x = (b and a)")}),
        ("x = not a", {("not", "x = (a)")}),
        ("x = b if a else c", {("condition", "x = b if (not a) else c")}),
        ("x = [b for b in c if b]", {("condition", "x = [b for b in c if (not b)]")}),
        ("x = a + 1", {("sign", "x = (a - 1)")}),
        ("x = a + b", set()),
        ("x += 1", {("deleted", "pass"), ("sign", "x -= 1")}),
        ("f()  # é", {("deleted", "pass  # é")}),
        ("é = f(not a)", {("not", "é = f((a))")}),
        ("a.b = c", {("deleted", "pass")}),
        ("a = c", set()),
        ("a: 'x' = c", set()),
        ("if TYPE_CHECKING:\n    f()", set()),
        ("'text'", set()),
        ("x = f'{not a}'", set()),
    ],
)  # fmt: skip
def test_a_mistake_changes_one_thing(source: str, expected: set[tuple[str, str]]) -> None:
    encoded = source.encode()
    assert {(mutant.kind, mutant.apply(encoded).decode()) for mutant in mutants("x.py", encoded)} == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("raise a", {("deleted", "pass")}),
        ("return True", {("return", "return False")}),
        ("return a", {("return", "return None")}),
        ("return None", set()),
        ("yield a", {("deleted", "pass")}),
        ("yield from a", {("deleted", "pass")}),
    ],
)
def test_a_mistake_in_a_function(line: str, expected: set[tuple[str, str]]) -> None:
    head = "def f(x: 'not a' = 1):\n    # why\n    "
    encoded = f"{head}{line}".encode()
    found = {(mutant.kind, mutant.apply(encoded).decode().removeprefix(head)) for mutant in mutants("x.py", encoded)}
    assert found == expected


def test_mutants_of_the_collection_are_python_and_differ() -> None:
    for path, source in list(SOURCES.items())[::8]:
        tree = ast.dump(ast.parse(source))
        for mutant in pick({path: source}, 5, "1"):
            assert ast.dump(ast.parse(mutant.apply(source))) != tree, mutant


def test_a_seed_decides_and_files_take_turns() -> None:
    some = {path: source for path, source in SOURCES.items() if "_info" in path}
    number = len(some) + 2
    chosen = pick(some, number, "1")
    assert chosen == pick(some, number, "1")
    assert chosen != pick(some, number, "2")
    assert len(set(chosen)) == number
    counts = [sum(mutant.path == path for mutant in chosen) for path in some]
    assert (min(counts), max(counts)) == (1, 2)
    # One more file changes nothing in the others.
    (other,) = (path for path in SOURCES if path.endswith("/custody.py"))
    assert set(pick(some, len(some), "1")) < set(pick({**some, other: SOURCES[other]}, len(some) + 1, "1"))


def test_each_file_has_tests_and_each_test_exists() -> None:
    assert {folder for folder in FOLDERS if not any(path.startswith(folder) for path in SOURCES)} == set()
    assert all(selection(path) for path in SOURCES)
    for name, tests in SELECTIONS.items():
        assert any(path.startswith(name) for path in SOURCES), name
        for test in tests:
            path, _colons, function = test.removeprefix("--deselect=").partition("::")
            assert (ROOT / path).exists(), test
            assert f"def {function}" in (ROOT / path).read_text(encoding="utf-8") if function else True, test


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("plugins/module_utils/client/encryption_keys.py", ["test_encryption_key"]),
        ("plugins/module_utils/client/applications.py", ["test_dsm_application"]),
        ("plugins/module_utils/operations/ephemeral_credential.py", ["test_ephemeral_credential"]),
        ("plugins/plugin_utils/rotation/protocol/ssh_key_journal.py", ["test_ssh_key"]),
        ("plugins/plugin_utils/broker/shared_transport.py", []),
    ],
)
def test_the_nearest_tests_have_a_name_in_common(path: str, near: list[str]) -> None:
    assert [test.rpartition("/")[2] for test in nearest(path, ROOT)] == [f"{name}.py" for name in near]


def test_the_nearest_tests_are_those_that_are_not_deselected() -> None:
    start = "tests/unit/plugins/plugin_utils/broker/test_startup.py"
    found = nearest("plugins/plugin_utils/broker/startup.py", ROOT)
    assert found == (start, f"--deselect={start}::test_one_deadline_for_waiting_and_starting")
