# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a rotation that fails says of the secret and the server."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any, NoReturn

import pytest

from ansible_collections.community.senhasegura.plugins.action import rotation_info
from ansible_collections.community.senhasegura.plugins.action.linux_password_rotate import ActionModule
from ansible_collections.community.senhasegura.plugins.module_utils.errors import ChangeNotSeen, SenhaseguraError
from ansible_collections.community.senhasegura.plugins.module_utils.models import SSH_KEY_TYPE, CredentialInfo
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.calls import Stopped

SERVER = "https://pam.example.com:443"
PARAMS = {"mode": "vault", "report_dir": None}


def failed(error: Exception, info: CredentialInfo) -> Any:
    """The result of a rotation that ends with this error."""

    def work() -> NoReturn:
        raise error

    action: Any = object.__new__(ActionModule)
    action._variables, action._server = {"inventory_hostname": "web01"}, SERVER
    action._task = types.SimpleNamespace(check_mode=False)
    action._templar = types.SimpleNamespace(template=str)
    action._connection = types.SimpleNamespace(get_option=lambda _name: "admin")
    return action.reported(PARAMS, info, "app", work)


@pytest.mark.parametrize(
    "make", [lambda: ChangeNotSeen("not in time"), lambda: Stopped("drift", "the host has another", "Look")]
)
@pytest.mark.parametrize(
    ("info", "name"),
    [
        (CredentialInfo("7", "web-root"), "credential web-root"),
        (CredentialInfo("8", None), "credential 8"),
        (CredentialInfo("9", "deploy-key", type=SSH_KEY_TYPE), "SSH key deploy-key"),
    ],
)
def test_it_names_the_secret_and_the_server(make: Callable[[], Exception], info: CredentialInfo, name: str) -> None:
    error = make()
    result = failed(error, info)
    assert result["failed"]
    assert (result["failure"]["subject"], result["failure"]["server"]) == (name, SERVER)
    if isinstance(error, SenhaseguraError):
        assert SERVER in result["msg"]
        assert name in result["msg"]
    # The same names as those of every other failure.
    assert set(result["failure"]) == set(ChangeNotSeen("x").failure())


@pytest.mark.parametrize(
    ("params", "name"),
    [({"credential": "web-root"}, "credential web-root"), ({"ssh_key": "deploy-key"}, "SSH key deploy-key")],
)
def test_what_looks_at_both_kinds_names_the_right_one(params: dict[str, str], name: str) -> None:
    action: Any = object.__new__(rotation_info.ActionModule)
    assert action.asked_for(params) == name
