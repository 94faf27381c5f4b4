# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the bytes of an answer to a JSON object, or to the error that it means. Knows envelopes, not operations."""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t

from ..errors import (
    AuthenticationFailed,
    Context,
    Denied,
    NoRoute,
    NotFound,
    SenhaseguraError,
    ServerBusy,
    UnexpectedResponse,
)
from ..redaction import redact
from ..references import Reference
from ..retry import parse_retry_after

if t.TYPE_CHECKING:
    from .error_codes import Meaning

Json = dict[str, t.Any]
# Called only when a text of the server is to be shown: there may be thousands.
Secrets = t.Callable[[], t.Iterable[str]]
_NUMBERED = re.compile(r"\s*(\d{4}):")
# Numbers that mean something. Below are 0, 1 and copies of the HTTP status, above nothing that is documented.
_NUMBERS = range(1000, 10_000)
# Numbers up to this one come with a path that leads nowhere (http-api.md 1.7).
_NO_SUCH_PATH = 4
# So many errors of a list are told.
_MOST_ERRORS = 3
# A longer body is not a sentence, and longer messages are cut before anything looks for something in them.
_LONGEST_WORDS = 2000
_TITLE = re.compile(r"<title[^<>]{0,100}>([^<]{1,500})", re.IGNORECASE)
# Each comment ends with its first -->, or the time would double with each of them.
_PAGE = re.compile(
    r"\s*(<!--((?!-->).)*-->\s*)*<(!doctype\s+html|html|head|body|meta|script|title)\b", re.IGNORECASE | re.DOTALL
)
_PAGE_WITHIN, _TITLE_WITHIN = 1000, 20_000
_ORIGIN = re.compile(r"https?://[a-z0-9._-]{1,255}(:[0-9]{1,5})?(?=[/?#]|\Z)", re.IGNORECASE)
_MAX_DEPTH = 64


class _Limits(t.NamedTuple):
    """What an answer may have: bytes, objects (which take time), and bytes of its texts and values in memory."""

    body: int
    objects: int
    memory: int


# An answer that lists everything: 50,000 credentials take up to 30 MiB, and 250 in memory with one wide character.
_LIST_LIMITS = _Limits(48 << 20, 120_000, 232 << 20)
_LIMITS = _Limits(8 << 20, 40_000, 32 << 20)
_ERROR_LIMITS = _Limits(1 << 20, 1_000, 8 << 20)
# What a value takes at most, by the character that comes with it: with its entry in a list or map, and with what is
# made of it. An object becomes an entity with fields of its own.
_COST = {b",": 72, b"[": 96, b"{": 800, b"\\": 8}
_TOO_LARGE = "is too large"
_TOO_LARGE_HINT = (
    "Check that url names a senhasegura server; lists have room for 50,000 credentials, so give the authorization fewer"
)
_LONGEST_NUMBER = 400
_NO_CONTENT = 204
_KNOWN_TYPES = ("application/json", "application/problem+json", "text/json", "text/html", "text/plain", "text/xml")
_JSON_TYPES = ("application/json", "text/json")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([a-z0-9._-]+)", re.IGNORECASE)
# Charsets with one byte for each character. JSON has UTF-8, whatever the header says, unless the bytes do not fit.
_ONE_BYTE = ("iso-8859-1", "iso8859-1", "latin-1", "latin1", "iso-8859-15", "windows-1252", "cp1252")
# One of these is in each answer that the API documents: in what is not called JSON, they show that it is one.
_HEADS = ("response", "access_token")
_BUSY = {
    429: "the server limits the rate of requests",
    502: "the gateway got no valid answer from the server behind it",
    503: "the server is not available now",
    504: "the server behind the gateway is too slow",
}

_BUSY_HINTS = {429: "Try again later, or with fewer forks"}


