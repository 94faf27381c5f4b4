# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets become files and environments: on the controller, for a managed host, and until the run ends."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from secrets_files import readers
from secrets_files.values import AWKWARD

AWKWARD_KEYS = {
    f"K{number}": value for number, value in enumerate(AWKWARD.values()) if "\0" not in value and len(value) < 10_000
}
CLIENT = {"client_id": "demo", "client_secret": "demo-secret-0123456789abcdef"}
SECRETS = [
    {
        "identity": "shop-db",
        "name": "Shop",
        "data": [{"HOSTNAME": "db01", "USERNAME": "app", "PASSWORD": "pw'1$(touch PWNED)"}],
    },
    {"identity": "shop-api", "name": "API", "data": [{"API_KEY": "key-of-shop", "CERT": "one-line\ntwo-lines\n"}]},
    {"identity": "awkward", "name": "Awkward", "data": [AWKWARD_KEYS]},
]
SEED = {
    "clients": [{**CLIENT, "application": "shop"}],
    "applications": [{"name": "shop", "system": "web", "environment": "prod", "secrets": SECRETS}],
}
VALUES = ("pw'1", "key-of-shop", "one-line", "two-lines")


@pytest.fixture
def vault(serve_profile: Any) -> Any:
    return serve_profile("4.0", SEED)


def private(path: Path) -> bool:
    return stat.S_IMODE(path.lstat().st_mode) == 0o600


@pytest.mark.parametrize("profile", ["4.0", "rest"])
def test_files_of_the_controller_and_of_a_host(profile: str, serve_profile: Any, run_play: Any, tmp_path: Path) -> None:
    """Several formats, masks, a second run, a host over a connection, and the clean-up: one login and one read."""
    vault = serve_profile(profile, SEED)
    github = tmp_path / "github_env"
    github.write_text("BEFORE=1\n")
    on_host = tmp_path / "host" / "secrets.env"
    on_host.parent.mkdir()
    shop = {"secrets": ["shop-db", "shop-api"]}
    module = "community.senhasegura.secrets_file"
    tasks: list[dict[str, Any]] = [
        {"name": "posix", module: {"path": str(tmp_path / "posix"), **shop, "application": "shop"}},
        {"name": "again", module: {"path": str(tmp_path / "posix"), **shop}},
        {"name": "awkward", module: {"path": str(tmp_path / "awkward.json"), "format": "json", "secrets": ["awkward"]}},
        {"name": "github", module: {"tool_name": "github", "masks_path": str(tmp_path / "masks"), **shop}},
        {
            "name": "host",
            module: {"path": str(on_host), "location": "host", "format": "systemd", **shop, "mode": "0400"},
        },
        {
            "name": "host again",
            module: {"path": str(on_host), "location": "host", "format": "systemd", **shop, "mode": "0400"},
        },
        {
            "name": "refused",
            module: {"path": str(tmp_path / "refused"), "format": "docker_env", **shop},
            "ignore_errors": True,
        },
        {"name": "other application", module: {"application": "other", **shop}, "ignore_errors": True},
        {"name": "folder", module: {"path": str(tmp_path / "folder"), "format": "files", **shop}},
        {"name": "fewer", module: {"path": str(tmp_path / "folder"), "format": "files", "secrets": ["shop-db"]}},
        {"name": "removed", module: {"path": str(on_host), "location": "host", "state": "absent"}},
    ]
    play = [{"hosts": "here", "gather_facts": False, "tasks": tasks}]
    inventory = tmp_path / "inventory"
    inventory.write_text(f"here ansible_connection=local ansible_python_interpreter={sys.executable}\n")
    env = {"GITHUB_ENV": str(github)}
    predicted = run_play(vault, play, "-i", str(inventory), "--check", env=env)
    assert not (tmp_path / "posix").exists() and github.read_text() == "BEFORE=1\n"
    run = run_play(vault, play, "-i", str(inventory), "--diff", env=env)
    assert run.rc == 0, run
    changed = {entry["task"]: entry["result"].get("changed", False) for entry in run.results}
    assert changed == {
        **dict.fromkeys(["posix", "awkward", "github", "host", "folder", "fewer", "removed"], True),
        **dict.fromkeys(["again", "host again", "refused", "other application"], False),
    }
    # What is there already cannot be predicted to be there.
    assert [entry["task"] for entry in predicted.results if not entry["result"].get("changed")] == [
        *("refused", "other application", "removed")
    ]
    assert run["posix"]["secrets_file"] == {
        "path": str(tmp_path / "posix"),
        "format": "posix",
        "names": ["API_KEY", "CERT", "HOSTNAME", "PASSWORD", "USERNAME"],
        "secrets": ["shop-db", "shop-api"],
    }
    assert "CERT: it has a line end" in run["refused"]["msg"] and not (tmp_path / "refused").exists()
    assert "another application" in run["other application"]["msg"] or vault.profile == "rest"
    expected = {**SECRETS[0]["data"][0], **SECRETS[1]["data"][0]}
    shown = subprocess.run(
        ["sh", "-c", '. "$0" && env -0', str(tmp_path / "posix")], capture_output=True, check=True, cwd=tmp_path
    )
    variables = dict(line.partition("=")[::2] for line in shown.stdout.decode().split("\0"))
    assert {name: variables[name] for name in expected} == expected
    assert json.loads((tmp_path / "awkward.json").read_text()) == AWKWARD_KEYS
    assert readers.github(github.read_text()) == {"BEFORE": "1", **expected}
    assert readers.github_masked((tmp_path / "masks").read_text()) >= {*expected.values(), "one-line", "two-lines"} - {
        "app"
    }
    assert not on_host.exists()
    assert sorted(path.name for path in (tmp_path / "folder").iterdir()) == [
        ".senhasegura-files",
        "HOSTNAME",
        "PASSWORD",
        "USERNAME",
    ]
    for path in (tmp_path / "posix", tmp_path / "masks", github, tmp_path / "folder" / "PASSWORD"):
        assert private(path), path
    assert not (tmp_path / "home" / "PWNED").exists()
    for output in (run, predicted):
        text = f"{output}{json.dumps(output.results)}"
        assert [value for value in VALUES if value in text] == []
    # One login and one read for each run, whatever the tasks.
    lines = [entry["line"] for entry in vault.control.log()]
    assert sum("oauth2/token" in line for line in lines) == 2
    assert sum(line.startswith("GET ") for line in lines) == 2


