# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the event sources: types, ranges, empty values, unknown names, and messages without values."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError
from ansible_collections.community.senhasegura.plugins.module_utils.events.poller import settings_of
from ansible_collections.community.senhasegura.plugins.module_utils.events.source_options import (
    CONNECTION,
    POLLING,
    SYSLOG,
    check_options,
)

CONNECTED = {option.name for option in CONNECTION}


def test_defaults() -> None:
    found = check_options({}, POLLING)
    assert (found["interval"], found["types"], found["feedback"]) == (
        60.0,
        ["expired", "changed", "custody_held", "change_failed"],
        False,
    )
    found = check_options({}, SYSLOG)
    assert (found["host"], found["port"], found["protocols"], found["event_types"]) == (
        "127.0.0.1",
        1514,
        ["tcp"],
        None,
    )


def test_values_may_come_as_texts() -> None:
    """As a template of a rulebook makes them."""
    found = check_options({"interval": "2.5", "types": "expired", "feedback": "True", "hostnames": ["a"]}, POLLING)
    assert (found["interval"], found["types"], found["feedback"], found["hostnames"]) == (2.5, ["expired"], True, ["a"])
    found = check_options({"port": "6514", "event_types": {17: "changed"}}, SYSLOG)
    assert (found["port"], found["event_types"]) == (6514, {"17": "changed"})


def test_what_is_empty_counts_as_unset() -> None:
    """As credential types inject it."""
    found = check_options({"tls_cert": "", "port": " ", "senders": None}, SYSLOG)
    assert (found["tls_cert"], found["port"], found["senders"]) == (None, 1514, [])


@pytest.mark.parametrize(
    ("options", "name", "value"),
    [
        (POLLING, "interval", 0),
        (POLLING, "interval", "soon"),
        (POLLING, "interval", "nan"),
        (POLLING, "interval", True),
        (POLLING, "types", ["viewed"]),
        (POLLING, "types", 5),
        (POLLING, "first_poll", "never"),
        (POLLING, "feedback", "perhaps"),
        (POLLING, "hostnames", [["a"]]),
        (SYSLOG, "port", 70000),
        (SYSLOG, "port", 1.5),
        (SYSLOG, "protocols", ["tls"]),
        (SYSLOG, "event_types", ["17"]),
        (SYSLOG, "host", "a\nb"),
    ],
)
def test_what_cannot_be_used_is_named(options: t.Any, name: str, value: t.Any) -> None:
    with pytest.raises(ConfigError, match=f"^{name} must be ") as caught:
        check_options({name: value}, options)
    assert caught.value.context.option == name


def test_an_unknown_option_is_refused_and_its_value_is_not_shown() -> None:
    with pytest.raises(ConfigError, match="no option secret_passwrd") as caught:
        check_options({"secret_passwrd": "hunter22"}, POLLING, CONNECTED)
    assert "hunter22" not in str(caught.value)


def test_what_belongs_to_ansible_rulebook_is_left_alone() -> None:
    check_options({"eda_feedback_queue": object(), "url": "https://x"}, POLLING, CONNECTED)


def test_the_connection_comes_from_the_arguments_before_the_environment() -> None:
    environ = {"SENHASEGURA_URL": "https://a", "SENHASEGURA_CLIENT_ID": "id", "SENHASEGURA_CLIENT_SECRET": "secret"}
    assert settings_of({"url": ""}, environ).url == "https://a"
    assert settings_of({"url": "https://b"}, environ).url == "https://b"
    assert settings_of({}, {**environ, "SENHASEGURA_INSECURE": "True"}).validate_certs is False
    with pytest.raises(ConfigError, match="client_secret is not set"):
        settings_of({}, {**environ, "SENHASEGURA_CLIENT_SECRET": ""})
