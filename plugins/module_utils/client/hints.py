# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Explain errors: what they mean for the operation that met them, and what to do."""

from __future__ import annotations

import email.utils
import re
import time
import typing as t

from ..dialects.dialect import Call, Dialect
from ..dialects.operations import LIST_CREDENTIALS, LIST_SECRETS, LIST_SSH_KEYS, Operation
from ..dialects.response import Response
from ..errors import NoRoute, ResponseLost, SenhaseguraError, ServerBusy, UnexpectedResponse
from ..retry import Replay

# What an operation reads for all that somebody may look for. The error names both that and the list.
_LISTS = {
    LIST_CREDENTIALS: "the list of credentials",
    LIST_SSH_KEYS: "the list of SSH keys",
    LIST_SECRETS: "the list of DSM secrets",
}
_PERHAPS_APPLIED = (
    "It may have been applied: look at the object on the server before you repeat it by hand; "
    "running the task again is safe"
)
DIALECT_HINTS = {
    "rest": "This server does not speak the dialect rest of the integration guide: set dialect to auto (or api, iso)",
    "api": "This path exists from release 3.33 on: set dialect to auto (or iso), and check url",
    "iso": "This path exists up to release 3.32: set dialect to api for newer ones, or rest for the guide's own",
}

_ACCESS_KEY = "the access key (console: MySafe > Integrations > Access keys)"
_NO_MYSAFE = (
    "Check url. The API of MySafe exists from release 3.32 on, below /api/mysafe, and its token comes from "
    "/api/oauth2/token; the integration guide's own dialect has none"
)
# Words of error_codes.py -> those for MySafe, in this order.
_OF_MYSAFE = (
    (r"Add the resources? .*to the A2A authorization of this client \([^)]*\)", f"Look at {_ACCESS_KEY}"),
    (r"(the|an) A2A authorization( of this client| whose [^(]*)? ?\([^)]*\)", _ACCESS_KEY),
    (r"the A2A authorization\b", "the access key"),
    (r"\b(the|this) authorization\b", "the access key"),
    (r"(?<!mysafe_)\b(client_id|client_secret|auth_method|decryption_key)\b", r"mysafe_\1"),
)

# Seconds. The answer is on its way for a part of them.
_LARGEST_SKEW = 60.0


def no_route_hint(dialect: Dialect, call: Call[t.Any]) -> str:
    """Return what to do about a path that the server does not have. DSM answers so without an authorization."""
    # Imported lazily: most runs meet no error, and its tables take long to load.
    from ..dialects import error_codes

    if call.module == "scim":
        return error_codes.NO_SCIM_CALL
    return error_codes.NO_DSM_CALL if call.module == "dsm" and dialect.name != "rest" else DIALECT_HINTS[dialect.name]


def explain(error: SenhaseguraError, operation: Operation[t.Any]) -> None:
    """Add what the error means for this operation: a list that is missing, a write that may have been applied."""
    if operation in _LISTS:
        error.message = f"{_LISTS[operation]} could not be read: {error.message}"
    gateway = isinstance(error, ServerBusy) and error.context.status != 429
    if operation.replay is not Replay.SAFE and (isinstance(error, ResponseLost) or gateway):
        error.hint = f"{error.hint}. {_PERHAPS_APPLIED}"


def say_for_mysafe(error: SenhaseguraError) -> None:
    """Change what an error says of an A2A authorization and its options into what is meant for MySafe.

    The tables of errors were made for the former. An access key is a client as well, and logs in by the same call.
    """
    if isinstance(error, NoRoute):
        error.hint = _NO_MYSAFE
    elif isinstance(error, UnexpectedResponse) and error.hint == error.default_hint:
        error.hint = "Check that url names a senhasegura server with MySafe, from release 3.32 on"
    for pattern, words in _OF_MYSAFE:
        error.message, error.hint = (re.sub(pattern, words, text) for text in (error.message, error.hint))


def oauth1_hint(answer: Response) -> str:
    """Return what to do about a signature that the server refuses, with the difference of the clocks if it is large."""
    hint = (
        "Compare consumer_key, consumer_secret, token_key and token_secret with the console; url must be the address "
        "that the server itself sees (a proxy or an IP address changes the signature)"
    )
    skew = clock_skew(answer)
    if skew is None or not is_skewed(skew):
        return hint
    return f"{hint}. The clocks of server and controller differ by {abs(skew):.0f} seconds"


def clock_skew(answer: Response) -> float | None:
    """Return by how many seconds the clock of the server is ahead of ours, or None if its answer does not say."""
    try:
        return email.utils.parsedate_to_datetime(answer.headers.get("date", "")).timestamp() - time.time()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def is_skewed(skew: float) -> bool:
    """Return whether clocks differ by more than the way of an answer explains."""
    return abs(skew) > _LARGEST_SKEW
