# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look at a page as a parser sees it, for tests of the pages of reports."""

from __future__ import annotations

import re
import typing as t
from html.parser import HTMLParser

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=y>&{{ 7*7 }}{% raw %}\u202e\0\udc80"


class Page(HTMLParser):
    """What is in a page: all elements as (name, attributes), the texts, and complaints about its structure."""

    VOID: t.ClassVar[set[str]] = {"meta", "br", "wbr", "col"}

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.wrong: list[str] = []
        # Where a browser could look for something else. Texts of a page may name servers.
        attributes = re.findall(r"<[a-z][^>]*>", text.replace("http://www.w3.org", ""))
        self.loaded = " ".join(attributes) + " ".join(re.findall(r"<style>.*?</style>", text, re.DOTALL))
        self.feed(text)
        self.close()
        self.wrong += self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.texts.append(data)

    def text(self) -> str:
        return " ".join("".join(self.texts).split())

    def complaints(self) -> list[str]:
        """Return what is wrong with it: its structure, what it loads or runs, and references that lead nowhere."""
        names = {name for name, _rest in self.elements}
        found = [*self.wrong, *(names & {"script", "link", "img", "iframe", "object", "image", "form", "base"})]
        ids = [attributes["id"] for _name, attributes in self.elements if "id" in attributes]
        found += [] if len(ids) == len(set(ids)) else ["an id is there twice"]
        places = ("http://", "https://", "url(")
        found += [place for place in places if place in self.loaded.replace("url(#", "")]
        for _name, attributes in self.elements:
            found += [name for name in attributes if name.startswith("on")]
            targets = (attributes.get("aria-labelledby") or "").split()
            targets += [value[1:] for name, value in attributes.items() if name.endswith("href") and value]
            targets += re.findall(r"url\(#([^)]*)\)", attributes.get("fill") or "")
            found += sorted(set(targets) - set(ids))  # type: ignore[type-var]
        return found
