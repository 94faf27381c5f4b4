# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of connection options, how its places merge, and what it refuses."""

from __future__ import annotations

import dataclasses
import itertools
import os
from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError
from ansible_collections.community.senhasegura.plugins.module_utils.settings.options import (
    ALL_OPTIONS,
    MYSAFE_OPTIONS,
    MYSAFE_RUN_OPTIONS,
    OPTIONS,
    RUN_OPTIONS,
    Option,
    argument_spec,
    is_set,
    mysafe_argument_spec,
    where_to_set,
)
from ansible_collections.community.senhasegura.plugins.module_utils.settings.settings import (
    RunSettings,
    Settings,
    Source,
    environment_source,
    find_value,
    resolve,
    resolve_run,
)

BY_NAME = {option.name: option for option in OPTIONS}
CLIENT = {"url": "https://pam.example.com", "client_id": "id", "client_secret": "secret"}
CANARY = "Canary-1234-abcd"
# Two values of each kind that differ from each other and from the default.
SAMPLES: dict[str, tuple[Any, Any]] = {
    "bool": (True, False),
    "int": (1, 2),
    "float": (7.5, 8.0),
    "path": ("/one", "/two"),
    "str": ("one", "two"),
}


def source(values: dict[str, Any], place: str = "a test") -> Source:
    return Source(lambda option: values.get(option.name), lambda option: place)


def settings(**values: Any) -> Settings:
    return resolve([source({**CLIENT, **values})])


def message(**values: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        settings(**values)
    assert caught.value.hint
    return str(caught.value)


def samples(name: str) -> tuple[Any, Any]:
    option = BY_NAME[name]
    if name == "url":
        return "https://one.example.com", "https://two.example.com"
    if name == "auth_method":
        return "oauth2_basic", "oauth2"
    return (option.choices[1], option.choices[2]) if option.choices else SAMPLES[option.type]


def plain(value: Any) -> Any:
    return value.reveal() if hasattr(value, "reveal") else value


ANNOTATIONS = {"str": "str", "path": "str", "bool": "bool", "int": "int", "float": "float"}


@pytest.mark.parametrize(("model", "table"), [(Settings, OPTIONS), (RunSettings, RUN_OPTIONS)])
def test_settings_have_a_field_of_the_right_type_for_each_option(model: Any, table: tuple[Option, ...]) -> None:
    """The table is the one definition. The fields repeat names and types, for mypy alone."""
    expected = {}
    for option in table:
        kind = "SecretStr" if option.secret else ANNOTATIONS[option.type]
        required = option.name == "url"
        expected[option.name] = kind if required or option.default is not None else f"{kind} | None"
    expected.pop("config_file", None)
    assert {field.name: field.type for field in dataclasses.fields(model)} == expected


@pytest.mark.parametrize(
    "field", [*dataclasses.fields(Settings), *dataclasses.fields(RunSettings)], ids=lambda f: f.name
)
def test_each_field_has_the_default_of_its_own_option(field: dataclasses.Field[Any]) -> None:
    known = {option.name: option.default for option in (*OPTIONS, *RUN_OPTIONS)}
    assert field.default == (dataclasses.MISSING if field.name == "url" else known[field.name])


def test_each_option_has_names_of_its_own() -> None:
    names = [name for o in ALL_OPTIONS for name in (o.env, o.inverse_env) if name]
    assert len(names) == len(set(names))
    # AWX refuses what begins otherwise, and what begins with ANSIBLE_.
    assert all(name.startswith("SENHASEGURA_") for name in names)
    assert {o.variable for o in OPTIONS} == {f"senhasegura_{o.name}" for o in OPTIONS}


def test_the_names_of_the_guide_and_of_the_vendors_tools() -> None:
    assert {"SENHASEGURA_URL", "SENHASEGURA_CLIENT_ID", "SENHASEGURA_CLIENT_SECRET", "SENHASEGURA_CONFIG_FILE"} <= {
        option.env for option in OPTIONS
    }
    assert BY_NAME["validate_certs"].inverse_env == "SENHASEGURA_INSECURE"


def test_secret_options_are_hidden_in_the_settings() -> None:
    secrets = {option.name: f"{CANARY}-{option.name}" for option in OPTIONS if option.secret}
    result = settings(**secrets)
    # Paths are hidden too, but in texts of others they are no secrets.
    assert sorted(result.secrets()) == sorted(secrets[o.name] for o in OPTIONS if o.secret and not o.pem)
    assert CANARY not in repr(result)


def test_argument_spec_has_no_defaults_and_decides_no_log() -> None:
    spec = argument_spec()
    options = {option.name: option for option in (*OPTIONS, *RUN_OPTIONS)}
    assert list(spec) == list(options)
    for name, details in spec.items():
        assert "default" not in details, name
        assert details["no_log"] is options[name].secret, name


@pytest.mark.parametrize("name", [option.name for option in OPTIONS if option.name != "config_file"])
def test_the_first_place_that_sets_an_option_counts(name: str) -> None:
    first, second = samples(name)
    base = source(CLIENT)
    assert plain(getattr(resolve([source({name: first}), source({name: second}), base]), name)) == first
    assert plain(getattr(resolve([source({}), source({name: second}), base]), name)) == second
    for empty in ("", "  ", None):
        assert plain(getattr(resolve([source({name: empty}), source({name: second}), base]), name)) == second


@pytest.mark.parametrize("name", [option.name for option in OPTIONS if option.name not in ("config_file", *CLIENT)])
def test_an_option_that_no_place_sets_has_its_default(name: str) -> None:
    assert plain(getattr(settings(), name)) == BY_NAME[name].default


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, False), ("", False), (" \n", False), ("x", True), (0, True), (False, True), ([], True)],
)
def test_is_set(value: Any, expected: bool) -> None:
    assert is_set(value) is expected


