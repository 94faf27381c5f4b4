# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The dialects by name, and the order in which C(auto) tries them."""

from __future__ import annotations

import typing as t

from .dialect import Dialect
from .guide import REST
from .vendor import API, ISO

DIALECTS: t.Mapping[str, Dialect] = {dialect.name: dialect for dialect in (ISO, API, REST)}
# rest is never guessed: a vendor server has some of its paths, with other meanings (PUT activates).
AUTO_ORDER = ("api", "iso")
