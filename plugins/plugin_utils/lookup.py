# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The edge of all lookups, as short as it can be: asks the broker of the run for what was read already.

Ansible evaluates a lookup again for every host and use, in a new worker each time, which compiles and imports anew what
a lookup imports. So this imports next to nothing; reading.py does the rest, in the few workers that need it.
"""

from __future__ import annotations

import hashlib
import os
import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.release import __version__
from ansible.utils.display import Display

from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.link import Link, authentication_key

if t.TYPE_CHECKING:
    from ansible_collections.community.senhasegura.plugins.plugin_utils.lookup_spec import (
        Arguments,
        Question,
        Variables,
    )

display = Display()
# From 2.22 on. Before, registry.py would do nothing, but looking for that takes each worker half a millisecond.
_REGISTERS_SECRETS = tuple(map(int, __version__.split(".")[:2])) >= (2, 22)


class SenhaseguraLookup(LookupBase):
    """Subclasses give their name, under which lookup_spec has their options; the client does the rest."""

    name: t.ClassVar[str]

    def run(self, terms: list[t.Any], variables: Variables | None = None, **kwargs: t.Any) -> list[t.Any]:
        # Ansible before 2.19 hands this on from with_*. A lookup returns a list anyway.
        kwargs.pop("wantlist", None)
        variables = variables or {}
        flat = list(_flat(terms))
        question = self._question(flat, variables, kwargs)
        link = _link() if question is not None else None
        answer = _ask(link, question)
        if answer is None or answer[0] == "introduce yourself":
            from ansible_collections.community.senhasegura.plugins.plugin_utils import bytecode

            with bytecode.first():
                answer = self._answer(flat, variables, kwargs, question, link)
        return deliver(answer)

    def _answer(
        self,
        terms: list[t.Any],
        variables: Variables,
        arguments: Arguments,
        question: Question | None,
        link: Link | None,
    ) -> t.Sequence[t.Any]:
        """What the broker did not answer at once. It is started if it does not run; one worker does that."""
        turn = begun = None
        if question is not None and link is None:
            from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.turn import wait_for_broker

            link, turn = wait_for_broker()
            answer = _ask(link, question)
            if answer is not None and answer[0] != "introduce yourself":
                return t.cast("t.Sequence[t.Any]", answer)
            if turn is not None and turn.is_first() and not _may_be_unwanted(variables, arguments):
                # First of all, since both the broker and what comes next have much to import. Only the first worker
                # does: if it turns out that no broker is wanted, the others need not start and end one too.
                from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.start import begin

                begun = begin(turn)
        from ansible_collections.community.senhasegura.plugins.plugin_utils.lookup_spec import Request
        from ansible_collections.community.senhasegura.plugins.plugin_utils.reading import read

        request = Request(self.name, terms, variables, arguments, self._templar.template)
        return read(request, question, link, turn, begun)

    def _question(self, terms: list[t.Any], variables: Variables, arguments: Arguments) -> Question | None:
        """What to ask the broker: plain terms, and a digest of all that may come from elsewhere than from the terms.

        The digest is keyed, so it gives away nothing. None if there is anything unusual, which is not decided here.
        """
        if not terms or not all(isinstance(term, (str, int)) and not isinstance(term, bool) for term in terms):
            return None
        try:
            given = {key: self._templar.template(variables[key]) for key in variables if key.startswith("senhasegura_")}
        # A variable that cannot be evaluated, whatever the reason.
        except Exception:  # noqa: BLE001
            return None
        environment = {key: value for key, value in os.environ.items() if key.startswith("SENHASEGURA_")}
        check_mode = bool(variables.get("ansible_check_mode"))
        parts = (self.name, check_mode, *(sorted(part.items()) for part in (arguments, given, environment)))
        digest = hashlib.blake2b(repr(parts).encode("utf-8", "surrogatepass"), key=authentication_key()).hexdigest()
        return "lookup", digest, [str(term) for term in terms]


def _may_be_unwanted(variables: Variables, arguments: Arguments) -> bool:
    """Whether the option broker is set where that is seen at once. Its value is nobody's business here."""
    return "broker" in arguments or "senhasegura_broker" in variables or "SENHASEGURA_BROKER" in os.environ


def _link() -> Link | None:
    try:
        return Link()
    except (OSError, EOFError):
        return None


def _ask(link: Link | None, question: Question | None) -> t.Any:
    try:
        return link.ask(*question) if link is not None and question is not None else None
    except (OSError, EOFError):
        return None


def _flat(terms: t.Iterable[t.Any]) -> t.Iterator[t.Any]:
    for term in terms:
        if isinstance(term, (list, tuple)):
            yield from _flat(term)
        else:
            yield term


def deliver(answer: t.Sequence[t.Any]) -> list[t.Any]:
    """Values for Ansible, from an answer ["ok", [values, warnings, secrets]] or ["error", text]."""
    if answer[0] != "ok":
        # "from None": from ansible-core 2.19 on, the causes of an error are printed as well.
        raise AnsibleLookupError(answer[1]) from None
    values, warnings, secrets = answer[1]
    for warning in warnings:
        display.warning(warning)
    if _REGISTERS_SECRETS:
        from ansible_collections.community.senhasegura.plugins.plugin_utils.registry import register

        register(secrets)
    return list(values)