@dataclasses.dataclass(frozen=True)
class Response:
    """A complete HTTP answer. Header names are lower case."""

    status: int
    headers: t.Mapping[str, str]
    body: bytes = dataclasses.field(repr=False)

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_json(self) -> bool:
        """Whether the header calls it JSON."""
        return self.content_type in _JSON_TYPES or self.content_type.endswith("+json")

    @property
    def charset(self) -> str:
        """The charset that the header names, in lower case, or ""."""
        match = _CHARSET.search(self.headers.get("content-type", "").partition(";")[2])
        return match[1].lower() if match else ""


def parse_response(
    answer: Response,
    *,
    module: str,
    secrets: Secrets,
    now: float,
    lists: bool = False,
    names_object: bool = False,
) -> Json:
    """Return the object of a successful answer; raise the error that any other answer means.

    :param module: pam, dsm or login: which table of error numbers applies
    :param names_object: whether the call names one object in a way that makes 404 mean "there is none"
    :param secrets: gives the values that must not be shown if the server echoes them
    :param now: Unix time, for a Retry-After that is a date
    :param lists: whether the answer may list everything that there is, so that its limits are high
    """
    refused = None if 200 <= answer.status < 300 else _error_document(answer)
    if answer.status in _BUSY:
        retry_after = parse_retry_after(answer.headers.get("retry-after"), now=now)
        hint = _BUSY_HINTS.get(answer.status, "Try again later; if it goes on, look at the server and its gateway")
        raise ServerBusy(
            _BUSY[answer.status], retry_after=retry_after, hint=hint, context=_refusal_context(answer, refused, secrets)
        )
    if not 200 <= answer.status < 300:
        try:
            _raise_for_status(answer, refused, module, secrets)
        except NoRoute as exc:
            if not names_object or _names_no_call(refused):
                raise
            meaning = _status_meaning(answer.status, module)
            raise NotFound(meaning.text, hint=meaning.hint, context=exc.context) from None
    if answer.status == _NO_CONTENT and not answer.body:
        # A success that has nothing to say. What needs more than that misses it.
        return {"response": {"status": answer.status}}
    # A page may say why it is there; anything else that is no document may be a secret.
    said = _page_title(answer) if answer.body.lstrip()[:1] == b"<" else ""
    context = Context(status=answer.status, server_message=_quotable(said, secrets))
    document = _strict_object(answer, context, _LIST_LIMITS if lists else _LIMITS)
    if _says_error(document):
        raise _meaning_of(document, answer.status, module, secrets)
    return document


def _names_no_call(document: t.Any) -> bool:
    """Whether a 404 has the words for a path that leads nowhere."""
    # Here, because most runs meet no error, and its patterns take long to load.
    from . import error_codes

    return isinstance(document, dict) and bool(error_codes.NO_CALL.search(_message(document)))


def _raise_for_status(answer: Response, document: t.Any, module: str, secrets: Secrets) -> t.NoReturn:
    context = _refusal_context(answer, document, secrets)
    if answer.status < 400:
        place = _quotable(_origin(answer.headers.get("location", "")), secrets)
        raise UnexpectedResponse(
            f"the server redirects{f' to {place}' if place else ''}, which is not followed",
            hint="Set url to the address that the server itself uses (scheme, host, port)",
            context=context,
        )
    if isinstance(document, dict):
        raise _meaning_of(document, answer.status, module, secrets)
    if answer.status == 404:
        raise NoRoute(f"there is no such path on the server{_form(answer)}", context=context)
    meaning = _meaning_by_words(answer.status, module, context.server_message)
    raise _error_class(meaning, module)(f"{meaning.text}{_form(answer)}", hint=meaning.hint, context=context)


def _error_document(answer: Response) -> t.Any:
    """What JSON an answer has that reports an error, or None."""
    try:
        _check_size(answer.body, _ERROR_LIMITS)
        return _load(_decoded(answer.body))
    except (ValueError, RecursionError):
        return None


