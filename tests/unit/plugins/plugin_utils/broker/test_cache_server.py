# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The caches that a run shares, against the simulator: what is asked of the server, and how often."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

pytest.importorskip("senhasegura_simulator")

from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import Client, client_over
from ansible_collections.community.senhasegura.plugins.module_utils.device_models import DeviceWrite
from ansible_collections.community.senhasegura.plugins.module_utils.dsm_secrets import DsmSecretWrite
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    AuthenticationFailed,
    NotFound,
    SenhaseguraError,
)
from ansible_collections.community.senhasegura.plugins.module_utils.models import CredentialWrite
from ansible_collections.community.senhasegura.plugins.module_utils.references import Reference
from ansible_collections.community.senhasegura.plugins.module_utils.settings.settings import (
    Settings,
    environment_source,
    resolve,
)
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.cache import CachedApi, ServerCache
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.cache_policy import NEWS_AFTER, CachePolicy
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.cached_apis import CachedApis
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.shared_transport import MAX_CONNECTIONS
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.support import Scripted, entry, success
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.support import (
    settings as scripted_settings,
)
from senhasegura_simulator.server import Simulator

DEMO = "demo"
WEB, DB = Reference("web-root"), Reference("db-app")
VALUES = {"KEY": "value"}
PROFILES = {"3.32": "auto", "4.0": "auto", "rest": "rest"}


