# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A lookup that the broker did not answer at once: for the few workers of a run that start it, or that have none.

Short, since one worker starts the broker from here, and all others wait for that: reading.py does the rest.
"""

from __future__ import annotations

import os
import typing as t

from .broker.client import BrokerConnection, put
from .broker.protocol import Message

if t.TYPE_CHECKING:
    from .lookup_request import Question, Request

# Seconds: the default of the option, and more than anybody should wait for the broker.
_DEFAULT_TIMEOUT = 30.0


def answer(request: Request, question: Question | None, link: BrokerConnection | None, began: float) -> Message:
    """Have the broker answer, which is started if it does not run (one worker does that), or answer without one.

    :param began: the monotonic time at which the lookup began, and its timeout with it
    """
    turn = begun = None
    if question is not None and (link is None or link.lost):
        from .broker.turn import wait_for_broker

        until = began + _timeout(request)
        link, turn = wait_for_broker(until)
        if answered := put(question, link):
            return answered
        if turn is not None and turn.is_first() and not _may_be_unwanted(request):
            # First of all, since both the broker and what comes next have much to import. Only the first worker
            # does: if it turns out that no broker is wanted, the others need not start and end one too.
            from .broker.start import begin

            begun = begin(turn, until)
    from .reading import read

    return read(request, question, link, turn, begun, began)


def _timeout(request: Request) -> float:
    """The option timeout where that is seen at once, else its default. It is checked later."""
    places = (request.arguments.get("timeout"), request.values.get("timeout"))
    for value in (*places, os.environ.get("SENHASEGURA_TIMEOUT")):
        try:
            seconds = float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            continue
        if 0 < seconds <= _DEFAULT_TIMEOUT:
            return seconds
    return _DEFAULT_TIMEOUT


def _may_be_unwanted(request: Request) -> bool:
    """Whether the option broker is set where that is seen at once. Its value is nobody's business here."""
    return "broker" in request.arguments or "broker" in request.values or "SENHASEGURA_BROKER" in os.environ
