# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Poll one server with the collection's client: list, compare, remember. It blocks, so sources run it in a thread."""

from __future__ import annotations

import time
import typing as t

from ..client.connect import client_over, direct
from ..errors import SenhaseguraError
from ..queries import Matching
from ..settings.options import Option
from ..settings.settings import Settings, Source, environment_source, resolve
from .source_options import CONNECTION, POLLING, check_options
from .state_file import StateFile, default_path, owner_of
from .watch import Sighting, Watch, WatchRules

_FIRST_PAUSE = 5.0


def settings_of(args: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> Settings:
    """Return the connection settings of an event source: its arguments, then the environment. Raises ConfigError."""

    def label(option: Option) -> str:
        return f"the option {option.name}"

    return resolve([Source(lambda option: args.get(option.name), label), environment_source(environ)])


class Poller:
    """The polling of one server. Not thread-safe: one call at a time.

    :ivar options: the checked options of the source
    :ivar warning: what the user should know about the state file, or ""
    """

    def __init__(self, args: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> None:
        """Check the options and lock the state file. Nothing is sent. Raises ConfigError.

        :param args: the arguments of the source
        """
        self.options = check_options(args, POLLING, {option.name for option in CONNECTION})
        settings = settings_of(args, environ)
        self._ends = False
        # An abandoned request must not be sent again and again.
        self._client = client_over(direct(settings, lambda: 0.0 if self._ends else float("inf")))
        path = self.options["state_file"] or default_path(settings, environ)
        self._file = StateFile(path, owner_of(settings))
        try:
            is_first = not self._file.exists()
            memory, self.warning = self._file.load()
        except SenhaseguraError:
            self._file.close()
            raise
        self._watch = Watch(_rules(self.options), memory, is_first=is_first)
        self._failures = 0

    def poll(self) -> list[Sighting]:
        """List all there is, and return what is new. Raises SenhaseguraError."""
        entries = list(self._client.credentials.select(Matching({}), fresh=True))
        if self._client.ssh_keys.has_own_list():
            entries += self._client.ssh_keys.select(Matching({}), fresh=True)
        self._failures = 0
        return self._watch.look(entries, time.time())

    def handed_over(self, sighting: Sighting) -> None:
        """Remember that an event was reported, from the next C(save) on."""
        self._watch.handed_over(sighting, time.time())

    def save(self) -> None:
        """Write down what is remembered. Raises ConfigError."""
        self._file.save(self._watch.memory)

    def pause(self) -> float:
        """Return the seconds until the next try after another failure: twice as long each time, up to C(max_pause)."""
        self._failures += 1
        first = min(_FIRST_PAUSE, self.options["interval"])
        return float(min(self.options["max_pause"], first * 2.0 ** min(self._failures - 1, 30)))

    def close(self) -> None:
        """Send nothing more, and give the lock back."""
        self._ends = True
        self._file.close()


def _rules(options: t.Mapping[str, t.Any]) -> WatchRules:
    names = ("expires_within", "custody_after", "failed_after", "repeat_after", "identifiers", "hostnames")
    return WatchRules(
        frozenset(options["types"]),
        remember_first=options["first_poll"] == "remember",
        **{name: options[name] for name in names},
    )
