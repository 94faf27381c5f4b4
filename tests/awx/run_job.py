# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a playbook by ansible-runner from a private data folder, as AWX runs a job: this is the process of one job.

It reads the arguments of ansible_runner.run() as JSON from standard input: no secret is in a command line or file.
"""

from __future__ import annotations

import json
import sys

import ansible_runner

if __name__ == "__main__":
    sys.exit(ansible_runner.run(**json.load(sys.stdin)).rc)
