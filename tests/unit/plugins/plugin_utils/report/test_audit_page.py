# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of the audit, and when it is written."""

from __future__ import annotations

import copy
import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError
from ansible_collections.community.senhasegura.plugins.plugin_utils.audit_report_action import write_report
from ansible_collections.community.senhasegura.plugins.plugin_utils.report.audit_page import (
    TOPICS,
    audit_headline,
    audit_page,
)
from ansible_collections.community.senhasegura.tests.unit.plugins.plugin_utils.report.audits import document
from ansible_collections.community.senhasegura.tests.unit.plugins.plugin_utils.report.html_page import HOSTILE, Page


@pytest.mark.parametrize(("size", "devices"), [(0, 0), (0, 3), (1, 1), (40, 40), (500, 500), (5, None)], ids=str)
def test_the_page_is_well_formed_and_needs_nothing_else(size: int, devices: int | None) -> None:
    found = Page(audit_page(document(size, devices)))
    assert found.complaints() == []
    assert ("Not told" in found.text()) == (size == 5)


def test_everything_is_escaped() -> None:
    hostile = document(3, 3)
    hostile["server"] = HOSTILE
    for items in hostile["findings"].values():
        for item in items:
            item.update({name: HOSTILE for name, value in item.items() if isinstance(value, str)})
            item.update({name: [HOSTILE] for name in ("hosts", "reasons") if name in item})
            if "holders" in item:
                item["holders"] = [{"user": HOSTILE, "since": HOSTILE}]
    text = audit_page(hostile)
    text.encode()
    assert Page(text).complaints() == []
    assert not set(text) & {"\0", "\u202e"}
    assert "<script" not in text
    assert text.count("alert(1)") > 20


def test_a_page_shows_what_a_manager_asks() -> None:
    text = Page(audit_page(document(40, 40))).text()
    for topic in TOPICS.values():
        assert topic.title in text
        assert topic.todo in text
    assert "alice since 2026-11-24" in text
    assert "not known" in text
    assert "the report does not know who" in text


def test_times_are_written_for_people() -> None:
    assert "1 Nov 2026, 11:00 UTC" in Page(audit_page(document(1, 1))).text()


def test_what_the_server_does_not_tell_does_not_look_well() -> None:
    page = audit_page(document(5, None))
    for key in ("not-automatic", "without-credential"):
        assert re.search(rf'tile unchanged" href="#{key}">.*?<strong>–</strong>', page, re.DOTALL), key
    assert "This server's dialect tells nothing of devices." in Page(page).text()


def test_long_tables_end_and_name_the_document() -> None:
    page = audit_page(document(500, 500))
    assert "300 more are in audit.json beside this page." in page
    assert page.count("<tr>") < 6 * 203
    # What is seen at once is short.
    assert page.count("<details>") == 6
    assert "<details>" not in audit_page(document(20, 20))


@pytest.mark.parametrize(
    ("size", "devices", "words"),
    [
        (0, 0, "The vault shows no credentials."),
        (0, 1, "The vault shows no credentials, and 1 device has none."),
        (1, 1, "1 of 1 credential has findings, and 1 device has none."),
        (2, 0, "2 of 2 credentials have findings."),
    ],
)
def test_headline(size: int, devices: int, words: str) -> None:
    assert audit_headline(document(size, devices)["summary"]) == words


def test_nothing_to_say() -> None:
    summary = {**document(2, 0)["summary"], "with_findings": 0}
    assert audit_headline(summary) == "Nothing to say about 2 credentials."


def test_it_is_written_once_a_day(tmp_path: Path) -> None:
    folder, first = tmp_path / "new" / "audit", document(3, 3)
    assert write_report(str(folder), first, True)[1]
    assert not folder.exists()
    written, changed, difference = write_report(str(folder), first, False)
    assert (written, changed, len(difference)) == (first, True, 2)
    assert json.loads((folder / "audit.json").read_text()) == first
    assert (folder / "audit.html").read_text() == audit_page(first)
    assert stat.S_IMODE((folder / "audit.html").stat().st_mode) == 0o640
    later = {**first, "generated": "2026-11-30T23:00:00Z"}
    assert write_report(str(folder), later, False) == (first, False, [])
    tomorrow = {**first, "generated": "2026-12-01T00:00:00Z"}
    assert write_report(str(folder), tomorrow, True)[1]
    assert write_report(str(folder), tomorrow, False)[1]


def other_finding(folder: Path, changed: dict[str, Any]) -> None:
    changed["summary"]["credentials"] += 1


def no_page(folder: Path, changed: dict[str, Any]) -> None:
    (folder / "audit.html").unlink()


def damaged(folder: Path, changed: dict[str, Any]) -> None:
    (folder / "audit.json").write_text("[")


@pytest.mark.parametrize("spoil", [other_finding, no_page, damaged])
def test_it_is_written_again(tmp_path: Path, spoil: Any) -> None:
    first = document(3, 3)
    write_report(str(tmp_path), first, False)
    changed = copy.deepcopy(first)
    spoil(tmp_path, changed)
    assert write_report(str(tmp_path), changed, False)[1]
    assert not write_report(str(tmp_path), changed, False)[1]


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="the report of the audit cannot be written: .*file") as caught:
        write_report(str(tmp_path / "file"), document(1, 1), False)
    assert caught.value.context.option == "report_dir"
