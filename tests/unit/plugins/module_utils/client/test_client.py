# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the client makes of the server's calls: names, matching, custody, switches, rotation, and writes whose answer is lost."""

from __future__ import annotations

import dataclasses
import pickle
import typing as t

import pytest

pytest.importorskip("requests")

from ansible_collections.community.senhasegura.plugins.module_utils import keypair, queries
from ansible_collections.community.senhasegura.plugins.module_utils.client import credentials as credentials_module
from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import Client, client_over, direct
from ansible_collections.community.senhasegura.plugins.module_utils.client.direct_api import DirectApi
from ansible_collections.community.senhasegura.plugins.module_utils.dsm_models import DsmApplicationWrite
from ansible_collections.community.senhasegura.plugins.module_utils.dsm_secrets import (
    DsmSecret,
    DsmSecretWrite,
    Renewal,
)
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    AlreadyDone,
    ChangeNotSeen,
    InvalidRequest,
    NotFound,
    Refused,
    ResponseLost,
    SenhaseguraError,
    ServerBusy,
    UnexpectedResponse,
    Unsupported,
)
from ansible_collections.community.senhasegura.plugins.module_utils.models import (
    CredentialInfo,
    CredentialWrite,
    Entries,
    KeyRotation,
    SshKeyWrite,
)
from ansible_collections.community.senhasegura.plugins.module_utils.queries import Find, Matching
from ansible_collections.community.senhasegura.plugins.module_utils.references import Reference, parse_reference
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.support import (
    NO_ROUTE,
    FakeTime,
    Scripted,
    Sent,
    answer,
    entry,
    failure,
    settings,
    success,
)

ENTRIES = [
    entry(7, "web-root"),
    entry(8, "db-app", username="app", hostname="web02", management_ip="192.0.2.11", automatic_change=True),
    entry(9, "deploy-key", type="SSH Key", username="deploy"),
    entry(10, None, username="plain", hostname="web03", management_ip="192.0.2.12"),
    entry(11, "12", username="odd", hostname="web04"),
    entry(12, "odd", username="same", hostname="web05"),
    entry(13, "twin", username="same", hostname="web05"),
]
LIST = success(credentials=ENTRIES)
LOST = ResponseLost("lost", hint="h")


def credential(id_: int | str, **fields: t.Any) -> t.Any:
    return success(credential={"id": str(id_), "password": "pw-Example-1", "username": "root", **fields})


def make(replies: dict[str, t.Any], dialect: str = "api") -> tuple[Client, Scripted]:
    server = Scripted(replies)
    return client_over(DirectApi(settings(dialect=dialect), transport=server)), server


def api(listed: t.Any = LIST, **replies: t.Any) -> tuple[Client, Scripted]:
    """A client of a server that has the entries above; a reply is named such as GET_7 or POST."""
    known = {"GET /api/pam/credential": listed}
    for name, reply in replies.items():
        method, _line, rest = name.partition("_")
        known[f"{method} /api/pam/credential{'/' + rest.replace('_', '/') if rest else ''}"] = reply
    return make(known)


def ref(text: str) -> Reference:
    return Reference(text)


def test_a_client_makes_no_request() -> None:
    assert isinstance(client_over(direct(settings())), Client)


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "id_"),
    [
        ("7", "7"), ("web-root", "7"), ("root@web01", "7"), ("app@web02", "8"), ("plain@web03", "10"), ("twin", "13"),
        # A number is an id, and nothing else unless that is said.
        ("11", "11"), ("id:12", "12"), ("identifier:12", "11"), ("identifier:11", None), ("id:99", None),
        # Host names have no case, and a host may be named by its address.
        ("root@WEB01", "7"), ("app@192.0.2.11", "8"), ("Root@web01", None),
        ("nothing", None), ("99", None), ("root@web02", None), ("@web01", None), ("None", None),
    ],
)  # fmt: skip
def test_find_takes_ids_identifiers_and_accounts(text: str, id_: str | None) -> None:
    found = api()[0].credentials.find(parse_reference(text))
    assert (found.id if found else None) == id_


def test_matching_is_exact_and_combines() -> None:
    credentials = api()[0].credentials
    assert [entry.id for entry in credentials.matching({"username": "same"})] == ["12", "13"]
    assert [entry.id for entry in credentials.matching({"username": "same", "identifier": "twin"})] == ["13"]
    assert credentials.matching({"username": "sam"}) == ()
    assert credentials.matching({"identifier": "deploy-key"}) == ()
    assert [key.id for key in api()[0].ssh_keys.matching({"identifier": "deploy-key"})] == ["9"]


def test_a_name_that_fits_several_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="several entries, with the ids 12, 13"):
        api()[0].credentials.find(ref("same@web05"))


