"""Whose keys there are after a restore, and whose there must not be.

An archive of keys may be of another instant than the history. Whoever was erased before either of
them stays erased; whoever's key is in neither can't be read any more, which is the same.
"""

from pathlib import Path
from typing import Any, Final, NamedTuple

from psycopg import Connection, sql
from psycopg.rows import scalar_row

from event_store.erasure import await_scrubbing, replay_expiries
from lms.backup.taking import PEOPLE

_SECRETS_OF_PEOPLE: Final = (
    "credentials",
    "former_passwords",
    "totp",
    "recovery_codes",
)
"""Tables of `access` by `learner_id`: the erased can't log in either."""
_CREATE = (
    "CREATE TEMPORARY TABLE people"
    " (person_id uuid PRIMARY KEY, created_at timestamptz NOT NULL, destroyed_at timestamptz)"
)
_DESTROY_AGAIN = (
    "UPDATE event_store.personal_keys AS kept"
    " SET wrapped_key = NULL, wrapped_by = NULL, destroyed_at = people.destroyed_at"
    " FROM people WHERE kept.person_id = people.person_id"
    " AND people.destroyed_at IS NOT NULL AND kept.wrapped_key IS NOT NULL"
)
_DESTROY_AS_LOGGED = (
    "UPDATE event_store.personal_keys"
    " SET wrapped_key = NULL, wrapped_by = NULL, destroyed_at = now()"
    " WHERE wrapped_key IS NOT NULL AND person_id IN"
    " (SELECT stream_id FROM event_store.events WHERE type LIKE 'learner.erased.v%')"
)
_ERASED_BEFORE = (
    "INSERT INTO event_store.personal_keys (person_id, created_at, destroyed_at)"
    " SELECT person_id, created_at, destroyed_at FROM people WHERE destroyed_at IS NOT NULL"
    " ON CONFLICT DO NOTHING"
)
_LOST = (
    "INSERT INTO event_store.personal_keys (person_id, created_at, destroyed_at)"
    " SELECT person_id, created_at, now() FROM people ON CONFLICT DO NOTHING"
)
_LOST_TEXTS = """
SELECT FROM event_store.events AS said
CROSS JOIN regexp_matches(data::text, 'sealed\\.v2\\.([0-9a-f]{32})\\.', 'g') AS sealed (key)
LEFT JOIN event_store.record_keys AS kept ON kept.key_id = sealed.key[1]::uuid
WHERE stream_type IN ('certificate', 'feedback', 'survey_response', 'testimonial')
    AND kept.key_id IS NULL
    AND NOT EXISTS (SELECT FROM event_store.personal_keys
        WHERE person_id::text = data->>'learner_id' AND destroyed_at IS NOT NULL)
    AND NOT EXISTS (SELECT FROM event_store.events AS gone
        WHERE gone.type LIKE 'expired_record.expired.v%'
            AND gone.data->>'record_id' = said.stream_id::text)"""


class Reconciled(NamedTuple):
    """How many keys were destroyed again, how many people's keys are in no archive, and how many
    texts of records have lost theirs, though neither record nor person is gone."""

    destroyed_again: int
    lost: int
    lost_texts: int


def reconcile(connection: Connection[Any], history: Path) -> Reconciled:
    """Destroys the keys of those who are erased by the history; marks those that are lost.

    Who is erased stands in the list of people beside the history, and in the log itself.

    Erasures that weren't scrubbed yet are waited for again; texts of records that had expired stay
    unreadable.

    A lost key's person reads as erased, and nothing is ever sealed for them under another key.
    """
    with connection.transaction():
        connection.execute(_CREATE)
        with (
            (history / PEOPLE).open("rb") as file,
            connection.cursor().copy("COPY people FROM STDIN (FORMAT csv, HEADER)") as copy,
        ):
            while block := file.read(1 << 16):
                copy.write(block)
        destroyed_again = connection.execute(_DESTROY_AGAIN).rowcount
        destroyed_again += connection.execute(_DESTROY_AS_LOGGED).rowcount
        connection.execute(_ERASED_BEFORE)
        lost = connection.execute(_LOST).rowcount
        for table in _SECRETS_OF_PEOPLE:
            connection.execute(_forget(table))
        connection.execute("DROP TABLE people")
        await_scrubbing(connection)
        replay_expiries(connection)
        lost_texts = connection.execute(_LOST_TEXTS).fetchall()
    return Reconciled(destroyed_again, lost, len(lost_texts))


def readable(connection: Connection[Any]) -> int:
    """How many people have a key."""
    query = "SELECT count(wrapped_key) FROM event_store.personal_keys"
    row = connection.cursor(row_factory=scalar_row).execute(query).fetchone()
    assert isinstance(row, int)
    return row


def _forget(table: str) -> sql.Composed:
    return sql.SQL(
        "DELETE FROM {} WHERE learner_id IN"
        " (SELECT person_id FROM event_store.personal_keys WHERE destroyed_at IS NOT NULL)"
    ).format(sql.Identifier("access", table))
