# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages about the Python library and the AWX plugins: their code runs as it is printed, and their tables are true."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from walk.pages import RST
from workspace import ROOT

from ansible_collections.community.senhasegura.tests.unit.python.vaults import (
    DSM_PASSWORD,
    OAUTH1,
    PASSWORD,
    SECRET,
    Vault,
)
from senhasegura import A2A, awx, exceptions
from senhasegura.cli import main

README, GUIDE, AWX = (
    ROOT / "python/README.md",
    ROOT / "docs/docsite/rst/python.rst",
    ROOT / "docs/docsite/rst/awx_credential_plugins.rst",
)
MARKDOWN = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
# What stands in the pages for what a reader has of the own. Nothing else is replaced.
OWN = {"your-client-id": "demo", "your-client-secret": SECRET} | {
    f"your-{name.replace('_', '-')}": value for name, value in OAUTH1.items()
}


def blocks(page: Path, language: str) -> list[str]:
    pattern = MARKDOWN if page.suffix == ".md" else RST
    found = [text for kind, text in pattern.findall(page.read_text()) if kind == language]
    return [re.sub(r"^   ", "", text, flags=re.MULTILINE) for text in found]


def commands(page: Path) -> list[str]:
    lines = "".join(blocks(page, "console")).splitlines()
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ senhasegura ")]


@pytest.fixture
def environment(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> Vault:
    for name, value in vault.env.items():
        monkeypatch.setenv(name, value)
    return vault


@pytest.mark.parametrize("page", [README, GUIDE], ids=lambda page: page.name)
def test_the_code_runs(page: Path, environment: Vault, capsys: pytest.CaptureFixture[str]) -> None:
    own = {**OWN, "https://pam.example.com": environment.url, "/etc/ssl/pam-ca.pem": environment.ca_path}
    # One after the other, as they are read.
    names: dict[str, Any] = {}
    code = blocks(page, "python")
    assert len(code) >= 2
    for text in code:
        for shown, value in own.items():
            text = text.replace(shown, value)
        exec(compile(text, page.name, "exec"), names)
    assert names["password"] == PASSWORD
    shown = capsys.readouterr().out
    assert "web-root" in shown
    assert [value for value in (PASSWORD, DSM_PASSWORD, SECRET) if value in shown] == []
    assert not environment.in_custody("web-root")


@pytest.mark.parametrize("command", [*commands(README), *commands(GUIDE)])
def test_the_commands_run(command: str, environment: Vault, capsys: pytest.CaptureFixture[str]) -> None:
    # What `release` gives back.
    A2A.from_environment().get_password("web-root")
    assert main(shlex.split(command)[1:]) == 0, capsys.readouterr()
    out, err = capsys.readouterr()
    assert err == ""
    asked = "--field password" in command or "--field PASSWORD" in command or "--show-value" in command
    assert any(value in out for value in (PASSWORD, DSM_PASSWORD)) == asked


def test_the_guide_names_all_methods_and_errors() -> None:
    text = GUIDE.read_text()
    public = [
        name for name in vars(A2A) if not name.startswith("_") and name not in ("from_settings", "close", "release_all")
    ]
    assert [name for name in public if f"{name}" not in text] == []
    left_out = {"AlreadyDone", "InvalidRequest", "Unsupported"}
    assert [name for name in exceptions.__all__ if f"``{name}``" not in text and name not in left_out] == []


def test_the_links_of_the_awx_guide_work(vault: Vault) -> None:
    source = {
        "url": vault.url,
        "client_id": "demo",
        "client_secret": SECRET,
        "ca_content": Path(vault.ca_path).read_text(),
    }
    plugins = {7: awx.pam_plugin, 8: awx.dsm_plugin}
    values = []
    for text in blocks(AWX, "json"):
        link = json.loads(text)
        values.append(plugins[link["source_credential"]].backend(**source, **link["metadata"]))
    assert values == [PASSWORD, DSM_PASSWORD]


def test_the_awx_guide_names_all_fields_and_classes() -> None:
    text = AWX.read_text()
    for plugin in (awx.pam_plugin, awx.dsm_plugin):
        assert f"*{plugin.name}*" in text
        assert [field["id"] for field in plugin.inputs["metadata"] if f"``{field['id']}``" not in text] == []
    classes = [kind for kind in vars(awx).values() if isinstance(kind, type) and issubclass(kind, awx.LookupFailed)]
    assert [kind.__name__ for kind in classes if f"``{kind.__name__}``" not in text] == []
    assert round(awx.CLIENT_LIFETIME / 60) == 5
