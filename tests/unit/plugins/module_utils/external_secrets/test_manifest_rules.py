# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects by the rules of ESO: what is wrong is named, and what is right passes."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from eso import corpus

from ansible_collections.community.senhasegura.plugins.module_utils.external_secrets.guide_form import correct
from ansible_collections.community.senhasegura.plugins.module_utils.external_secrets.manifest_rules import problems

EVERYTHING = corpus.all_rendered()
WRONG = {**corpus.REFUSED, **corpus.ONLY_OURS}
SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "s", "namespace": "default"},
    "data": {"clientSecret": "YQ=="},
}


@pytest.mark.parametrize("name", EVERYTHING)
def test_what_is_rendered_is_right(name: str) -> None:
    assert problems(EVERYTHING[name]) == []


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named(name: str) -> None:
    kind, change, says = WRONG[name]
    found = problems(corpus.changed(kind, change))
    assert len(found) == 1, found
    assert says in found[0]
    assert found[0].startswith(f"{kind} default/")


@pytest.mark.parametrize(
    ("manifest", "says"),
    [
        ({}, "an object without kind (without name): kind must be one of Secret, SecretStore"),
        ({"kind": ["Secret"]}, "kind must be one of"),
        ({"kind": "PushSecret", "metadata": {"name": "a"}}, "the provider of senhasegura only reads"),
        ({"kind": "ClusterExternalSecret"}, "give an ExternalSecret for each namespace"),
        ({**SECRET, "metadata": 7}, "metadata must be a map"),
        ({**SECRET, "metadata": {"name": "A"}}, "metadata.name must be a name"),
        ({**SECRET, "metadata": {"name": "a", "namespace": "a.b"}}, "metadata.namespace must be a name of a namespace"),
        ({**SECRET, "apiVersion": "v2"}, "apiVersion must be one of v1"),
        ({**SECRET, "data": {"a b": "YQ=="}}, "data has a key that is not a key"),
        ({**SECRET, "data": {"a": "plain text"}}, "data.a must be base64"),
        ({**SECRET, "data": {"a": 7}}, "data.a must be base64"),
        ({**SECRET, "stringData": {"a": 7}}, "stringData must be a map of texts"),
        (
            {"kind": "Role", "apiVersion": "v1", "metadata": {"name": "a"}, "rules": []},
            "apiVersion must be one of rbac",
        ),
    ],
)
def test_single_objects(manifest: dict[str, Any], says: str) -> None:
    assert any(says in problem for problem in problems([manifest])), problems([manifest])


def test_no_problem_quotes_a_value() -> None:
    manifest = {**SECRET, "data": {"a": "hunter2!"}, "stringData": {"b": ["hunter2"]}}
    assert len(problems([manifest])) == 2
    assert "hunter2" not in str(problems([manifest]))


def external(name: str, **changes: Any) -> dict[str, Any]:
    manifest = copy.deepcopy(corpus.described(**corpus.DESCRIBED["data"])[-1])
    manifest["metadata"]["name"] = name
    manifest["metadata"] |= changes
    return manifest


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ([external("db")], "ExternalSecret default/db is given twice"),
        ([external("other")], "ExternalSecret default/other: ExternalSecret default/db owns the Secret db already"),
        (
            [external("db", namespace="shop")],
            "ExternalSecret shop/db: its SecretStore senhasegura-dsm is in default, and is not seen from elsewhere",
        ),
    ],
)
def test_objects_that_do_not_go_together(more: list[dict[str, Any]], says: str) -> None:
    (problem,) = [text for text in problems([*corpus.described(**corpus.DESCRIBED["data"]), *more]) if says in text]
    assert problem.startswith(says)


def test_the_wrong_kind_of_store_is_named() -> None:
    objects = corpus.described(**corpus.DESCRIBED["data"])
    objects[-1]["spec"]["secretStoreRef"]["kind"] = "ClusterSecretStore"
    assert problems(objects) == [
        "ExternalSecret default/db: secretStoreRef.kind is ClusterSecretStore, and senhasegura-dsm is a SecretStore"
    ]


def test_a_store_whose_secret_has_another_key() -> None:
    objects = corpus.described(**corpus.DESCRIBED["data"])
    objects[1]["spec"]["provider"]["senhasegura"]["auth"]["clientSecretSecretRef"]["key"] = "secret"
    assert problems(objects) == [
        "SecretStore default/senhasegura-dsm: Secret default/senhasegura-auth has no key secret"
    ]


@pytest.mark.parametrize("junk", [None, 7, "x", [], {}, [7], [[]], {"a": None}])
def test_any_type_at_any_place_ends_in_a_problem_or_in_none(junk: Any) -> None:
    for manifest in corpus.described(**corpus.DESCRIBED["template"]):
        places: list[tuple[Any, Any]] = []
        whole = copy.deepcopy(manifest)
        todo: list[Any] = [whole]
        while todo:
            part = todo.pop()
            for key in list(part) if isinstance(part, dict) else range(len(part)):
                places.append((part, key))
                if isinstance(part[key], dict | list):
                    todo.append(part[key])
        for part, key in places:
            kept, part[key] = part[key], junk
            problems(correct([whole], client_id="x")[0])
            part[key] = kept