def _decoded(body: bytes) -> str:
    """The text of an answer that reports an error. What is not UTF-8 is Latin-1, in which pages of PHP are written."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("latin-1")


def _refusal_context(answer: Response, document: t.Any, secrets: Secrets) -> Context:
    """Status and words of an answer that reports an error: those of its document, its page, or its short text."""
    said = ""
    if isinstance(document, (dict, str)):
        said = _message(document) if isinstance(document, dict) else document
    elif answer.body.lstrip()[:1] == b"<":
        said = _page_title(answer)
    elif document is None and len(answer.body) <= _LONGEST_WORDS and answer.body.lstrip()[:1] not in (b"{", b"["):
        said = _decoded(answer.body)
    return Context(status=answer.status, server_message=_quotable(said, secrets))


def _form(answer: Response) -> str:
    """What to say of an answer without a document, beside its words."""
    if _is_page(_decoded(answer.body)):
        return ", in an HTML page"
    return "" if answer.body.strip() else ", in an empty answer"


def _is_page(text: str) -> bool:
    return bool(_PAGE.match(text[:_PAGE_WITHIN]))


def _page_title(answer: Response) -> str:
    # Here, because its table takes long to load, and hardly any answer is a page.
    import html

    match = _TITLE.search(_decoded(answer.body)[:_TITLE_WITHIN])
    return html.unescape(match.group(1)) if match else ""


def _origin(location: str) -> str:
    """Scheme, host and port of a URL, without the rest, which may hold a token."""
    match = _ORIGIN.match(location)
    return match.group() if match else ""


def _quotable(words: str, secrets: Secrets) -> str:
    """Words of the server as one short line without secrets, fit to stand between double quotes."""
    return redact(words, secrets()).replace('"', "'") if words.strip() else ""


def _status_meaning(status: int, module: str) -> Meaning:
    from . import error_codes

    if module == "login" and status in error_codes.LOGIN:
        return error_codes.LOGIN[status]
    return error_codes.STATUSES.get(status) or error_codes.STATUSES[400 if status < 500 else 500]


def _meaning_by_words(status: int, module: str, words: str) -> Meaning:
    """What a status means together with words of the server that are known. Translated ones are left to the status."""
    from . import error_codes

    meaning = _status_meaning(status, module)
    if status == 500 and error_codes.NOT_AUTHORISED.search(words):
        meaning = error_codes.Meaning(
            Denied, "this resource is not granted to the authorization", error_codes.RESOURCES[module]
        )
    for known in error_codes.TEXTS:
        if known.pattern.search(words):
            meaning = error_codes.Meaning(known.error or meaning.error, known.text, known.hint)
            break
    if module == "login" and error_codes.TENANT.search(words):
        meaning = error_codes.WRONG_TENANT
    return meaning


def _error_class(meaning: Meaning, module: str) -> type[SenhaseguraError]:
    """The class of the error: who is denied the login is not denied one object, which on_denied could leave out."""
    return AuthenticationFailed if module == "login" and meaning.error is Denied else meaning.error


def _meaning_of(document: Json, status: int, module: str, secrets: Secrets) -> SenhaseguraError:
    """The error that an error document means: by its number, else by its OAuth error, its known words or its status."""
    # Here, because most runs meet no error, and its tables and patterns take long to load.
    from . import error_codes

    message = _message(document)
    number = _number(document, message)
    oauth_error = document.get("error")
    context = Context(status=status, code=number, server_message=_words_of(document, secrets))
    if number == 1105:
        meaning = error_codes.REFERER
    elif number is not None and (module, number) in error_codes.CODES:
        meaning = error_codes.CODES[module, number]
    elif status == 404 and (error_codes.NO_CALL.search(message) or not _about_an_object(document)):
        # Kong's "no Route matched", or "Resource sub not found" with error_code 1 or 4; also the reply to a
        # request without Authorization header, which this client does not send.
        hint = error_codes.NO_DSM_CALL if module == "dsm" else ""
        return NoRoute("the server does not know this path", hint=hint, context=context)
    elif module == "login" and isinstance(oauth_error, str) and oauth_error in error_codes.OAUTH_ERRORS:
        meaning = error_codes.OAUTH_ERRORS[oauth_error]
        if status == 401 and oauth_error == "invalid_client":
            meaning = error_codes.LOGIN[401]
        if error_codes.TENANT.search(message):
            meaning = error_codes.WRONG_TENANT
    else:
        inner = integer(_response(document).get("status"))
        told = status if status >= 400 else inner if inner and inner >= 400 else 400
        meaning = _meaning_by_words(told, module, message)
    return _error_class(meaning, module)(meaning.text, hint=meaning.hint, context=context)


def _response(document: Json) -> Json:
    response = document.get("response")
    return response if isinstance(response, dict) else {}


def _says_error(document: Json) -> bool:
    response = _response(document)
    status = integer(response.get("status"))
    top = document.get("error")
    return (
        truth(response.get("error")) is True
        or truth(response.get("erro")) is True
        or (status is not None and status >= 400)
        or top is True
        or (isinstance(top, str) and bool(top))
    )


def _message(document: Json) -> str:
    """The server's own words, in the first of the places where they may stand (http-api.md 2.1)."""
    response = _response(document)
    exception, error = document.get("exception"), document.get("error")
    candidates = [
        *(response.get(key) for key in ("message", "mensagem", "Message")),
        exception,
        *(document.get(key) for key in ("message", "mensagem", "error_description", "reason")),
        error,
        response.get("error"),
        *(document.get(key) for key in ("errors", "detail", "title")),
        *(response.get(key) for key in ("errors", "detail")),
        document.get("response"),
    ]
    return next((words for candidate in candidates if (words := _words_in(candidate))), "")[:_LONGEST_WORDS]