TRUE = [True, 1, "1", "true", "True", "TRUE", " yes ", "on", "y", "t"]
FALSE = [False, 0, "0", "false", "False", "no", "off", "n", "f"]


@pytest.mark.parametrize(("value", "expected"), [(v, True) for v in TRUE] + [(v, False) for v in FALSE])
def test_booleans_in_all_spellings(value: Any, expected: bool) -> None:
    assert settings(allow_http=value).allow_http is expected


WRONG: dict[str, list[Any]] = {
    "allow_http": [CANARY, 2, [], {}, "tru"],
    "timeout": [CANARY, "0", 0, -1, "nan", "inf", 3601, "1 s", [], True, "1e999"],
    "retries": [CANARY, -1, 1001, "3.0", 1.5, "9" * 5000, "²", [], True],
    "dialect": [CANARY, "API", 1, [], {}],
    "auth_method": [CANARY, "oauth"],
    "client_secret": [[CANARY], {"a": CANARY}, True, f"a\n{CANARY}", f"a\0{CANARY}"],
    "url": [[CANARY], f"pam\r\n{CANARY}"],
    "ca_path": [[CANARY], f"/a\n{CANARY}"],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG.items() for value in values], ids=lambda v: str(v)[:20]
)
def test_a_wrong_value_is_named_by_option_and_place_and_never_shown(name: str, value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve([source({name: value}, "the drawer"), source(CLIENT)])
    text = str(caught.value)
    assert text.startswith(f"{name} from the drawer must be ")
    assert caught.value.context.option == name
    assert CANARY not in text + repr(caught.value) + repr(caught.value.failure())
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_digits_are_taken_as_text_and_blanks_around_are_dropped() -> None:
    result = settings(client_id=12345, client_secret=" 007 \n")
    assert result.secrets() == ["12345", "007"]


@pytest.mark.parametrize("name", [option.name for option in OPTIONS if option.secret and option.name != "client_id"])
@pytest.mark.parametrize("value", [12345, 1.5, True])
def test_a_secret_is_text(name: str, value: Any) -> None:
    """YAML makes 12345 of 12_34_5 and 83 of 0123: what was written is not known any more."""
    with pytest.raises(ConfigError, match=f"^{name} from a test must be text. Quote it there"):
        settings(**{name: value})


def test_paths_are_expanded_and_made_absolute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("WHERE", "there")
    assert settings(ca_path="~/ca.pem").ca_path == "/home/me/ca.pem"
    assert settings(ca_path="/etc/$WHERE/ca.pem").ca_path == "/etc/there/ca.pem"
    assert settings(ca_path="ca.pem").ca_path == os.path.join(os.getcwd(), "ca.pem")
    assert settings(ca_path="environment").ca_path == "environment"


def test_find_value_converts_what_it_finds() -> None:
    assert find_value(BY_NAME["config_file"], [source({}), source({"config_file": "/a/../b"})]) == "/b"
    assert find_value(BY_NAME["config_file"], [source({})]) is None


def environment(place: str = "the environment variable {}", **environ: Any) -> Settings:
    return resolve([environment_source({f"SENHASEGURA_{k}": v for k, v in environ.items()}, place), source(CLIENT)])


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, True),
        ({"INSECURE": ""}, True),
        ({"INSECURE": "true"}, False),
        ({"INSECURE": "True"}, False),
        ({"INSECURE": "0"}, True),
        ({"INSECURE": "true", "VALIDATE_CERTS": "true"}, True),
        ({"INSECURE": "true", "VALIDATE_CERTS": ""}, False),
        ({"VALIDATE_CERTS": "False"}, False),
    ],
)
def test_insecure_is_the_opposite_of_validate_certs(environ: dict[str, str], expected: bool) -> None:
    assert environment(**environ).validate_certs is expected