def test_info_and_find_of_keys_and_credentials() -> None:
    client, server = api()
    assert client.credentials.info(ref("web-root")).id == "7"
    assert client.ssh_keys.info(ref("deploy-key")).id == "9"
    assert [key.id for key in client.ssh_keys.matching({})] == ["9"]
    assert len(client.credentials.matching({})) == len(ENTRIES) - 1
    assert len(client.credentials.select(Matching({}))) == len(ENTRIES)
    for wrong in ("deploy-key", "9"):
        with pytest.raises(InvalidRequest, match="is an SSH key"):
            client.credentials.info(ref(wrong))
        with pytest.raises(InvalidRequest, match="is an SSH key"):
            client.credentials.find(ref(wrong))
    for wrong in ("web-root", "7"):
        with pytest.raises(InvalidRequest, match="is a credential, not an SSH key"):
            client.ssh_keys.find(ref(wrong))
    with pytest.raises(NotFound, match="SSH key none is not in the list"):
        client.ssh_keys.info(ref("none"))
    with pytest.raises(NotFound, match="credential nothing is not in the list"):
        client.credentials.info(ref("nothing"))
    assert set(server.lines) == {"GET /api/pam/credential"}


def test_a_name_that_can_be_read_in_two_ways_is_refused_unless_it_says_which() -> None:
    entries = Entries(
        [
            CredentialInfo("1", "a@b"),
            CredentialInfo("2", None, "a", "b"),
            CredentialInfo("3", "1"),
            CredentialInfo("4", "8"),
        ]
    )
    for text, words in (("a@b", "the ids 1, 2"), ("1", "the id 3"), ("8", "may be the id 8, or the identifier")):
        with pytest.raises(InvalidRequest, match=words) as caught:
            queries.answer(entries, Find(parse_reference(text)))
        assert caught.value.hint
    said = [
        queries.answer(entries, Find(parse_reference(text)))
        for text in ("id:1", "identifier:1", "identifier:8", "identifier:a@b", "2")
    ]
    assert [entry.id for entry in said if entry] == ["1", "3", "4", "1", "2"]
    assert queries.answer(entries, Find(ref("id:8"))) is None
    assert queries.answer(entries, Find(ref("b@a"))) is None


def test_a_listing_is_indexed_once_and_travels_without_its_indexes() -> None:
    entries = Entries(CredentialInfo(str(number), f"name-{number}") for number in range(1000))
    bare = pickle.dumps(entries)
    assert entries.by_identifier is entries.by_identifier
    assert queries.answer(entries, Find(ref("name-999"))) is entries[999]
    assert pickle.dumps(entries) == bare
    assert pickle.loads(bare) == entries


def test_a_name_that_several_entries_have_is_refused() -> None:
    entries = Entries([CredentialInfo("1", "twice"), CredentialInfo("2", "twice")])
    with pytest.raises(InvalidRequest, match="the ids 1, 2"):
        queries.answer(entries, Find(ref("twice")))


# --- reading ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        # The list says first what is meant, unless that is said.
        ("id:7", ["GET /api/pam/credential/7"]),
        ("7", ["GET /api/pam/credential", "GET /api/pam/credential/7"]),
        ("root@web01", ["GET /api/pam/credential", "GET /api/pam/credential/7"]),
        ("ROOT@web01", ["GET /api/pam/credential", "GET /api/pam/credential/ROOT%40web01"]),
        ("web-root", ["GET /api/pam/credential", "GET /api/pam/credential/7"]),
    ],
)
def test_a_read_asks_by_what_is_certain(text: str, lines: list[str]) -> None:
    client, server = make({
        "GET /api/pam/credential": LIST,
        "GET /api/pam/credential/7": credential(7),
        "GET /api/pam/credential/ROOT%40web01": credential(7),
    })  # fmt: skip
    assert client.credentials.read(parse_reference(text)).password == "pw-Example-1"
    assert server.lines == lines


def test_a_name_that_is_not_listed_is_asked_for() -> None:
    """Some releases take an identifier in the path, and an inactive credential is not listed."""
    client, server = api(GET_hidden=credential(99))
    assert client.credentials.read(ref("hidden")).id == "99"
    for reply in (failure(1003), NO_ROUTE):
        server.on("GET /api/pam/credential/hidden", reply)
        with pytest.raises(NotFound, match="credential hidden not found"):
            client.credentials.read(ref("hidden"))
    for reply in (failure(1010), failure(None, "Something else")):
        server.on("GET /api/pam/credential/hidden", reply)
        with pytest.raises(InvalidRequest):
            client.credentials.read(ref("hidden"))
    server.on("GET /api/pam/credential/hidden", failure(1007))
    with pytest.raises(NotFound) as caught:
        client.credentials.read(ref("hidden"))
    assert caught.value.context.code == 1007


def test_what_belongs_to_a_known_name_stays_what_it_is() -> None:
    client, server = api(GET_7=failure(1010))
    for text in ("7", "web-root"):
        with pytest.raises(InvalidRequest, match="is an SSH key, not a credential"):
            client.credentials.read(ref(text))
    server.on("GET /api/pam/credential/root%40web01", failure(1003))
    with pytest.raises(InvalidRequest):
        client.credentials.read(ref("root@web01"))


