# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Define what workers and the broker of a run send to each other. No other file knows what is on the wire.

A request or a reply is one JSON object. The functions here make them, and read them at the other end:

    look_up(context, terms)                     -> answered(values, warnings, secrets) | failed(text) | UNKNOWN_CONTEXT
    register_context(context, settings, ...)    -> done(None) | failed(text)
    run(settings, policy, name, ...)            -> progress(journal, writing)*, then finished(...) | failed(error);
                                                   where a write comes next, HEARD is sent back first
    call(settings, policy, operation, ...)      -> done(result) | failed(error)
    remove_at_end(path)                         -> done(None) | failed(error)

A context is a digest under which the broker knows the settings and options of a lookup. The broker that does not know
it asks the worker to register it. The operation of a module is run as a whole, and so is a lookup. Rotations run in the
worker, and make single calls.

Only lookups have contexts, because a worker that knows the digest need not resolve the settings, which takes it 40 ms.
The worker of a module has resolved them already when it asks. They are some 400 bytes, which take 25 us to send and to
read: a digest would be neither faster nor simpler.

JSON has no tuples, dates and objects. C(pack) marks them by a key, and C(unpack) makes of that what it was: nothing but
the frozen data of models.py and queries.py, and the errors of errors.py. No code crosses the wire.
"""

from __future__ import annotations

import hmac
import json
import os
import socket
import typing as t

Message = dict[str, t.Any]

# The two ends.
WORKER, BROKER = b"worker", b"broker"
_NONCE_SIZE = _PROOF_SIZE = 32
_HEADER_SIZE = 4
# The read buffer, and the largest allocation for one recv(), whatever length the peer announces. In bytes.
_PART_SIZE, _LARGEST_PART = 4096, 1 << 20

# --- frames ----------------------------------------------------------------------------------------------------------


class Channel:
    """Exchange messages, each with the proof that its sender knows the key of the run.

    Both ends begin with a nonce. From both nonces and the key comes a key for each direction of this one connection,
    and each message has its number: so nothing that was recorded can be sent again, neither elsewhere nor back to its
    sender. A message is its length (4 bytes, which counts proof and data), its proof (32 bytes), and its data.
    Raises OSError or EOFError when the other end is gone or does not know the key, and TimeoutError (an OSError) when
    the socket has a timeout, nothing came for so long, and ``waits`` returns that there is nothing more to wait for.

    :param key: the key of the run
    :param end: which end this is, WORKER or BROKER
    """

    def __init__(self, sock: socket.socket, key: bytes, end: bytes) -> None:
        self._sock = sock
        self._buffer = b""
        self.waits: t.Callable[[], bool] = lambda: False
        own = os.urandom(_NONCE_SIZE)
        sock.sendall(own)
        nonces = {end: own, (BROKER if end == WORKER else WORKER): self._read_exactly(_NONCE_SIZE)}
        both = nonces[WORKER] + nonces[BROKER]
        keys = {each: keyed_digest(key, each + both) for each in nonces}
        self._own = keys.pop(end)
        (self._other,) = keys.values()
        self._sent = self._received = 0

    def send(self, data: bytes) -> None:
        """Send a message. Raises OSError."""
        header = (_PROOF_SIZE + len(data)).to_bytes(_HEADER_SIZE, "big")
        self._sock.sendall(header + _proof(self._own, self._sent, data) + data)
        self._sent += 1

    def receive(self) -> bytes:
        """Return the data of the next message. Raises OSError or EOFError."""
        message = self._read_exactly(int.from_bytes(self._read_exactly(_HEADER_SIZE), "big"))
        data = message[_PROOF_SIZE:]
        if not hmac.compare_digest(message[:_PROOF_SIZE], _proof(self._other, self._received, data)):
            raise ConnectionRefusedError("the other end belongs to another run")
        self._received += 1
        return data

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()

    def _read_exactly(self, size: int) -> bytes:
        """Return exactly ``size`` bytes. Surplus bytes are buffered, so most messages need one recv()."""
        parts, missing = [self._buffer], size - len(self._buffer)
        while missing > 0:
            try:
                part = self._sock.recv(min(max(missing, _PART_SIZE), _LARGEST_PART))
            except TimeoutError:
                if not self.waits():
                    raise
                continue
            if not part:
                raise EOFError
            parts.append(part)
            missing -= len(part)
        data = b"".join(parts)
        self._buffer = data[size:]
        return data[:size]


def _proof(key: bytes, number: int, data: bytes) -> bytes:
    return keyed_digest(key, number.to_bytes(8, "big") + data)


def keyed_digest(key: bytes, data: bytes) -> bytes:
    """Return the HMAC of some data with SHA-256: a Python in FIPS mode refuses BLAKE2 and MD5."""
    # hmac.digest() returns the same, but its first call in a process takes 0.4 ms more, and each worker is a new one.
    return hmac.new(key, data, "sha256").digest()


# --- requests and replies --------------------------------------------------------------------------------------------

# What a request asks for.
LOOK_UP, REGISTER_CONTEXT, RUN, CALL = "look_up", "register_context", "run", "call"
REMOVE_AT_END = "remove_at_end"
RESULT, FAILURE, PROGRESS = "result", "failure", "progress"
UNKNOWN_CONTEXT: Message = {"unknown_context": True}
# What the worker replies to progress before a write.
HEARD: Message = {"heard": True}


def dump(message: Message) -> bytes:
    """Return the data of a message."""
    return json.dumps(message).encode()


def load(data: bytes) -> Message:
    """Return the message of some data."""
    message: Message = json.loads(data)
    return message


def look_up(context: str, terms: list[str]) -> Message:
    """Ask for the values of these terms, for a lookup that is known under ``context``."""
    return {"ask": LOOK_UP, "context": context, "terms": terms}


def register_context(
    context: str, settings: Message, policy: Message, name: str, options: t.Mapping[str, t.Any]
) -> Message:
    """Register what ``context`` stands for: settings and policy as C(state) returns them, and the lookup's options."""
    return {
        "ask": REGISTER_CONTEXT,
        "context": context,
        "settings": settings,
        "policy": policy,
        "name": name,
        "options": dict(options),
    }


