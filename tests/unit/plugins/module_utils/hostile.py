# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names that are meant to lead somewhere else than they say. No test looks at why one of them is dangerous."""

from __future__ import annotations

# Names stand in lines by kind, and look like others on purpose.
import itertools
import urllib.parse

# Ways out of a folder, and what stands for them.
_UP = [
    "..", ".", "...", "....", "../", "./", "/..", "/.", "../..", "../../..", "..\\", "..\\..", "\\..", "..;", "..;/", "..%00",
    "%2e%2e", "%2E%2E", "%2e.", ".%2e", "%252e%252e", "%25252e%25252e", "%c0%ae%c0%ae", "%e0%80%ae", "%uff0e%uff0e",
    "%2e%2e%2f", "..%2f", "..%2F", "..%5c", "..%5C", "..%252f", "..%c0%af", "..%ef%bc%8f", "%2e%2e/", "%2e%2e\\",
    "．．", "․․", "。。", "‥", "…", "..／", "..⁄", "..∕", "..＼", "..﹨", ".\u200b.", ".\u0000.", ".\u00ad.", ".\ufe0f.",
]  # fmt: skip
_TARGETS = ["1", "custody/1", "../pam/key/9", "../../iso/dapp/application", "etc/passwd"]
_SEPARATORS = ["/", "\\", "%2f", "%5c", "%252f", "/./", "//", "/;/", "；", "／"]
# Characters that mean something to a URL, a header, a shell, a template or a log.
_SPECIAL = [
    *"/\\?#;:&=+,%$!*'\"`|<>(){}[]^~ \t",
    "\r", "\n", "\r\n", "\x00", "\x0b", "\x0c", "\x1b", "\x7f", "\x80", "\x85", "\x9b", "\xa0", "\xad",
    "\u2028", "\u2029", "\u200b", "\u200d", "\u200e", "\u202e", "\u2060", "\ufeff", "\ufffd", "\uffff", "\ud800", "\udcff",
    "٣", "²", "①", "ａ", "é", "ß", "İ", "ı", "ſ", "K", "日", "🔑", "\U000e0001", "\U0010ffff",
]  # fmt: skip
_WHOLE = [
    "1?x=1", "1#x", "1;x=1", "1&x=1", "1?", "1#", "1/", "/1", "1//", "1/..", "1/../2", "1%2f..%2f2", "1%2e", "1\\2", "1%00", "1\x00.json",
    "1 HTTP/1.1\r\nHost: evil.example\r\n\r\nGET /", "1\r\nX-Injected: 1", "1%0d%0aX-Injected:%201", "1\nSet-Cookie: a=b",
    "http://evil.example/", "https://evil.example/1", "//evil.example/1", "\\\\evil.example\\1", "file:///etc/passwd",
    "javascript:alert(1)", "data:,x", "user:pw@evil.example", "@evil.example", "evil.example@", "a@b@c", "@", "@@", "a@", "root@web01/..",
    "root@web01?x", "root@web01#", "root@..", "..@web01", "root@web01\r\n", "root@[::1]", "root@web01:22", "ro ot@web01",
    "-1", "+1", "1.0", "1e3", "0x1", "1_000", "1,5", "٣٤", "१२", "１２", "1 ", " 1", "NaN", "Infinity", "-0", "00", "1" * 20, "9" * 400,
    "null", "None", "true", "undefined", "[]", "{}", "{ref}", "{0}", "{0.__class__}", "%(ref)s", "%s%s%n", "$1", "${7*7}", "{{7*7}}", "{%x%}",
    "' OR '1'='1", "1' OR 1=1--", "1;DROP TABLE credential", "1 UNION SELECT", "admin'--", "\" OR \"\"=\"", "1)(|(uid=*", "*", "*)(&",
    "<script>alert(1)</script>", "<!--", "-->", "<?xml", "<![CDATA[", "&lt;", "&#46;&#46;", "\\u002e\\u002e", "\\x2e\\x2e",
    "`id`", "$(id)", "|id", ";id", "&&id", ">x", "<x", "-rf", "--help", "-", "--", "-x", ".hidden", "~", "~root", "C:\\x", "C:", "CON", "NUL:",
    "a" * 256, "a" * 5000, "." * 300, "a/" * 150, "%2e" * 100, "é" * 200, "a" * 255 + "/", "",
    " ", "\t", "\n", "\x00", "a b", "a\tb", "a\nb", "custody/1", "custody%2f1", "1/custody", "1/rotate", "rotate/1", "..%2frotate",
    "::set-output name=x::y", "##vso[task.complete]", "\x1b[31mred", "\u202egpj.exe", "a\u0301", "a\u0000b", "%", "%%", "%2", "%zz", "%u002e",
]  # fmt: skip


def _all() -> list[str]:
    found = [*_UP, *_WHOLE, *_SPECIAL]
    found += [f"{up}{separator}{_TARGETS[0]}" for up, separator in itertools.product(_UP[:24], _SEPARATORS)]
    found += [f"x{separator}..{separator}{target}" for separator, target in itertools.product(_SEPARATORS, _TARGETS)]
    found += [form for c in _SPECIAL for form in (f"a{c}b", f"{c}a", f"a{c}")]
    found += [urllib.parse.quote(text, safe="") for text in _UP if text.isprintable() and not text.startswith("%")]
    return list(dict.fromkeys(found))


NAMES = _all()
