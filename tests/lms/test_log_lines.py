"""Every line that belongs to a request, a command or an event says to which request."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import msgspec
import pytest

from bus.correlation import correlated, current_correlation
from event_store.record import Metadata, Record
from lms.settings import Settings
from lms.stack import Process
from tests.lms.conftest import Starting

Line = dict[str, str]


@pytest.fixture
def record() -> Record:
    """An event that a request led to."""
    metadata = Metadata(correlation_id=uuid4(), command_id=uuid4(), command="PublishCourse")
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


def lines_of(process: Process) -> Iterator[Line]:
    for line in process.log.read_text().splitlines():
        yield json.loads(line)


def test_start_up_belongs_to_no_request_and_a_failure_to_its_own(
    settings: Settings, running: Starting
) -> None:
    gateway = running("gateway")
    request = urllib.request.Request(f"{settings.public_url}/courses")
    request.add_header("X-Correlation-Id", asked := str(uuid4()))
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(request, timeout=10)
    refusal.value.close()
    told = {line["message"]: line.get("correlation_id") for line in lines_of(gateway)}
    assert [who for message, who in told.items() if message.startswith("read API")] == [asked]
    assert {who for message, who in told.items() if not message.startswith("read API")} <= {None}


def test_an_event_is_the_subject_only_while_it_is_worked_on(record: Record) -> None:
    assert current_correlation() is None
    with correlated(record):
        assert current_correlation() == record.read_metadata().correlation_id
    assert current_correlation() is None


def test_an_event_whose_metadata_cannot_be_read_is_still_worked_on(record: Record) -> None:
    with correlated(msgspec.structs.replace(record, metadata=b"{}")):
        assert current_correlation() is None
