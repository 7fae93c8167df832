"""Keeps the Postgres read models up to date."""

from prometheus_client import REGISTRY

from bus.connection import Connection
from lms.processes.background import work
from lms.settings import Settings
from lms.telemetry.collectors import FromDatabase, projection_metrics
from lms.telemetry.traced_batch import traced_batch
from projections.metrics import measured_batch
from projections.process import run_projector
from projections.source import open_source


def main(settings: Settings) -> None:
    """Runs until a signal."""
    work("projector", settings, lambda: _project(settings))


async def _project(settings: Settings) -> None:
    REGISTRY.register(FromDatabase(settings.read_database_url, projection_metrics))
    with open_source(settings.project_database_url, settings.master_key) as source:
        async with Connection(settings.nats_url, "projector") as nats:
            around = traced_batch if settings.otlp_endpoint else measured_batch
            await run_projector(source, nats, around=around)
