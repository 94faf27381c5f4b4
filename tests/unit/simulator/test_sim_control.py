# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control API over HTTP, the counters, the log, seeds, and state on disk."""

from __future__ import annotations

import concurrent.futures
import socket
import ssl
import time
from pathlib import Path

import pytest
import requests

NEW = {"hostname": "web01", "ip": "192.0.2.10", "username": "svc", "content": "pw-1", "identifier": "svc-1"}
DEMO = {"client_id": "demo", "client_secret": "demo-secret-0123456789abcdef"}


@pytest.fixture
def vault(start):
    return start()


@pytest.fixture
def control(vault):
    session = requests.Session()
    session.trust_env = False
    session.headers["X-Control-Key"] = vault.sim.control_key

    def call(method, path, body=None, **more):
        answer = session.request(method, vault.sim.control_url + path, json=body, timeout=120, **more)
        return answer.status_code, answer.json()

    return call


def test_key_is_needed(control):
    assert control("GET", "/counters", headers={"X-Control-Key": "wrong"})[0] == 403
    assert control("GET", "/counters", headers={"X-Control-Key": None})[0] == 403
    assert control("GET", "/counters")[0] == 200
    assert control("GET", "/none")[0] == 404


def test_counters_and_reset(vault, control):
    vault.call("GET", "/pam/credential/1")
    vault.call("GET", "/pam/credential/root@web01")
    vault.call("GET", "/nowhere")
    counters = control("GET", "/counters")[1]
    assert counters == {
        "tokens": 1,
        "reads": {"1": 2},
        "requests": {
            "POST /api/oauth2/token": 1,
            "GET /api/pam/credential/{ref}": 2,
            "GET (no call)": 1,
        },
        "requests_total": 4,
        "tcp_connections": 1,
        "tls_handshakes": 1,
        "open_connections": 1,
        "malformed": 0,
    }
    vault.call("POST", "/pam/credential", json=NEW)
    control("POST", "/settings", {"latency": 0.01})
    control("POST", "/faults", {"kind": "drop"})
    assert control("POST", "/reset")[0] == 200
    counters = control("GET", "/counters")[1]
    assert (counters["requests_total"], counters["tcp_connections"], counters["open_connections"]) == (0, 0, 1)
    state = control("GET", "/state")[1]
    assert len(state["items"]) == 4
    assert state["tokens"] == []
    assert state["settings"]["latency"] == 0
    assert control("GET", "/faults")[1] == []
    assert vault.login().call("POST", "/pam/credential", json=NEW)[1]["credential"]["id"] == "5"


def test_http_side_of_everything(vault, control):
    assert control("POST", "/credential/web-root", {"password": "changed"})[1]["password"] == "changed"
    assert vault.call("GET", "/pam/credential/1")[1]["credential"]["password"] == "changed"
    assert control("GET", "/credential/1")[1]["identifier"] == "web-root"
    assert control("POST", "/credential/none", {"password": "x"})[0] == 404
    assert control("POST", "/credential/1", {"nothing": "x"})[0] == 400
    assert control("POST", "/settings", {"nothing": 1})[0] == control("POST", "/settings", {"latency": "x"})[0] == 400
    assert control("POST", "/expire-tokens", {"client_id": "demo"})[1] == {"expired": 1}
    assert control("POST", "/expire-tokens")[1] == {"expired": 0}
    assert control("POST", "/client/demo", {"read_only": True})[1]["read_only"] is True
    assert control("POST", "/disable-client", {"client_id": "demo"})[0] == 200
    assert vault.token().status_code == 401
    assert control("POST", "/disable-client", {"client_id": "demo", "enabled": True})[0] == 200
    assert vault.token().status_code == 200
    made = control("POST", "/faults", [{"kind": "drop"}, {"kind": "status", "status": 500, "match": {"method": "GET"}}])
    assert [rule["number"] for rule in made[1]] == [1, 2]
    assert control("DELETE", "/faults/1")[0] == 200
    assert len(control("GET", "/faults")[1]) == 1
    assert control("POST", "/faults", {"kind": "none"})[0] == 400
    assert control("DELETE", "/faults")[0] == 200
    assert control("GET", "/gates")[1] == []
    assert control("POST", "/gates/1/release", {"decision": "continue"})[0] == 400


def test_the_log_names_each_request(vault, control):
    vault.call("POST", "/pam/credential", json=NEW)
    vault.call("POST", "/pam/credential", json=NEW)
    vault.call("GET", "/pam/credential")
    entries = control("GET", "/log")[1]
    assert [(e["line"], e["operation"], e["client"], e["status"], e["changed"]) for e in entries[1:]] == [
        ("POST /api/pam/credential HTTP/1.1", "credential.write", "demo", 201, True),
        ("POST /api/pam/credential HTTP/1.1", "credential.write", "demo", 201, False),
        ("GET /api/pam/credential HTTP/1.1", "credential.list", "demo", 200, False),
    ]
    assert entries[1]["writes"] == ["item:5"]
    assert "pw-1" not in str(entries)


