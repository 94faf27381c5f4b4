# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of an exception that nobody expected."""

from __future__ import annotations

import errno
import importlib
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.client.direct_api import DirectApi
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.operations import LIST_CREDENTIALS
from ansible_collections.community.senhasegura.plugins.module_utils.redaction import SecretStr
from ansible_collections.community.senhasegura.plugins.module_utils.settings.settings import Settings
from ansible_collections.community.senhasegura.plugins.plugin_utils.unexpected import describe

CANARY = "Canary-1234-abcd"


def test_class_and_place_are_named_and_the_message_is_not() -> None:
    text = ""
    try:
        raise RuntimeError(CANARY)
    except RuntimeError as error:
        text = describe(error)
    assert text.startswith("unexpected RuntimeError at ")
    assert "test_unexpected.py:" in text
    assert "report" in text
    assert CANARY not in text


def test_an_exception_that_was_never_raised_has_no_place() -> None:
    assert describe(KeyError(CANARY)).startswith("unexpected KeyError; its message is withheld")


def described(work: Callable[[], Any]) -> str:
    """What is said of what ``work`` raises."""
    try:
        work()
    except BaseException as error:
        return describe(error)
    raise AssertionError("it raises nothing")


def no_module(name: str) -> Callable[[], Any]:
    return lambda: importlib.import_module(name)


def failing(error: BaseException) -> Callable[[], Any]:
    def fail() -> None:
        raise error

    return fail


def test_a_missing_module_of_python_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was called a bug of the collection."""
    monkeypatch.setitem(sys.modules, "_ssl", None)
    monkeypatch.delitem(sys.modules, "ssl", raising=False)
    text = described(no_module("ssl"))
    assert text.startswith("the Python module ssl cannot be imported at ")
    assert sys.executable in text
    assert "bug" not in text


@pytest.mark.parametrize(
    ("error", "said", "fix"),
    [
        (ModuleNotFoundError(CANARY, name="yaml"), "the Python module yaml cannot", "pip install yaml"),
        (
            ImportError(CANARY, name="cryptography.x509"),
            "the Python module cryptography.x509",
            "pip install cryptography",
        ),
        (ModuleNotFoundError(CANARY, name="_sqlite3"), "the Python module sqlite3", "complete Python"),
        (
            ModuleNotFoundError(CANARY, name="ansible_collections.community.senhasegura.plugins.module_utils.plan"),
            "senhasegura.plugins.module_utils.plan cannot be imported",
            "install it again",
        ),
        (RuntimeError("can't start new thread"), "allows no more threads", "ulimit -u"),
        (RuntimeError("can't start new thread at interpreter shutdown"), "allows no more threads", "ulimit -u"),
        (MemoryError(CANARY), "out of memory", "memory"),
        (OSError(errno.EMFILE, CANARY, CANARY), "Too many open files (EMFILE)", "ulimit -n"),
        (OSError(errno.ENOSPC, CANARY, CANARY), "No space left on device (ENOSPC)", "local_tmp"),
        (BlockingIOError(errno.EAGAIN, CANARY), "(EAGAIN)", "ulimit -u"),
        (PermissionError(errno.EACCES, CANARY, f"/tmp/{CANARY}"), "Permission denied (EACCES)", "controller"),
    ],
)
def test_what_is_wrong_with_the_controller_is_named(error: BaseException, said: str, fix: str) -> None:
    text = described(failing(error))
    assert said in text
    assert fix in text
    assert "test_unexpected.py:" in text
    assert "bug" not in text
    assert CANARY not in text


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError(f"can't {CANARY}"), ImportError(CANARY), ImportError(CANARY, name=f"a {CANARY}\x1b"), OSError(CANARY),
        OSError(99999, CANARY), RecursionError(CANARY), ValueError(CANARY), ImportError(CANARY, name="x" * 5000),
    ],
)  # fmt: skip
def test_anything_else_is_a_bug_and_its_text_stays_hidden(error: BaseException) -> None:
    text = described(failing(error))
    assert "This is a bug" in text
    assert CANARY not in text
    assert len(text) < 400


def test_a_missing_thread_is_named_by_a_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking up a name needs one."""
    known = Settings("https://pam.example.com", SecretStr("a"), SecretStr("b"), dialect="api", retries=0)

    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    api = DirectApi(known)
    monkeypatch.setattr(threading.Thread, "start", start)
    assert "allows no more threads" in described(lambda: api.call(LIST_CREDENTIALS))