def run(
    settings: Message,
    policy: Message,
    name: str,
    params: t.Mapping[str, t.Any],
    check_mode: bool,
    *,
    until: float,
    journal: list[Message],
    interrupted: bool,
) -> Message:
    """Ask for a whole operation. Raises Unsendable.

    :param name: that of a file in module_utils/operations
    :param until: the monotonic time after which its first call must not be sent
    :param journal: how its calls ended so far, if a broker was lost that had begun with it: see OperationApi
    :param interrupted: whether that broker was lost within a write
    """
    return {
        "ask": RUN,
        "settings": settings,
        "policy": policy,
        "name": name,
        "params": pack(dict(params)),
        "check_mode": check_mode,
        "until": until,
        "journal": journal,
        "interrupted": interrupted,
    }


def progress(journal: list[Message], writing: bool) -> Message:
    """Report to the worker how further calls of its operation ended, and whether a write comes next."""
    return {PROGRESS: journal, "writing": writing}


def finished(result: t.Any, secrets: list[str]) -> Message:
    """Reply with the result of an operation, and with all secrets that it has used or found."""
    return {**done(result), "secrets": secrets}


def secrets_of(reply: Message) -> list[str]:
    """Return the secrets that came with the reply to C(run)."""
    return list(reply.get("secrets", ()))


def call(
    settings: Message,
    policy: Message,
    operation: str,
    ref: str = "",
    model: t.Any = None,
    subject: str = "",
    query: t.Any = None,
) -> Message:
    """Ask for one call of the dialect, or for the answer to a query about what it lists. Raises Unsendable.

    :param operation: the name of one, such as C(credential.read), or C(dialect) for the name of the dialect
    """
    return {
        "ask": CALL,
        "settings": settings,
        "policy": policy,
        "operation": operation,
        "ref": ref,
        "model": pack(model),
        "subject": subject,
        "query": pack(query),
    }


def remove_at_end(path: str) -> Message:
    """Ask for a file of the controller, or a folder of such, to be removed when the run ends, however it ends."""
    return {"ask": REMOVE_AT_END, "path": path}


def answered(values: list[t.Any], warnings: list[str], secrets: list[str]) -> Message:
    """Reply to a lookup: a value for each term that is not left out, and all secrets in them."""
    return {RESULT: values, "warnings": warnings, "secrets": secrets}


