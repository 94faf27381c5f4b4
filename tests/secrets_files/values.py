# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values that quoting, escaping and reading go wrong with: chosen ones, and generated ones."""

from __future__ import annotations

import random
from collections.abc import Iterator

# What an injection would leave: a file of this name in the current directory.
PWNED = "PWNED"
AWKWARD: dict[str, str] = {
    "single quote": "it's",
    "double quote": 'say "hi"',
    "both quotes": "'\"'\"'",
    "backtick": f"`touch {PWNED}`",
    "substitution": f"$(touch {PWNED})",
    "out of single quotes": f"a'; touch {PWNED}; '",
    "out of double quotes": f'a"; touch {PWNED}; "',
    "variable": "$HOME and ${HOME} and $$",
    "macro": "$(HOME) %HOME% {{ 7*7 }} {% raw %}",
    "percent": "100%25 %0A %AZP25 %%",
    "line feed": "one\ntwo",
    "ends with line feeds": "one\n\n",
    "line of its own": f"x\nINJECTED=1\ntouch {PWNED}\n",
    "delimiter": "EOF\nINJECTED=1\nEOF",
    "GitHub delimiter": "ghadelimiter_\nINJECTED<<ghadelimiter_\nx\nghadelimiter_",
    "carriage return": "one\rtwo",
    "both line ends": "one\r\ntwo\r\n",
    "tab": "\tone\ttwo\t",
    "NUL": "one\0two",
    "beyond the BMP": "\U0001f511 \U00010348 é ß 中",
    "combining and bidirectional": "e\u0301 \u202e \u200b \ufeff",
    "odd line ends": "a\x0bb\x0cc\x85d\u2028e\u2029f",
    "control characters": "\x01\x02\x1b[31m\x7f",
    "64 kB": "x" * 65_000 + "'\"",
    "leading equals": "=a=b==",
    "number sign": "#no comment # either",
    "leading blanks": "   a",
    "trailing blanks": "a   ",
    "empty": "",
    "backslashes": "\\n \\\\ \\' \\\" \\",
    "trailing backslash": "abc\\",
    "exclamation and tilde": "!! ~root *.? [a] {b,c} <x >y |z &w;",
    "brackets of Azure": "a];b=c]##vso[task.setvariable variable=INJECTED]1",
    "command of GitHub": "::set-output name=a::b",
    "looks like YAML": "yes: [no, ~] &a *a !!python/object/apply:os.system ['touch PWNED']",
    "quoted already": "'quoted'",
    "quoted twice": '"quoted"',
    "code points that are no characters": "\ufffe \uffff \ufdd0 \U0001ffff",
}
_PIECES = (
    *("'", '"', "`", "$", "${", "}", "$(", ")", "\\", "\\\\", "\n", "\r", "\r\n", "\t", " ", "  ", "%", "%25", "%0A"),
    *("=", "#", " #", ";", "]", "[", "##vso[", "::", "EOF", "<<", "{{", "}}", "{%", "!", "&", "*", "|", ">", "~", ":"),
    *(
        "\0",
        "\x01",
        "\x1b",
        "\x7f",
        "\x85",
        "\xa0",
        "\u2028",
        "\ufeff",
        "é",
        "中",
        "\U0001f511",
        "a",
        "Z",
        "0",
        "x" * 20,
    ),
    *(f"$(touch {PWNED})", f"`touch {PWNED}`", f"';touch {PWNED};'", f'";touch {PWNED};"', "\\u0041", "\\n", "HOME"),
)


def generated(number: int, seed: int = 1) -> Iterator[str]:
    """Yield values of up to twelve pieces, the same for the same seed. Most have no NUL and fewer line ends."""
    chance = random.Random(seed)
    plain = [piece for piece in _PIECES if not set(piece) & set("\0\r\n\x01\x1b\x7f")]
    for _each in range(number):
        # What is refused everywhere would test nothing else.
        pieces = _PIECES if chance.random() < 0.4 else plain
        yield "".join(chance.choices(pieces, k=chance.randint(0, 12)))
