# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find links of the site that lead nowhere. Addresses outside of it are not asked: CI has no network."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# What Sphinx makes of pages that are no pages of the site's own.
NOT_WRITTEN = ("_sources/",)


class Page(HTMLParser):
    """What a page of HTML links to, and which anchors it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.anchors |= {value for name in ("id", "name") if (value := found.get(name))}
        self.targets += [value for name in ("href", "src") if (value := found.get(name))]


def check(site: Path) -> list[str]:
    """Return `page: target` for each link within the site whose file, or whose anchor in it, is not there."""
    pages = {path.resolve(): Page(path.read_text(encoding="utf-8")) for path in sorted(site.glob("**/*.html"))}
    broken = []
    for path, page in pages.items():
        for target in dict.fromkeys(page.targets):
            parts = urlsplit(target)
            if parts.scheme or parts.netloc or target.startswith(NOT_WRITTEN):
                continue
            goal = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            wanted = unquote(parts.fragment)
            missing = wanted and goal in pages and wanted not in pages[goal].anchors
            if not goal.is_file() or missing:
                broken.append(f"{path.relative_to(site.resolve())}: {target}")
    return broken
