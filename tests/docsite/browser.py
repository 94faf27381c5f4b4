# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look at the site in Chromium, on a wide window and on a telephone.

Screenshots of some pages go to .cache/docsite/screens, for people.
"""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Error, Page, Request, Response, sync_playwright

# Without these it asks hosts of its maker at each start.
OPTIONS = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
WINDOWS = {"wide": (1280, 900), "narrow": (390, 844)}
SHOWN = (
    "index.html",
    "docsite/quick_start.html",
    "docsite/errors.html",
    "docsite/features.html",
    "credential_module.html",
)
# What somebody might look for, and a page that has to be found by it.
SEARCHES = {
    "custody": "docsite/custody.html",
    "connections_busy": "docsite/errors.html",
    "docker_env": "docsite/container_secrets.html",
}
# What is wider than the window, or than the text and has no scroll bar of its own. On a telephone the whole text has
# one, which nobody wants to use.
TOO_WIDE = """() => {
    const root = document.documentElement, article = document.querySelector('article');
    const wide = root.scrollWidth > root.clientWidth ? ['the page'] : [];
    if (!article) return wide;
    const scrolls = node => node !== article
        && (['auto', 'scroll'].includes(getComputedStyle(node).overflowX) || scrolls(node.parentElement));
    const edge = article.parentElement.getBoundingClientRect().right + 1;
    for (const part of article.querySelectorAll('table, pre, p, li')) {
        if (part.getBoundingClientRect().right > edge && !scrolls(part))
            wide.push(part.localName + ' ' + part.innerText.slice(0, 40).replace(/\\s+/g, ' '));
    }
    return wide;
}"""


def look(site: Path) -> list[str]:
    """Return what is wrong, a line for each: failures, requests to others, what is too wide."""
    wrong: list[str] = []
    screens = site.parent / "screens"
    screens.mkdir(exist_ok=True)
    pages = [str(path.relative_to(site)) for path in sorted(site.glob("**/*.html"))]
    with served(site) as url, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=OPTIONS, chromium_sandbox=False
        )
        for name, (width, height) in WINDOWS.items():
            page = chromium.new_page(viewport={"width": width, "height": height})
            watch(page, url, wrong)
            for path in pages:
                page.goto(f"{url}/{path}")
                wrong += [f"{path}, {name}: too wide: {what}" for what in page.evaluate(TOO_WIDE)]
                if path in SHOWN:
                    page.screenshot(path=screens / f"{Path(path).stem}-{name}.png")
            if name == "wide":
                wrong += [found for words, goal in SEARCHES.items() for found in search(page, url, words, goal)]
        chromium.close()
    return wrong


def watch(page: Page, url: str, wrong: list[str]) -> None:
    """Note from now on what fails in a page, and requests to other servers: nobody is to be told who reads what."""

    def request(asked: Request) -> None:
        if not asked.url.startswith((url, "data:")):
            wrong.append(f"{asked.frame.url} asks {asked.url}")

    page.on("request", request)

    def failed(asked: Request) -> None:
        # What is still loading when the next page is opened: a page that does not come at all ends the program.
        if asked.failure != "net::ERR_ABORTED":
            wrong.append(f"{asked.url}: {asked.failure}")

    def answered(answer: Response) -> None:
        if answer.status >= 400:
            wrong.append(f"{answer.url}: {answer.status}")

    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("requestfailed", failed)
    page.on("response", answered)


def search(page: Page, url: str, words: str, goal: str) -> Iterator[str]:
    """Type words into the field of the first page; give back what is wrong if ``goal`` is not among the results."""
    page.goto(f"{url}/index.html")
    page.fill("input[name=q]", words)
    page.press("input[name=q]", "Enter")
    try:
        page.wait_for_selector(f"#search-results a[href*='{goal}']", timeout=20_000)
    except Error:
        yield f"search for {words} does not find {goal}"


@contextmanager
def served(site: Path) -> Iterator[str]:
    """Serve a folder on a free port of this machine, and return its URL."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
