# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stand in for brokers: sockets on which somebody listens as a broker would."""

from __future__ import annotations

import contextlib
import pathlib
import socket
import threading
import time

from ansible_collections.community.senhasegura.plugins.plugin_utils.broker import client
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.protocol import BROKER, Channel

QUESTION, REPLY = {"ask": "x"}, {"result": 1}


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
