# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens, signatures, and the limits of an authorization."""

from __future__ import annotations

import base64
import socket
import ssl
import warnings
from pathlib import Path
from urllib.parse import quote_plus

import pytest
import requests
import yaml
from requests_oauthlib import OAuth1

NO_ROUTE = {"message": "no Route matched with those values"}
GRANT = {"grant_type": "client_credentials"}
DEMO_CLIENT = {"client_id": "demo", "client_secret": "demo-secret-0123456789abcdef"}
DEMO = {**GRANT, **DEMO_CLIENT}


@pytest.mark.parametrize("how", ["form", "json", "basic", "multipart"])
def test_token_encodings(start, how):
    vault = start(login=False)
    more = {
        "form": {"data": DEMO},
        "json": {"json": DEMO},
        "basic": {"data": GRANT, "auth": ("demo", DEMO["client_secret"])},
        "multipart": {"files": {name: (None, value) for name, value in DEMO.items()}},
    }[how]
    status, body = vault.call("POST", "/oauth2/token", **more)
    assert status == 200
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == 3600
    assert body["expires_in"].__class__ is int
    assert body["access_token"].count(".") == 2
    assert vault.control.counters()["tokens"] == 1


ODD = {"client_id": "odd id+1%41", "client_secret": "s:e+c%20r e=t%"}


@pytest.mark.parametrize("encoded", [False, True], ids=["raw", "URL-encoded"])
@pytest.mark.parametrize("odd", [DEMO_CLIENT, ODD], ids=["plain", "odd"])
def test_basic_as_the_product_takes_it_and_as_the_rfc_wants_it(start, many_seed, odd, encoded):
    """RFC 6749 (2.3.1) encodes both parts; the product's library splits at the first colon and decodes nothing."""
    seed = yaml.safe_load(Path(many_seed).read_text())
    vault = start(seed={**seed, "clients": [odd]}, login=False)
    name, secret = (quote_plus(part) if encoded else part for part in odd.values())
    header = {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}
    assert vault.call("POST", "/oauth2/token", data=GRANT, headers=header)[0] == 200
    assert vault.control.log()[-1]["client"] == odd["client_id"]
    wrong = {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}x".encode()).decode()}
    assert vault.call("POST", "/oauth2/token", data=GRANT, headers=wrong)[0] == 401


def test_token_ignores_a_stale_bearer_and_serves_both_prefixes(start):
    vault = start(login=False)
    vault.session.headers["Authorization"] = "Bearer stale"
    assert vault.call("POST", "/iso/oauth2/token", data=DEMO)[0] == 200
    assert vault.call("POST", "/api/oauth2/token", data=DEMO)[0] == 200


