import json
import logging
from uuid import uuid4

import pytest

from lms.logs import JsonFormatter


@pytest.fixture
def record() -> logging.LogRecord:
    """Something that was logged with an extra."""
    record = logging.makeLogRecord({"name": "bus", "msg": "%d events", "args": (3,)})
    record.stream = "LMS"
    return record


def test_a_line_is_json_with_process_message_and_extras(record: logging.LogRecord) -> None:
    line = json.loads(JsonFormatter("relay").format(record))
    assert (line["process"], line["message"], line["stream"]) == ("relay", "3 events", "LMS")
    assert "correlation_id" not in line


def test_a_line_says_which_request_it_belongs_to(record: logging.LogRecord) -> None:
    formatter, request = JsonFormatter("write-api"), str(uuid4())
    formatter.correlation = lambda: request
    assert json.loads(formatter.format(record))["correlation_id"] == request
