# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rotation of passwords with the mistakes that others make. Each loses a password, and the tests must see it.

The numbers are those of tests/faults/model.py, where each is shown to lose one in the model too.
"""

from __future__ import annotations

from faults.code import Edit

_JOURNAL = "        slot = yield from self._keep(new, free, NEW)\n"
_NO_JOURNAL = '        slot = free[0]\n        self._held[slot] = StoredSecret(new, {"start": "~"})\n'
_WRITE_MAIN = "            yield WriteRecord(MAIN, secret)\n            refused = False\n"
_EMPTY_ALL = '            yield WriteRecord("j0", "-")\n            yield WriteRecord("j1", "-")\n'
_IN_DOUBT = '    raise Stopped(Status.IN_DOUBT, f"whether'
_COMMIT = "        yield from self._commit(new, slot)\n"
_CLAIM = "        self._seen = yield from locking.claim(run)\n"
_FREE = "sorted((name for name in SLOTS if name not in taken), key=lambda name: (name == newest, name))"
_FENCE = (
    '    state.require(run)\n    _require_own(state, record)\n    fields = _line(state.machine, "shadow", state.user)\n'
)
_GIVE = "            yield from self._prove_main()\n        yield from self._give(hashes, new, slot)\n"
_LOST = "run.unanswered, refused, reason = True, False, str(exc)"
# A run has no deadline.
NO_DEADLINE = (
    Edit("protocol.locking", "    run.ends = ends\n    if quiet", "    if quiet"),
    Edit("protocol.locking", "    run.ends = run.clock() + run.limits.deadline\n    answers", "    answers"),
)
MUTANTS: dict[str, tuple[Edit, ...]] = {
    "M1 no journal: the host, then the vault": (Edit("protocol.password", _JOURNAL, _NO_JOURNAL),),
    "M2 no journal: the vault, then the host": (
        Edit("protocol.password", _JOURNAL, f"{_NO_JOURNAL}        yield phases.WriteRecord(MAIN, new)\n"),
    ),
    "M3 one record for the journal": (Edit("protocol.password", _FREE, "[SLOTS[0]]"),),
    "M4 journal deleted before the main record was read back": (
        Edit("protocol.phases", _WRITE_MAIN, _WRITE_MAIN + _EMPTY_ALL),
    ),
    "M5b what an interrupted run has left is deleted first": (
        Edit(
            "protocol.password",
            _CLAIM,
            _CLAIM + "        for slot in SLOTS:\n"
            "            if self._seen[slot] is not None:\n"
            '                yield phases.WriteRecord(slot, "-")\n',
        ),
    ),
    "M6 back to the old password after a commit was tried": (
        Edit(
            "protocol.phases",
            _IN_DOUBT,
            "    try:\n"
            '        yield run.on(run.hosts[0], "restore", old="", timeout=60.0)\n'
            + _EMPTY_ALL.replace("            ", "        ")
            + "    except CallFailed:\n"
            "        pass\n" + _IN_DOUBT,
        ),
        Edit(
            "host.on_host.password_commands",
            "    known = [line for",
            '    old = old or found["before"][1]\n    known = [line for',
        ),
    ),
    "M7 the host does not ask who holds the lock": (
        Edit("host.on_host.password_commands", _FENCE, _FENCE.replace("    state.require(run)\n", "")),
    ),
    "M8 journal deleted at the commit": (
        Edit("protocol.password", _COMMIT, _COMMIT + '        yield phases.WriteRecord(slot, "-")\n'),
    ),
    "M9 nothing is read back": (
        Edit(
            "protocol.phases",
            "    held = yield from read(run, slot)\n    if held.secret != secret:\n",
            "    held = yield from read(run, slot)\n    if False:\n",
        ),
        Edit("protocol.phases", "        if held.secret == secret:\n", "        if True:\n"),
    ),
    "M10 a run has no deadline": NO_DEADLINE,
    "M11 the journal has the user name of the main record": (
        Edit(
            "vault.journal",
            'return f"{self._main.username}--rot-{self.labels[name][len(self._base) + 2 :]}"',
            "return self._main.username",
        ),
    ),
    # What this implementation adds to the model.
    "no wait for late writes of an interrupted run": (
        Edit("protocol.locking", "    if run.unanswered:\n", "    if False:\n"),
        Edit("host.on_host.user_state", "        quiet = max(0.0, quiet)\n", "        quiet = 0.0\n"),
        Edit("host.on_host.user_state", "if held.remaining > 0 and held.run != breaks:", "if False:"),
    ),
    "the lock is given back while a write is unanswered": (
        Edit("protocol.locking", "    if run.unanswered:\n", "    if False:\n"),
    ),
    "the record that holds what the host accepts is overwritten": (Edit("protocol.password", _FREE, "[*SLOTS]"),),
}
# Rules that came with the set-ups of scenes.py: the mistake, and the scene in which it shows.
BY_SCENE: dict[str, tuple[str, tuple[Edit, ...]]] = {
    "nobody asks whose lease it is": (
        "A1 two hosts rotate one credential at once",
        (
            Edit("protocol.locking", "    if now.run != run.id:\n", "    if False:\n"),
            Edit("protocol.locking", "        if not remaining:\n            break\n", "        break\n"),
            Edit(
                "protocol.phases",
                "    return (was.changed_at, was.public_key) == (main.changed_at, main.public_key)\n",
                "    return True\n",
            ),
            Edit("protocol.phases", " or held.secret not in (before, secret):", ":"),
        ),
    ),
    "what the host has is not journalled": (
        "A8 a snapshot from before the first rotation is restored",
        (
            Edit(
                "protocol.password",
                "            yield from self._keep(current, free, BEFORE)\n            free = free[1:]\n",
                "            pass\n",
            ),
        ),
    ),
    "it is not proved that main can be written": (
        "A7 the vault takes the journal and refuses main",
        (Edit("protocol.password", _GIVE, _GIVE.replace("self._prove_main()", "()")),),
    ),
    "back to the old password although a commit was lost": (
        "A7 a write to main comes late, and all others are refused",
        (Edit("protocol.phases", _LOST, "run.unanswered, reason = True, str(exc)"),),
    ),
    "nothing goes back when main is refused": (
        "A7 the vault takes the journal and refuses main",
        (Edit("protocol.phases", "        raise MainRefused(reason)\n", "        pass\n"),),
    ),
    "a mark for each user, not for each record": (
        "A2 two keys on one account, and a run for one is killed anywhere",
        (
            Edit(
                "host.on_host.ssh_key_commands",
                "    name = f\"key-{request['record']}.json\"\n",
                '    name = "key-0.json"\n',
            ),
        ),
    ),
    "who judges waits for no change, nor has later ones refused": (
        "A6 another program holds the lock of shadow while the session dies",
        (
            Edit("host.on_host.commands", '    if do == "look":\n', '    if do in ("look", "judge"):\n'),
            Edit("protocol.password_hosts", '        if lost and now == account["hash"]:\n', "        if False:\n"),
        ),
    ),
    "the guard ends with Python, not with chpasswd": (
        "A6 the same, and Python on the host dies with the session",
        (
            Edit(
                "host.on_host.password_commands",
                'command(["chpasswd", "-e"], line, timeout, keep=state.guard)',
                'command(["chpasswd", "-e"], line, timeout)',
            ),
        ),
    ),
    "each run saves the line of the account anew": (
        "A10 who must change the password still must, wherever a run was killed",
        (Edit("host.on_host.password_commands", '(state.load(SAVED) or {"line": fields})["line"]', "fields"),),
    ),
    "the names in /etc are not synced": (
        "A8 the power fails after the first rotation",
        (Edit("host.on_host.password_commands", "        sync(machine.etc)\n", "        pass\n"),),
    ),
    "what no host can hold is compared": (
        "A13 main or the journal ends with a line end",
        (Edit("protocol.password_job", "if not unusable(one.secret) and job.matches", "if job.matches"),),
    ),
}
# The same for a pair of runs of interleavings.py that cross in one way: which run makes how many calls, or how many
# seconds pass, in turns. Then the first goes on to its end, and then the second. Of two keys, each run has looked at the
# lease before the other one took it.
BY_WAY: dict[str, tuple[str, tuple[tuple[int, int], ...], tuple[Edit, ...]]] = {
    # The second one finds that main has changed, and leaves its new key on its host.
    "main is given up for a key that the own journal has no room for": (
        "two keys on two hosts",
        ((0, 4), (1, 4), (0, 20), (1, 16)),
        (Edit("protocol.ssh_key", " and self._has_room(self._held[name].secret)", ""),),
    ),
    # The first one writes main when the second has written it, and has the lease.
    "main is not looked at before a run tells that it logs in": (
        "two keys on two hosts",
        ((0, 4), (1, 4), (0, 20), (1, 24), (0, 2), (1, 20)),
        (Edit("protocol.locking", "        yield from _see_main(run)\n", ""),),
    ),
    # The same of two passwords: each host has the one of its run, and main that of the first.
    "main is not looked at before a run tells that its password logs in": (
        "two passwords on two hosts",
        (
            (0, 4),
            (1, 4),
            (0, 20),
            (1, 11),
            (0, 1),
            (1, 1),
            (0, 1),
            (1, 8),
            (0, 1),
            (1, 1),
            (0, 1),
            (1, 1),
            (0, 6),
            (1, 5),
        ),
        (Edit("protocol.locking", "        yield from _see_main(run)\n", ""),),
    ),
    # The deadline is over before the second host has told what it has. Another run changes that host, and writes main.
    "a run that is in doubt does not look whether main is still its own": (
        "a password on two hosts, and on one of them, one killed",
        ((0, 35), (299, 1), (2, 1), (0, 1), (1, 28)),
        (Edit("protocol.locking", "(not run.unanswered or late)", "(not run.unanswered and not run.unsure)"),),
    ),
}
# What the lease alone makes improbable: the mistake, and the two runs of interleavings.py of which one order loses.
BY_INTERLEAVING: dict[str, tuple[str, tuple[Edit, ...]]] = {
    "a journal for each record, not for each machine": (
        "two passwords on two hosts",
        (
            Edit(
                "vault.journal",
                "        listed: dict[str, CredentialInfo | None] = dict.fromkeys((MAIN, LEASE, *SLOTS))\n",
                '        machine = machine and "0" * 12\n'
                "        listed: dict[str, CredentialInfo | None] = dict.fromkeys((MAIN, LEASE, *SLOTS))\n",
            ),
        ),
    ),
}
