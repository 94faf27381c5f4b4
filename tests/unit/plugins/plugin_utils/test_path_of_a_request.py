# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that a warm lookup and a warm module task pass are those that architecture.rst names, and few.

What is on the call stack of the worker when it sends, and on that of the broker when its cache is asked, is on the way.
The thread of server.py that has accepted the connection stands below all of it, and is not counted.
"""

from __future__ import annotations

import contextlib
import importlib
import pathlib
import re
import socket
import threading
import traceback
import types
import typing as t

import pytest
from ansible.plugins.action import ActionBase

from ansible_collections.community.senhasegura.plugins.plugin_utils import vault_action
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker import cache, client, protocol
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.cached_apis import CachedApis
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.key_files import Files
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.service import Service
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.support import (
    Scripted,
    entry,
    success,
)

PLUGINS = pathlib.Path(vault_action.__file__).resolve().parents[1]
GUIDE = PLUGINS.parent / "docs" / "docsite" / "rst" / "architecture.rst"
OPTIONS = {"url": "https://pam.example.com", "client_id": "demo", "client_secret": "x", "dialect": "api"}
ACCOUNT = {"identifier": "web-root", "username": "root", "hostname": "web01", "ip": "192.0.2.10", "password": "y"}


def table(title: str) -> set[str]:
    """Return the files in the first column of the table under a title of the guide."""
    text = GUIDE.read_text(encoding="utf-8")
    section = text[text.index(f"\n{title}\n---") :]
    rows = re.search(r"\.\. list-table::\n.*?\n\n(?=\S)", section, re.DOTALL)
    assert rows
    return set(re.findall(r"^   \* - ``(.*)``$", rows.group(), re.MULTILINE))


def stack() -> set[str]:
    paths = (pathlib.Path(frame.filename).resolve() for frame in traceback.extract_stack())
    return {path.relative_to(PLUGINS).as_posix() for path in paths if PLUGINS in path.parents}


@pytest.fixture
def passed(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """A broker for all who connect. Returns the files that requests pass from now on."""
    found: set[str] = set()
    replies = {
        "GET /api/pam/credential": success(credentials=[entry(7, "web-root")]),
        "GET /api/pam/credential/7": success(credential={"id": "7", "password": "z"}),
        "POST /api/pam/credential": success(credential={"id": "7"}),
    }
    monkeypatch.setattr(cache, "Transport", lambda _settings: Scripted(replies))
    service, key = Service(CachedApis(), Files("", b"")), client.authentication_key()
    call, proof = cache.ServerCache.call, protocol._proof

    def noting_call(self: t.Any, *args: t.Any, **named: t.Any) -> t.Any:
        found.update(stack())
        return call(self, *args, **named)

    def noting_proof(*args: t.Any) -> bytes:
        found.update(stack())
        return proof(*args)

    def serve(sock: socket.socket) -> None:
        with contextlib.suppress(OSError, EOFError), sock:
            service.serve(protocol.Channel(sock, key, protocol.BROKER), sock)

    def connect(*_args: t.Any) -> socket.socket:
        ours, theirs = socket.socketpair()
        threading.Thread(target=serve, args=(theirs,), daemon=True).start()
        return ours

    monkeypatch.setattr(client, "_connect", connect)
    monkeypatch.setattr(ActionBase, "run", lambda *_args: {})
    monkeypatch.setattr(cache.ServerCache, "call", noting_call)
    monkeypatch.setattr(protocol, "_proof", noting_proof)
    return found


def look_up() -> list[t.Any]:
    plugin = importlib.import_module("ansible_collections.community.senhasegura.plugins.lookup.password")
    templar = types.SimpleNamespace(template=lambda value: value)
    found: list[t.Any] = plugin.LookupModule(templar=templar).run(["web-root"], {}, **OPTIONS)
    return found


def run_module() -> dict[str, t.Any]:
    plugin = importlib.import_module("ansible_collections.community.senhasegura.plugins.action.credential")
    action = object.__new__(plugin.ActionModule)
    action._task = types.SimpleNamespace(
        args={**OPTIONS, **ACCOUNT, "update_password": "always"},
        check_mode=False,
        loop=None,
        no_log=False,
        environment=[],
    )
    action._templar = types.SimpleNamespace(template=lambda value: value)
    result: dict[str, t.Any] = action.run(None, {})
    return result


def test_a_warm_lookup_passes_nine_files_at_most(passed: set[str]) -> None:
    assert look_up() == ["z"]
    passed.clear()
    assert look_up() == ["z"]
    # It only names the lookup.
    assert passed | {"lookup/password.py"} == table("Life of a lookup")
    assert len(table("Life of a lookup")) <= 9


def test_a_warm_module_task_passes_ten_files_at_most(passed: set[str]) -> None:
    result = run_module()
    assert result["changed"], result
    # One only names the operation, and one is done when the request is sent.
    assert passed | {"action/credential.py", "plugin_utils/plugin_options.py"} == table("Life of a module task")
    assert len(table("Life of a module task")) <= 10
