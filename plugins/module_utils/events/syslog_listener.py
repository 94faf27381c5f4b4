# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Receive syslog messages over TCP and UDP: sockets and nothing else. What is in a message is syslog_event.py's matter.

TCP is read no faster than the rules take events, so nothing is lost and memory is bounded. Datagrams that come faster
wait in a queue with an end, and are dropped and counted beyond it.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import ipaddress
import socket
import typing as t

from ..errors import ConfigError
from ..transport.tls import listening_context
from .frames import Frame, Framer
from .syslog_event import datagram

_CHUNK = 65536
# Seconds between two warnings of the same kind.
_WARN_EACH = 60.0
Deliver = t.Callable[[Frame, str], t.Awaitable[None]]
Network = t.Any  # ipaddress.IPv4Network or IPv6Network


def allowed_networks(host: str, senders: t.Sequence[str]) -> list[Network]:
    """Return the networks that may send, checked. Raises ConfigError."""
    networks: list[Network] = []
    for sender in senders:
        try:
            networks.append(ipaddress.ip_network(sender, strict=False))
        except ValueError:
            raise ConfigError(
                "senders must be a list of addresses or networks", hint="Give them as 192.0.2.10 or 192.0.2.0/24"
            ).with_context(option="senders") from None
    if not networks:
        if not _is_loopback(host):
            raise ConfigError(
                "senders must be set, because host is not an address of this machine alone",
                hint="Name the appliance or the relay; 0.0.0.0/0 and ::/0 let anybody in",
            ).with_context(option="senders")
        networks = [ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")]
    return networks


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class SyslogListener:
    """The sockets of one source.

    :ivar port: the port that was bound, which matters when 0 was asked for
    """

    def __init__(self, options: t.Mapping[str, t.Any], deliver: Deliver, warn: t.Callable[[str], None]) -> None:
        """Check the options. Raises ConfigError.

        :param options: as source_options.SYSLOG has checked them
        :param deliver: takes one message and its sender; it is waited for
        :param warn: takes the text of a warning
        """
        self._options, self._deliver, self._warn = options, deliver, warn
        self._networks = allowed_networks(options["host"], options["senders"])
        tls = options["tls_cert"]
        if tls and "udp" in options["protocols"]:
            raise ConfigError("tls_cert is for TCP only", hint="Leave udp out of protocols").with_context(
                option="protocols"
            )
        self._context = listening_context(tls, options["tls_key"], options["tls_client_ca"]) if tls else None
        self._connections = 0
        self._serving: set[asyncio.Task[t.Any]] = set()
        self._waiting: collections.deque[tuple[bytes, str]] = collections.deque()
        self._arrived = asyncio.Event()
        self._dropped = 0
        self._warned: dict[str, float] = {}
        self.port = int(options["port"])

    async def run(self, ready: t.Callable[[], None] = lambda: None) -> None:
        """Listen until the task is cancelled. Raises ConfigError if an address cannot be bound.

        :param ready: is called when all sockets listen
        """
        host, protocols = self._options["host"], self._options["protocols"]
        async with contextlib.AsyncExitStack() as stack:
            if "tcp" in protocols:
                server = await self._bound(
                    asyncio.start_server(self._serve, host, self.port, ssl=self._context, limit=_CHUNK)
                )
                stack.push_async_callback(self._close, server)
                self.port = server.sockets[0].getsockname()[1]
            if "udp" in protocols:
                loop = asyncio.get_running_loop()
                transport, _protocol = await self._bound(
                    loop.create_datagram_endpoint(lambda: _Datagrams(self._arrive), local_addr=(host, self.port))
                )
                stack.callback(transport.close)
                self.port = transport.get_extra_info("sockname")[1]
            ready()
            await self._deliver_datagrams()

    async def _bound(self, binding: t.Coroutine[t.Any, t.Any, t.Any]) -> t.Any:
        try:
            return await binding
        except OSError as exc:
            raise ConfigError(
                f"cannot listen on {self._options['host']} port {self.port}: {exc.strerror or type(exc).__name__}",
                hint="Ports below 1024 need root: use another, and have the appliance or a relay send there",
            ).with_context(option="port") from None

    async def _close(self, server: asyncio.AbstractServer) -> None:
        server.close()
        # Closing a server leaves its connections.
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    def _may_send(self, sender: str) -> bool:
        try:
            address = ipaddress.ip_address(sender.partition("%")[0])
        except ValueError:
            return False
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self._networks)

    def _warn_sometimes(self, kind: str, text: str) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._warned.get(kind, -_WARN_EACH) >= _WARN_EACH:
            self._warned[kind] = now
            self._warn(text)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one connection to its end."""
        sender = str((writer.get_extra_info("peername") or ("",))[0])
        task = t.cast("asyncio.Task[t.Any]", asyncio.current_task())
        self._serving.add(task)
        try:
            if not self._may_send(sender):
                self._warn_sometimes("sender", f"a connection of {sender}, which is not in senders, was closed")
            elif self._connections >= self._options["max_connections"]:
                self._warn_sometimes("connections", f"a connection of {sender} was closed: there are max_connections")
            else:
                self._connections += 1
                try:
                    await self._read(reader, writer, sender)
                finally:
                    self._connections -= 1
        finally:
            self._serving.discard(task)
            writer.close()

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sender: str) -> None:
        # Or a peer that has vanished would count as a connection for ever.
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        framer = Framer(self._options["max_message"])
        data = b"-"
        while data:
            try:
                data = await reader.read(_CHUNK)
            except OSError:
                # It broke. What has come is delivered like what a connection that was closed has left.
                data = b""
            for frame in framer.feed(data) if data else framer.close():
                await self._deliver(frame, sender)

    def _arrive(self, data: bytes, sender: str) -> None:
        """Take a datagram. It must not wait."""
        if not data.strip():
            return
        if not self._may_send(sender):
            self._warn_sometimes("sender", f"a message of {sender}, which is not in senders, was dropped")
        elif len(self._waiting) >= self._options["max_waiting"]:
            self._dropped += 1
            self._warn_sometimes("dropped", f"{self._dropped} messages were dropped: they come faster than rules run")
        else:
            # Cut here, so that what waits is bounded; one byte more says that it was cut.
            self._waiting.append((data[: self._options["max_message"] + 1], sender))
            self._arrived.set()

    async def _deliver_datagrams(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                data, sender = self._waiting.popleft()
                await self._deliver(datagram(data, self._options["max_message"]), sender)


class _Datagrams(asyncio.DatagramProtocol):
    """Hand datagrams on."""

    def __init__(self, arrive: t.Callable[[bytes, str], None]) -> None:
        self._arrive = arrive

    def datagram_received(self, data: bytes, addr: t.Any) -> None:
        self._arrive(data, str(addr[0]))