def _words_in(value: t.Any) -> str:
    """The text itself, that of the member C(message), or those of a list; "" for anything else."""
    if isinstance(value, dict):
        value = value.get("message")
    elif isinstance(value, list):
        value = "; ".join(filter(None, map(_words_in, value[:_MOST_ERRORS])))
    return value.strip() if isinstance(value, str) else ""


def _words_of(document: Json, secrets: Secrets) -> str:
    """The same, fit to be shown, with the name of an error of OAuth in front: it tells more than what follows."""
    from . import error_codes

    words, name = _message(document), document.get("error")
    said = _quotable(words, secrets)
    # It is a word of RFC 6749 and no secret, even if a client_id has it in itself.
    if not isinstance(name, str) or name not in error_codes.OAUTH_ERRORS:
        return said
    return name if name == words else f"{name}: {said}"


def _about_an_object(document: Json) -> bool:
    """Whether a 404 speaks of an object: it has an envelope whose number is none of those for a missing path."""
    response = _response(document)
    numbers = (integer(response.get(key)) for key in ("error_code", "cod_erro"))
    return _number(document, _message(document)) is not None or any(
        number and number > _NO_SUCH_PATH for number in numbers
    )


def _number(document: Json, message: str) -> int | None:
    """The server's error number, or None: it stands at several places, and most of them hold 0, 1 or the status."""
    exception, response = document.get("exception"), _response(document)
    match = _NUMBERED.match(message)
    places = (
        exception.get("code") if isinstance(exception, dict) else None,
        match.group(1) if match else None,
        response.get("error_code"),
        response.get("cod_erro"),
        document.get("error_code"),
    )
    numbers = (integer(place) for place in places)
    return next((number for number in numbers if number is not None and number in _NUMBERS), None)


