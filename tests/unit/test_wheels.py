# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What scripts/wheels.py asks of a software bill of materials. `./run wheels` makes the real ones."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest
from workspace import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

import wheels

METADATA = """\
Metadata-Version: 2.4
Name: senhasegura-client
Version: 1.2.0
Requires-Dist: requests>=2.31.0
Provides-Extra: config-file
Requires-Dist: PyYAML; extra == 'config-file'
"""


@pytest.mark.parametrize(
    ("root", "components", "missing"),
    [
        ({"name": "senhasegura-client", "version": "1.2.0"}, {"requests": "2.34", "pyyaml": "6.0", "idna": "3.1"}, []),
        ({"name": "senhasegura-client", "version": "1.2.0"}, {"requests": "2.34"}, ["pyyaml"]),
        ({"name": "senhasegura-client", "version": "1.2.0"}, {"requests": "", "PyYAML": "6.0"}, ["requests"]),
        ({"name": "senhasegura-client"}, {"requests": "2.34", "PyYAML": "6.0"}, ["senhasegura-client 1.2.0"]),
    ],
)
def test_a_bill_names_the_wheel_and_all_that_it_requires(
    tmp_path: Path, root: dict[str, str], components: dict[str, str], missing: list[str]
) -> None:
    wheel = tmp_path / "senhasegura_client-1.2.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("senhasegura_client-1.2.0.dist-info/METADATA", METADATA)
    listed = [{"name": name, "version": version} for name, version in components.items()]
    assert wheels.missing(wheel, {"metadata": {"component": root}, "components": listed}) == missing
