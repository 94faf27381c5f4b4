# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The releases of ansible-core that the collection supports, oldest first."""

from __future__ import annotations

# ansible-core -> the Pythons that it runs on as a controller, best first
PYTHONS = {
    "2.17": ("3.12", "3.11", "3.10"),
    "2.18": ("3.13", "3.12", "3.11"),
    "2.19": ("3.13", "3.12", "3.11"),
    "2.20": ("3.13", "3.14", "3.12"),
    "2.21": ("3.13", "3.14", "3.12"),
    "2.22": ("3.13", "3.14"),
}