def test_clean_up_needs_no_server_and_the_cli_is_heard(vault: Any, run_play: Any, tmp_path: Path) -> None:
    """state=absent without any setting; the CLI's file, its default path, and its switch."""
    home = tmp_path / "home"
    home.mkdir()
    module = "community.senhasegura.secrets_file"
    left = tmp_path / "left"
    left.write_text("x")
    config = {name: vault.env[name] for name in vault.env}
    (home / ".config.yaml").write_text(json.dumps({**config, "SENHASEGURA_SECRETS_FILE": str(tmp_path / "by-cli")}))
    (home / ".config.yaml").chmod(0o600)
    none = dict.fromkeys(vault.env)
    write = {"name": "write", module: {"secrets": ["shop-api"]}}
    run = run_play(None, [{"name": "gone", module: {"path": str(left), "state": "absent"}}, write], env=none)
    assert run.rc == 0 and not left.exists(), run
    assert run["write"]["secrets_file"]["path"] == str(tmp_path / "by-cli")
    assert private(tmp_path / "by-cli")
    (tmp_path / "by-cli").unlink()
    run = run_play(None, [write, {"name": "gone", module: {"state": "absent"}}], env={"SENHASEGURA_DISABLE_RUNB": "1"})
    assert run.rc == 0 and not (tmp_path / "by-cli").exists(), run
    assert "SENHASEGURA_DISABLE_RUNB" in run["write"]["msg"]
    # Another program's file of this name is none of the CLI.
    (home / ".config.yaml").write_text("theme: dark\n")
    assert "url is not set" in run_play(None, [{**write, "ignore_errors": True}], env=none)["write"]["msg"]


def test_a_file_is_gone_when_the_run_ends_or_is_killed(vault: Any, run_play: Any, tmp_path: Path) -> None:
    module = "community.senhasegura.secrets_file"
    path = tmp_path / "file"
    write = {"name": "write", module: {"path": str(path), "secrets": ["shop-api"], "remove_at_end": True}}
    folder = {"name": "folder", module: {**write[module], "path": str(tmp_path / "folder"), "format": "files"}}
    there = {"name": "there", "ansible.builtin.command": {"argv": ["test", "-s", str(path)]}}
    run = run_play(vault, [write, folder, there])
    assert run.rc == 0, run
    assert gone(path) and gone(tmp_path / "folder")
    refused = run_play(vault, [{**write, "ignore_errors": True}], env={"SENHASEGURA_BROKER": "false"})
    assert "remove_at_end needs the broker" in refused["write"]["msg"] and not path.exists()
    killed = run_play(vault, [write, there, {"name": "kill", "ansible.builtin.shell": KILL}])
    assert killed.rc == -signal.SIGKILL, killed
    assert gone(path)


