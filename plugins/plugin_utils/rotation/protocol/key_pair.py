# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An SSH key pair as a record of the vault holds it."""

from __future__ import annotations

import dataclasses

from ....module_utils import keypair
from ....module_utils.errors import InvalidRequest
from ....module_utils.models import key_text


@dataclasses.dataclass(frozen=True)
class Pair:
    """Two of them are equal if they are the same key and both can be used, whatever their texts look like."""

    fingerprint: str
    # Whether the private key opens with the passphrase and belongs to the public key.
    usable: bool
    private_key: str = dataclasses.field(repr=False, compare=False)
    # Type and blob, without the comment.
    public_key: str = dataclasses.field(compare=False)
    passphrase: str | None = dataclasses.field(default=None, repr=False, compare=False)
    comment: str = dataclasses.field(default="", compare=False)

    @classmethod
    def of(cls, private_key: str, public_key: str, passphrase: str | None = None) -> Pair:
        """A pair as it was read or made. Servers give line ends of their own."""
        private_key = key_text(private_key)
        comment = " ".join(public_key.split()[2:])
        try:
            # Some servers keep the private half only.
            public = keypair.strip_comment(public_key) if public_key else keypair.public_key_of(private_key, passphrase)
            fingerprint = keypair.fingerprint(public)
        except InvalidRequest:
            return cls("", False, private_key, "", passphrase, comment)
        try:
            usable = keypair.public_key_of(private_key, passphrase) == public
        except InvalidRequest:
            usable = False
        return cls(fingerprint, usable, private_key, public, passphrase, comment)

    @classmethod
    def generate(cls, kind: str, *, bits: int | None = None, passphrase: str | None = None, comment: str = "") -> Pair:
        made = keypair.generate(kind, bits=bits, passphrase=passphrase, comment=comment)
        return cls.of(made.private_key, made.public_key, made.passphrase)

    def hidden(self) -> list[str]:
        """What nobody may see."""
        return [text for text in (self.private_key, self.passphrase) if text]
