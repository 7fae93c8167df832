"""What Prometheus reads of each process, and what it costs to keep."""

import time
import urllib.error
import urllib.request

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from event_store.metrics import measured_append
from lms.migrate import migrate
from lms.processes import PROCESSES
from lms.seeds.small import plant_if_new
from lms.settings import Settings
from lms.stack import Process
from lms.telemetry.endpoint import OFFSETS, metrics_port
from tests.lms.conftest import DEADLINE, Starting
from tests.lms.waiting import eventually

Samples = dict[str, float]


def scraped(settings: Settings, process: str) -> Samples:
    """The values of a process's metrics, those of one name added up."""
    url = f"http://127.0.0.1:{metrics_port(settings, process)}/metrics"
    with urllib.request.urlopen(url, timeout=10) as answer:
        text = answer.read().decode()
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0) + sample.value
    return found


def test_every_process_has_a_number_of_its_own() -> None:
    assert set(PROCESSES) <= set(OFFSETS)
    assert len(set(OFFSETS.values())) == len(OFFSETS)


def test_ports_are_remembered_ones_or_follow_from_the_first(settings: Settings) -> None:
    assert metrics_port(settings, "relay") == metrics_port(settings, "relay")
    fixed = msgspec.structs.replace(settings, metrics_port=9100)
    assert (metrics_port(fixed, "gateway"), metrics_port(fixed, "policies")) == (9100, 9105)
    assert metrics_port(msgspec.structs.replace(fixed, metrics="off"), "gateway") is None


def test_who_follows_the_log_says_how_they_are_doing(settings: Settings, running: Starting) -> None:
    migrate(settings)
    for name in ("relay", "projector", "policies", "analytics"):
        running(name)
    plant_if_new(settings)
    eventually(lambda: scraped(settings, "relay")["lms_relay_published_total"] > 10)
    eventually(lambda: scraped(settings, "relay")["lms_relay_lag_events"] == 0)
    eventually(lambda: scraped(settings, "projector").get("lms_projection_lag_events") == 0)
    eventually(lambda: scraped(settings, "policies").get("lms_policy_lag_events") == 0)
    eventually(lambda: scraped(settings, "analytics").get("lms_analytics_lag_events") == 0)
    assert scraped(settings, "analytics")["lms_analytics_position"] > 0
    relay, projector, policies = (scraped(settings, name) for name in PROCESSES[:3])
    assert relay["lms_relay_lag_seconds"] == relay["lms_log_unsettled_events"] == 0
    assert projector["lms_projection_delay_seconds_count"] > 10
    assert projector["lms_projection_parked_events"] == projector["lms_projection_lag_seconds"] == 0
    assert projector["lms_consumer_events_total"] >= projector["lms_projection_delay_seconds_count"]
    assert policies["lms_policy_parked_events"] == 0
    assert policies["lms_policies_leading"] == projector["lms_projector_leading"] == 1
    assert relay["process_resident_memory_bytes"] > 0


def test_a_second_process_of_a_kind_works_without_metrics_of_its_own(
    settings: Settings, running: Starting
) -> None:
    migrate(settings)
    running("relay")
    second = running("relay")
    assert second.running
    assert b"nobody can read the metrics" in second.log.read_bytes()


def test_metrics_can_be_switched_off(settings: Settings, running: Starting) -> None:
    port = metrics_port(settings, "gateway")
    silent = msgspec.structs.replace(settings, metrics="off")
    gateway = Process("gateway", silent)
    gateway.start(DEADLINE)
    try:
        with pytest.raises(urllib.error.URLError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5)
    finally:
        gateway.stop()


def test_measuring_an_append_costs_microseconds() -> None:
    def measure() -> float:
        started = time.perf_counter()
        for _ in range(1000):
            with measured_append():
                pass
        return (time.perf_counter() - started) / 1000

    assert min(measure() for _ in range(10)) < 50e-6