def _check_size(body: bytes, limits: _Limits) -> None:
    """Raise ValueError for JSON that would take more time or memory than ``limits``, before it is parsed.

    A body of a few MiB may otherwise take gigabytes and minutes, and no deadline can interrupt that.
    """
    # The widest character of a text says how many bytes each of them takes: UTF-8 begins with C4 what is beyond
    # Latin-1, and with F0 what is beyond 16 bits.
    widest = re.search(rb"[\xf0-\xff]", body) or re.search(rb"[\xc4-\xef]", body)
    width = 1 if widest is None else 2 if widest[0] < b"\xf0" else 4
    memory = len(body) * width + sum(body.count(character) * cost for character, cost in _COST.items())
    if len(body) > limits.body or body.count(b"{") > limits.objects or memory > limits.memory:
        raise _DoubtfulError(_TOO_LARGE)


def _load(text: str, **hooks: t.Any) -> t.Any:
    """Parse JSON. Numbers with a fraction stay as they are written: 1.10 may be a value of somebody's secret."""
    return json.loads(text, parse_int=_short_integer, parse_float=_short, **hooks)


def _strict_object(answer: Response, context: Context, limits: _Limits) -> Json:
    """Parse what claims success. Anything doubtful is an error: it must not pass for "nothing there".

    The body decides, and not its type: servers send JSON as text/html, as text/plain or without a type.
    """
    problem, hint = "", ""
    document: t.Any = None
    body = ""
    try:
        _check_size(answer.body, limits)
        body = _text_of(answer)
        document = _load(body, object_pairs_hook=_unique_pairs, parse_constant=_no_constant)
    except UnicodeDecodeError:
        problem = "is not UTF-8"
    except _DoubtfulError as exc:
        problem = str(exc)
    except RecursionError:
        problem = "is nested too deeply"
    except ValueError:
        problem, hint = _no_json(body)
    else:
        if not isinstance(document, dict):
            problem = "is not a JSON object"
        elif _deeper_than(document, _MAX_DEPTH):
            problem = "is nested too deeply"
        elif not answer.is_json and not any(name in document for name in _HEADS):
            problem = "is a JSON object, but none of the API"
    if problem:
        hint = _TOO_LARGE_HINT if problem == _TOO_LARGE else hint
        raise UnexpectedResponse(f"the answer {problem} ({_shape(answer)})", hint=hint, context=context)
    return t.cast(Json, document)


def _text_of(answer: Response) -> str:
    """The body as text: UTF-8 with a byte order mark or without, else the charset of one byte that the header names."""
    try:
        return answer.body.decode("utf-8-sig")
    except UnicodeDecodeError:
        if answer.charset not in _ONE_BYTE:
            raise
        return answer.body.decode(answer.charset)


def _no_json(body: str) -> tuple[str, str]:
    """What to say of a body that cannot be parsed, and what to do about it."""
    if not body.strip():
        return "is empty", ""
    if _is_page(body):
        return (
            "is an HTML page, not JSON",
            "Check url and proxy: a login page, a portal or a proxy answers, and not the API of a senhasegura server",
        )
    return ("is XML" if body.lstrip().startswith("<") else "is not valid JSON"), ""


class _DoubtfulError(ValueError):
    pass


def _unique_pairs(pairs: list[tuple[str, t.Any]]) -> Json:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise _DoubtfulError("has a key twice in one object")
    return document


def _short_integer(digits: str) -> int:
    # The time grows with the square of the length, and not all Pythons have a limit of their own (CVE-2020-10735).
    return int(_short(digits))


def _short(digits: str) -> str:
    if len(digits) > _LONGEST_NUMBER:
        raise _DoubtfulError("holds a number that is too long")
    return digits


def _no_constant(name: str) -> t.NoReturn:
    raise _DoubtfulError("holds a number that JSON does not have")


