# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fault kind, seen from outside."""

from __future__ import annotations

import base64
import http.client
import json
import os
import socket
import ssl
import threading
import time

import pytest
import requests

LONG = 120  # seconds, when something is wrong; nothing here depends on how fast the machine is
LIST, READ = "/pam/credential", "/pam/credential/1"
NEW = {"hostname": "web01", "ip": "192.0.2.10", "username": "svc", "content": "pw-1", "identifier": "svc-1"}


def on_wire(vault, method="GET", path="/api/pam/credential", body=b""):
    """All bytes of one answer, and the error that ended it, if any."""
    port = int(vault.sim.url.rpartition(":")[2])
    context = ssl.create_default_context(cafile=vault.sim.ca_path)
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {vault.session.headers['Authorization']}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    plain = socket.create_connection(("localhost", port), timeout=LONG)
    with context.wrap_socket(plain, server_hostname="localhost") as tls:
        tls.sendall(head.encode() + body)
        data = b""
        try:
            while part := tls.recv(65536):
                data += part
        except (ConnectionError, ssl.SSLError) as error:
            return data, error
    return data, None


def test_a_fault_answers_with_a_status(start):
    vault = start()
    vault.control.fault("status", status=503, operation="credential.read", headers={"X-A": "b"})
    answer = vault.raw("GET", READ)
    assert answer.status_code == 503
    assert answer.headers["X-A"] == "b"
    assert answer.json()["response"]["error"] is True
    assert answer.json()["response"]["status"] == 503
    assert vault.call("GET", READ)[0] == 200
    assert vault.control.counters()["tcp_connections"] == 1


def test_before_and_after_the_change(start):
    vault = start()
    vault.control.fault("status", status=500, method="POST")
    assert vault.call("POST", LIST, json=NEW)[0] == 500
    assert len(vault.control.state()["items"]) == 4
    vault.control.fault("status", status=500, method="POST", when="after")
    assert vault.call("POST", LIST, json=NEW)[0] == 500
    assert vault.stored("svc-1")["password"] == "pw-1"


def test_skip_times_every_and_matchers(start):
    vault = start()
    vault.control.fault("status", status=500, operation="credential.list", skip=1, times=2)
    assert [vault.call("GET", LIST)[0] for _turn in range(5)] == [200, 500, 500, 200, 200]
    vault.control.clear_faults()
    vault.control.fault("status", status=503, every=3, times=None, path=r"/credential$")
    assert [vault.call("GET", LIST)[0] for _turn in range(6)] == [200, 200, 503] * 2
    assert vault.call("GET", READ)[0] == 200
    vault.control.clear_faults()
    number = vault.control.fault("status", status=500, client=["second"], times="forever")
    assert vault.call("GET", LIST)[0] == 200
    assert vault.session.get(vault.sim.url + "/api/pam/credential/1", timeout=120).status_code == 200
    vault.control.clear_faults(number)
    vault.control.fault("status", status=500, operation="credential.*", times=None)
    assert [vault.call("GET", path)[0] for path in (LIST, READ, "/pam/key/4")] == [500, 500, 200]
    rule = vault.control.faults()[0]
    assert (rule["seen"], rule["used"]) == (2, 2)


def test_rules_queue_up_and_passing_kinds_combine(start):
    vault = start()
    vault.control.fault("latency", seconds=0.05)
    for status in (500, 502, 503):
        vault.control.fault("status", status=status)
    assert [vault.call("GET", LIST)[0] for _turn in range(4)] == [500, 502, 503, 200]
    assert vault.control.log()[1]["faults"] == ["latency", "status"]
    assert vault.control.log()[1]["seconds"] >= 0.05


def test_client_matcher_on_token_and_calls(start):
    vault = start()
    vault.control.fault("status", status=500, client="second", times=None)
    assert vault.token("second", "second-secret").status_code == 500
    assert vault.token().status_code == 200


