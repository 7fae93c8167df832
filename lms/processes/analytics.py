"""Loads the log into DuckDB, and lets analysts read it live."""

from prometheus_client import REGISTRY

from bus.connection import Connection
from bus.consumer import Consumer
from event_store.reader import Reader
from lms.composition import open_pool
from lms.processes.background import work
from lms.settings import Settings
from lms.telemetry.collectors import FromDatabase, analytics_metrics
from projections.analytics.process import Options, Progress, run_analytics


def main(settings: Settings) -> None:
    """Runs until a signal."""
    work("analytics", settings, lambda: _analytics(settings))


async def _analytics(settings: Settings) -> None:
    progress = Progress()
    lag = analytics_metrics(lambda: progress.position)
    REGISTRY.register(FromDatabase(settings.read_database_url, lag))
    with open_pool(settings.read_database_url, 2) as pool:
        async with Connection(settings.nats_url, "analytics") as nats:
            log = Reader(pool)
            await run_analytics(
                options_of(settings),
                log,
                lambda position: Consumer("analytics", nats, log, position),
                progress,
            )


def options_of(settings: Settings) -> Options:
    """Where the analytics process finds everything, and where it is found."""
    return Options(
        path=settings.duckdb_file,
        conninfo=settings.read_database_url,
        quack_host=settings.host,
        quack_port=settings.quack_port,
        quack_token=settings.quack_token,
        http_host=settings.host,
        http_port=settings.analytics_port,
        internal_token=settings.internal_token,
    )
