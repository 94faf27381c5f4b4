# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stand in for brokers: sockets on which somebody listens as a broker would, and a broker without a socket."""

from __future__ import annotations

import contextlib
import math
import pathlib
import socket
import threading
import time
import typing as t

from ansible_collections.community.senhasegura.plugins.plugin_utils.broker import client, protocol
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.protocol import BROKER, Channel
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.service import WaitingWorker

QUESTION, REPLY = {"ask": "x"}, {"result": 1}

# Seconds: long enough for every machine, where nobody waits in vain.
PATIENCE = 40.0


def within(seconds: float = PATIENCE) -> float:
    """Return the monotonic time in so many seconds."""
    return time.monotonic() + seconds


class Listening:
    """Listen where the broker would, and accept nothing."""

    def __init__(self, path: pathlib.Path, backlog: int = 8) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.bind(str(path))
        self.sock.listen(backlog)


class Answering(Listening):
    """Accept connections, and reply to a request after some seconds."""

    def __init__(self, path: pathlib.Path, seconds: float) -> None:
        super().__init__(path)
        self._seconds, self.came = seconds, 0
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        while True:
            line, _peer = self.sock.accept()
            self.came += 1
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        channel = Channel(line, client.authentication_key(), BROKER)
        try:
            channel.receive()
        except EOFError:
            return
        time.sleep(self._seconds)
        # The test may be over.
        with contextlib.suppress(OSError):
            channel.send(b'{"result": 1}')


class Worker(WaitingWorker):
    """The worker, as the broker sees it: it hangs up after the broker has looked so many times."""

    def __init__(self, heard: t.Any = None, gone_after: float = math.inf) -> None:
        self._heard, self._left = heard or (lambda _message: None), gone_after

    def send(self, message: protocol.Message) -> None:
        self._heard(protocol.load(protocol.dump(message)))

    def report(self, replies: list[protocol.Message], writing: bool) -> None:
        self.send(protocol.progress(replies, writing))

    def is_gone(self) -> bool:
        self._left -= 1
        return self._left < 0


class InProcess(client.BrokerConnection):
    """A connection to a broker in this process. All passes through JSON. ``sizes`` are those of requests and replies."""

    def __init__(self, handler: t.Any) -> None:
        self.handler = handler
        self.requests: list[protocol.Message] = []
        self.replies: list[protocol.Message] = []
        self.sizes: list[int] = []

    def ask(self, request: protocol.Message, heard: t.Any = None) -> protocol.Message:
        sent = protocol.dump(request)
        self.requests.append(protocol.load(sent))
        reply = protocol.dump(self.handler.reply(protocol.load(sent), Worker(heard)))
        self.replies.append(protocol.load(reply))
        self.sizes += [len(sent), len(reply)]
        return protocol.load(reply)

    def close(self) -> None:
        pass
