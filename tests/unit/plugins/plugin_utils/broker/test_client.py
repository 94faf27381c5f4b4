# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the connection of a worker to the broker."""

from __future__ import annotations

import multiprocessing
import os
import pathlib
import socket
import subprocess
import sys
import threading
import time
import types

import pytest

from ansible_collections.community.senhasegura.plugins.plugin_utils.broker import client, server
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.client import (
    BrokerConnection,
    LookupRequest,
    NotSent,
    is_answering,
)
from ansible_collections.community.senhasegura.tests.unit.plugins.plugin_utils.broker.brokers import (
    QUESTION,
    REPLY,
    Answering,
    Listening,
)


def test_a_stopped_broker_is_told_from_none(broker_address: pathlib.Path) -> None:
    with pytest.raises(FileNotFoundError):
        BrokerConnection(0.1)
    listening = Listening(broker_address)
    with pytest.raises(TimeoutError):
        BrokerConnection(0.1)
    assert not is_answering(0.1)
    listening.sock.close()
    with pytest.raises(ConnectionRefusedError):
        BrokerConnection(0.1)


def test_a_stopped_broker_with_a_full_queue_is_told_as_well(broker_address: pathlib.Path) -> None:
    listening = Listening(broker_address, backlog=0)
    waiting = []
    for _number in range(3):
        line = socket.socket(socket.AF_UNIX)
        line.setblocking(False)
        try:
            line.connect(str(broker_address))
        except BlockingIOError:
            pass
        waiting.append(line)
    with pytest.raises(TimeoutError):
        BrokerConnection(0.1)
    listening.sock.close()


def test_a_broker_that_works_for_long_is_waited_for(broker_address: pathlib.Path) -> None:
    broker = Answering(broker_address, 1.0)
    assert BrokerConnection(0.2).ask(QUESTION) == REPLY
    assert broker.came > 1


def test_but_not_beyond_the_deadline(broker_address: pathlib.Path) -> None:
    Answering(broker_address, 60.0)
    connection = BrokerConnection(0.1, until=time.monotonic() + 0.3)
    with pytest.raises(TimeoutError):
        connection.ask(QUESTION)
    assert connection.lost


@pytest.mark.parametrize(
    ("argument", "variable", "environment", "seconds"),
    [
        (None, None, None, 30),
        (5, 7, "9", 5),
        (None, "7", "9", 7),
        (None, None, "9", 9),
        # What is longer counts as well, or a shorter one of less weight would end the lookup.
        (120, 7, None, 30),
        (30, 7, None, 30),
        ("soon", 0, "nan", 30),
    ],
)
def test_the_first_place_that_has_a_timeout_counts(
    monkeypatch: pytest.MonkeyPatch, argument: object, variable: object, environment: str | None, seconds: float
) -> None:
    monkeypatch.delenv("SENHASEGURA_TIMEOUT", raising=False)
    if environment is not None:
        monkeypatch.setenv("SENHASEGURA_TIMEOUT", environment)
    request = LookupRequest("password", [], {}, {"timeout": argument}, {"timeout": variable}, "", 1000.0)
    assert request.until == 1000.0 + seconds


@pytest.mark.parametrize(
    ("variables", "matter"),
    [
        ({"inventory_hostname": "web01"}, False),
        ({"inventory_hostname": "web02"}, True),
        ({}, True),
        ({"inventory_hostname": "web01", "senhasegura_url": "https://pam.example.com"}, True),
    ],
)
def test_a_host_that_claims_to_be_another_one_is_looked_at(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], matter: bool
) -> None:
    host = types.SimpleNamespace(name="web01")
    monkeypatch.setattr(multiprocessing.current_process(), "_host", host, raising=False)
    assert client._variables_matter(variables) == matter


# It has threads, but the child does nothing that needs their locks.
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_connection_belongs_to_its_process(broker_address: pathlib.Path) -> None:
    Answering(broker_address, 0.0)
    connection = BrokerConnection()
    child = os.fork()
    if not child:
        code = 1
        try:
            connection.ask(QUESTION)
        except NotSent:
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    # The parent's is as it was.
    assert connection.ask(QUESTION) == REPLY


def test_a_long_path_is_a_link_to_a_short_one(
    monkeypatch: pytest.MonkeyPatch, broker_address: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    far = tmp_path / ("l" * 150)
    far.mkdir()
    listener = server._listener(str(far / "senhasegura"))
    monkeypatch.setattr(client, "address", lambda: str(far / "senhasegura"))
    place = pathlib.Path(os.readlink(far / "senhasegura"))
    assert len(os.fsencode(place)) <= client.LONGEST_PATH
    assert place.parent.stat().st_mode & 0o777 == 0o700
    with pytest.raises(TimeoutError):
        BrokerConnection(0.1)
    server.clean_up(str(far / "senhasegura"))
    assert not place.parent.exists()
    assert not far.exists()
    listener.close()


def test_the_end_of_the_run_is_seen_without_pidfd(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.delattr(os, "pidfd_open")
    process = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    run = server._Run(process.pid, str(tmp_path))
    waiting = threading.Thread(target=run.wait_for_end, daemon=True)
    waiting.start()
    waiting.join(0.6)
    assert waiting.is_alive()
    process.communicate()
    waiting.join(30)
    assert not waiting.is_alive()
    with pytest.raises(ProcessLookupError):
        server._Run(process.pid, str(tmp_path))