@pytest.mark.parametrize(
    "spec",
    [{"kind": "none"}, {"kind": "status"}, {"kind": "status", "status": 1, "x": 1}, {"kind": "drop", "when": "now"},
     {"kind": "drop", "match": {"header": "x"}},
     {"kind": "drop", "match": {"path": "("}}],
)  # fmt: skip
def test_wrong_rules_are_refused(start, spec):
    vault = start(login=False)
    with pytest.raises(ValueError, match=r"."):
        vault.control.add_fault(spec)


def test_retry_after(start):
    vault = start()
    vault.control.fault("retry_after", seconds=2)
    vault.control.fault("retry_after", status=503, seconds="Wed, 21 Oct 2026 07:28:00 GMT")
    answers = [vault.raw("GET", LIST) for _turn in range(2)]
    assert [(a.status_code, a.headers["Retry-After"][:3]) for a in answers] == [(429, "2"), (503, "Wed")]


def test_a_fault_answers_with_any_bytes(start):
    vault = start()
    body = base64.b64encode(b"[1, 2]").decode()
    vault.control.fault("answer", status=418, headers={"Content-Type": "text/x"}, body_base64=body)
    answer = vault.raw("GET", LIST)
    assert (answer.status_code, answer.content, answer.headers["Content-Type"]) == (418, b"[1, 2]", "text/x")
    wire = b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nabc"
    vault.control.fault("answer", wire_base64=base64.b64encode(wire).decode())
    assert on_wire(vault) == (wire, None)


def test_html_empty_redirect_gzip(start):
    vault = start()
    for kind, fields in (
        ("html", {}),
        ("empty", {}),
        ("redirect", {"location": "https://evil.example/"}),
        ("gzip", {}),
    ):
        vault.control.fault(kind, **fields)
    html, empty, redirect, packed = (vault.raw("GET", LIST) for _turn in range(4))
    assert html.status_code == 502
    assert html.text.startswith("<html>")
    assert "text/html" in html.headers["Content-Type"]
    assert empty.status_code == 200
    assert empty.content == b""
    assert redirect.status_code == 302
    assert redirect.headers["Location"] == "https://evil.example/"
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.json()["credentials"]


def test_truncate(start):
    vault = start()
    vault.control.fault("truncate", keep=10)
    data, _error = on_wire(vault)
    head, _blank, body = data.partition(b"\r\n\r\n")
    assert len(body) == 10
    assert int(head.partition(b"Content-Length: ")[2].split()[0]) > 10
    vault.control.fault("truncate")
    with pytest.raises(requests.RequestException):
        vault.raw("GET", LIST)


def test_a_fault_resets_the_connection(start):
    vault = start()
    vault.control.fault("reset")
    port = int(vault.sim.url.rpartition(":")[2])
    context = ssl.create_default_context(cafile=vault.sim.ca_path)
    with context.wrap_socket(socket.create_connection(("localhost", port)), server_hostname="localhost") as tls:
        tls.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        # Below TLS: some versions of the ssl module cannot tell a reset from an end.
        with socket.socket(fileno=os.dup(tls.fileno())) as plain, pytest.raises(ConnectionResetError):
            list(iter(lambda: plain.recv(65536), b""))


def test_a_fault_drops_the_answer(start):
    vault = start()
    vault.control.fault("drop")
    assert on_wire(vault) == (b"", None)
    vault.control.fault("drop", method="POST", when="after")
    assert on_wire(vault, "POST", body=json.dumps(NEW).encode()) == (b"", None)
    assert vault.stored("svc-1")["password"] == "pw-1"
    entry = vault.control.log()[-1]
    assert (entry["status"], entry["changed"], entry["faults"]) == (None, True, ["drop"])


def timed(vault):
    began = time.monotonic()
    data, _error = on_wire(vault)
    return time.monotonic() - began, data


def test_slow_answers(start):
    vault = start()
    vault.control.fault("latency", seconds=0.2)
    vault.control.fault("slow_headers", seconds=0.2)
    vault.control.fault("trickle", interval=0.01, chunk=100)
    vault.control.fault("trickle", interval=0.005, part="headers", chunk=40)
    plain = []
    for _turn in range(3):
        seconds, data = timed(vault)
        assert seconds > 0.1
        plain.append(json.loads(data.partition(b"\r\n\r\n")[2]))
    assert plain[0] == plain[1] == plain[2]
    vault.control.settings(latency=0.1)
    assert timed(vault)[0] > 0.1


