# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role dsm_cli with a stand-in for the vendor's executable, which a web server on this machine hands out."""

from __future__ import annotations

import functools
import hashlib
import stat
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

ROLE = "community.senhasegura.dsm_cli"
CLI = Path(__file__).with_name("dsm-stand-in.sh")
CHECKSUM = f"sha256:{hashlib.sha256(CLI.read_bytes()).hexdigest()}"
# Digits that another reader of YAML makes a number of, and what breaks a text without quotes.
SECRET = "1e3: \"dsm\\secret' #é😀"
SETTINGS = {"server": "https://pam.example.com", "client_id": "0123e456", "client_secret": SECRET}
ASKED = {"application": "shop", "system": "web", "environment": "prod"}


@pytest.fixture
def download() -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_arguments: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(CLI.parent))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{CLI.name}"
        server.shutdown()


def role(name: str, *, entry: str = "main", fails: bool = False, **variables: Any) -> list[dict[str, Any]]:
    given = {f"dsm_cli_{option}": value for option, value in variables.items()}
    task = {"name": name, "ansible.builtin.include_role": {"name": ROLE, "tasks_from": entry}, "vars": given}
    if not fails:
        return [task]
    kept = {"name": f"{name}, failed", "ansible.builtin.debug": {"msg": "{{ ansible_failed_result.msg }}"}}
    return [{"block": [task, {"ansible.builtin.fail": {"msg": "it did not fail"}}], "rescue": [kept]}]


def test_install_run_and_clean_up(download: str, run_play: Any, tmp_path: Path) -> None:
    work, dsm, config = tmp_path / "work", tmp_path / "dsm", tmp_path / "etc" / "config.yaml"
    work.mkdir()
    kept = tmp_path / "kept"
    secrets = work / ".runb.vars"
    secrets.write_text("x" * 1000)
    secrets.chmod(0o666)
    place = {"path": str(dsm), "config_path": str(config)}
    install = {**place, **SETTINGS, "url": download, "checksum": CHECKSUM}
    run = {**place, **ASKED, "chdir": str(work)}
    refused = tmp_path / "refused"
    nowhere = {**install, "path": str(refused)}
    tasks = [
        *role("no checksum", fails=True, **{**nowhere, "checksum": ""}),
        *role("weak checksum", fails=True, **{**nowhere, "checksum": "md5:" + "0" * 32}),
        *role("other checksum", fails=True, **{**nowhere, "checksum": "sha256:" + "0" * 64}),
        *role("other file", fails=True, **{**nowhere, "url": "", "src": str(CLI), "checksum": "sha256:" + "0" * 64}),
        *role("two sources", fails=True, **{**nowhere, "src": str(CLI)}),
        *role("no client", fails=True, **{**nowhere, "client_id": ""}),
        *role("install", **install),
        *role("again", **install),
        *role("from a file", **{**install, "url": "", "src": str(CLI), "path": f"{dsm}-2", "write_config": False}),
        *role("run", entry="runb", keep_variables=["KEPT"], **run),
        {"name": "result", "ansible.builtin.debug": {"var": "dsm_cli_result"}},
        {"name": "keep what it left", "ansible.builtin.command": {"argv": ["cp", "-Rp", str(work), str(kept)]}},
        *role("clean up", entry="cleanup", chdir=str(work)),
        *role("broken", entry="runb", fails=True, **{**run, "application": "broken"}),
        *role("nothing", entry="runb", fails=True, **{**run, "application": "nothing"}),
        {"name": "open it", "ansible.builtin.file": {"path": str(config), "mode": "0644"}},
        *role("open", entry="runb", fails=True, **run),
    ]
    env = {"KEPT": "kept", "OTHER": "do-not-upload", "SENHASEGURA_CLIENT_SECRET": "not-this-one"}
    done = run_play(None, tasks, "-vvv", "--diff", env=env)
    assert done.rc == 0, done

    messages = {
        "no checksum": "dsm_cli_checksum must be sha256:",
        "weak checksum": "dsm_cli_checksum must be sha256:",
        "other checksum": "checksum",
        "other file": "It has another checksum than dsm_cli_checksum",
        "two sources": "Set either dsm_cli_url or dsm_cli_src",
        "no client": "The configuration needs dsm_cli_server, dsm_cli_client_id and dsm_cli_client_secret",
        "broken": "runb ended with 3",
        "nothing": "runb has written no file .runb.vars",
        "open": "can be read by others: give it mode 0600",
    }
    assert {name: text in done[f"{name}, failed"]["msg"] for name, text in messages.items()} == dict.fromkeys(
        messages, True
    ), done
    assert not refused.exists()

    assert dsm.read_bytes() == Path(f"{dsm}-2").read_bytes() == CLI.read_bytes()
    assert stat.S_IMODE(dsm.stat().st_mode) == 0o755
    assert stat.S_IMODE(config.parent.stat().st_mode) == 0o700
    settings = yaml.safe_load(config.read_text(encoding="utf-8"))
    assert settings == {
        "SENHASEGURA_URL": SETTINGS["server"],
        "SENHASEGURA_CLIENT_ID": SETTINGS["client_id"],
        "SENHASEGURA_CLIENT_SECRET": SECRET,
        "SENHASEGURA_SECRETS_FILE": ".runb.vars",
        "SENHASEGURA_DISABLE_RUNB": 0,
    }
    installs = [entry for entry in done.results if entry["task"].endswith("Download the executable")]
    writes = [entry for entry in done.results if entry["task"].endswith("Write the configuration")]
    assert [entry["status"] for entry in installs[-3:-1]] == ["ok", "ok"]
    assert [entry["result"].get("changed") for entry in installs if entry["status"] == "ok"] == [True, False]
    assert [entry["result"].get("changed") for entry in writes if entry["result"].get("censored")] == [True, False]

    # No rest of an older file, and nobody else can read it.
    assert (kept / secrets.name).read_text() == "declare -x DB_PASSWORD='pw-of-the-shop'\n"
    assert stat.S_IMODE((kept / secrets.name).stat().st_mode) == 0o600
    assert done["result"]["dsm_cli_result"] == {"secrets_file": str(secrets)}
    called, *variables = (kept / "seen").read_text().splitlines()
    assert called == f"linux shop web prod {SETTINGS['server']} {SETTINGS['client_id']}"
    names = {line.partition("=")[0] for line in variables}
    assert {"PATH", "HOME", "KEPT"} <= names <= {"PATH", "HOME", "KEPT", "TMPDIR", "PWD", "OLDPWD", "SHLVL", "_"}
    assert not secrets.exists()
    output = done.stdout + done.stderr
    assert [
        text for text in (SECRET, "dsm\\secret", "pw-of-the-shop", "do-not-upload", "not-this-one") if text in output
    ] == []
