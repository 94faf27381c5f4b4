# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Related users: by which name one is found, and what an update sends."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    ConfigError,
    InvalidRequest,
    NotFound,
    Unsupported,
)
from ansible_collections.community.senhasegura.plugins.module_utils.user_models import RelatedUser, RelatedUserWrite

JANE = RelatedUser("6", "jane.doe", "jdoe")


@pytest.fixture
def api(make_api: Any) -> Any:
    made = make_api("api")
    made.listed = [JANE, RelatedUser("7", "twin", "a"), RelatedUser("8", "twin", "b")]
    return made


def test_create(api: Any, work: Any) -> None:
    options = {"name": "new", "username": "jdoe"}
    predicted = work(api, "related_user", True, **options)
    assert (predicted["related_user"]["id"], api.calls) == (None, [])
    result = work(api, "related_user", **options)
    assert predicted["diff"] == result["diff"] == {"before": {}, "after": options}
    assert (result["related_user"], result["warnings"]) == ({"id": "77", **options}, [])
    assert api.calls == [("related_user.create", "", RelatedUserWrite("new", "jdoe"))]
    api.answers["related_user.create"] = ""
    result = work(api, "related_user", **options)
    assert (result["related_user"]["id"], len(result["warnings"])) == (None, 1)


@pytest.mark.parametrize(
    ("options", "after"),
    [
        ({"name": "jane.doe"}, {}),
        ({"name": "jane.doe", "username": "jdoe"}, {}),
        ({"name": "jane.doe", "username": "jsmith"}, {"username": "jsmith"}),
        ({"id": "6", "name": "jane.smith"}, {"name": "jane.smith"}),
        ({"id": "6"}, {}),
    ],
)
def test_update(api: Any, work: Any, options: Any, after: Any) -> None:
    assert work(api, "related_user", True, **options)["diff"]["after"] == after
    assert api.calls == []
    result = work(api, "related_user", **options)
    assert (result["changed"], result["related_user"]) == (bool(after), {**JANE.public(), **after})
    if after:
        ((operation, ref, model),) = api.calls
        assert (operation, ref, model) == ("related_user.update", "6", RelatedUserWrite(**{**JANE.public(), **after}))


def test_deactivate(api: Any, work: Any) -> None:
    predicted = work(api, "related_user", True, name="jane.doe", state="absent")
    assert (predicted["changed"], api.calls) == (True, [])
    result = work(api, "related_user", name="jane.doe", state="absent")
    assert result == predicted
    assert api.calls == [("related_user.disable", "6", None)]
    # It is listed, and the server says that it was so already; or it is gone.
    for answer in (False, NotFound("x")):
        api.answers["related_user.disable"] = answer
        result = work(api, "related_user", id="6", state="absent")
        assert (result["changed"], result["diff"]["after"]) == (False, {})
    for options in ({"name": "nobody"}, {"id": "99"}):
        assert not work(api, "related_user", state="absent", **options)["changed"]
    assert len(api.calls) == 3


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({}, ConfigError),
        ({"id": "x"}, ConfigError),
        ({"name": "new"}, ConfigError),
        ({"username": "jdoe"}, ConfigError),
        ({"id": "99", "name": "n", "username": "u"}, NotFound),
        ({"name": "twin", "username": "c"}, InvalidRequest),
        ({"name": "twin", "state": "absent"}, InvalidRequest),
    ],
)
def test_wrong_options(api: Any, work: Any, options: Any, kind: Any) -> None:
    with pytest.raises(kind):
        work(api, "related_user", **options)
    assert api.calls == []


def test_the_guide_has_none(make_api: Any, work: Any) -> None:
    with pytest.raises(Unsupported, match="no call for related_user.list"):
        work(make_api("rest"), "related_user", name="x")
