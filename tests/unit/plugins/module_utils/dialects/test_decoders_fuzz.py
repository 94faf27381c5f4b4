# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever a server sends, decoding gives a value or one of our own errors, and no error shows a part of the body."""

from __future__ import annotations

import json
import re
import typing as t

import pytest

hypothesis = pytest.importorskip("hypothesis")
from hypothesis import strategies as st  # noqa: E402

from ansible_collections.community.senhasegura.plugins.module_utils.client import auth  # noqa: E402
from ansible_collections.community.senhasegura.plugins.module_utils.client.decrypt import plain  # noqa: E402
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.catalog import DIALECTS  # noqa: E402
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.entities import truth  # noqa: E402
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.operations import named  # noqa: E402
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.response import Response, parse_response  # noqa: E402
from ansible_collections.community.senhasegura.plugins.module_utils.errors import SenhaseguraError  # noqa: E402
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.support import CANARY  # noqa: E402
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.test_malformed import CALLS, good  # noqa: E402

STATUSES = st.sampled_from([200, 201, 204, 302, 400, 401, 403, 404, 418, 429, 500, 502, 503]) | st.integers(100, 599)
TYPES = st.sampled_from(["application/json", "text/html", "", "application/problem+json; charset=utf-8"]) | st.text()
NAMES = st.sampled_from(
    [
        "response",
        "credential",
        "credentials",
        "key",
        "sshkey",
        "sshkeys",
        "application",
        "secret",
        "secrets",
        "id",
        "identifier",
        "tag",
        "password",
        "content",
        "private_key",
        "public_key",
        "data",
        "status",
        "error",
        "erro",
        "error_code",
        "cod_erro",
        "message",
        "mensagem",
        "exception",
        "code",
        "detail",
        "devices",
        "devices_error",
        "tags",
        "hostname",
        "username",
        "automatic_change",
        "auto_rotate",
        "automations",
        "device",
        "encryption_keys",
        "encryption_key",
        "encrypted_value",
        "decrypted_value",
        "signature",
        "identity",
        "secret_id",
        "name",
        "expiration_date",
        "enabled",
        "renew_cloud_time",
        "access_token",
        "token_type",
        "expires_in",
    ]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.sampled_from(["7", "1007: x", "true", "0", CANARY, f"1007:{CANARY}", "9" * 25, "\ud800", 200, 400, 1105])
)
VALUES: st.SearchStrategy[t.Any] = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(), inner, max_size=6),
    max_leaves=25,
)
DOCUMENTS = st.dictionaries(NAMES, VALUES, max_size=8)


def check(exc: SenhaseguraError) -> None:
    texts = f"{exc} {json.dumps(exc.failure())}"
    assert CANARY not in texts
    assert "\n" not in str(exc)
    str(exc).encode()
    assert exc.hint


@hypothesis.given(
    status=STATUSES, kind=TYPES, body=st.binary(max_size=200), module=st.sampled_from(["pam", "dsm", "login"])
)
@hypothesis.settings(max_examples=200)
def test_arbitrary_bytes(status: int, kind: str, body: bytes, module: str) -> None:
    answer = Response(status, {"content-type": kind, "retry-after": kind}, body + CANARY.encode())
    try:
        document = parse_response(answer, module=module, secrets=lambda: [CANARY], now=0.0)
    except SenhaseguraError as exc:
        check(exc)
    else:
        assert isinstance(document, dict)


def decode(dialect: str, operation: str, status: int, document: t.Any) -> None:
    call = DIALECTS[dialect].calls[named(operation)]
    answer = Response(status, {"content-type": "application/json"}, json.dumps(document).encode())
    try:
        call.decode(parse_response(answer, module=call.module, secrets=lambda: [CANARY], now=0.0), plain)
    except SenhaseguraError as exc:
        check(exc)


@hypothesis.given(call=st.sampled_from(CALLS), status=STATUSES, document=DOCUMENTS | VALUES)
@hypothesis.settings(max_examples=150)
def test_arbitrary_documents(call: tuple[str, str], status: int, document: t.Any) -> None:
    decode(*call, status, document)


def places(value: t.Any, way: tuple[t.Any, ...] = ()) -> t.Iterator[tuple[t.Any, ...]]:
    """The way to everything that a document holds."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in items:
        yield (*way, step)
        yield from places(child, (*way, step))


@hypothesis.given(data=st.data(), call=st.sampled_from(CALLS), new=VALUES)
@hypothesis.settings(max_examples=250)
def test_good_documents_with_something_else_in_one_place(
    data: st.DataObject, call: tuple[str, str], new: t.Any
) -> None:
    document = good(*call)
    way = data.draw(st.sampled_from(list(places(document))))
    target: t.Any = document
    for step in way[:-1]:
        target = target[step]
    if data.draw(st.booleans()):
        target[way[-1]] = new
    elif isinstance(target, dict):
        del target[way[-1]]
    decode(*call, 200, document)


@hypothesis.given(document=st.dictionaries(NAMES, VALUES), now=st.floats(0, 1e9))
def test_arbitrary_token_replies(document: dict[str, t.Any], now: float) -> None:
    try:
        token = auth.parse_token(document, now=now)
    except SenhaseguraError as exc:
        check(exc)
    else:
        assert 0 < token.renew_at - now <= 7 * 86400 or now > 1e8
        token.header()["Authorization"].encode("ascii")


@hypothesis.given(lifetime=VALUES | st.integers(-(10**30), 10**30) | st.floats())
@hypothesis.example(lifetime=True)
@hypothesis.example(lifetime=0)
@hypothesis.example(lifetime=-1)
@hypothesis.example(lifetime=10**9)
@hypothesis.example(lifetime="3600")
@hypothesis.example(lifetime=float("nan"))
def test_a_hostile_life_time_means_a_short_one(lifetime: t.Any) -> None:
    token = auth.parse_token({"access_token": "T", "expires_in": lifetime}, now=100.0)
    usable = token.renew_at - 100.0
    # PHP makes texts of numbers at times.
    number = int(lifetime) if isinstance(lifetime, str) and re.fullmatch("[0-9]{1,9}", lifetime) else lifetime
    if isinstance(number, int) and not isinstance(number, bool) and 0 < number <= 7 * 86400:
        assert usable == pytest.approx(number * 0.8)
    else:
        assert usable == pytest.approx(48.0)


@hypothesis.given(VALUES)
def test_truth_of_anything(value: t.Any) -> None:
    assert truth(value) in (True, False, None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True), ("true", True), ("TRUE", True), (1, True), ("1", True), ("Yes", True), ("Sim", True), (" sim ", True),
        (False, False), ("false", False), (0, False), ("0", False), ("No", False), ("Não", False), ("NÃO", False),
        (None, None), ("", None), (2, None), ("maybe", None), (1.0, None), ([], None), ({}, None), ([True], None),
    ],
)  # fmt: skip
def test_a_boolean_of_the_wire_is_decoded(value: t.Any, expected: bool | None) -> None:
    assert truth(value) is expected
