# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nothing shows a secret: the wrapper, the models, settings, tokens and clients; and the scrubber for server text."""

from __future__ import annotations

import base64
import copy
import dataclasses
import html
import json
import pickle
import random
import re
import threading
import time
import tracemalloc
import typing as t
import urllib.parse

import pytest

hypothesis = pytest.importorskip("hypothesis")
from hypothesis import strategies as st  # noqa: E402

from ansible_collections.community.senhasegura.plugins.module_utils import (  # noqa: E402
    dsm_secrets,
    keypair,
    models,
    mysafe_models,
    redaction,
)
from ansible_collections.community.senhasegura.plugins.module_utils.client import auth  # noqa: E402
from ansible_collections.community.senhasegura.plugins.module_utils.client.direct_api import DirectApi  # noqa: E402
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.operations import READ_CREDENTIAL  # noqa: E402
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.response import Response  # noqa: E402
from ansible_collections.community.senhasegura.plugins.module_utils.redaction import (  # noqa: E402
    MASK,
    KnownSecrets,
    SecretStr,
    encoded_forms,
    printable,
    printable_message,
    redact,
)
from ansible_collections.community.senhasegura.plugins.module_utils.settings import options  # noqa: E402
from ansible_collections.community.senhasegura.plugins.module_utils.settings import settings as settings_module  # noqa: E402
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.support import (  # noqa: E402
    CANARY,
    Scripted,
    settings,
    success,
    token_answer,
)

HIDDEN = SecretStr(CANARY)


# --- SecretStr -------------------------------------------------------------------------------------------------------


def test_hidden_reveals_on_request_only() -> None:
    assert HIDDEN.reveal() == CANARY
    shown = [repr(HIDDEN), str(HIDDEN), f"{HIDDEN}", f"{HIDDEN!r:>10}", str([HIDDEN]), str({"a": HIDDEN})]
    assert not any(CANARY in text for text in shown)
    assert not hasattr(HIDDEN, "__dict__")
    assert all(CANARY not in repr(getattr(HIDDEN, name)) for name in dir(HIDDEN))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_hidden_is_not_pickled(protocol: int) -> None:
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(HIDDEN, protocol)
    with pytest.raises(TypeError):
        json.dumps(HIDDEN)
    with pytest.raises(TypeError):
        copy.deepcopy(HIDDEN)


def test_hidden_compares_by_value() -> None:
    assert SecretStr("a") == SecretStr("a")
    assert SecretStr("a") != SecretStr("b")
    assert SecretStr("a") != "a"
    assert len({SecretStr("a"), SecretStr("a"), SecretStr("b")}) == 2


# --- objects that hold secrets ---------------------------------------------------------------------------------------


def _block() -> dsm_secrets.SecretBlock:
    return dsm_secrets.SecretBlock({"password": CANARY}, {"password": "PASSWORD"})


def _api() -> DirectApi:
    read = success(credential={"id": "7", "password": CANARY})
    server = Scripted({"GET /api/pam/credential/7": read}, token=token_answer("ey" + CANARY))
    api = DirectApi(settings(client_secret=CANARY), transport=server)
    assert api.call(READ_CREDENTIAL, ref="7").password == CANARY
    # The server of these tests keeps its answers, as no real transport does.
    del api._transport
    return api


