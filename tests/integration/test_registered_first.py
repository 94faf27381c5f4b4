# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each secret is registered with ansible-core (2.22 or later) before it is used, in each form in which it may turn up.

Each lookup and each module runs in this process, against a real server. What uses a secret is watched: a request that
sends it, a warning or line of output, an error, and what is returned. On an older ansible-core, its part is played by
the test.
"""

from __future__ import annotations

import importlib
import re
import types
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from leaks import canaries
from leaks.cases import LOOKUPS, MODULES
from leaks.runner import dump
from leaks.world import World, world

from ansible_collections.community.senhasegura.plugins.module_utils.client.api import Api
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.operations import Operation
from ansible_collections.community.senhasegura.plugins.module_utils.models import secret_leaves
from ansible_collections.community.senhasegura.plugins.module_utils.redaction import encoded_forms
from ansible_collections.community.senhasegura.plugins.plugin_utils import masking
from ansible_collections.community.senhasegura.plugins.plugin_utils import vault_action as action_module
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker import client, protocol

PLUGINS = "ansible_collections.community.senhasegura.plugins"
# They change hosts, which are not here: what they send to the vault goes the same way.
WRONG = "Wrong-7531-client-secret"
ON_HOSTS = {"linux_ssh_key_rotation", "rotation_info"}
# These neither send nor return a secret.
WITHOUT_SECRETS = {
    *("credential_info", "custody", "dsm_application_info", "dsm_automation", "dsm_automation_info"),
    *("device", "device_info", "doctor", "encryption_key", "encryption_key_info", "scim_user_info"),
    *("related_user", "session_info"),
    *("audit_report", "vault_export"),
}


class Watch:
    """What was registered so far, and what has been used before it was."""

    def __init__(self) -> None:
        self.registered: set[str] = set()
        self.secrets: set[str] = set()
        self.used: list[str] = []
        self.early: list[str] = []

    def register(self, values: Iterable[str], /) -> None:
        self.registered.update(values)

    def know(self, secrets: Iterable[str]) -> None:
        """There are these secrets from now on."""
        self.secrets.update(secret for secret in secrets if len(secret) >= 4)

    def use(self, how: str) -> None:
        self.used.append(how)
        self.early += [f"{how}: {secret[:12]}" for secret in self.secrets if encoded_forms(secret) - self.registered]


class Watched(Api):
    """The API below the plugins. Its calls use secrets, and from then on there are those that came."""

    def __init__(self, api: Api, watch: Watch) -> None:
        self._api, self._watch = api, watch

    @property
    def server(self) -> str:
        return self._api.server

    def dialect(self) -> Any:
        return self._api.dialect()

    def call(self, operation: Operation[Any], *, model: Any = None, **more: Any) -> Any:
        self._watch.know(secret_leaves(model))
        self._watch.use(operation.name)
        result = self._api.call(operation, model=model, **more)
        self._watch.know(secret_leaves(result))
        return result

    def select(self, operation: Operation[Any], query: Any, **more: Any) -> Any:
        self._watch.use(operation.name)
        result = self._api.select(operation, query, **more)
        self._watch.know(secret_leaves(result))
        return result


@pytest.fixture(scope="module")
def place() -> Iterator[World]:
    with world() as place:
        yield place


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setenv("SENHASEGURA_BROKER", "false")
    real = masking.register_secrets

    def register_secrets(values: Iterable[str], /) -> None:
        known = set(values)
        watch.register(known)
        if real is not None:
            real(known)

    monkeypatch.setattr(masking, "register_secrets", register_secrets)
    monkeypatch.setattr(client, "_core", lambda: (2, 22))
    connect = importlib.import_module(f"{PLUGINS}.module_utils.client.connect")
    direct = connect.direct
    for module in (connect, action_module):
        monkeypatch.setattr(module, "direct", lambda *given, **more: Watched(direct(*given, **more), watch))
    for name in ("warning", "display", "deprecated"):
        monkeypatch.setattr(Display, name, lambda *_arguments, _name=name, **_options: watch.use(_name))
    monkeypatch.setattr(ActionBase, "run", lambda *_arguments: {})
    return watch


def look_up(watch: Watch, name: str, term: str, **options: Any) -> Any:
    module = importlib.import_module(f"{PLUGINS}.lookup.{name}")
    templar = types.SimpleNamespace(template=lambda value: value)
    try:
        return module.LookupModule(templar=templar).run([term], variables={}, **options)
    finally:
        watch.use("end")


def run(watch: Watch, name: str, options: dict[str, Any]) -> dict[str, Any]:
    action = object.__new__(importlib.import_module(f"{PLUGINS}.action.{name}").ActionModule)
    task = {"args": options, "check_mode": False, "loop": None, "no_log": False, "diff": False, "environment": None}
    action._task = types.SimpleNamespace(**task, delegate_to=None, async_val=0)
    action._templar, action._connection = types.SimpleNamespace(template=lambda value: value), object()
    try:
        return action.run(None, {"inventory_hostname": "localhost"})  # type: ignore[no-any-return]
    finally:
        watch.use("end")


def rendered(value: Any, place: World) -> Any:
    """Options of a case, with the secrets and the folder that their templates name."""
    if isinstance(value, dict):
        return {name: rendered(part, place) for name, part in value.items()}
    if isinstance(value, list):
        return [rendered(part, place) for part in value]
    if not isinstance(value, str):
        return value
    value = value.replace("{{ scratch }}", str(place.folder))
    return re.sub(r"\{\{ canary\.(\w+) \}\}", lambda match: place.secrets[match[1]], value)


def leaves(value: Any) -> Iterator[str]:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, str):
        yield value
    for part in parts:
        yield from leaves(part)


def given(place: World, name: str) -> dict[str, str]:
    """The client of a plugin by options, so that they are secrets of the task or lookup."""
    own = "mysafe_" if name.startswith("mysafe") else ""
    client_id, client_secret = f"{place.secrets['client_id']}-ok", place.secrets["client_secret"]
    return {f"{own}client_id": client_id, f"{own}client_secret": client_secret}


@pytest.mark.parametrize("extra", ["plain", "warned of", "refused", "wrong option"])
@pytest.mark.parametrize("name", LOOKUPS)
def test_a_lookup_registers_secrets_before_anything_is_done_with_them(
    place: World, watch: Watch, name: str, extra: str
) -> None:
    entry, client = LOOKUPS[name], given(place, name)
    watch.know(client.values())
    options: dict[str, Any] = {"config_file": place.config("no client"), **client}
    if extra == "wrong option":
        with pytest.raises(Exception, match="timeout"):
            look_up(watch, name, entry.term, **options, timeout="soon")
        assert watch.early == []
        return
    if extra == "refused":
        with pytest.raises(Exception, match="looks like ciphertext"):
            look_up(watch, name, entry.sealed, **options, on_ciphertext="error")
    else:
        term = entry.sealed if extra == "warned of" else entry.term
        assert look_up(watch, name, term, **options)
    value = place.secrets[entry.secret if extra == "plain" else "ciphertext"]
    assert any(value in secret for secret in watch.secrets)
    assert ("warning" in watch.used) == (extra == "warned of")
    assert watch.early == []


@pytest.mark.parametrize("name", sorted(MODULES.keys() - ON_HOSTS))
def test_a_module_registers_secrets_before_anything_is_done_with_them(place: World, watch: Watch, name: str) -> None:
    for _title, options, status in MODULES[name].good:
        if options.get("location") == "host":
            # The action has no connection here.
            continue
        client = given(place, name)
        watch.know(client.values())
        options = rendered(options, place)
        watch.know(part for part in leaves(options) if part in place.secrets.values())
        done = run(watch, name, {"config_file": place.config("no client"), **client, **options})
        assert status in ("", "failed") or not done.get("failed"), done
        assert watch.early == []
    assert watch.secrets - set(client.values()) or name in WITHOUT_SECRETS


@pytest.mark.parametrize("name", sorted(MODULES))
def test_modules_that_refuse_an_option(place: World, watch: Watch, name: str) -> None:
    """The error is the first that the task gives back, and nobody knows what it quotes."""
    options = rendered(MODULES[name].reach, place)
    client = given(place, name)
    watch.know([*client.values(), *(part for part in leaves(options) if part in place.secrets.values())])
    done = run(watch, name, {"config_file": place.config("no client"), **client, **options, "timeout": "soon"})
    assert done["failed"]
    assert watch.early == []


@pytest.mark.parametrize("name", [*sorted(LOOKUPS), *sorted(MODULES.keys() - ON_HOSTS)])
def test_the_client_in_a_file(place: World, watch: Watch, name: str, tmp_path: Path) -> None:
    """Its warning that others can read the file comes when its secrets are known."""
    client = {"client_id": f"{place.secrets['client_id']}-wrong secret", "client_secret": WRONG}
    base = Path(place.config("no client")).read_text(encoding="utf-8")
    path = tmp_path / "open.yml"
    lines = {f"SENHASEGURA_{own}{key.upper()}": value for own in ("", "MYSAFE_") for key, value in client.items()}
    path.write_text(base + dump(lines))
    path.chmod(0o644)
    watch.know(client.values())
    if name in LOOKUPS:
        with pytest.raises(Exception, match="does not accept"):
            look_up(watch, name, LOOKUPS[name].term, config_file=str(path))
    else:
        done = run(watch, name, {**rendered(MODULES[name].reach, place), "config_file": str(path)})
        assert "does not accept" in done["msg"]
    assert "warning" in watch.used
    assert watch.early == []


def test_values_from_the_broker(watch: Watch) -> None:
    """They come with the warnings that are shown before they are returned."""
    value = "Value-4711-of-the-broker"
    watch.know([value])
    assert client.deliver(protocol.answered([value], ["custody is still held"], [value])) == [value]
    watch.use("end")
    assert watch.used == ["warning", "end"]
    assert watch.early == []


def test_keys_as_text_are_registered(place: World, watch: Watch) -> None:
    """In a variable or option, with and without line ends; paths and certificates are no secrets."""
    key = place.secrets["client_key"]
    lines = key.splitlines()[1:-1]
    certificate = canaries.certificate(key)
    masking.register_options(
        {"client_key": key.replace("\n", "\\n"), "client_cert": certificate, "decryption_key": "/x/y"}
    )
    assert {*lines} <= watch.registered
    assert not {certificate, "/x/y", *certificate.splitlines()} & watch.registered


def test_the_watch_sees_what_comes_too_early(place: World, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "register_secrets", None)
    look_up(watch, "password", "web-root", config_file=place.config("ok"))
    assert watch.early
