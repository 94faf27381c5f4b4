# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the options describe, and what becomes of the objects of the integration guide."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from eso import corpus

from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError
from ansible_collections.community.senhasegura.plugins.module_utils.external_secrets import manifests
from ansible_collections.community.senhasegura.plugins.module_utils.external_secrets.guide_form import correct
from ansible_collections.community.senhasegura.plugins.module_utils.external_secrets.manifest_rules import problems

V1, V1BETA1 = "external-secrets.io/v1", "external-secrets.io/v1beta1"


def by_label(objects: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {manifests.label(manifest): manifest for manifest in objects}


def test_the_five_objects_of_the_guide_come_out_right() -> None:
    given = corpus.guide()
    kept = copy.deepcopy(given)
    assert problems(given) != []
    objects, _warnings = correct(given)
    assert given == kept
    assert problems(objects) == []
    found = by_label(objects)
    assert list(found) == [
        "Secret external-secrets/senhasegura-auth",
        "Secret default/senhasegura-auth",
        "SecretStore default/senhasegura-dsm",
        "ClusterSecretStore senhasegura-dsm-global",
        "ExternalSecret default/database-credentials",
        "ExternalSecret default/api-secrets",
    ]
    assert {manifest["apiVersion"] for manifest in objects} == {"v1", V1}
    # Both stores find their Secret where ESO looks for it, and have the client id itself.
    auth = {"clientId": "your-oauth2-client-id", "clientSecretSecretRef": {"name": "senhasegura-auth"}}
    auth["clientSecretSecretRef"] |= {"key": "clientSecret"}
    store = found["SecretStore default/senhasegura-dsm"]["spec"]["provider"]["senhasegura"]
    assert store == {"url": "https://senhasegura.example.com", "module": "DSM", "auth": auth}
    auth["clientSecretSecretRef"] |= {"namespace": "external-secrets"}
    assert found["ClusterSecretStore senhasegura-dsm-global"]["spec"]["provider"]["senhasegura"]["auth"] == auth
    secret = {"clientId": "eW91ci1vYXV0aDItY2xpZW50LWlk", "clientSecret": "eW91ci1vYXV0aDItY2xpZW50LXNlY3JldA=="}
    for place in ("external-secrets", "default"):
        copied = found[f"Secret {place}/senhasegura-auth"]
        assert (copied["data"], copied["type"], "stringData" in copied) == (secret, "Opaque", False)
    # Nothing else of them has changed.
    for number, name in ((3, "database-credentials"), (4, "api-secrets")):
        assert found[f"ExternalSecret default/{name}"] == {**given[number], "apiVersion": V1}


def test_warnings_say_what_was_corrected_and_why() -> None:
    _objects, warnings = correct(corpus.guide())
    versions = [text for text in warnings if "apiVersion" in text]
    assert len(versions) == 4
    assert all("becomes external-secrets.io/v1: ESO serves no other since 0.17" in text for text in versions)
    ids = [text for text in warnings if "clientId.secretRef becomes the client id itself" in text]
    assert len(ids) == 2
    assert all("ESO knows no reference there, and its CRD refuses one" in text for text in ids)
    (place,) = [text for text in warnings if "reads the Secret" in text]
    assert place == (
        "SecretStore default/senhasegura-dsm: ESO reads the Secret of a SecretStore from the namespace of the store "
        "(default), not from external-secrets: Secret senhasegura-auth is put there"
    )
    assert len(warnings) == 7
    assert "your-oauth2" not in str(warnings)


def test_what_was_corrected_once_is_right() -> None:
    objects, _warnings = correct(corpus.guide())
    assert correct(objects) == (objects, [])


def test_a_secret_that_only_namespaced_stores_need_is_moved() -> None:
    secret, store = corpus.guide()[:2]
    found = by_label(correct([secret, store])[0])
    assert list(found) == ["Secret default/senhasegura-auth", "SecretStore default/senhasegura-dsm"]


def test_two_namespaced_stores_get_a_secret_each() -> None:
    secret, store = corpus.guide()[:2]
    other = copy.deepcopy(store)
    other["metadata"]["namespace"] = "shop"
    objects, _warnings = correct([secret, store, other])
    places = [manifests.namespace(manifest) for manifest in objects if manifest["kind"] == "Secret"]
    assert sorted(places) == ["default", "shop"]


def test_a_secret_that_is_beside_the_store_already_is_left_alone() -> None:
    secret, store = corpus.guide()[:2]
    here = copy.deepcopy(secret)
    here["metadata"]["namespace"] = "default"
    here["stringData"]["clientSecret"] = "another"
    objects, _warnings = correct([secret, here, store])
    (kept,) = [manifest for manifest in objects if manifest["kind"] == "Secret"]
    assert manifests.decoded(kept["data"]["clientSecret"]) == "another"


def test_a_secret_that_is_not_given_is_asked_for() -> None:
    (store,) = corpus.guide()[1:2]
    objects, warnings = correct([store], client_id="0123abcd")
    assert objects[0]["spec"]["provider"]["senhasegura"]["auth"]["clientId"] == "0123abcd"
    assert any("from the option client_id" in text for text in warnings)
    assert any(text.endswith("not from external-secrets: put Secret senhasegura-auth there") for text in warnings)
    assert "0123abcd" not in str(warnings)
    with pytest.raises(
        ConfigError, match=r"auth.clientId must be a plain string, and Secret external-secrets/"
    ) as caught:
        correct([store])
    assert "set client_id" in caught.value.hint


@pytest.mark.parametrize("namespace", ["shop", "default"])
def test_an_object_without_namespace_gets_the_given_one(namespace: str) -> None:
    given = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}}
    cluster = {"apiVersion": V1, "kind": "ClusterSecretStore", "metadata": {"name": "b", "namespace": "x"}}
    objects, warnings = correct([given, cluster], namespace=namespace)
    assert [manifest["metadata"] for manifest in objects] == [{"name": "a", "namespace": namespace}, {"name": "b"}]
    assert warnings == [
        "ClusterSecretStore b: metadata.namespace (x) is left out, since a ClusterSecretStore is in none"
    ]