@pytest.mark.parametrize(
    ("environ", "named"),
    [({"INSECURE": CANARY}, "SENHASEGURA_INSECURE"), ({"VALIDATE_CERTS": CANARY}, "SENHASEGURA_VALIDATE_CERTS")],
)
def test_a_wrong_variable_of_the_environment_is_named(environ: dict[str, str], named: str) -> None:
    for place in ("the environment variable {}", "{} in config_file"):
        with pytest.raises(ConfigError) as caught:
            environment(place, **environ)
        assert str(caught.value).startswith(f"validate_certs from {place.format(named)} must be a boolean")
        assert CANARY not in str(caught.value)


@pytest.mark.parametrize("method", ["oauth2", "oauth2_basic", "oauth1"])
def test_each_method_says_what_it_needs_and_where_to_set_it(method: str) -> None:
    needed = {"oauth1": ("consumer_key", "consumer_secret", "token_key", "token_secret")}.get(
        method, ("client_id", "client_secret")
    )
    complete = {"url": CLIENT["url"], "auth_method": method, **dict.fromkeys(needed, CANARY)}
    assert resolve([source(complete)]).auth_method == method
    for name in ("url", *needed):
        with pytest.raises(ConfigError) as caught:
            resolve([source({**complete, name: ""})])
        text = str(caught.value)
        assert text.startswith(f"{name} is not set. ")
        assert caught.value.context.option == name
        assert BY_NAME[name].env in text
        assert BY_NAME[name].variable in text
        assert CANARY not in text


def test_aws_is_refused_with_the_reason() -> None:
    assert "publishes no wire format" in message(auth_method="aws")


@pytest.mark.parametrize("name", list(BY_NAME))
def test_where_to_set_names_all_places(name: str) -> None:
    text = where_to_set(name)
    for part in (
        f"option {name}",
        f"senhasegura_{name}",
        f"{name} in section [senhasegura]",
        f"SENHASEGURA_{name.upper()}",
    ):
        assert part in text


def test_settings_survive_the_way_to_the_broker() -> None:
    result = settings(proxy="http://user:pw@proxy", timeout=3, ca_path="/ca.pem")
    assert Settings.from_state(result.state()) == result


def test_equal_settings_are_one_key() -> None:
    assert len({settings(), settings(), settings(timeout=5)}) == 2
    different = [settings(client_secret=secret) for secret in ("a", "b")]
    assert all(a != b for a, b in itertools.permutations(different, 2))


