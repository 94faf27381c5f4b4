# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection of a worker to the broker of this run: where it is, and what a lookup asks over it.

Ansible evaluates a lookup again for every host and use, in a new worker each time. So this file and protocol.py are all
that each of them loads, and they import at their heads nothing that Ansible has not imported already. The broker loads
them as well.
"""

from __future__ import annotations

import hmac
import os
import socket
import time
import typing as t

# Names and not the module, whose package would have to be imported first.
from .protocol import FAILURE, PROGRESS, UNKNOWN_CONTEXT, WORKER, Channel, Message, dump, failed, found, load, look_up

if t.TYPE_CHECKING:
    from ..lookup_request import Arguments, Question, Template, Variables

# What an address of AF_UNIX has room for on every system: 107 bytes on Linux, 103 on macOS.
LONGEST_PATH = 103
# Seconds. A broker that works is silent for longer, but takes another connection meanwhile. A stopped one does not.
SILENCE = 2.0
_PAUSE = 0.02


def authentication_key() -> bytes:
    """32 random bytes that all workers of a run inherit from its main process, and that are never on disk."""
    import multiprocessing

    return bytes(multiprocessing.current_process().authkey)


def address() -> str:
    """Where the broker listens: in the folder for temporary files that belongs to this run alone."""
    from ansible import constants

    return os.path.join(constants.DEFAULT_LOCAL_TMP, "senhasegura")


def controller() -> int:
    """The process whose end is the end of the run: the parent of a worker, or the main process itself."""
    import multiprocessing

    parent = multiprocessing.parent_process()
    return os.getpid() if parent is None or parent.pid is None else parent.pid


def run_is_over() -> bool:
    """Whether this worker has outlived the run, because its main process was killed."""
    return controller() not in (os.getpid(), os.getppid())


class NotSent(ConnectionError):
    """The broker has certainly not got the whole request, so it has done nothing of it."""


class BrokerConnection:
    """One connection to the broker, of the process that made it. Raises OSError or EOFError when there is none (any
    more), and TimeoutError (an OSError) when the broker is there, but neither answers nor takes another connection.

    :param silence: after how many seconds without an answer to find out whether the broker still takes connections
    :param until: the monotonic time after which not to wait any longer, even for a broker that does
    """

    def __init__(self, silence: float = SILENCE, until: float = float("inf")) -> None:
        self.until, self.lost = until, False
        self._owner = os.getpid()
        line = _connect(address(), silence)
        try:
            self._channel = Channel(line, authentication_key(), WORKER)
        except BaseException:
            line.close()
            raise
        self._channel.waits = lambda: time.monotonic() < self.until and is_answering(silence)

    def ask(self, request: Message, heard: t.Callable[[Message], None] | None = None) -> Message:
        """Send a request and return the reply. Raises NotSent as well.

        :param heard: gets what the broker tells of its progress before it replies
        """
        if self._owner != os.getpid():
            # Two processes on one line would read each other's answers.
            raise NotSent("the line belongs to the process that this one was forked from")
        try:
            try:
                self._channel.send(dump(request))
            except OSError as exc:
                raise NotSent(*exc.args) from None
            reply = load(self._channel.receive())
            while PROGRESS in reply:
                if heard:
                    heard(reply)
                reply = load(self._channel.receive())
            return reply
        except (OSError, EOFError):
            self.lost = True
            self.close()
            raise

    def close(self) -> None:
        self._channel.close()


def is_answering(silence: float = SILENCE) -> bool:
    """Whether the broker takes a connection within so many seconds."""
    try:
        BrokerConnection(silence).close()
    except (OSError, EOFError):
        return False
    return True


def _connect(path: str, within: float) -> socket.socket:
    if len(os.fsencode(path)) > LONGEST_PATH:
        # A link to a shorter one: see server.py.
        path = os.readlink(path)
    line = socket.socket(socket.AF_UNIX)
    try:
        line.settimeout(within)
        end = time.monotonic() + within
        while True:
            try:
                line.connect(path)
                return line
            except BlockingIOError:
                # More workers come at this moment than the system lets wait.
                if time.monotonic() >= end:
                    raise TimeoutError from None
                time.sleep(_PAUSE)
    except BaseException:
        line.close()
        raise


def evaluate(
    name: str, template: Template, terms: list[t.Any], variables: Variables, arguments: Arguments
) -> list[t.Any]:
    """The values of a lookup: from the broker if it knows all that is asked for, else in the way of lookup.py.

    :param name: the lookup, under which operations/lookup.py has its options
    :param template: evaluates the value of a variable
    """
    began = time.monotonic()
    # Ansible before 2.19 hands this on from with_*. A lookup returns a list anyway.
    arguments = {key: text(value) for key, value in arguments.items() if key != "wantlist"}
    _register_options(arguments)
    flat = list(_flat(terms))
    values: dict[str, t.Any] = {}
    if _variables_matter(variables):
        from .. import bytecode

        with bytecode.first():
            from .. import variables as which
        try:
            values = which.option_variables(variables, arguments, template)
        except which.VariableError as exc:
            return _deliver(failed(str(exc)))
        _register_options(values)
    question = _question(name, flat, variables, arguments, values)
    link = open_if_there() if question is not None else None
    answer = put(question, link)
    if answer is None:
        from .. import bytecode

        with bytecode.first():
            from .. import lookup, lookup_request

            request = lookup_request.Request(name, flat, variables, arguments, values)
            answer = lookup.answer(request, question, link, began)
    return _deliver(answer)


def _core() -> tuple[int, ...]:
    """The release of ansible-core, as (2, 22)."""
    from ansible.release import __version__

    return tuple(map(int, __version__.split(".")[:2]))


def _register_options(options: t.Mapping[str, t.Any]) -> None:
    """Tell ansible-core from 2.22 on which options are secret, before anything is done with them."""
    if _core() >= (2, 22):
        from ..masking import register_options

        register_options(options)


def _variables_matter(variables: Variables) -> bool:
    """Whether variables may decide about the server, or the host says that it is another: see variables.py."""
    import multiprocessing

    host = getattr(multiprocessing.current_process(), "_host", None)
    return (host is not None and variables.get("inventory_hostname") != host.name) or any(
        key.startswith("senhasegura_") for key in variables
    )


def put(question: Question | None, link: BrokerConnection | None) -> Message | None:
    """Ask the broker. Return its reply (see protocol.py), or None if it cannot give any.

    That is when there is no link, when it is lost (as C(lost) says), or when the broker does not know the settings.
    """
    if link is None or question is None:
        return None
    try:
        reply = link.ask(look_up(*question))
    except (OSError, EOFError):
        return None
    return None if reply == UNKNOWN_CONTEXT else reply


def _question(
    name: str, terms: list[t.Any], variables: Variables, arguments: Arguments, values: t.Mapping[str, t.Any]
) -> Question | None:
    """What to ask the broker: plain terms, and a digest of all that may come from elsewhere than from the terms.

    The digest is keyed, so it gives away nothing. None if there is anything unusual, which is not decided here.

    :param values: those of the variables that are options
    """
    if not terms or not all(isinstance(term, (str, int)) and not isinstance(term, bool) for term in terms):
        return None
    environment = {key: value for key, value in os.environ.items() if key.startswith("SENHASEGURA_")}
    check_mode = bool(variables.get("ansible_check_mode"))
    parts = (name, check_mode, *(sorted(part.items()) for part in (arguments, values, environment)))
    digest = hmac.digest(authentication_key(), repr(parts).encode("utf-8", "surrogatepass"), "sha256").hex()
    return digest, [str(term) for term in terms]


def open_if_there() -> BrokerConnection | None:
    """A link to the broker if it runs already."""
    try:
        return BrokerConnection()
    except (OSError, EOFError):
        return None


def text(value: t.Any) -> t.Any:
    """The value, or the text that it stands for: ansible-core has types for what Ansible Vault has encrypted."""
    return str(value) if type(value).__name__ in ("AnsibleVaultEncryptedUnicode", "EncryptedString") else value


def _flat(terms: t.Iterable[t.Any]) -> t.Iterator[t.Any]:
    """The terms without what holds them: the language has lists, tuples, sets, ranges, generators and views."""
    for term in map(text, terms):
        # A map has no order that anybody could mean; it is refused as a term, like all that is no name.
        if hasattr(term, "__iter__") and not isinstance(term, (str, bytes)) and not hasattr(term, "keys"):
            yield from _flat(term)
        else:
            yield term


def _deliver(reply: Message) -> list[t.Any]:
    """Return the values for Ansible from the reply to a lookup."""
    if FAILURE in reply:
        from ansible.errors import AnsibleLookupError

        # "from None": from ansible-core 2.19 on, the causes of an error are printed as well.
        raise AnsibleLookupError(reply[FAILURE]) from None
    values, warnings, secrets = found(reply)
    version = _core()
    # From 2.22 on. Before, registry.py would do nothing, but looking for that takes each worker half a millisecond.
    if version >= (2, 22):
        from ..masking import register

        register(secrets)
    if warnings:
        from ansible.utils.display import Display

        for warning in warnings:
            Display().warning(warning)
    return list(_as_text(values) if version < (2, 19) else values)


def _as_text(value: t.Any) -> t.Any:
    """Mark texts as such where Ansible has jinja2_native on, which makes a number of 1e10 and a tuple of 1,2."""
    from ansible import constants

    if not getattr(constants, "DEFAULT_JINJA2_NATIVE", False):
        return value
    from ansible.utils.native_jinja import NativeJinjaText

    def marked(value: t.Any) -> t.Any:
        if isinstance(value, dict):
            return {key: marked(item) for key, item in value.items()}
        if isinstance(value, list):
            return [marked(item) for item in value]
        return NativeJinjaText(value) if isinstance(value, str) else value

    return marked(value)
