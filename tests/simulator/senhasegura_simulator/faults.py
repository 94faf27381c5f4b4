# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that say which requests go wrong. What "wrong" means is in `actions`."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import MESSAGES

BEFORE, AFTER = "before", "after"
MATCHERS = ("method", "path", "operation", "client", "record")


@dataclass(frozen=True)
class Kind:
    """A fault kind as the rule book knows it: when it strikes unless told, and which fields it has."""

    when: str
    fields: Mapping[str, Any]  # name -> default; REQUIRED for those that have none


REQUIRED = object()
_ANSWER: dict[str, Any] = {"headers": {}, "body": None}
KINDS: dict[str, Kind] = {
    "status": Kind(BEFORE, {"status": REQUIRED, "message": "Injected fault", "error_code": 1, **_ANSWER}),
    "retry_after": Kind(BEFORE, {"status": 429, "seconds": 1, **_ANSWER}),
    "answer": Kind(BEFORE, {"status": 200, "headers": {}, "body_base64": "", "wire_base64": None}),
    "html": Kind(BEFORE, {"status": 502, "body": "<html><body><h1>502 Bad Gateway</h1></body></html>", "headers": {}}),
    "empty": Kind(BEFORE, {"status": 200, "headers": {}}),
    "redirect": Kind(BEFORE, {"location": REQUIRED, "status": 302}),
    "huge": Kind(BEFORE, {"size": 64 * 1024 * 1024, "status": 200, "content_length": False}),
    "bomb": Kind(BEFORE, {"size": 256 * 1024 * 1024, "status": 200}),
    "reset": Kind(BEFORE, {}),
    "drop": Kind(BEFORE, {}),
    "latency": Kind(BEFORE, {"seconds": REQUIRED}),
    "gate": Kind(BEFORE, {"timeout": 60.0}),
    "expired_token": Kind(BEFORE, {}),
    "late": Kind(BEFORE, {"seconds": None, "requests": None, "answer": "reply"}),
    "accept_twice": Kind(BEFORE, {}),
    "refuse": Kind(BEFORE, {"number": REQUIRED, "message": None, "detail": ""}),
    "informational": Kind(BEFORE, {"status": 103, "headers": {"Link": "</style.css>; rel=preload"}}),
    "mangle": Kind(AFTER, {"store": {}, "answer": {}}),
    "envelope": Kind(AFTER, {}),
    "headers": Kind(AFTER, {"set": REQUIRED}),
    "truncate": Kind(AFTER, {"keep": 0.5}),
    "trickle": Kind(AFTER, {"interval": 0.05, "part": "body", "chunk": 1}),
    "slow_headers": Kind(AFTER, {"seconds": REQUIRED}),
    "gzip": Kind(AFTER, {}),
    "duplicate_keys": Kind(AFTER, {"set": None}),
}
# Kinds that let the request go on, so that more rules may strike it; the others give the final answer.
PASSING = ("latency", "gate", "expired_token", "late", "accept_twice", "informational", "mangle", "envelope")


@dataclass(frozen=True)
class Subject:
    """What a rule may match of a request. `records` are all names of what it reads or writes: see `records.names`."""

    method: str
    path: str
    operation: str
    client: str | None
    records: frozenset[str] = frozenset()

    def values(self, matcher: str) -> tuple[str, ...]:
        if matcher == "record":
            return tuple(self.records)
        return (str(getattr(self, matcher) or ""),)


@dataclass
class Rule:
    number: int
    kind: str
    match: dict[str, Any]
    when: str
    skip: int
    times: int | None  # None: for ever
    every: int
    lasting: float | None  # seconds from the first strike on; None: no end
    fields: dict[str, Any]
    seen: int = 0
    used: int = 0
    began: float | None = None

    def fits(self, subject: Subject) -> bool:
        for name, wanted in self.match.items():
            if name == "path":
                if not re.search(wanted, subject.path):
                    return False
                continue
            patterns = wanted if isinstance(wanted, list) else [wanted]
            values = subject.values(name)
            if not any(fnmatch.fnmatchcase(value, str(pattern)) for pattern in patterns for value in values):
                return False
        return True

    def strike(self, now: float) -> bool:
        """Count a matching request; True when it is one of those that the rule wants."""
        self.seen += 1
        beyond = self.seen - self.skip
        if beyond <= 0 or beyond % self.every or (self.times is not None and self.used >= self.times):
            return False
        if self.lasting is not None and self.began is not None and now >= self.began + self.lasting:
            return False
        self.began = now if self.began is None else self.began
        self.used += 1
        return True

    def as_dict(self) -> dict[str, Any]:
        return dict(vars(self))


@dataclass
class FaultBook:
    rules: list[Rule] = field(default_factory=list)
    _count: int = 0

    def add(self, spec: Mapping[str, Any]) -> Rule:
        """`{kind, match, skip, times, every, lasting, when, ...fields of the kind}`; a wrong rule is a ValueError."""
        given = dict(spec)
        name = given.pop("kind", None)
        if name not in KINDS:
            raise ValueError(f"unknown fault kind {name!r}; known: {', '.join(sorted(KINDS))}")
        kind = KINDS[name]
        match = given.pop("match", None) or {}
        if unknown := set(match) - set(MATCHERS):
            raise ValueError(f"cannot match on {', '.join(sorted(unknown))}; known: {', '.join(MATCHERS)}")
        try:
            re.compile(match.get("path", ""))
        except (re.error, TypeError) as error:
            raise ValueError(f"path is no regular expression: {error}") from error
        lasting = given.pop("lasting", None)
        # A window strikes as often as there are requests, unless it is told otherwise.
        when, times = given.pop("when", kind.when), given.pop("times", 1 if lasting is None else None)
        if when not in (BEFORE, AFTER):
            raise ValueError(f"when is {BEFORE} or {AFTER}, not {when!r}")
        skip, every = int(given.pop("skip", 0)), max(1, int(given.pop("every", 1)))
        if unknown := set(given) - set(kind.fields):
            known = ", ".join(sorted(kind.fields))
            raise ValueError(f"{name} has no field {', '.join(sorted(unknown))}; it has: {known}")
        fields = {**kind.fields, **given}
        if missing := [n for n, value in fields.items() if value is REQUIRED]:
            raise ValueError(f"{name} needs {', '.join(missing)}")
        if name == "refuse" and fields["message"] is None and fields["number"] not in MESSAGES:
            raise ValueError(f"refuse needs a message: {fields['number']!r} is no error number of the vendor")
        self._count += 1
        limit = None if times in (None, "forever") else int(times)
        window = None if lasting is None else float(lasting)
        rule = Rule(self._count, name, dict(match), when, skip, limit, every, window, fields)
        self.rules.append(rule)
        return rule

    def take(self, subject: Subject, now: float) -> list[Rule]:
        """The rules that strike this request, in the order in which they were added, up to one that answers it.

        Rules behind that one do not count the request: so rules queue up.
        """
        taken: list[Rule] = []
        for rule in self.rules:
            if rule.fits(subject) and rule.strike(now):
                taken.append(rule)
                if rule.kind not in PASSING:
                    break
        return taken

    def clear(self, number: int | None = None) -> None:
        self.rules = [] if number is None else [rule for rule in self.rules if rule.number != number]
