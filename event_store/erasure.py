"""Destroying a person's key, and what has to happen wherever the key has been used."""

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from event_store.application import Log

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_LOOKS = 5.0
LOOKED_BACK_SECONDS = 120.0
"""A key's destruction becomes visible later than it says, when it commits."""

_DESTROYED = (
    "SELECT person_id FROM event_store.personal_keys"
    " WHERE destroyed_at > clock_timestamp() - make_interval(secs => %s)"
)

_REPLAY = """
WITH erased AS (
    SELECT stream_id AS person_id, min(recorded_at) AS erased_at FROM event_store.events
    WHERE type LIKE 'learner.erased.v%' GROUP BY stream_id
)
INSERT INTO event_store.personal_keys AS key (person_id, wrapped_key, destroyed_at)
SELECT person_id, NULL, erased_at FROM erased
ON CONFLICT (person_id) DO UPDATE SET wrapped_key = NULL, wrapped_by = NULL,
    destroyed_at = excluded.destroyed_at
WHERE key.wrapped_key IS NOT NULL
RETURNING person_id"""

_EXPIRED = """
DELETE FROM event_store.record_keys WHERE key_id IN (
    SELECT key_id FROM event_store.record_keys AS key JOIN event_store.events
        ON data->>'record_id' = key.stream_id::text AND recorded_at >= created_at
    WHERE type LIKE 'expired_record.expired.v%'
    UNION ALL
    SELECT key_id FROM event_store.record_keys JOIN event_store.personal_keys USING (person_id)
    WHERE destroyed_at IS NOT NULL)"""

_UNSCRUBBED = """
INSERT INTO erasure.scrubs (erasure_id, learner_id, erased_at)
SELECT stream_id, (data->>'learner_id')::uuid, recorded_at FROM event_store.events AS done
WHERE type LIKE 'erasure.carried_out.v%' AND NOT EXISTS (
    SELECT FROM event_store.events AS later
    WHERE later.stream_id = done.stream_id AND later.type LIKE 'erasure.scrubbed.v%')
ON CONFLICT DO NOTHING"""


def destroyed_statements(person: UUID) -> list[tuple[str, Sequence[Any]]]:
    """Destroys the person's key and what is sealed under it as a whole; for the transaction of the
    event that says so. A person without a key never gets one."""
    return [
        (
            (
                "INSERT INTO event_store.personal_keys (person_id, wrapped_key, destroyed_at)"
                " VALUES (%s, NULL, clock_timestamp()) ON CONFLICT (person_id) DO UPDATE"
                " SET wrapped_key = NULL, wrapped_by = NULL,"
                " destroyed_at = excluded.destroyed_at"
            ),
            (person,),
        ),
        ("DELETE FROM event_store.record_keys WHERE person_id = %s", (person,)),
        ("DELETE FROM event_store.snapshots WHERE stream_id = %s", (person,)),
        ("DELETE FROM event_store.idempotency WHERE scope = %s", (str(person),)),
    ]


def replay_erasures(owner: psycopg.Connection[Any]) -> list[UUID]:
    """Destroys the keys that a restore has brought back of people whom the log says are erased.

    Returns whose keys those were (and who had none at all). Safe to repeat.
    """
    await_scrubbing(owner)
    replay_expiries(owner)
    return [person for (person,) in owner.execute(_REPLAY).fetchall()]


def replay_expiries(owner: psycopg.Connection[Any]) -> int:
    """Deletes the keys that a restore has brought back of texts in records that had expired, and of
    people who were erased; how many. Safe to repeat."""
    return owner.execute(_EXPIRED).rowcount


def await_scrubbing(owner: psycopg.Connection[Any]) -> None:
    """Has every erasure scrubbed that the log doesn't say was: which ones were still waiting for it
    is in no backup. Safe to repeat."""
    owner.execute(_UNSCRUBBED)


class ErasureWatch:
    """Makes one process forget what it has unsealed of people who are erased meanwhile.

    Needs `lms_write`. Reading is over after some seconds; by itself a key would be looked up
    anew after half a minute, and an aggregate stay in memory for as long as it is used.
    """

    def __init__(self, log: Log, pool: ConnectionPool[Any]) -> None:
        self._log = log
        self._pool = pool
        self._known: set[UUID] = set()

    def look(self) -> None:
        """Raises `psycopg.Error`, `psycopg_pool.PoolTimeout`."""
        with self._pool.connection() as connection:
            rows = connection.execute(_DESTROYED, (LOOKED_BACK_SECONDS,)).fetchall()
        found = {person for (person,) in rows}
        for person in found - self._known:
            self._log.keys.forget(person)
        if found - self._known:
            self._log.forget_everything()
        self._known = found

    @contextmanager
    def followed(self) -> Iterator[None]:
        """Goes on looking, on a thread, until the block ends."""
        stopped = threading.Event()
        thread = threading.Thread(target=self._follow, args=(stopped,), name="erasures")
        thread.start()
        try:
            yield
        finally:
            stopped.set()
            thread.join()

    def _follow(self, stopped: threading.Event) -> None:
        while not stopped.wait(SECONDS_BETWEEN_LOOKS):
            try:
                self.look()
            except (psycopg.Error, PoolTimeout):
                logger.warning("Erased people can't be looked up just now.")