# A shell's own command: Debian's minimal system has no program of this name. The shell of the lookup is a child of the
# worker, which is one of the main process.
KILL = "kill -9 {{ lookup('pipe', 'cut -d\" \" -f4 /proc/$PPID/stat') }}"


def gone(path: Path) -> bool:
    """Whether it is gone, or goes soon: the broker ends a moment after the run."""
    end = time.monotonic() + 20
    while path.exists() and time.monotonic() < end:
        time.sleep(0.05)
    return not path.exists()


def test_a_command_has_secrets_in_its_environment_and_shows_none(vault: Any, run_play: Any, tmp_path: Path) -> None:
    module = "community.senhasegura.secrets_command"
    program = (
        "import base64, os, sys; v = os.environ; print(v['PASSWORD'], v['API_KEY'], repr(v['CERT']), v['PASSWORD'][:5]);"
        "print(base64.b64encode(v['API_KEY'].encode()).decode(), v['CERT'], file=sys.stderr);"
        f"open({str(tmp_path / 'seen')!r}, 'w').write(v['PASSWORD'] + str([n for n in v if n.startswith('SENHASEGURA_')]));"
        "sys.exit(len(sys.argv) - 1)"
    )
    shop = {"secrets": ["shop-db", "shop-api"], "argv": [sys.executable, "-c", program]}
    tasks = [
        {"name": "run", module: shop},
        {"name": "fails", module: {**shop, "argv": [*shop["argv"], "x", "y"], "stdin": "in"}, "ignore_errors": True},
        {"name": "no program", module: {**shop, "argv": ["/not/there"]}, "ignore_errors": True},
        {"name": "too long", module: {**shop, "argv": ["sleep", "30"], "command_timeout": 0.3}, "ignore_errors": True},
        {"name": "by a line", module: {"secrets": ["shop-db"], "cmd": "sh -c 'echo $USERNAME; pwd'", "chdir": str(tmp_path), "keep_environment": False}},
    ]  # fmt: skip
    checked = run_play(vault, tasks[:1], "--check")
    assert checked.rc == 0 and checked["run"]["changed"] and not (tmp_path / "seen").exists(), checked
    run = run_play(vault, tasks, "-v")
    assert run.rc == 0, run
    assert (tmp_path / "seen").read_text() == SECRETS[0]["data"][0]["PASSWORD"] + "[]"
    assert run["run"]["rc"] == 0 and run["run"]["stdout"].startswith("******** ******** ******** ")
    assert run["fails"]["rc"] == 2 and run["fails"]["msg"] == "the command ended with code 2"
    assert "cannot be started: No such file" in run["no program"]["msg"]
    assert "did not end within 0.3 seconds" in run["too long"]["msg"]
    assert run["by a line"]["stdout_lines"] == ["********", str(tmp_path)]
    text = f"{run}{json.dumps(run.results)}"
    assert [value for value in ("key-of-shop", "one-line", "two-lines", "a2V5LW9mLXNob3") if value in text] == []


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"tool_name": "github", "path": "/tmp/x"}, "masks_path is needed with the format github"),
    ({"tool_name": "github", "masks_path": "m"}, "GITHUB_ENV is not set"),
    ({"format": "gitlab_dotenv", "path": "x"}, "download a dotenv report"),
    ({"format": "json", "location": "host"}, "path is needed on a managed host"),
    ({"format": "json", "location": "host", "path": "x"}, "path must be absolute on a managed host"),
    ({"format": "json", "location": "host", "path": "/x", "remove_at_end": True}, "files of the controller"),
    ({"format": "k8s_secret"}, "k8s_name"),
    ({"format": "json", "tool_name": "linux"}, "mutually exclusive"),
    ({"mode": "0644"}, "mode must be one of"),
]


def test_what_is_refused_before_anything_is_read(vault: Any, run_play: Any) -> None:
    module = "community.senhasegura.secrets_file"
    tasks = [{"name": words, module: options, "ignore_errors": True} for options, words in REFUSED]
    run = run_play(vault, tasks)
    assert {words: run[words]["msg"] for _options, words in REFUSED if words not in run[words]["msg"]} == {}
    assert vault.control.log() == []
