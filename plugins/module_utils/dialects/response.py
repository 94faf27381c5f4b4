# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Turn the bytes of a response into a JSON object, or raise the error that it means. Knows no operations."""

from __future__ import annotations

import dataclasses
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
from ..retry import parse_retry_after
from .entities import integer
from .envelope import LONGEST_WORDS, about_an_object, error_number, response_block, says_error, server_message
from .strict_json import (
    ERROR_LIMITS,
    LIMITS,
    LIST_LIMITS,
    MAX_DEPTH,
    TOO_LARGE,
    DoubtfulError,
    Json,
    JsonLimits,
    check_size,
    deeper_than,
    load,
    no_constant,
    unique_pairs,
)

if t.TYPE_CHECKING:
    from .error_codes import Meaning

# Called only when a text of the server is to be shown: there may be thousands.
SecretsSource = t.Callable[[], t.Iterable[str]]
_TITLE = re.compile(r"<title[^<>]{0,100}>([^<]{1,500})", re.IGNORECASE)
# Each comment ends with its first -->, or the time would double with each of them.
_PAGE = re.compile(
    r"\s*(<!--((?!-->).)*-->\s*)*<(!doctype\s+html|html|head|body|meta|script|title)\b", re.IGNORECASE | re.DOTALL
)
_PAGE_WITHIN, _TITLE_WITHIN = 1000, 20_000
_ORIGIN = re.compile(r"https?://[a-z0-9._-]{1,255}(:[0-9]{1,5})?(?=[/?#]|\Z)", re.IGNORECASE)
_TOO_LARGE_HINT = (
    "Check that url names a senhasegura server; lists have room for 50,000 credentials, so give the authorization fewer"
)
_NO_CONTENT = 204
_KNOWN_TYPES = ("application/json", "application/problem+json", "text/json", "text/html", "text/plain", "text/xml")
_JSON_TYPES = ("application/json", "text/json")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([a-z0-9._-]+)", re.IGNORECASE)
# Charsets with one byte for each character. JSON has UTF-8, whatever the header says, unless the bytes do not fit.
_ONE_BYTE = ("iso-8859-1", "iso8859-1", "latin-1", "latin1", "iso-8859-15", "windows-1252", "cp1252")
# One of these is in each response that the API documents: in what is not called JSON, they show that it is one.
_HEADS = ("response", "access_token", "schemas")
_BUSY = {
    429: "the server limits the rate of requests",
    502: "the gateway got no valid answer from the server behind it",
    503: "the server is not available now",
    504: "the server behind the gateway is too slow",
}

_BUSY_HINTS = {429: "Try again later, or with fewer forks"}


@dataclasses.dataclass(frozen=True)
class Response:
    """A complete HTTP response. Header names are lower case."""

    status: int
    headers: t.Mapping[str, str]
    body: bytes = dataclasses.field(repr=False)

    @property
    def content_type(self) -> str:
        """Return the media type in lower case, or ""."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_json(self) -> bool:
        """Return whether the header calls it JSON."""
        return self.content_type in _JSON_TYPES or self.content_type.endswith("+json")

    @property
    def charset(self) -> str:
        """Return the charset that the header names, in lower case, or ""."""
        match = _CHARSET.search(self.headers.get("content-type", "").partition(";")[2])
        return match[1].lower() if match else ""


def parse_response(
    answer: Response,
    *,
    module: str,
    secrets: SecretsSource,
    now: float,
    lists: bool = False,
    names_object: bool = False,
) -> Json:
    """Return the object of a successful answer; raise the error that any other answer means.

    :param module: that of the call, or login: which table of error numbers applies
    :param names_object: whether the call names one object in a way that makes 404 mean "there is none"
    :param secrets: gives the values that must not be shown if the server echoes them
    :param now: Unix time, for a Retry-After that is a date
    :param lists: whether the response may list everything that there is, so that its limits are high
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
    document = _strict_object(answer, context, LIST_LIMITS if lists else LIMITS)
    if says_error(document):
        raise _meaning_of(document, answer.status, module, secrets)
    return document


def _names_no_call(document: t.Any) -> bool:
    """Return whether a 404 has the words for an unknown path."""
    # Imported lazily: most runs meet no error, and its patterns take long to load.
    from . import error_codes

    return isinstance(document, dict) and bool(error_codes.NO_CALL.search(server_message(document)))


def _raise_for_status(answer: Response, document: t.Any, module: str, secrets: SecretsSource) -> t.NoReturn:
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
    """Return the JSON of a response that reports an error, or None."""
    try:
        check_size(answer.body, ERROR_LIMITS)
        return load(_decoded(answer.body))
    except (ValueError, RecursionError):
        return None


