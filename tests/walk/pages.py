# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the guides print: their code blocks, and in those of the type text the commands behind ``$``."""

from __future__ import annotations

import re
import textwrap

from workspace import ROOT

RST = re.compile(r"^\.\. code-block:: (\w+)\n\n((?:   .*\n|\n)+)", re.MULTILINE)


class Lost(Exception):
    """A page does not have what a step takes from it."""


def read(page: str) -> str:
    """The text of a guide."""
    return (ROOT / "docs" / "docsite" / "rst" / f"{page}.rst").read_text()


def block(page: str, words: str) -> str:
    """The one code block of a guide that has these words."""
    found = [content for _language, content in RST.findall(read(page)) if words in content]
    if len(found) != 1:
        raise Lost(f"{page}.rst has {len(found)} blocks with {words!r}, and must have one")
    return textwrap.dedent(found[0]).strip()


def line(page: str, words: str) -> str:
    """The one line with these words in the code blocks of a guide."""
    found = [one for one in block(page, words).splitlines() if words in one]
    if len(found) != 1:
        raise Lost(f"{page}.rst has {len(found)} lines with {words!r}, and must have one")
    return found[0]


def title(page: str, name: str) -> str:
    """The name of something that is chosen in AWX, which the text of a guide has in italics."""
    if f"*{name}*" not in read(page):
        raise Lost(f"{page}.rst does not tell of *{name}*")
    return name


def dialogue(text: str) -> tuple[list[str], str]:
    """The commands of a block, and what it prints after them."""
    lines = text.splitlines()
    commands = [one.removeprefix("$ ") for one in lines if one.startswith("$ ")]
    return commands, "\n".join(one for one in lines if not one.startswith("$ "))
