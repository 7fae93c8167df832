"""Metrics that nobody counts: they are asked of the database when Prometheus comes."""

import logging
from collections.abc import Callable, Iterable, Sequence

import psycopg
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from lms.telemetry import lag
from lms.telemetry.lag import Connected, Follower

logger = logging.getLogger(__name__)

Ask = Callable[[Connected], Iterable[Metric]]


class FromDatabase(Collector):
    """Asks the database anew each time; without it there are only the process's own numbers."""

    def __init__(self, url: str, ask: Ask) -> None:
        self._url = url
        self._ask = ask

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not wait for the database."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """See prometheus_client.registry.Collector."""
        try:
            with lag.connect(self._url) as connection:
                return list(self._ask(connection))
        except psycopg.Error as error:
            logger.warning("metrics lack what the database knows: %s", type(error).__name__)
            return ()


def relay_metrics(position: Callable[[], int | None]) -> Ask:
    """The relay's lag (`position` is None while it has none or stands by), and the log's own."""

    def ask(connection: Connected) -> Iterable[Metric]:
        unsettled = lag.unsettled(connection)
        yield _gauge(
            "lms_log_unsettled_events",
            "Committed events that an older open transaction hides from readers",
            unsettled.events,
        )
        yield _gauge("lms_log_unsettled_seconds", "Age of the oldest of them", unsettled.seconds)
        if (reached := position()) is not None:
            behind = lag.behind(connection, reached)
            yield _gauge(
                "lms_relay_lag_events", "Committed events not yet in the stream", behind.events
            )
            yield _gauge("lms_relay_lag_seconds", "Age of the oldest of them", behind.seconds)

    return ask


def analytics_metrics(position: Callable[[], int | None]) -> Ask:
    """How far DuckDB is behind the log (`position` is None while it doesn't serve)."""

    def ask(connection: Connected) -> Iterable[Metric]:
        if (reached := position()) is None:
            return
        behind = lag.behind(connection, reached)
        yield _gauge("lms_analytics_position", "Position that DuckDB has reached", reached)
        yield _gauge(
            "lms_analytics_lag_events", "Committed events not in DuckDB yet", behind.events
        )
        yield _gauge("lms_analytics_lag_seconds", "Age of the oldest of them", behind.seconds)

    return ask


def seal_metrics(connection: Connected) -> Iterable[Metric]:
    """How far the seals are behind the log."""
    behind = lag.behind(connection, lag.sealed(connection))
    yield _gauge("lms_seal_lag_events", "Committed events not sealed yet", behind.events)
    yield _gauge("lms_seal_lag_seconds", "Age of the oldest of them", behind.seconds)


def projection_metrics(connection: Connected) -> Iterable[Metric]:
    """Position, lag and parked events of each projection, by build."""
    labels = ("projection", "version", "state")
    rows = [((row.name, str(row.version), row.state), row) for row in lag.projections(connection)]
    return _followers("projection", labels, rows)


def policy_metrics(connection: Connected) -> Iterable[Metric]:
    """Position, lag and parked events of each policy."""
    rows = [((row.name,), row) for row in lag.policies(connection)]
    return _followers("policy", ("policy",), rows)


def _followers(
    kind: str, labels: Sequence[str], rows: Sequence[tuple[Sequence[str], Follower]]
) -> Iterable[Metric]:
    values: tuple[tuple[str, str, Callable[[Follower], float]], ...] = (
        ("position", "Position that it has reached", lambda row: row.position),
        ("lag_events", "Committed events that follow its position", lambda row: row.events),
        ("lag_seconds", "Age of the oldest of them", lambda row: row.seconds),
        ("parked_events", "Events that failed, or wait behind one", lambda row: row.parked),
    )
    for name, says, value in values:
        family = GaugeMetricFamily(f"lms_{kind}_{name}", says, labels=labels)
        for names, row in rows:
            family.add_metric(names, value(row))
        yield family


def _gauge(name: str, says: str, value: float) -> Metric:
    return GaugeMetricFamily(name, says, value=value)
