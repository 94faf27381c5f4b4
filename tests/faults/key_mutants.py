# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rotation of keys with mistakes in it. Each loses a key or leaves one behind, and the tests must see it."""

from __future__ import annotations

from faults.code import Edit
from faults.mutants import NO_DEADLINE

_COMMIT = "            yield from phases.commit(run, new, self._seen, before)\n"
_JOURNAL = "        yield from phases.journal(run, slot, new, note)\n"
_WRITE_MAIN = "            yield WriteRecord(MAIN, secret)\n            refused = False\n"
_REMOVE = "            if self._has[host] & old:\n                yield from self._remove(host, old, new)\n            yield from self._prove"
_READ = "    held = yield from read(run, slot)\n"
_NOT_READ_BACK = (Edit("protocol.phases", f"{_READ}    if held.secret != secret:\n", f"{_READ}    if False:\n"),)
MUTANTS: dict[str, tuple[Edit, ...]] = {
    "no journal": (Edit("protocol.ssh_key", _JOURNAL, ""),),
    "the old key goes before the commit": (
        Edit("protocol.ssh_key", _COMMIT, "            yield from self._close(new, run.present, before)\n" + _COMMIT),
    ),
    "the old key goes although no login proves the new one": (
        Edit(
            "protocol.ssh_key",
            '            self._without((yield from self._each("logging in", run.present, lambda host: self._prove(host, new, slot))))\n',
            "",
        ),
    ),
    "nothing is read back": (
        *_NOT_READ_BACK,
        Edit("protocol.phases", "        if held.secret == secret:\n", "        if True:\n"),
    ),
    "the journal is emptied at the commit": (
        Edit("protocol.ssh_key", _COMMIT, _COMMIT + "            yield phases.WriteRecord(slot, before)\n"),
    ),
    "the journal is emptied before main was read back": (
        Edit("protocol.phases", _WRITE_MAIN, _WRITE_MAIN + "            yield WriteRecord(run.holder, run.old)\n"),
        Edit("protocol.ssh_key", _COMMIT, "            run.old, run.holder = before, slot\n" + _COMMIT),
    ),
    "hosts have no mark": (
        Edit(
            "host.on_host.ssh_key_commands",
            '    state.save(name, {"run": request["run"], "label": request["label"], "old": old, "new": new})\n',
            "",
        ),
    ),
    "the mark goes before the old key": (
        Edit(
            "protocol.ssh_key", _REMOVE, "            yield from self._finish_on(host, ended=not complete)\n" + _REMOVE
        ),
    ),
    "the host does not ask who holds the lock": (
        Edit("host.on_host.ssh_key_commands", 'state is not None and state.holder()["run"] == run', "True"),
        Edit(
            "host.on_host.ssh_key_commands",
            '    state.require(request["run"])\n    name = _mark(request)\n    new',
            "    name = _mark(request)\n    new",
        ),
        Edit(
            "host.on_host.ssh_key_commands",
            '    state.require(request["run"])\n    return _perform("remove"',
            '    return _perform("remove"',
        ),
    ),
    "the old key is taken away where the new one was to be taken back": (
        Edit(
            "protocol.ssh_key",
            "self._remove(host, {new.fingerprint}, main)",
            "self._remove(host, {main.fingerprint}, new)",
        ),
    ),
    "a host that is away is forgotten": (
        Edit("protocol.ssh_key", "            yield from self._keep_old(new)\n", ""),
        Edit("protocol.ssh_key", "{**hosts, **self._deferred_note(elsewhere, new)}", "hosts"),
    ),
    "a host that was away may be away for ever": (
        Edit(
            "protocol.ssh_key",
            "        outdated = self._outdated_hosts()\n",
            "        outdated: tuple[str, ...] = ()\n",
        ),
        Edit(
            "protocol.ssh_key_journal",
            'outdated = unpacked_names(held.note.get("outdated_hosts", "")) & {*self._outdated_hosts()}',
            "outdated = False",
        ),
    ),
    "the journal has the user name and identifier of the main record": (
        Edit(
            "vault.journal",
            '(slot, f"{self._base}--{machine}-{slot}") for slot in SLOTS',
            "(slot, self._base) for slot in SLOTS",
        ),
        Edit("vault.journal", "entry.username != self._username(name)", "False"),
    ),
    "a run has no deadline": NO_DEADLINE,
    "all keys of the user go": (
        Edit(
            "host.on_host.key_lines",
            'b"".join(part for part in LINES.findall(content) if getattr(parse(part), "blob", None) != blob)',
            'b"".join(part for part in LINES.findall(content) if part.startswith(b"no-pty"))',
        ),
    ),
}