def test_the_old_version_is_for_those_who_ask_for_it() -> None:
    objects, warnings = correct(corpus.guide(), api_version=V1BETA1)
    assert {manifest["apiVersion"] for manifest in objects} == {"v1", V1BETA1}
    assert problems(objects) == []
    assert sum("is served by ESO up to 0.16 only" in text for text in warnings) == 4


def test_what_is_valid_and_doubtful_is_warned_of() -> None:
    objects = corpus.described(**corpus.DESCRIBED["without checks of certificates"])
    objects[1]["spec"]["provider"]["senhasegura"]["url"] = "https://pam.example.com/base"
    rule = {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["a"], "verbs": ["get", "watch", "list"]}
    role = {"apiVersion": manifests.RBAC, "kind": "Role", "metadata": {"name": "r"}, "rules": [rule]}
    _objects, warnings = correct([*objects, role])
    assert warnings == [
        "SecretStore default/senhasegura-dsm: ESO replaces the path /base of the url by its own",
        "SecretStore default/senhasegura-dsm: ignoreSslCertificate is true: nobody checks the certificate of the server."
        " The store has no option for a CA: put it into the trust store of ESO's controller instead",
        "Role default/r: resourceNames does not limit list, watch",
    ]


def test_the_role_of_the_guide_is_right() -> None:
    rule = {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["db-secret"], "verbs": ["get"]}
    role = {"apiVersion": manifests.RBAC, "kind": "Role", "metadata": {"name": "secret-reader", "namespace": "my-app"}}
    assert correct([{**role, "rules": [rule]}]) == ([{**role, "rules": [rule]}], [])