LINES = [
    "GET /api/pam/credential/../device HTTP/1.1",
    "GET /api/pam/credential/%2e%2e%2fdevice HTTP/1.1",
    "GET /api/pam/credential/a%00b HTTP/1.1",
    "GET /api/pam/credential//1 HTTP/1.1",
    "GET /api/pam/credential/1;x=1?a=b#c HTTP/1.1",
    "GET /api/pam/credential/%ff%fe HTTP/1.1",
    "GET /api/pam/credential/x\\..\\y HTTP/1.1",
    "GET https://localhost/api/pam/credential/1 HTTP/1.1",
    "GET /api/pam/credential/1 HTTP/1.0",
    "FOO /api/pam/credential HTTP/1.1",
    "GET /api/pam/credential/a b HTTP/1.1",
    "GET  /api/pam/credential HTTP/1.1",
]


@pytest.mark.parametrize("line", LINES)
def test_raw_request_lines(vault, line):
    port = int(vault.sim.url.rpartition(":")[2])
    context = ssl.create_default_context(cafile=vault.sim.ca_path)
    plain = socket.create_connection(("localhost", port), timeout=120)
    with context.wrap_socket(plain, server_hostname="localhost") as tls:
        auth = vault.session.headers["Authorization"]
        tls.sendall(f"{line}\r\nHost: localhost\r\nAuthorization: {auth}\r\nConnection: close\r\n\r\n".encode())
        while tls.recv(65536):
            pass
    entry = vault.control.log()[-1]
    assert entry["line"] == line
    assert entry["status"] in (200, 400, 404)


def test_expect_continue(vault):
    port = int(vault.sim.url.rpartition(":")[2])
    context = ssl.create_default_context(cafile=vault.sim.ca_path)
    plain = socket.create_connection(("localhost", port), timeout=120)
    body = "hostname=web01&ip=192.0.2.10&username=cont"
    with context.wrap_socket(plain, server_hostname="localhost") as tls:
        head = (
            f"POST /api/pam/credential HTTP/1.1\r\nHost: x\r\nAuthorization: {vault.session.headers['Authorization']}"
        )
        head += f"\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        tls.sendall((head + "Expect: 100-continue\r\nConnection: close\r\n\r\n").encode())
        assert tls.recv(100).startswith(b"HTTP/1.1 100 Continue")
        tls.sendall(body.encode())
        assert tls.recv(65536).startswith(b"HTTP/1.1 201")


def test_idle_connections_are_closed(start):
    vault = start(idle_timeout=0.2)
    vault.call("GET", "/pam/credential")
    deadline = time.monotonic() + 120
    while vault.control.counters()["open_connections"] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert vault.control.counters()["open_connections"] == 0
    vault.call("GET", "/pam/credential")
    assert vault.control.counters()["tcp_connections"] == 2


def test_a_hundred_clients(vault):
    auth = vault.session.headers["Authorization"]

    def work(number):
        with requests.Session() as session:
            session.trust_env, session.verify = False, vault.sim.ca_path
            session.headers["Authorization"] = auth
            return [session.get(f"{vault.sim.url}/api/pam/credential/{n}", timeout=120).status_code for n in (1, 2, 1)]

    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        results = list(pool.map(work, range(100)))
    assert results == [[200] * 3] * 100
    counters = vault.control.counters()
    assert counters["reads"] == {"1": 200, "2": 100}
    assert counters["tls_handshakes"] == 101


def test_state_on_disk(start, tmp_path):
    from senhasegura_simulator.server import Simulator

    seed = {"clients": [DEMO], "credentials": [{"identifier": "a", "username": "u", "hostname": "h", "password": "p"}]}
    with Simulator(seed=seed, state=tmp_path) as first:
        first.control.set_credential("a", password="changed")
        authority = (tmp_path / "ca.pem").read_text()
    assert (tmp_path / "ca.key").stat().st_mode & 0o77 == 0
    with Simulator(seed=seed, state=tmp_path) as second:
        assert second.control.credential("a")["password"] == "changed"
        assert Path(second.ca_path).read_text() == authority
        second.control.reset()
        assert second.control.credential("a")["password"] == "p"


def test_demo_seed(start, demo_seed):
    vault = start(seed=demo_seed)
    passwords = [item["password"] for item in vault.control.state()["items"]]
    assert len(passwords[0]) == len(passwords[1]) == 20
    assert passwords[0] != passwords[1]
    rows = vault.call("GET", "/pam/credential")[1]["credentials"]
    assert [(r["identifier"], r["automatic_change"]) for r in rows] == [
        ("web-root", False), ("db-app", True), ("deploy-key", False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("seed", "words"),
    [
        ({"x": []}, "unknown section"),
        ({"clients": [{"name": "x"}]}, "clients: unknown field"),
        ({"clients": [{"client_id": "x", "application": "none"}]}, "names no application"),
        ({"secrets": [{"identity": "x", "application": "none"}]}, "names no application"),
        ({"keys": [{"generate": "rsa"}]}, "ed25519"),
        ({"credentials": [{"created_by": "none"}]}, "no client"),
        ({"settings": {"nothing": 1}}, "unknown setting"),
    ],
)
def test_wrong_seeds(start, seed, words):
    with pytest.raises(ValueError, match=words):
        start(seed=seed, login=False)
