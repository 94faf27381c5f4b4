# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Let Python's own loader import the files of this collection: it keeps bytecode beside the source.

Ansible's loader for collections compiles each file anew in each worker. Only this file is left to it: it is short.
"""

from __future__ import annotations

import importlib.util
import os
import sys

PACKAGE = "ansible_collections.community.senhasegura.plugins."
_FOLDER = os.path.dirname(os.path.dirname(__file__))


class Finder:
    """Finds files, and leaves folders and all that is not ours to the finders behind it."""

    @staticmethod
    def find_spec(name, path=None, target=None):  # type: ignore[no-untyped-def]
        if not name.startswith(PACKAGE):
            return None
        file = os.path.join(_FOLDER, *name[len(PACKAGE) :].split(".")) + ".py"
        return importlib.util.spec_from_file_location(name, file) if os.path.isfile(file) else None


sys.meta_path.insert(0, Finder)
