# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keep the keys that hosts may accept in the journal, and note which hosts have to get another one yet.

What a run has to know of earlier ones is noted with the keys of the journal: C(hosts) are all that share the key,
C(outdated_hosts) those that may still accept this one alone though C(next) (a fingerprint) has replaced it in main,
C(done) those of them that were seen with the key of main since, and C(play) is the run of Ansible that has made it.
"""

from __future__ import annotations

import collections
import typing as t

from ....module_utils.models import SshKeyPair
from . import phases, record_calls
from .effects import MAIN, SLOTS, Listing, Status, Steps, Stopped, StoredSecret, foreign_slots
from .notes import packed_names, unpacked_names
from .run import RotationRun
from .ssh_key_hosts import SshKeyHosts
from .ssh_key_job import tell

# What is copied with a key from one record of the journal to another.
_NOTES = ("hosts", "outdated_hosts", "next", "done", "play")


class SshKeyJournal(SshKeyHosts):
    """The records of the journal: which of them is needed, and which may be overwritten."""

    @property
    def _main(self) -> SshKeyPair:
        return t.cast(SshKeyPair, self._held[MAIN].secret)

    def _journal(self) -> list[tuple[str, StoredSecret]]:
        """Return the records of the journal, our own first."""
        return sorted(((name, held) for name, held in self._held.items() if name != MAIN), key=_own_first)

    def _by_foreign(self, hosts: t.Iterable[str]) -> dict[str, list[str]]:
        """Return these hosts by the one key on which they depend, where only records of other machines have it, or by
        "".
        """
        ours = {pair.fingerprint for name, pair in self._pairs().items() if name in (MAIN, *SLOTS)}
        theirs = {pair.fingerprint for pair in self._pairs().values()} - ours
        groups: dict[str, list[str]] = collections.defaultdict(list)
        for host in hosts:
            has = self._has[host]
            groups["" if has & ours else min(has & theirs, default="")].append(host)
        return groups

    def _foreign(self, key: str) -> tuple[SshKeyPair, t.Mapping[str, str]]:
        """Return the key with this fingerprint that a record of another machine has, and its note."""
        return next((held.secret, held.note) for _name, held in self._journal() if held.secret.fingerprint == key)

    def _sharing(self) -> set[str]:
        """Return all hosts that have the key of main, but for those that will not come back."""
        noted = self._noted("hosts", lambda held: held.secret == self._main)
        return (noted | self._job.shared_with | set(self._run.hosts)) - self._job.retired_hosts

    def _noted_as_outdated(self) -> set[str]:
        """Return the hosts of which is noted that they may accept the key alone that main had before."""
        return outdated_by(self._held)

    def _outdated_hosts(self) -> tuple[str, ...]:
        """Return those of them that this run has not seen otherwise."""
        return tuple(sorted(self._noted_as_outdated() - set(self._run.present) - self._job.retired_hosts))

    def _noted(self, note: str, of: t.Callable[[StoredSecret], bool]) -> set[str]:
        return {name for _name, held in self._journal() if of(held) for name in unpacked_names(held.note.get(note, ""))}

    def _note_done(self) -> Steps:
        """Note which of the hosts that had to get the key of main have it, so that no later run waits for them."""
        main, present = self._main, set(self._run.present)
        done = self._noted("done", lambda held: held.secret == main) | (self._noted_as_outdated() & present)
        if self._noted_as_outdated() & present and (self._own(main) or self._free_slot(main)):
            yield from self._own_copy(main, {"hosts": packed_names(self._sharing()), "done": packed_names(done)})

    def _own(self, pair: SshKeyPair) -> str | None:
        """Return our own record of the journal that has this key."""
        return next((name for name, held in self._journal() if name in SLOTS and held.secret == pair), None)

    def _own_copy(self, pair: SshKeyPair, note: t.Mapping[str, str]) -> Steps:
        """Have a key in a record that no other run writes to, and return its name. Raises Stopped."""
        slot = self._own(pair) or self._room(pair)
        note = {name: text for name, text in note.items() if name in _NOTES and text}
        present = self._held.get(slot)
        same = present is not None and present.secret == pair
        if same and present is not None and note.items() <= present.note.items():
            return slot
        if same and present is not None:
            note = {**{name: text for name, text in present.note.items() if name in _NOTES}, **note}
        yield from phases.journal(self._run, slot, pair, note)
        self._held[slot] = StoredSecret(pair, note)
        return slot

    def _has_room(self, pair: SshKeyPair) -> bool:
        """Return whether the own journal has a key, or may get it. It may not where two runs of different machines have
        crossed: then main, which some host has as well, is the one to go on with.
        """
        return not self._main.usable or self._own(pair) is not None or self._free_slot(pair) is not None

    def _room(self, *keep: SshKeyPair) -> str:
        """Return a record that may be overwritten. Raises Stopped if there is none."""
        slot = self._free_slot(*keep)
        if slot is None:
            raise Stopped(
                Status.PENDING,
                "each record of the journal has the only key of some host",
                "Nothing was changed. Run state=recovered for fewer hosts at a time",
            )
        return slot

    def _free_slot(self, *keep: SshKeyPair) -> str | None:
        """Return our own record of the journal that may be overwritten: rather the older one, and never one that is
        needed.
        """
        slots = {slot: self._held.get(slot) for slot in SLOTS}
        free = [slot for slot, held in slots.items() if held is None or not self._is_needed(slot, held, keep)]
        return min(free, key=lambda slot: _start(slots[slot]), default=None)

    def _is_needed(self, slot: str, held: StoredSecret, keep: t.Collection[SshKeyPair]) -> bool:
        """Return whether a record has a key that some host may accept, and that no other record has which we can rely
        on.
        """
        twins = (other for name, other in self._journal() if name in SLOTS and name != slot)
        if not held.secret.usable or any(other.secret == held.secret for other in twins):
            return False
        if held.secret == self._main or held.secret in keep:
            return True
        outdated = unpacked_names(held.note.get("outdated_hosts", "")) & {*self._outdated_hosts()}
        if outdated and held.note.get("next") == self._main.fingerprint:
            return True
        key = held.secret.fingerprint
        others = {pair.fingerprint for name, pair in self._pairs().items() if name in (MAIN, *SLOTS) and name != slot}
        return any(key in has and not has & (others - {key}) for has in self._has.values())

    def _deferred_note(self, hosts: t.Collection[str], new: SshKeyPair) -> dict[str, str]:
        """Return what is noted with the old key while hosts have nothing else. Raises Stopped if they are too many."""
        if not hosts:
            return {}
        names = packed_names(hosts)
        if not names:
            raise Stopped(
                Status.REFUSED,
                f"{len(hosts)} hosts would keep the old key, too many to note them",
                "Name more of them in hosts",
            )
        return {"outdated_hosts": names, "next": new.fingerprint}

    def _keep_old(self, new: SshKeyPair) -> Steps:
        """Keep the key that main is about to lose in the journal, for the hosts that are not there. Raises Stopped."""
        elsewhere = self._sharing() - set(self._run.present)
        if elsewhere and not self._main.usable:
            raise Stopped(Status.PENDING, f"{tell(elsewhere)} cannot be reached", "")
        if elsewhere:
            yield from self._own_copy(self._main, self._deferred_note(elsewhere, new))


def _own_first(entry: tuple[str, StoredSecret]) -> tuple[bool, str]:
    return entry[0] not in SLOTS, entry[0]


def _start(held: StoredSecret | None) -> str:
    return "" if held is None else held.note.get("start", "0")


def read_all(run: RotationRun, listed: Listing) -> Steps:
    """Return main and all journals that are listed, by their names."""
    held = {}
    for name in (MAIN, *SLOTS, *foreign_slots(listed)):
        if listed[name] is not None:
            held[name] = yield from record_calls.read(run, name)
    return held


def outdated_by(held: t.Mapping[str, StoredSecret]) -> set[str]:
    """Return the hosts that may accept the key alone which main had before, by the notes of the journal."""
    main = held[MAIN].secret if MAIN in held else None
    outdated: set[str] = set()
    done: set[str] = set()
    for name, entry in held.items():
        if name != MAIN and main is not None and entry.secret == main:
            done |= unpacked_names(entry.note.get("done", ""))
        elif name != MAIN and main is not None and entry.note.get("next") == main.fingerprint:
            outdated |= unpacked_names(entry.note.get("outdated_hosts", ""))
    return outdated - done