@pytest.mark.parametrize(
    ("change", "status", "error", "message"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", "Client authentication failed"),
        ({"client_id": "nobody"}, 401, "invalid_client", "Client authentication failed"),
        ({"client_secret": ""}, 401, "invalid_client", "Client authentication failed"),
        ({"client_id": "expired", "client_secret": "expired-secret"}, 401, "invalid_client", "Client authentication"),
        ({"tenant": "beta"}, 401, "invalid_client", "Client authentication failed"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", "The authorization grant type"),
        ({"grant_type": ""}, 400, "unsupported_grant_type", "The authorization grant type"),
        ({"client_id": ""}, 400, "invalid_request", "The request is missing"),
    ],
)
def test_token_refusals(start, change, status, error, message):
    vault = start(login=False)
    got, body = vault.call("POST", "/oauth2/token", data={**DEMO, **change})
    assert (got, body["error"]) == (status, error)
    assert body["message"].startswith(message)
    assert body["message"] == body["error_description"]


def test_tenants(start):
    vault = start(login=False, tenant_required=True)
    assert vault.token().status_code == 401
    assert vault.token(tenant="acme").status_code == 200
    assert vault.login("tenant-b", "tenant-secret", tenant="beta").call("GET", "/pam/credential")[1]["tenant"] == "beta"


def test_lifetime_and_ttl(start):
    vault = start(login=False, token_lifetime=120)
    assert vault.token().json()["expires_in"] == 120
    assert vault.token(ttl="60").json()["expires_in"] == 60
    assert vault.token(ttl="x").json()["expires_in"] == 120


def test_expired_and_revoked_tokens(start):
    vault = start()
    assert vault.call("GET", "/pam/credential")[0] == 200
    assert vault.control.expire_tokens("demo") == 1
    status, body = vault.call("GET", "/pam/credential")
    assert status == 401
    assert body["response"]["error"] is True
    vault.login().control.disable_client("demo")
    assert vault.call("GET", "/pam/credential")[1]["response"]["message"] == "Inactive authorization"
    assert vault.token().status_code == 401


def test_missing_header_is_the_gateways_404(start):
    for profile in ("3.32", "4.0", "all", "rest"):
        vault = start(profile, login=False)
        assert vault.call("GET", "/api/pam/credential" if profile == "rest" else "/pam/credential") == (404, NO_ROUTE)


def oauth1(**change):
    keys = {"consumer_key": "demo-consumer", "consumer_secret": "demo-consumer-secret"}
    keys |= {"token_key": "demo-token", "token_secret": "demo-token-secret", **change}
    method = keys.pop("signature_method", "HMAC-SHA1")
    return OAuth1(
        keys["consumer_key"], keys["consumer_secret"], keys["token_key"], keys["token_secret"], signature_method=method
    )


@pytest.mark.parametrize("profile", ["3.32", "4.0"])
def test_oauth1(start, profile):
    vault = start(profile, login=False)
    assert vault.call("GET", "/pam/credential?a=b%20c&a=%C3%A9", auth=oauth1())[0] == 200
    form = {"hostname": "web01", "ip": "192.0.2.10", "username": "new user", "content": "a+b&c=d%20 é"}
    assert vault.call("POST", "/pam/credential", data=form, auth=oauth1())[0] == 201
    assert vault.call("POST", "/pam/credential", json={**form, "username": "j"}, auth=oauth1())[0] == 201
    passwords = {i["username"]: i["password"] for i in vault.control.state()["items"]}
    assert passwords["new user"] == passwords["j"] == form["content"]


@pytest.mark.parametrize(
    "sloppy",
    [
        ("oauth_signature=", "oauth_signature= "),
        ("oauth_signature=", "oauth_signature = "),
        ('="', '= "'),
        ('oauth_signature="', 'oauth_signature=" '),
    ],
    ids=str,
)
def test_oauth1_with_blanks_in_the_header(start, sloppy):
    vault = start(login=False)
    url = vault.sim.url + "/api/pam/credential?a=b%20c"
    signed = oauth1()(requests.Request("GET", url).prepare()).headers["Authorization"]
    header = (signed.decode() if isinstance(signed, bytes) else signed).replace(*sloppy)
    assert vault.call("GET", "/pam/credential?a=b%20c", headers={"authorization": header})[0] == 200
    # The signature still counts.
    header = header.replace("oauth_nonce", "oauth_once")
    assert vault.call("GET", "/pam/credential?a=b%20c", headers={"Authorization": header})[0] == 401


@pytest.mark.parametrize("change", ["consumer_key", "consumer_secret", "token_key", "token_secret"])
def test_oauth1_wrong_keys(start, change):
    status, body = start(login=False).call("GET", "/pam/credential", auth=oauth1(**{change: "wrong"}))
    assert status == 401
    assert body["response"]["message"] == "Invalid signature"


def test_oauth1_replay_other_url_and_plaintext(start):
    vault = start(login=False)
    signed = oauth1()(requests.Request("GET", vault.sim.url + "/api/pam/credential").prepare())
    headers = {"Authorization": signed.headers["Authorization"]}
    headers = {k: v.decode() if isinstance(v, bytes) else v for k, v in headers.items()}
    assert vault.call("GET", "/pam/credential", headers=headers)[0] == 200
    assert vault.call("GET", "/pam/credential", headers=headers)[0] == 401
    by_ip = vault.sim.url.replace("localhost", "127.0.0.1")
    signed = oauth1()(requests.Request("GET", by_ip + "/api/pam/credential").prepare())
    assert vault.call("GET", "/pam/credential", headers=dict(signed.headers))[0] == 401
    plain = oauth1(signature_method="PLAINTEXT")
    assert vault.call("GET", "/pam/credential", auth=plain)[0] == 401
    vault.control.settings(oauth1_plaintext=True)
    assert vault.call("GET", "/pam/credential", auth=plain)[0] == 200


def test_oauth1_old_timestamp(start):
    vault = start(login=False)
    late = OAuth1("demo-consumer", "demo-consumer-secret", "demo-token", "demo-token-secret", timestamp="1000000000")
    assert vault.call("GET", "/pam/credential", auth=late)[0] == 401


def test_unsigned_query_is_off_by_default(start):
    vault = start(login=False)
    path = "/pam/credential/1?oauth_consumer_key=demo-consumer&oauth_token=demo-token"
    assert vault.call("GET", path) == (404, NO_ROUTE)
    vault.control.settings(oauth1_unsigned_query=True)
    assert vault.call("GET", path)[1]["credential"]["password"] == "pw-Root-1"
    assert vault.call("GET", path.replace("demo-token", "x"))[0] == 404


def test_read_only(start):
    vault = start().other("reader", "reader-secret")
    assert vault.call("GET", "/pam/credential/1")[0] == 200
    body = {"hostname": "web01", "ip": "192.0.2.10", "username": "x"}
    for method, path in (
        ("POST", "/pam/credential"),
        ("PUT", "/pam/credential/3"),
        ("DELETE", "/pam/credential/1"),
        ("DELETE", "/pam/credential/custody/1"),
        ("POST", "/pam/key"),
        ("DELETE", "/pam/key/4"),
        ("POST", "/pam/device"),
    ):
        status, answer = vault.call(method, path, json=body)
        assert (status, answer["exception"]["code"]) == (400, 1039), path


def test_restricted_to_listed_credentials(start):
    vault = start().other("limited", "limited-secret")
    assert [c["identifier"] for c in vault.call("GET", "/pam/credential")[1]["credentials"]] == ["web-root"]
    assert vault.call("GET", "/pam/credential/2")[1]["exception"]["code"] == 1009
    assert vault.call("GET", "/pam/key/4")[1]["exception"]["code"] == 1009
    own = {"hostname": "web02", "ip": "192.0.2.11", "username": "mine", "content": "x"}
    new = vault.call("POST", "/pam/credential", json=own)[1]["credential"]["id"]
    assert vault.call("GET", f"/pam/credential/{new}")[1]["credential"]["password"] == "x"
    taken = {**own, "username": "app"}
    assert vault.call("POST", "/pam/credential", json=taken)[1]["exception"]["code"] == 1009


def test_addresses_and_forwarded_for(start):
    vault = start()
    refused = vault.other("elsewhere", "elsewhere-secret")
    forged = {"X-Forwarded-For": "192.0.2.7"}
    status, body = refused.call("GET", "/pam/credential", headers=forged)
    assert status == 500
    assert body["response"]["message"] == "The IP is not allowed"
    assert vault.other("local", "local-secret").call("GET", "/pam/credential")[0] == 200


def test_referer(start):
    vault = start().other("referer", "referer-secret")
    status, body = vault.call("GET", "/pam/credential")
    assert (status, body["response"]["error_code"], body["exception"]["code"]) == (500, 1105, 1105)
    assert vault.call("GET", "/pam/credential", headers={"Referer": "https://portal.example/x"})[0] == 200


def test_resources(start):
    vault = start().other("dsm-only", "dsm-secret")
    status, body = vault.call("GET", "/pam/credential")
    assert (status, body["response"]["message"]) == (500, "You are not authorized to access this resource.")
    assert vault.call("GET", "/iso/dapp/application")[0] == 200
    assert vault.call("GET", "/iso/sctm/secret")[0] == 500


def test_encrypted_values(start, many_seed):
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding

    seed = yaml.safe_load(Path(many_seed).read_text())
    seed["clients"] = [{**DEMO_CLIENT, "encryption": "generate", "application": "shop"}]
    vault = start(seed=seed)
    pem = vault.control.state()["clients"][0]["encryption_private_key"].encode()
    key = serialization.load_pem_private_key(pem, None)
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
    value = vault.call("GET", "/pam/credential/1")[1]["credential"]["password"]
    assert key.decrypt(base64.b64decode(value), oaep) == b"pw-Root-1"
    assert vault.call("GET", "/pam/key/4")[1]["key"]["private_key"] == "An error occurred while encrypting the text"
    data = vault.call("GET", "/iso/dapp/application")[1]["application"]["secrets"][0]["data"]
    assert key.decrypt(base64.b64decode(data[1]["API_KEY"]), oaep) == b"abc"


def test_tls_floor(start):
    vault = start(login=False)
    port = int(vault.sim.url.rpartition(":")[2])
    context = ssl.create_default_context(cafile=vault.sim.ca_path)
    with context.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="localhost") as tls:
        assert tls.version() in ("TLSv1.2", "TLSv1.3")
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", port)) as plain, pytest.raises((ssl.SSLError, OSError)):
        old.wrap_socket(plain, server_hostname="localhost")
    counters = vault.control.counters()
    assert (counters["tcp_connections"], counters["tls_handshakes"]) == (2, 1)
