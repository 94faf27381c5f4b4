# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The records of a rotation on servers whose answers to writes show little."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import client_over
from ansible_collections.community.senhasegura.plugins.module_utils.client.direct_api import DirectApi
from ansible_collections.community.senhasegura.plugins.module_utils.errors import NotFound, Refused
from ansible_collections.community.senhasegura.plugins.module_utils.models import CredentialInfo
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol.effects import LEASE, SLOTS
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.vault.journal import PasswordRecords
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.support import Scripted, answer, settings

MAIN = {"id": "7", "identifier": "web-root", "username": "root", "hostname": "web01", "ip": "192.0.2.10"}
MACHINE = "0123456789ab"
SLOT = {
    **MAIN,
    "id": "8",
    "identifier": f"web-root--{MACHINE}-{SLOTS[0]}",
    "username": f"root--rot-{MACHINE}-{SLOTS[0]}",
}
ENVELOPE = {"status": 200, "message": "OK", "error": False, "error_code": 0}


def guide(**entities: t.Any) -> t.Any:
    return answer({"response": {**ENVELOPE, **entities}})


def records(*lists: t.Any) -> tuple[PasswordRecords, Scripted]:
    server = Scripted(
        {
            "GET /api/pam/credential": [guide(credentials=entries) for entries in lists],
            "POST /api/pam/credential": guide(),
            "PUT /api/pam/credential/8": guide(),
            "GET /iso/coe/senha": guide(credential={"id": "8", "password": "pw-Journal-1"}),
        }
    )
    client = client_over(DirectApi(settings(dialect="rest"), transport=server))
    main = CredentialInfo("7", "web-root", "root", "web01", "192.0.2.10")
    return PasswordRecords(client.credentials, main, "run-1", "2026-01-01T00:00:00"), server


def test_a_journal_whose_id_only_the_list_tells() -> None:
    journal, server = records([MAIN], [MAIN, SLOT])
    journal.list(MACHINE)
    journal.write(SLOTS[0], "pw-Journal-1", {})
    assert journal.read(SLOTS[0]).secret == "pw-Journal-1"
    journal.write(SLOTS[0], "pw-Journal-1", {})
    assert [line for line in server.lines if not line.startswith("GET")] == [
        "POST /api/pam/credential",
        "PUT /api/pam/credential/8",
    ]


def test_a_journal_whose_id_nobody_tells_is_named_and_found_later() -> None:
    journal, _server = records([MAIN], [MAIN], [MAIN, SLOT])
    journal.list(MACHINE)
    journal.write(SLOTS[0], "pw-Journal-1", {})
    with pytest.raises(NotFound, match=f"credential {SLOT['identifier']} not found"):
        journal.read(SLOTS[0])
    assert journal.list(MACHINE)[SLOTS[0]] is not None
    assert journal.read(SLOTS[0]).secret == "pw-Journal-1"


def test_the_journal_of_another_machine_is_found_and_not_taken_for_the_own_one() -> None:
    """Nor is what only begins alike, or what a machine that is not known yet may have."""
    other = {**SLOT, "id": "9", "identifier": "web-root--own", "username": "own"}
    for machine, name in ((MACHINE, "j0"), ("ba9876543210", f"{MACHINE}-j0"), (None, f"{MACHINE}-j0")):
        journal, _server = records([MAIN, SLOT, other])
        listed = journal.list(machine)
        assert [name for name, entry in listed.items() if entry is not None] == ["main", name]
        assert journal.labels[name] == SLOT["identifier"]


def test_the_lease_is_a_note() -> None:
    lease = {**MAIN, "id": "8", "identifier": "web-root--lease", "username": "root--rot-lease"}
    journal, server = records([MAIN, lease])
    journal.list(MACHINE)
    journal.write(LEASE, None, {"run": "r 1", "state": "held"})
    assert b"run=r%201 state=held" in server.sent[-1].body
    server.on("GET /iso/coe/senha", guide(credential={"id": "8", "password": "run=r%201 state=held"}))
    held = journal.read(LEASE)
    assert (held.secret, held.note) == (None, {"run": "r 1", "state": "held"})


def test_what_somebody_else_has_called_so_is_left_alone() -> None:
    journal, _server = records([MAIN, {**SLOT, "username": "somebody"}])
    with pytest.raises(Refused, match="is in use for something else than the rotation of web-root"):
        journal.list("ba9876543210")