OBJECTS: dict[str, t.Callable[[], t.Any]] = {
    "Settings": lambda: settings(
        client_id=CANARY, client_secret=CANARY, proxy=CANARY, consumer_key=HIDDEN, consumer_secret=HIDDEN,
        token_key=HIDDEN, token_secret=HIDDEN,
    ),
    "Token": lambda: auth.Token(SecretStr(CANARY), 1.0),
    "Session": _api,
    "Response": lambda: Response(200, {}, CANARY.encode()),
    "Credential": lambda: models.Credential("1", CANARY, raw={"password": CANARY}),
    "CredentialWrite": lambda: models.CredentialWrite(
        "u", "h", "1", password=CANARY, settings={"additional_settings": {"secret_key": CANARY}}
    ),
    "SshKey": lambda: models.SshKey("1", CANARY, "ssh-ed25519 A", passphrase=CANARY, raw={"private_key": CANARY}),
    "SshKeyWrite": lambda: models.SshKeyWrite("i", "u", "h", "1", CANARY, "ssh-ed25519 A", passphrase=CANARY),
    "DsmSecret": lambda: dsm_secrets.DsmSecret("1", "i", ({"KEY": CANARY},), raw={"data": [CANARY]}),
    "SecretBlock": _block,
    "DsmSecretWrite": lambda: dsm_secrets.DsmSecretWrite(
        "i", access_keys=(_block(),), credentials=(_block(),), key_value={"KEY": CANARY}
    ),
    "KeyPair": lambda: keypair.KeyPair(CANARY, "ssh-ed25519 A", CANARY),
}  # fmt: skip


@pytest.mark.parametrize("name", OBJECTS)
def test_no_text_of_an_object_shows_a_secret(name: str) -> None:
    thing = OBJECTS[name]()
    for text in (repr(thing), str(thing), f"{thing}", repr([thing]), repr({"a": thing})):
        assert CANARY not in text
        assert CANARY[:10] not in text


@pytest.mark.parametrize("name", ["Settings", "Token", "Session"])
def test_what_holds_login_data_does_not_even_show_its_variables(name: str) -> None:
    thing = OBJECTS[name]()
    assert CANARY not in repr(vars(thing))
    with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
        pickle.dumps(thing)


def test_every_field_that_sounds_secret_is_hidden() -> None:
    secret = re.compile("password|passphrase|private|secret|data|raw|token|settings|key_value|fields")
    harmless = {"identifier", "public_key", "key_name"}
    found = 0
    for module in (models, dsm_secrets, mysafe_models, keypair):
        for thing in vars(module).values():
            if dataclasses.is_dataclass(thing) and isinstance(thing, type):
                for field in dataclasses.fields(thing):
                    if secret.search(field.name) and field.name not in harmless:
                        found += 1
                        assert not field.repr, f"{thing.__name__}.{field.name}"
    assert found >= 15


def test_settings_hide_what_the_option_table_calls_secret() -> None:
    secret = {option.name for option in options.OPTIONS if option.secret}
    hints = {f.name for f in dataclasses.fields(settings_module.Settings) if "SecretStr" in str(f.type)}
    assert secret == hints
    assert sorted(settings(proxy="http://p").secrets()) == sorted(
        [settings().client_id.reveal(), settings().client_secret.reveal(), "http://p"]
    )


# --- printable -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain text", "plain text"),
        ("  two\r\nlines\tand more ", "two lines and more"),
        ("\x1b[31;1mred\x1b[0m", "red"),
        ("\x1b[2K\x1b[1A\x1b[?25lgone", "gone"),
        ("\x1b]0;title\x07x", "]0;title x"),
        ("a\x9b31mb", "a 31mb"),
        ("a\x00b\x08\x7f", "a b"),
        ("a\u2028b\u2029c\x85d", "a b c d"),
        ("safe\u202egnihtyna\u202c", "safe gnihtyna"),
        ("ze\u200bro\ufeff", "ze ro"),
        ("half \ud800 pair", "half pair"),
        ("::set-output name=x::y", "set-output name=x y"),
        ("%0A::add-mask::x", "%0A add-mask x"),
        ("##vso[task.setvariable variable=x]y", "[task.setvariable variable=x]y"),
        ("##VSO[a]##[error]b", "[a] error]b"),
        (":\x00:", ": :"),
        ("::::", ""),
        ("Não autorizado: 日本", "Não autorizado: 日本"),
        ("", ""),
    ],
)
def test_printable(text: str, expected: str) -> None:
    assert printable(text) == expected