def _decoded(body: bytes) -> str:
    """Return the text of a response that reports an error. If it is not UTF-8, it is Latin-1, as in pages of PHP."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("latin-1")


def _refusal_context(answer: Response, document: t.Any, secrets: SecretsSource) -> Context:
    """Return status and words of a response that reports an error: of its document, its page, or its short text."""
    said = ""
    if isinstance(document, (dict, str)):
        said = server_message(document) if isinstance(document, dict) else document
    elif answer.body.lstrip()[:1] == b"<":
        said = _page_title(answer)
    elif document is None and len(answer.body) <= LONGEST_WORDS and answer.body.lstrip()[:1] not in (b"{", b"["):
        said = _decoded(answer.body)
    return Context(status=answer.status, server_message=_quotable(said, secrets))


def _form(answer: Response) -> str:
    """Return what to say of a response without a document, beside its words."""
    if _is_page(_decoded(answer.body)):
        return ", in an HTML page"
    return "" if answer.body.strip() else ", in an empty answer"


def _is_page(text: str) -> bool:
    return bool(_PAGE.match(text[:_PAGE_WITHIN]))


def _page_title(answer: Response) -> str:
    # Imported lazily: its table takes long to load, and hardly any response is a page.
    import html

    match = _TITLE.search(_decoded(answer.body)[:_TITLE_WITHIN])
    return html.unescape(match.group(1)) if match else ""


def _origin(location: str) -> str:
    """Return scheme, host and port of a URL, without the rest, which may hold a token."""
    match = _ORIGIN.match(location)
    return match.group() if match else ""


def _quotable(words: str, secrets: SecretsSource) -> str:
    """Return words of the server as one short line without secrets, fit to stand between double quotes."""
    return redact(words, secrets()).replace('"', "'") if words.strip() else ""


def _status_meaning(status: int, module: str) -> Meaning:
    from . import error_codes

    if module == "login" and status in error_codes.LOGIN:
        return error_codes.LOGIN[status]
    if status in (own := error_codes.STATUSES_OF.get(module, {})):
        return own[status]
    return error_codes.STATUSES.get(status) or error_codes.STATUSES[400 if status < 500 else 500]


def _meaning_by_words(status: int, module: str, words: str) -> Meaning:
    """Return what a status means together with known words of the server. Translated words are left to the status."""
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
    """Return the class of the error: a denied login is not a denied object, which on_denied could leave out."""
    return AuthenticationFailed if module == "login" and meaning.error is Denied else meaning.error


def _meaning_of(document: Json, status: int, module: str, secrets: SecretsSource) -> SenhaseguraError:
    """Return the error that an error document means: by its number, its OAuth error, its known words or its status."""
    # Imported lazily: most runs meet no error, and its tables and patterns take long to load.
    from . import error_codes

    message = server_message(document)
    number = error_number(document, message)
    oauth_error = document.get("error")
    context = Context(status=status, code=number, server_message=_words_of(document, secrets))
    if number == 1105:
        meaning = error_codes.REFERER
    elif number is not None and (module, number) in error_codes.CODES:
        meaning = error_codes.CODES[module, number]
    elif status == 404 and (error_codes.NO_CALL.search(message) or not about_an_object(document)):
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
        inner = integer(response_block(document).get("status"))
        told = status if status >= 400 else inner if inner and inner >= 400 else 400
        meaning = _meaning_by_words(told, module, message)
    return _error_class(meaning, module)(meaning.text, hint=meaning.hint, context=context)


def _words_of(document: Json, secrets: SecretsSource) -> str:
    """Return the same, fit to be shown, with the name of an OAuth error in front: it tells more than what follows."""
    from . import error_codes

    words, name = server_message(document), document.get("error")
    said = _quotable(words, secrets)
    # It is a word of RFC 6749 and no secret, even if a client_id has it in itself.
    if not isinstance(name, str) or name not in error_codes.OAUTH_ERRORS:
        return said
    return name if name == words else f"{name}: {said}"


def _strict_object(answer: Response, context: Context, limits: JsonLimits) -> Json:
    """Parse a 2xx body strictly. Raises for anything ambiguous, so that it is never mistaken for an empty result.

    The body decides, and not its type: servers send JSON as text/html, as text/plain or without a type.
    """
    problem, hint = "", ""
    document: Json = {}
    body = ""
    try:
        check_size(answer.body, limits)
        body = _text_of(answer)
        document = load(body, object_pairs_hook=unique_pairs, parse_constant=no_constant)
    except UnicodeDecodeError:
        problem = "is not UTF-8"
    except DoubtfulError as exc:
        problem = str(exc)
    except RecursionError:
        problem = "is nested too deeply"
    except ValueError:
        problem, hint = _no_json(body)
    else:
        if not isinstance(document, dict):
            problem = "is not a JSON object"
        elif deeper_than(document, MAX_DEPTH):
            problem = "is nested too deeply"
        elif not answer.is_json and not any(name in document for name in _HEADS):
            problem = "is a JSON object, but none of the API"
    if problem:
        hint = _TOO_LARGE_HINT if problem == TOO_LARGE else hint
        raise UnexpectedResponse(f"the answer {problem} ({_shape(answer)})", hint=hint, context=context)
    return document


def _text_of(answer: Response) -> str:
    """Return the body as text: UTF-8 with or without byte order mark, else the one-byte charset of the header."""
    try:
        return answer.body.decode("utf-8-sig")
    except UnicodeDecodeError:
        if answer.charset not in _ONE_BYTE:
            raise
        return answer.body.decode(answer.charset)


def _no_json(body: str) -> tuple[str, str]:
    """Return what to say of a body that cannot be parsed, and what to do about it."""
    if not body.strip():
        return "is empty", ""
    if _is_page(body):
        return (
            "is an HTML page, not JSON",
            "Check url and proxy: a login page, a portal or a proxy answers, and not the API of a senhasegura server",
        )
    return ("is XML" if body.lstrip().startswith("<") else "is not valid JSON"), ""


def _shape(answer: Response) -> str:
    """Return what can be said of a body without showing it."""
    kind = answer.content_type
    # The header is text of the server's as well, so only known ones are shown.
    shown = kind if kind in _KNOWN_TYPES else "unknown" if kind else "not given"
    return f"content type {shown}, {len(answer.body)} bytes"
