# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Custody that is given back at the end. What the broker and the Python library make of it is shown by their tests."""

from __future__ import annotations

from collections import Counter

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import client_over
from ansible_collections.community.senhasegura.plugins.module_utils.client.giving_back import OneList, give_back
from ansible_collections.community.senhasegura.plugins.module_utils.errors import Refused, Unsupported
from ansible_collections.community.senhasegura.plugins.module_utils.models import SSH_KEY_TYPE, CredentialInfo
from ansible_collections.community.senhasegura.plugins.module_utils.references import Reference
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.fake_api import FakeApi

KEYS = [CredentialInfo(f"{id_}", f"key-{id_}", "app", "web01", type=SSH_KEY_TYPE) for id_ in (3, 4, 5)]
CREDENTIALS = [CredentialInfo(f"{id_}", f"password-{id_}", "root", f"web0{id_}") for id_ in (1, 2)]


@pytest.mark.parametrize("dialect", ["api", "iso", "rest"])
def test_one_list_of_each_kind_is_enough_for_all(dialect: str) -> None:
    api = FakeApi(dialect, [*KEYS, *CREDENTIALS])
    client = client_over(OneList(api))
    for info in (*KEYS, *CREDENTIALS):
        try:
            give_back(client, Reference(info.id, "id"), is_key=info in KEYS, allowed=False)
        except Unsupported:
            assert info in KEYS
    lists = Counter(name for name in api.operations if name.endswith(".list"))
    assert lists
    assert set(lists.values()) == {1}
    assert [ref for name, ref, _model in api.calls if name == "credential.release"] == ["1", "2"]


@pytest.mark.parametrize("is_key", [False, True])
def test_what_the_vault_would_change_is_refused(is_key: bool) -> None:
    kind = {"type": SSH_KEY_TYPE} if is_key else {}
    info = CredentialInfo("7", "changes", "app", "web01", automatic_change=True, **kind)
    api = FakeApi("api", [info])
    with pytest.raises(Refused, match="change its password"):
        give_back(client_over(OneList(api)), Reference("7", "id"), is_key=is_key, allowed=False)
    assert api.calls == []
