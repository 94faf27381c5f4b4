# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a server, a host or a file says reaches messages and warnings as plain text only."""

from __future__ import annotations

import json
import re
import types
from typing import Any, ClassVar

import pytest
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.community.senhasegura.plugins.module_utils import keypair
from ansible_collections.community.senhasegura.plugins.module_utils.errors import SenhaseguraError
from ansible_collections.community.senhasegura.plugins.module_utils.models import SSH_KEY_TYPE, CredentialInfo, Stored
from ansible_collections.community.senhasegura.plugins.module_utils.operations.results import Result
from ansible_collections.community.senhasegura.plugins.module_utils.settings.settings import RunSettings, Settings
from ansible_collections.community.senhasegura.plugins.plugin_utils import plugin_options
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host import host_commands
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.live import LiveEnvironment
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol.effects import NotDone
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.rotation_action import RotationAction
from ansible_collections.community.senhasegura.plugins.plugin_utils.vault_action import SenhaseguraAction

HOSTILE = (
    "\x1b[2J\x1b]0;title\x07one\r\nTASK [forged] ****\r\nok: [localhost]\n::error file=x::gone\n"
    "##vso[task.setvariable variable=x]y ##[error]z \u202egnp.exe \x9b31m \u2028end"
)
FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202e]|::|##vso|##\\[")


def run(monkeypatch: pytest.MonkeyPatch, work: Any, base: type[SenhaseguraAction] = SenhaseguraAction) -> Result:
    """The result of a task whose action does ``work``."""

    class Action(base):  # type: ignore[misc, valid-type]
        spec: ClassVar[Any] = {}

        def perform(self, *_arguments: Any) -> Result:
            return work()  # type: ignore[no-any-return]

    monkeypatch.setattr(ActionBase, "run", lambda *_arguments: {})
    known = Settings("https://pam.example.com"), RunSettings(broker=False)
    monkeypatch.setattr(plugin_options, "settings", lambda *_arguments, **_options: known)
    action = object.__new__(Action)
    action._task = types.SimpleNamespace(args={}, check_mode=False, loop=None, no_log=False, environment=None)
    action._templar = types.SimpleNamespace(template=str)
    return action.run(None, {})


def texts(result: Result) -> list[str]:
    blocks = [result, result.get("failure", {}), result.get("rotation", {})]
    found = [block[name] for block in blocks for name in ("msg", "message", "hint") if name in block]
    return [*found, *result.get("warnings", [])]


RESULTS: dict[str, Any] = {
    "warnings": lambda: {"changed": True, "warnings": ["a", HOSTILE, HOSTILE * 1000]},
    "rotation": lambda: {
        "failed": True, "msg": HOSTILE, "failure": {"kind": "failed", "message": HOSTILE, "hint": HOSTILE, "status": None},
        "rotation": {"message": HOSTILE, "hint": HOSTILE, "seconds": 1.5, "hosts": ["a"]},
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", RESULTS)
@pytest.mark.parametrize("base", [SenhaseguraAction, RotationAction])
def test_texts_of_a_result_are_plain(monkeypatch: pytest.MonkeyPatch, kind: str, base: Any) -> None:
    """From ansible-core 2.19 on, they reached the terminal as they were."""
    before = RESULTS[kind]()
    result = run(monkeypatch, RESULTS[kind], base)
    assert len(texts(result)) == len(texts(before))
    for text in texts(result):
        assert not FORBIDDEN.search(text)
        assert len(text) <= 10_000
    assert result.get("rotation", {}).get("hosts") == before.get("rotation", {}).get("hosts")


def test_texts_of_an_error_are_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Result:
        raise SenhaseguraError(HOSTILE, hint=HOSTILE).with_context(subject=HOSTILE)

    result = run(monkeypatch, fail)
    assert result["failed"]
    for text in [*texts(result), result["failure"]["subject"]]:
        assert not FORBIDDEN.search(text)


def test_devices_that_could_not_be_linked(monkeypatch: pytest.MonkeyPatch, make_api: Any, work: Any) -> None:
    """Their names went into the warning as the server sent them."""
    api = make_api("api")
    # What the list shows after the write.
    api.entries = [CredentialInfo("7", "listed-later", type=SSH_KEY_TYPE)]
    api.answers["key.create"] = Stored("7", "deploy-key", devices_error=("web01", HOSTILE))
    pair = {"username": "deploy", "hostname": "web01", "ip": "192.0.2.10", "devices": ["web01"]}

    def store() -> Result:
        done: Result = work(api, "ssh_key", identifier="deploy-key", private_key=keypair.generate().private_key, **pair)
        return done

    (warning,) = (text for text in run(monkeypatch, store)["warnings"] if "linked" in text)
    assert "web01, " in warning
    assert not FORBIDDEN.search(warning)


def test_what_a_host_answers_is_plain() -> None:
    def execute(_command: str, *, in_data: bytes, **_options: Any) -> dict[str, Any]:
        mark = re.search(rb"senhasegura-[0-9a-f]{16}:", in_data)
        assert mark
        answer = {"error": "x", "text": HOSTILE}

        return {"rc": 0, "stdout": f"{mark[0].decode()}{json.dumps(answer)}\n", "stderr": ""}

    with pytest.raises(NotDone) as caught:
        host_commands.perform(execute, None, {}, 5)
    assert not FORBIDDEN.search(str(caught.value))


@pytest.mark.parametrize("speaker", [LiveEnvironment, RotationAction])
def test_what_a_rotation_says_is_plain(monkeypatch: pytest.MonkeyPatch, speaker: Any) -> None:
    said: list[str] = []
    monkeypatch.setattr(Display, "display", lambda _display, text, **_options: said.append(text))
    made = object.__new__(speaker)
    made.variables = {"inventory_hostname": "web01"}
    made.report_progress(HOSTILE)
    assert not FORBIDDEN.search(said[0])
