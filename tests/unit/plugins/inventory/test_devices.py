# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory over an API that is made up: hosts, logins, names, groups, cache."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible.utils.display import Display

from ansible_collections.community.senhasegura.plugins.inventory.devices import InventoryModule
from ansible_collections.community.senhasegura.plugins.module_utils.device_models import Device
from ansible_collections.community.senhasegura.plugins.module_utils.errors import Denied
from ansible_collections.community.senhasegura.plugins.module_utils.models import SSH_KEY_TYPE, CredentialInfo
from ansible_collections.community.senhasegura.plugins.plugin_utils import inventory_hosts, template_trust
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.fake_api import FakeApi

NAME = "community.senhasegura.devices"
CANARY = "Canary-1234-abcd"
LISTS = ["device.list", "credential.list"]
WEB01 = Device("1", "web01", "192.0.2.10", "Server", "Debian", "13", "DC1", ("web",), ("corp",), ("SSH:2222",), "")
WEB02 = Device(
    "2", "web02", "192.0.2.11", "Server", "Debian", "12", "DC2", ("web", "old"), (), ("RDP:3389", "SSH:22"), ""
)
FW = Device("3", "fw", "192.0.2.12", "Firewall", "ACME", "F1", "DC1", (), (), ("HTTPS:443",), "")


def credential(id_: str, host: str, user: str, kind: str = "Local User", way: str = "SSH") -> CredentialInfo:
    return CredentialInfo(id_, f"{host}-{user}", user, host, type=kind, connectivity=way)


CREDENTIALS = [
    credential("10", "web01", "root"),
    credential("11", "WEB01", "ansible"),
    credential("12", "web02", "root", way="RDP"),
    credential("13", "web02", "deploy", SSH_KEY_TYPE),
    credential("14", "elsewhere", "ansible"),
]
ANY = [{}]
LAZY = ("ansible_password", "ansible_ssh_private_key_file")


class Plugin(InventoryModule):  # type: ignore[misc]
    """Without the loader of plugins, which knows the options from the documentation."""

    _load_name, _redirected_names, ansible_name = NAME, [NAME], NAME

    def set_options(self, task_keys: Any = None, var_options: Any = None, direct: Any = None) -> None:
        core = {
            "cache": False,
            "strict": False,
            "compose": {},
            "groups": {},
            "keyed_groups": [],
            "use_extra_vars": False,
        }
        core |= {"cache_connection": None, "cache_timeout": 3600, "cache_prefix": "x", "leading_separator": True}
        self._options = {**core, **direct}

    def get_option(self, option: str, hostvars: Any = None) -> Any:
        return self._options[option]


class Unsafe(str):
    """A text that Ansible must not evaluate."""


yaml.SafeDumper.add_representer(Unsafe, lambda dumper, value: dumper.represent_scalar("!unsafe", str(value)))


class Made:
    """What came of a file: the inventory, the warnings, and the API that was asked."""

    def __init__(self, data: InventoryData, api: FakeApi, warnings: list[str], loader: DataLoader) -> None:
        self.data, self.api, self.warnings, self._loader = data, api, warnings, loader

    def vars(self, host: str) -> dict[str, Any]:
        return dict(self.data.hosts[host].get_vars())

    @property
    def hosts(self) -> list[str]:
        return list(self.data.hosts)

    def evaluated(self, host: str) -> dict[str, Any]:
        """Each variable but the two with a lookup, as a play sees it."""
        templar = Templar(loader=self._loader, variables=self.vars(host))
        return {name: templar.template(value) for name, value in self.vars(host).items() if name not in LAZY}


Make = Callable[..., Made]


@pytest.fixture
def api() -> FakeApi:
    made = FakeApi("api", CREDENTIALS)
    made.devices = [WEB01, WEB02, FW]
    return made


