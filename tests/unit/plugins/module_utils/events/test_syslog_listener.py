# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The syslog source on loopback: TCP, UDP and TLS, who may send, what a slow rule does, and how it ends."""

from __future__ import annotations

import asyncio
import socket
import ssl
import typing as t
from pathlib import Path

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError
from ansible_collections.community.senhasegura.plugins.module_utils.events.run_source import receive
from ansible_collections.community.senhasegura.plugins.module_utils.events.syslog_listener import allowed_networks
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils import certificates

LINE = b"<13>CEF:0|MT4|senhasegura|3.27|COSE.3|x|9|duid=%d"
Talk = t.Callable[[int, "asyncio.Queue[t.Any]"], t.Awaitable[t.Any]]


class Log:
    def __init__(self) -> None:
        self.texts: list[str] = []

    def warning(self, text: str, *args: t.Any) -> None:
        self.texts.append(text % args if args else text)


def run(talk: Talk, *, room: int = 0, log: Log | None = None, **options: t.Any) -> t.Any:
    """Start the source, talk to it, cancel it, and return what ``talk`` returned."""

    async def both() -> t.Any:
        queue: asyncio.Queue[t.Any] = asyncio.Queue(room)
        port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(receive(queue, {"port": 0, **options}, log or Log(), port.set_result))
        await asyncio.wait([task, asyncio.ensure_future(port)], return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        try:
            return await asyncio.wait_for(talk(port.result(), queue), 20)
        finally:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(task, 5)

    return asyncio.run(both())


async def ids(queue: asyncio.Queue[t.Any], number: int) -> list[str | None]:
    return [(await queue.get()).get("id") for _number in range(number)]


def send_datagrams(port: int, *messages: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for message in messages:
            sock.sendto(message, ("127.0.0.1", port))


def test_tcp_with_octet_counting_and_lines() -> None:
    async def talk(port: int, queue: asyncio.Queue[t.Any]) -> list[str | None]:
        _reader, writer = await asyncio.open_connection("127.0.0.1", port)
        first = LINE % 1
        writer.write(b"%d %b" % (len(first), first) + LINE % 2 + b"\n" + LINE % 3 + b"\n")
        found = await ids(queue, 3)
        writer.close()
        return found

    assert run(talk) == ["1", "2", "3"]


def test_a_connection_that_ends_within_a_message() -> None:
    async def talk(port: int, queue: asyncio.Queue[t.Any]) -> t.Any:
        _reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(LINE % 35)
        writer.close()
        return await queue.get()

    event = run(talk)
    assert "id" not in event
    assert (event["complete"], event["uncertain"]) == (False, ["duid"])


def test_a_connection_that_is_reset_loses_nothing_that_has_come() -> None:
    async def talk(port: int, queue: asyncio.Queue[t.Any]) -> list[str | None]:
        sock = socket.create_connection(("127.0.0.1", port))
        sock.sendall(LINE % 1 + b"\n")
        found = await ids(queue, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        sock.close()
        _reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(LINE % 2 + b"\n")
        found += await ids(queue, 1)
        writer.close()
        return found

    assert run(talk) == ["1", "2"]


def test_udp() -> None:
    async def talk(port: int, queue: asyncio.Queue[t.Any]) -> list[t.Any]:
        send_datagrams(port, LINE % 1, b"", LINE % 2 + b" msg=" + b"x" * 2000)
        return [await queue.get(), await queue.get()]

    first, second = run(talk, protocols=["tcp", "udp"])
    assert (first["id"], first["complete"], first["sender"]) == ("1", True, "127.0.0.1")
    assert (second["id"], second["complete"], second["uncertain"]) == ("2", False, ["msg"])


def test_a_slow_rule_holds_tcp_up_and_loses_nothing() -> None:
    async def talk(port: int, queue: asyncio.Queue[t.Any]) -> list[str | None]:
        _reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in range(2000):
            writer.write(LINE % number + b"\n")
        await asyncio.sleep(0.2)
        assert queue.qsize() == 1
        found = await ids(queue, 2000)
        writer.close()
        return found

    assert run(talk, room=1) == [str(number) for number in range(2000)]


def test_datagrams_that_come_faster_than_rules_run_are_dropped_and_counted() -> None:
    log = Log()

    async def talk(port: int, queue: asyncio.Queue[t.Any]) -> list[str | None]:
        send_datagrams(port, *(LINE % number for number in range(50)))
        await asyncio.sleep(0.3)
        return await ids(queue, 6)

    # One in the queue, one that waits for room in it, four that wait for their turn.
    assert run(talk, room=1, log=log, protocols=["udp"], max_waiting=4)[:2] == ["0", "1"]
    assert any("messages were dropped" in text for text in log.texts)


def test_senders_that_are_not_named_are_not_heard() -> None:
    log = Log()

    async def talk(port: int, queue: asyncio.Queue[t.Any]) -> tuple[bytes, int]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        left = await reader.read()
        writer.close()
        send_datagrams(port, LINE % 2)
        await asyncio.sleep(0.2)
        return left, queue.qsize()

    assert run(talk, log=log, protocols=["tcp", "udp"], senders=["192.0.2.0/24"]) == (b"", 0)
    assert log.texts == ["a connection of 127.0.0.1, which is not in senders, was closed"]


def test_an_ipv4_sender_on_an_ipv6_socket_is_known() -> None:
    async def talk(port: int, queue: asyncio.Queue[t.Any]) -> list[str | None]:
        _reader, writer = await asyncio.open_connection("::1", port)
        writer.write(LINE % 1 + b"\n")
        found = await ids(queue, 1)
        writer.close()
        return found

    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    assert run(talk, host="::1") == ["1"]


def test_more_connections_than_allowed_are_closed() -> None:
    log = Log()

    async def talk(port: int, queue: asyncio.Queue[t.Any]) -> list[str | None]:
        _reader, first = await asyncio.open_connection("127.0.0.1", port)
        first.write(LINE % 1 + b"\n")
        found = await ids(queue, 1)
        reader, second = await asyncio.open_connection("127.0.0.1", port)
        assert await reader.read() == b""
        second.close()
        first.close()
        while True:
            # Until the first one has ended.
            reader, third = await asyncio.open_connection("127.0.0.1", port)
            third.write(LINE % 3 + b"\n")
            await asyncio.sleep(0.05)
            third.close()
            if queue.qsize():
                return found + await ids(queue, 1)

    assert run(talk, log=log, max_connections=1) == ["1", "3"]
    assert "max_connections" in log.texts[0]


def test_only_the_types_that_are_asked_for() -> None:
    async def talk(port: int, queue: asyncio.Queue[t.Any]) -> list[str | None]:
        _reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"CEF:0|a|b|c|COSS.16|x|1|duid=1\nCEF:0|a|b|c|17|x|1|duid=2\n" + LINE % 3 + b"\n")
        found = await ids(queue, 2)
        writer.close()
        return found

    assert run(talk, types=["expired", "changed"], event_types={"17": "changed"}) == ["2", "3"]


def test_tls_with_certificates_of_both_sides(tmp_path: Path) -> None:
    authority = certificates.make(None, "test CA", ca=True)
    certificate, key = certificates.make(authority, "localhost").files(tmp_path, "server")
    (tmp_path / "ca.pem").write_bytes(authority.pem())
    own = certificates.make(authority, "relay", usage=(certificates.CLIENT,)).files(tmp_path, "relay")
    log = Log()

    def context(with_certificate: bool) -> ssl.SSLContext:
        made = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
        made.check_hostname = False
        if with_certificate:
            made.load_cert_chain(*own)
        return made

    async def talk(port: int, queue: asyncio.Queue[t.Any]) -> list[str | None]:
        with pytest.raises(OSError, match=r".*"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context(False))
            writer.write(LINE % 1 + b"\n")
            await reader.read()
            raise OSError("closed")
        _reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context(True))
        writer.write(LINE % 2 + b"\n")
        found = await ids(queue, 1)
        writer.close()
        # Plain text is no TLS.
        reader, plain = await asyncio.open_connection("127.0.0.1", port)
        plain.write(LINE % 3 + b"\n")
        await reader.read()
        plain.close()
        assert queue.empty()
        return found

    options = {"tls_cert": certificate, "tls_key": key, "tls_client_ca": str(tmp_path / "ca.pem")}
    assert run(talk, log=log, **options) == ["2"]


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"host": "0.0.0.0"}, "senders"),
        ({"host": "pam.example.com"}, "senders"),
        ({"senders": ["here"]}, "senders"),
        ({"tls_cert": "/nowhere.pem"}, "tls_cert"),
        ({"tls_cert": "/nowhere.pem", "protocols": ["udp"]}, "protocols"),
        ({"host": "192.0.2.1", "senders": ["::/0"]}, "port"),
        ({"interval": 5}, ""),
    ],
)
def test_what_cannot_work_ends_the_source_at_once(options: dict[str, t.Any], option: str) -> None:
    async def nothing(_port: int, _queue: asyncio.Queue[t.Any]) -> None:
        raise AssertionError("it listens")

    with pytest.raises(ConfigError) as caught:
        run(nothing, **options)
    assert caught.value.context.option == option


def test_a_source_that_is_cancelled_closes_its_connections() -> None:
    async def talk(port: int, queue: asyncio.Queue[t.Any]) -> t.Any:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(LINE % 1 + b"\n" + LINE % 2 + b"\n")
        await ids(queue, 1)
        return reader, writer

    async def both() -> bytes:
        queue: asyncio.Queue[t.Any] = asyncio.Queue(1)
        port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(receive(queue, {"port": 0}, Log(), port.set_result))
        reader, writer = await talk(await port, queue)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        left: bytes = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        return left

    assert asyncio.run(both()) == b""


def test_only_this_machine_is_heard_without_senders() -> None:
    assert [str(network) for network in allowed_networks("127.0.0.1", [])] == ["127.0.0.0/8", "::1/128"]
    assert [str(network) for network in allowed_networks("0.0.0.0", ["192.0.2.7/24"])] == ["192.0.2.0/24"]
