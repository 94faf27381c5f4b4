# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Turn the exceptions of requests, urllib3, ssl and sockets into errors of ours.

The texts are our own: those of the libraries quote URLs, proxies and addresses.
"""

from __future__ import annotations

import os
import re
import socket
import ssl
import typing as t

from ..errors import ConfigError, ConnectionFailed, ResponseLost, SenhaseguraError, UnknownHost


class ProxyFailed(OSError):
    """Say that the proxy at ``address`` (host:port) cannot be used, or that it refuses.

    :param status: its answer to CONNECT, if it refuses
    :param cause: why it cannot be used, if that is known
    """

    def __init__(self, address: str, status: int = 0, cause: Exception | None = None) -> None:
        super().__init__("proxy")
        self.address, self.status, self.cause = address, status, cause


# What a server says in the TLS handshake about the certificate of the client.
_CLIENT_CERT_ALERT = re.compile(r".*_ALERT_(.*CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)")
# Why a connection was not made, the first that fits: kind of exception, what to say, what to do.
_REASONS: tuple[tuple[type[Exception], str, str], ...] = (
    (
        ssl.SSLError,
        "the TLS connection could not be made",
        "The server must speak TLS 1.2 or newer at this port; if it asks for a client certificate, set client_cert",
    ),
    (
        ConnectionRefusedError,
        "the server refuses the connection",
        "Check host and port of url, that the server runs, and that no firewall rejects this controller",
    ),
    (
        TimeoutError,
        "the server could not be reached in time",
        "Check url, firewall and proxy, or raise timeout if the server is only slow",
    ),
    (Exception, "the connection could not be made", "Check url, and network, firewall and proxy of this controller"),
)
# The same for a proxy. What remains is the handshake, and what proxies do that are none.
_PROXY_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (ssl.SSLCertVerificationError, "its certificate is not trusted"),
    (ssl.SSLError, "no TLS connection to it could be made"),
    (socket.gaierror, "its host name cannot be resolved"),
    (ConnectionRefusedError, "it refuses the connection"),
    (TimeoutError, "it could not be reached in time"),
    (Exception, "the connection to it could not be made"),
)
_PROXY_HINTS = {
    403: "The rules of the proxy forbid it: let them pass this controller to the server, or unset proxy",
    407: "Give proxy as http://USER:PASSWORD@HOST:PORT with a user that the proxy knows",
    502: "The proxy does not reach the server: check url, and the network behind the proxy",
    503: "The proxy does not reach the server: check url, and the network behind the proxy",
    504: "The proxy does not reach the server: check url, and the network behind the proxy",
}
# Numbers of OpenSSL (x509_vfy.h), each with what to do.
_CERTIFICATE_HINTS = {
    9: "Check the clock of this controller, and that of the server which made the certificate",
    10: "Renew the certificate of the server; if it is valid still, correct the clock of this controller",
    18: "Set ca_path to the certificate of the server (PEM), or have a CA sign it",
    19: "Set ca_path to the root certificate (PEM) of the CA that signed it",
    24: "The certificate is not fit for a server, have a CA make a new one: this one was not signed by a CA",
    26: "The certificate is not fit for a server, have a CA make a new one: this one is not for servers",
    62: "Use a host name of the certificate in url",
    64: "Use a host name of the certificate in url, or have the address added to the certificate",
    79: "The certificate is not fit for a server, have a CA make a new one: this one was not signed by a CA",
}
# Those that say that the certificate is for another host name or address.
NAME_CODES = (62, 64)
UNTRUSTED = "the certificate of the server is not trusted"
_UNTRUSTED_HINT = "Set ca_path to the CA of the server (PEM); the server must send all certificates between"
_OPENSSL_WORDS = re.compile(r"[A-Z0-9_]{1,60}\Z")


def failure(error: Exception, *, sent: bool, outer: BaseException | None = None) -> SenhaseguraError:
    """Return our error for an exception.

    :param error: what a library has raised
    :param sent: whether the server may have got a part of the request
    :param outer: the exception that was being handled when the call began, and is no cause of ``error``
    :returns: ConnectionFailed or ConfigError (not applied), or ResponseLost (perhaps applied)
    """
    # Before that, what a library did not wrap says it all: below the failure of a proxy is an error of its own.
    causes = list(_causes(error, outer)) if sent else [error]
    if any(isinstance(cause, ssl.SSLError) and _CLIENT_CERT_ALERT.match(cause.reason or "") for cause in causes):
        return ConfigError(
            "the server wants a client certificate, or does not accept the one that it got",
            hint="Set client_cert and client_key to a certificate of a CA that the server knows",
        )
    if not sent:
        return _not_connected(error)
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return ResponseLost("the answer did not come in time", hint="Raise timeout, or find out why the server is slow")
    return ResponseLost(
        "the connection broke before the answer was complete",
        hint="Look at what stands between (firewall, proxy, gateway), and at the log of the server",
    )


def _causes(error: BaseException | None, outer: BaseException | None) -> t.Iterator[BaseException]:
    """Go through what an exception was raised for. requests and urllib3 wrap that of the socket, in ways that vary."""
    while error is not None and error is not outer:
        yield error
        error = error.__context__


def _not_connected(error: Exception) -> SenhaseguraError:
    if isinstance(error, ProxyFailed):
        return _proxy_failed(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return ConfigError(
            f"{UNTRUSTED}: {error.verify_message.rstrip('.')}",
            hint=_CERTIFICATE_HINTS.get(error.verify_code, _UNTRUSTED_HINT),
        )
    if isinstance(error, socket.gaierror):
        # With EAI_AGAIN the name service does not answer now. Anything else will not change.
        kind = ConnectionFailed if error.errno == socket.EAI_AGAIN else UnknownHost
        hint = "Check the host name in url and the name service of this controller"
        return kind("the host name of url cannot be resolved", hint=hint)
    why = _cause(error)
    text, hint = next((text, hint) for kind, text, hint in _REASONS if isinstance(error, kind))
    return ConnectionFailed(f"{text}: {why}" if why else text, hint=hint)


def _cause(error: Exception) -> str:
    """Return what OpenSSL or the system calls it, in words that quote nothing; "" where our words say as much."""
    if isinstance(error, ssl.SSLError):
        reason = error.reason or ""
        return reason.replace("_", " ").lower() if _OPENSSL_WORDS.match(reason) else ""
    if isinstance(error, OSError) and not isinstance(error, (socket.gaierror, ConnectionRefusedError, TimeoutError)):
        return os.strerror(error.errno) if error.errno else ""
    return ""


def _proxy_failed(error: ProxyFailed) -> ConnectionFailed:
    if error.status:
        return ConnectionFailed(
            f"the proxy {error.address} refuses to connect to the server, with HTTP {error.status}",
            hint=_PROXY_HINTS.get(error.status, "Check user and password in proxy, and the rules of the proxy"),
        )
    cause = error.cause
    reason = next(
        (text for kind, text in _PROXY_REASONS if isinstance(cause, kind)), "it does not answer as an HTTP proxy"
    )
    return ConnectionFailed(
        f"the proxy {error.address} cannot be used: {reason}", hint="Check host and port of the option proxy"
    )
