# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that speaks the HTTP API of senhasegura (Segura PAM) for tests and demonstrations."""

from __future__ import annotations

__version__ = "0.1.0"