def test_huge_bomb_and_duplicate_keys(start):
    vault = start()
    vault.control.fault("huge", size=3_000_000)
    assert len(vault.raw("GET", LIST).content) == 3_000_000
    vault.control.fault("huge", size=2_000_000, content_length=True)
    assert vault.raw("GET", LIST).headers["Content-Length"] == "2000000"
    vault.control.fault("bomb", size=8 * 1024 * 1024)
    answer = vault.raw("GET", LIST, stream=True)
    assert int(answer.headers["Content-Length"]) < 20_000
    assert len(answer.content) == 8 * 1024 * 1024
    vault.control.fault("duplicate_keys")
    pairs = json.loads(vault.raw("GET", LIST).text, object_pairs_hook=list)
    assert [name for name, _value in pairs] == ["code", "response", "credentials", "tenant"] * 2
    vault.control.fault("duplicate_keys", set={"credential": {"password": "other"}})
    assert vault.call("GET", READ)[1]["credential"]["password"] == "other"


def test_expired_token_once(start):
    vault = start()
    vault.control.fault("expired_token", operation="credential.list")
    assert vault.call("GET", LIST)[0] == 401
    assert vault.call("GET", LIST)[0] == 401
    assert vault.login().call("GET", LIST)[0] == 200


def test_a_fault_changes_what_is_sent_or_answered(start):
    vault = start()
    vault.control.fault("mangle", method="POST", store={"password": {"truncate": 3}})
    assert vault.call("POST", LIST, json=NEW)[0] == 201
    assert vault.stored("svc-1")["password"] == "pw-"
    edits = {"credential.password": {"append": "x"}, "response.status": "200", "response.message": {"delete": True}}
    vault.control.fault("mangle", operation="credential.read", answer=edits)
    body = vault.call("GET", READ)[1]
    assert body["credential"]["password"] == "pw-Root-1x"
    assert body["response"]["status"] == "200"
    assert "message" not in body["response"]
    assert vault.stored(1)["password"] == "pw-Root-1"
    vault.control.fault("mangle", operation="secret.write", store={"data.0.A": {"replace": ["1", "2"]}})
    data = base64.b64encode(b'{"key_value": {"fields": {"A": "1"}}}').decode()
    vault.call("POST", "/iso/sctm/secret", json={"identity": "m", "data": data})
    assert vault.control.state()["secrets"][1]["data"] == [{"A": "2"}]


def test_late_by_requests(start):
    vault = start()
    vault.control.fault("late", method="POST", requests=2)
    assert vault.call("POST", LIST, json=NEW)[0] == 201
    names = [[c["identifier"] for c in vault.call("GET", LIST)[1]["credentials"]] for _turn in range(2)]
    assert ["svc-1" in n for n in names] == [False, True]


def test_late_by_time_never_and_with_other_answers(start):
    vault = start()
    vault.control.fault("late", method="POST", seconds=600)
    vault.call("POST", LIST, json=NEW)
    assert len(vault.control.state()["items"]) == 4
    vault.control.advance(600)
    assert vault.stored("svc-1")["password"] == "pw-1"
    vault.control.fault("late", method="POST")
    assert vault.call("POST", LIST, json={**NEW, "content": "never"})[0] == 201
    vault.control.fault("late", method="POST", answer="timeout", requests=1)
    assert vault.call("POST", LIST, json={**NEW, "content": "later"}) == (
        504, {"message": "The upstream server is timing out"},
    )  # fmt: skip
    assert vault.stored("svc-1")["password"] == "pw-1"
    vault.call("GET", LIST)
    assert vault.stored("svc-1")["password"] == "later"
    vault.control.fault("late", method="POST", answer="drop")
    with pytest.raises(requests.ConnectionError):
        vault.call("POST", LIST, json=NEW)


