"""Carries the log into JetStream."""

from bus.connection import Connection
from bus.relay import Relay
from event_store.reader import Reader
from lms.composition import open_pool
from lms.processes.background import work
from lms.settings import Settings


def main(settings: Settings) -> None:
    """Runs until a signal."""
    work("relay", settings, lambda: _relay(settings))


async def _relay(settings: Settings) -> None:
    with open_pool(settings.read_database_url, 2) as pool:
        async with Connection(settings.nats_url, "relay") as nats:
            await Relay(Reader(pool), nats).run()
