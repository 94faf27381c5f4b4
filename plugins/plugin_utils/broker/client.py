# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection of a worker to the broker of this run: its address, and the request of a lookup.

Ansible evaluates a lookup again for every host and use, in a new worker each time. So this file and protocol.py are all
that most of them load, and they import at their heads nothing that Ansible has not imported already. The broker loads
them as well.
"""

from __future__ import annotations

import os
import socket
import time
import typing as t

from .protocol import (
    FAILURE,
    HEARD,
    PROGRESS,
    UNKNOWN_CONTEXT,
    WORKER,
    Channel,
    Message,
    dump,
    found,
    keyed_digest,
    load,
    look_up,
)

Variables = t.Mapping[str, t.Any]
# Evaluates the value of a variable.
Template = t.Callable[[t.Any], t.Any]
# Bytes of a path that fit into an address of AF_UNIX on every system: 107 on Linux, 103 on macOS.
LONGEST_PATH = 103
# Seconds. A broker that works is silent for longer, but takes another connection meanwhile. A stopped one does not.
SILENCE = 2.0
# Seconds: the default of the option timeout, and more than anybody should wait for the broker.
_DEFAULT_TIMEOUT = 30.0
_PAUSE = 0.02


def authentication_key() -> bytes:
    """Return 32 random bytes that all workers of a run inherit from its main process, and that are never on disk."""
    import multiprocessing

    return bytes(multiprocessing.current_process().authkey)


def address() -> str:
    """Return the path at which the broker listens: in the directory for temporary files of this run alone."""
    from ansible import constants

    return os.path.join(constants.DEFAULT_LOCAL_TMP, "senhasegura")


def controller() -> int:
    """Return the id of the process that ends with the run: the parent of a worker, or the main process itself."""
    import multiprocessing

    parent = multiprocessing.parent_process()
    return os.getpid() if parent is None or parent.pid is None else parent.pid


def run_is_over() -> bool:
    """Return whether this worker has outlived the run, because its main process was killed."""
    return controller() not in (os.getpid(), os.getppid())


class NotSent(ConnectionError):
    """The broker has certainly not got the whole request, so it has done nothing of it."""


class BrokerConnection:
    """One connection to the broker, for the process that made it.

    Raises OSError or EOFError when there is no broker (any more), and TimeoutError (an OSError) when it is there, but
    neither replies nor takes another connection.

    :param silence: after how many seconds without a reply to find out whether the broker still takes connections
    :param until: the monotonic time after which not to wait any longer, even for a broker that does
    :ivar lost: whether it was lost during a request
    """

    def __init__(self, silence: float = SILENCE, until: float = float("inf")) -> None:
        self.until, self.lost = until, False
        self._owner = os.getpid()
        sock = _connect(address(), silence)
        try:
            self._channel = Channel(sock, authentication_key(), WORKER)
        except BaseException:
            sock.close()
            raise
        self._channel.waits = lambda: time.monotonic() < self.until and is_answering(silence)

    def ask(self, request: Message, heard: t.Callable[[Message], None] | None = None) -> Message:
        """Send a request and return the reply. Raises NotSent as well.

        :param heard: gets what the broker reports of its progress before it replies
        """
        if self._owner != os.getpid():
            # Two processes on one connection would read each other's replies.
            raise NotSent("the connection belongs to the process that this one was forked from")
        try:
            try:
                self._channel.send(dump(request))
            except OSError as exc:
                raise NotSent(*exc.args) from None
            reply = load(self._channel.receive())
            while PROGRESS in reply:
                if heard:
                    heard(reply)
                if reply["writing"]:
                    # The broker waits for this: it writes nothing of which this worker does not know.
                    self._channel.send(dump(HEARD))
                reply = load(self._channel.receive())
            return reply
        except (OSError, EOFError):
            self.lost = True
            self.close()
            raise

    def close(self) -> None:
        """Hang up."""
        self._channel.close()


def is_answering(silence: float = SILENCE) -> bool:
    """Return whether the broker takes a connection within ``silence`` seconds."""
    try:
        BrokerConnection(silence).close()
    except (OSError, EOFError):
        return False
    return True


def _connect(path: str, within: float) -> socket.socket:
    if len(os.fsencode(path)) > LONGEST_PATH:
        # A symbolic link to a shorter one: see server.py.
        path = os.readlink(path)
    sock = socket.socket(socket.AF_UNIX)
    try:
        sock.settimeout(within)
        end = time.monotonic() + within
        while True:
            try:
                sock.connect(path)
                return sock
            except BlockingIOError:
                # More workers come at this moment than the system lets wait.
                if time.monotonic() >= end:
                    raise TimeoutError from None
                time.sleep(_PAUSE)
    except BaseException:
        sock.close()
        raise


class LookupRequest:
    """One call of a lookup. A plain class, since to make a named tuple takes each worker half a millisecond.

    :ivar name: the lookup, under which operations/lookup.py has its options
    :ivar terms: what it was called with, without the lists that hold them
    :ivar variables: those of the host and the task
    :ivar arguments: the options that were passed
    :ivar values: those of the variables that are options, by the name of the option
    :ivar context: a digest of all that may come from elsewhere than from the terms. It is keyed, so it gives away
        nothing. '' if there is anything unusual, about which the broker cannot be asked.
    :ivar began: the monotonic time at which it began
    """

    def __init__(
        self,
        name: str,
        terms: list[t.Any],
        variables: Variables,
        arguments: Variables,
        values: Variables,
        context: str,
        began: float,
    ) -> None:
        self.name, self.terms = name, terms
        self.variables, self.arguments, self.values = variables, arguments, values
        self.context, self.began = context, began

    @property
    def until(self) -> float:
        """Return the monotonic time at which its timeout ends, as far as that is seen at once: after _DEFAULT_TIMEOUT
        seconds at the latest. It is checked later.
        """
        places = (self.arguments.get("timeout"), self.values.get("timeout"), os.environ.get("SENHASEGURA_TIMEOUT"))
        for value in places:
            try:
                seconds = float(value)  # type: ignore[arg-type]
            except (TypeError, ValueError):
                continue
            if seconds > 0:
                return self.began + min(seconds, _DEFAULT_TIMEOUT)
        return self.began + _DEFAULT_TIMEOUT


def prepare(
    name: str, template: Template, terms: list[t.Any], variables: Variables, arguments: Variables
) -> LookupRequest:
    """Return the request of a lookup. Raises AnsibleLookupError.

    :param name: the lookup
    :param template: evaluates the value of a variable
    :param terms: with lists in it, perhaps
    """
    began = time.monotonic()
    # Ansible before 2.19 hands this on from with_*. A lookup returns a list anyway.
    arguments = {key: text(value) for key, value in arguments.items() if key != "wantlist"}
    _register_options(arguments)
    flat = list(_flat(terms))
    values: dict[str, t.Any] = {}
    if _variables_matter(variables):
        values = _values_of(variables, arguments, template, mysafe=name == "mysafe")
        _register_options(values)
    return LookupRequest(
        name, flat, variables, arguments, values, _context(name, flat, variables, arguments, values), began
    )


def _values_of(variables: Variables, arguments: Variables, template: Template, *, mysafe: bool) -> dict[str, t.Any]:
    """Return the values of the variables that are options. Raises AnsibleLookupError."""
    from ..variables import VariableError, option_variables

    try:
        return option_variables(variables, arguments, template, mysafe=mysafe)
    except VariableError as exc:
        raise _error(str(exc)) from None


def ask(connection: BrokerConnection | None, request: LookupRequest) -> Message | None:
    """Ask the broker. Return its reply (see protocol.py), or None if it cannot give any.

    That is when there is no connection, when it is lost (as its C(lost) says), or when the broker does not know the
    context.
    """
    if connection is None or not request.context:
        return None
    try:
        reply = connection.ask(look_up(request.context, [str(term) for term in request.terms]))
    except (OSError, EOFError):
        return None
    return None if reply == UNKNOWN_CONTEXT else reply


def deliver(reply: Message) -> list[t.Any]:
    """Return the values for Ansible from the reply to a lookup. Raises AnsibleLookupError."""
    if FAILURE in reply:
        raise _error(reply[FAILURE]) from None
    values, warnings, secrets = found(reply)
    version = _core()
    # From 2.22 on. Before, masking.py would do nothing, but to find that out takes each worker half a millisecond.
    if version >= (2, 22):
        from ..masking import register

        register(secrets)
    if warnings:
        from ansible.utils.display import Display

        for warning in warnings:
            Display().warning(warning)
    return list(_as_text(values) if version < (2, 19) else values)


def _error(message: str) -> Exception:
    """Return the error of a lookup. Raise it "from None": from ansible-core 2.19 on, its causes are printed as well."""
    from ansible.errors import AnsibleLookupError

    error: Exception = AnsibleLookupError(message)
    return error


def _core() -> tuple[int, ...]:
    """Return the release of ansible-core, such as (2, 22)."""
    from ansible.release import __version__

    return tuple(map(int, __version__.split(".")[:2]))


def _register_options(options: t.Mapping[str, t.Any]) -> None:
    """Register secret options with ansible-core from 2.22 on, before anything is done with them."""
    if _core() >= (2, 22):
        from ..masking import register_options

        register_options(options)


def _variables_matter(variables: Variables) -> bool:
    """Return whether variables may decide about the server, or the host claims to be another one: see variables.py."""
    import multiprocessing

    host = getattr(multiprocessing.current_process(), "_host", None)
    return (host is not None and variables.get("inventory_hostname") != host.name) or any(
        key.startswith("senhasegura_") for key in variables
    )


def _context(name: str, terms: list[t.Any], variables: Variables, arguments: Variables, values: Variables) -> str:
    """Return the context of a request, or '': see LookupRequest."""
    if not terms or not all(isinstance(term, (str, int)) and not isinstance(term, bool) for term in terms):
        return ""
    environment = {key: value for key, value in os.environ.items() if key.startswith("SENHASEGURA_")}
    check_mode = bool(variables.get("ansible_check_mode"))
    parts = (name, check_mode, *(sorted(part.items()) for part in (arguments, values, environment)))
    return keyed_digest(authentication_key(), repr(parts).encode("utf-8", "surrogatepass")).hex()


def open_if_there() -> BrokerConnection | None:
    """Return a connection to the broker if it runs already."""
    try:
        return BrokerConnection()
    except (OSError, EOFError):
        return None


def text(value: t.Any) -> t.Any:
    """Return the value. Make a string of the types that ansible-core has for what Ansible Vault has encrypted."""
    return str(value) if type(value).__name__ in ("AnsibleVaultEncryptedUnicode", "EncryptedString") else value


def _flat(terms: t.Iterable[t.Any]) -> t.Iterator[t.Any]:
    """Yield the terms without what holds them: templates have lists, tuples, sets, ranges, generators and views."""
    for term in map(text, terms):
        # A map has no order that anybody could mean; it is refused as a term, like all that is no name.
        if hasattr(term, "__iter__") and not isinstance(term, (str, bytes)) and not hasattr(term, "keys"):
            yield from _flat(term)
        else:
            yield term


def _as_text(value: t.Any) -> t.Any:
    """Mark strings as such where Ansible has jinja2_native on, which makes a number of 1e10 and a tuple of 1,2."""
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
