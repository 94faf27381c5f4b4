# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rendered objects by a schema that shares nothing with the rules of the module."""

from __future__ import annotations

import pytest
from eso import corpus
from eso.schema import errors_of

# It comes with ansible-lint, which the environments of older releases of ansible-core do not have.
pytest.importorskip("jsonschema")
EVERYTHING = corpus.all_rendered()


@pytest.mark.parametrize("name", EVERYTHING)
def test_what_is_rendered_is_valid(name: str) -> None:
    assert errors_of(EVERYTHING[name]) == []


def test_the_guide_as_it_stands_is_not() -> None:
    found = errors_of(corpus.guide())
    assert sum("'external-secrets.io/v1' was expected" in text for text in found) == 4
    assert sum("is not of type 'string'" in text for text in found) == 2


@pytest.mark.parametrize("name", corpus.REFUSED)
def test_what_the_types_of_eso_refuse_is_refused(name: str) -> None:
    kind, change, _says = corpus.REFUSED[name]
    assert errors_of(corpus.changed(kind, change)) != []
