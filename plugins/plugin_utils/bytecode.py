# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Let Python's own loader import what the plugins of this collection share: it keeps bytecode beside the source.

Ansible's loader for collections compiles each file anew in each worker.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
import typing as t

_PLUGINS = "ansible_collections.community.senhasegura.plugins."
SHARED = (f"{_PLUGINS}plugin_utils", f"{_PLUGINS}module_utils", f"{_PLUGINS}modules")


class Finder:
    """Finds shared files, and leaves all else to the finders behind it: folders become packages with C(__file__) only
    by Ansible's own, and ansible-core looks for that.
    """

    @staticmethod
    def find_spec(name, path=None, target=None):  # type: ignore[no-untyped-def]
        if not (path and name.startswith(SHARED)):
            return None
        place = os.path.join(path[0], name.rpartition(".")[2])
        return importlib.util.spec_from_file_location(name, f"{place}.py") if os.path.isfile(f"{place}.py") else None


@contextlib.contextmanager
def first() -> t.Iterator[None]:
    """Meanwhile, what is shared comes from bytecode. Afterwards, imports are as they were."""
    sys.meta_path.insert(0, Finder)
    try:
        yield
    finally:
        sys.meta_path.remove(Finder)