@pytest.mark.parametrize("text", ["a/b", "..", "a@b@c", "é", "DOMAIN\\x@web01"])
def test_a_name_that_is_no_path_is_looked_up_only(text: str) -> None:
    client, server = api()
    with pytest.raises(NotFound):
        client.credentials.read(ref(text))
    assert server.lines == ["GET /api/pam/credential"]
    odd = success(credentials=[entry(20, None, username="DOMAIN\\x", hostname="web01")])
    client, server = api(odd, GET_20=credential(20))
    assert client.credentials.read(ref("DOMAIN\\x@web01")).id == "20"


def test_an_answer_about_another_credential() -> None:
    client, _server = api(GET_7=credential(8))
    for text in ("7", "web-root"):
        with pytest.raises(UnexpectedResponse, match="about credential 8 instead of 7") as caught:
            client.credentials.read(ref(text))
        assert caught.value.context.subject == f"credential {text}"


def test_release_after_the_read() -> None:
    client, server = api(GET_7=credential(7), DELETE_custody_7=success())
    assert client.credentials.read(ref("7"), release=True).id == "7"
    assert server.lines == [
        "GET /api/pam/credential", "GET /api/pam/credential/7", "DELETE /api/pam/credential/custody/7",
    ]  # fmt: skip
    server.on("DELETE /api/pam/credential/custody/7", failure(1018))
    assert client.credentials.read(ref("7"), release=True).id == "7"


def test_release_that_would_change_the_password_is_refused_before_the_read() -> None:
    client, server = api(GET_8=credential(8), DELETE_custody_8=success())
    for text in ("8", "db-app", "app@web02"):
        with pytest.raises(Refused, match="releasing db-app would make the vault change") as caught:
            client.credentials.read(ref(text), release=True)
        assert "allow_vault_rotation" in caught.value.hint
    assert set(server.lines) == {"GET /api/pam/credential"}
    assert client.credentials.read(ref("8"), release=True, allow_vault_rotation=True).id == "8"
    assert server.lines[-1] == "DELETE /api/pam/credential/custody/8"


def test_release_of_what_nobody_can_judge_is_refused_before_the_read() -> None:
    client, server = api(GET_99=credential(99), DELETE_custody_99=success())
    with pytest.raises(NotFound):
        client.credentials.read(ref("99"), release=True)
    assert server.lines == ["GET /api/pam/credential"]
    assert client.credentials.read(ref("99"), release=True, allow_vault_rotation=True).id == "99"


REST_LIST = answer(
    {"response": {"credentials": [{"id": "7", "identifier": "web-root", "username": "root", "hostname": "h"}]}}
)


def test_read_in_rest() -> None:
    """The read gives the password only; names come from the list."""
    password = answer({"response": {"credential": {"id": "7", "password": "pw"}}})
    client, server = make({"GET /api/pam/credential": REST_LIST, "GET /iso/coe/senha": password}, "rest")
    read = client.credentials.read(ref("web-root"))
    assert (read.password, read.username, read.hostname, read.identifier) == ("pw", "root", "h", "web-root")
    assert server.sent[-1].query == {"credentialId": "7"}
    with pytest.raises(NotFound):
        client.credentials.read(ref("nothing"))
    with pytest.raises(Refused, match="does not tell whether"):
        client.credentials.read(ref("7"), release=True)
    server.on("GET /api/pam/credential", answer({"response": {"credentials": []}}))
    assert client.credentials.read(ref("7")).username == ""


# --- writing ---------------------------------------------------------------------------------------------------------


def write(
    identifier: str | None = None, username: str = "root", hostname: str = "web01", ip: str = "192.0.2.10"
) -> CredentialWrite:
    return CredentialWrite(username, hostname, ip, identifier=identifier, password="new")


@pytest.mark.parametrize(
    ("wanted", "name", "id_"),
    [
        (write("web-root"), None, "7"),
        (write("web-root", "other", "else", "0"), None, "7"),
        (write(), None, "7"),
        (write("new"), None, "7"),  # the server gives this identifier to the record that it finds
        (write("new", "nobody"), None, None),
        (write(None, "nobody"), None, None),
        (write(), "7", "7"),
        (write("web-root", "renamed"), "7", "7"),
        (write(None, "renamed"), "7", "7"),
        (write("new"), "7", "7"),
        (write("new", "plain", "web03", "192.0.2.12"), "10", "10"),
    ],
)
def test_match_follows_the_rule_of_the_server(wanted: CredentialWrite, name: str | None, id_: str | None) -> None:
    found = api()[0].credentials.match(wanted, ref(name) if name else None)
    assert (found.id if found else None) == id_


