# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Examine a set-up, and return verdicts.

Other operations get a client. This one makes its own from the settings, because the way to the server is examined too.
"""

from __future__ import annotations

import typing as t

from ..doctor.checks import FAILED, OK, WARNING, Diagnosis
from ..doctor.examination import broken_settings, examine
from ..errors import ConfigError
from ..references import parse_reference
from ..settings.options import argument_spec
from ..settings.settings import Settings
from .results import Params, Result

NOUN = "examination"
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    "expect": {"type": "list", "elements": "str", "choices": ["pam", "dsm", "write"], "default": []},
    "credential": {"type": "str", "no_log": False},
    "fail_on": {"type": "str", "choices": ["failed", "warning", "never"], "default": "failed"},
}
RULES: dict[str, t.Any] = {}
_FATAL: t.Mapping[str, tuple[str, ...]] = {"failed": (FAILED,), "warning": (FAILED, WARNING), "never": ()}


def run(
    settings: Settings | ConfigError,
    params: Params,
    check_mode: bool,
    announce: t.Callable[[t.Iterable[str]], None],
) -> Result:
    """Examine the set-up and return the result of the task. Raises ConfigError for options of the examination itself.

    :param settings: the settings, or why there are none
    :param announce: gets each secret that is read
    """
    name = params["credential"]
    credential = parse_reference(name, option="credential") if name else None
    if isinstance(settings, ConfigError):
        return _result(broken_settings(settings), "", params["fail_on"])
    diagnosis = examine(settings, announce, params["expect"], credential, check_mode)
    return _result(diagnosis, settings.server, params["fail_on"])


def _result(diagnosis: Diagnosis, server: str, fail_on: str) -> Result:
    results, counts = diagnosis.results(), diagnosis.counts()
    status = next((status for status in (FAILED, WARNING) if counts[status]), OK)
    fatal = diagnosis.first(*_FATAL[fail_on]) if _FATAL[fail_on] else None
    # What has failed comes first, also where warnings count.
    fatal = (diagnosis.first(FAILED) or fatal) if fatal else None
    counted = ", ".join(f"{number} {name}" for name, number in counts.items() if number)
    return {
        "changed": False,
        "msg": f"{fatal.check}: {fatal.summary()}" if fatal else f"{len(results)} checks: {counted}",
        "server": server,
        "status": status,
        "checks": [result.public() for result in results],
        "lines": [result.line() for result in results],
        **({"failed": True} if fatal else {}),
    }
