# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The SCIM of the simulator by scim2-tester, the test of the authors of scim2-models: ./run scim

The argument is a Python that has requirements/scim.txt. Other tasks do without its libraries.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from senhasegura_simulator.server import Simulator


def main(python: str) -> int:
    """Return 1 if a check fails of something that the vendor documents."""
    client = ("demo", "demo-secret-0123456789abcdef")
    with Simulator(profile="4.0", seed="demo") as simulator:
        command = [python, str(Path(__file__).with_name("conformance.py")), simulator.url, simulator.ca_path, *client]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
