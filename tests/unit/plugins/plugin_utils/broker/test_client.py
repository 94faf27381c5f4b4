# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the two ends of the line to the broker accept from each other, and who starts the broker."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import importlib.util
import os
import pathlib
import re
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
import typing as t

import pytest

from ansible_collections.community.senhasegura.plugins.plugin_utils import bytecode
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker import client as link_module
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker import server
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker import start as start_module
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker import turn as turn_module
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.client import (
    BrokerConnection,
    NotSent,
    is_answering,
)
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.protocol import BROKER, WORKER, Channel
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.turn import Note, Turn, read_note

# Seconds: long enough for every machine, where nobody waits in vain.
PATIENCE = 40.0
QUESTION, REPLY = {"ask": "x"}, {"result": 1}
KEY, OTHER_KEY = b"k" * 32, b"o" * 32


def within(seconds: float = PATIENCE) -> float:
    """The monotonic time in so many seconds."""
    return time.monotonic() + seconds


def ends(worker_key: bytes = KEY, broker_key: bytes = KEY) -> tuple[Channel, Channel, t.Any, t.Any]:
    """Both ends of a channel, and the plain lines below them."""
    near, far = socket.socketpair()
    made: list[Channel] = []
    worker = threading.Thread(target=lambda: made.append(Channel(near, worker_key, WORKER)))
    worker.start()
    broker = Channel(far, broker_key, BROKER)
    worker.join()
    return made[0], broker, near, far


def test_messages_go_both_ways() -> None:
    worker, broker, _near, _far = ends()
    for text in (b"", b"question", b"x" * 100_000):
        worker.send(text)
        assert broker.receive() == text
        broker.send(text[::-1])
        assert worker.receive() == text[::-1]


@pytest.mark.parametrize(("worker_key", "broker_key"), [(KEY, OTHER_KEY), (OTHER_KEY, KEY)])
def test_nobody_is_heard_who_does_not_know_the_key(worker_key: bytes, broker_key: bytes) -> None:
    worker, broker, _near, _far = ends(worker_key, broker_key)
    worker.send(b"question")
    broker.send(b"answer")
    for end in (worker, broker):
        with pytest.raises(ConnectionRefusedError):
            end.receive()


def test_a_message_that_was_changed_is_refused() -> None:
    worker, broker, near, far = ends()
    worker.send(b"question")
    message = far.recv(1000)
    near.sendall(message[:-1] + b"!")
    with pytest.raises(ConnectionRefusedError):
        broker.receive()


def test_messages_may_come_in_any_pieces() -> None:
    worker, broker, near, far = ends()
    for text in (b"first", b"second"):
        worker.send(text)
    sent = far.recv(1000)
    for byte in sent:
        near.sendall(bytes([byte]))
    assert [broker.receive(), broker.receive()] == [b"first", b"second"]


@pytest.mark.parametrize("size", [0, 1, 31])
def test_a_message_without_a_whole_proof_is_refused(size: int) -> None:
    _worker, broker, near, _far = ends()
    near.sendall(size.to_bytes(4, "big") + b"x" * size)
    with pytest.raises(ConnectionRefusedError):
        broker.receive()


def test_an_end_that_is_gone_is_noticed() -> None:
    _worker, broker, near, _far = ends()
    near.sendall(b"\xff\xff\xff\xffand no more")
    near.close()
    with pytest.raises(EOFError):
        broker.receive()


def test_a_message_counts_once() -> None:
    worker, broker, near, far = ends()
    worker.send(b"question")
    message = far.recv(1000)
    near.sendall(message)
    near.sendall(message)
    assert broker.receive() == b"question"
    with pytest.raises(ConnectionRefusedError):
        broker.receive()


def test_a_message_counts_on_its_own_connection_only() -> None:
    worker, _broker, _near, far = ends()
    _worker, broker, near, _far = ends()
    worker.send(b"question")
    near.sendall(far.recv(1000))
    with pytest.raises(ConnectionRefusedError):
        broker.receive()


def test_a_message_does_not_count_for_its_sender() -> None:
    worker, _broker, _near, far = ends()
    worker.send(b"question")
    far.sendall(far.recv(1000))
    with pytest.raises(ConnectionRefusedError):
        worker.receive()