@pytest.mark.parametrize(
    ("wanted", "name", "kind"),
    [
        (write("deploy-key"), None, InvalidRequest),
        (write(None, "deploy"), None, Refused),  # the server might take the key of this account for it
        (write("new", "deploy", "WEB01"), None, Refused),
        (write("web-root"), "9", InvalidRequest),
        (write("x"), "99", NotFound),
        (write("web-root"), "8", Refused),  # would write 7
        (write("new", "renamed"), "7", Refused),  # would create one
        (write(None, "renamed"), "10", Refused),  # it has no identifier to be found by
        (write(None, "same", "web05", "192.0.2.10"), None, InvalidRequest),  # two have these values
    ],
)
def test_a_write_that_would_hit_something_else_is_refused(
    wanted: CredentialWrite, name: str | None, kind: type[SenhaseguraError]
) -> None:
    client, server = api()
    with pytest.raises(kind) as caught:
        client.credentials.match(wanted, ref(name) if name else None)
    assert caught.value.hint
    assert server.lines == ["GET /api/pam/credential"]


def test_create_and_update() -> None:
    stored = success(status=201, credential={"id": "7", "identifier": "web-root"})
    client, server = api(POST=stored)
    assert client.credentials.store(write("web-root"), None).id == "7"
    info = client.credentials.info(ref("7"))
    assert client.credentials.store(write(), info).identifier == "web-root"
    # Sent along, so that a change of the user name finds the record.
    assert server.sent[-1].document["identifier"] == "web-root"
    with pytest.raises(UnexpectedResponse, match="wrote credential 7 instead of 8"):
        client.credentials.store(write(), client.credentials.info(ref("8")))


def test_a_lost_create_is_read_back_before_it_is_repeated() -> None:
    stored = success(status=201, credential={"id": "30", "identifier": "new"})
    landed = success(credentials=[*ENTRIES, entry(30, "new")])
    # It has landed: not repeated.
    client, server = api(landed, POST=[LOST])
    assert client.credentials.store(write("new"), None).id == "30"
    assert server.lines == ["POST /api/pam/credential", "GET /api/pam/credential"]
    # It has not: repeated once.
    client, server = api(POST=[LOST, stored])
    assert client.credentials.store(write("new"), None).id == "30"
    assert server.lines == ["POST /api/pam/credential", "GET /api/pam/credential", "POST /api/pam/credential"]
    # Lost again: the user decides.
    client, server = api(POST=LOST)
    with pytest.raises(ResponseLost):
        client.credentials.store(write("new"), None)
    assert server.count("POST", "/pam/credential") == 2


def test_a_lost_create_is_not_mistaken_for_an_id() -> None:
    """An identifier of digits may be the id of something else."""
    client, server = api(POST=[LOST, success(credential={"id": "30", "identifier": "7"})])
    assert client.credentials.store(write("7", "nobody"), None).id == "30"
    assert server.count("POST", "/pam/credential") == 2


@pytest.mark.parametrize(("info", "identifier"), [(None, None), ("7", "web-root"), ("7", None)])
def test_other_lost_writes_are_not_repeated(info: str | None, identifier: str | None) -> None:
    client, server = api(POST=LOST)
    known = client.credentials.info(ref(info)) if info else None
    with pytest.raises(ResponseLost) as caught:
        client.credentials.store(write(identifier), known)
    assert server.count("POST", "/pam/credential") == 1
    assert caught.value.context.subject == f"credential {identifier or 'root@web01'}"


def test_a_busy_gateway_is_no_proof() -> None:
    for status in (502, 503, 504):
        client, server = api(POST=answer({}, status))
        with pytest.raises(ServerBusy):
            client.credentials.store(write("new"), None)
        assert server.count("POST", "/pam/credential") == 1


# --- switches and custody --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("state", "method"), [("enable", "PUT"), ("disable", "DELETE")])
def test_switches(state: str, method: str) -> None:
    place = f"{method} /api/pam/credential/"
    client, server = make({"GET /api/pam/credential": LIST, f"{place}7": success()})
    switch = getattr(client.credentials, state)
    assert switch(ref("web-root"), client.credentials.find(ref("web-root"))) is True
    assert server.lines[-1] == f"{place}7"
    already, other = ((1043, 1017), 1008) if state == "enable" else ((1008, 1017), 1043)
    for number in already:
        server.on(f"{place}7", failure(number))
        assert switch(ref("7"), None) is False
    for reply, kind in ((failure(other), AlreadyDone), (failure(None, "Something else"), InvalidRequest)):
        server.on(f"{place}7", reply)
        server.on(f"{place}hidden", reply)
        for name in ("7", "hidden"):
            with pytest.raises(kind):
                switch(ref(name), None)
    # Not listed: asked for by its name.
    server.on(f"{place}hidden", success())
    assert switch(ref("hidden"), None) is True
    for reply, kind in ((NO_ROUTE, NotFound), (failure(1003), NotFound), (failure(1007), NotFound)):
        server.on(f"{place}hidden", reply)
        with pytest.raises(kind):
            switch(ref("hidden"), None)
    server.on(f"{place}7", failure(1010))
    with pytest.raises(InvalidRequest):
        switch(ref("7"), None)
    with pytest.raises(NotFound):
        switch(ref("a/b"), None)


