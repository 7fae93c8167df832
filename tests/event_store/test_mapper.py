"""Events come back from the log as they went in, and personal data never stands there in clear."""

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest

from domain.aggregate import Aggregate, Personal
from domain.feedback import Feedback
from domain.learner import Learner
from domain.roles import Role
from event_store.application import Log
from event_store.event_type import EventTypes, UnknownEventType
from event_store.keys import PersonalKeys
from event_store.mapper import Mapper
from event_store.reader import Reader
from event_store.record import Record
from tests.event_store.conftest import MASTER_KEY
from tests.servers.postgres import Database

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECRETS = ("jane.roe", "jane@example.com", "Jane Roe", "too fast for me")


class Badge(Aggregate):
    """Its events have changed form twice."""

    STREAM_TYPE = "badge"
    level: int

    class Awarded(Aggregate.Created):
        TOPIC = "badge.awarded"
        class_version: ClassVar[int] = 3
        level: int
        reason: Annotated[str | None, Personal] = None

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            state["grade"] = state.pop("colour") == "gold"

        @staticmethod
        def upcast_v2_v3(state: dict[str, Any]) -> None:
            state["level"] = 2 if state.pop("grade") else 1

    def __init__(self, level: int) -> None:
        self.level = level


def jane(id: UUID) -> Learner:
    return Learner.register(
        id=id,
        username=SECRETS[0],
        email=SECRETS[1],
        full_name=SECRETS[2],
        roles=[Role.EMPLOYEE],
        at=NOW,
    )


def her_feedback(learner_id: UUID) -> Feedback:
    return Feedback.submit(
        learner_id=learner_id, course_id=uuid4(), rating=3, feedback_text=SECRETS[3], at=NOW
    )


def test_events_come_back_as_they_were(log: Log, reader: Reader) -> None:
    learner = jane(uuid4())
    learner.update(full_name="Jane Doe", at=NOW)
    feedback = her_feedback(learner.id)
    expected = [*learner.pending_events, *feedback.pending_events]
    log.save(learner, feedback)
    mapper = log.mapper
    assert isinstance(mapper, Mapper)
    assert [mapper.decode(record) for record in reader.read(0, 10)] == expected


def test_personal_data_is_not_in_the_log_in_clear(log: Log, database: Database) -> None:
    learner = jane(uuid4())
    log.save(learner, her_feedback(learner.id))
    with psycopg.connect(database.owner_url) as owner:
        rows = owner.execute(
            "SELECT e::text, s::text FROM event_store.events e"
            " LEFT JOIN event_store.snapshots s USING (stream_id)"
        ).fetchall()
    text = str(rows)
    assert [secret for secret in SECRETS if secret in text] == []
    assert "employee" in text


def test_once_a_persons_key_is_gone_their_data_is(
    log: Log, reader: Reader, database: Database
) -> None:
    learner, other = jane(uuid4()), uuid4()
    log.save(learner, her_feedback(learner.id), her_feedback(other))
    with psycopg.connect(database.owner_url) as owner:
        owner.execute(
            "UPDATE event_store.personal_keys SET wrapped_key = NULL, destroyed_at = now()"
            " WHERE person_id = %s",
            (learner.id,),
        )
    with Log(database.write_url, MASTER_KEY) as fresh:
        mapper = fresh.mapper
        assert isinstance(mapper, Mapper)
        registered, hers, others = [mapper.decode(record) for record in reader.read(0, 10)]
    assert registered.full_name == registered.email == hers.feedback_text == "erased person"
    assert registered.roles == [Role.EMPLOYEE]
    assert hers.rating == 3
    assert others.feedback_text == SECRETS[3]


def test_a_sealed_field_that_was_moved_to_another_stream_is_refused(
    log: Log, reader: Reader
) -> None:
    learner = jane(uuid4())
    log.save(learner)
    [record] = reader.read(0, 1)
    key = {"learner_id": str(learner.id), "course_id": str(uuid4()), "rating": 3}
    sealed = record.data.split(b'"full_name":"')[1].split(b'"')[0].decode()
    moved = {**key, "feedback_text": sealed, "timestamp": NOW.isoformat()}
    data = msgspec.json.encode(moved)
    forged = Record(1, uuid4(), "feedback", 1, "feedback.submitted.v1", data, b"{}", NOW)
    mapper = log.mapper
    assert isinstance(mapper, Mapper)
    with pytest.raises(ValueError, match="tampered"):
        mapper.decode(forged)


@pytest.mark.parametrize(
    ("name", "data", "level"),
    [
        ("badge.awarded.v1", b'{"timestamp":"2026-11-24T12:00:00Z","colour":"gold"}', 2),
        ("badge.awarded.v2", b'{"timestamp":"2026-11-24T12:00:00Z","grade":false}', 1),
        ("badge.awarded.v3", b'{"timestamp":"2026-11-24T12:00:00Z","level":7,"new":1}', 7),
    ],
)
def test_old_versions_are_upcast_and_unknown_fields_tolerated(
    log: Log, name: str, data: bytes, level: int
) -> None:
    mapper = Mapper(EventTypes([Badge]), log.keys)
    event = mapper.decode(Record(1, uuid4(), "badge", 1, name, data, b"{}", NOW))
    assert isinstance(event, Badge.Awarded)
    assert (event.level, event.reason, event.timestamp) == (level, None, NOW)


def test_what_nobody_knows_is_named_in_the_error(log: Log) -> None:
    mapper = Mapper(EventTypes([Badge]), log.keys)
    with pytest.raises(UnknownEventType, match=r"badge\.lost\.v1"):
        mapper.decode(Record(1, uuid4(), "badge", 1, "badge.lost.v1", b"{}", b"{}", NOW))


def test_two_processes_that_meet_a_new_person_agree_on_one_key(
    log: Log, database: Database
) -> None:
    person = uuid4()
    with Log(database.write_url, MASTER_KEY) as other:
        sealed = [log.keys.seal(person, b"a", b""), other.keys.seal(person, b"b", b"")]
        assert [other.keys.unseal(person, s, b"") for s in sealed] == [b"a", b"b"]


def test_another_master_key_opens_nothing(log: Log, database: Database) -> None:
    person = uuid4()
    sealed = log.keys.seal(person, b"a", b"")
    with Log(database.write_url, bytes(32)) as other:
        keys: PersonalKeys = other.keys
        with pytest.raises(ValueError, match="master key"):
            keys.unseal(person, sealed, b"")
