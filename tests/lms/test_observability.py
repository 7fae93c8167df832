"""What deploy/ asks Prometheus for is what the processes have."""

import json
import re
from collections.abc import Iterable
from importlib import import_module
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY, CollectorRegistry, Metric

from edge.metrics import RequestMetrics
from lms.processes import PROCESSES
from lms.settings import PROJECT
from lms.telemetry import lag
from lms.telemetry.collectors import (
    analytics_metrics,
    policy_metrics,
    projection_metrics,
    relay_metrics,
    seal_metrics,
)
from lms.telemetry.endpoint import OFFSETS
from tests.servers.postgres import Database

DEPLOY = PROJECT / "deploy"
FIRST_PORT = 9100


def names(metrics: Iterable[Metric]) -> set[str]:
    """The names of metrics with everything that a kind of metric may add to them."""
    suffixes = ("", "_total", "_count", "_sum", "_bucket")
    return {metric.name + suffix for metric in metrics for suffix in suffixes}


@pytest.fixture
def offered(shared_database: Database) -> set[str]:
    """Every metric of every process."""
    modules = ("policies.process", "projections.metrics", "bus.relay", "bus.consumer")
    for module in (*modules, "event_store.seals.metrics"):
        import_module(module)
    of_http = CollectorRegistry()
    RequestMetrics(of_http)
    with lag.connect(shared_database.read_url) as connection:
        followers = [relay_metrics(lambda: 0), analytics_metrics(lambda: 0)]
        asked = [*followers, projection_metrics, policy_metrics, seal_metrics]
        found = [metric for ask in asked for metric in ask(connection)]
    return names([*REGISTRY.collect(), *of_http.collect(), *found])


def test_prometheus_reads_every_process_at_its_port() -> None:
    config: Any = yaml.safe_load((DEPLOY / "prometheus.yml").read_text())
    targets = config["scrape_configs"][0]["static_configs"][0]["targets"]
    known = {f"{process}:{FIRST_PORT + offset}" for process, offset in OFFSETS.items()}
    assert set(targets) <= known
    assert {target.partition(":")[0] for target in targets} >= set(PROCESSES)


@pytest.mark.parametrize("file", ["alerts.yml", "grafana/lms.json"])
def test_only_metrics_that_exist_are_asked_for(file: str, offered: set[str]) -> None:
    asked = set(re.findall(r"\blms_[a-z_]+", (DEPLOY / file).read_text()))
    assert asked - offered == set()


def test_the_dashboard_is_one() -> None:
    dashboard = json.loads((DEPLOY / "grafana" / "lms.json").read_text())
    assert len({panel["title"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
