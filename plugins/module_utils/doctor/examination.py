# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Examine the way from this controller to the server, and what the client may do there."""

from __future__ import annotations

import dataclasses
import typing as t

from ..client.direct_api import DirectApi
from ..errors import SenhaseguraError
from ..references import Reference
from ..settings.settings import Settings
from ..transport.session import Transport
from ..transport.way import Way
from .access import TimedSender, examine_access
from .checks import FAILED, Diagnosis
from .network import examine_network
from .rights import Rights


def examine(
    settings: Settings,
    announce: t.Callable[[t.Iterable[str]], None],
    expect: t.Collection[str],
    credential: Reference | None,
    check_mode: bool,
) -> Diagnosis:
    """Make all checks, each within the option timeout. What is broken is in the diagnosis; nothing is raised for it.

    :param announce: gets each secret that is read, before anything else is done with it
    :param expect: see Rights.examine, also for the rest
    """
    diagnosis = Diagnosis()
    # Nothing is tried again: what goes wrong once is worth a verdict.
    settings = dataclasses.replace(settings, retries=0)
    try:
        transport = Transport(settings)
        sender = TimedSender(transport)
        api = DirectApi(settings, transport=sender)
        way = Way(settings)
    except SenhaseguraError as exc:
        return broken_settings(exc)
    options = f"auth_method is {settings.auth_method}, dialect is {settings.dialect}"
    diagnosis.ok("settings", f"the options are complete; url is {settings.server}, {options}")
    try:
        if examine_network(way, settings, diagnosis):
            contact = examine_access(api, settings, sender, diagnosis)
            if not contact.is_stopped:
                Rights(contact, announce, settings, diagnosis).examine(expect, credential, check_mode)
    finally:
        transport.close()
    return _completed(diagnosis)


def broken_settings(error: SenhaseguraError) -> Diagnosis:
    """Return the diagnosis for settings that cannot be used."""
    diagnosis = Diagnosis()
    diagnosis.error("settings", error)
    return _completed(diagnosis)


def _completed(diagnosis: Diagnosis) -> Diagnosis:
    failed = diagnosis.first(FAILED)
    diagnosis.skip(f"{failed.check} has failed" if failed else "there was nothing to ask")
    return diagnosis
