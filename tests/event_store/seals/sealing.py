"""A log with its sealer and its auditor."""

from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from eventsourcing.persistence import StoredEvent
from psycopg import Connection

from access.seal import Seal
from access.sealed import CHECKPOINTS
from event_store.application import Log
from event_store.seals.keys import SealingKeys
from event_store.seals.sealer import INTERVAL, Sealer
from event_store.seals.verdict import Verdict
from event_store.seals.verify import Remembered, verify
from event_store.seals.witness import Witness
from tests.event_store.conftest import MASTER_KEY
from tests.servers.postgres import Database

ORIGIN = "lms.example.com/log"
Owner = Connection[tuple[Any, ...]]


class Sealing:
    """A log, its sealer with a clock of its own, its witness, and its auditor."""

    def __init__(self, log: Log, database: Database, folder: Path) -> None:
        self.log = log
        self.url = database.seal_url
        self.connection = psycopg.connect(database.seal_url, autocommit=True)
        self.keys = SealingKeys(Seal(MASTER_KEY, CHECKPOINTS), ORIGIN)
        self.witness = Witness(folder / "seals" / "checkpoints.ndjson")
        self.sealer = self.a_sealer()
        self._now = count(step=INTERVAL)

    def a_sealer(self, connection: Connection[Any] | None = None, batch: int = 4_000) -> Sealer:
        """One more; each step happens a second after the one before."""
        return Sealer(
            connection or self.connection,
            self.keys,
            self.witness,
            monotonic=lambda: next(self._now),
            batch=batch,
        )

    def append(self, events: int = 1) -> list[int]:
        """Appends events of a stream of its own at once; returns their positions."""
        stream_id = uuid4()
        rows = [
            StoredEvent(
                stream_id, version, "course.archived.v1", b'{"reason":"number %d"}' % version
            )
            for version in range(1, events + 1)
        ]
        return list(self.log.recorder.insert_events(rows, metadata=b'{"actor":"joe"}'))

    def seal(self) -> None:
        """Seals all there is, and signs it."""
        while self.sealer.step():
            pass

    def restarted(self) -> Sealer:
        """A sealer that knows only what is stored, as after a crash."""
        self.sealer = self.a_sealer()
        return self.sealer

    def verdict(
        self, remembered: Remembered | None = None, by: Connection[Any] | None = None
    ) -> Verdict:
        """What an auditor finds who has the master key and the witness."""
        connection = by or self.connection
        keys = self.keys.genuine(connection)
        return verify(connection, keys, self.witness.checkpoints(), remembered)

    def close(self) -> None:
        self.connection.close()
