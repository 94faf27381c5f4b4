# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Examine the way to the server: name service, connection, proxy, TLS, certificate. No login yet."""

from __future__ import annotations

import time

from ..errors import SenhaseguraError
from ..settings.settings import Settings
from ..settings.url import shown_host
from ..transport.connection import Address
from ..transport.deadline import Deadline
from ..transport.way import Handshake, Way
from .checks import WARNING, Diagnosis, counted

# Days. Who renews a certificate by hand needs some notice.
_NOTICE = 30
_DAY = 86400.0
# So many addresses are shown.
_SHOWN = 4
_IPV6_ONLY = "The host name has IPv6 addresses only: this controller needs IPv6, or a proxy that has it (option proxy)"


def examine_network(way: Way, settings: Settings, diagnosis: Diagnosis) -> bool:
    """Go as far as it goes, each step within the option timeout. Returns whether requests can be sent."""
    return (
        _examine_connection(way, settings, diagnosis)
        and _examine_proxy(way, settings, diagnosis)
        and _examine_tls(way, settings, diagnosis)
    )


def _examine_connection(way: Way, settings: Settings, diagnosis: Diagnosis) -> bool:
    try:
        addresses = way.addresses(settings.timeout)
    except SenhaseguraError as exc:
        diagnosis.error("dns", exc, more=_unused(way))
        return False
    shown = ", ".join(map(_shown, addresses[:_SHOWN])) + (", ..." if len(addresses) > _SHOWN else "")
    if shown == way.first_host:
        diagnosis.ok("dns", f"{shown} is an address, so there is nothing to look up")
    else:
        diagnosis.ok("dns", f"{way.first_host} has {counted(len(addresses), 'address', 'addresses')}: {shown}")
    wrong = way.connect(addresses, settings.timeout)
    peer = f"the proxy {way.proxy}" if way.proxy else "the server"
    if not wrong:
        diagnosis.ok("tcp", f"{peer} accepts connections")
    elif len(wrong) < len(addresses):
        places = ", ".join(_shown(address) for address, _error in wrong)
        diagnosis.add(
            "tcp",
            WARNING,
            f"{peer} accepts connections, but not at {places}: {wrong[0][1].message}",
            "Have it answer there, or take that address out of the name service: connections may try it first",
        )
    else:
        only = all(address.is_ipv6 for address in addresses) and shown != way.first_host
        more = [text for text in (_IPV6_ONLY if only else "", _unused(way)) if text]
        diagnosis.error("tcp", wrong[0][1], more=". ".join(more))
        # It is known without a connection.
        if not way.proxy:
            _examine_proxy(way, settings, diagnosis)
        return False
    return True


def _examine_proxy(way: Way, settings: Settings, diagnosis: Diagnosis) -> bool:
    if not way.proxy:
        unused = way.unused_proxy
        ignored = f"; the one that the environment names ({unused}) is ignored" if unused else ""
        diagnosis.ok("proxy", f"no proxy is used{ignored}")
        return True
    try:
        way.reach(settings.timeout)
    except SenhaseguraError as exc:
        diagnosis.error("proxy", exc)
        return False
    diagnosis.ok("proxy", f"the proxy {way.proxy} can be used")
    return True


def _examine_tls(way: Way, settings: Settings, diagnosis: Diagnosis) -> bool:
    if settings.url.startswith("http://"):
        fix = "Set url to https://, and leave allow_http out"
        diagnosis.add("tls", WARNING, "url begins with http://: everybody on the network can read all of it", fix)
        diagnosis.skip("there is no TLS", "certificate", "hostname")
        return True
    deadline = Deadline(settings.timeout)
    try:
        shaken = chain = way.shake_hands(deadline.remaining())
        if shaken.is_about_name:
            # OpenSSL reports one problem at a time, and there may be another one.
            chain = way.shake_hands(deadline.remaining(), check_name=False)
    except SenhaseguraError as exc:
        diagnosis.error("tls", exc)
        return False
    diagnosis.ok("tls", f"the server speaks {chain.version or 'TLS'}")
    if not settings.validate_certs:
        fix = "Set ca_path to the CA of the server (PEM) and leave validate_certs out"
        diagnosis.add("certificate", WARNING, "validate_certs is false: nobody checks the certificate", fix)
        diagnosis.skip("validate_certs is false", "hostname")
        return True
    if shaken.problem and shaken.is_about_name:
        diagnosis.error("hostname", shaken.problem)
    if chain.problem:
        diagnosis.error("certificate", chain.problem)
        diagnosis.skip("the certificate is not trusted", "hostname")
    else:
        diagnosis.ok("hostname", "the certificate is for the host name in url")
        _examine_expiry(chain, diagnosis)
    return shaken.problem is None


def _examine_expiry(shaken: Handshake, diagnosis: Diagnosis) -> None:
    days = None if shaken.expires_at is None else int((shaken.expires_at - time.time()) / _DAY)
    if days is not None and days < _NOTICE:
        verdict = f"the certificate is trusted, and expires in {counted(days, 'day')}"
        diagnosis.add("certificate", WARNING, verdict, "Renew the certificate of the server")
    else:
        diagnosis.ok("certificate", f"the certificate is trusted{f', for {days} days more' if days else ''}")


def _unused(way: Way) -> str:
    unused = way.unused_proxy
    return f"The environment names the proxy {unused}, which is ignored: proxy=environment uses it" if unused else ""


def _shown(address: Address) -> str:
    return shown_host(str(address.target[0]))
