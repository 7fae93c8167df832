"""The published description says what is really on the stream."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from bus.asyncapi import asyncapi
from bus.message import encode
from domain.catalogue import AGGREGATES
from event_store.event_type import EventTypes
from tests.bus.test_message import MAX_PAYLOAD, record

TYPES = EventTypes(AGGREGATES)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return json.loads(json.dumps(asyncapi(TYPES, version="1.2.3")))  # type: ignore[no-any-return]


def test_every_type_of_event_has_its_channel_message_and_operation(
    document: dict[str, Any],
) -> None:
    names = {event.name for event in TYPES}
    assert document["asyncapi"] == "3.0.0"
    assert set(document["channels"]) == names
    assert set(document["components"]["messages"]) == names
    assert {operation["channel"]["$ref"] for operation in document["operations"].values()} == {
        f"#/channels/{name}" for name in names
    }


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    references = set(references_in(document))
    assert len(references) > 100
    for reference in references:
        found = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        assert found


def test_every_schema_is_a_json_schema(document: dict[str, Any]) -> None:
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.meta.validate(schema)


def test_personal_fields_are_marked(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for event in TYPES:
        reference = document["components"]["messages"][event.name]["payload"]["$ref"]
        fields = schemas[reference.rpartition("/")[2]]["properties"]
        marked = {name for name, schema in fields.items() if schema.get("x-personal")}
        assert marked == set(event.personal)
    assert any(event.personal for event in TYPES)


def test_the_headers_are_those_that_are_sent(document: dict[str, Any]) -> None:
    schema = document["components"]["schemas"]["Headers"]
    for sent in (record(), record(data=b"x" * MAX_PAYLOAD)):
        headers, _ = encode(sent, 3, MAX_PAYLOAD)
        headers["Nats-Msg-Id"] = "7"
        jsonschema_rs.validate(schema, headers)
        assert set(headers) <= set(schema["properties"])


def test_a_channels_address_is_its_subject(document: dict[str, Any]) -> None:
    assert document["channels"]["course.created.v1"]["address"] == "lms.course.created.{stream_id}"


def references_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "$ref":
                yield inner
            else:
                yield from references_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references_in(inner)