@pytest.fixture(params=list(PROFILES))
def simulator(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    with Simulator(profile=request.param, seed=DEMO) as running:
        running.dialect = PROFILES[request.param]
        yield running


@pytest.fixture
def vendor() -> Iterator[Simulator]:
    with Simulator(profile="4.0", seed=DEMO) as running:
        running.dialect = "auto"
        yield running


def settings(simulator: Simulator, **changes: str) -> Settings:
    environment = {
        "SENHASEGURA_URL": simulator.url,
        "SENHASEGURA_CA_PATH": simulator.ca_path,
        "SENHASEGURA_CLIENT_ID": "demo",
        "SENHASEGURA_CLIENT_SECRET": "demo-secret-0123456789abcdef",
        "SENHASEGURA_DIALECT": simulator.dialect,
        **changes,
    }
    return resolve([environment_source({name: str(value) for name, value in environment.items()})])


def client(cache: ServerCache, **policy: Any) -> Client:
    return client_over(CachedApi(cache, CachePolicy(**policy)))


def all_at_once(count: int, work: Callable[[], Any]) -> list[Any]:
    with ThreadPoolExecutor(count) as pool:
        return [future.result() for future in [pool.submit(work) for _number in range(count)]]


def test_a_hundred_workers_make_one_login_and_one_read(simulator: Simulator) -> None:
    simulator.control.settings(latency=0.02)
    cache = ServerCache(settings(simulator))
    passwords = all_at_once(100, lambda: client(cache).credentials.read(WEB).password)
    count = simulator.control.counters()
    assert set(passwords) == {simulator.control.credential("web-root")["password"]}
    assert count["tokens"] == 1
    assert count["reads"] == {"1": 1}
    assert count["tcp_connections"] <= MAX_CONNECTIONS


def test_many_things_at_once_need_few_connections(vendor: Simulator) -> None:
    vendor.control.settings(latency=0.01)
    cache = ServerCache(settings(vendor))
    names = iter(["web-root", "db-app", "1", "2", "root@web01", "app@web02"] * 10)
    all_at_once(60, lambda: client(cache).credentials.read(Reference(next(names))))
    assert vendor.control.counters()["tcp_connections"] <= MAX_CONNECTIONS


def test_a_write_makes_others_read_again_what_it_changes_and_only_that(simulator: Simulator) -> None:
    cache = ServerCache(settings(simulator))
    both = client(cache).credentials
    assert both.read(WEB).password
    assert both.read(DB).password
    wanted = CredentialWrite("root", "web01", "192.0.2.10", identifier="web-root", password="changed-by-us")
    both.store(wanted, both.match(wanted))
    assert both.read(WEB).password == "changed-by-us"
    both.read(DB)
    assert simulator.control.counters()["reads"] == {"1": 2, "2": 1}


def test_a_device_that_is_disabled_takes_its_credentials_out_of_the_list_and_changes_no_secret() -> None:
    """Without an id in the answer to a write, all reads of its area are forgotten, and none that takes custody."""
    shown = {"id": "7", "hostname": "web01", "ip": "192.0.2.10"}
    scripted = Scripted(
        {
            "GET /api/pam/credential": [success(credentials=[entry(7, "web-root")]), success(credentials=[])],
            "GET /api/pam/credential/7": [success(credential={"id": "7", "password": "word"}), success(credential={})],
            "GET /api/pam/device": [success(devices=[shown]), success(devices=[shown]), success(devices=[])],
            "GET /api/pam/device/7": [success(device=shown), success(device={**shown, "site": "DC2"})],
            "POST /api/pam/device": success(),
            "POST /api/pam/credential": success(),
            "DELETE /api/pam/device/7": success(),
        }
    )
    both = client(ServerCache(scripted_settings(), transport=scripted))
    assert both.credentials.read(Reference("7")).password == "word"
    (device,) = both.devices.list()
    assert both.devices.read(device).site == ""
    both.devices.store(DeviceWrite("web01", "192.0.2.10"), device)
    assert both.devices.read(device).site == "DC2"
    assert [found.id for found in both.devices.list()] == ["7"]
    assert both.devices.disable("7")
    assert both.devices.list() == both.credentials.matching({}) == ()
    assert both.credentials.read(Reference("7")).password == "word"


def test_a_write_whose_answer_names_nothing_makes_others_read_everything_again() -> None:
    """A create may have hit what is there already: POST is an upsert, and no answer says so here."""
    passwords = [success(credential={"id": "7", "password": word}) for word in ("old", "new")]
    replies = {
        "GET /api/pam/credential": success(credentials=[entry(7, "web-root")]),
        "GET /api/pam/credential/7": passwords,
        "POST /api/pam/credential": success(),
    }
    area = client(ServerCache(scripted_settings(), transport=Scripted(replies))).credentials
    assert area.read(Reference("7")).password == "old"
    assert area.store(CredentialWrite("root", "web01", "192.0.2.10", password="new"), None).id == "7"
    assert area.read(Reference("7")).password == "new"


def test_a_new_credential_is_in_the_list_at_once(simulator: Simulator) -> None:
    cache = ServerCache(settings(simulator))
    area = client(cache).credentials
    wanted = CredentialWrite("svc", "web01", "192.0.2.10", identifier="svc-1", password="pw")
    assert area.match(wanted) is None
    stored = area.store(wanted, None)
    assert area.info(Reference("svc-1")).id == stored.id


def test_a_rotation_makes_others_read_again(simulator: Simulator) -> None:
    cache = ServerCache(settings(simulator))
    area = client(cache).credentials
    before = area.read(DB).password
    area.rotate(DB, wait=5, poll=0.01)
    after = area.read(DB).password
    assert after != before
    assert after == simulator.control.credential("db-app")["password"]


def test_fresh_and_time_to_live(vendor: Simulator) -> None:
    now = [1000.0]
    cache = ServerCache(settings(vendor), clock=lambda: now[0])

    def reads() -> int:
        return int(vendor.control.counters()["reads"]["1"])

    one = Reference("1")
    client(cache).credentials.read(one)
    client(cache, ttl=60.0).credentials.read(one)
    assert reads() == 1
    client(cache, fresh=True).credentials.read(one)
    assert reads() == 2
    now[0] += 59
    client(cache, ttl=60.0).credentials.read(one)
    assert reads() == 2
    now[0] += 2
    client(cache, ttl=60.0).credentials.read(one)
    assert reads() == 3
    now[0] += 100000
    client(cache).credentials.read(one)
    assert reads() == 3


def test_a_bad_secret_is_tried_once_by_however_many(simulator: Simulator) -> None:
    cache = ServerCache(settings(simulator, SENHASEGURA_CLIENT_SECRET="wrong"))

    def work() -> str:
        with pytest.raises(AuthenticationFailed) as caught:
            client(cache).credentials.read(WEB)
        return str(caught.value)

    texts = set(all_at_once(50, work))
    assert [e["status"] for e in simulator.control.log() if e["operation"] == "token"] == [401]
    assert len(texts) == 1
    assert "client_secret" in texts.pop()


def test_what_is_not_there_is_not_asked_for_by_everybody(vendor: Simulator) -> None:
    now = [1000.0]
    cache = ServerCache(settings(vendor), clock=lambda: now[0])

    def work() -> None:
        with pytest.raises(NotFound):
            client(cache).credentials.read(Reference("99"))

    all_at_once(20, work)
    assert len([entry for entry in vendor.control.log() if "/99" in entry["line"]]) == 1
    now[0] += 11
    work()
    assert len([entry for entry in vendor.control.log() if "/99" in entry["line"]]) == 2


def listings(simulator: Simulator) -> int:
    """How many lists the server has given out."""
    operations = ("credential.list", "key.list", "secret.list", "application.read")
    return len([entry for entry in simulator.control.log() if entry["operation"] in operations])


def test_what_others_register_during_the_run_is_found(simulator: Simulator) -> None:
    now = [1000.0]
    cache = ServerCache(settings(simulator), clock=lambda: now[0])
    reader = client(cache)
    assert reader.credentials.read(WEB).password
    with pytest.raises(NotFound):
        reader.credentials.read(Reference("svc-1"))
    # Somebody else, whose writes this cache does not see.
    other = client(ServerCache(settings(simulator))).credentials
    other.store(CredentialWrite("svc", "web01", "192.0.2.10", identifier="svc-1", password="pw"), None)
    now[0] += NEWS_AFTER
    assert reader.credentials.read(Reference("svc-1")).password == "pw"
    assert reader.credentials.matching({"username": "svc"})
    # What was read is not read again for it.
    reader.credentials.read(WEB)
    assert simulator.control.counters()["reads"]["1"] == 1


def test_what_others_enable_during_the_run_is_found(vendor: Simulator) -> None:
    now = [1000.0]
    vendor.control.set_credential("web-root", active=False)
    cache = ServerCache(settings(vendor), clock=lambda: now[0])
    for ref in (WEB, Reference("root@WEB01"), Reference("root@192.0.2.10")):
        with pytest.raises(SenhaseguraError):
            client(cache).credentials.info(ref)
    vendor.control.set_credential("web-root", active=True)
    now[0] += NEWS_AFTER
    for ref in (WEB, Reference("root@WEB01"), Reference("root@192.0.2.10")):
        assert client(cache).credentials.read(ref).id == "1"


def test_a_secret_that_others_make_during_the_run_is_found(simulator: Simulator) -> None:
    now = [1000.0]
    cache = ServerCache(settings(simulator), clock=lambda: now[0])
    reader = client(cache)
    assert reader.secrets.read("shop-db").identifier == "shop-db"
    assert reader.secrets.find("new") is None
    client(ServerCache(settings(simulator))).secrets.store(
        DsmSecretWrite("new", engine="Generic", key_value=VALUES), None
    )
    assert reader.secrets.find("new") is None
    now[0] += NEWS_AFTER
    assert list(reader.secrets.several(["shop-db", "new"])) == ["shop-db", "new"]
    assert reader.secrets.read("new").data == (VALUES,)


@pytest.mark.parametrize("missing", ["nothing", "nobody@web01", "nobody@192.0.2.10"])
def test_a_name_that_everybody_misses_makes_few_requests(simulator: Simulator, missing: str) -> None:
    now = [1000.0]
    cache = ServerCache(settings(simulator), clock=lambda: now[0])

    def work() -> None:
        with pytest.raises(NotFound):
            client(cache).credentials.info(Reference(missing))
        with pytest.raises(NotFound):
            client(cache).secrets.read(missing)

    before = listings(simulator)
    for round_ in range(1, 4):
        all_at_once(50, work)
        # The guide's dialect asks for one secret by its path, which lists nothing.
        assert listings(simulator) - before == (1 if simulator.profile == "rest" else 2) * round_
        now[0] += NEWS_AFTER


def test_what_is_there_is_not_listed_again(simulator: Simulator) -> None:
    now = [1000.0]
    cache = ServerCache(settings(simulator), clock=lambda: now[0])
    client(cache).credentials.info(WEB)
    before = listings(simulator)
    now[0] += 100 * NEWS_AFTER
    client(cache).credentials.info(WEB)
    client(cache).credentials.matching({"username": "root"})
    assert listings(simulator) == before


def test_other_errors_are_not_remembered(vendor: Simulator) -> None:
    cache = ServerCache(settings(vendor, SENHASEGURA_RETRIES="0"))
    vendor.control.fault("status", operation="credential.read", status=502)
    with pytest.raises(SenhaseguraError):
        client(cache).credentials.read(Reference("1"))
    assert client(cache).credentials.read(Reference("1")).password


def test_a_pause_that_the_server_asks_for_is_kept_by_everybody(vendor: Simulator) -> None:
    cache = ServerCache(settings(vendor))
    client(cache).credentials.matching({})
    vendor.control.fault("retry_after", operation="credential.read", seconds=1, status=503)
    started = time.monotonic()
    names = iter(["1", "2", "root@web01", "app@web02"] * 5)
    all_at_once(20, lambda: client(cache, fresh=True).credentials.read(Reference(next(names))))
    refused = [entry for entry in vendor.control.log() if entry["status"] == 503]
    later = [entry["time"] for entry in vendor.control.log() if entry["operation"] == "credential.read"]
    assert len(refused) == 1
    assert time.monotonic() - started >= 1
    # At most the requests that were under way already came during the pause.
    assert len([when for when in later if refused[0]["time"] < when < refused[0]["time"] + 0.9]) < MAX_CONNECTIONS


def test_a_token_that_expires_is_renewed_once_for_everybody(vendor: Simulator) -> None:
    cache = ServerCache(settings(vendor))
    client(cache).credentials.matching({})
    vendor.control.expire_tokens()
    names = iter(["1", "2", "root@web01", "app@web02"] * 5)
    all_at_once(20, lambda: client(cache).credentials.read(Reference(next(names))))
    assert vendor.control.counters()["tokens"] == 2


def test_custody_is_given_back_at_the_end_where_asked_and_once(simulator: Simulator) -> None:
    apis = CachedApis()
    known = settings(simulator)
    keep, release = CachePolicy(), CachePolicy(release_at_end=True)
    apis.client(known, release).credentials.read(WEB)
    apis.client(known, release).credentials.read(WEB)
    apis.client(known, keep).credentials.read(DB)
    assert apis.release_all() == []
    assert [e["line"] for e in simulator.control.log() if e["operation"] == "custody.release"] == [
        f"DELETE {'/api' if simulator.control.state()['profile'] == '4.0' else '/iso'}/pam/credential/custody/1 HTTP/1.1"
    ]


def test_custody_of_what_changes_automatically_is_kept_unless_allowed(vendor: Simulator) -> None:
    for allowed, released in ((False, 0), (True, 1)):
        apis = CachedApis()
        policy = CachePolicy(release_at_end=True, allow_vault_rotation=allowed)
        apis.client(settings(vendor), policy).credentials.read(DB)
        problems = apis.release_all()
        assert len(problems) == (0 if allowed else 1)
        assert all("allow_vault_rotation" in problem for problem in problems)
        assert len([e for e in vendor.control.log() if e["operation"] == "custody.release"]) == released


def test_what_was_released_already_is_not_released_again(vendor: Simulator) -> None:
    apis = CachedApis()
    area = apis.client(settings(vendor), CachePolicy(release_at_end=True)).credentials
    area.read(WEB)
    assert area.release(WEB)
    assert apis.release_all() == []
    assert len([e for e in vendor.control.log() if e["operation"] == "custody.release"]) == 1


def test_each_server_and_client_has_a_session_of_its_own(vendor: Simulator) -> None:
    apis = CachedApis()
    apis.client(settings(vendor), CachePolicy()).credentials.read(WEB)
    apis.client(settings(vendor, SENHASEGURA_TIMEOUT="20"), CachePolicy()).credentials.read(WEB)
    assert vendor.control.counters()["tokens"] == 2
