# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run antsibull-docs, so that it does not fail now and then.

It puts the name of a temporary folder into a page. One that ends in "_" would be a link there, to nowhere, so temporary
names are made without that character.
"""

from __future__ import annotations

import sys
import tempfile

tempfile._RandomNameSequence.characters = "abcdefghijklmnopqrstuvwxyz0123456789"  # type: ignore[attr-defined]

from antsibull_docs.cli.antsibull_docs import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
