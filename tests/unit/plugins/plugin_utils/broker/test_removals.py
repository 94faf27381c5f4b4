# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that go when the run ends, also when another broker has taken over."""

from __future__ import annotations

import stat
from pathlib import Path

from ansible_collections.community.senhasegura.plugins.plugin_utils.broker import protocol
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.cached_apis import CachedApis
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.key_files import Files
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.removals import Removals
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.service import Service


def test_another_broker_goes_on(tmp_path: Path) -> None:
    listed, first, second = tmp_path / "list", tmp_path / "first", tmp_path / "sec\nond"
    for path in (first, second):
        path.write_text("secret")
    lost = Removals(str(listed))
    lost.add(str(first))
    lost.add(str(first))
    # One that was killed within a line has not lost those before it.
    listed.write_text(f'{listed.read_text()}"/half of a pa\n')
    successor = Removals(str(listed))
    successor.add(str(second))
    assert stat.S_IMODE(listed.stat().st_mode) == 0o600
    assert "secret" not in listed.read_text() and len(listed.read_text().splitlines()) == 3
    assert successor.remove_all() == []
    assert not first.exists() and not second.exists()
    # What is gone already is no problem.
    assert lost.remove_all() == []


def test_what_cannot_be_removed_is_told(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("x")
    (tmp_path / "link").symlink_to(other)
    removals = Removals("")
    removals.add(str(tmp_path / "link"))
    assert removals.remove_all() == [f"{tmp_path / 'link'} is a symbolic link: give the path of a file"]
    assert other.exists()


def test_a_worker_asks_for_it(tmp_path: Path) -> None:
    path, listed = tmp_path / "file", tmp_path / "list"
    service = Service(CachedApis(), Files("", b""), Removals(str(listed)))
    reply = service.handler().reply(protocol.remove_at_end(str(path)), None)  # type: ignore[arg-type]
    assert protocol.result_of(reply) is None
    assert str(path) in listed.read_text()
    path.write_text("secret")
    assert service.removals.remove_all() == [] and not path.exists()
