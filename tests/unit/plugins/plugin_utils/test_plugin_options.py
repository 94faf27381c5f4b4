# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where connection settings come from, and in what order."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible import constants

from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError
from ansible_collections.community.senhasegura.plugins.module_utils.redaction import SecretStr
from ansible_collections.community.senhasegura.plugins.module_utils.settings.options import MYSAFE_OPTIONS, OPTIONS
from ansible_collections.community.senhasegura.plugins.module_utils.settings.settings import Settings
from ansible_collections.community.senhasegura.plugins.plugin_utils import plugin_options

CANARY = "Canary-1234-abcd"
CLIENT = {"url": "https://pam.example.com", "client_id": "id", "client_secret": "secret"}
PLACES = ("option", "variable", "task", "environment", "ini", "config_file")


class Places:
    """Puts values where users put them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder, self._monkeypatch = folder, monkeypatch
        self.arguments: dict[str, Any] = {}
        self.variables: dict[str, Any] = {}
        self.task: dict[str, Any] = {}
        self.warnings: list[str] = []
        self.template: Callable[[Any], Any] = lambda value: value
        for name in [name for name in os.environ if name.startswith("SENHASEGURA_")]:
            monkeypatch.delenv(name)
        monkeypatch.setattr(constants, "CONFIG_FILE", None)
        monkeypatch.setattr(plugin_options.display, "warning", self.warnings.append)
        self.environment(**CLIENT)

    def environment(self, **values: str) -> None:
        for name, value in values.items():
            self._monkeypatch.setenv(f"SENHASEGURA_{name.upper()}", value)

    def ini(self, text: str) -> Path:
        path = self._folder / "ansible.cfg"
        path.write_text(text, encoding="utf-8")
        self._monkeypatch.setattr(constants, "CONFIG_FILE", str(path))
        return path

    def config_file(self, content: str | bytes, mode: int = 0o600) -> Path:
        path = self._folder / "dsm.yml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)
        self.environment(config_file=str(path))
        return path

    def put(self, place: str, name: str, value: str) -> None:
        put: dict[str, Callable[[], Any]] = {
            "option": lambda: self.arguments.update({name: value}),
            "variable": lambda: self.variables.update({f"senhasegura_{name}": value}),
            "task": lambda: self.task.update({f"SENHASEGURA_{name.upper()}": value}),
            "ini": lambda: self.ini(f"[senhasegura]\n{name} = {value}\n"),
            "environment": lambda: self.environment(**{name: value}),
            "config_file": lambda: self.config_file(f"SENHASEGURA_{name.upper()}: '{value}'\n"),
        }
        put[place]()

    def settings(self) -> Settings:
        return plugin_options.settings(self.arguments, self.variables, self.template, self.task)[0]

    def refusal(self) -> str:
        with pytest.raises(ConfigError) as caught:
            self.settings()
        assert CANARY not in str(caught.value)
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
        assert caught.value.hint
        return str(caught.value)


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    return Places(tmp_path, monkeypatch)


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(PLACES, 2)))
def test_precedence(places: Places, first: str, second: str) -> None:
    places.put(second, "tenant", "second")
    assert places.settings().tenant == "second"
    places.put(first, "tenant", "first")
    assert places.settings().tenant == "first"


@pytest.mark.parametrize("first", PLACES[:-1])
def test_an_empty_value_leaves_it_to_the_next_place(places: Places, first: str) -> None:
    places.put("config_file", "tenant", "last")
    places.put(first, "tenant", "")
    assert places.settings().tenant == "last"


@pytest.mark.parametrize("name", [o.name for o in OPTIONS if o.name not in (*CLIENT, "config_file", "auth_method")])
@pytest.mark.parametrize("place", PLACES)
def test_each_option_comes_from_each_place(places: Places, place: str, name: str) -> None:
    option = next(option for option in OPTIONS if option.name == name)
    by_type = {"bool": str(not option.default), "int": "1", "float": "2.5", "path": "/some/path", "str": "text"}
    value = option.choices[-1] if option.choices else by_type[option.type]
    places.put(place, name, value)
    found = getattr(places.settings(), name)
    assert str(found.reveal() if option.secret else found) == value


@pytest.mark.parametrize("name", [option.name for option in MYSAFE_OPTIONS if option.stands_for])
@pytest.mark.parametrize("place", PLACES)
def test_each_option_of_an_access_key_comes_from_each_place(places: Places, place: str, name: str) -> None:
    for own in ("mysafe_client_id", "mysafe_client_secret"):
        places.put("config_file" if place == "config_file" else "option", own, "x")
    option = next(option for option in MYSAFE_OPTIONS if option.name == name)
    value = option.choices[-1] if option.choices else "/some/path" if option.type == "path" else "text"
    places.arguments.pop(name, None)
    if place == "config_file":
        lines = {"mysafe_client_id": "x", "mysafe_client_secret": "x", name: value}
        places.config_file("".join(f"SENHASEGURA_{key.upper()}: '{text}'\n" for key, text in lines.items()))
    else:
        places.put(place, name, value)
    found, _run = plugin_options.settings(places.arguments, places.variables, places.template, places.task, mysafe=True)
    seen = getattr(found, option.field)
    assert str(seen.reveal() if option.secret else seen) == value


@pytest.mark.parametrize(
    ("place", "label"),
    [
        ("option", "the option timeout"),
        ("variable", "the variable senhasegura_timeout"),
        ("ini", "timeout in [senhasegura] of ansible.cfg"),
        ("task", "the environment variable SENHASEGURA_TIMEOUT of the task"),
        ("environment", "the environment variable SENHASEGURA_TIMEOUT"),
        ("config_file", "SENHASEGURA_TIMEOUT in config_file"),
    ],
)
def test_a_wrong_value_is_named_by_its_place(places: Places, place: str, label: str) -> None:
    places.put(place, "timeout", CANARY)
    assert places.refusal().startswith(f"timeout from {label} must be a number of seconds")


def test_variables_are_evaluated(places: Places) -> None:
    places.variables = {"senhasegura_tenant": "{{ x }}"}
    places.template = {"{{ x }}": "acme"}.__getitem__
    assert places.settings().tenant == "acme"


def test_only_the_variables_of_the_collection_are_evaluated(places: Places) -> None:
    places.variables = {"other": "{{ 1 }}"}
    places.template = lambda value: pytest.fail("evaluated")
    places.settings()


def test_an_error_in_a_variable_is_named_and_not_quoted(places: Places) -> None:
    def fail(value: Any) -> Any:
        raise RuntimeError(f"template error in {value}")

    places.variables = {"senhasegura_client_secret": CANARY}
    places.template = fail
    text = places.refusal()
    assert text.startswith("the variable senhasegura_client_secret cannot be evaluated (RuntimeError)")


def test_an_omitted_variable_counts_as_unset(places: Places) -> None:
    token = "__omit_place_holder__1234"
    places.variables = {"senhasegura_tenant": token, "omit": token}
    assert places.settings().tenant is None


def test_ini_is_read_as_ansible_reads_it(places: Places) -> None:
    places.environment(url="")
    places.ini("[defaults]\ntenant = no\n[senhasegura]\ntenant = a%b ; comment\nURL = https://ini.example.com\n")
    result = places.settings()
    assert (result.tenant, result.url) == ("a%b", "https://ini.example.com")


def test_a_path_in_ini_starts_from_its_file(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    path = places.ini("[senhasegura]\nca_path = certs/ca.pem\nclient_cert = ~/c.pem\nclient_key = /k.pem\n")
    result = places.settings()
    assert result.ca_path == str(path.parent / "certs" / "ca.pem")
    assert (_shown(result.client_cert), _shown(result.client_key)) == ("/home/me/c.pem", "/k.pem")
    places.ini("[senhasegura]\nca_path = environment\n")
    assert places.settings().ca_path == "environment"


def _shown(value: SecretStr | None) -> str:
    assert value is not None
    return value.reveal()


PEM = "-----BEGIN PRIVATE KEY-----\n" + "QUJDRA+/" * 12 + "\nQUJD\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize("name", ["ca_path", "client_cert", "client_key", "decryption_key"])
@pytest.mark.parametrize("place", PLACES)
def test_pem_text_comes_from_each_place(places: Places, place: str, name: str) -> None:
    text = PEM.replace("\n", "\n    ")
    if place == "config_file":
        places.config_file(f"SENHASEGURA_{name.upper()}: |\n    {text}\n")
    else:
        places.put(place, name, text)
    found = getattr(places.settings(), name)
    lines = (found if name == "ca_path" else _shown(found)).splitlines()
    assert "".join(lines) == PEM.replace("\n", "")
    assert lines[0] == "-----BEGIN PRIVATE KEY-----"
    assert CLIENT["url"] == places.settings().url


def test_what_was_decrypted_is_no_ciphertext(places: Places) -> None:
    assert plugin_options.settings({}, {}, str)[1].on_ciphertext == "warn"
    assert plugin_options.settings({"on_ciphertext": "error"}, {}, str)[1].on_ciphertext == "error"
    given = {"on_ciphertext": "error", "decryption_key": PEM}
    assert plugin_options.settings(given, {}, str)[1].on_ciphertext == "ignore"


def test_a_configuration_without_our_section(places: Places) -> None:
    places.ini("[defaults]\nforks = 5\n")
    assert places.settings().url == CLIENT["url"]


def test_config_file_is_found_in_each_place(places: Places) -> None:
    path = places.config_file("SENHASEGURA_TENANT: acme\n")
    places.environment(config_file="")
    for place in PLACES[:-1]:
        places.put(place, "config_file", str(path))
        assert places.settings().tenant == "acme", place
        places.put(place, "config_file", "")


def test_values_of_the_config_file_are_texts_as_they_are_written(places: Places) -> None:
    places.environment(client_id="", client_secret="")
    content = "SENHASEGURA_CLIENT_ID: 0123\nSENHASEGURA_CLIENT_SECRET: 1e3\nSENHASEGURA_TENANT: 2026-13-45\n"
    places.config_file(
        f"{content}SENHASEGURA_RETRIES: 0\nSENHASEGURA_ALLOW_HTTP: yes\nSENHASEGURA_PROXY: null\nOTHER: [1]\n"
    )
    result = places.settings()
    assert sorted(result.secrets()) == ["0123", "1e3"]
    assert (result.tenant, result.retries, result.allow_http, result.proxy) == ("2026-13-45", 0, True, None)


def test_insecure_in_the_config_file(places: Places) -> None:
    places.config_file("SENHASEGURA_INSECURE: true\n")
    assert places.settings().validate_certs is False


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"\xff\xfe\x00", "cannot be read"),
        (f"SENHASEGURA_CLIENT_SECRET: '{CANARY}", "must be valid YAML"),
        (f"SENHASEGURA_CLIENT_SECRET: {CANARY}: x", "must be valid YAML"),
        (f"a: !!python/object/apply:os.system ['{CANARY}']", "must be valid YAML"),
        (f"- {CANARY}", "must be a map of names and values"),
        (CANARY, "must be a map of names and values"),
        ("", "must be a map of names and values"),
        (f"SENHASEGURA_CLIENT_SECRET: [{CANARY}]", "must have text under SENHASEGURA_CLIENT_SECRET"),
        (f"SENHASEGURA_INSECURE: {{a: {CANARY}}}", "must have text under SENHASEGURA_INSECURE"),
        ("[" * 100000, "cannot be read"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_an_unusable_config_file(places: Places, content: str | bytes, problem: str) -> None:
    places.config_file(content)
    text = places.refusal()
    assert text.startswith(f"config_file {problem}. ")
    assert "SENHASEGURA_CONFIG_FILE" in text


def test_a_config_file_that_is_not_there(places: Places, tmp_path: Path) -> None:
    places.environment(config_file=str(tmp_path / "nothing"))
    assert places.refusal().startswith("config_file does not exist. ")
    places.environment(config_file=str(tmp_path))
    assert places.refusal().startswith("config_file cannot be read. ")


def test_a_config_file_that_others_can_read_is_reported(places: Places) -> None:
    places.config_file("A: b\n", mode=0o640)
    places.settings()
    assert places.warnings == ["config_file can be read by other users: chmod 600 it"]


def test_without_any_setting_the_error_lists_all_places(places: Places) -> None:
    places.environment(url="")
    text = places.refusal()
    for part in ("option url", "senhasegura_url", "ansible.cfg", "SENHASEGURA_URL", "DSM CLI"):
        assert part in text
    assert "lookups do not see the environment of a play or task" in text


def test_the_task_switches_off_what_the_process_has_on(places: Places) -> None:
    """One name has the opposite meaning of the other, and the nearer place wins whichever it uses."""
    places.environment(insecure="true")
    places.task = {"SENHASEGURA_VALIDATE_CERTS": True}
    assert places.settings().validate_certs is True
    places.environment(insecure="", validate_certs="true")
    places.task = {"SENHASEGURA_INSECURE": True}
    assert places.settings().validate_certs is False


@pytest.mark.parametrize("place", PLACES)
def test_an_open_connection_is_warned_of(places: Places, place: str) -> None:
    places.settings()
    assert places.warnings == []
    places.put(place, "validate_certs", "false")
    places.settings()
    assert [text.partition(":")[0] for text in places.warnings] == ["validate_certs is false"]
