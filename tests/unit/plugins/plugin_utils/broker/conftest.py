# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Give each test an address of its own for the broker."""

from __future__ import annotations

import errno
import fcntl
import os
import pathlib
import stat
import tempfile
import typing as t

import pytest

from ansible_collections.community.senhasegura.plugins.plugin_utils.broker import client, start_lock, startup


@pytest.fixture
def broker_address(monkeypatch: pytest.MonkeyPatch) -> t.Iterator[pathlib.Path]:
    """Return the address of the broker, for all modules. The path of a socket must be short."""
    with tempfile.TemporaryDirectory(prefix="l") as folder:
        path = pathlib.Path(folder, "senhasegura")
        for module in (client, start_lock, startup):
            monkeypatch.setattr(module, "address", lambda: str(path))
        yield path


@pytest.fixture
def marker(broker_address: pathlib.Path) -> pathlib.Path:
    """Return the path of the marker."""
    return broker_address.with_name("senhasegura.marker")


@pytest.fixture(params=["locks folders", "locks files only"])
def any_marker(request: pytest.FixtureRequest, marker: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """Return the path of the marker, on a file system of either kind."""
    flock = fcntl.flock

    def files_only(descriptor: int, operation: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode) and operation & fcntl.LOCK_EX:
            raise OSError(errno.EBADF, "NFS")
        flock(descriptor, operation)

    if request.param == "locks files only":
        monkeypatch.setattr(fcntl, "flock", files_only)
    return marker
