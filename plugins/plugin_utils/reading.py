# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a lookup does when the broker cannot answer at once: check its options, find the server, start the broker.

Only the first worker with a new set of options comes here, unless there is no broker.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import time
import typing as t

from ansible.utils.display import Display
from jinja2.exceptions import UndefinedError

from ..module_utils.client import api, connect
from ..module_utils.errors import ConfigError, SenhaseguraError
from ..module_utils.operations import lookup
from ..module_utils.references import parse_reference
from ..module_utils.settings.options import argument_spec, is_set
from ..module_utils.settings.settings import RunSettings, Settings
from . import setting_sources
from .arguments import validate
from .broker import protocol
from .broker.cache_policy import policy_of
from .broker.client import BrokerConnection, address, authentication_key, put, text
from .broker.start import BrokerLate, BrokerLost, BrokerUnavailable, Process, begin, open_link, undo
from .broker.turn import Turn
from .lookup_request import Question, Request
from .masking import register
from .unexpected import describe
from .variables import CHECK_MODE, is_omitted

display = Display()
Options = dict[str, t.Any]


def read(
    request: Request,
    question: Question | None,
    link: BrokerConnection | None,
    turn: Turn | None,
    begun: Process | None,
    began: float,
) -> protocol.Message:
    """Return the reply that the broker would give.

    :param turn: the right to start the broker. Others may be waiting for it until it is started, or found not to be.
    :param begun: a broker that has been started already, before anybody knew whether it is wanted
    :param began: the monotonic time at which the lookup began
    """
    try:
        return _read(request, question, link, turn, begun, began)
    except SenhaseguraError as exc:
        return protocol.failed(str(exc))
    except UndefinedError:
        # An undefined variable among the terms. Ansible says so itself, unless default() makes it good.
        raise
    # Whatever it is: the text of an unexpected exception may quote a secret.
    except Exception as exc:  # noqa: BLE001
        return protocol.failed(describe(exc))


def _read(
    request: Request,
    question: Question | None,
    link: BrokerConnection | None,
    turn: Turn | None,
    begun: Process | None,
    began: float,
) -> protocol.Message:
    with turn or contextlib.nullcontext():
        names, settings, run, options = _work_out(request)
        # For the way to the broker and the first operation. Each term is one more.
        until, end = began + settings.timeout, began + settings.timeout * len(names)
        usable = run.broker and question is not None and _is_plain(options)
        if begun is not None and not run.broker:
            undo(begun)
        elif begun is None and usable and turn is not None:
            begun = begin(turn, until)
        lookup.check(request.name, options)
        if not usable and run.custody != "keep":
            setting_sources.warn_of_custody()
        introduced = introduction = None
        if usable and question is not None:
            policy = policy_of(run, options).state()
            introduction = protocol.register_context(question[0], settings.state(), policy, request.name, options)
            introduced = _introduce(introduction, until, link, turn, begun)
    while introduced is not None and introduction is not None and question is not None:
        if answered := put(question, introduced):
            return answered
        # It was lost, and the next one does not know this question. open_link ends this when it happens too often.
        until = max(until, min(time.monotonic() + settings.timeout, end))
        introduced = _introduce(introduction, until, introduced)
    if usable and run.custody != "keep":
        setting_sources.warn_of_custody()
    alone = connect.direct(settings, spent=settings.timeout - (until - time.monotonic()))
    client = connect.client_over(api.AnnouncingApi(alone, register))
    if options.get("as_file"):
        from .broker.key_files import Files

        # This worker ends before the run does.
        files = Files(os.path.dirname(address()), authentication_key(), memory=False)
        return protocol.answered(*files.look_up(request.name, client, names, options))
    return protocol.answered(*lookup.look_up(request.name, client, names, options))


def _introduce(
    introduction: protocol.Message,
    until: float,
    link: BrokerConnection | None,
    turn: Turn | None = None,
    begun: Process | None = None,
) -> BrokerConnection | None:
    """A link to the broker, which now knows what the digest of the question stands for; None if it cannot be used.

    :param until: the monotonic time at which the caller's time is over
    """
    while True:
        try:
            if link is not None and link.lost and time.monotonic() >= until:
                raise BrokerLate
            if link is None or link.lost:
                link = open_link(until, turn if turn and not turn.is_over() else None, begun)
            begun = None
            link.until = until
            reply = link.ask(introduction)
            # What it does for the question has deadlines of its own.
            link.until = math.inf
            break
        except BrokerLost:
            raise setting_sources.broker_lost() from None
        except BrokerLate:
            raise setting_sources.broker_late() from None
        except BrokerUnavailable as exc:
            setting_sources.go_on_without_broker(exc)
            return None
        except (OSError, EOFError):
            # Another one takes its place, as often as open_link allows.
            continue
    if turn is not None:
        turn.started()
    if protocol.FAILURE in reply:
        # These settings can never work: the broker could not make a client of them.
        raise SenhaseguraError(reply[protocol.FAILURE])
    return link


def _work_out(request: Request) -> tuple[list[str], Settings, RunSettings, Options]:
    """What is asked for, of whom, and how."""
    given = {name: value for name, value in request.arguments.items() if not is_omitted(value, request.variables)}
    spec = lookup.SPECS[request.name]
    options = validate(given, {**argument_spec(), **spec}, {})
    names = [parse_reference(term, option=f"term {number}").term for number, term in enumerate(request.terms, 1)]
    if not names:
        raise ConfigError("the lookup needs a term", hint="Name at least one credential, key or secret")
    settings, run = setting_sources.merge(options, request.values)
    options = {name: options[name] for name in spec if name != "default" or name in given}
    options["on_ciphertext"] = run.on_ciphertext
    if CHECK_MODE in options:
        options[CHECK_MODE] = _check_mode(options, request)
    return names, settings, run, options


def _is_plain(options: Options) -> bool:
    """Whether the options can be sent: a default may be anything that a template can make."""
    try:
        json.dumps(options)
    except (TypeError, ValueError):
        return False
    return True


def _check_mode(options: Options, request: Request) -> str:
    """Whether terms are read whose read takes custody: not in check mode, unless somebody asks for it."""
    if not (options.get("include_password", True) and request.variables.get("ansible_check_mode")):
        return "read"
    wanted = options[CHECK_MODE] or text(request.values.get(CHECK_MODE))
    if is_set(wanted) and wanted not in lookup.CHECK_MODES:
        choices = ", ".join(lookup.CHECK_MODES)
        raise ConfigError(
            f"the variable {lookup.CHECK_MODE_VARIABLE} must be one of {choices}", hint="Correct the variable"
        )
    if wanted != "read":
        display.warning(
            "check mode: nothing is read that takes custody, and a placeholder stands for the value. "
            f"Set check_mode=read (or the variable {lookup.CHECK_MODE_VARIABLE}) if the play needs the real one"
        )
    return wanted or lookup.CHECK_MODES[0]