def found(reply: Message) -> tuple[list[t.Any], list[str], list[str]]:
    """Return what C(answered) was given."""
    return reply[RESULT], reply["warnings"], reply["secrets"]


def done(result: t.Any) -> Message:
    """Reply with the result of a call."""
    return {RESULT: pack(result)}


def failed(error: str | Exception, secrets: t.Iterable[str] = ()) -> Message:
    """Reply with an error: its text for a lookup, the error itself for a call or an operation."""
    return {FAILURE: error if isinstance(error, str) else pack(error), "secrets": list(secrets)}


def result_of(reply: Message) -> t.Any:
    """Return the result of a call or operation, or raise its error."""
    if FAILURE in reply:
        raise unpack(reply[FAILURE])
    return unpack(reply[RESULT])


# --- values ----------------------------------------------------------------------------------------------------------

# The key that says what else than a map a JSON object stands for.
_TYPE = "$type"


class Unsendable(TypeError):
    """A value is of a type that the wire has no form for."""


def pack(value: t.Any) -> t.Any:
    """Return the value as JSON has it. Raises Unsendable."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, list):
        return [pack(item) for item in value]
    if isinstance(value, dict):
        if _TYPE not in value and all(isinstance(name, str) for name in value):
            return {name: pack(item) for name, item in value.items()}
        return {_TYPE: "map", "items": [[pack(name), pack(item)] for name, item in value.items()]}
    return _pack_object(value)


def unpack(data: t.Any) -> t.Any:
    """Return the value that C(pack) was given."""
    if isinstance(data, list):
        return [unpack(item) for item in data]
    if not isinstance(data, dict):
        return data
    if _TYPE not in data:
        return {name: unpack(item) for name, item in data.items()}
    return _unpack_object(data[_TYPE], data)


def _pack_object(value: t.Any) -> Message:
    # Imported lazily: no worker of a lookup needs it.
    import dataclasses
    import datetime

    from ...module_utils.errors import SenhaseguraError
    from ...module_utils.models import Entries

    kind = type(value).__name__
    if isinstance(value, Entries):
        # Of thousands, the names of the fields would be most of the message.
        return {_TYPE: kind, "items": [list(vars(entry).values()) for entry in value]}
    if isinstance(value, tuple):
        return {_TYPE: "tuple", "items": [pack(item) for item in value]}
    if isinstance(value, datetime.date):
        # A datetime is a date as well.
        return {_TYPE: "datetime" if isinstance(value, datetime.datetime) else "date", "text": value.isoformat()}
    if isinstance(value, SenhaseguraError):
        known = {name: pack(item) for name, item in vars(value).items()}
        return {_TYPE: kind, "fields": known}
    if dataclasses.is_dataclass(value) and kind in _classes():
        return {_TYPE: kind, "fields": {f.name: pack(getattr(value, f.name)) for f in dataclasses.fields(value)}}
    raise Unsendable(f"a value of the type {kind} cannot be sent")


def _unpack_object(kind: str, data: Message) -> t.Any:
    import datetime

    from ...module_utils.models import CredentialInfo, Entries

    if kind == "map":
        return {unpack(name): unpack(item) for name, item in data["items"]}
    if kind == "tuple":
        return tuple(unpack(item) for item in data["items"])
    if kind == "Entries":
        return Entries(CredentialInfo(*fields) for fields in data["items"])
    if kind in ("date", "datetime"):
        return getattr(datetime, kind).fromisoformat(data["text"])
    fields = {name: unpack(item) for name, item in data["fields"].items()}
    cls = _classes()[kind]
    if not issubclass(cls, Exception):
        return cls(**fields)
    error = cls(fields["message"])
    vars(error).update(fields)
    return error


def _classes() -> t.Mapping[str, type[t.Any]]:
    """Return the only classes of which there are objects on the wire, by their names."""
    import dataclasses

    from ...module_utils import (
        device_models,
        dsm_models,
        dsm_secrets,
        errors,
        information_models,
        models,
        mysafe_models,
        queries,
        references,
        session_models,
        user_models,
    )

    modules = (
        *(device_models, dsm_models, dsm_secrets, errors, information_models, models, queries, references),
        *(mysafe_models, session_models, user_models),
    )

    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, type) and (dataclasses.is_dataclass(value) or issubclass(value, errors.SenhaseguraError))
    }