def test_a_namespaced_store_has_its_secret_beside_it() -> None:
    secret, store, external = corpus.described(namespace="shop", **corpus.DESCRIBED["data"])
    assert [manifests.namespace(manifest) for manifest in (secret, store, external)] == ["shop"] * 3
    assert store["spec"]["provider"]["senhasegura"] == {
        "url": "https://pam.example.com",
        "module": "DSM",
        "auth": {
            "clientId": "0123abcd",
            "clientSecretSecretRef": {"name": "senhasegura-auth", "key": "clientSecret"},
        },
    }
    # The client id is no secret of the store, and the secret is nowhere else.
    assert secret["data"] == {"clientSecret": "Y2xpZW50LXNlY3JldC0x"}
    assert external["spec"] == {
        "refreshInterval": "1h",
        "secretStoreRef": {"name": "senhasegura-dsm", "kind": "SecretStore"},
        "target": {"name": "db", "creationPolicy": "Owner"},
        "data": [
            {"secretKey": "user", "remoteRef": {"key": "shop-db", "property": "USERNAME"}},
            {"secretKey": "whole", "remoteRef": {"key": "shop-db"}},
        ],
    }


def test_a_cluster_store_names_where_its_secret_is() -> None:
    secret, store, external = corpus.described(**corpus.DESCRIBED["cluster"])
    assert manifests.label(store) == "ClusterSecretStore global"
    assert store["spec"]["conditions"] == [{"namespaces": ["shop", "billing"]}]
    reference = store["spec"]["provider"]["senhasegura"]["auth"]["clientSecretSecretRef"]
    assert reference["namespace"] == manifests.namespace(secret) == "external-secrets"
    assert external["spec"]["secretStoreRef"] == {"name": "global", "kind": "ClusterSecretStore"}
    assert manifests.namespace(external) == "shop"


def test_what_a_target_may_have() -> None:
    external = corpus.described(**corpus.DESCRIBED["policies"])[-1]
    assert external["spec"]["target"] == {"name": "db", "creationPolicy": "Orphan", "deletionPolicy": "Delete"}
    assert (external["spec"]["refreshInterval"], external["spec"]["refreshPolicy"]) == ("0s", "CreatedOnce")
    external = corpus.described(**corpus.DESCRIBED["template"])[-1]
    assert external["spec"]["target"]["template"]["data"] == {"url": "postgres://{{ .user }}@{{ .host }}/on"}
    external = corpus.described(**corpus.DESCRIBED["extract"])[-1]
    rewrite = [{"regexp": {"source": "(.*)", "target": "DB_$1"}}]
    assert external["spec"]["dataFrom"] == [{"extract": {"key": "shop-db"}, "rewrite": rewrite}]


def test_readers_may_get_the_named_secrets_and_nothing_else() -> None:
    objects = by_label(corpus.described(**corpus.DESCRIBED["readers"]))
    role, binding = objects["Role shop/shop"], objects["RoleBinding shop/shop"]
    (rule,) = role["rules"]
    assert rule == {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["db", "api"], "verbs": ["get"]}
    assert binding["roleRef"] == {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "shop"}
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": "app", "namespace": "shop"},
        {"kind": "ServiceAccount", "name": "runner", "namespace": "ci"},
    ]


@pytest.mark.parametrize(
    ("name", "kinds"), [("no store", ["ExternalSecret"]), ("no Secret", ["SecretStore", "ExternalSecret"])]
)
def test_what_is_there_already_is_left_out(name: str, kinds: list[str]) -> None:
    assert [manifest["kind"] for manifest in corpus.described(**corpus.DESCRIBED[name])] == kinds


def test_what_is_shown_of_objects() -> None:
    objects = corpus.described(**corpus.DESCRIBED["data"])
    secret, store, external = map(manifests.without_secrets, objects)
    assert secret["data"] == {"clientSecret": "(hidden)"}
    assert store["spec"]["provider"]["senhasegura"]["auth"]["clientId"] == "(hidden)"
    assert external == objects[2]
    assert manifests.secret_values(objects) == ["Y2xpZW50LXNlY3JldC0x", "client-secret-1"]
    assert manifests.secret_values(corpus.guide()) == ["your-oauth2-client-id", "your-oauth2-client-secret"]
