# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What servers of the integration guide do that its author did not write down, and the same for the vendor's servers.

A 404 for an object, an answer to a write that shows little, DSM secrets by their path, and their data as one map.
"""

from __future__ import annotations

import typing as t

import pytest

pytest.importorskip("requests")

from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import Client, client_over
from ansible_collections.community.senhasegura.plugins.module_utils.client.session import DirectApi
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.catalog import DIALECTS
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.operations import named
from ansible_collections.community.senhasegura.plugins.module_utils.dsm_secrets import (
    DsmSecret,
    DsmSecretWrite,
    SecretBlock,
)
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    Denied,
    InvalidRequest,
    NoRoute,
    NotFound,
    SenhaseguraError,
    UnexpectedResponse,
    Unsupported,
)
from ansible_collections.community.senhasegura.plugins.module_utils.keypair import generate
from ansible_collections.community.senhasegura.plugins.module_utils.models import CredentialWrite, SshKeyWrite
from ansible_collections.community.senhasegura.plugins.module_utils.operations.lookup import look_up
from ansible_collections.community.senhasegura.plugins.module_utils.references import Reference
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.support import (
    CLIENT_SECRET,
    NO_ROUTE,
    Scripted,
    answer,
    entry,
    failure,
    settings,
    success,
)
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.test_hostile_names import write_model

HEAD = {"status": 200, "message": "OK", "error": False, "error_code": 0}
OPTIONS: dict[str, t.Any] = {
    "field": None, "return_format": "value", "on_missing": "error", "on_denied": "error", "fresh": False, "release": False,
    "allow_vault_rotation": False, "check_mode": "read", "duplicates": "error",
}  # fmt: skip


def guide(**entities: t.Any) -> t.Any:
    return answer({"response": {**HEAD, **entities}})


ENVELOPE = guide()
CREDENTIAL = {"id": "7", "identifier": "web-root", "username": "root", "hostname": "web01", "ip": "192.0.2.10"}
KEY = {"id": "9", "identifier": "deploy", "username": "deploy", "hostname": "web01", "public_key": "ssh-ed25519 AAAA"}


def make(replies: dict[str, t.Any], dialect: str = "rest") -> tuple[Client, Scripted]:
    server = Scripted(replies)
    return client_over(DirectApi(settings(dialect=dialect), transport=server)), server


def lookup(client: Client, name: str, *terms: str, **options: t.Any) -> t.Any:
    return look_up(name, client, terms, {**OPTIONS, **options})


# --- 404 -------------------------------------------------------------------------------------------------------------

NAMED = [operation.name for operation, call in DIALECTS["rest"].calls.items() if call.names_object]
NOT_THERE = {
    "guide": answer({"response": {"status": 404, "message": "Not here", "error": True, "error_code": 404}}, 404),
    "number 1": answer({"response": {"status": 404, "message": "Not here", "error": True, "error_code": 1}}, 404),
    "no number": answer({"response": {"status": 404, "message": "Not here", "error": True}}, 404),
    "flat": answer({"error": "Not here"}, 404),
    "detail": answer({"message": "Not here"}, 404),
    "empty object": answer({}, 404),
    "empty": answer(None, 404, body=b""),
    "page": answer(None, 404, body=b"<html>Not here</html>", content_type="text/html"),
}


def test_which_calls_name_an_object() -> None:
    assert len(NAMED) == 11
    assert {name for name, dialect in DIALECTS.items() if any(c.names_object for c in dialect.calls.values())} == {
        "rest"
    }
    assert not any(operation.endswith(("list", "create")) for operation in NAMED)


@pytest.mark.parametrize("operation", NAMED)
def test_404_for_an_object_is_not_found(operation: str) -> None:
    call = DIALECTS["rest"].calls[named(operation)]
    place = f"{call.method} {call.path.replace('{ref}', '7')}"
    for case, reply in NOT_THERE.items():
        session = DirectApi(settings(dialect="rest"), transport=Scripted({place: reply}))
        with pytest.raises(NotFound) as caught:
            session.call(named(operation), ref="7", model=write_model(operation), subject="thing 7")
        assert caught.value.context.status == 404
        assert "dialect" not in str(caught.value), case
        if b"Not here" in reply.body and case != "page":
            assert "Not here" in str(caught.value), case


@pytest.mark.parametrize("operation", NAMED)
@pytest.mark.parametrize("words", ["no Route matched with those values", "Resource sub not found"])
def test_404_for_a_path_is_not_about_the_object(operation: str, words: str) -> None:
    call = DIALECTS["rest"].calls[named(operation)]
    place = f"{call.method} {call.path.replace('{ref}', '7')}"
    for document in (
        {"message": words},
        {"response": {"status": 404, "message": words, "error": True, "error_code": 4}},
    ):
        session = DirectApi(settings(dialect="rest"), transport=Scripted({place: answer(document, 404)}))
        with pytest.raises(NoRoute, match="does not speak the dialect rest"):
            session.call(named(operation), ref="7", model=write_model(operation))


@pytest.mark.parametrize("dialect", ["iso", "api"])
def test_404_in_the_vendors_dialects_never_means_that_nothing_is_there(dialect: str) -> None:
    for operation, call in DIALECTS[dialect].calls.items():
        place = f"{call.method} {call.path.replace('{ref}', '7')}"
        for case in ("detail", "page", "empty"):
            session = DirectApi(settings(dialect=dialect), transport=Scripted({place: NOT_THERE[case]}))
            with pytest.raises(NoRoute) as caught:
                session.call(operation, ref="7", model=write_model(operation.name))
            if call.module == "dsm":
                # There the vendor means a client without an authorization for DSM, not a path of another release.
                assert "authorization of this client" in str(caught.value) or "DSM" in str(caught.value)
                assert "dialect" not in str(caught.value)


def test_what_is_not_there_has_a_default() -> None:
    gone = NOT_THERE["number 1"]
    client, _server = make(
        {
            "GET /api/pam/credential": guide(credentials=[CREDENTIAL]),
            "GET /iso/coe/senha": gone,
            "GET /api/pam/sshkey/9": gone,
            "GET /api/dsm/secret/db": gone,
        }
    )
    for name, term in (("password", "99"), ("password", "web-root"), ("ssh_key", "id:9"), ("secret", "db")):
        assert lookup(client, name, term, default="d") == (["d"], [], [])
        values, warnings, _secrets = lookup(client, name, term, on_missing="warn")
        assert values == [] and len(warnings) == 1
        assert lookup(client, name, term, on_missing="skip") == ([], [], [])


def test_deleting_what_is_gone_changes_nothing() -> None:
    client, _server = make({"DELETE /api/dsm/secret/db": [NOT_THERE["empty"], ENVELOPE]})
    assert client.secrets.delete("db") is False
    assert client.secrets.delete("db") is True
    client, _server = make({"DELETE /api/pam/credential/7": NOT_THERE["flat"]})
    with pytest.raises(NotFound):
        client.credentials.disable(Reference("7"), None)


def test_the_words_of_a_404_hold_no_secret() -> None:
    server = Scripted({"GET /api/pam/sshkey/9": answer({"message": f"no key for {CLIENT_SECRET}"}, 404)})
    with pytest.raises(NotFound, match="no key for") as caught:
        client_over(DirectApi(settings(dialect="rest"), transport=server)).ssh_keys.read(Reference("9", "id"))
    assert CLIENT_SECRET not in str(caught.value)


# --- writes whose answer is the envelope only ------------------------------------------------------------------------

WANTED = CredentialWrite("root", "web01", "192.0.2.10", identifier="web-root", password="pw-New-1")
HELD = DsmSecret("1", "db", ({"K": "old"},))
WANTED_KEY = SshKeyWrite("deploy", "deploy", "web01", "192.0.2.10", "PRIVATE", "ssh-ed25519 AAAA")
VENDOR_ENTRY = entry(7, "web-root")
VENDOR_KEY = entry(9, "deploy", type="SSH Key", username="deploy")
# What servers answer to a write: the envelope, an empty entity, one without an id, or with a text for it.
LITTLE: dict[str, t.Callable[[str, bool], t.Any]] = {
    "envelope": lambda name, rest: ENVELOPE,
    "nothing": lambda name, rest: answer(None, 204, body=b""),
    "null": lambda name, rest: guide(**{name: None}) if rest else success(**{name: None}),
    "empty": lambda name, rest: guide(**{name: {}}) if rest else success(**{name: {}}),
    "no id": lambda name, rest: (
        guide(**{name: {"identifier": "x"}}) if rest else success(**{name: {"identifier": "x"}})
    ),
    "odd id": lambda name, rest: guide(**{name: {"id": None}}) if rest else success(**{name: {"id": "new"}}),
    "list": lambda name, rest: guide(**{name: [1]}) if rest else success(**{name: [1]}),
}


def server_of(dialect: str, case: str) -> dict[str, t.Any]:
    rest = dialect == "rest"
    reply, key_reply = LITTLE[case]("credential", rest), LITTLE[case]("sshkey" if rest else "key", rest)
    if rest:
        return {
            "GET /api/pam/credential": guide(credentials=[CREDENTIAL]),
            "GET /api/pam/sshkey": guide(sshkeys=[KEY]),
            "POST /api/pam/credential": reply,
            "PUT /api/pam/credential/7": reply,
            "POST /api/pam/credential/7/rotate": reply,
            "POST /api/pam/sshkey": key_reply,
            "PUT /api/pam/sshkey/9": key_reply,
            "POST /api/pam/sshkey/9/rotate": key_reply,
        }
    prefix = f"/{dialect}/pam"
    return {
        f"GET {prefix}/credential": success(credentials=[VENDOR_ENTRY, VENDOR_KEY]),
        f"POST {prefix}/credential": reply,
        f"POST {prefix}/key": key_reply,
    }


@pytest.mark.parametrize("case", LITTLE)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_write_does_not_fail_after_it_was_done(dialect: str, case: str) -> None:
    client, server = make(server_of(dialect, case), dialect)
    created = client.credentials.store(WANTED, None)
    updated = client.credentials.store(WANTED, client.credentials.find(Reference("web-root")))
    assert created.id == updated.id == "7"
    key = client.ssh_keys.store(WANTED_KEY, None)
    key_again = client.ssh_keys.store(WANTED_KEY, client.ssh_keys.find(Reference("deploy")))
    assert key.id == key_again.id == "9"
    writes = [line for line in server.lines if not line.startswith("GET")]
    assert len(writes) == 4


@pytest.mark.parametrize("case", LITTLE)
def test_a_rotation_does_not_fail_after_it_was_done(case: str) -> None:
    client, _server = make(server_of("rest", case))
    assert client.credentials.rotate(Reference("web-root"), wait=0).id == "7"
    rotated = client.ssh_keys.rotate_by_server(Reference("deploy"), wait=0)
    assert (rotated.id, rotated.public_key, rotated.previous_public_key) == ("9", None, "ssh-ed25519 AAAA")


@pytest.mark.parametrize(
    "listed", [guide(credentials=[], sshkeys=[]), failure(None, "Unexpected error", 500), NO_ROUTE]
)
def test_what_the_list_does_not_tell_either_is_done_all_the_same(listed: t.Any) -> None:
    client, server = make(
        {
            "POST /api/pam/credential": ENVELOPE,
            "POST /api/pam/sshkey": ENVELOPE,
            "GET /api/pam/credential": listed,
            "GET /api/pam/sshkey": listed,
        }
    )
    assert client.credentials.store(WANTED, None).id == ""
    assert client.ssh_keys.store(WANTED_KEY, None).id == ""
    assert server.count("POST", "/pam/") == 2


def test_a_new_credential_without_identifier_is_found_by_its_account() -> None:
    client, _server = make(server_of("rest", "envelope"))
    assert client.credentials.store(CredentialWrite("root", "web01", "192.0.2.10"), None).id == "7"
    assert client.credentials.store(CredentialWrite("root", "web01", "192.0.2.99"), None).id == ""


def test_another_id_is_still_an_error() -> None:
    for dialect in DIALECTS:
        rest = dialect == "rest"
        wrong = {"id": "8", "identifier": "web-root"}
        replies = server_of(dialect, "envelope")
        for place in replies:
            if not place.startswith("GET"):
                name = ("sshkey" if rest else "key") if "key" in place else "credential"
                replies[place] = guide(**{name: wrong}) if rest else success(**{name: wrong})
        client, _server = make(replies, dialect)
        with pytest.raises(UnexpectedResponse, match="wrote credential 8 instead of 7"):
            client.credentials.store(WANTED, client.credentials.find(Reference("web-root")))
        with pytest.raises(UnexpectedResponse, match="wrote SSH key 8 instead of 9"):
            client.ssh_keys.store(WANTED_KEY, client.ssh_keys.find(Reference("deploy")))


@pytest.mark.parametrize("dialect", ["iso", "api"])
def test_a_replaced_key_is_read_back_whatever_the_write_says(dialect: str) -> None:
    old, new = generate(comment="old"), generate(comment="new")
    kept = entry(10, "deploy--previous", type="SSH Key", username="deploy--previous")
    lists = [
        success(credentials=[VENDOR_KEY]),
        success(credentials=[VENDOR_KEY]),
        success(credentials=[VENDOR_KEY, kept]),
    ]

    def read(pair: t.Any, id_: str) -> t.Any:
        return success(key={"id": id_, "username": "deploy", "hostname": "web01", "ip": "192.0.2.10", **vars(pair)})

    prefix = f"/{dialect}/pam"
    client, _server = make(
        {
            f"GET {prefix}/credential": lists,
            f"GET {prefix}/key/9": [read(old, "9"), read(new, "9")],
            f"GET {prefix}/key/10": read(old, "10"),
            f"POST {prefix}/key": success(),
        },
        dialect,
    )
    rotation = client.ssh_keys.replace(Reference("deploy"), new, keep_previous=True)
    assert (rotation.id, rotation.public_key) == ("9", new.public_key)


@pytest.mark.parametrize("case", ["envelope", "nothing", "null", "empty", "list"])
def test_a_secret_is_written_whatever_the_answer_shows(case: str) -> None:
    reply = LITTLE[case]("secret", True)
    client, server = make({"POST /api/dsm/secret": reply, "PUT /api/dsm/secret/db": reply})
    client.secrets.store(DsmSecretWrite("db", key_value={"K": "v"}), None)
    sealed = guide(secret={"identifier": "db", "data": {"K": "An error occurred while encrypting the text"}})
    server.on("PUT /api/dsm/secret/db", sealed)
    client.secrets.store(DsmSecretWrite("db", key_value={"K": "v"}), HELD)
    writes = [line for line in server.lines if not line.startswith("GET")]
    assert writes == ["POST /api/dsm/secret", "PUT /api/dsm/secret/db"]
    for dialect in ("iso", "api"):
        client, _server = make({"POST /iso/sctm/secret": ENVELOPE}, dialect)
        client.secrets.store(DsmSecretWrite("db", key_value={"K": "v"}), None)


# --- one DSM secret by its path --------------------------------------------------------------------------------------

DB = {"id": "1", "identifier": "db", "name": "n", "data": {"PASSWORD": "pw-Db-1", "USER": "app"}}
API = {"id": "2", "identifier": "api", "data": [{"TOKEN": "t-1"}]}
LISTED = guide(secrets=[DB, API])
BARE = {
    "no data": guide(secrets=[{"id": "1", "identifier": "db"}, {"id": "2", "identifier": "api"}]),
    "null": guide(secrets=[{**DB, "data": None}, {**API, "data": None}]),
    "empty list": guide(secrets=[{**DB, "data": []}, {**API, "data": []}]),
    "names without values": guide(secrets=[{**DB, "data": {"PASSWORD": None}}, {**API, "data": [{"TOKEN": None}]}]),
}


def secrets(listed: t.Any = LISTED, **paths: t.Any) -> tuple[Client, Scripted]:
    known = {"db": guide(secret=DB), "api": guide(secret=API), **paths}
    return make({"GET /api/dsm/secret": listed, **{f"GET /api/dsm/secret/{name}": r for name, r in known.items()}})


def test_one_secret_is_read_by_its_path() -> None:
    client, server = secrets(nothing=NOT_THERE["empty"])
    assert lookup(client, "secret", "db")[0] == [{"PASSWORD": "pw-Db-1", "USER": "app"}]
    assert client.secrets.find("db").id == "1"  # type: ignore[union-attr]
    assert set(server.lines) == {"GET /api/dsm/secret/db"}
    assert client.secrets.find("nothing") is None
    assert server.lines[-1] == "GET /api/dsm/secret/nothing"
    with pytest.raises(NotFound, match="DSM secret nothing not found") as caught:
        client.secrets.read("nothing")
    assert "assigned to the DSM authorization" in caught.value.hint
    assert (caught.value.context.status, caught.value.context.endpoint) == (404, "GET /api/dsm/secret/{ref}")


def test_several_secrets_are_read_by_one_list() -> None:
    client, server = secrets()
    assert lookup(client, "secret", "db", "api", field=None)[0] == [DB["data"], {"TOKEN": "t-1"}]
    assert server.lines == ["GET /api/dsm/secret"]


@pytest.mark.parametrize("case", BARE)
def test_a_list_without_values_is_completed_by_the_paths(case: str) -> None:
    client, server = secrets(BARE[case])
    values, _warnings, hidden = lookup(client, "secret", "db", "api")
    assert values == [DB["data"], {"TOKEN": "t-1"}]
    assert {"pw-Db-1", "t-1"} <= set(hidden)
    assert server.lines == ["GET /api/dsm/secret", "GET /api/dsm/secret/db", "GET /api/dsm/secret/api"]
    assert [client.secrets.complete(s).data for s in client.secrets.list()] == [(DB["data"],), ({"TOKEN": "t-1"},)]


@pytest.mark.parametrize(
    "reply",
    [
        NO_ROUTE,
        answer(None, 200, body=b"<html>", content_type="text/html"),
        ENVELOPE,
        guide(secret=[DB]),
        guide(secret=API),
    ],
)
def test_a_path_that_is_of_no_use_is_made_good_by_the_list(reply: t.Any) -> None:
    client, server = secrets(db=reply)
    assert lookup(client, "secret", "db")[0] == [DB["data"]]
    assert server.lines == ["GET /api/dsm/secret/db", "GET /api/dsm/secret"]


def test_no_value_is_never_taken_for_an_empty_secret() -> None:
    """Neither the path nor the list gives the data: the error of the path is what counts."""
    for case in ("no data", "null"):
        client, _server = secrets(BARE[case], db=NO_ROUTE)
        for terms in (("db",), ("db", "api")):
            with pytest.raises(NoRoute):
                lookup(client, "secret", *terms)
    odd = guide(secrets=[{"id": "3", "identifier": "a b"}])
    client, _server = make({"GET /api/dsm/secret": odd})
    with pytest.raises(UnexpectedResponse, match="lists DSM secret a b without its data"):
        client.secrets.read("a b")


@pytest.mark.parametrize("reply", [failure(None, "Forbidden", 403), failure(1105, "referer", 500)])
def test_a_refusal_of_the_path_is_final(reply: t.Any) -> None:
    client, server = secrets(db=reply)
    with pytest.raises(Denied):
        client.secrets.read("db")
    assert server.lines == ["GET /api/dsm/secret/db"]


def test_a_name_that_cannot_be_in_a_path_is_looked_for_in_the_list() -> None:
    client, server = secrets(guide(secrets=[{**DB, "identifier": "a/../b"}]))
    assert client.secrets.read("a/../b").id == "1"
    assert server.lines == ["GET /api/dsm/secret"]


def test_the_vendors_dialects_have_the_list_only() -> None:
    for dialect in ("iso", "api"):
        item = {"secret_id": "1", "identity": "db", "data": []}
        application = {"name": "shop", "system": "web", "environment": "prod", "secrets": [item]}
        client, server = make({"GET /iso/dapp/application": success(application=application)}, dialect)
        secret = client.secrets.read("db")
        assert client.secrets.complete(secret) is secret
        assert (secret.application, secret.system, secret.environment) == ("shop", "web", "prod")
        assert server.lines == ["GET /iso/dapp/application"]


# --- the data as one map, with application, system and environment ---------------------------------------------------


def test_the_data_is_sent_as_the_authors_client_sends_it() -> None:
    client, server = make({"POST /api/dsm/secret": guide(secret=DB), "PUT /api/dsm/secret/db": guide(secret=DB)})
    wanted = DsmSecretWrite(
        "db",
        credentials=(SecretBlock({"user": "app", "password": "pw"}, {"user": "USER", "password": "PASSWORD"}),),
        key_value={"K": "v"},
        application="shop",
        system="web",
        environment="prod",
    )
    client.secrets.store(wanted, None)
    client.secrets.store(DsmSecretWrite("db", key_value={"K": "w"}), HELD)
    create, update = (request.document for request in server.sent[1:])
    assert create == {
        "identifier": "db", "data": {"USER": "app", "PASSWORD": "pw", "K": "v"}, "application": "shop", "system": "web",
        "environment": "prod",
    }  # fmt: skip
    assert update == {"identifier": "db", "data": {"K": "w"}}


@pytest.mark.parametrize("shape", [dict, lambda data: [data]])
def test_data_that_was_sent_as_one_map_is_the_same_when_it_comes_back(shape: t.Any) -> None:
    block = SecretBlock({"user": "app", "password": "pw"}, {"user": "USER", "password": "PASSWORD"})
    wanted = DsmSecretWrite("db", credentials=(block,), key_value={"K": "v"})
    sent = {"USER": "app", "PASSWORD": "pw", "K": "v"}
    for data, same in (
        (sent, True),
        ({**sent, "ip": "192.0.2.1", "TTL": None}, True),
        ({**sent, "K": "w"}, False),
        ({**sent, "OLD": "x"}, False),
        ({"USER": "app", "PASSWORD": "pw"}, False),
    ):
        client, _server = secrets(
            guide(secrets=[{**DB, "data": shape(data)}]), db=guide(secret={**DB, "data": shape(data)})
        )
        for held in (client.secrets.read("db"), *client.secrets.list()):
            assert wanted.same_data(held.data, as_one=held.as_one) is same


def test_two_values_under_one_name_are_refused_before_anything_is_sent() -> None:
    block = SecretBlock({"user": "a"}, {"user": "USER"})
    wanted = DsmSecretWrite("db", credentials=(block, SecretBlock({"user": "b-Secret"}, {"user": "USER"})))
    client, server = make({})
    for attempt in (lambda: client.secrets.check("create", wanted), lambda: client.secrets.store(wanted, None)):
        with pytest.raises(InvalidRequest, match="two values under the name USER") as caught:
            attempt()
        assert "b-Secret" not in str(caught.value)
        assert caught.value.context.subject == "DSM secret db"
    assert server.lines == []
    client.secrets.check("create", DsmSecretWrite("db", credentials=(block, block)))


@pytest.mark.parametrize("name", ["application", "system", "environment"])
def test_the_vendors_dialects_cannot_write_to_another_application(name: str) -> None:
    for dialect in ("iso", "api"):
        client, server = make({}, dialect)
        with pytest.raises(Unsupported, match=f"cannot write {name}"):
            client.secrets.check("update", DsmSecretWrite("db", **{name: "x"}))
        assert server.lines == []


def test_what_the_server_says_of_the_application_is_shown() -> None:
    client, _server = secrets(db=guide(secret={**DB, "application": "shop", "system": "web", "environment": 7}))
    public = client.secrets.read("db").public()
    assert (public["application"], public["system"], public["environment"]) == ("shop", "web", "7")
    client, _server = secrets()
    assert client.secrets.read("db").public()["application"] is None


# --- harmless oddities -----------------------------------------------------------------------------------------------


def test_oddities_of_php_are_understood() -> None:
    odd = {
        **CREDENTIAL, "id": 7, "type": None, "automatic_change": "1", "more": {"a": [1]}, "change": False, "view": "",
    }  # fmt: skip
    client, _server = make({"GET /api/pam/credential": guide(credentials=[odd], total="1")})
    info = client.credentials.info(Reference("7"))
    assert (info.id, info.automatic_change, info.type, info.changed_at, info.viewed_at) == ("7", True, "", None, None)
    key = {"key": {"id": "9", "private_key": "x", "devices": "web01, web02", "tags": None}}
    client, _server = make({"GET /api/pam/key/9": success(**key)}, "api")
    assert client.ssh_keys.read(Reference("9", "id")).devices == ("web01", "web02")
    for devices, expected in (
        (None, ()),
        ([], ()),
        ({"hostname": "a"}, ("a",)),
        ([None, "a", {"ip": "1"}], ("a", "1")),
        (7, ()),
    ):
        key["key"]["devices"] = devices
        client, _server = make({"GET /api/pam/key/9": success(**key)}, "api")
        assert client.ssh_keys.read(Reference("9", "id")).devices == expected


@pytest.mark.parametrize("value", [None, "", {}, {"0": CREDENTIAL}, "none", 0, False])
def test_what_is_no_list_never_means_that_nothing_is_there(value: t.Any) -> None:
    for dialect, operation in (
        ("rest", "credential.list"),
        ("rest", "key.list"),
        ("rest", "secret.list"),
        ("api", "credential.list"),
    ):
        call = DIALECTS[dialect].calls[named(operation)]
        names = {"credentials": value, "sshkeys": value, "secrets": value}
        reply = guide(**names) if dialect == "rest" else success(**names)
        session = DirectApi(settings(dialect=dialect), transport=Scripted({f"GET {call.path}": reply}))
        with pytest.raises(SenhaseguraError) as caught:
            session.call(named(operation))
        assert isinstance(caught.value, UnexpectedResponse)
        assert "a list" in str(caught.value)