def _deeper_than(value: t.Any, limit: int) -> bool:
    level: list[t.Any] = [value]
    for _depth in range(limit):
        level = [
            child
            for item in level
            if isinstance(item, (dict, list))
            for child in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return False
    return True


def _shape(answer: Response) -> str:
    """What can be said of a body without showing it."""
    kind = answer.content_type
    # The header is text of the server's as well, so only known ones are shown.
    shown = kind if kind in _KNOWN_TYPES else "unknown" if kind else "not given"
    return f"content type {shown}, {len(answer.body)} bytes"


_TOO_BIG = 10**9


def integer(value: object) -> int | None:
    """A whole number of at most nine digits, also as text, or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        # A longer one stands for nothing that is known here, and would fill a message.
        return value if abs(value) < _TOO_BIG else None
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10 else None


# --- reading entities -------------------------------------------------------------------------------------------------


def truth(value: object) -> bool | None:
    """A boolean in any of the server's spellings (true, 1, "1", "Yes", "Sim" ...), or None."""
    text = str(value).strip().lower() if isinstance(value, (bool, int, str)) else ""
    return {"true": True, "1": True, "yes": True, "sim": True}.get(
        text, {"false": False, "0": False, "no": False, "não": False}.get(text)
    )


def entity(document: Json, name: str, kind: type[t.Any]) -> t.Any:
    """The member ``name`` of the answer, which must be there and of that type."""
    value = document.get(name)
    if not isinstance(value, kind):
        what = "a list" if kind is list else "an object"
        raise UnexpectedResponse(f"{name!r} in the answer must be {what}")
    return value


def entities(document: Json, name: str) -> list[Json]:
    """The list ``name`` of the answer, whose items must all be objects."""
    items = entity(document, name, list)
    if not all(isinstance(item, dict) for item in items):
        raise UnexpectedResponse(f"the list {name!r} in the answer must hold objects only")
    return t.cast("list[Json]", items)


def text(item: Json, *names: str) -> str:
    """The first of the members that is there, as text; "" for none or null."""
    for name in names:
        value = item.get(name)
        if isinstance(value, str):
            return value
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return str(value)
        if value is not None and not isinstance(value, bool):
            raise UnexpectedResponse(f"{name!r} in the answer must be text")
    return ""


def text_or_none(item: Json, *names: str) -> str | None:
    return text(item, *names) or None


def attempt(unreadable: dict[str, SenhaseguraError], name: str, read: t.Callable[[], str]) -> str:
    """Return what ``read`` returns. If it fails, note why under ``name`` and return "": the rest can still be used."""
    try:
        return read()
    except SenhaseguraError as exc:
        unreadable[name] = exc.with_traceback(None)
        return ""


def says_updated(document: Json) -> bool | None:
    """Return whether a write says that something was there already, or None if its words are unknown.

    A PAM write answers 201 in both cases, and nothing but its sentence differs (http-api.md 3.1.3, 3.2). So this is
    good for a warning and for no decision.
    """
    message = _message(document).lower()
    if re.search("updated|atualizad", message):
        return True
    return False if re.search("registered|created|cadastrad|registrad", message) else None


def required_id(item: Json, *names: str) -> str:
    """The id of an object: digits, as text or number."""
    value = text(item, *(names or ("id",)))
    if not Reference(value).is_id:
        raise UnexpectedResponse(f"{(names or ('id',))[0]!r} in the answer must be a number")
    return value


def echo(document: Json, name: str) -> Json:
    """The entity in the answer to a write, or {}: what is written is written, whatever the server says of it."""
    value = document.get(name)
    return value if isinstance(value, dict) else {}


def echoed_text(item: Json, *names: str) -> str | None:
    """As C(text_or_none), but what is no text counts as not told."""
    return text_or_none({name: value for name, value in item.items() if not isinstance(value, (dict, list))}, *names)


def echoed_id(item: Json) -> str:
    """The id of what was written, or "" if the server does not tell it."""
    value = echoed_text(item, "id") or ""
    return value if Reference(value).is_id else ""


def required_secret(item: Json, *names: str) -> str:
    """A secret member. An empty one is an error: it must never be used as a password."""
    for name in names:
        value = item.get(name)
        if isinstance(value, str) and value:
            return value
    raise UnexpectedResponse(
        f"the answer does not have a {names[0]}",
        hint="Check in the console that it has a value and that the authorization may see it",
    )
