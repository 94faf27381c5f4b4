# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Examine whether the server lets this client in: clock, login, tenant, address of the controller, dialect."""

from __future__ import annotations

import dataclasses
import typing as t
import urllib.parse

from ..client.direct_api import DirectApi, Sender
from ..client.hints import clock_skew, is_skewed
from ..dialects import error_codes
from ..dialects.operations import LIST_CREDENTIALS
from ..dialects.response import Response
from ..errors import AuthenticationFailed, Denied, SenhaseguraError, TokenRefused, UnexpectedResponse
from ..models import Entries
from ..redaction import KnownSecrets
from ..settings.settings import Settings
from .checks import FAILED, WARNING, Diagnosis

# Asking for a list is harmless in each of them, so rest may be guessed here.
_OTHER_DIALECTS = ("auto", "rest")
# Each of them logs in and asks for the list, and all of that is one check.
_CALLS = 2 * len(_OTHER_DIALECTS)
_SET_TENANT = "Set tenant to the subdomain of the tenant, or use its host name in url"


class TimedSender:
    """Send by a transport, and note what its answers say of the time."""

    def __init__(self, transport: Sender) -> None:
        self._transport = transport
        # Seconds by which the clock of the server is ahead, if it has told.
        self.skew: float | None = None

    def send(self, method: str, path: str, **details: t.Any) -> Response:
        """Send one request and read its whole answer."""
        answer = self._transport.send(method, path, **details)
        skew = clock_skew(answer)
        self.skew = self.skew if skew is None else skew
        return answer


@dataclasses.dataclass
class Contact:
    """How far the client came: its API, the list of credentials, or the error that it met.

    ``refused_dialect`` is the setting that the server does not speak, if it speaks another one; the API has that.
    """

    api: DirectApi
    entries: Entries | None = None
    error: SenhaseguraError | None = None
    logged_in: bool = False
    refused_dialect: str = ""

    @property
    def is_stopped(self) -> bool:
        """Return whether no other request can succeed either."""
        error = self.error
        return not self.logged_in or isinstance(error, AuthenticationFailed) or _refuses_address(error)


def examine_access(api: DirectApi, settings: Settings, sender: TimedSender, diagnosis: Diagnosis) -> Contact:
    """Log in and ask for the list of credentials, and say what that shows. Takes no custody.

    :param sender: that of ``api``
    """
    contact = _contact(api)
    if isinstance(contact.error, UnexpectedResponse):
        contact = _by_another_dialect(settings, sender) or contact
    signed, error = settings.auth_method == "oauth1", contact.error
    _examine_clock(sender.skew, signed and isinstance(error, TokenRefused), diagnosis)
    _examine_login(contact, signed, diagnosis)
    _examine_tenant(contact, settings, signed, diagnosis)
    if error is not None and _refuses_address(error):
        diagnosis.error("address", error)
    elif contact.is_stopped or isinstance(error, UnexpectedResponse):
        diagnosis.skip("it takes a login", "address")
    else:
        diagnosis.ok("address", "the server takes requests from this controller")
    _examine_dialect(contact, settings, diagnosis)
    return contact


def _contact(api: DirectApi) -> Contact:
    contact = Contact(api)
    try:
        api.log_in()
        contact.logged_in = True
        contact.entries = api.call(LIST_CREDENTIALS, subject="the list of credentials")
    except SenhaseguraError as exc:
        contact.error = exc
    return contact


def _by_another_dialect(settings: Settings, sender: TimedSender) -> Contact | None:
    """Return what a client with another dialect finds, if there is one that the server speaks."""
    for name in _OTHER_DIALECTS:
        if name != settings.dialect:
            other = dataclasses.replace(settings, dialect=name, timeout=settings.timeout / _CALLS)
            found = _contact(DirectApi(other, transport=sender, known=KnownSecrets()))
            if found.entries is not None:
                found.refused_dialect = settings.dialect
                return found
    return None


def _refuses_address(error: SenhaseguraError | None) -> bool:
    return error is not None and error_codes.refuses_address(error)


def _examine_clock(skew: float | None, refused: bool, diagnosis: Diagnosis) -> None:
    if skew is None:
        diagnosis.skip("the server has not told its time", "clock")
    elif not is_skewed(skew):
        diagnosis.ok("clock", "the clocks of server and controller agree")
    else:
        verdict = f"the clock of this controller is {abs(skew):.0f} seconds {'slow' if skew > 0 else 'fast'}"
        why = "; the server refuses signatures of another time" if refused else ""
        fix = "Correct the clock of this controller, or that of the server, whichever is wrong (NTP)"
        diagnosis.add("clock", FAILED if refused else WARNING, f"{verdict}, by that of the server{why}", fix)


def _examine_login(contact: Contact, signed: bool, diagnosis: Diagnosis) -> None:
    error = contact.error
    if error is not None and error_codes.refuses_tenant(error):
        diagnosis.skip("the tenant is not accepted", "login")
    elif not contact.logged_in and _refuses_address(error):
        diagnosis.skip("the address of this controller is not accepted", "login")
    elif error is not None and (not contact.logged_in or isinstance(error, AuthenticationFailed)):
        diagnosis.error("login", error)
    elif not signed:
        diagnosis.ok("login", "the server accepts client_id and client_secret")
    elif error is None or isinstance(error, Denied):
        diagnosis.ok("login", "the server accepts the signature")
    else:
        diagnosis.skip("the server has not looked at the signature", "login")


def _examine_tenant(contact: Contact, settings: Settings, signed: bool, diagnosis: Diagnosis) -> None:
    host = urllib.parse.urlsplit(settings.url).hostname or ""
    is_address = ":" in host or host.replace(".", "").isdigit()
    if contact.error is not None and error_codes.refuses_tenant(contact.error):
        diagnosis.error("tenant", contact.error)
    elif signed:
        diagnosis.skip("with OAuth 1, the host name in url names the tenant", "tenant")
    elif contact.logged_in:
        named = f"the server accepts the tenant {settings.tenant}" if settings.tenant else "no tenant has to be named"
        diagnosis.ok("tenant", named)
    elif isinstance(contact.error, AuthenticationFailed) and is_address and not settings.tenant:
        verdict = "url has an address and tenant is not set: a server with several tenants then refuses every login"
        diagnosis.add("tenant", WARNING, verdict, _SET_TENANT)
    else:
        diagnosis.skip("it takes a login", "tenant")


def _examine_dialect(contact: Contact, settings: Settings, diagnosis: Diagnosis) -> None:
    error = contact.error
    if contact.refused_dialect:
        spoken = contact.api.dialect().name
        fix = "Set dialect to rest" if spoken == "rest" else f"Set dialect to auto or {spoken}"
        verdict = f"the server speaks the dialect {spoken}, and not {settings.dialect} as the option dialect says"
        if settings.dialect == "auto":
            verdict = f"the server speaks the dialect {spoken}, which dialect=auto never guesses"
        diagnosis.add("dialect", FAILED, verdict, fix)
    elif contact.logged_in and isinstance(error, UnexpectedResponse):
        diagnosis.error("dialect", error)
    elif error is None or (isinstance(error, Denied) and not contact.is_stopped):
        diagnosis.ok("dialect", f"the server speaks the dialect {contact.api.dialect().name}")
    else:
        diagnosis.skip("the server has not answered that far", "dialect")