@pytest.fixture
def note(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> pathlib.Path:
    monkeypatch.setattr(turn_module, "address", lambda: str(tmp_path / "senhasegura"))
    return tmp_path / "senhasegura.note"


@pytest.fixture(params=["locks folders", "locks files only"])
def place(request: pytest.FixtureRequest, note: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """The note, on a file system of either kind."""
    flock = fcntl.flock

    def files_only(descriptor: int, operation: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode) and operation & fcntl.LOCK_EX:
            raise OSError(errno.EBADF, "NFS")
        flock(descriptor, operation)

    if request.param == "locks files only":
        monkeypatch.setattr(fcntl, "flock", files_only)
    return note


def waits(seconds: float = 0.2) -> tuple[threading.Thread, bool]:
    """Whether somebody else has to wait for a turn."""

    def take() -> None:
        with Turn(within()):
            pass

    other = threading.Thread(target=take)
    other.start()
    other.join(seconds)
    return other, other.is_alive()


def test_others_wait_until_the_broker_is_started(place: pathlib.Path) -> None:
    with Turn(within()) as turn:
        other, waiting = waits()
        assert waiting
        turn.started()
        other.join(120)
        assert not other.is_alive()


def test_nobody_waits_where_no_broker_is_to_be_started(place: pathlib.Path) -> None:
    with Turn(within()) as turn:
        assert turn.is_first()
        other, waiting = waits()
        assert waiting
    other.join(120)
    assert not other.is_alive()
    assert place.stat().st_mode & 0o077 == 0
    with Turn(within()) as turn:
        assert not turn.is_first()
        assert not waits(120)[1]
        # Somebody who wants one may still start it.
        assert turn.insist(within()) == ""


def test_no_file_is_made_on_the_way_to_a_broker(note: pathlib.Path) -> None:
    """It would stay behind if this worker were killed now."""
    with Turn(within()) as turn:
        assert turn.insist(within()) == ""
        assert list(note.parent.iterdir()) == []
        turn.started()
    assert list(note.parent.iterdir()) == []


def test_no_note_is_left_when_the_run_is_over(note: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn_module, "run_is_over", lambda: True)
    with Turn(within()) as turn:
        turn.failed("it cannot be started")
    assert list(note.parent.iterdir()) == []


def test_the_reason_is_kept_for_a_while(place: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(turn_module.time, "monotonic", lambda: now[0])
    for attempt in range(1, 5):
        with Turn(within()) as turn:
            assert turn.insist(within()) == ""
            turn.failed("it cannot be started")
        with Turn(within()) as turn:
            assert turn.insist(within()) == "it cannot be started"
            assert not turn.is_first()
        now[0] += turn_module.RETRY_AFTER + 1
        assert len(read_note().failed) == attempt
    # A few attempts, and no more.
    now[0] += 10**6
    with Turn(within()) as turn:
        assert turn.insist(within()) == "it cannot be started"


def test_while_one_tries_again_the_others_go_on(place: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Turn(within()) as turn:
        turn.failed("it cannot be started")
    monkeypatch.setattr(turn_module, "RETRY_AFTER", 0.0)
    with Turn(within()) as trying:
        assert trying.insist(within()) == ""
        with Turn(within(0.05)) as other:
            assert other.insist(within(0.05)) == "it cannot be started"
        trying.started()


def test_whoever_has_the_turn_may_be_stopped(place: pathlib.Path) -> None:
    """Others wait no longer than they have time, and those after them not at all."""
    with Turn(within()) as stopped:
        with Turn(within(0.05)) as other:
            assert "for too long" in other.insist(within(0.05))
        before = time.monotonic()
        with Turn(within()) as third:
            assert "for too long" in third.insist(within())
        assert time.monotonic() - before < PATIENCE
        stopped.started()


def test_many_who_wait_in_vain_for_the_same_attempt_are_one(
    place: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred workers begin to wait at the same moment: the run is not without a broker for good because of that."""
    now = [1000.0]
    monkeypatch.setattr(turn_module.time, "monotonic", lambda: now[0])
    for attempt in range(1, 5):
        for number in range(100):
            place.open("a").write(f"failed {now[0] + number / 100} another task has been starting it for too long\n")
        now[0] += 1
        assert "for too long" in read_note().reason()
        now[0] += turn_module.RETRY_AFTER
        # A few attempts, and no more.
        assert bool(read_note().reason()) == (attempt == 4)


@pytest.fixture
def own_place(place: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """The note, for all modules."""
    for module in (link_module, start_module):
        monkeypatch.setattr(module, "address", lambda: str(place.parent / "senhasegura"))
    return place


def lost(place: pathlib.Path, brokers: int) -> None:
    """Note that so many brokers were started. They are no processes."""
    with place.open("a") as file:
        file.write("".join(f"started {2**30 + number}\n" for number in range(brokers)))


def wait_for_a_link(until: float) -> tuple[threading.Thread, list[BaseException]]:
    """Wait for a link as another worker would; how that has ended."""
    ends: list[BaseException] = []

    def wait() -> None:
        try:
            start_module.open_link(until)
        except Exception as exc:
            ends.append(exc)

    other = threading.Thread(target=wait, daemon=True)
    other.start()
    return other, ends


def kinds(ends: list[BaseException]) -> list[type]:
    return [type(end) for end in ends]


@pytest.mark.parametrize("first", [True, False], ids=["whole note", "the last broker is noted later"])
def test_nobody_waits_when_no_further_broker_may_be_started(own_place: pathlib.Path, first: bool) -> None:
    """A hundred workers would otherwise find out one after the other."""
    lost(own_place, turn_module.MOST_STARTED if first else turn_module.MOST_STARTED - 1)
    with Turn(within()) as slow:
        others = [wait_for_a_link(within(3600)) for _worker in range(5)]
        if not first:
            time.sleep(0.2)
            assert all(other.is_alive() for other, _ends in others)
            own_place.open("a").write(f"started {2**30 + 9}\n")
        for other, ends in others:
            other.join(120)
            assert kinds(ends) == [start_module.BrokerLost]
        slow.started()
    assert read_note().failed == ()


def test_nobody_who_waits_in_vain_logs_in_where_the_run_has(own_place: pathlib.Path) -> None:
    """Neither those who wait now, nor those who come when they have waited in vain."""
    lost(own_place, 1)
    with Turn(within()) as slow:
        for _time in range(2):
            with pytest.raises(start_module.BrokerLate):
                start_module.open_link(within(0.3))
        slow.started()
    assert read_note() == Note(started=(2**30,))


def test_an_attempt_that_failed_before_the_first_broker_does_not_count_afterwards(
    own_place: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_place.write_text("failed 1.0 it cannot be started\n")
    lost(own_place, 1)
    with Turn(within()) as slow:
        before = time.monotonic()
        with pytest.raises(start_module.BrokerLate):
            start_module.open_link(within(link_module.SILENCE * 2))
        # It has waited, and not only as long as where others go on by themselves.
        assert time.monotonic() - before > link_module.SILENCE
        slow.started()


def test_whoever_waits_in_vain_for_the_first_broker_goes_on_without(own_place: pathlib.Path) -> None:
    with Turn(within()) as slow:
        for _time in range(2):
            with pytest.raises(start_module.BrokerUnavailable, match="for too long"):
                start_module.open_link(within(0.3))
        slow.started()


@pytest.mark.parametrize("started", [0, 1])
def test_a_wait_in_vain_that_cannot_be_noted_ends_in_the_same_way(
    own_place: pathlib.Path, monkeypatch: pytest.MonkeyPatch, started: int
) -> None:
    lost(own_place, started)
    monkeypatch.setattr(turn_module, "_leave", lambda _line: None)
    wanted = (start_module.BrokerUnavailable, start_module.BrokerLate)[started]
    with Turn(within()) as slow:
        with pytest.raises(wanted):
            start_module.open_link(within(0.3))
        slow.started()


def test_whoever_waits_meets_a_broker_that_was_started_meanwhile(own_address: pathlib.Path, own: pathlib.Path) -> None:
    """Also where whoever has started it still has the turn."""
    lost(own, 1)
    with Turn(within()) as slow:
        met: list[t.Any] = []
        other = threading.Thread(
            target=lambda: met.append(start_module.open_link(within(3600)).ask(QUESTION)), daemon=True
        )
        other.start()
        time.sleep(0.2)
        assert other.is_alive()
        Answering(own_address, 0.0)
        own.open("a").write(f"started {2**30 + 1}\n")
        other.join(120)
        assert met == [REPLY]
        slow.started()


def test_a_broker_that_is_lost_at_once_is_waited_for_once_more(own_place: pathlib.Path) -> None:
    lost(own_place, 1)
    with Turn(within()) as slow:
        other, ends = wait_for_a_link(within(3600))
        for number in (1, 2):
            time.sleep(0.2)
            own_place.open("a").write(f"started {2**30 + number}\n")
            other.join(0.5)
            assert other.is_alive(), ends
        own_place.open("a").write(f"started {2**30 + 3}\n")
        other.join(120)
        assert kinds(ends) == [start_module.BrokerLost]
        slow.started()


def test_one_deadline_for_waiting_and_starting(own_place: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is started is stopped before it listens."""
    started: list[subprocess.Popen[bytes]] = []

    def launch() -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen(["sleep", "1000"], stdout=subprocess.PIPE))
        return started[-1]

    monkeypatch.setattr(start_module, "_launch", launch)
    monkeypatch.setattr(turn_module, "MOST_STARTED", 10**6)
    waited: list[float] = []

    def ends_soon(process: subprocess.Popen[bytes], seconds: float) -> None:
        waited.append(seconds)
        time.sleep(seconds)
        raise EOFError

    monkeypatch.setattr(start_module, "_wait_for", ends_soon)
    until = within(6.0)
    with pytest.raises(start_module.BrokerLate):
        start_module.open_link(until)
    assert len(waited) > 1
    assert max(waited) < 6.0
    # No start begins that the caller would have to break off.
    assert sum(waited) + 0.5 * len(waited) < 6.0 + start_module._LEAST_WAIT
    assert all(process.returncode is not None for process in started)
    assert len(read_note().started) == len(started)


def test_a_stopped_broker_is_ended_by_whoever_has_the_turn(
    own_address: pathlib.Path, own: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By nobody else: meanwhile another one may have the process id."""
    ended: list[int] = []
    monkeypatch.setattr(turn_module.os, "kill", lambda process, _signal: ended.append(process))
    lost(own, turn_module.MOST_STARTED)
    listening = Listening(own_address)
    with Turn(within(1.0)) as first, Turn(within(1.0)) as second:
        assert (first.is_ours(), second.is_ours()) == (True, False)
        assert second.look() is None
        assert ended == []
        assert first.look() is None
        assert ended == [2**30 + turn_module.MOST_STARTED - 1]
        # Nobody else can have started one since.
        assert first.look() is None
        assert len(ended) == 1
    listening.line.close()


def test_the_note_survives_what_is_torn(place: pathlib.Path) -> None:
    place.write_text("started 12\nfailed 3.5 it cannot be started\nstarted\nfailed 4\nunwanted\n")
    assert read_note() == ((12,), ((3.5, "it cannot be started"),), True)


def test_without_a_folder_there_is_no_turn(note: pathlib.Path) -> None:
    os.rmdir(note.parent)
    with pytest.raises(OSError, match="No such file"):
        Turn(within())


FOLDER = pathlib.Path(bytecode.__file__).parent
UTILS = bytecode.SHARED[0]


def test_files_of_the_collection_come_from_bytecode() -> None:
    spec = bytecode.Finder.find_spec(f"{UTILS}.reading", [str(FOLDER)])
    assert spec is not None
    assert spec.origin == str(FOLDER / "reading.py")
    assert spec.cached == importlib.util.cache_from_source(spec.origin)


@pytest.mark.parametrize(
    "name", ["json", "ansible.errors", f"{UTILS}.nothing", f"{UTILS}.broker", UTILS.replace("plugin_utils", "action")]
)
def test_all_else_is_left_to_others(name: str) -> None:
    assert bytecode.Finder.find_spec(name, [str(FOLDER)]) is None
    assert bytecode.Finder.find_spec(name) is None


def test_fips_needs_no_other_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: t.Any, **_kwargs: t.Any) -> t.Any:
        raise ValueError("unsupported")

    for name in ("blake2b", "blake2s", "md5", "sha1"):
        monkeypatch.setattr(hashlib, name, refuse)
    worker, broker, _near, _far = ends()
    worker.send(b"question")
    assert broker.receive() == b"question"
    assert link_module._question("password", ["x"], {}, {}, {})


def test_no_file_of_ours_uses_a_hash_that_fips_refuses() -> None:
    pattern = re.compile(r"\b(blake2\w*|md5|sha1)\(|hashlib\.(blake2\w*|md5|sha1)\b")
    plugins = FOLDER.parent
    found = [path.name for path in plugins.rglob("*.py") if pattern.search(path.read_text())]
    assert found == []


class Listening:
    """Somebody who listens where the broker would, and answers nothing."""

    def __init__(self, path: pathlib.Path, backlog: int = 8) -> None:
        self.line = socket.socket(socket.AF_UNIX)
        self.line.bind(str(path))
        self.line.listen(backlog)


@pytest.fixture
def own_address(monkeypatch: pytest.MonkeyPatch) -> t.Iterator[pathlib.Path]:
    # The path of a socket must be short.
    with tempfile.TemporaryDirectory(prefix="l") as folder:
        path = pathlib.Path(folder, "senhasegura")
        monkeypatch.setattr(link_module, "address", lambda: str(path))
        yield path


@pytest.fixture
def own(own_address: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """The note beside that socket."""
    for module in (turn_module, start_module):
        monkeypatch.setattr(module, "address", lambda: str(own_address))
    return own_address.with_name("senhasegura.note")


def test_a_stopped_broker_is_told_from_none(own_address: pathlib.Path) -> None:
    with pytest.raises(FileNotFoundError):
        BrokerConnection(0.1)
    listening = Listening(own_address)
    with pytest.raises(TimeoutError):
        BrokerConnection(0.1)
    assert not is_answering(0.1)
    listening.line.close()
    with pytest.raises(ConnectionRefusedError):
        BrokerConnection(0.1)


def test_a_stopped_broker_with_a_full_queue_is_told_as_well(own_address: pathlib.Path) -> None:
    listening = Listening(own_address, backlog=0)
    waiting = []
    for _number in range(3):
        line = socket.socket(socket.AF_UNIX)
        line.setblocking(False)
        try:
            line.connect(str(own_address))
        except BlockingIOError:
            pass
        waiting.append(line)
    with pytest.raises(TimeoutError):
        BrokerConnection(0.1)
    listening.line.close()


class Answering(Listening):
    """A broker that takes connections, and answers the first one after some seconds."""

    def __init__(self, path: pathlib.Path, seconds: float) -> None:
        super().__init__(path)
        self._seconds, self.came = seconds, 0
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        while True:
            line, _peer = self.line.accept()
            self.came += 1
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        channel = Channel(line, link_module.authentication_key(), BROKER)
        try:
            channel.receive()
        except EOFError:
            return
        time.sleep(self._seconds)
        channel.send(b'{"result": 1}')


def test_a_broker_that_works_for_long_is_waited_for(own_address: pathlib.Path) -> None:
    broker = Answering(own_address, 1.0)
    assert BrokerConnection(0.2).ask(QUESTION) == REPLY
    assert broker.came > 1


def test_but_not_beyond_the_deadline(own_address: pathlib.Path) -> None:
    Answering(own_address, 60.0)
    link = BrokerConnection(0.1, until=time.monotonic() + 0.3)
    with pytest.raises(TimeoutError):
        link.ask(QUESTION)
    assert link.lost


# It has threads, but the child does nothing that needs their locks.
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_link_belongs_to_its_process(own_address: pathlib.Path) -> None:
    Answering(own_address, 0.0)
    link = BrokerConnection()
    child = os.fork()
    if not child:
        code = 1
        try:
            link.ask(QUESTION)
        except NotSent:
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    # The parent's is as it was.
    assert link.ask(QUESTION) == REPLY


def test_a_long_path_is_a_link_to_a_short_one(
    monkeypatch: pytest.MonkeyPatch, own_address: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    far = tmp_path / ("l" * 150)
    far.mkdir()
    listener = server._listener(str(far / "senhasegura"))
    monkeypatch.setattr(link_module, "address", lambda: str(far / "senhasegura"))
    place = pathlib.Path(os.readlink(far / "senhasegura"))
    assert len(os.fsencode(place)) <= link_module.LONGEST_PATH
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