def test_release() -> None:
    client, server = api(DELETE_custody_7=success(), DELETE_custody_8=success(), DELETE_custody_hidden=failure(1018))
    assert client.credentials.release(ref("web-root")) is True
    assert client.credentials.release(ref("hidden")) is False
    with pytest.raises(Refused):
        client.credentials.release(ref("db-app"))
    assert server.count("DELETE", "custody/8") == 0
    assert client.credentials.release(ref("db-app"), allow_vault_rotation=True) is True
    with pytest.raises(InvalidRequest, match="SSH key"):
        client.credentials.release(ref("deploy-key"))
    assert client.credentials.releasable(ref("nothing")) is None


# --- rotation --------------------------------------------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    """A clock for waiting; the defaults of wait_for_change are bound when it is defined."""
    fake = FakeTime()
    defaults = dict(credentials_module.wait_for_change.__kwdefaults__, clock=fake.clock, sleep=fake.sleep)
    monkeypatch.setattr(credentials_module.wait_for_change, "__kwdefaults__", defaults)
    return fake


def changed(number: int, when: str = "2026-11-24 10:00:00", **fields: t.Any) -> t.Any:
    return success(credentials=[{**e, "change": when, **fields} if e["id"] == str(number) else e for e in ENTRIES])


def test_rotate_by_release_and_wait(clock: FakeTime) -> None:
    client, server = api([LIST, LIST, LIST, changed(8)], GET_8=credential(8), DELETE_custody_8=success())
    after = client.credentials.rotate(ref("db-app"), wait=60, poll=2)
    assert after.changed_at == "2026-11-24 10:00:00"
    assert clock.slept == [2, 2]
    assert [line.split("/", 1)[1] for line in server.lines] == [
        "api/pam/credential", "api/pam/credential/8", "api/pam/credential/custody/8", *["api/pam/credential"] * 3,
    ]  # fmt: skip


@pytest.mark.parametrize(("wait", "slept"), [(5, [2, 2, 1]), (1, [1]), (0.5, [0.5])])
def test_a_change_that_does_not_come(clock: FakeTime, wait: float, slept: list[float]) -> None:
    client, _server = api(GET_8=credential(8), DELETE_custody_8=success())
    with pytest.raises(ChangeNotSeen, match=f"has not changed db-app within {wait} seconds") as caught:
        client.credentials.rotate(ref("db-app"), wait=wait, poll=2)
    assert "Executions" in caught.value.hint
    assert clock.slept == slept


def test_rotate_without_waiting(clock: FakeTime) -> None:
    client, server = api(GET_8=credential(8), DELETE_custody_8=success())
    assert client.credentials.rotate(ref("8"), wait=0).id == "8"
    gone = success(credentials=[])
    server.on("GET /api/pam/credential", [LIST, gone])
    assert client.credentials.rotate(ref("8"), wait=0).id == "8"
    assert clock.slept == []


def test_rotate_needs_automatic_change() -> None:
    client, server = api()
    with pytest.raises(Refused, match="no automatic change"):
        client.credentials.rotate(ref("web-root"), wait=0)
    assert server.lines == ["GET /api/pam/credential"]
    assert client.credentials.rotatable(ref("db-app")).id == "8"


def test_rotate_where_the_server_has_a_call() -> None:
    done = answer({"response": {"credential": {"id": "7"}}})
    client, server = make({"GET /api/pam/credential": REST_LIST, "POST /api/pam/credential/7/rotate": done}, "rest")
    assert client.credentials.rotate(ref("web-root"), wait=60).id == "7"
    assert server.lines[-1] == "POST /api/pam/credential/7/rotate"


# --- SSH keys --------------------------------------------------------------------------------------------------------

OLD = keypair.generate() if keypair.HAS_CRYPTOGRAPHY else keypair.KeyPair("x", "y")
NEW = keypair.generate() if keypair.HAS_CRYPTOGRAPHY else keypair.KeyPair("x", "y")
needs_cryptography = pytest.mark.skipif(not keypair.HAS_CRYPTOGRAPHY, reason="cryptography is not installed")


def key_answer(id_: int, pair: keypair.KeyPair = OLD, **fields: t.Any) -> t.Any:
    item = {
        "id": str(id_), "identifier": "deploy-key", "username": "deploy", "hostname": "web01", "ip": "192.0.2.10",
        "private_key": pair.private_key.replace("\n", "\r\n"), "public_key": pair.public_key, "password": None, **fields,
    }  # fmt: skip
    return success(key=item)


