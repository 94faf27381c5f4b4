# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator's own certificate authority and server certificate."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme

NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Certificates:
    ca_path: Path
    context: ssl.SSLContext


def make(folder: Path, names: tuple[str, ...] = (), keep: bool = False) -> Certificates:
    """A new CA, or the one that an earlier start kept in the folder, so that clients need not be told again."""
    ca_path, key_path = folder / "ca.pem", folder / "ca.key"
    if ca_path.exists() and key_path.exists():
        authority = trustme.CA.from_pem(ca_path.read_bytes(), key_path.read_bytes())
    else:
        authority = trustme.CA()
        if keep:
            _write_private(key_path, authority.private_key_pem.bytes())
        ca_path.write_bytes(authority.cert_pem.bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    authority.issue_cert(*NAMES, *names).configure_cert(context)
    return Certificates(ca_path, context)


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
