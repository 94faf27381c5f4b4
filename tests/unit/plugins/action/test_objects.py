# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How credentials and keys are named, matched and switched, and how rotations are paced."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    AlreadyDone,
    ConfigError,
    Context,
    NotFound,
)
from ansible_collections.community.senhasegura.plugins.module_utils.models import SSH_KEY_TYPE, CredentialInfo
from ansible_collections.community.senhasegura.plugins.module_utils.operations.parameters import (
    passed,
    reference_from,
    wait_options,
)
from ansible_collections.community.senhasegura.plugins.module_utils.operations.results import listed_fields

WEB = CredentialInfo("1", "web-root", "root", "web01", "192.0.2.10", "Local User")
KEY = CredentialInfo("3", "deploy-key", "deploy", "web01", "192.0.2.10", SSH_KEY_TYPE)
NOBODY = dict.fromkeys(("id", "identifier", "username", "hostname", "ip"))


def already(code: int) -> AlreadyDone:
    """What the server says with a number that stands for "already so"."""
    return AlreadyDone("x", context=Context(code=code))


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ({"id": "7", "identifier": "web"}, "7"),
        ({"identifier": "web-1"}, "web-1"),
        ({"identifier": "web-1", "username": "a", "hostname": "b"}, "web-1"),
        ({"username": "a@corp", "hostname": "b"}, "a@corp@b"),
    ],
)
def test_named(names: dict[str, str], text: str) -> None:
    assert reference_from({**NOBODY, **names}).text == text


@pytest.mark.parametrize(
    ("names", "option"),
    [
        ({"id": "web"}, "id"),
        ({"identifier": ""}, "identifier"),
        ({"identifier": "a\nb"}, "identifier"),
    ],
)
def test_not_named(names: dict[str, str], option: str) -> None:
    with pytest.raises(ConfigError) as error:
        reference_from({**NOBODY, **names})
    assert error.value.context.option == option


def test_only_what_is_given_counts() -> None:
    params = {"username": "root", "hostname": None, "id": "", "keys": True}
    assert passed(params, ("username", "hostname", "id")) == {"username": "root", "id": ""}


@pytest.mark.parametrize("value", [0, -1, float("nan"), 0.05])
@pytest.mark.parametrize("option", ["wait_timeout", "poll_interval"])
def test_pace_that_would_hammer_the_server(option: str, value: float) -> None:
    with pytest.raises(ConfigError, match=option):
        wait_options({"wait": True, "wait_timeout": 1, "poll_interval": 1, option: value})


def test_pace() -> None:
    assert wait_options({"wait": True, "wait_timeout": 9.0, "poll_interval": 1.0}) == {"wait": 9.0, "poll": 1.0}
    assert wait_options({"wait": False, "wait_timeout": 9.0, "poll_interval": 1.0}) == {"wait": 0.0, "poll": 1.0}


@pytest.mark.parametrize("module", ["credential", "ssh_key"])
@pytest.mark.parametrize(
    ("state", "there", "answer", "changed", "warned"),
    [
        ("disabled", True, None, True, False),
        ("disabled", True, already(1008), False, False),
        ("disabled", True, already(1017), False, False),
        ("disabled", True, NotFound("x"), False, True),
        ("disabled", False, NotFound("x"), False, True),
        ("disabled", False, already(1008), False, False),
        ("absent", True, None, True, False),
        ("absent", False, NotFound("x"), False, False),
        ("enabled", True, already(1043), False, False),
        ("enabled", True, already(1045), False, False),
        ("enabled", False, None, True, False),
    ],
)
def test_states(
    make_api: Any, work: Any, module: str, state: str, there: bool, answer: Any, changed: bool, warned: bool
) -> None:
    entry = WEB if module == "credential" else KEY
    operation = f"{'credential' if module == 'credential' else 'key'}.{'enable' if state == 'enabled' else 'disable'}"
    api = make_api("api")
    api.entries = [entry] if there else []
    api.answers = {operation: answer}
    predicted = work(api, module, check_mode=True, id=entry.id, state=state)
    assert api.calls == []
    result = work(api, module, id=entry.id, state=state)
    assert api.calls == [(operation, entry.id, None)]
    assert (result["changed"], bool(result["warnings"])) == (changed, warned)
    assert bool(result["diff"]["after"]) is changed
    # What is listed is taken to be active in check mode: only the server knows better.
    assert predicted["changed"] == (there != (state == "enabled"))


@pytest.mark.parametrize("module", ["credential", "ssh_key"])
def test_enabling_what_is_not_there(make_api: Any, work: Any, module: str) -> None:
    api = make_api("api")
    api.answers = {"credential.enable": NotFound("x")}
    with pytest.raises(NotFound):
        work(api, module, identifier="nope", state="enabled")


def test_a_text_that_the_list_leaves_out_is_null() -> None:
    info = CredentialInfo("1", None, "root", "", automatic_change=False)
    names = ("identifier", "username", "hostname", "automatic_change")
    assert listed_fields(info, names) == {
        "identifier": None, "username": "root", "hostname": None, "automatic_change": False,
    }  # fmt: skip
    assert listed_fields(None, names) is None
