# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is on the wire between worker and broker: JSON, of which data is made and nothing else."""

from __future__ import annotations

import datetime
import json
import math
import pathlib
from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils import dsm_secrets, errors, models, queries
from ansible_collections.community.senhasegura.plugins.module_utils.models import SSH_KEY_TYPE, CredentialInfo, Entries
from ansible_collections.community.senhasegura.plugins.module_utils.references import Reference
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker import protocol

WEB = CredentialInfo("1", "web-root", "root", "web01", "192.0.2.10", "Local User", automatic_change=False)
KEY = CredentialInfo("3", None, "root", "web01", "192.0.2.10", SSH_KEY_TYPE, rotation_days=30)
UNREAD = errors.UnexpectedResponse("no base64", hint="Look")
VALUES: list[Any] = [
    None, True, 7, 2**70, 1.5, "", "é☃\ud800", [], [1, "a"], {}, {"a": [None]}, (), (1, ("b",)),
    {1: "a", None: "b", (1, 2): "c"}, {"$type": "NotFound", "fields": {}},
    datetime.date(2026, 1, 2), datetime.datetime(2026, 1, 2, 3, 4, 5),
    WEB, KEY, Entries([WEB, KEY]), Entries(),
    models.Credential("1", "secret", raw={"a": 1}), models.SshKey("3", "private", "public", tags=("a", "b")),
    models.CredentialWrite("u", "h", "i", tags=("a",), settings={"x": {"day": datetime.date(2026, 1, 2)}}),
    models.SshKeyWrite("k", "u", "h", devices=("web01",)), models.Stored("1", devices_error=("x",)),
    models.KeyRotation("1", None), dsm_secrets.DsmSecret("1", "db", ({"A": "b", "N": None},)),
    dsm_secrets.DsmSecretWrite("db", credentials=(dsm_secrets.SecretBlock({"user": "u"}, {"user": "USER"}),), key_value={"a": "b"}),
    Reference("web-root", "identifier"),
    queries.Several({"a": queries.Find(Reference("1", "id")), "b": queries.SameAccount(("u", "h", "i"))}),
    queries.OfKind("keys", queries.Matching({"username": "root"})),
    queries.UpsertTarget(None, ("u", "h", "i"), Reference("1"), True), queries.ByIdentities(("a", "b")),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_values_arrive_as_they_were(value: Any) -> None:
    arrived = protocol.unpack(json.loads(json.dumps(protocol.pack(value))))
    assert arrived == value
    assert type(arrived) is type(value)


def test_fields_that_do_not_count_for_equality_arrive_too() -> None:
    secret = dsm_secrets.DsmSecret("1", "db", ({"A": UNREAD},), as_one=True, raw={"a": 1}, problem=UNREAD)
    arrived = protocol.unpack(protocol.pack(secret))
    assert (arrived.as_one, arrived.raw, str(arrived.problem)) == (True, {"a": 1}, str(UNREAD))
    assert str(arrived.unreadable["A"]) == str(UNREAD)
    credential = models.Credential("1", "", unreadable={"password": UNREAD})
    assert str(protocol.unpack(protocol.pack(credential)).unreadable["password"]) == str(UNREAD)


KINDS = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, errors.SenhaseguraError)]


@pytest.mark.parametrize("kind", KINDS)
def test_errors_arrive_whole(kind: Any) -> None:
    error = kind("went wrong", hint="do this").with_context(subject="credential 7", status=500)
    error.message = "it went wrong"
    error.retry_after = 2.5
    with pytest.raises(kind) as caught:
        protocol.result_of(protocol.load(protocol.dump(protocol.failed(error))))
    assert caught.type is kind
    assert (str(caught.value), vars(caught.value)) == (str(error), vars(error))


def test_entries_take_little_room() -> None:
    """Hundreds of workers may ask for all of a long list."""
    entries = Entries(CredentialInfo(str(number), f"name-{number}", "root", "host") for number in range(1000))
    assert len(json.dumps(protocol.pack(entries))) < 180 * 1000


@pytest.mark.parametrize("value", [b"bytes", {1, 2}, object(), len, lambda: 1, pathlib.Path("/"), KINDS[0]])
def test_nothing_else_can_be_sent(value: Any) -> None:
    with pytest.raises(protocol.Unsendable):
        protocol.pack([{"a": value}])


@pytest.mark.parametrize("kind", ["Path", "Session", "Exception", "eval", "Callable", "Literal", "datetime"])
def test_nothing_else_can_be_made(kind: str) -> None:
    with pytest.raises(KeyError):
        protocol.unpack({"$type": kind, "fields": {}})


def test_infinity_is_a_time() -> None:
    """A policy says so that nothing ends it."""
    assert protocol.load(protocol.dump({"not_after": math.inf})) == {"not_after": math.inf}


def test_only_one_file_knows_the_wire() -> None:
    plugins = pathlib.Path(protocol.__file__).parents[2]
    texts = {path: path.read_text() for path in plugins.rglob("*.py")}
    assert [path.name for path, text in texts.items() if "import pickle" in text or "marshal" in text] == []
    words = ('"unknown_context"', '"register_context"', '"ask":')
    assert {path.name for path, text in texts.items() if any(word in text for word in words)} == {"protocol.py"}
