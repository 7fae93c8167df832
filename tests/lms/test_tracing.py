"""One trace from a client's request to everything that follows from it, in all processes."""

import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest
from opentelemetry.trace import INVALID_SPAN, NonRecordingSpan, SpanContext, TraceFlags

from bus.message import TRACE, encode
from event_store.record import Metadata, Record
from lms.migrate import migrate
from lms.seeds.small import plant_if_new
from lms.settings import Settings
from lms.telemetry.tracing import parent_in, traceparent_of
from tests.lms.collector import Collector, collecting
from tests.lms.conftest import Starting
from tests.lms.waiting import eventually

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLERS_SPAN = "00f067aa0ba902b7"
CALLER = f"00-{TRACE_ID}-{CALLERS_SPAN}-01"
UNTRACED = f"00-{TRACE_ID}-{CALLERS_SPAN}-00"
OF_TYPE = "FROM event_store.events WHERE type = %s"


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A running collector."""
    with collecting() as collector:
        yield collector


@pytest.fixture
def settings(settings: Settings, collector: Collector) -> Settings:
    """A migrated, seeded system that sends its traces to the collector."""
    traced = msgspec.structs.replace(settings, otlp_endpoint=collector.url)
    migrate(traced)
    plant_if_new(traced)
    return traced


def send(settings: Settings, path: str, body: object, **headers: str) -> tuple[str, Any]:
    """Posts through the gateway; returns the answer's correlation id, and the answer."""
    request = urllib.request.Request(
        f"{settings.public_url}{path}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **headers},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return str(answer.headers["X-Correlation-Id"]), json.load(answer)


def log_in(settings: Settings, traceparent: str) -> tuple[str, str]:
    """The manager logs in; returns the answer's correlation id, and the token."""
    credentials = {"username": "manager", "password": settings.seed_password}
    correlation, answer = send(settings, "/login", credentials, traceparent=traceparent)
    return correlation, answer["access_token"]


def only_value(settings: Settings, sql: str, *params: str) -> Any:
    with psycopg.connect(settings.read_database_url) as connection:
        [(value,)] = connection.execute(sql.encode(), params).fetchall()
    return value


def a_record(metadata: Metadata) -> Record:
    return Record(
        position=1,
        stream_id=uuid4(),
        stream_type="course",
        version=1,
        type="course.published.v1",
        data=b"{}",
        metadata=msgspec.json.encode(metadata),
        recorded_at=datetime.now(UTC),
    )


def metadata() -> Metadata:
    return Metadata(correlation_id=uuid4(), command_id=uuid4(), command="PublishCourse")


def test_a_request_is_followed_to_its_event_and_to_all_that_follows_from_it(
    settings: Settings, collector: Collector, running: Starting
) -> None:
    for process in ("relay", "projector", "policies", "write-api", "gateway"):
        running(process)
    _, token = log_in(settings, UNTRACED)
    course = only_value(settings, f"SELECT stream_id {OF_TYPE}", "course.published.v1")
    authorized = {"Authorization": f"Bearer {token}"}
    body = {"course_id": str(course)}
    correlation, _ = send(settings, "/enrollments", body, **authorized, traceparent=CALLER)
    steps = [
        ("lms-gateway", "POST write API"),
        ("lms-write-api", "POST /enrollments"),
        ("lms-write-api", "command EnrollLearner"),
        ("lms-policies", "command CreateNotification"),
        ("lms-projector", "project notification.created.v1"),
    ]
    eventually(lambda: all(collector.find(*step) for step in steps))
    spans = [span for step in steps if (span := collector.find(*step))]
    assert {span.trace for span in spans} == {TRACE_ID}
    assert [span.parent for span in spans] == [CALLERS_SPAN, *[span.span for span in spans[:-1]]]
    kept = only_value(
        settings,
        f"SELECT metadata->>'trace' {OF_TYPE} AND metadata->>'correlation_id' = %s",
        "enrollment.created.v1",
        correlation,
    )
    assert kept == f"00-{TRACE_ID}-{spans[2].span}-01"
    assert UUID(correlation) == UUID(TRACE_ID)


def test_whom_the_caller_does_not_trace_is_not_traced(
    settings: Settings, collector: Collector, running: Starting
) -> None:
    processes = [running(name) for name in ("write-api", "gateway")]
    correlation, _ = log_in(settings, UNTRACED)
    for process in processes:
        process.stop()  # sends what it has
    kept = only_value(
        settings,
        f"SELECT metadata->>'trace' {OF_TYPE} AND metadata->>'correlation_id' = %s",
        "learner.logged_in.v1",
        correlation,
    )
    assert kept is None
    assert collector.seen == []


def test_an_event_without_a_trace_says_nothing_of_one() -> None:
    record = a_record(metadata())
    assert b"trace" not in record.metadata
    assert record.trace is None
    assert TRACE not in encode(record, 0, 1_000_000)[0]


def test_the_trace_of_an_event_travels_in_the_message() -> None:
    record = a_record(msgspec.structs.replace(metadata(), trace=CALLER))
    assert record.trace == record.read_metadata().trace == CALLER
    assert encode(record, 0, 1_000_000)[0][TRACE] == CALLER


def test_a_reason_is_never_taken_for_a_trace() -> None:
    reason = f'"trace":"{CALLER}"'
    assert a_record(msgspec.structs.replace(metadata(), reason=reason)).trace is None


def test_what_is_not_recorded_has_no_traceparent() -> None:
    unsampled = SpanContext(1, 2, is_remote=False, trace_flags=TraceFlags(0))
    assert traceparent_of(INVALID_SPAN) is None
    assert traceparent_of(NonRecordingSpan(unsampled)) is None


@pytest.mark.parametrize("nonsense", [None, "", "00-0-0-01", "x" * 10_000])
def test_nonsense_is_no_parent(nonsense: str | None) -> None:
    assert not parent_in(nonsense)
