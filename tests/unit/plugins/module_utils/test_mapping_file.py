# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reader of the guide's mapping file."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils import mapping_file
from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError

# As it stands in integration-guide.txt.
GUIDE = """{
  "access_keys": [
    {
      "name": "AWS_PROD_KEYS",
      "type": "aws",
      "fields": {
        "access_key_id": "AWS_ACCESS_KEY_ID",
        "secret_access_key": "AWS_SECRET_ACCESS_KEY"
      }
    }
  ],
  "credentials": [
    {
      "name": "DATABASE_CREDS",
      "fields": {
        "user": "DB_USER",
        "password": "DB_PASSWORD",
        "host": "DB_HOST"
      }
    }
  ],
  "key_value": [
    {
      "name": "API_TOKENS",
      "fields": ["API_KEY", "API_SECRET", "WEBHOOK_SECRET"]
    }
  ]
}"""


def test_the_guides_own_file_is_read() -> None:
    mapping = mapping_file.parse(GUIDE)
    assert mapping == {
        "access_keys": [
            mapping_file.MappedAccessKey(
                "AWS_PROD_KEYS",
                "aws",
                {"access_key_id": "AWS_ACCESS_KEY_ID", "secret_access_key": "AWS_SECRET_ACCESS_KEY"},
            )
        ],
        "credentials": [
            mapping_file.MappedCredential(
                "DATABASE_CREDS", {"user": "DB_USER", "password": "DB_PASSWORD", "host": "DB_HOST"}
            )
        ],
        "key_value": [mapping_file.MappedKeyValue("API_TOKENS", ("API_KEY", "API_SECRET", "WEBHOOK_SECRET"))],
    }
    assert mapping_file.as_data(mapping) == json.loads(GUIDE)
    assert mapping_file.variables(mapping) == (
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "DB_USER", "DB_PASSWORD", "DB_HOST"),
        *("API_KEY", "API_SECRET", "WEBHOOK_SECRET"),
    )
    assert [entry.name for entry in mapping_file.entries(mapping)] == ["AWS_PROD_KEYS", "DATABASE_CREDS", "API_TOKENS"]


def test_sections_may_be_missing_and_a_byte_order_mark_is_no_part_of_the_file() -> None:
    mapping = mapping_file.parse('\ufeff{"key_value": [{"name": "n", "fields": ["A", "A"]}], "credentials": null}')
    assert mapping["access_keys"] == mapping["credentials"] == []
    assert mapping_file.variables(mapping) == ("A",)
    assert mapping_file.as_data(mapping) == {"key_value": [{"name": "n", "fields": ["A", "A"]}]}


KEY = {"name": "n", "type": "aws", "fields": {"access_key_id": "A"}}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "the mapping must be a map"),
        ({}, "names no variables"),
        ({"secrets": []}, "the mapping has secrets"),
        ({"key_value": {}}, "key_value in the mapping must be a list"),
        ({"key_value": ["A"]}, "key_value[0] must be a map"),
        ({"key_value": [{"name": "n", "fields": []}]}, "key_value[0].fields must be a list"),
        ({"key_value": [{"name": "n", "fields": {"A": "B"}}]}, "key_value[0].fields must be a list"),
        ({"key_value": [{"name": "", "fields": ["A"]}]}, "key_value[0].name must be printable"),
        ({"key_value": [{"name": "a\nb", "fields": ["A"]}]}, "key_value[0].name must be printable"),
        ({"key_value": [{"fields": ["A"]}]}, "key_value[0].name must be printable"),
        ({"key_value": [{"name": "n", "fields": ["A=hunter2-secret"]}]}, "names of variables"),
        ({"key_value": [{"name": "n", "fields": ["A\nB=hunter2-secret"]}]}, "names of variables"),
        ({"key_value": [{"name": "n", "fields": [1]}]}, "names of variables"),
        ({"credentials": [{"name": "n", "fields": ["A"]}]}, "credentials[0].fields must be a map"),
        ({"credentials": [{"name": "n", "fields": {}}]}, "credentials[0].fields must name a variable"),
        ({"credentials": [{"name": "n"}]}, "credentials[0].fields must be a map"),
        ({"credentials": [{"name": "n", "type": "aws", "fields": {"user": "A"}}]}, "credentials[0] has type"),
        ({"access_keys": [KEY, {**KEY, "type": "oci"}]}, "access_keys[1].type must be aws, azure or gcp"),
        ({"access_keys": [{**KEY, "fields": {"access_key_id": None}}]}, "names of variables"),
    ],
)
def test_what_is_doubtful_is_refused_by_its_place(document: t.Any, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        mapping_file.parse(json.dumps(document))
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "hunter2-secret",
        '{"key_value": [], "key_value": []}',
        "[" * 100_000,
        '{"key_value": [' + " " * (1 << 20),
    ],
)
def test_what_is_no_json_is_refused_without_its_text(text: str) -> None:
    with pytest.raises(ConfigError, match="mapping file (is larger|must be)") as caught:
        mapping_file.parse(text)
    assert "hunter2" not in str(caught.value)


def test_names_that_are_no_text_are_refused_in_data() -> None:
    with pytest.raises(ConfigError, match="the mapping must be a map"):
        mapping_file.from_data({1: []})
