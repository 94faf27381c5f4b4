# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Collect what is wrong with one Kubernetes object, whatever types its parts have. No finding holds a value."""

from __future__ import annotations

import re
import typing as t

from .manifests import Manifest, label

# Names of objects, of namespaces, and of the keys of a Secret (facts-eso.md 3 and 4).
NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z")
NAMESPACE = re.compile(r"(?=.{1,63}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?\Z")
KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}\Z")
# A duration of Go.
DURATION = re.compile(r"([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+\Z|0\Z")
MEANINGS = {
    NAME: "a name: lower case letters, digits, '-' and '.', at most 253",
    NAMESPACE: "a name of a namespace: lower case letters, digits and '-', at most 63",
    KEY: "a key: letters, digits, '-', '_' and '.', at most 253",
    DURATION: "a duration such as 1h, 30m or 0s",
}


class Findings:
    """What is wrong with one object. Its methods read a part of it, and note if it is not as it must be."""

    def __init__(self, manifest: Manifest) -> None:
        self.label, self.problems = label(manifest), list[str]()

    def add(self, path: str, problem: str) -> None:
        """Note a problem, which is the predicate of a sentence about the field at a path."""
        self.problems.append(f"{self.label}: {path} {problem}")

    def mapping(self, parent: dict[str, t.Any], path: str, *, required: bool = False) -> dict[str, t.Any]:
        """Return the map at the end of a path, whose last part is a key of ``parent``; {} if there is none."""
        value = self._get(parent, path, required)
        if value is not None and not isinstance(value, dict):
            self.add(path, "must be a map")
        elif required and value == {}:
            self.add(path, "must not be empty")
        return value if isinstance(value, dict) else {}

    def items(self, parent: dict[str, t.Any], path: str, *, required: bool = False) -> list[dict[str, t.Any]]:
        """Return the maps in the list at the end of a path."""
        value = self._get(parent, path, required)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.add(path, "must be a list of maps")
            return []
        return value

    def text(
        self,
        parent: dict[str, t.Any],
        path: str,
        *,
        required: bool = False,
        form: re.Pattern[str] | None = None,
        choices: t.Sequence[str] = (),
    ) -> str:
        """Return the text at the end of a path, or '' if there is none or it is not as it must be."""
        value = self._get(parent, path, required)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.add(path, "must be text: quote it")
        elif choices and value not in choices:
            self.add(path, f"must be one of {', '.join(choices)}")
        elif form and not form.match(value):
            self.add(path, f"must be {MEANINGS[form]}")
        elif required and not value:
            self.add(path, "must not be empty")
        else:
            return value
        return ""

    def boolean(self, parent: dict[str, t.Any], path: str) -> None:
        """Note if there is a value at the end of a path that is no boolean."""
        value = self._get(parent, path, False)
        if value is not None and not isinstance(value, bool):
            self.add(path, "must be true or false")

    def only(self, parent: dict[str, t.Any], path: str, known: t.Sequence[str]) -> None:
        """Note the keys of a map that nobody knows."""
        for name in parent:
            if name not in known:
                self.add(path, f"has the unknown field {name}: it knows {', '.join(known)}")

    def _get(self, parent: dict[str, t.Any], path: str, required: bool) -> t.Any:
        value = parent.get(path.rpartition(".")[2])
        if value is None and required:
            self.add(path, "is missing")
        return value
