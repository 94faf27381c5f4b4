# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""./run slices: ten jobs at once, as AWX slices one. Lookups for 500 hosts, and rotations on as many real ones."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from awx import slices
from hosts.image import why_unavailable


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run slices", description=__doc__)
    parser.add_argument("--hosts", type=int, default=500, help="with lookups (default 500)")
    parser.add_argument("--real", type=int, default=40, help="real hosts with rotations (default 40, 0: none)")
    parser.add_argument("--slices", type=int, default=10, help="jobs at once (default 10)")
    options = parser.parse_args()
    parts = [("lookups", slices.lookups(options.hosts, options.slices))]
    reason = "--real 0" if not options.real else why_unavailable()
    if reason:
        print(f"rotations: left out ({reason})")
    else:
        with tempfile.TemporaryDirectory() as folder:
            parts += [("rotations", one) for one in slices.on_hosts(options.real, options.slices, Path(folder))]
    for name, measured in parts:
        print(f"{name}: {', '.join(f'{key} {value}' for key, value in measured.figures.items())}")
        for text in measured.wrong:
            print(f"  {text}")
    return 1 if any(measured.wrong for _name, measured in parts) else 0


if __name__ == "__main__":
    sys.exit(main())
