"""The seals put together, for the sealer and for whoever verifies."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg

from access.seal import Seal
from access.sealed import CHECKPOINTS
from event_store.seals.checkpoint import Checkpoint
from event_store.seals.keys import SealingKeys
from event_store.seals.verdict import Verdict
from event_store.seals.verify import Remembered, verify
from event_store.seals.witness import Witness
from event_store.wrapping import WrappingKeys
from lms.composition import open_pool
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
    with connect(settings, "audit") as connection, sealing_keys(settings) as sealing:
        keys = sealing.genuine(connection)
        witnessed = [*Witness(settings.witness_file).checkpoints(), *known]
        return verify(connection, keys, witnessed, remembered, progress)


@contextmanager
def sealing_keys(settings: Settings) -> Iterator[SealingKeys]:
    """The keys of this system; its log is named after the address that clients know."""
    origin = f"{urlsplit(settings.public_url).netloc}/log"
    with open_pool(settings.seal_database_url, 1) as pool:
        seal = Seal(WrappingKeys(pool, settings.master_key), CHECKPOINTS)
        yield SealingKeys(seal, origin)


def connect(settings: Settings, name: str) -> psycopg.Connection[tuple[Any, ...]]:
    """A connection as `lms_seal` in autocommit mode. Raises psycopg.OperationalError."""
    return psycopg.connect(
        settings.seal_database_url,
        autocommit=True,
        connect_timeout=PATIENCE,
        application_name=name,
    )
