# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a login goes, from Ansible's variables, and with which arguments of ssh."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.login.command import (
    KeyFiles,
    Target,
    command,
    options_from,
    other_credentials,
    query,
    way_arguments,
)

KEY = KeyFiles("/run/a b%/key.pub", "/run/a b%/agent")
NEEDS_SSH = pytest.mark.skipif(shutil.which("ssh") is None, reason="needs the OpenSSH client")


@pytest.mark.parametrize(
    ("variables", "defaults", "field", "expected"),
    [
        ({"inventory_hostname": "web1"}, {}, "address", "web1"),
        ({"inventory_hostname": "web1", "ansible_host": "10.0.0.1"}, {}, "address", "10.0.0.1"),
        ({"ansible_host": "10.0.0.1", "ansible_ssh_host": "10.0.0.2"}, {}, "address", "10.0.0.2"),
        ({"ansible_host": "", "inventory_hostname": "web1"}, {}, "address", "web1"),
        ({"ansible_host": "[2001:db8::1]"}, {}, "address", "2001:db8::1"),
        ({}, {"host": "web1"}, "address", "web1"),
        ({}, {}, "port", None),
        ({"ansible_port": "2222"}, {"port": 22}, "port", 2222),
        ({"ansible_port": 22, "ansible_ssh_port": 2222}, {}, "port", 2222),
        ({}, {"port": 2022}, "port", 2022),
        ({}, {}, "executable", "ssh"),
        ({"ansible_ssh_executable": "/opt/ssh"}, {"ssh_executable": "ssh"}, "executable", "/opt/ssh"),
        ({}, {}, "host_key_checking", True),
        ({}, {"host_key_checking": False}, "host_key_checking", False),
        ({"ansible_host_key_checking": False}, {"host_key_checking": True}, "host_key_checking", False),
        ({"ansible_ssh_host_key_checking": "no"}, {}, "host_key_checking", False),
        ({"ansible_ssh_host_key_checking": True, "ansible_host_key_checking": False}, {}, "host_key_checking", True),
        ({}, {"timeout": 30}, "connect_timeout", 30),
        ({"ansible_ssh_timeout": "5"}, {"timeout": 30}, "connect_timeout", 5),
        (
            {"ansible_ssh_common_args": "-o ProxyCommand='ssh -W %h:%p -q jump'", "ansible_ssh_extra_args": "-4"},
            {"ssh_args": "-C -o ControlMaster=auto -o ControlPersist=60s", "ssh_extra_args": "-6"},
            "arguments",
            ("-C", "-oProxyCommand=ssh -W %h:%p -q jump", "-4"),
        ),
    ],
)
def test_options_from(variables: dict[str, Any], defaults: dict[str, Any], field: str, expected: Any) -> None:
    target = options_from(
        {"inventory_hostname": "host", **variables} if "host" not in defaults else variables,
        user="app",
        defaults=defaults,
    )
    assert getattr(target, field) == expected
    assert target.user == "app"


@pytest.mark.parametrize(
    ("variables", "word"),
    [
        ({"ansible_port": "ssh"}, "ansible_port"),
        ({"ansible_ssh_timeout": "soon"}, "ansible_ssh_timeout"),
        ({"ansible_ssh_common_args": "-o 'x"}, "ansible_ssh_common_args"),
        ({"ansible_host": "-oProxyCommand=id"}, "ansible_host"),
        ({"ansible_host": "bob@host"}, "ansible_host"),
        ({"ansible_host": "ssh://host"}, "ansible_host"),
        ({"ansible_host": "a b"}, "ansible_host"),
        ({"inventory_hostname": ""}, "ansible_host"),
    ],
)
def test_what_is_refused(variables: dict[str, Any], word: str) -> None:
    with pytest.raises(ConfigError) as caught:
        options_from({"inventory_hostname": "host", **variables}, user="app")
    assert word in str(caught.value)


@pytest.mark.parametrize("user", ["", "a\nb"])
def test_no_user(user: str) -> None:
    with pytest.raises(ConfigError):
        Target("host", user)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("-4C", ["-4", "-C"]),
        ("-J jump -Jother", ["-Jjump", "-Jother"]),
        ("-CJ jump", ["-C", "-Jjump"]),
        ("-F /etc/x -b 10.0.0.1 -p 22", ["-F/etc/x", "-b10.0.0.1", "-p22"]),
        ("-vvv -q -A -X -Y -tt -T -n -N -f -a -k -x -y -g -M -K -s", []),
        ("-i key -l bob -E log -S none -O exit -L 1:h:2 -R 1:h:2 -D 1 -W h:1 -w 0 -e none -I lib -Q x", []),
        ("-oControlMaster=auto -o 'ControlPersist 60' -o controlpath=~/x -oControlPath=%h", []),
        ("-o IdentityFile=x -oCertificateFile=y -o 'LocalForward 1 h:2' -o RemoteForward=1 -o SetEnv=A=b", []),
        (
            "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null",
            ["-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null"],
        ),
        ("-o ' Controlmaster = auto' -o HostKeyAlias=x", ["-oHostKeyAlias=x"]),
        ("word -- -4 -o", ["-4", "-o"]),
        ("", []),
    ],
)
def test_way_arguments(given: str, kept: list[str]) -> None:
    assert way_arguments(shlex.split(given)) == kept
    assert way_arguments(kept) == kept