@pytest.fixture
def make(api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """make(**options of the file) -> Made. ``cached`` says whether a run may use a cache that is on."""
    for name, value in {"URL": "https://pam.example.com", "CLIENT_ID": "c", "CLIENT_SECRET": CANARY}.items():
        monkeypatch.setenv(f"SENHASEGURA_{name}", value)
    monkeypatch.setattr(inventory_hosts, "direct", lambda _settings: api)

    def run(cached: bool = True, **options: Any) -> Made:
        path = tmp_path / "hosts.senhasegura.yml"
        path.write_text(yaml.safe_dump({"plugin": NAME, **options}))
        warnings: list[str] = []
        monkeypatch.setattr(Display, "warning", lambda _self, text, *_args, **_more: warnings.append(text))
        plugin, data, loader = Plugin(), InventoryData(), DataLoader()
        assert plugin.verify_file(str(path))
        plugin.parse(data, loader, str(path), cache=cached)
        if plugin.get_option("cache"):
            plugin.update_cache_if_changed()
        data.reconcile_inventory()
        return Made(data, api, warnings, loader)

    return run


def test_two_lists_say_it_all(make: Make) -> None:
    made = make(credentials=[{"username": "ansible"}, {"type": "SSH Key"}])
    assert made.api.operations == LISTS
    assert made.hosts == ["web01", "web02", "fw"]
    web01, web02, firewall = (made.vars(host) for host in made.hosts)
    assert (web01["ansible_host"], web01["ansible_user"], web01["ansible_connection"]) == (
        "192.0.2.10",
        "ansible",
        "ssh",
    )
    assert "ansible_port" not in web01
    assert web01["ansible_password"] == "{{ lookup('community.senhasegura.password', 'id:11', check_mode='read') }}"
    assert "ansible_ssh_private_key_file" not in web01
    assert web02["ansible_user"] == "deploy"
    assert web02["ansible_ssh_private_key_file"] == (
        "{{ lookup('community.senhasegura.ssh_key', 'id:13', as_file=true, check_mode='read') }}"
    )
    assert "ansible_password" not in web02
    assert not {"ansible_user", "ansible_password", "ansible_connection"} & firewall.keys()
    assert firewall["senhasegura_credential"] is None
    assert web01["senhasegura_credential"] == {
        "id": "11",
        "identifier": "WEB01-ansible",
        "username": "ansible",
        "hostname": "WEB01",
        "type": "Local User",
        "connectivity": "SSH",
    }
    assert web01["senhasegura_device"]["site"] == "DC1"
    assert web01["senhasegura_device"]["domains"] is None
    assert [host.name for host in made.data.groups["senhasegura"].get_hosts()] == made.hosts
    (warning,) = made.warnings
    assert "without a login: no credential of it fits the rules in the option credentials: fw" in warning


@pytest.mark.parametrize(
    ("rules", "ids"),
    [
        ([], (None, None)),
        (ANY, ("10", "12")),
        ([{"username": "ansible"}], ("11", None)),
        ([{"username": "nobody"}, {"username": "root"}], ("10", "12")),
        ([{"username": "deploy", "tag": "old"}, {"username": "ansible"}], ("11", "13")),
        ([{"username": "root", "tag": "old"}], (None, "12")),
        ([{"identifier": "*-ansible"}, {"type": "SSH*"}], ("11", "13")),
        ([{"username": "root", "type": "SSH Key"}], (None, None)),
    ],
)
def test_which_credential_is_used(make: Make, rules: Any, ids: Any) -> None:
    made = make(credentials=rules, filters={"type": ["Server"]})
    chosen = [made.vars(host)["senhasegura_credential"] for host in ("web01", "web02")]
    assert tuple(one and one["id"] for one in chosen) == ids
    missing = [host for host, id_ in zip(("web01", "web02"), ids, strict=True) if id_ is None]
    assert [text.rpartition(": ")[2] for text in made.warnings] == ([", ".join(missing)] if rules and missing else [])


@pytest.mark.parametrize(
    ("filters", "hosts", "reads"),
    [
        ({"site": ["DC1"]}, ["web01", "fw"], 0),
        ({"site": ["DC1", "DC2"], "type": ["Server"]}, ["web01", "web02"], 0),
        ({"vendor": ["ACME"]}, ["fw"], 0),
        ({"model": ["12", "F1"]}, ["web02", "fw"], 0),
        ({"tag": ["old", "other"]}, ["web02"], 0),
        ({"tag": []}, ["web01", "web02", "fw"], 0),
        ({"site": ["nowhere"]}, [], 0),
        ({"domain": ["corp"], "type": ["Server"]}, ["web01"], 2),
    ],
)
def test_filters(make: Make, filters: Any, hosts: list[str], reads: int) -> None:
    made = make(filters=filters)
    assert made.hosts == hosts
    assert made.api.operations == [LISTS[0], *["device.read"] * reads, LISTS[1]]


def test_details_tell_ports(make: Make) -> None:
    made = make(details=True, credentials=[{"username": "ansible"}, {"type": "SSH Key"}])
    assert sorted(made.api.operations) == sorted([*LISTS, *["device.read"] * 3])
    assert [made.vars(host).get("ansible_port") for host in made.hosts] == [2222, 22, None]
    assert made.vars("web01")["senhasegura_device"]["domains"] == ["corp"]
    made = make(details=True, credentials=[{"username": "root"}], connections={"rdp": "winrm"})
    web02 = made.vars("web02")
    assert (web02["ansible_port"], web02["ansible_connection"]) == (3389, "winrm")
    assert "ansible_connection" not in made.vars("web01")
    # Without a credential, the first way for which a connection is set.
    made = make(details=True)
    assert (made.vars("web02")["ansible_port"], made.vars("web02")["ansible_connection"]) == (22, "ssh")
    assert made.warnings == []


HOSTILE = [
    "{{ lookup('pipe', 'touch /tmp/x') }}",
    "{% raw %}",
    "web01\n[all:vars]\nx=1",
    "API device test",
    "all",
    "ungrouped",
    "localhost",
    "LOCALHOST",
    "127.0.0.1",
    "-oProxyCommand=x",
    "web*",
    "!web01",
    "web01:web02",
    "site_DC1",
    "mine",
    "senhasegura",
    "..",
    "",
    "é",
    "x" * 400,
    "web01",
    "web 01",
    "web_01",
    "_meta",
]


def test_hostile_names_stay_names(make: Make, api: FakeApi) -> None:
    """No template, no pattern, no other group, no option of ssh, and no host of the controller."""
    api.devices = [WEB01]
    api.devices += [
        Device(str(100 + n), name, "192.0.2.99", name, name, name, "DC1", (name,)) for n, name in enumerate(HOSTILE)
    ]
    api.entries = [credential(str(200 + n), name, "root") for n, name in enumerate(HOSTILE) if name]
    made = make(
        credentials=ANY,
        groups={"mine": "senhasegura_device.hostname == 'web01'"},
        keyed_groups=[{"key": f"senhasegura_device.{key}", "prefix": key} for key in ("site", "type", "tags")],
        compose={"copied": "senhasegura_device.hostname", "upper": "senhasegura_device.vendor | upper"},
    )
    assert len(made.hosts) == len(set(made.hosts)) == len(HOSTILE) + 1
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", host) for host in made.hosts), made.hosts
    assert not set(made.hosts) & set(made.data.groups)
    assert not {host.lower() for host in made.hosts} & {"all", "ungrouped", "localhost", "127.0.0.1", "_meta"}
    # The first of a name keeps it.
    assert made.vars("web01")["senhasegura_device"]["id"] == "1"
    assert {"web01_120", "web_01_121", "web_01", "localhost_106", "mine_114", "senhasegura_115"} <= set(made.hosts)
    assert all(re.fullmatch(r"\w+", group) for group in made.data.groups)
    # The name that a group was to have was taken by a host.
    assert [host.name for host in made.data.groups["site_DC1_group"].get_hosts()] == made.hosts
    assert {host.name for host in made.data.groups["mine"].get_hosts()} == {"web01", "web01_120"}
    assert all(group.vars == {} for group in made.data.groups.values())
    for host in made.hosts:
        device, shown = made.vars(host)["senhasegura_device"], made.evaluated(host)
        assert shown["senhasegura_device"] == device
        assert shown["copied"] == device["hostname"]
        assert shown["upper"] == device["vendor"].upper()
    assert any("named otherwise than in the vault" in text for text in made.warnings)
    assert all(text.isprintable() and "{" not in text and "*" not in text for text in made.warnings)


@pytest.mark.parametrize("ip", ["-oProxyCommand=touch /tmp/x", "192.0.2.1 x", "a\nb", "{{ 1 }}", "x;y", '"'])
def test_an_address_that_can_be_none_is_left_out(make: Make, api: FakeApi, ip: str) -> None:
    api.devices = [WEB01, Device("9", "bad", ip)]
    made = make()
    assert made.hosts == ["web01"]
    (warning,) = made.warnings
    assert "left out, since its address is empty or cannot be one: bad" in warning


@pytest.mark.parametrize("ip", ["2001:db8::1", "fe80::1%eth0", "web.example.com", ""])
def test_addresses(make: Make, api: FakeApi, ip: str) -> None:
    api.devices = [Device("9", "good", ip)]
    assert make().vars("good")["ansible_host"] == (ip or "good")


@pytest.mark.parametrize("user", ['a" -oProxyCommand="x', "a\nb", "-x", "", "\x1b[31m"])
def test_a_user_that_can_be_none_is_not_used(make: Make, api: FakeApi, user: str) -> None:
    api.devices, api.entries = [WEB01], [credential("10", "web01", user)]
    made = make(credentials=ANY)
    assert made.vars("web01")["senhasegura_credential"] is None
    assert "without a login" in made.warnings[0]


@pytest.mark.parametrize("user", ["DOMAIN\\admin", "a@b", "{{ 1 + 1 }}", "naïve"])
def test_other_users_are_used_as_they_are(make: Make, api: FakeApi, user: str) -> None:
    api.devices, api.entries = [WEB01], [credential("10", "web01", user)]
    assert make(credentials=ANY).evaluated("web01")["ansible_user"] == user


def test_compose_and_groups_cannot_see_a_secret(make: Make) -> None:
    """They are evaluated when the inventory is made, which would take custody."""
    options: dict[str, Any] = {
        "credentials": ANY,
        "compose": {"copy": "ansible_password"},
        "groups": {"g": "ansible_password is defined"},
        "keyed_groups": [{"key": "ansible_password | default('none')", "prefix": "k"}],
    }
    made = make(**options)
    assert "copy" not in made.vars("web01")
    assert "g" not in made.data.groups
    assert made.data.groups["k_none"].get_hosts()
    assert made.api.operations == LISTS
    with pytest.raises(AnsibleError, match="copy"):
        make(strict=True, **options)


def test_groups_see_what_was_composed(make: Make) -> None:
    made = make(compose={"place": "senhasegura_device.site"}, groups={"first": "place == 'DC1'"})
    assert [host.name for host in made.data.groups["first"].get_hosts()] == ["web01", "fw"]


def test_the_lookups_of_the_hosts_use_the_same_server(make: Make) -> None:
    template = "{{ lookup('env', 'SENHASEGURA_CLIENT_SECRET') }}"
    options = {"url": "https://other.example.com", "client_id": template, "validate_certs": True, "group": "vault-1"}
    made = make(credentials=ANY, **options)
    assert made.data.groups["vault_1"].vars == {
        "senhasegura_url": "https://other.example.com",
        "senhasegura_client_id": template,
        "senhasegura_validate_certs": True,
    }
    assert len(made.warnings) == 1
    made = make(credentials=ANY, client_secret=CANARY, client_id=12)
    assert made.data.groups["senhasegura"].vars == {}
    (warning,) = (text for text in made.warnings if "handed on" in text)
    assert warning.startswith("client_id, client_secret in the file")
    assert CANARY not in str(made.warnings)
    # A secret may look like a template, and is none if it is marked so.
    made = make(credentials=ANY, client_secret=Unsafe(f"{CANARY}{{{{ 1 }}}}"))
    assert made.data.groups["senhasegura"].vars == {}
    assert CANARY not in str(made.warnings)
    # Nobody needs it without a login.
    assert make(client_secret=CANARY).warnings == []


def test_what_is_lazy_is_a_template_and_nothing_else_is(make: Make) -> None:
    """What is a template depends on ansible-core: see template_trust."""
    if template_trust.trust_as_template is None:
        pytest.skip("before 2.19 each text is a template that is not marked")
    from ansible.template import is_trusted_as_template

    found = make(credentials=ANY, compose={"c": "senhasegura_device.hostname"}).vars("web01")
    texts = {name: value for name, value in found.items() if isinstance(value, str)}
    assert [name for name, value in texts.items() if is_trusted_as_template(value)] == ["ansible_password"]


def test_before_2_19_texts_are_marked_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(template_trust, "trust_as_template", None)
    marked: list[Any] = []
    monkeypatch.setattr("ansible.utils.unsafe_proxy.wrap_var", marked.append)
    template_trust.no_template({"a": "{{ 1 }}"})
    assert marked == [{"a": "{{ 1 }}"}]
    assert template_trust.template("{{ 1 }}") == "{{ 1 }}"


def test_cache(make: Make, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    options = {
        "cache": True,
        "cache_plugin": "jsonfile",
        "cache_connection": str(folder),
        "credentials": ANY,
    }
    first = make(**options)
    (file,) = folder.iterdir()
    content = file.read_text()
    assert CANARY not in content
    assert "lookup" not in content
    assert set(json.loads(content)) or content
    again = make(**options)
    assert again.api.operations == LISTS
    for host in first.hosts:
        assert again.vars(host) == first.vars(host)
        assert again.evaluated(host) == first.evaluated(host)
    # Other rules choose anew from what is known; other questions, and a run without the cache, ask the server.
    assert make(**{**options, "credentials": [{"username": "ansible"}]}).vars("web01")["ansible_user"] == "ansible"
    assert again.api.operations == LISTS
    make(**options, filters={"site": ["DC1"]})
    assert again.api.operations == LISTS * 2
    make(cached=False, **options)
    assert again.api.operations == LISTS * 3
    make(**options)
    assert again.api.operations == LISTS * 3


def test_a_cache_file_makes_no_template(make: Make, tmp_path: Path) -> None:
    """Ids are the only thing that becomes a part of one."""
    api_id = "1' ~ lookup('pipe', 'x') ~ '"
    host = inventory_hosts.hosts_of(
        {
            "devices": [WEB01.public()],
            "credentials": [{**CREDENTIALS[0].public(), "id": api_id}],
        },
        {"credentials": ANY, "connections": {}},
        (),
    )[0][0]
    assert host.login is None


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"timeout": CANARY}, "wrong type|must be a number"),
        ({"validate_certs": CANARY}, "wrong type|must be a boolean"),
        ({"details": CANARY}, "wrong type|must be a boolean"),
        ({"filters": {"place": [CANARY]}}, "place"),
        ({"filters": CANARY}, "wrong type|must be a map"),
        ({"credentials": [{"password": CANARY}]}, "password"),
        ({"credentials": CANARY}, "wrong type|must be a map|must be a list"),
        ({"dialect": CANARY}, "dialect|wrong type"),
        ({"url": f"https://u:{CANARY}@pam"}, "url"),
        ({"url": "{{ nothing_here }}"}, "."),
    ],
)
def test_wrong_options(make: Make, options: Any, says: str) -> None:
    with pytest.raises(AnsibleParserError, match=says) as caught:
        make(**options)
    error: BaseException | None = caught.value
    while error is not None:
        assert CANARY not in str(error)
        error = error.__cause__ or error.__context__


def test_errors_of_the_server_are_told(make: Make, api: FakeApi) -> None:
    api.error = Denied("no access", hint="Ask for it")
    with pytest.raises(AnsibleParserError, match=r"no access.*Ask for it"):
        make()
    api.error = ValueError(CANARY)
    with pytest.raises(AnsibleParserError, match="unexpected ValueError") as caught:
        make()
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_the_guide_has_no_devices(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inventory_hosts, "direct", lambda _settings: FakeApi("rest"))
    with pytest.raises(AnsibleParserError, match=r"no call for device.list"):
        make()


@pytest.mark.parametrize("name", ["hosts.yml", "senhasegura.ini", "x.senhasegura.yml.bak"])
def test_other_files_are_left_to_others(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(f"plugin: {NAME}\n")
    assert not Plugin().verify_file(str(tmp_path / name))
