# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Append to and read the history of rotations: a file with a JSON object in each line, to which many processes append.

This is the only part of the report that a rotation needs.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import json
import math
import os
import typing as t

from .files import error_of, locked, open_private, sync_folder, write

# The file in the report folder.
NAME = "history.jsonl"
SCHEMA = 1
# The statuses after which the password or key in the vault is known to be the one that works.
WELL = frozenset({"changed", "recovered", "unchanged"})

_TEXTS = ("time", "host", "kind", "user", "status")
_LATER_TEXTS = ("works", "proved", "login", "settle", "broke")


@dataclasses.dataclass(frozen=True)
class Entry:
    """The outcome of one rotation of one password or key. It holds no secret."""

    time: str  # of the end, ISO 8601 in UTC
    host: str  # its name in the inventory
    kind: str  # password | ssh_key
    user: str
    credential: str  # its identifier or id in the vault
    mode: str  # ansible | vault
    # changed | recovered | unchanged | failed | refused | busy | drift | pending | in_doubt | unreachable
    status: str
    message: str
    seconds: float
    last_change: str | None  # of the password or key as far as known, ISO 8601 in UTC
    run: str  # an id that all hosts of a run of the playbook share
    job: str | None = None  # the id of the AWX job
    max_age_days: float | None = None  # what the policy allows
    works: str = ""  # the record that logs in now, if that was found out
    proved: str = ""  # how: hash | login, or nothing
    login: str = ""  # both in words
    settle: str = ""  # the command that settles what is left
    broke: str = ""  # the run whose lock or lease this one has broken


@functools.lru_cache(maxsize=1 << 17)
def moment(text: str | None) -> datetime.datetime | None:
    """Parse an ISO 8601 time and return it in UTC, or None if it is not readable. Without a time zone it is in UTC."""
    if not text:
        return None
    try:
        # Python 3.10 does not know the Z.
        found = datetime.datetime.fromisoformat(text[:-1] + "+00:00" if text[-1] in "Zz" else text)
    except ValueError:
        return None
    if not 1970 <= found.year < 9999:
        # Times at the ends of the calendar cannot be reckoned with.
        return None
    if found.tzinfo is None:
        return found.replace(tzinfo=datetime.timezone.utc)
    return found.astimezone(datetime.timezone.utc)


def line_of(entry: Entry) -> bytes:
    """Return the line of an entry, with its end. It is ASCII, whatever the texts are."""
    return json.dumps({"schema": SCHEMA, **dataclasses.asdict(entry)}).encode() + b"\n"


def parse(data: bytes) -> tuple[list[Entry], int]:
    """Return the entries in the lines of a history, and the number of lines that cannot be read."""
    entries = [_entry(line) for line in data.split(b"\n") if line.strip()]
    readable = [entry for entry in entries if entry is not None]
    return readable, len(entries) - len(readable)


def _entry(line: bytes) -> Entry | None:
    """Return the entry in a line, or None. Fields that this version does not know are left out."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict) or not all(isinstance(fields.get(name), str) for name in _TEXTS):
        return None
    if moment(fields["time"]) is None:
        return None
    return Entry(
        **{name: fields[name] for name in _TEXTS},
        credential=_text(fields.get("credential")) or "",
        mode=_text(fields.get("mode")) or "",
        message=_text(fields.get("message")) or "",
        seconds=_number(fields.get("seconds")) or 0.0,
        last_change=_text(fields.get("last_change")),
        run=_text(fields.get("run")) or "",
        job=_text(fields.get("job")),
        max_age_days=_number(fields.get("max_age_days")),
        **{name: _text(fields.get(name)) or "" for name in _LATER_TEXTS},
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _number(value: object) -> float | None:
    """Return a positive number of a size that makes sense, else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e9:
        return None
    return float(value) if math.isfinite(value) else None


def has_expired(entries: t.Sequence[Entry | None], keep_days: float, now: datetime.datetime) -> bool:
    """Return whether pruning would drop any of these."""
    return not all(_kept(entries, keep_days, now))


def pruned(data: bytes, keep_days: float, now: datetime.datetime) -> bytes:
    """Return the lines of a history without those that ended before the last ``keep_days`` days.

    Of each password or key stay the last line, the last with a good end and the last that knows its age: it would
    vanish from the report otherwise, as if all were well. A line that cannot be read is as old as the one before it.
    """
    lines = [line for line in data.split(b"\n") if line.strip()]
    kept = _kept([_entry(line) for line in lines], keep_days, now)
    return b"".join(line + b"\n" for line, stays in zip(lines, kept, strict=True) if stays)


def _kept(entries: t.Sequence[Entry | None], keep_days: float, now: datetime.datetime) -> list[bool]:
    """Return for each entry whether it stays."""
    # Whole days, so that there is nothing to prune for the rest of the day.
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    limit = midnight - datetime.timedelta(days=min(max(keep_days, 0), 10_000))
    kept, old = [], True
    for entry in entries:
        if entry is not None and (ended := moment(entry.time)):
            old = ended < limit
        kept.append(not old)
    if not all(kept):
        for index in _newest(entries):
            kept[index] = True
    return kept


def _newest(entries: t.Sequence[Entry | None]) -> set[int]:
    """Return the indexes of the lines that hold the newest state, last good end or age of a password or key."""
    found: dict[tuple[str, str, str, str], tuple[datetime.datetime, int]] = {}
    for index, entry in enumerate(entries):
        if entry is not None and (ended := moment(entry.time)):
            aged = entry.status == "changed" or bool(entry.last_change)
            uses = {"last": True, "well": entry.status in WELL, "age": aged}
            for use in (use for use, serves in uses.items() if serves):
                key = (entry.host, entry.kind, entry.user, use)
                found[key] = max(found.get(key, (ended, index)), (ended, index))
    return {index for _ended, index in found.values()}


def append(folder: str, entries: t.Iterable[Entry]) -> None:
    """Add a line for each entry. On return they are on the disk.

    :param folder: the report folder, which is created if need be
    Raises ConfigError (option C(report_dir)) if that fails; then none of the lines is in the history.
    """
    path = os.path.join(folder, NAME)
    lines = b"".join(map(line_of, entries))
    try:
        os.makedirs(folder, mode=0o750, exist_ok=True)
        with locked(folder):
            size = _append(path, lines)
        if size == 0:
            sync_folder(folder)
    except OSError as exc:
        raise error_of(exc, "the history of rotations cannot be written", path) from None


def _append(path: str, lines: bytes) -> int:
    """Write the lines at the end of a file, or nothing. Return the size that it had before."""
    with open(path, "a+b", buffering=0, opener=open_private) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - 1, 0))
        if size and file.read(1) != b"\n":
            # A writer was killed in the middle of its line, which must not spoil ours.
            lines = b"\n" + lines
        try:
            write(file, lines)
            os.fsync(file.fileno())
        except OSError:
            # The disk is full.
            file.truncate(size)
            raise
    return size
