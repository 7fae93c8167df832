"""A record survives the journey to the byte, whatever is in it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import nats
from hypothesis import given
from hypothesis import strategies as st

from bus.message import decode, encode, subject_of
from event_store.record import Record
from lms.embedded.nats import EmbeddedNats

BIGINT = st.integers(min_value=0, max_value=2**63 - 1)
records = st.builds(
    Record,
    position=BIGINT,
    stream_id=st.uuids(),
    stream_type=st.text(max_size=20),
    version=BIGINT,
    type=st.text(max_size=40),
    data=st.binary(max_size=200),
    metadata=st.binary(max_size=200) | st.text(max_size=100).map(str.encode),
    recorded_at=st.datetimes(timezones=st.just(UTC)),
)
MAX_PAYLOAD = 1024**2


def record(data: bytes = b"{}", metadata: bytes = b"{}", type: str = "course.created.v1") -> Record:
    return Record(
        position=7,
        stream_id=UUID(int=1),
        stream_type="course",
        version=1,
        type=type,
        data=data,
        metadata=metadata,
        recorded_at=datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC),
    )


@given(records, BIGINT)
def test_a_record_comes_back_exactly(sent: Record, previous: int) -> None:
    headers, data = encode(sent, previous, MAX_PAYLOAD)
    received = decode(headers, data)
    assert received.record() == sent
    assert (received.position, received.previous) == (sent.position, previous)
    assert received.is_complete


@given(records)
def test_no_value_can_break_out_of_its_header(sent: Record) -> None:
    headers, _ = encode(sent, 0, MAX_PAYLOAD)
    for name, value in headers.items():
        assert value.isascii()
        assert value == "" or value.isprintable(), name
        assert value == value.strip()


@given(records)
def test_every_subject_is_one_of_the_streams(sent: Record) -> None:
    tokens = subject_of(sent).split(".")
    assert len(tokens) == 4
    assert tokens[0] == "lms"
    assert all(token and token.isascii() and not set(token) & set(" *>\r\n\t") for token in tokens)


def test_the_subject_names_aggregate_event_and_stream() -> None:
    assert subject_of(record()) == f"lms.course.created.{UUID(int=1)}"
    assert subject_of(record(type="learner.roles_changed.v12")).startswith(
        "lms.learner.roles_changed."
    )


def test_ordinary_metadata_is_readable_as_it_stands() -> None:
    headers, _ = encode(record(metadata=b'{"reason":"left the company"}'), 0, MAX_PAYLOAD)
    assert headers["Lms-Metadata"] == '{"reason":"left the company"}'


def test_an_event_too_large_travels_without_its_data() -> None:
    sent = record(data=b"x" * 2000)
    headers, data = encode(sent, 3, max_payload=1024)
    received = decode(headers, data)
    assert data == b""
    assert not received.is_complete
    assert (received.position, received.previous, received.type) == (7, 3, sent.type)


def test_a_record_comes_back_exactly_through_a_server(nats_server: EmbeddedNats) -> None:
    wicked = record(
        data='{"title":"Ünïcode \u2028 🎓"}'.encode(),
        metadata=b'  {"reason":"a\\r\\nNats-Msg-Id: 1\r\n\r\nLms-Position: 9 \xff%41"}\t ',
    )

    async def send_and_receive() -> Record:
        client = await nats.connect(nats_server.url)
        try:
            subscription = await client.subscribe("plain")
            headers, data = encode(wicked, 3, client.max_payload)
            await client.publish("plain", data, headers=headers)
            message = await subscription.next_msg(timeout=5)
            return decode(message.headers or {}, message.data).record()
        finally:
            await client.close()

    assert asyncio.run(send_and_receive()) == wicked
