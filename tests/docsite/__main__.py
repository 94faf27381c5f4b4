# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation site: `./run docs` builds it and checks its links, `./run docs-browser` looks at it in Chromium.

It is written to .cache/docsite/html; .cache/docsite/html/index.html can be opened as a file.
"""

from __future__ import annotations

import sys

from docsite import links, pages
from hosts import system
from workspace import CACHE

FOLDER = CACHE / "docsite"


def main(task: str = "build") -> None:
    site = FOLDER / "html"
    if task == "build":
        pages.build(FOLDER)
        broken = links.check(site)
        print("\n".join(broken) or f"{len(list(site.glob('**/*.html')))} pages, no broken link: {site / 'index.html'}")
    elif task == "browser":
        # Here, because the library is in the environment of this task alone.
        from docsite import browser

        system.prepare_browser()
        broken = browser.look(site)
        print("\n".join(broken) or "nothing wrong in the browser")
    else:
        sys.exit(f"usage: python -m docsite [build | browser], not {task}")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
