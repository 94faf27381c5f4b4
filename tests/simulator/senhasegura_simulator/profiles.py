# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between the releases (and the guide's dialect), as data."""

from __future__ import annotations

from dataclasses import dataclass, field

PAM, TOKEN, DSM, LEGACY, GUIDE, SCIM = "pam", "token", "dsm", "legacy", "guide", "scim"
USERS, INFO, SESSIONS, OLD_SESSIONS, MYSAFE = "users", "info", "sessions", "old sessions", "mysafe"


@dataclass(frozen=True)
class Profile:
    name: str
    prefixes: dict[str, tuple[str, ...]]  # area -> the prefixes under which the gateway routes it
    legacy: dict[str, tuple[str, ...]] = field(default_factory=dict)  # more prefixes, with the setting legacy_paths
    identifier_key: str = "identifier"
    modern: bool = True  # booleans, `code`, `tenant`, generated identifiers, 1008/1043/1053 (3.33 and newer)
    identifier_in_path: bool = False
    guide_errors: bool = False  # refusals in the guide's form, also those before a handler runs

    def flag(self, value: bool) -> bool | str:
        return value if self.modern else str(int(value))


PROFILES: dict[str, Profile] = {
    p.name: p
    for p in (
        Profile(
            "3.32",
            {
                **dict.fromkeys((PAM, TOKEN, DSM, SCIM, USERS, INFO), ("/iso",)),
                MYSAFE: ("/api",),
                # The pages print the one, the OpenAPI file the other, and not the same for each call.
                OLD_SESSIONS: ("/iso", "/api"),
            },
            identifier_key="tag",
            modern=False,
            identifier_in_path=True,
        ),
        # The vendor's own collection, republished when 4.0 was current, uses /iso/pam and identifiers in the path.
        Profile(
            "4.0",
            {
                **dict.fromkeys((PAM, USERS, SESSIONS, MYSAFE), ("/api",)),
                **dict.fromkeys((DSM, SCIM, INFO), ("/iso",)),
                TOKEN: ("/api", "/iso"),
            },
            legacy={PAM: ("/iso",)},
        ),
        Profile("rest", {TOKEN: ("/iso",), GUIDE: ("",)}, guide_errors=True),
        Profile(
            "all",
            {
                **dict.fromkeys((PAM, TOKEN, USERS, OLD_SESSIONS), ("/api", "/iso")),
                **dict.fromkeys((DSM, SCIM, INFO, LEGACY), ("/iso",)),
                SESSIONS: ("/api",),
                MYSAFE: ("/api",),
                GUIDE: ("",),
            },
            identifier_in_path=True,
        ),
    )
}