def test_the_options_of_a_run() -> None:
    assert resolve_run([source({})]) == RunSettings(broker=True, cache_ttl=None, custody="keep")
    given = {"broker": "no", "cache_ttl": "60", "custody": "release_at_end"}
    assert resolve_run([source(given)]) == RunSettings(broker=False, cache_ttl=60.0, custody="release_at_end")
    for name, value in {"broker": CANARY, "cache_ttl": CANARY, "custody": CANARY}.items():
        with pytest.raises(ConfigError, match=f"^{name} from ") as caught:
            resolve_run([source({name: value})])
        assert CANARY not in str(caught.value)


# --- PEM text in place of a path -------------------------------------------------------------------------------------

PEM_OPTIONS = ("ca_path", "client_cert", "client_key", "decryption_key")
BODY = "QUJDRA+/" * 15 + "QUI="
KEY = f"-----BEGIN PRIVATE KEY-----\n{BODY[:64]}\n{BODY[64:]}\n-----END PRIVATE KEY-----\n"
CERTIFICATE = KEY.replace("PRIVATE KEY", "CERTIFICATE").replace("QUJD", "WFla")


def test_which_options_take_pem_text() -> None:
    assert {option.name for option in OPTIONS if option.pem} == set(PEM_OPTIONS)
    assert {option.name for option in OPTIONS if option.pem and not option.secret} == {"ca_path"}
    for name in PEM_OPTIONS:
        assert "PEM text" in " ".join(BY_NAME[name].description)


@pytest.mark.parametrize("name", PEM_OPTIONS)
@pytest.mark.parametrize(
    "change",
    [
        lambda text: text,
        lambda text: text.rstrip("\n"),
        lambda text: f"\n\n  {text}\n\n",
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\\n"),
        lambda text: text.replace("\n", "\\r\\n"),
        lambda text: text.replace("\n", " "),
        lambda text: text.replace("\n", "\n    "),
        lambda text: text.replace("\n", ""),
        lambda text: "\ufeff" + text,
    ],
    ids=["as is", "no last line end", "blank lines", "crlf", "\\n", "\\r\\n", "blanks", "indented", "one line", "mark"],
)
def test_pem_text_gets_its_lines_back(name: str, change: Any) -> None:
    for text in (KEY, CERTIFICATE, CERTIFICATE + KEY, KEY.replace("PRIVATE KEY", "RSA PRIVATE KEY")):
        assert plain(getattr(settings(**{name: change(text)}), name)) == text


@pytest.mark.parametrize("name", PEM_OPTIONS)
@pytest.mark.parametrize(
    "text",
    [
        KEY[:-30],
        KEY[: len(KEY) // 2],
        "-----BEGIN ",
        "-----BEGIN PRIVATE KEY-----",
        KEY.replace("END PRIVATE", "END PUBLIC"),
        CERTIFICATE + KEY[:60],
    ],
)
def test_pem_text_that_is_cut_is_named_and_not_shown(name: str, text: str) -> None:
    said = message(**{name: text})
    assert said.startswith(f"{name} from a test begins like PEM text")
    assert f"Give {name} from BEGIN to END, or the path of a file" in said
    assert "QUJD" not in said


def test_a_pem_text_keeps_what_shows_that_it_has_a_passphrase() -> None:
    text = f"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n{BODY[:64]}\n-----END RSA PRIVATE KEY-----\n"
    assert plain(settings(client_key=text).client_key) == text


def test_private_keys_in_pem_text_are_secret_and_certificates_are_not() -> None:
    result = settings(client_cert=CERTIFICATE + KEY, decryption_key=KEY, ca_path=CERTIFICATE)
    secrets = result.secrets()
    assert KEY.rstrip("\n") in secrets
    # Each line too, since texts may show a part of them.
    assert {BODY[:64], BODY[64:]} <= set(secrets)
    assert not any("WFla" in secret for secret in secrets)
    assert "QUJD" not in repr(result)
    again = Settings.from_state(result.state())
    assert again == result
    assert "QUJD" not in repr(again)


@pytest.mark.parametrize("name", ["url", "client_secret", "config_file", "tenant"])
def test_other_options_take_no_pem_text(name: str) -> None:
    option = BY_NAME[name]
    with pytest.raises(ConfigError, match="without control characters"):
        find_value(option, [source({name: KEY})])


def test_on_ciphertext() -> None:
    assert resolve_run([source({})]).on_ciphertext == "warn"
    assert resolve_run([source({"on_ciphertext": "ignore"})]).on_ciphertext == "ignore"
    with pytest.raises(ConfigError, match="one of warn, error, ignore"):
        resolve_run([source({"on_ciphertext": "skip"})])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timeout", "soon"),
        ("timeout", 0),
        ("retries", -1),
        ("dialect", "soap"),
        ("allow_http", "perhaps"),
        ("url", 1.5),
    ],
)
def test_an_error_says_once_what_the_value_must_be(name: str, value: object) -> None:
    given = {"url": "https://pam.example.com", name: value}
    with pytest.raises(ConfigError) as caught:
        resolve([Source(lambda option: given.get(option.name), lambda option: "a test")])
    message = str(caught.value)
    assert message.count(name) == 1
    wanted = caught.value.message.partition(" must be ")[2]
    assert wanted
    assert message.count(wanted) == 1