def test_accept_twice(start):
    vault = start()
    vault.control.fault("accept_twice", operation="credential.write")
    body = {**NEW, "identifier": ""}
    assert vault.call("POST", LIST, json=body)[1]["response"]["message"] == "Credential successfully registered!"
    vault.control.settings(allow_duplicates=True)
    assert len(vault.control.state()["items"]) == 5
    guide = start("rest")
    guide.control.fault("accept_twice", operation="secret.update")
    answer = guide.call("PUT", "/api/dsm/secret/shop-db", json={"name": "n"})[1]
    assert answer["response"]["secret"]["version"] == "2"
    assert guide.control.state()["secrets"][0]["version"] == 3


def test_an_outage_strikes_all_requests_in_its_time(start):
    """An outage of some seconds, with and without Retry-After: each request in it is struck, and none after it."""
    vault = start()
    vault.control.fault("status", status=503, lasting=10, skip=1)
    assert [vault.call("GET", LIST)[0] for _turn in range(5)] == [200, 503, 503, 503, 503]
    vault.control.advance(9)
    assert vault.call("GET", LIST)[0] == 503
    vault.control.advance(1.5)
    assert [vault.call("GET", LIST)[0] for _turn in range(2)] == [200, 200]
    vault.control.fault("retry_after", status=503, seconds=10, lasting=10)
    assert vault.raw("GET", LIST).headers["Retry-After"] == "10"
    vault.control.advance(10.5)
    assert vault.call("GET", LIST)[0] == 200
    vault.control.fault("drop", lasting=10, times=1)
    assert on_wire(vault) == (b"", None)
    assert vault.call("GET", LIST)[0] == 200


@pytest.mark.parametrize(
    ("record", "struck"),
    [
        ("1", ["read", "write", "disable", "release"]),
        ("web-root", ["read", "write", "disable", "release"]),
        ("root@web01", ["read", "write", "disable", "release"]),
        (["db-*"], ["other"]),
        ("svc-1", ["new"]),
        ("svc@web01", ["new"]),
        ("nothing", []),
    ],
    ids=str,
)
def test_record_matcher(start, record, struck):
    vault = start()
    user = {"hostname": "web01", "ip": "192.0.2.10", "username": "root", "content": "pw-2"}
    calls = {
        "read": ("GET", READ, None),
        "write": ("POST", LIST, user),
        "release": ("DELETE", "/pam/credential/custody/1", None),
        "disable": ("DELETE", "/pam/credential/root@web01", None),
        "other": ("GET", "/pam/credential/2", None),
        "list": ("GET", LIST, None),
        "new": ("POST", LIST, NEW),
    }
    vault.control.fault("status", status=418, record=record, times=None)
    found = {name for name, (method, path, body) in calls.items() if vault.call(method, path, json=body)[0] == 418}
    assert found == set(struck)


def test_policy_that_refuses_one_record(start):
    """As a duplicate rule or a read-only credential does: the others can be written."""
    vault = start()
    vault.control.fault("refuse", number=1052, method="POST", record="web-root", times=None)
    status, body = vault.call("POST", LIST, json={**NEW, "identifier": "web-root"})
    assert (status, body["response"]["message"]) == (400, "1052: the same credential already exists on the device")
    assert body["exception"]["code"] == 1052
    assert vault.call("POST", LIST, json=NEW)[0] == 201
    guide = start("rest")
    guide.control.fault("refuse", number=1052, operation="credential.update", record="1", times=None)
    status, body = guide.call("PUT", "/api/pam/credential/1", json={"password": "x"})
    assert (status, body["response"]["error_code"]) == (400, 1052)
    assert guide.stored(1)["password"] == "pw-Root-1"
    assert guide.call("PUT", "/api/pam/credential/2", json={"password": "x"})[0] == 200
    guide.control.fault("refuse", number=1999, message="no {sent:password} here", record="secret-of-mine")
    body = guide.call("PUT", "/api/dsm/secret/secret-of-mine", json={"password": "pw"})[1]
    assert body["response"]["message"] == "1999: no pw here"
    for spec in ({"number": 1999}, {}):
        with pytest.raises(ValueError, match="refuse needs"):
            vault.control.fault("refuse", **spec)


