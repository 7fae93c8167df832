"""Texts of records have keys of their own beside the person's: either of them gone, they are."""

from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from domain.aggregate import ERASED, EXPIRED
from domain.feedback import Feedback
from event_store import record_keys
from event_store.application import Log
from event_store.errors import VersionConflict
from event_store.keys import PersonalKeys
from event_store.mapper import Mapper, sealing_context
from event_store.reader import Reader
from event_store.record_keys import READ_AHEAD, RecordKeys, expired_statement
from tests.event_store.conftest import MASTER_KEY
from tests.event_store.test_mapper import NOW
from tests.servers.postgres import Database

TEXT = "too fast for me"


class Fetching(RecordKeys):
    """Counts how often it asks the database."""

    times = 0

    def _fetch(self, key_id: UUID) -> Any:
        self.times += 1
        return super()._fetch(key_id)


def feedback_of(learner_id: UUID) -> Feedback:
    return Feedback.submit(
        learner_id=learner_id, course_id=uuid4(), rating=3, feedback_text=TEXT, at=NOW
    )


def texts(log: Log, reader: Reader) -> list[str | None]:
    """As a process reads them that has read nothing before."""
    keys = PersonalKeys(log.recorder.datastore.pool, MASTER_KEY)
    mapper = Mapper(log.types, keys)
    return [mapper.decode(record).feedback_text for record in reader.read(0, 1000)]


def owner_does(database: Database, statement: str, *params: Any) -> int:
    with psycopg.connect(database.owner_url) as owner:
        return owner.execute(statement, params).rowcount


def test_a_text_goes_with_its_own_key_and_leaves_the_others(
    log: Log, reader: Reader, database: Database
) -> None:
    person = uuid4()
    one, other = feedback_of(person), feedback_of(person)
    log.append([one, other], metadata=b"{}")
    assert texts(log, reader) == [TEXT, TEXT]
    with psycopg.connect(database.write_url) as connection:
        connection.execute(*expired_statement(one.id))
    assert texts(log, reader) == [EXPIRED, TEXT]


def test_a_text_goes_with_the_key_of_its_person(
    log: Log, reader: Reader, database: Database
) -> None:
    log.append([feedback_of(uuid4())], metadata=b"{}")
    owner_does(
        database,
        "UPDATE event_store.personal_keys SET wrapped_key = NULL, destroyed_at = now()",
    )
    assert texts(log, reader) == [ERASED]


def test_what_was_sealed_before_there_were_such_keys_is_read(log: Log, reader: Reader) -> None:
    feedback = feedback_of(uuid4())
    context = sealing_context(feedback.id, "feedback_text")
    sealed = log.keys.seal(feedback.learner_id, b'"as before"', context)
    assert log.keys.unseal(feedback.learner_id, sealed, context) == b'"as before"'


def test_a_key_is_kept_with_the_event_or_not_at_all(log: Log, database: Database) -> None:
    one = feedback_of(uuid4())
    twin = Feedback.submit(
        learner_id=one.learner_id, course_id=one.course_id, rating=1, feedback_text="x", at=NOW
    )
    log.append([one], metadata=b"{}")
    with pytest.raises(VersionConflict):
        log.append([twin], metadata=b"{}")
    assert owner_does(database, "SELECT FROM event_store.record_keys") == 1


def test_a_text_that_was_moved_is_not_unsealed(log: Log) -> None:
    person, context = uuid4(), b"here"
    sealed = log.keys.seal_record(uuid4(), person, b"text", context)
    other = log.keys.seal_record(uuid4(), person, b"text", context)
    assert log.keys.unseal(person, sealed, context) == b"text"
    with pytest.raises(ValueError, match="moved"):
        log.keys.unseal(person, sealed, b"elsewhere")
    mixed = other[: len(record_keys.PREFIX) + 32] + sealed[len(record_keys.PREFIX) + 32 :]
    with pytest.raises(ValueError, match="tampered"):
        log.keys.unseal(person, mixed, context)


def test_whoever_reads_history_fetches_keys_by_the_page(
    log: Log, reader: Reader, database: Database
) -> None:
    sheets = [feedback_of(uuid4()) for _ in range(READ_AHEAD + 1)]
    log.append(sheets, metadata=b"{}")
    pool = log.recorder.datastore.pool
    keys = PersonalKeys(pool, MASTER_KEY)
    keys.ensure([sheet.learner_id for sheet in sheets])
    mapper = Mapper(log.types, keys)
    keys.records = fetching = Fetching(pool)
    assert {mapper.decode(each).feedback_text for each in reader.read(0, 1000)} == {TEXT}
    assert fetching.times == 2