@hypothesis.given(st.text())
def test_printable_is_one_safe_line(text: str) -> None:
    line = printable(text)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029]", line)
    assert "::" not in line
    assert not re.search("##vso|##\\[", line, re.IGNORECASE)
    assert printable(line) == line
    line.encode()


# --- redact ----------------------------------------------------------------------------------------------------------

AWKWARD = "a'b\"$\\{}<&%é 日/7+Zq4Xv9Lm2?"


def _base64(value: str, pad: int) -> str:
    return base64.b64encode(b"p" * pad + value.encode() + b"tail").decode()


FORMS: dict[str, t.Callable[[str], str]] = {
    "raw": str,
    "first half": lambda value: value[: len(value) // 2],
    "second half": lambda value: value[len(value) // 2 :],
    "reversed": lambda value: value[::-1],
    "json": json.dumps,
    "json of php": lambda value: json.dumps(value, ensure_ascii=False).replace("/", "\\/"),
    "url": lambda value: urllib.parse.quote(value, safe=""),
    "url, lower case": lambda value: re.sub("%..", lambda m: m[0].lower(), urllib.parse.quote(value, safe="")),
    "form": urllib.parse.quote_plus,
    "shell": redaction.shlex.quote,
    "hex": lambda value: value.encode().hex(),
    "HEX": lambda value: value.encode().hex().upper(),
    "html": html.escape,
    "html of php": lambda value: html.escape(value).replace("&#x27;", "&#039;"),
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64 + 1": lambda value: _base64(value, 1),
    "base64 + 2": lambda value: _base64(value, 2),
    "base64 of urls": lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
}


AROUND = ["{}", "before {} after", "key={};", '"password":"{}",', "xx{}yy", "\x1b[1m{}\x1b[0m"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("secret", [CANARY, AWKWARD])
def test_an_echoed_secret_is_masked(form: str, secret: str) -> None:
    echoed = FORMS[form](secret)
    for around in AROUND:
        line = redact(around.replace("{}", echoed), [secret])
        assert MASK in line
        for start in range(len(echoed) - 5):
            assert echoed[start : start + 6] not in line
        assert echoed.strip("\"'") not in line


def test_what_is_no_secret_stays() -> None:
    assert redact("1007: Credential not found, secret s3cr3t-s3cr3t.", ["s3cr3t-s3cr3t"]) == (
        "1007: Credential not found, secret ********"
    )
    assert redact("nothing to hide", []) == "nothing to hide"
    assert redact("nothing to hide", [""]) == "nothing to hide"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abc", MASK),
        ("user abc, and (abc) 'abc' abc.", f"user {MASK}, and ({MASK}) '{MASK}' {MASK}."),
        ("password=abc;", f"password={MASK};"),
        ("abcd xabc", "abcd xabc"),
        ("cba", MASK),
    ],
)
def test_a_short_secret_is_masked_where_it_stands_alone(text: str, expected: str) -> None:
    assert redact(text, ["abc"]) == expected


def test_a_secret_with_blanks_and_control_characters() -> None:
    for secret in ("correct horse battery", "line one\r\nline two", "tab\there\x00null", "a::bcdefgh", "a  b  c  d  e"):
        line = redact(f"echo: {secret} end", [secret])
        assert line.startswith("echo: ********")
        assert line.endswith("end")
        assert not {word for word in re.split(r"[\s:\x00]+", secret) if len(word) > 2} & set(re.split(r"[\s:]+", line))


def test_blanks_that_are_merged_do_not_make_a_secret() -> None:
    assert "a b c d e" not in redact("a  b\n\nc \t d   e", ["a b c d e"])


def test_the_limit_comes_after_the_masks() -> None:
    text = "x" * 190 + " " + CANARY
    line = redact(text, [CANARY])
    assert len(line) <= 200
    assert CANARY[:6] not in line
    assert len(redact("y" * 1000, [])) == 200
    assert redact("y" * 1000, [])[-1] == "…"


def test_a_huge_message_takes_no_time() -> None:
    # The time of this thread's own work, which other processes do not lengthen.
    start = time.thread_time()
    assert len(redact((CANARY + " ") * 2_000_000, [CANARY, "x" * 60_000])) == 200
    assert time.thread_time() - start < 30


def test_many_long_secrets_take_no_memory() -> None:
    secrets = (random.Random(number).randbytes(1500).hex() for number in range(15))
    part = random.Random(7).randbytes(20).hex()
    tracemalloc.start()
    try:
        assert redact(f"nothing here but {part} end", secrets) == f"nothing here but {MASK} end"
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def pem(size: int, seed: int) -> str:
    body = base64.b64encode(random.Random(seed).randbytes(size)).decode()
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    return "\n".join(["-----BEGIN RSA PRIVATE KEY-----", *lines, "-----END RSA PRIVATE KEY-----", ""])


# Of 4096 bits.
KEYS = [pem(2349, seed) for seed in range(500)]
PASSWORDS = [base64.b85encode(random.Random(-1 - seed).randbytes(16)).decode() for seed in range(1000)]


@pytest.mark.parametrize("quoted", ["nothing", PASSWORDS[777], KEYS[333][1000:1040], KEYS[444][500:530].encode().hex()])
def test_thousands_of_secrets_take_no_time(quoted: str) -> None:
    """It took 24 seconds of 500 keys, and nothing else of the broker ran meanwhile."""
    text = f"1009: The credential web-root of web01.example.com cannot be read with {quoted} by 192.0.2.1"
    spent = []
    for _again in range(3):
        start = time.process_time()
        line = redact(text, [*PASSWORDS, *KEYS])
        spent.append(time.process_time() - start)
        assert (MASK in line) is (quoted != "nothing")
        assert (quoted in line) is (quoted == "nothing")
    print(f"scrubbed in {min(spent) * 1000:.0f} ms")
    assert min(spent) < 0.5


def test_hostile_texts_take_no_time_either() -> None:
    letters = random.Random(5).choices("abcdefghijklmnopABCDEFGHIJKLMNOP0123456789+/", k=100_000)
    for text in ("".join(letters), "\\u0041" * 20_000, "%41&amp;" * 20_000, "ab" * 50_000, KEYS[0] * 20):
        start = time.process_time()
        redact(text, [*PASSWORDS, *KEYS])
        assert time.process_time() - start < 1.5


def _wrapped(value: str) -> str:
    return "\r\n".join(value[start : start + 64] for start in range(0, len(value), 64))


LONG_FORMS = {
    **FORMS,
    "base64 in lines": lambda value: _wrapped(base64.b64encode(value.encode()).decode()),
    "hex in lines": lambda value: _wrapped(value.encode().hex()),
    "json of json": lambda value: json.dumps(json.dumps(value)[1:-1])[1:-1].replace("\\\\", "\\"),
}


@pytest.mark.parametrize("form", LONG_FORMS)
@pytest.mark.parametrize("secret", [KEYS[0], AWKWARD * 20, "ключ 🔑 чтение " * 20], ids=["key", "awkward", "wide"])
@pytest.mark.parametrize("around", AROUND)
def test_no_part_of_an_echoed_long_secret_survives(form: str, secret: str, around: str) -> None:
    for start in (0, 37, len(secret) // 2):
        part = secret[start : start + 100]
        echoed = LONG_FORMS[form](part)
        line = redact(around.replace("{}", echoed), [secret])
        assert MASK in line
        known = printable(secret)
        for run in (line[start : start + 6] for start in range(len(line) - 5)):
            assert run not in known or MASK[:1] in run
        # Twelve hexadecimal digits, or eight characters of base64, hold six bytes.
        for size in (12,) if form.startswith(("base64", "hex", "HEX")) else ():
            assert not [echoed[i : i + size] for i in range(len(echoed) - size) if echoed[i : i + size] in line]


@hypothesis.given(
    secret=st.text(
        st.characters(exclude_characters="*…", exclude_categories=["Cs", "Cc", "Cf", "Zs"]), min_size=130, max_size=160
    ),
    start=st.integers(0, 100),
    before=st.text(st.sampled_from("xyz .,:;"), max_size=8),
    form=st.sampled_from(["raw", "reversed", "hex", "HEX", "base64", "base64 + 1", "base64 + 2", "base64 of urls"]),
)
@hypothesis.settings(max_examples=200)
def test_a_part_of_a_long_secret_is_found_wherever_it_begins(secret: str, start: int, before: str, form: str) -> None:
    part = secret[start : start + 20]
    hypothesis.assume(len(printable(part)) == len(part))
    echoed = FORMS[form](part)
    assert echoed not in redact(f"{before} {echoed}", [secret])


def test_known_secrets_are_bounded_and_the_oldest_are_forgotten() -> None:
    known = KnownSecrets()
    known.add([CANARY, "", CANARY, "b" * 10])
    assert known.texts() == [CANARY, "b" * 10]
    known.add(f"{number:05}" + "x" * 20_000 for number in range(500))
    texts = known.texts()
    assert sum(map(len, texts)) <= KnownSecrets.MAX_CHARACTERS
    assert CANARY not in texts
    assert texts[-1].startswith("00499")
    # The beginning of a file is remembered.
    known.add(["y" * 10_000_000])
    assert known.texts()[-1] == "y" * KnownSecrets.LONGEST


def test_known_secrets_do_not_show() -> None:
    known = KnownSecrets()
    known.add([CANARY])
    assert CANARY not in f"{known!r} {vars(known)!r}"
    with pytest.raises(TypeError):
        pickle.dumps(known)


def test_known_secrets_of_many_threads() -> None:
    known = KnownSecrets()

    def work(number: int) -> None:
        for again in range(200):
            known.add([f"secret-{number}-{again}"])
            known.texts()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(known.texts()) == 1600


def test_messages_are_bounded() -> None:
    assert printable_message("two\r\nlines \x1b[31mred") == "two lines red"
    assert len(printable_message("x" * 50_000)) == 10_000


def test_surrogates_do_not_crash() -> None:
    assert redact("a \udcff b", ["\udcff\udcfe-secret"]) == "a b"


SECRETS = st.text(
    st.characters(exclude_characters="*…", exclude_categories=["Cs"]) | st.sampled_from("ab1 \"'\\/+&<%é\n:#["),
    min_size=6,
    max_size=40,
)
NEAR = st.text(st.sampled_from("xyz .,:;\"'#[]\n\x1b"), max_size=8)


@hypothesis.given(secret=SECRETS, before=NEAR, after=NEAR, form=st.sampled_from(sorted(FORMS)))
# The escape sequence takes the @ with it, and what is left are five characters and a blank.
@hypothesis.example(secret=" 00000@", before="\x1b[", after=":::::::", form="reversed")
@hypothesis.settings(max_examples=400)
def test_no_six_characters_of_a_secret_survive(secret: str, before: str, after: str, form: str) -> None:
    # A shorter one is masked only where it stands alone, and blanks at its ends do not count.
    hypothesis.assume(len(printable(secret)) >= 6)
    echoed = FORMS[form](secret)
    line = redact(f"{before}{echoed}{after}", [secret]).replace(MASK, "\0")
    for known in {text for form in encoded_forms(secret) for text in (printable(form), form.strip())}:
        for start in range(len(known) - 5):
            assert known[start : start + 6] not in line


@hypothesis.given(text=st.text(), secrets=st.lists(st.text(), max_size=3))
@hypothesis.settings(max_examples=200)
def test_scrub_never_fails(text: str, secrets: list[str]) -> None:
    line = redact(text, secrets)
    assert len(line) <= 200
    assert "\n" not in line