def test_texts_that_quote_secrets(start):
    vault = start()
    said = "value {item:web-root:password} of {secret:shop-db:PASSWORD} and {sent:content}, {item:none:password} {x}"
    vault.control.fault("status", status=400, message=said, method="POST")
    vault.control.fault("html", body=said, method="POST")
    vault.control.fault("retry_after", body={"message": said}, method="POST")
    for _turn in range(3):
        answer = vault.raw("POST", LIST, json=NEW).text
        assert "value pw-Root-1 of pw-Db-1 and pw-1, {item:none:password} {x}" in answer


def test_control_characters_in_texts(start):
    vault = start()
    odd = "\x1b[31m\r\n::error::forged"
    vault.control.fault("mangle", operation="key.write", answer={"key.devices_error": [{"hostname": odd}]})
    key = {"ip": "192.0.2.10", "hostname": "web01", "public_key": "p", "private_key": "k", "devices": []}
    assert vault.call("POST", "/pam/key", json=key)[1]["key"]["devices_error"] == [{"hostname": odd}]
    vault.control.fault("status", status=404, message=odd, operation="application.read")
    status, body = vault.call("GET", "/iso/dapp/application")
    assert (status, body["response"]["message"]) == (404, odd)


@pytest.mark.parametrize(
    ("profile", "method", "path", "body", "left"),
    [
        ("4.0", "POST", LIST, NEW, {"code", "response", "tenant"}),
        ("3.32", "POST", LIST, NEW, {"response"}),
        ("4.0", "POST", "/iso/sctm/secret", {"identity": "svc-1"}, {"code", "response", "tenant"}),
        (
            "rest",
            "POST",
            "/api/pam/credential",
            {"username": "u", "hostname": "h", "identifier": "svc-1"},
            {"response"},
        ),
        ("rest", "PUT", "/api/dsm/secret/shop-db", {"name": "n"}, {"response"}),
    ],
)
def test_answer_that_is_only_the_envelope(start, profile, method, path, body, left):
    vault = start(profile)
    vault.control.fault("envelope", method=method)
    status, answer = vault.call(method, path, json=body)
    assert status in (200, 201)
    assert set(answer) == left
    assert answer["response"]["error"] is False
    assert not set(answer["response"]) & {"credential", "secret"}
    assert vault.control.log()[-1]["changed"] is True


def test_mangle_each_part(start):
    """As a list of secrets that comes without their data."""
    vault = start()
    vault.call("POST", "/iso/sctm/secret", json={"identity": "two"})
    delete = {"delete": True}
    vault.control.fault("mangle", operation="secret.list", answer={"secrets.*.data": delete})
    assert [set(s) >= {"identity"} and "data" in s for s in vault.call("GET", "/iso/sctm/secret")[1]["secrets"]] == [
        False, False,
    ]  # fmt: skip
    vault.control.fault("mangle", operation="application.read", answer={"application.secrets.*.data.0": delete})
    rows = vault.call("GET", "/iso/dapp/application")[1]["application"]["secrets"]
    assert [row["data"] for row in rows] == [[{"API_KEY": "abc"}], []]
    vault.control.fault("mangle", operation="credential.list", answer={"credentials.*": delete, "no.*.such": 1})
    assert vault.call("GET", LIST)[1]["credentials"] == []
    vault.control.fault("mangle", operation="credential.list", answer={"credentials.*.username": {"append": "x"}})
    assert [c["username"] for c in vault.call("GET", LIST)[1]["credentials"]] == ["rootx", "appx", "deployx"]


@pytest.mark.parametrize("kind", [None, "text/html", "text/plain; charset=latin-1", ""], ids=str)
def test_other_content_types(start, kind):
    vault = start()
    vault.control.fault("headers", set={"content-type": kind, "X-More": "1"})
    answer = vault.raw("GET", LIST)
    assert answer.headers.get("Content-Type") == kind
    assert answer.headers["X-More"] == "1"
    assert len(answer.json()["credentials"]) == 3
    vault.control.fault("headers", set={"Content-Type": kind}, method="POST")
    assert vault.call("POST", LIST, json=NEW)[0] == 201
    assert vault.call("GET", LIST)[0] == 200


