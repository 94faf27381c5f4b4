# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The base class of all lookups: ask the broker, else wait for whoever starts it, else do what lookup_fallback.py does.

Ansible evaluates a lookup in a new worker for every host and use. Its importer compiles each file of a collection again
in each of them, and so this one. What stands behind it comes from the bytecode that Python keeps beside the source,
which saves more than 5 ms of each lookup: see tests/bench/README.md.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import typing as t

from ansible.plugins.lookup import LookupBase

_PLUGINS = "ansible_collections.community.senhasegura.plugins."
_SHARED = (f"{_PLUGINS}plugin_utils.", f"{_PLUGINS}module_utils.")


class BytecodeFinder:
    """Find the files that plugins of this collection share. Leave folders, and all else, to the finders behind it."""

    @staticmethod
    def find_spec(name, path=None, target=None):  # type: ignore[no-untyped-def]
        """Return where a shared file is, or None for all else."""
        if not (path and name.startswith(_SHARED)):
            return None
        file = os.path.join(path[0], f"{name.rpartition('.')[2]}.py")
        return importlib.util.spec_from_file_location(name, file) if os.path.isfile(file) else None


class VaultLookup(LookupBase):
    """Run a lookup. Subclasses name it, as operations/lookup.py does."""

    name: t.ClassVar[str]

    def run(self, terms: list[t.Any], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        """Return a value for each term that is not left out. Raises AnsibleLookupError."""
        sys.meta_path.insert(0, BytecodeFinder)
        try:
            from .broker.client import ask, deliver, open_if_there, prepare

            request = prepare(self.name, self._templar.template, terms, variables or {}, kwargs)
            connection = open_if_there() if request.context else None
            reply = ask(connection, request)
            if reply is None:
                from .broker.startup import BrokerStartup

                with BrokerStartup(request.until) as startup:
                    if request.context and (connection is None or connection.lost):
                        connection = startup.join()
                        reply = ask(connection, request)
                    if reply is None:
                        # Imported lazily: most workers that have waited for the broker need none of it.
                        from .lookup_fallback import answer

                        reply = answer(request, connection, startup)
            return deliver(reply)
        finally:
            # Afterwards, imports are as they were.
            sys.meta_path.remove(BytecodeFinder)