def keys(listed: t.Any = LIST, **replies: t.Any) -> tuple[Client, Scripted]:
    known = {"GET /api/pam/credential": listed}
    for name, reply in replies.items():
        method, _line, rest = name.partition("_")
        known[f"{method} /api/pam/key{'/' + rest if rest else ''}"] = reply
    return make(known)


def test_read_a_key() -> None:
    client, server = keys(GET_9=key_answer(9))
    assert client.ssh_keys.read(ref("9")).private_key == OLD.private_key
    assert server.lines == ["GET /api/pam/credential", "GET /api/pam/key/9"]
    assert client.ssh_keys.read(parse_reference("id:9")).private_key == OLD.private_key
    assert server.lines[2:] == ["GET /api/pam/key/9"]
    assert client.ssh_keys.read(ref("deploy-key")).id == "9"
    assert client.ssh_keys.read(ref("deploy@web01")).id == "9"
    server.on("GET /api/pam/key/9", key_answer(10))
    with pytest.raises(UnexpectedResponse, match="about SSH key 10 instead of 9"):
        client.ssh_keys.read(ref("9"))


def test_read_a_key_and_release_it() -> None:
    client, server = keys(GET_9=key_answer(9))
    server.on("DELETE /api/pam/credential/custody/9", [success(), failure(1018)])
    for _again in range(2):
        assert client.ssh_keys.read(ref("9"), release=True).id == "9"
    assert server.lines[-3:] == [
        "GET /api/pam/credential", "GET /api/pam/key/9", "DELETE /api/pam/credential/custody/9",
    ]  # fmt: skip
    server.on("GET /api/pam/credential", changed(9, automatic_change=True))
    with pytest.raises(Refused):
        client.ssh_keys.read(ref("9"), release=True)
    client, server = make({}, "rest")
    with pytest.raises(Unsupported, match=r"key\.release"):
        client.ssh_keys.read(ref("9"), release=True)
    assert server.sent == []


def test_store_and_match_a_key() -> None:
    wanted = SshKeyWrite("deploy-key", "deploy", "web01", "192.0.2.10", OLD.private_key, OLD.public_key)
    client, _server = keys(POST=success(key={"id": "9", "identifier": "deploy-key", "devices_error": []}))
    assert client.ssh_keys.match("nothing") is None
    with pytest.raises(InvalidRequest, match="is a credential"):
        client.ssh_keys.match("web-root")
    info = client.ssh_keys.match("deploy-key")
    assert info
    assert client.ssh_keys.store(wanted, None).id == "9"
    assert client.ssh_keys.store(wanted, info).id == "9"
    with pytest.raises(UnexpectedResponse, match="wrote SSH key 9 instead of 8"):
        client.ssh_keys.store(wanted, dataclasses.replace(info, id="8"))
    client.ssh_keys.check("create", wanted)


@pytest.mark.parametrize(("state", "method"), [("enable", "PUT"), ("disable", "DELETE")])
def test_switch_a_key(state: str, method: str) -> None:
    client, server = make({"GET /api/pam/credential": LIST, f"{method} /api/pam/key/9": [success(), failure(1017)]})
    switch = getattr(client.ssh_keys, state)
    assert switch(ref("deploy-key"), client.ssh_keys.find(ref("deploy-key"))) is True
    assert switch(ref("9"), None) is False
    with pytest.raises(NotFound, match="by its id only"):
        switch(ref("hidden"), None)
    server.on(f"{method} /api/pam/key/9", failure(1016))
    with pytest.raises(InvalidRequest):
        switch(ref("9"), None)
    client, _server = make({}, "rest")
    with pytest.raises(Unsupported):
        getattr(client.ssh_keys, state)(ref("9"), None)


def test_the_server_replaces_a_key(clock: FakeTime) -> None:
    automatic = changed(9, "2026-01-10 08:15:00", automatic_change=True)
    client, server = keys([automatic, automatic, changed(9, automatic_change=True)], GET_9=key_answer(9))
    server.on("DELETE /api/pam/credential/custody/9", success())
    assert client.ssh_keys.rotate_by_server(ref("9"), wait=60) == KeyRotation(
        "9", "deploy-key", previous_public_key=OLD.public_key
    )
    assert clock.slept == [2.0]
    client, server = keys()
    with pytest.raises(Refused, match="no automatic change"):
        client.ssh_keys.rotate_by_server(ref("9"), wait=0)


def test_the_server_replaces_a_key_in_rest(clock: FakeTime) -> None:
    def listed(public_key: str | None) -> t.Any:
        return answer({"response": {"sshkeys": [{"id": "9", "identifier": "k", "public_key": public_key}]}})

    def done(public_key: str | None) -> t.Any:
        return answer({"response": {"sshkey": {"id": "9", "identifier": "k", "public_key": public_key}}})

    for replied, lists, wait, expected in (
        ("new", ["old"], 60, "new"),
        ("old", ["old"], 0, None),
        (None, ["old"], 0, None),
        ("old", ["old", "old", "new"], 60, "new"),
    ):
        client, _server = make(
            {"GET /api/pam/sshkey": [listed(k) for k in lists], "POST /api/pam/sshkey/9/rotate": done(replied)}, "rest"
        )
        assert client.ssh_keys.rotate_by_server(ref("k"), wait=wait) == KeyRotation("9", "k", expected, "old")


