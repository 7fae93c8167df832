"""History that was written once is read for ever."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
import psycopg
import pytest

from domain.aggregate import ERASED
from event_store.application import Log
from event_store.mapper import Mapper
from event_store.record import Record
from tests.event_store import samples
from tests.servers.postgres import Database

NAMES = sorted(path.stem for path in samples.FOLDER.glob("*.json"))


@pytest.fixture
def mapper(database: Database) -> Iterator[Mapper]:
    """A mapper that has the key which the samples were sealed with."""
    with psycopg.connect(database.owner_url) as owner:
        owner.execute(
            "INSERT INTO event_store.personal_keys (person_id, wrapped_key) VALUES (%s, %s)",
            (samples.PERSON, base64.b64decode(samples.WRAPPED_KEY.read_text())),
        )
    with Log(database.write_url, samples.MASTER_KEY) as log:
        assert isinstance(log.mapper, Mapper)
        yield log.mapper


def test_every_event_has_a_sample() -> None:
    without = [event_type.name for event_type in samples.missing(samples.TYPES)]
    assert without == [], "run `python -m tests.event_store.write_samples`"


def test_every_sample_is_still_readable(mapper: Mapper) -> None:
    for name in NAMES:
        data = samples.path_of(name).read_bytes()
        event_type = mapper.types.named(name)
        version = 1 if "Created" in str(event_type.event_class.__mro__) else 2
        record = Record(
            1, samples.PERSON, event_type.stream_type, version, name, data, b"{}", datetime.now(UTC)
        )
        event = mapper.decode(record)
        for field in event_type.personal:
            assert getattr(event, field) != ERASED
            assert not samples.is_sealed(getattr(event, field))


def test_samples_hold_what_their_schema_says() -> None:
    for name in NAMES:
        event_type = samples.TYPES.named(name)
        if event_type.name == name:
            raw = msgspec.json.decode(samples.path_of(name).read_bytes())
            fields = msgspec.structs.fields(event_type.payload)
            assert set(raw) <= {field.name for field in fields}
            assert {field.name for field in fields if field.required} <= set(raw)
