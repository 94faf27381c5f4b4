# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look at the pages of the reports in a real browser: Debian's Chromium, which is installed if it is missing.

Each page is opened on a wide and on a narrow screen, in light and in dark. Nothing may reach beyond the screen, all
text must stand out from what is behind it (WCAG AA: contrast of 4.5, large text 3), links must lead somewhere, the
browser may have nothing to complain about, and the page must print. Pictures of all are in .cache/pages.
"""

from __future__ import annotations

import argparse
import base64
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hosts import system
from pages.browser import Browser
from workspace import CACHE

from ansible_collections.community.senhasegura.plugins.plugin_utils.report.audit_page import audit_page
from ansible_collections.community.senhasegura.plugins.plugin_utils.report.page import page
from ansible_collections.community.senhasegura.plugins.plugin_utils.report.state import fold
from ansible_collections.community.senhasegura.tests.unit.plugins.plugin_utils.report import audits, entries

SCREENS = {"wide": (1280, 900), "narrow": (390, 844)}
SCHEMES = ("light", "dark")
PAGES: dict[str, Callable[[], str]] = {
    "audit-empty": lambda: audit_page(audits.document(0, 0)),
    "audit-few": lambda: audit_page(audits.document(3, 2)),
    "audit-many": lambda: audit_page(audits.document(300, 250)),
    "audit-guide": lambda: audit_page(audits.document(12, None)),
    "rotation-empty": lambda: page(fold([]), entries.NOW),
    "rotation-few": lambda: page(fold(entries.many(3, 20)), entries.NOW),
    "rotation-many": lambda: page(fold(entries.many(500, 2)), entries.NOW),
}
# What is wrong with the page that is open, as a list of texts.
LOOK = """
(() => {
  const found = [], wide = document.documentElement.scrollWidth;
  if (wide > innerWidth) found.push(`it is ${wide} wide on a screen of ${innerWidth}`);
  const channel = value => (value /= 255, value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const colour = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const behind = element => {
    for (; element; element = element.parentElement) {
      const parts = colour(getComputedStyle(element).backgroundColor);
      if (parts.length === 3 || parts[3] === 1) return parts;
    }
    return [255, 255, 255];
  };
  for (const element of document.querySelectorAll('main *')) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!own || element.closest('svg, title, desc') || !element.getClientRects().length) continue;
    const style = getComputedStyle(element), [a, b] = [light(colour(style.color)), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const words = element.textContent.trim().slice(0, 40);
    if (ratio < (large ? 3 : 4.5)) found.push(`contrast ${ratio.toFixed(1)}: ${words}`);
    if (size < 11) found.push(`${size} px: ${words}`);
  }
  for (const link of document.querySelectorAll('a[href^="#"]'))
    if (!document.getElementById(link.hash.slice(1))) found.push(`link to ${link.hash}`);
  if (!document.querySelector('h1').textContent.trim()) found.push('no headline');
  return [...new Set(found)];
})()
"""
# For people: how a table is that is too wide for the screen. It may scroll by itself.
CLIPPED = """
[...document.querySelectorAll('table')].filter(table => {
  const around = table.parentElement;
  return table.scrollWidth > around.clientWidth && getComputedStyle(around).overflowX !== 'auto';
}).map(table => `a table is cut off: ${table.textContent.trim().slice(0, 40)}`)
"""


def chromium() -> str:
    """Return the path of Chromium. Raises SystemExit if it is neither there nor can be installed."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    system.prepare_browser()
    return str(shutil.which("chromium"))


def look(browser: Browser, name: str, folder: Path) -> list[str]:
    """Open a page in all ways, take pictures, and return what is wrong with it."""
    path = folder / f"{name}.html"
    path.write_text(PAGES[name](), encoding="utf-8")
    problems = []
    for screen, (width, height) in SCREENS.items():
        for scheme in SCHEMES:
            browser.show(path.as_uri(), width, height, scheme)
            where = f"{name}, {screen}, {scheme}"
            found: list[Any] = [*browser.evaluate(LOOK), *browser.evaluate(CLIPPED), *browser.complaints()]
            problems += [f"{where}: {text}" for text in found]
            (folder / f"{name}-{screen}-{scheme}.png").write_bytes(browser.picture(whole=screen == "wide"))
    pdf = browser.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"]
    (folder / f"{name}.pdf").write_bytes(base64.b64decode(pdf))
    if b"%%EOF" not in base64.b64decode(pdf)[-1024:]:
        problems.append(f"{name}: it does not print")
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run pages", description=__doc__)
    parser.add_argument("pages", nargs="*", help=f"some of {', '.join(PAGES)} (default: all)")
    chosen = parser.parse_args().pages or list(PAGES)
    folder = CACHE / "pages"
    folder.mkdir(parents=True, exist_ok=True)
    problems = []
    with Browser(chromium()) as browser:
        for name in chosen:
            problems += look(browser, name, folder)
            print(f"{name}: looked at", flush=True)
    print("\n".join(problems) or f"{len(chosen)} pages, nothing wrong: pictures in {folder}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
