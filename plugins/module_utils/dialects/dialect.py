# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A dialect: for each operation a method, a path, an encoder and a decoder."""

from __future__ import annotations

import dataclasses
import typing as t

from ..errors import InvalidRequest, Unsupported
from .operations import Area, Operation
from .strict_json import Json

# Decrypts a sensitive value where the authorization encrypts, and refuses the server's own error sentence.
Unseal = t.Callable[[str], str]
_Result = t.TypeVar("_Result")


@dataclasses.dataclass(frozen=True)
class Call(t.Generic[_Result]):
    """One HTTP call. ``module`` selects the meaning of the server's error numbers (http-api.md 2.4).

    ``names_object`` says that a 404 means "there is no such object" and not "there is no such path".
    """

    method: str
    path: str
    decode: t.Callable[[Json, Unseal], _Result]
    encode: t.Callable[[t.Any], Json] | None = None
    body: t.Literal["json", "form", "query", "scim"] = "json"
    module: t.Literal["pam", "dsm", "mysafe", "scim", "users", "session"] = "pam"
    # True if the response may list everything that there is, so that it may be large.
    lists: bool = False
    names_object: bool = False

    @property
    def endpoint(self) -> str:
        """Return method and path, as errors name them: without the name that goes into the path."""
        return f"{self.method} {self.path}"


@dataclasses.dataclass(frozen=True)
class Dialect:
    """A named table of calls. ``missing`` says, for an operation without a call, what to do instead."""

    name: str
    token_path: str
    calls: t.Mapping[Operation[t.Any], Call[t.Any]]
    missing: t.Mapping[Operation[t.Any], str] = dataclasses.field(default_factory=dict)
    # For each area the fields of the write model that this dialect has no wire field for.
    unwritable: t.Mapping[Area, frozenset[str]] = dataclasses.field(default_factory=dict)
    # For an operation the fields of the write model that it cannot do without, each with what to do about it.
    required: t.Mapping[Operation[t.Any], t.Mapping[str, str]] = dataclasses.field(default_factory=dict)
    # True if a read gives the secret only, so that user name and host have to come from the list.
    bare_read: bool = False

    def supports(self, operation: Operation[t.Any]) -> bool:
        """Return whether this dialect has a call for the operation."""
        return operation in self.calls

    def call(self, operation: Operation[_Result]) -> Call[_Result]:
        """Return the call for an operation. Raises Unsupported."""
        try:
            return self.calls[operation]
        except KeyError:
            raise Unsupported(
                f"the dialect {self.name} has no call for {operation.name}",
                hint=self.missing.get(operation, "Use the console of the server, or another dialect if it has one"),
            ).with_context(operation=operation.name) from None

    def check(self, operation: Operation[t.Any], model: t.Any = None) -> None:
        """Raise what needs no server to be known: there is no such call, or it cannot carry the write model."""
        call = self.call(operation)
        if model is not None:
            self.check_writable(operation, model)
            if call.encode:
                # An encoder refuses what it has no form for.
                call.encode(model)

    def check_writable(self, operation: Operation[t.Any], model: t.Any) -> None:
        """Refuse a write model that lacks what this dialect needs, or has what it would drop silently."""
        for name, hint in self.required.get(operation, {}).items():
            if not getattr(model, name):
                raise InvalidRequest(f"the dialect {self.name} needs {name} here", hint=hint).with_context(
                    operation=operation.name, option=name
                )
        unwritable = self.unwritable.get(operation.area, ())
        lost = sorted(name for name in unwritable if getattr(model, name, None) not in (None, (), {}))
        if lost:
            raise Unsupported(
                f"the dialect {self.name} cannot write {', '.join(lost)}",
                hint="Leave these options out, or use a dialect that has them",
            ).with_context(operation=operation.name)


Row = tuple[Operation[t.Any], Call[t.Any]]


def row(operation: Operation[_Result], call: Call[_Result]) -> Row:
    """Return one row of a table of calls, whose decoder must return what the operation promises."""
    return operation, call
