# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation: its tables are those of the code, each page has a place, and the tools of the site see mistakes."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import yaml
from docsite import links, pages
from walk.pages import RST
from workspace import ROOT

from ansible_collections.community.senhasegura.plugins.module_utils import errors
from ansible_collections.community.senhasegura.plugins.module_utils.dialects import error_codes
from ansible_collections.community.senhasegura.plugins.module_utils.settings.options import ALL_OPTIONS
from senhasegura_simulator.server import Simulator

sys.path.insert(0, str(ROOT / "scripts"))

import guide_tables

GUIDES = ROOT / "docs" / "docsite" / "rst"


def first_column(guide: str, table: str) -> list[str]:
    """The cells of the first column of a generated table, without the head."""
    text = (GUIDES / f"{guide}.rst").read_text()
    found = re.search(rf"^\.\. table {table}, generated\n(.*?)^\.\. end of table", text, re.DOTALL | re.MULTILINE)
    assert found
    return re.findall(r"^   \* - `{0,2}(.*?)`{0,2}$", found[1], re.MULTILINE)[1:]


def test_each_kind_of_failure_is_on_the_page_of_errors() -> None:
    kinds = {vars(item)["kind"] for item in vars(errors).values() if isinstance(item, type) and "kind" in vars(item)}
    assert len(kinds) > 15
    assert sorted(first_column("errors", "failure_kinds")) == sorted(kinds) == sorted(guide_tables.FIXES)


@pytest.mark.parametrize("module", sorted({module for module, _number in error_codes.CODES}))
def test_each_number_of_the_server_is_on_the_page_of_errors(module: str) -> None:
    numbers = [str(number) for of, number in sorted(error_codes.CODES) if of == module]
    assert first_column("errors", f"{module}_codes") == [*numbers, "1105"]


def test_each_error_of_the_login_is_on_the_page_of_errors() -> None:
    statuses = [f"HTTP {status}" for status in error_codes.LOGIN]
    assert first_column("errors", "login_errors") == [*error_codes.OAUTH_ERRORS, *statuses]


def test_each_connection_option_is_on_the_page_of_authentication() -> None:
    assert first_column("authentication", "connection_options") == [option.name for option in ALL_OPTIONS]


def test_a_table_in_the_code_that_changes_makes_its_page_out_of_date() -> None:
    text = "a\n\n.. table x, generated\nold\n.. end of table x\n\nb\n"
    new = guide_tables.with_tables(text, {"x": lambda: "new\n"})
    assert new == "a\n\n.. table x, generated\n\nnew\n\n.. end of table x\n\nb\n"
    assert guide_tables.with_tables(new, {"x": lambda: "new\n"}) == new
    with pytest.raises(KeyError):
        guide_tables.with_tables(text, {})


def test_the_first_error_of_the_quick_start_is_that_of_the_code() -> None:
    text = " ".join((GUIDES / "quick_start.rst").read_text().split())
    assert error_codes.CODES["pam", 1007].hint in text


def test_the_vault_that_the_guide_for_tests_shows_is_one() -> None:
    text = (GUIDES / "testing_your_playbooks.rst").read_text()
    (block,) = [content for language, content in RST.findall(text) if language == "text"]
    with Simulator(seed=yaml.safe_load(block)) as simulator:
        assert [item["identifier"] for item in simulator.control.state()["items"]] == [
            "web-root",
            "web01-app",
        ]


def test_each_feature_names_plugins_that_exist() -> None:
    names = {
        path.stem for kind in ("lookup", "modules", "inventory") for path in (ROOT / "plugins" / kind).glob("*.py")
    }
    for what, use, _operations in guide_tables.FEATURES:
        assert set(re.findall(r"``(\w+)``", use)) <= names, what


def test_each_guide_has_a_place_and_a_label() -> None:
    sections = yaml.safe_load((ROOT / "docs" / "docsite" / "extra-docs.yml").read_text())["sections"]
    listed = [page for section in sections for page in section["toctree"]]
    assert sorted(listed) == sorted(path.stem for path in GUIDES.glob("*.rst"))
    for name in listed:
        label = f".. _ansible_collections.community.senhasegura.docsite.{name}:\n"
        assert label in (GUIDES / f"{name}.rst").read_text()


@pytest.mark.parametrize(
    ("link", "broken"),
    [
        ("b.html", False),
        ("b.html#there", False),
        ("#here", False),
        ("static/x.css?v=1", False),
        ("https://example.org/x", False),
        ("mailto:a@example.org", False),
        ("c.html", True),
        ("b.html#nowhere", True),
        ("#nowhere", True),
        ("static/y.css", True),
    ],
)
def test_links_that_lead_nowhere_are_found(link: str, broken: bool, tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "x.css").touch()
    (tmp_path / "a.html").write_text(f'<h1 id="here">A</h1><a href="{link}">a</a>')
    (tmp_path / "b.html").write_text('<span id="there"></span><img src="https://example.org/x.png">')
    assert links.check(tmp_path) == ([f"a.html: {link}"] if broken else [])


INDEX = """\
.. _plugins_in_community.senhasegura:

Community.Senhasegura
=====================

.. contents::
   :local:
   :depth: 1

.. toctree::
    :maxdepth: 1

.. _changelog_section_for_community.senhasegura:

Changelog
---------

.. toctree::
    :maxdepth: 1

    changelog

Guides
------

.. toctree::
    :maxdepth: 1

    docsite/quick_start

Plugin Index
------------

Modules
~~~~~~~

* a

.. toctree::
    :maxdepth: 1
    :hidden:

    credential_module
"""


def test_the_index_has_our_introduction_and_captions_for_the_sidebar() -> None:
    made = pages.with_introduction(INDEX, ".. comment\n\nRead passwords.\n")
    assert "Read passwords.\n" in made
    assert ".. contents::" not in made
    assert re.findall(r":caption: (.*)", made) == ["Guides", "Modules", "Changelog"]


def test_an_index_of_another_form_ends_the_build() -> None:
    with pytest.raises(SystemExit, match="another index"):
        pages.with_introduction(INDEX.replace("contents", "other"), "a\n\nb")


def test_workflows_of_the_forge_call_run_and_nothing_else() -> None:
    workflows = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    assert workflows
    for path in workflows:
        for job in yaml.safe_load(path.read_text())["jobs"].values():
            commands = [step["run"] for step in job["steps"] if "run" in step]
            assert [c for c in commands if not re.fullmatch(r"(sudo )?\./run [\w. ${}-]+", c)] == []
            assert commands


def test_what_the_inclusion_checklist_asks_for_is_there() -> None:
    readme, contributing = ((ROOT / name).read_text() for name in ("README.md", "CONTRIBUTING.md"))
    headings = re.findall(r"^## (.*)", readme, re.MULTILINE)
    wanted = ["Install", "Configure", "Use", "Read on", "Supported", "Communication", "License"]
    assert [heading for heading in headings if heading in wanted] == wanted
    assert all("https://semver.org/" in text for text in (readme, contributing))
    assert "| date | ansible-core | Python | result |" in contributing
    assert all((ROOT / name).is_file() for name in ("CODE_OF_CONDUCT.md", "LICENSE", "SECURITY.md", "meta/runtime.yml"))