class Vault:
    """Keys by id, as a server keeps them; what a write stores can be spoilt."""

    def __init__(self, spoil: t.Callable[[dict[str, t.Any]], None] = lambda item: None) -> None:
        self.items = {"9": self._item("9", "deploy-key", OLD)}
        self.spoil = spoil

    @staticmethod
    def _item(id_: str, identifier: str, pair: keypair.KeyPair) -> dict[str, t.Any]:
        return {
            "id": id_, "identifier": identifier, "username": "deploy", "hostname": "web01", "ip": "192.0.2.10",
            "private_key": pair.private_key, "public_key": pair.public_key, "password": pair.passphrase, "devices": [],
        }  # fmt: skip

    def store(self, request: Sent) -> t.Any:
        sent = request.document
        id_ = next(
            (i for i, item in self.items.items() if item["identifier"] == sent["identifier"]), str(50 + len(self.items))
        )
        self.items[id_] = {**self.items.get(id_, {}), **sent, "id": id_}
        self.spoil(self.items[id_])
        return success(status=201, key={"id": id_, "identifier": sent["identifier"]})

    def client(self) -> tuple[Client, Scripted]:
        replies: dict[str, t.Any] = {"POST /api/pam/key": self.store, "GET /api/pam/credential": self.list}
        for number in ("9", "51", "52"):
            replies[f"GET /api/pam/key/{number}"] = lambda request, n=number: success(key=self.items[n])
        return make(replies)

    def list(self, request: Sent) -> t.Any:
        return success(credentials=[entry(i, k["identifier"], type="SSH Key") for i, k in self.items.items()])


@needs_cryptography
def test_replace_a_key() -> None:
    vault = Vault()
    client, server = vault.client()
    rotation = client.ssh_keys.replace(ref("deploy-key"), NEW, keep_previous=True)
    assert rotation == KeyRotation("9", "deploy-key", NEW.public_key, OLD.public_key, "deploy-key--previous")
    assert vault.items["9"]["private_key"] == NEW.private_key
    kept = vault.items["51"]
    assert (kept["identifier"], kept["private_key"]) == ("deploy-key--previous", OLD.private_key)
    # Another user name, since the server may match by user, host and address.
    assert kept["username"] == "deploy--previous"
    # The old pair is kept, and read back, before the new one is written.
    writes = [(r.method, r.path) for r in server.sent if "/pam/key" in r.path]
    assert writes == [
        ("GET", "/api/pam/key/9"), ("POST", "/api/pam/key"), ("GET", "/api/pam/key/51"), ("POST", "/api/pam/key"),
        ("GET", "/api/pam/key/9"),
    ]  # fmt: skip
    again = client.ssh_keys.replace(ref("9"), keypair.generate(), keep_previous=True)
    assert again.previous_public_key == NEW.public_key
    assert vault.items["51"]["private_key"] == NEW.private_key
    assert len(vault.items) == 2


@needs_cryptography
def test_replace_a_key_without_keeping_the_old_one() -> None:
    vault = Vault()
    assert vault.client()[0].ssh_keys.replace(ref("9"), NEW, keep_previous=False).previous_identifier is None
    assert list(vault.items) == ["9"]


@needs_cryptography
@pytest.mark.parametrize(
    "spoil",
    [
        lambda item: item.update(private_key=item["private_key"][:-60]),
        lambda item: item.update(private_key="garbage"),
        lambda item: item.update(public_key="garbage"),
        lambda item: item.update(public_key=""),
        lambda item: item.update(private_key=keypair.generate().private_key),
        lambda item: item.update(public_key=keypair.generate().public_key),
        lambda item: item.update(password="other") if keypair.HAS_BCRYPT else item.update(public_key="x"),
    ],
)
def test_a_key_that_reads_back_differently_stops_before_the_old_one_is_touched(spoil: t.Any) -> None:
    vault = Vault(spoil)
    with pytest.raises(UnexpectedResponse, match="deploy-key--previous reads back differently"):
        vault.client()[0].ssh_keys.replace(ref("9"), NEW, keep_previous=True)
    assert vault.items["9"]["private_key"] == OLD.private_key


@needs_cryptography
def test_a_new_key_that_reads_back_differently() -> None:
    vault = Vault(lambda item: item.update(public_key=OLD.public_key))
    with pytest.raises(UnexpectedResponse, match="stored as deploy-key reads back differently"):
        vault.client()[0].ssh_keys.replace(ref("9"), NEW, keep_previous=True)
    assert vault.items["51"]["private_key"] == OLD.private_key


