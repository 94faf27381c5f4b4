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

LIST, READ = "/pam/credential", "/pam/credential/1"
NEW = {"hostname": "web01", "ip": "192.0.2.10", "username": "svc", "content": "pw-1", "identifier": "svc-1"}


def on_wire(vault, method="GET", path="/api/pam/credential", body=b""):
    """All bytes of one answer, and the error that ended it, if any."""
    port = int(vault.sim.url.rpartition(":")[2])
    context = ssl.create_default_context(cafile=vault.sim.ca_path)
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {vault.session.headers['Authorization']}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    plain = socket.create_connection(("localhost", port), timeout=10)
    with context.wrap_socket(plain, server_hostname="localhost") as tls:
        tls.sendall(head.encode() + body)
        data = b""
        try:
            while part := tls.recv(65536):
                data += part
        except (ConnectionError, ssl.SSLError) as error:
            return data, error
    return data, None


def test_status(start):
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
    assert vault.session.get(vault.sim.url + "/api/pam/credential/1", timeout=5).status_code == 200
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


def test_answer(start):
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


def test_reset(start):
    vault = start()
    vault.control.fault("reset")
    port = int(vault.sim.url.rpartition(":")[2])
    context = ssl.create_default_context(cafile=vault.sim.ca_path)
    with context.wrap_socket(socket.create_connection(("localhost", port)), server_hostname="localhost") as tls:
        tls.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        # Below TLS: some versions of the ssl module cannot tell a reset from an end.
        with socket.socket(fileno=os.dup(tls.fileno())) as plain, pytest.raises(ConnectionResetError):
            list(iter(lambda: plain.recv(65536), b""))


def test_drop(start):
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


def test_mangle(start):
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
    vault.control.fault("late", method="POST", seconds=0.1)
    vault.call("POST", LIST, json=NEW)
    assert len(vault.control.state()["items"]) == 4
    time.sleep(0.15)
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


@pytest.mark.parametrize(("when", "applied"), [("before", False), ("after", True)])
def test_gate(start, when, applied):
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
    thread.join(5)
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
    connection = http.client.HTTPSConnection("localhost", port, context=context, timeout=5)
    headers = {"Authorization": vault.session.headers["Authorization"], "Content-Type": "application/json"}
    connection.request("POST", "/api/pam/credential", json.dumps(NEW), headers)
    gate = vault.control.wait_for_gate()
    connection.close()
    vault.control.release_gate(gate["number"], decision)
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline and "seconds" not in vault.control.log()[-1]:
        time.sleep(0.01)
    assert (len(vault.control.state()["items"]) == 5) is applied


def test_stopping_does_not_wait_for_slow_answers(start):
    vault = start()
    vault.control.fault("latency", seconds=30)
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
    began = time.monotonic()
    vault.sim.__exit__(None, None, None)
    assert time.monotonic() - began < 3
    for thread in threads:
        thread.join(5)