def test_answers_before_the_answer(start):
    vault = start()
    vault.control.fault("informational")
    vault.control.fault("informational", status=102, headers={})
    data, _error = on_wire(vault)
    first, second, last = data.split(b"\r\n\r\n", 3)[:3]
    assert first.splitlines() == [b"HTTP/1.1 103 Informational", b"Link: </style.css>; rel=preload"]
    assert second == b"HTTP/1.1 102 Informational"
    assert last.startswith(b"HTTP/1.1 200 OK")
    assert vault.control.log()[-1]["status"] == 200
    vault.control.fault("informational", method="POST", when="after")
    data, _error = on_wire(vault, "POST", body=json.dumps(NEW).encode())
    assert data.startswith(b"HTTP/1.1 103 ")
    assert vault.stored("svc-1")["password"] == "pw-1"


@pytest.mark.parametrize("status", [502, 503])
def test_release_that_fails_some_times(start, status):
    vault = start()
    vault.call("GET", READ)
    vault.control.fault("status", status=status, operation="custody.release", times=2)
    vault.control.fault("status", status=status, operation="custody.release", when="after")
    codes = [vault.call("DELETE", "/pam/credential/custody/1")[0] for _turn in range(4)]
    assert codes == [status, status, status, 400]  # the third was done before it failed: 1018
    assert vault.stored(1)["custody_client"] is None


@pytest.mark.parametrize(("when", "applied"), [("before", False), ("after", True)])
def test_a_gate_holds_a_request_before_or_after_it_is_applied(start, when, applied):
    vault = start()
    vault.control.fault("gate", method="POST", when=when)
    answers = []
    thread = threading.Thread(target=lambda: answers.append(vault.call("POST", LIST, json=NEW)[0]))
    thread.start()
    gate = vault.control.wait_for_gate()
    assert gate["operation"] == "credential.write"
    assert gate["when"] == when
    assert gate["client"] == "demo"
    assert (len(vault.control.state()["items"]) == 5) is applied
    assert vault.control.release_gate(gate["number"])["state"] == "released"
    thread.join(LONG)
    assert answers == [201]
    assert vault.stored("svc-1")["password"] == "pw-1"
    with pytest.raises(ValueError, match="waits"):
        vault.control.release_gate(gate["number"])


@pytest.mark.parametrize(("decision", "applied"), [("continue", True), ("drop", False), ("reset", False)])
def test_gate_of_a_dead_client(start, decision, applied):
    """The client dies while its request is on the way: what is decided at the gate decides what is stored."""
    vault = start()
    vault.control.fault("gate", method="POST")
    port = int(vault.sim.url.rpartition(":")[2])
    context = ssl.create_default_context(cafile=vault.sim.ca_path)
    connection = http.client.HTTPSConnection("localhost", port, context=context, timeout=LONG)
    headers = {"Authorization": vault.session.headers["Authorization"], "Content-Type": "application/json"}
    connection.request("POST", "/api/pam/credential", json.dumps(NEW), headers)
    gate = vault.control.wait_for_gate()
    connection.close()
    vault.control.release_gate(gate["number"], decision)
    deadline = time.monotonic() + LONG
    while time.monotonic() < deadline and "seconds" not in vault.control.log()[-1]:
        time.sleep(0.01)
    assert (len(vault.control.state()["items"]) == 5) is applied


def test_stopping_does_not_wait_for_slow_answers(start):
    vault = start()
    vault.control.fault("latency", seconds=3600)
    vault.control.fault("gate", operation="token")

    def impatient(call):
        with pytest.raises(requests.RequestException):
            call()

    calls = [lambda: vault.raw("GET", LIST), lambda: vault.other("second", "second-secret")]
    threads = [threading.Thread(target=impatient, args=(call,)) for call in calls]
    threads[0].start()
    while len(vault.control.log()) < 2:
        time.sleep(0.01)
    threads[1].start()
    vault.control.wait_for_gate()
    vault.sim.__exit__(None, None, None)
    assert not vault.sim.running
    for thread in threads:
        thread.join(LONG)
        assert not thread.is_alive()
