"""Carries the log into JetStream."""

from prometheus_client import REGISTRY

from bus.connection import Connection
from bus.relay import Relay
from event_store.reader import Reader
from lms.composition import open_pool
from lms.processes.background import work
from lms.settings import Settings
from lms.telemetry.collectors import FromDatabase, relay_metrics


def main(settings: Settings) -> None:
    """Runs until a signal."""
    work("relay", settings, lambda: _relay(settings))


async def _relay(settings: Settings) -> None:
    with open_pool(settings.read_database_url, 2) as pool:
        async with Connection(settings.nats_url, "relay") as nats:
            relay = Relay(Reader(pool), nats)
            lag = relay_metrics(lambda: None if relay.is_standing_by else relay.position)
            REGISTRY.register(FromDatabase(settings.read_database_url, lag))
            await relay.run()
