# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The polling source: what it hands over, remembers, says of errors, and does when it is cancelled."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import threading
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError, ServerBusy
from ansible_collections.community.senhasegura.plugins.module_utils.events import poller, run_source
from ansible_collections.community.senhasegura.plugins.module_utils.events.poller import Poller
from ansible_collections.community.senhasegura.plugins.module_utils.models import SSH_KEY_TYPE, CredentialInfo
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.fake_api import FakeApi
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.support import CANARY

EXPIRED = CredentialInfo("7", "web-root", "root", "web01", expires_at="2020-01-01T00:00:00Z")
OTHER = dataclasses.replace(EXPIRED, id="8", identifier="db")


class Log:
    def __init__(self) -> None:
        self.texts: list[str] = []

    def warning(self, text: str, *args: t.Any) -> None:
        self.texts.append(text % args)


class Bench:
    """A source over an API in memory. ``run`` lets it run until it has put a number of events into the queue."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.api, self.log, self.state = FakeApi(entries=[EXPIRED]), Log(), folder / "state.json"
        self.args: dict[str, t.Any] = {
            "url": "https://pam.example.com",
            "client_id": "id",
            "client_secret": CANARY,
            "interval": 1,
            "state_file": str(self.state),
        }
        monkeypatch.setattr(poller, "direct", lambda settings, until: self.api)
        for name in ("SENHASEGURA_URL", "SENHASEGURA_CLIENT_ID", "SENHASEGURA_CLIENT_SECRET"):
            monkeypatch.delenv(name, raising=False)

    def run(
        self, number: int, *, room: int = 0, lose: bool = False, settle: float = 0.05, **args: t.Any
    ) -> list[dict[str, t.Any]]:
        async def both() -> list[dict[str, t.Any]]:
            queue: asyncio.Queue[t.Any] = asyncio.Queue(room)
            task = asyncio.create_task(run_source.poll(queue, {**self.args, **args}, self.log))
            getting = asyncio.create_task(self._get(queue, 0 if lose else number))
            await asyncio.wait([task, getting], timeout=20, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
            await asyncio.sleep(settle)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(task, 5)
            return await getting

        return asyncio.run(both())

    @staticmethod
    async def _get(queue: asyncio.Queue[t.Any], number: int) -> list[dict[str, t.Any]]:
        if not number:
            await asyncio.sleep(0.3)
        return [await queue.get() for _number in range(number)]

    def remembered(self) -> dict[str, t.Any]:
        return dict(json.loads(self.state.read_text())["entries"])


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch)


def test_what_was_reported_is_not_reported_again_after_a_restart(bench: Bench) -> None:
    assert [event["id"] for event in bench.run(1, settle=1.3)] == ["7"]
    assert bench.remembered()["7"]["reported"]["expired"][0] == EXPIRED.expires_at
    bench.api.entries.append(OTHER)
    assert [event["id"] for event in bench.run(1)] == ["8"]


def test_what_may_still_be_in_the_queue_at_the_end_is_reported_once_more(bench: Bench) -> None:
    bench.api.entries += [dataclasses.replace(EXPIRED, id=str(id_)) for id_ in range(100, 110)]
    assert len(bench.run(11)) == 11
    assert [event["id"] for event in bench.run(2)] == ["108", "109"]


def test_what_was_seen_for_the_first_time_is_remembered_at_once(bench: Bench) -> None:
    bench.api.entries = [dataclasses.replace(EXPIRED, expires_at=None, changed_at="2027-01-10 08:00:00")]
    bench.run(0)
    bench.api.entries = [dataclasses.replace(bench.api.entries[0], changed_at="2027-01-15 05:00:00")]
    assert [event["type"] for event in bench.run(1)] == ["changed"]


def test_what_the_rules_have_not_taken_is_reported_after_a_restart(bench: Bench) -> None:
    """The queue of ansible-rulebook has room for one event."""
    bench.api.entries += [dataclasses.replace(EXPIRED, id=str(id_)) for id_ in range(100, 110)]
    bench.run(0, room=1, lose=True)
    assert set(bench.run(10)[0]) >= {"id", "type"}
    assert len(bench.remembered()) == 11


def test_it_polls_again_and_asks_the_server_each_time(bench: Bench) -> None:
    changed = dataclasses.replace(EXPIRED, changed_at="2027-01-15 05:00:00")
    timer = threading.Timer(0.5, lambda: bench.api.entries.__setitem__(0, changed))
    timer.start()
    assert [event["type"] for event in bench.run(2)] == ["expired", "changed"]
    assert set(bench.api.operations) == {"credential.list"}
    assert bench.api.fresh == bench.api.operations


@pytest.mark.parametrize(
    ("error", "said"),
    [(ServerBusy("the server is busy", hint="Wait"), "the server is busy"), (RuntimeError(CANARY), "RuntimeError")],
)
def test_an_error_is_said_and_tried_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    monkeypatch.setattr(poller, "_FIRST_PAUSE", 0.1)
    bench.api.error = error
    threading.Timer(0.5, lambda: setattr(bench.api, "error", None)).start()
    assert [event["id"] for event in bench.run(1)] == ["7"]
    assert said in bench.log.texts[0]
    assert not any(CANARY in text for text in bench.log.texts)
    assert len(bench.api.operations) >= 3


def test_pauses_grow_up_to_a_limit_and_begin_again_after_a_success(bench: Bench) -> None:
    made = Poller({**bench.args, "interval": 60, "max_pause": 30}, {})
    assert [made.pause() for _number in range(5)] == [5.0, 10.0, 20.0, 30.0, 30.0]
    made.poll()
    assert made.pause() == 5.0
    made.close()


def test_a_request_that_hangs_does_not_hold_up_the_end(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    hangs = threading.Event()
    monkeypatch.setattr(bench.api, "call", lambda *args, **kwargs: hangs.wait(30))
    started = time.monotonic()
    assert bench.run(0) == []
    assert time.monotonic() - started < 5
    hangs.set()
    # The lock is free, so another one can begin.
    Poller(bench.args, {}).close()


def test_a_state_file_that_cannot_be_written_is_said_and_events_come_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        poller.StateFile,
        "save",
        lambda self, memory: (_nothing for _nothing in ()).throw(ConfigError("the disk is full")),
    )
    threading.Timer(1.5, lambda: bench.api.entries.append(OTHER)).start()
    assert [event["id"] for event in bench.run(2)] == ["7", "8"]
    assert "the disk is full" in bench.log.texts[0]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"client_secret": ""}, "client_secret is not set"),
        ({"interval": "x"}, "interval must be"),
        ({"a": 1}, "no option a"),
    ],
)
def test_what_cannot_work_ends_the_source_at_once(bench: Bench, args: dict[str, t.Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        bench.run(0, **args)


def test_two_sources_do_not_share_a_state_file(bench: Bench) -> None:
    first = Poller(bench.args, {})
    with pytest.raises(ConfigError, match="another event source"):
        Poller(bench.args, {})
    first.close()


def test_a_damaged_state_file_is_said(bench: Bench) -> None:
    bench.state.write_text("{")
    assert [event["id"] for event in bench.run(1)] == ["7"]
    assert "damaged" in bench.log.texts[0]


@pytest.mark.parametrize("confirms", [True, False])
def test_with_feedback_only_what_the_rules_confirm_counts(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, confirms: bool
) -> None:
    monkeypatch.setattr(run_source, "_FEEDBACK_WITHIN", 0.01)

    class Confirming(asyncio.Queue[t.Any]):
        async def get(self) -> t.Any:
            if not confirms:
                await asyncio.sleep(60)
            return None

    bench.run(1 if confirms else 2, eda_feedback_queue=Confirming(), feedback=True)
    assert ("reported" in bench.remembered()["7"]) is confirms
    assert any("comes again" in text for text in bench.log.texts) is not confirms


def test_keys_with_a_list_of_their_own_are_watched_as_well(bench: Bench) -> None:
    bench.api = FakeApi("rest", [dataclasses.replace(EXPIRED, type=SSH_KEY_TYPE, expires_at=None, public_key="a")])
    made = Poller(bench.args, {})
    made.poll()
    bench.api.entries = [dataclasses.replace(bench.api.entries[0], public_key="b")]
    assert {(found.id, found.type) for found in made.poll()} == {("7", "changed")}
    assert "key.list" in bench.api.operations
    made.close()


def test_no_secret_in_the_state_file(bench: Bench) -> None:
    bench.run(1)
    assert CANARY not in bench.state.read_text()