def test_the_url_is_checked_and_in_normal_form() -> None:
    assert settings(url="HTTPS://PAM.Example.com/").url == "https://pam.example.com"
    assert message(url="http://pam.example.com").startswith("url begins with http://")
    assert settings(url="http://pam.example.com", allow_http=True).url == "http://pam.example.com"


# --- an access key for MySafe ----------------------------------------------------------------------------------------

ACCESS_KEY = {"url": "https://pam.example.com", "mysafe_client_id": "key-id", "mysafe_client_secret": "key-secret"}


def of_mysafe(**values: Any) -> Settings:
    return resolve([source({**ACCESS_KEY, **values})], mysafe=True)


def test_an_access_key_is_another_client() -> None:
    """Nothing that says how a client of A2A logs in counts for it, and nothing of it counts for that client."""
    everything = {**CLIENT, "dialect": "rest", "auth_method": "oauth1", "decryption_key": "/a2a", "custody": "keep"}
    found = of_mysafe(**everything, mysafe_decryption_key="/key", tenant="acme")
    assert (plain(found.client_id), plain(found.client_secret), plain(found.decryption_key)) == (
        *("key-id", "key-secret"),
        "/key",
    )
    assert (found.dialect, found.auth_method, found.tenant, found.consumer_key) == ("api", "oauth2", "acme", None)
    assert of_mysafe(mysafe_auth_method="oauth2_basic").auth_method == "oauth2_basic"
    assert settings(**ACCESS_KEY) == settings()


@pytest.mark.parametrize("name", ACCESS_KEY)
def test_what_an_access_key_needs_is_named_by_its_own_option(name: str) -> None:
    with pytest.raises(ConfigError, match=f"^{name} is not set") as caught:
        of_mysafe(**{**CLIENT, **ACCESS_KEY, name: ""})
    option = next(option for option in ALL_OPTIONS if option.name == name)
    assert caught.value.context.option == name
    assert all(place in caught.value.hint for place in (option.env, option.variable))


def test_an_access_key_has_every_option_of_the_connection_but_those_of_a_login() -> None:
    fields = {option.field for option in MYSAFE_OPTIONS}
    left_out = {option.name for option in OPTIONS} - fields
    assert left_out == {"dialect", "consumer_key", "consumer_secret", "token_key", "token_secret"}
    assert {option.name for option in RUN_OPTIONS} - {option.name for option in MYSAFE_RUN_OPTIONS} == {"custody"}
    own = [option for option in MYSAFE_OPTIONS if option.stands_for]
    assert all(option.name == f"mysafe_{option.stands_for}" for option in own)
    by_name = {option.name: option for option in OPTIONS}
    for option in own:
        stood_for = by_name[option.stands_for]
        assert (option.type, option.secret, option.pem, option.default) == (
            *(stood_for.type, stood_for.secret, stood_for.pem),
            stood_for.default,
        )
    assert list(mysafe_argument_spec()) == [option.name for option in (*MYSAFE_OPTIONS, *MYSAFE_RUN_OPTIONS)]


def test_custody_of_a_run_is_none_of_its_business() -> None:
    assert resolve_run([source({"custody": "release_at_end", "broker": "false"})], mysafe=True) == RunSettings(
        broker=False
    )
