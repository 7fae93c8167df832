"""Ready means: it does its work. Alive is less."""

import psycopg
import pytest

from lms.embedded.nats import EmbeddedNats
from lms.heartbeat import is_beating
from lms.migrate import migrate
from lms.readiness import not_yet_ready, why_not_ready
from lms.seeds.small import plant_if_new
from lms.settings import Settings
from tests.lms.conftest import Starting
from tests.lms.waiting import eventually

FOLLOWERS = ("relay", "projector", "policies")


@pytest.fixture
def system(settings: Settings) -> Settings:
    """A migrated system in which nothing runs yet."""
    migrate(settings)
    return settings


def test_what_does_not_run_is_not_ready(system: Settings) -> None:
    for process in FOLLOWERS:
        assert why_not_ready(system, process) == "it doesn't run"
    for process in ("read-api", "write-api", "gateway"):
        assert why_not_ready(system, process) == "it doesn't answer"


def test_who_follows_the_log_to_its_end_is_ready(system: Settings, running: Starting) -> None:
    for process in FOLLOWERS:
        running(process)
    plant_if_new(system)
    eventually(lambda: all(why_not_ready(system, process) is None for process in FOLLOWERS))


def test_a_relay_without_nats_runs_and_is_not_ready(
    system: Settings, running: Starting, nats_server: EmbeddedNats
) -> None:
    relay = running("relay")
    eventually(lambda: why_not_ready(system, "relay") is None)
    nats_server.kill()
    assert relay.is_ready()
    assert "NATS can't be asked" in (why_not_ready(system, "relay") or "")


def test_an_old_event_that_waits_makes_a_projector_not_ready(
    system: Settings, running: Starting
) -> None:
    projector = running("projector")
    eventually(lambda: why_not_ready(system, "projector") is None)
    projector.kill()
    plant_if_new(system)
    with psycopg.connect(system.database_url, autocommit=True) as owner:
        owner.execute("UPDATE event_store.events SET recorded_at = now() - interval '1 hour'")
    assert is_beating(system, "projector")
    assert "s behind" in (why_not_ready(system, "projector") or "")


def test_a_gateway_is_ready_once_both_apis_are(system: Settings, running: Starting) -> None:
    running("gateway")
    assert why_not_ready(system, "gateway") == "it answers 503 Service Unavailable"
    running("read-api")
    running("write-api")
    eventually(lambda: why_not_ready(system, "gateway") is None)


def test_readiness_is_waited_for_and_what_lacks_it_is_told(
    system: Settings, running: Starting
) -> None:
    running("relay")
    assert not_yet_ready(system, ["relay"], 20.0) == {}
    assert not_yet_ready(system, ["relay", "projector"], 0.0) == {"projector": "it doesn't run"}
