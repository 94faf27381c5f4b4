# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Do what a lookup does when the broker does not know its context: check its options, find the server, register.

Only the first worker with a new context comes here, unless there is no broker. Others wait for it, so what it needs
only without a broker is imported then.
"""

from __future__ import annotations

import json
import math
import os
import time
import typing as t

from ansible.utils.display import Display
from jinja2.exceptions import UndefinedError

from ..module_utils.errors import ConfigError, SenhaseguraError
from ..module_utils.operations import lookup_options
from ..module_utils.references import parse_reference
from ..module_utils.settings.options import is_set
from ..module_utils.settings.settings import RunSettings, Settings
from . import plugin_options
from .broker import protocol
from .broker.cache_policy import policy_of
from .broker.client import BrokerConnection, LookupRequest, address, ask, authentication_key, text
from .broker.startup import (
    BrokerLate,
    BrokerStartup,
    BrokerUnavailable,
    go_on_without_broker,
    warn_of_custody,
)
from .masking import register
from .unexpected import describe
from .variables import CHECK_MODE, is_omitted

display = Display()
Options = dict[str, t.Any]


def answer(request: LookupRequest, connection: BrokerConnection | None, startup: BrokerStartup) -> protocol.Message:
    """Return the reply that the broker would give. Have the broker make it, unless there is none.

    :param connection: to a broker that does not know the context of the request, if one runs
    :param startup: the way to a broker. Others may wait until it is released.
    """
    try:
        return _answer(request, connection, startup)
    except SenhaseguraError as exc:
        return protocol.failed(str(exc))
    except UndefinedError:
        # An undefined variable among the terms. Ansible reports it, unless default() replaces it.
        raise
    # Catch everything: the text of an unexpected exception may quote a secret.
    except Exception as exc:  # noqa: BLE001
        return protocol.failed(describe(exc))


def _answer(request: LookupRequest, connection: BrokerConnection | None, startup: BrokerStartup) -> protocol.Message:
    names, settings, run, options = _resolve_request(request)
    # For the way to the broker and the first operation. Each term is one more.
    until, end = request.began + settings.timeout, request.began + settings.timeout * len(names)
    with_broker = run.broker and request.context != "" and _is_plain(options)
    if with_broker:
        policy = policy_of(run, options).state()
        context = protocol.register_context(request.context, settings.state(), policy, request.name, options)
        while registered := _register(context, until, connection, startup):
            startup.release()
            if reply := ask(registered, request):
                return reply
            # It was lost, and the next one does not know this context. _register ends this when it happens too often.
            connection, until = registered, max(until, min(time.monotonic() + settings.timeout, end))
    startup.release()
    if run.custody != "keep":
        warn_of_custody()
    from ..module_utils.client import api, connect
    from ..module_utils.operations import lookup

    alone = connect.direct(settings, spent=settings.timeout - (until - time.monotonic()))
    client = connect.client_over(api.AnnouncingApi(alone, register))
    if options.get("as_file"):
        from .broker.key_files import Files

        # This worker ends before the run does.
        files = Files(os.path.dirname(address()), authentication_key(), memory=False)
        return protocol.answered(*files.look_up(request.name, client, names, options))
    return protocol.answered(*lookup.look_up(request.name, client, names, options))


def _register(
    context: protocol.Message, until: float, connection: BrokerConnection | None, startup: BrokerStartup
) -> BrokerConnection | None:
    """Register a context with the broker. Return the connection to it, or None if it cannot be used.

    :param context: the message of C(register_context)
    :param until: the monotonic time at which the caller's time is over
    :param connection: one that may be lost
    """
    while True:
        try:
            if connection is not None and connection.lost and time.monotonic() >= until:
                raise BrokerLate
            if connection is None or connection.lost:
                connection = startup.connect(until)
            connection.until = until
            reply = connection.ask(context)
        except BrokerUnavailable as exc:
            go_on_without_broker(exc)
            return None
        except (OSError, EOFError):
            # Another one takes its place, as often as connect() allows.
            continue
        if protocol.FAILURE in reply:
            # These settings can never work: the broker could not make a client of them.
            raise SenhaseguraError(reply[protocol.FAILURE])
        # What it does for the request has deadlines of its own.
        connection.until = math.inf
        return connection


def _resolve_request(request: LookupRequest) -> tuple[list[str], Settings, RunSettings, Options]:
    """Return what is asked for (the terms), of whom (settings and run options), and how (the lookup's options).

    Raises ConfigError. No template is evaluated here: that has been done before anybody waits for this worker.
    """
    passed = {name: value for name, value in request.arguments.items() if not is_omitted(value, request.variables)}
    spec = lookup_options.SPECS[request.name]
    options = plugin_options.validate(passed, {**lookup_options.connection_spec(request.name), **spec}, {})
    names = [parse_reference(term, option=f"term {number}").term for number, term in enumerate(request.terms, 1)]
    if not names:
        raise ConfigError("the lookup needs a term", hint="Name at least one credential, key or secret")
    settings, run = plugin_options.merge(options, request.values, mysafe=request.name == "mysafe")
    options = {name: options[name] for name in spec if name != "default" or name in passed}
    options["on_ciphertext"] = run.on_ciphertext
    if CHECK_MODE in options:
        options[CHECK_MODE] = _check_mode(options, request)
    return names, settings, run, options


def _is_plain(options: Options) -> bool:
    """Return whether the options can be sent: a default may be anything that a template can make."""
    try:
        json.dumps(options)
    except (TypeError, ValueError):
        return False
    return True


def _check_mode(options: Options, request: LookupRequest) -> str:
    """Return "read" if terms are to be read although that takes custody, else "placeholder", as in check mode."""
    if not (options.get("include_password", True) and request.variables.get("ansible_check_mode")):
        return "read"
    wanted = options[CHECK_MODE] or text(request.values.get(CHECK_MODE))
    if is_set(wanted) and wanted not in lookup_options.CHECK_MODES:
        choices = ", ".join(lookup_options.CHECK_MODES)
        raise ConfigError(
            f"the variable {lookup_options.CHECK_MODE_VARIABLE} must be one of {choices}", hint="Correct the variable"
        )
    if wanted != "read":
        display.warning(
            "check mode: nothing is read that takes custody, and a placeholder stands for the value. "
            f"Set check_mode=read (or the variable {lookup_options.CHECK_MODE_VARIABLE}) if the play needs the real one"
        )
    return wanted or lookup_options.CHECK_MODES[0]