def resolved(arguments: list[str]) -> dict[str, list[str]]:
    """What ssh itself makes of a command line."""
    done = subprocess.run([arguments[0], "-G", *arguments[1:]], capture_output=True, text=True, check=True)
    settings: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        name, _unused, value = line.partition(" ")
        settings.setdefault(name, []).append(value)
    return settings


def built(target: Target, key: KeyFiles | None = None, **more: str) -> list[str]:
    return command(target, key, remote="true", log="/dev/null", **more)


@NEEDS_SSH
def test_the_user_of_ssh_config_where_none_is_given(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("Host *\n  User of-ssh-config\n")
    arguments = (f"-F{tmp_path}/config",)
    assert resolved(built(Target("host", None, arguments=arguments)))["user"] == ["of-ssh-config"]
    assert resolved(built(Target("host", "app", arguments=arguments)))["user"] == ["app"]


def test_a_key_is_proved_without_a_session() -> None:
    words = command(Target("host", "app"), KeyFiles("/k.pub", "/agent"), remote=None, log="/dev/null")
    assert words[-3:] == ["-N", "--", "host"]


HOSTILE = (
    "-oControlMaster=auto", "-oBatchMode=yes", "-oNumberOfPasswordPrompts=3", "-oPubkeyAuthentication=yes", "-i/x/other",
    "-oIdentityFile=/x/other", "-oForwardAgent=yes", "-A", "-oLogLevel=QUIET", "-q", "-tt", "-oPreferredAuthentications=gssapi",
    "-oPasswordAuthentication=no", "-lroot", "-p1", "-oIdentityAgent=/x", "-oLocalForward=1 h:2", "-oPermitLocalCommand=yes",
)  # fmt: skip


@NEEDS_SSH
def test_ssh_takes_our_settings_for_a_password() -> None:
    found = resolved(built(Target("host", "app", 2222, arguments=("-F/dev/null", *HOSTILE))))
    expected = {
        "user": "app", "port": "2222", "hostname": "host", "controlmaster": "false", "batchmode": "no",
        "numberofpasswordprompts": "1", "pubkeyauthentication": "false", "passwordauthentication": "yes",
        "kbdinteractiveauthentication": "yes", "preferredauthentications": "keyboard-interactive,password",
        "forwardagent": "no", "requesttty": "false", "loglevel": "DEBUG", "stricthostkeychecking": "true",
        "clearallforwardings": "yes", "connecttimeout": "10", "connectionattempts": "1", "identityagent": "none",
        "permitlocalcommand": "no", "gssapiauthentication": "no", "updatehostkeys": "false",
    }  # fmt: skip
    assert {name: found[name][0] for name in expected if name in found} == expected
    assert not {"controlpath", "localforward"} & set(found)


@NEEDS_SSH
def test_ssh_takes_our_settings_for_a_key() -> None:
    found = resolved(built(Target("host", "app", arguments=("-F/dev/null", *HOSTILE)), KEY))
    assert found["identityfile"] == [KEY.public.replace("%", "%%")]
    assert found["identityagent"] == [KEY.agent]
    assert [found[name][0] for name in ("identitiesonly", "preferredauthentications", "passwordauthentication")] == [
        "yes",
        "publickey",
        "no",
    ]


@NEEDS_SSH
def test_keys_in_ssh_config_are_left_out_and_the_way_is_kept(tmp_path: Any) -> None:
    config = tmp_path / "config"
    config.write_text(
        "Host web\n  HostName 10.0.0.9\n  Port 2200\n  HostKeyAlias alias\n  IdentityFile /x/other\n  CertificateFile /x/c\n"
        f"  ProxyJump first,bob@jump:23\n  UserKnownHostsFile {tmp_path}/a {tmp_path}/b\n  Ciphers aes256-ctr\n"
    )
    target = Target("web", "app", arguments=("-F", str(config)))
    done = subprocess.run(query(target, KEY), capture_output=True, text=True, check=True)
    assert other_credentials(done.stdout, KEY)
    found = resolved(built(target, KEY, found=done.stdout))
    assert found["identityfile"] == [KEY.public.replace("%", "%%")]
    assert "certificatefile" not in found
    assert found["hostname"] == ["10.0.0.9"]
    assert found["port"] == ["2200"]
    assert found["hostkeyalias"] == ["alias"]
    assert found["userknownhostsfile"] == [f"{tmp_path}/a {tmp_path}/b"]
    assert found["ciphers"] == ["aes256-ctr"]
    (proxy,) = found["proxycommand"]
    assert proxy.split()[1:] == [f"-F{config}", "-J", "first", "-W", "'[%h]:%p'", "ssh://bob@jump:23"]
    config.write_text("Host other\n  IdentityFile /x/other\n")
    done = subprocess.run(query(target, KEY), capture_output=True, text=True, check=True)
    assert not other_credentials(done.stdout, KEY)


@pytest.mark.parametrize("checking", [True, False])
def test_host_keys(checking: bool) -> None:
    arguments = built(Target("host", "app", host_key_checking=checking))
    first = next(argument for argument in arguments if argument.startswith("-oStrictHostKeyChecking"))
    assert first == f"-oStrictHostKeyChecking={'yes' if checking else 'no'}"
    given = built(Target("host", "app", arguments=("-oStrictHostKeyChecking=accept-new",)))
    assert next(a for a in given if a.startswith("-oStrictHostKeyChecking")).endswith("accept-new")


def test_the_address_and_the_user_are_no_options() -> None:
    arguments = built(Target("host", "-oProxyCommand=id"))
    assert arguments[-3:] == ["--", "host", "true"]
    assert arguments[arguments.index("-l") + 1] == "-oProxyCommand=id"
