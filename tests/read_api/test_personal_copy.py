"""A copy of everything about a person has everything about them, and nothing about others.

The log is filled with every type of event there is, from the catalogue: a new one that is about a
person and isn't in the copy fails here.
"""

import asyncio
import io
import zipfile
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest
from eventsourcing.persistence import StoredEvent

from event_store.addresses import CLIENT, Clients
from event_store.bulk import Row, append
from event_store.event_type import EventType
from event_store.keys import PersonalKeys
from event_store.mapper import Mapper, sealing_context
from event_store.recorder import Request
from lms.composition import open_pool as open_blocking_pool
from projections.catalogue import PROJECTIONS, named
from projections.opening import open_live
from projections.source import open_source
from read_api.database import Database as ReadModels
from read_api.database import open_pool
from read_api.history import Historian
from read_api.personal_archive import archive
from read_api.personal_copy import INDEX, PersonalCopy
from tests.commands.system import MASTER_KEY
from tests.event_store.samples import TYPES, plausible
from tests.read_api.reading import Sheet
from tests.servers.postgres import Database

PERSON, OTHER = uuid4(), uuid4()
ABOUT = ("learner_id", "owner_id")
ADDRESS = "192.0.2.77"

Files = dict[str, bytes]


def is_about_a_person(event_type: EventType) -> bool:
    """As read from the catalogue, not from what the copy is made by."""
    fields = event_type.payload.__struct_fields__
    begun_with = {
        field
        for other in TYPES
        if other.aggregate is event_type.aggregate and is_first(other)
        for field in other.payload.__struct_fields__
    }
    handed_on = event_type.stream_type == "external_identity"
    return (
        event_type.stream_type == "learner"
        or event_type.subject is not None
        or not {*ABOUT, "members"}.isdisjoint(fields)
        or ("learner_id" in begun_with and not handed_on)
    )


def is_first(event_type: EventType) -> bool:
    return hasattr(event_type.event_class, "originator_topic")


def ends(event_type: EventType) -> bool:
    """Of whom it happened to, no copy is given any more."""
    return getattr(event_type.event_class, "ENDS_PERSON", False) is True


def personal_values(event_type: EventType, whose: str) -> dict[str, Any]:
    """In clear, and not to be found anywhere else."""
    return {
        name: {"q": f"{whose} {event_type.name} {name}"}
        if "dict" in str(clear)
        else f"{whose} {event_type.name} {name}"
        for name, clear in event_type.personal.items()
    }


def filled(event_type: EventType, person: UUID, another: UUID) -> dict[str, Any]:
    fields = plausible(event_type)
    for name in fields:
        if name in ABOUT or name == event_type.subject:
            fields[name] = str(person)
        if name == "members":
            fields[name] = [str(person), str(another)]
        if name in {"manager_id", "by", "enrolled_by", "assessed_by", "created_by"}:
            fields[name] = str(another)
    return fields


def fill(connection: psycopg.Connection[Any], keys: PersonalKeys, person: UUID, whose: str) -> None:
    """One stream of each kind, with one event of each type, all about the person."""
    another = OTHER if person == PERSON else PERSON
    metadata = {"correlation_id": str(uuid4()), "command_id": str(uuid4()), "command": "Fill"}
    client = msgspec.json.encode({"address": ADDRESS, "user_agent": whose})
    metadata |= {"actor": str(person), "client": keys.seal(person, client, CLIENT)}
    for aggregate in {each.aggregate for each in TYPES}:
        stream = person if aggregate.STREAM_TYPE == "learner" else uuid4()
        types = [each for each in TYPES if each.aggregate is aggregate and not ends(each)]
        rows = []
        for version, each in enumerate(sorted(types, key=is_first, reverse=True), 1):
            fields = filled(each, person, another)
            for name, value in personal_values(each, whose).items():
                context = sealing_context(stream, name)
                fields[name] = keys.seal(person, msgspec.json.encode(value), context)
            state = msgspec.json.encode(fields)
            stored = StoredEvent(stream, version, each.name, state)
            rows.append(Row(stored, msgspec.json.encode(metadata).decode()))
        append(connection, rows, Request("test", str(uuid4()), b"", stream, 1, 0))


@pytest.fixture(scope="module")
def files(module_database: Database) -> Files:
    """Everything about `PERSON`, beside whom there is `OTHER`."""
    url = module_database.owner_url
    with (
        open_source(module_database.project_url, MASTER_KEY) as source,
        open_blocking_pool(url, 2) as pool,
        psycopg.connect(url, autocommit=True) as connection,
    ):
        for projection in PROJECTIONS:
            open_live(projection, source).close()
        keys = PersonalKeys(pool, MASTER_KEY)
        keys.wrapping.current()
        fill(connection, keys, OTHER, "theirs")
        fill(connection, keys, PERSON, "mine")
        for name in ("learner", "personal"):
            open_live(named(name), source).close()
        return asyncio.run(
            copied(
                module_database,
                Historian(Mapper(TYPES, keys), Clients(keys, keys.wrapping.hashing)),
            )
        )


async def copied(database: Database, historian: Historian) -> Files:
    async with open_pool(database.read_url, connections=2) as pool:
        copy = PersonalCopy(ReadModels(pool), historian, Sheet(), PERSON)
        whole = b"".join([piece async for piece in archive(copy.files())])
    with zipfile.ZipFile(io.BytesIO(whole)) as zipped:
        assert zipped.testzip() is None
        return {name: zipped.read(name) for name in zipped.namelist()}


def events(files: Files) -> Iterator[dict[str, Any]]:
    for name, content in files.items():
        if name.startswith("events/"):
            for line in content.splitlines():
                event = msgspec.json.decode(line)
                assert name == f"events/{event['stream_type']}.ndjson"
                yield event


def test_every_type_of_event_about_a_person_is_in_it(files: Files) -> None:
    expected = {each.name for each in TYPES if is_about_a_person(each) and not ends(each)}
    assert len(expected) > 50
    assert expected - {event["type"] for event in events(files)} == set()


def test_every_personal_value_is_in_it(files: Files) -> None:
    whole = b"".join(files.values()).decode()
    missing = [
        f"{each.name} {name}"
        for each in TYPES
        for name in personal_values(each, "mine")
        if f"mine {each.name} {name}" not in whole
    ]
    assert missing == []


def test_every_field_of_an_event_is_in_it(files: Files) -> None:
    for event in events(files):
        fields = set(TYPES.named(event["type"]).payload.__struct_fields__) - {"timestamp"}
        assert fields == set(event["data"])
        assert event["happened_at"]


def test_nothing_of_anybody_else_is_in_it(files: Files) -> None:
    whole = b"".join(files.values()).decode()
    assert "theirs" not in whole
    assert str(OTHER) not in whole
    assert "another person" in whole


def test_it_says_from_where_one_acted(files: Files) -> None:
    mine = [event for event in events(files) if event["by"] == "you"]
    assert mine
    assert {event["client"]["address"] for event in mine} == {ADDRESS}


def test_the_index_names_every_file(files: Files) -> None:
    text = files[INDEX].decode()
    assert next(iter(files)) == INDEX
    for name in files:
        assert name in text or f"{name.partition('/')[0]}/*" in text or name == INDEX


def test_the_profile_is_as_it_is_now(files: Files) -> None:
    (profile,) = map(msgspec.json.decode, files["profile.json"].splitlines())
    assert profile["id"] == str(PERSON)
    assert profile["full_name"].startswith("mine ")
