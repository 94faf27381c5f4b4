# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was found out: for each check a status, a verdict and a fix."""

from __future__ import annotations

import dataclasses
import typing as t

from ..errors import SenhaseguraError
from ..redaction import printable

# All checks, in the order in which they are made and shown.
CHECKS = (
    *("settings", "dns", "tcp", "proxy", "tls", "certificate", "hostname"),
    *("clock", "login", "tenant", "address", "dialect"),
    *("pam", "credentials", "write", "custody", "dsm", "encryption"),
)
OK, WARNING, FAILED, SKIPPED = "ok", "warning", "failed", "skipped"
_WIDTH = max(map(len, CHECKS))


@dataclasses.dataclass(frozen=True)
class CheckResult:
    """What one check has found out. Every field is safe to print; ``fix`` is "" where nothing is to be done."""

    check: str
    status: str
    verdict: str
    fix: str = ""

    def public(self) -> dict[str, str]:
        """Return it as data."""
        return dataclasses.asdict(self)

    def line(self) -> str:
        """Return it as a line of text."""
        return f"{self.status:<7} {self.check:<{_WIDTH}} {self.summary()}"

    def summary(self) -> str:
        """Return verdict and fix in one text."""
        return f"{self.verdict}. Fix: {self.fix}" if self.fix else self.verdict


class Diagnosis:
    """Collect the results of an examination: the first that is said of a check counts, and each gets one."""

    def __init__(self) -> None:
        self._results: dict[str, CheckResult] = {}

    def add(self, check: str, status: str, verdict: str, fix: str = "") -> None:
        """Keep a result, unless the check has one."""
        # Texts may quote names that servers and users have given.
        self._results.setdefault(check, CheckResult(check, status, printable(verdict), printable(fix)))

    def ok(self, check: str, verdict: str) -> None:
        """Say that nothing is wrong."""
        self.add(check, OK, verdict)

    def error(self, check: str, error: SenhaseguraError, status: str = FAILED, more: str = "") -> None:
        """Say what an error says.

        :param more: what to do beside its own hint
        """
        self.add(check, status, describe(error), ". ".join(text for text in (error.hint, more) if text))

    def skip(self, why: str, *checks: str) -> None:
        """Say of these checks, or of all that have no result yet, why they were not made."""
        for check in checks or CHECKS:
            self.add(check, SKIPPED, f"not examined: {why}")

    def status_of(self, check: str) -> str:
        """Return the status of a check that was made."""
        return self._results[check].status

    def results(self) -> list[CheckResult]:
        """Return all results in the order of the checks."""
        return [self._results[check] for check in CHECKS if check in self._results]

    def first(self, *statuses: str) -> CheckResult | None:
        """Return the first result with one of these statuses, or None."""
        return next((result for result in self.results() if result.status in statuses), None)

    def counts(self) -> dict[str, int]:
        """Return how many results there are of each status."""
        found = [result.status for result in self.results()]
        return {status: found.count(status) for status in (OK, WARNING, FAILED, SKIPPED)}


def counted(number: int, one: str, several: str = "") -> str:
    """Return a number with its noun. ``several`` is the plural, where that is not made with an s."""
    return f"{number} {one if number == 1 else several or f'{one}s'}"


def describe(error: SenhaseguraError) -> str:
    """Return what an error says, with its place and the words of the server, and without its hint."""
    place = dataclasses.replace(error.context, subject="", server="").place()
    said = error.context.server_message
    sentences: t.Iterable[str] = (
        f"{error.message} ({place})" if place else error.message,
        f'The server says "{said.rstrip(".")}"' if said else "",
    )
    return ". ".join(text for text in sentences if text)
