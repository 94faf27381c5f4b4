# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rotation of passwords with the mistakes that others make. Each loses a password, and the tests must see it.

The numbers are those of tests/rotation/model.py, where each is shown to lose one in the model too.
"""

from __future__ import annotations

from rotation.code import Edit

_JOURNAL = '        yield from steps.journal(run, slot, new, {"host": account["identity"]})\n'
_WRITE_MAIN = "            yield WriteRecord(MAIN, secret)\n"
_IN_DOUBT = '    raise Stopped("in_doubt", f"whether'
_COMMIT = "        yield from self._commit(new, slot, wanted)\n"
_ENDS = "    run.ends = run.clock() + limits.deadline\n"
_FENCE = '    state.require(run)\n    fields = _line(state.machine, "shadow", state.user)\n    if fields is None or fields[1] != old:'
MUTANTS: dict[str, tuple[Edit, ...]] = {
    "M1 no journal: the host, then the vault": (Edit("password", _JOURNAL, ""),),
    "M2 no journal: the vault, then the host": (
        Edit("password", _JOURNAL, "        yield steps.WriteRecord(MAIN, new)\n"),
    ),
    "M3 one record for the journal": (
        Edit("password", "        return min(free or SLOTS, ", "        return min(SLOTS[:1], "),
    ),
    "M4 journal deleted before the main record was read back": (
        Edit("steps", _WRITE_MAIN, _WRITE_MAIN + '            yield WriteRecord(holder, "-")\n'),
    ),
    "M5b what an interrupted run has left is deleted first": (
        Edit(
            "password",
            "        yield from self._read(account)\n",
            "        for slot in SLOTS:\n"
            "            if self._seen[slot] is not None:\n"
            '                yield steps.WriteRecord(slot, "-")\n'
            "        yield from self._read(account)\n",
        ),
    ),
    "M6 back to the old password after a commit was tried": (
        Edit(
            "steps",
            _IN_DOUBT,
            "    try:\n"
            '        yield run.on(run.hosts[0], "restore", timeout=60.0)\n'
            '        yield WriteRecord(holder, "-")\n'
            "    except CallFailed:\n"
            "        pass\n" + _IN_DOUBT,
        ),
    ),
    "M7 the host does not ask who holds the lock": (
        Edit("on_host.password", _FENCE, _FENCE.replace("    state.require(run)\n", "")),
    ),
    "M8 journal deleted at the commit": (
        Edit("password", _COMMIT, _COMMIT + '        yield steps.WriteRecord(slot, "-")\n'),
    ),
    "M9 nothing is read back": (
        Edit("steps", "    if held.secret != secret:\n", "    if False:\n"),
        Edit("steps", "        if held.secret == secret:\n", "        if True:\n"),
    ),
    "M10 a run has no deadline": (Edit("steps", _ENDS, ""),),
    "M11 the journal has the user name of the main record": (
        Edit("records", 'return f"{self._main.username}--rot-{slot}"', "return self._main.username"),
    ),
    # What this implementation adds to the model.
    "no wait for late writes of an interrupted run": (
        Edit("steps", "        run.unanswered = True\n        raise", "        raise"),
        Edit("on_host.state", 'held["ends"] + request_life', "0.0"),
        Edit("on_host.state", 'held["ends"] > now', "False"),
    ),
}
