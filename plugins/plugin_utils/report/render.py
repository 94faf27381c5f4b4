# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Render the report from the history: what the module C(rotation_report) does."""

from __future__ import annotations

import datetime
import json
import os
import typing as t

from ...module_utils.errors import ConfigError
from . import files, history
from .page import page
from .state import State, document, fold

SPEC: dict[str, dict[str, t.Any]] = {
    "report_dir": {"type": "path", "required": True},
    "keep_days": {"type": "float"},
}
PAGE, DOCUMENT = "report.html", "report.json"
Files = dict[str, bytes | None]  # by name; None where there is no such file


def run(
    params: t.Mapping[str, t.Any],
    *,
    check_mode: bool = False,
    diff_mode: bool = False,
    now: datetime.datetime | None = None,
) -> dict[str, t.Any]:
    """Render the report and return the result of the task.

    :param params: the options, checked against SPEC
    :param check_mode: write nothing, not even a lock
    :param diff_mode: add C(diff) to the result
    :param now: an aware time in UTC, from which ages are counted
    Raises ConfigError if a folder or file cannot be used.
    """
    folder, keep_days = params["report_dir"], params["keep_days"]
    # Written so that it holds for NaN as well.
    if keep_days is not None and not keep_days >= 0:
        raise ConfigError("keep_days must be 0 or more", hint="Set the number of days, or omit it").with_context(
            option="keep_days"
        )
    # The document tells its time in whole seconds, and must come out the same with that.
    now = (now or datetime.datetime.now(datetime.timezone.utc)).replace(microsecond=0)
    path = os.path.join(folder, history.NAME)
    # Before the lock, which would be created in the wrong folder.
    if not os.path.lexists(path):
        raise ConfigError(
            f"there is no history of rotations in {path}",
            hint="Set report_dir to the report_dir of the rotations; the first of them writes the history",
        ).with_context(option="report_dir")
    try:
        with files.locked(folder, create=not check_mode):
            result = _run(folder, keep_days, now, check_mode)
    except OSError as exc:
        raise files.error_of(exc, "the report of rotations cannot be made", folder) from None
    if not diff_mode:
        del result["diff"]
    return result


def _run(folder: str, keep_days: float | None, now: datetime.datetime, check_mode: bool) -> dict[str, t.Any]:
    before = {name: files.read(os.path.join(folder, name)) for name in (history.NAME, DOCUMENT, PAGE)}
    lines = before[history.NAME] or b""
    entries, unreadable = history.parse(lines)
    if keep_days is not None and history.has_expired(entries, keep_days, now):
        lines = history.pruned(lines, keep_days, now)
        entries, unreadable = history.parse(lines)
    state = fold(entries, unreadable)
    after: Files = {**before, history.NAME: lines}
    if not _is_current(before, state, now):
        after |= rendered(state, now)
    changed = {name: content for name, content in after.items() if content is not None and content != before[name]}
    if not check_mode:
        for name, content in changed.items():
            files.replace(os.path.join(folder, name), content)
    return {
        "changed": bool(changed),
        "history": os.path.join(folder, history.NAME),
        "document": os.path.join(folder, DOCUMENT),
        "page": os.path.join(folder, PAGE),
        "summary": document(state, now)["summary"],
        "pruned_lines": _count(before[history.NAME] or b"") - _count(lines),
        "diff": [_diff(os.path.join(folder, name), before[name], content) for name, content in changed.items()],
    }


def _count(lines: bytes) -> int:
    return sum(bool(line.strip()) for line in lines.split(b"\n"))


def rendered(state: State, now: datetime.datetime) -> dict[str, bytes]:
    """Return document and page as of ``now``, by the names of their files."""
    texts = {DOCUMENT: json.dumps(document(state, now), indent=1) + "\n", PAGE: page(state, now)}
    return {name: text.encode("utf-8", "replace") for name, text in texts.items()}


def _is_current(before: Files, state: State, now: datetime.datetime) -> bool:
    """Return whether the files say the same as new ones would, but for ages that have grown since on the same day."""
    then = _time_of(before[DOCUMENT])
    if then is None or then.date() != now.date():
        return False
    # A password that has become too old meanwhile needs attention at once.
    if [item.urgency(then) for item in state.latest] != [item.urgency(now) for item in state.latest]:
        return False
    return all(before[name] == content for name, content in rendered(state, then).items())


def _time_of(content: bytes | None) -> datetime.datetime | None:
    """Return the time as of which a document was made, or None if there is none that can be read."""
    try:
        found = json.loads(content or b"")
    except (ValueError, RecursionError):
        return None
    time = found.get("generated") if isinstance(found, dict) else None
    return history.moment(time) if isinstance(time, str) else None


def _diff(path: str, before: bytes | None, after: bytes) -> dict[str, str]:
    """Return what changes in a file. The page shows what is in the document, so only its name is told."""
    if path.endswith(PAGE):
        return {"prepared": f"{path} is written\n"}
    texts = {"before": before or b"", "after": after}
    return {
        "before_header": path,
        "after_header": path,
        **{name: content.decode("utf-8", "replace") for name, content in texts.items()},
    }
