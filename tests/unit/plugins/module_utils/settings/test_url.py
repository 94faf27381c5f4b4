# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The base URL of a server: its normal form, and what is refused."""

from __future__ import annotations

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError
from ansible_collections.community.senhasegura.plugins.module_utils.settings.url import check_url

CANARY = "Canary-1234-abcd"
URLS = [
    ("https://pam.example.com", "https://pam.example.com"),
    ("https://PAM.Example.com/", "https://pam.example.com"),
    ("HTTPS://pam.example.com:8443//", "https://pam.example.com:8443"),
    ("https://pam.example.com/vault/", "https://pam.example.com/vault"),
    ("https://192.0.2.1:443", "https://192.0.2.1:443"),
    ("https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"),
    ("https://cofre.exámple.com", "https://cofre.xn--exmple-qta.com"),
    ("https://pam", "https://pam"),
]


@pytest.mark.parametrize(("url", "expected"), URLS)
def test_urls_in_normal_form(url: str, expected: str) -> None:
    assert check_url(url, allow_http=False) == expected
    assert check_url(expected, allow_http=False) == expected


BAD_URLS = [
    "pam.example.com",
    "ftp://pam.example.com",
    "file:///etc/passwd",
    "https://",
    "https:///path",
    f"https://{CANARY}@pam.example.com",
    f"https://user:{CANARY}@pam.example.com",
    f"https://pam.example.com?token={CANARY}",
    "https://pam.example.com?",
    "https://pam.example.com#",
    f"https://pam.example.com/#{CANARY}",
    "https://pam.example.com/../etc",
    "https://pam.example.com/a//b",
    "https://pam.example.com/a%2fb",
    "https://pam.example.com/a b",
    "https://pam.example.com\\@evil.example.com",
    "https://pam.example.com:port",
    "https://pam.example.com:99999",
    "https://[2001:db8::1",
    "https://-pam.example.com",
    "https://pam..example.com",
    "https://p am.example.com",
    "https://pam.example.com" + "x" * 300,
]


@pytest.mark.parametrize("url", BAD_URLS)
def test_urls_that_are_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="^url ") as caught:
        check_url(url, allow_http=False)
    assert caught.value.hint
    assert CANARY not in str(caught.value)


def test_http_needs_allow_http() -> None:
    with pytest.raises(ConfigError, match="http://, which everybody on the network can read"):
        check_url("http://pam.example.com", allow_http=False)
    assert check_url("http://pam.example.com", allow_http=True) == "http://pam.example.com"
