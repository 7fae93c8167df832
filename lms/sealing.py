"""The seals put together, for the sealer and for whoever verifies."""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

import psycopg

from event_store.seals.checkpoint import Checkpoint
from event_store.seals.keys import SealingKeys
from event_store.seals.verdict import Verdict
from event_store.seals.verify import Remembered, verify
from event_store.seals.witness import Witness
from lms.settings import Settings

PATIENCE = 5
"""Seconds that connecting may take."""


def verify_live(
    settings: Settings,
    known: Iterable[Checkpoint] = (),
    remembered: Remembered | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Verdict:
    """Verifies the live log against its seals, our witness file and what else is `known` of it.

    See `event_store.seals.verify.verify`. Raises psycopg.Error.
    """
    with connect(settings, "audit") as connection:
        keys = sealing_keys(settings).genuine(connection)
        witnessed = [*Witness(settings.witness_file).checkpoints(), *known]
        return verify(connection, keys, witnessed, remembered, progress)


def sealing_keys(settings: Settings) -> SealingKeys:
    """The keys of this system; its log is named after the address that clients know."""
    return SealingKeys(settings.master_key, origin=f"{urlsplit(settings.public_url).netloc}/log")


def connect(settings: Settings, name: str) -> psycopg.Connection[tuple[Any, ...]]:
    """A connection as `lms_seal` in autocommit mode. Raises psycopg.OperationalError."""
    return psycopg.connect(
        settings.seal_database_url,
        autocommit=True,
        connect_timeout=PATIENCE,
        application_name=name,
    )