def test_keys_that_cannot_be_replaced() -> None:
    for fields, problem in (
        ({"automatic_change": True}, "changed by the vault"),
        ({"identifier": None}, "no identifier"),
    ):
        client, server = keys(success(credentials=[entry(9, "k", type="SSH Key", **fields)] if "identifier" not in fields
                                      else [entry(9, None, type="SSH Key")]))  # fmt: skip
        with pytest.raises(Refused, match=problem):
            client.ssh_keys.replace(ref("9"), NEW, keep_previous=True)
        assert server.lines == ["GET /api/pam/credential"]


# --- DSM secrets -----------------------------------------------------------------------------------------------------


def application(*secrets: dict[str, t.Any]) -> t.Any:
    return success(application={"secrets": [{"data": [], **secret} for secret in secrets]})


DB = {"secret_id": "1", "identity": "db", "version": "3", "data": [{"PASSWORD": "pw"}]}


def dsm(*replies: t.Any, listed: t.Any = None) -> tuple[Client, Scripted]:
    return make(
        {"GET /iso/dapp/application": listed or application(DB), "POST /iso/sctm/secret": list(replies) or [success()]}
    )


def test_find_and_read_secrets() -> None:
    client, _server = dsm()
    assert client.secrets.read("db").data == ({"PASSWORD": "pw"},)
    assert client.secrets.find("nothing") is None
    with pytest.raises(NotFound, match="DSM secret nothing not found") as caught:
        client.secrets.read("nothing")
    assert caught.value.context.subject == "DSM secret nothing"
    for other in ("DB", "db ", "1", ""):
        assert client.secrets.find(other) is None


def test_store_a_secret() -> None:
    client, server = dsm()
    client.secrets.store(DsmSecretWrite("db", key_value={"K": "v"}), None)
    assert server.lines == ["POST /iso/sctm/secret", "GET /iso/dapp/application"]
    server.on("POST /iso/sctm/secret", application(DB))
    client.secrets.store(DsmSecretWrite("db"), client.secrets.find("db"))
    assert server.lines[2:] == ["GET /iso/dapp/application", "POST /iso/sctm/secret"]


@pytest.mark.parametrize(
    ("present", "now", "repeated"),
    [(None, None, True), (None, "1", False), ("3", "3", True), ("3", "4", False), ("3", None, False)],
)
def test_a_lost_write_of_a_secret_is_repeated_only_if_it_has_not_landed(
    present: str | None, now: str | None, repeated: bool
) -> None:
    before = DsmSecret("1", "db", (), version=present) if present else None
    client, server = dsm(LOST, success(), listed=application(*([{**DB, "version": now}] if now else [])))
    client.secrets.store(DsmSecretWrite("db", key_value={"K": "v"}), before)
    assert server.count("POST", "/sctm/secret") == (2 if repeated else 1)


def test_a_write_of_a_secret_that_is_lost_twice() -> None:
    client, server = dsm(LOST)
    with pytest.raises(ResponseLost):
        client.secrets.store(DsmSecretWrite("db"), DsmSecret("1", "db", (), version="3"))
    assert server.count("POST", "/sctm/secret") == 2


def test_delete_a_secret() -> None:
    client, server = dsm()
    with pytest.raises(Unsupported, match=r"no call for secret\.delete.*expires_at"):
        client.secrets.delete("db")
    with pytest.raises(Unsupported):
        client.secrets.check("delete")
    assert server.sent == []
    gone = answer({"response": {"status": 200}})
    client, server = make({"DELETE /api/dsm/secret/db": gone}, "rest")
    client.secrets.delete("db")
    client.secrets.check("delete")
    assert server.lines == ["DELETE /api/dsm/secret/db"]


# --- what is checked before a write ----------------------------------------------------------------------------------

RENEWED = DsmSecretWrite("x", renewal=Renewal(1, 0, 0))


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (lambda client: client.applications.check(DsmApplicationWrite("shop")), "no call for application.create"),
        (lambda client: client.applications.check_deactivate(), "no call for application.disable"),
        (lambda client: client.applications.check_upload(), "no call for variables.create"),
        (lambda client: client.automations.check("delete"), "no call for automation.delete"),
        (lambda client: client.secrets.check("create", RENEWED), "cannot write renewal"),
    ],
)
def test_a_check_refuses_what_the_dialect_cannot_do(check: t.Callable[[Client], None], said: str) -> None:
    client, server = make({}, "rest")
    with pytest.raises(Unsupported, match=said):
        check(client)
    assert server.lines == []


def test_the_guide_is_not_asked_to_release_what_may_be_inactive() -> None:
    """It has releases, but does not tell that something is inactive: the release would end somebody's custody."""
    client, server = make({"GET /api/pam/credential": REST_LIST}, "rest")
    assert not client.credentials.is_inactive(CredentialWrite("new", "web09", "192.0.2.9", identifier="new"))
    assert {line.partition(" ")[0] for line in server.lines} == {"GET"}
