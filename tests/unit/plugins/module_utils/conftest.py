# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One profile for all property tests: no time limit for an example, since machines of CI are slow now and then."""

from __future__ import annotations

import contextlib

with contextlib.suppress(ImportError):
    import hypothesis

    hypothesis.settings.register_profile(
        "unit", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=True
    )
    hypothesis.settings.load_profile("unit")
