"""Who looked at what: reads of the audit trail are in the audit trail."""

from uuid import uuid4

import msgspec

from access.actor import Actor
from domain.course import Course
from domain.enrollment import Enrollment
from domain.roles import Role
from lms.composition import Pool
from projections.source import Source
from read_api.audit_reads import RecordingMiddleware
from tests.commands.system import Person
from tests.read_api.reading import Json, Reading, read_api
from tests.servers.postgres import Database

EVENTS = "/audit/events"


def reads_by(reading: Reading, reader: Person | Actor, by: Person) -> list[Json]:
    params = {"actor": str(reader.id), "type": "audit_read.recorded", "order": "oldest"}
    items: list[Json] = reading.ok(EVENTS, by, params=params)["items"]
    return items


def test_a_search_says_what_was_asked_and_which_events_were_given(
    reading: Reading,
    a_learner: Person,
    an_open_enrollment: Enrollment,
    an_auditor: Person,
    a_stranger: Person,
) -> None:
    asked = {
        "subject": str(a_learner.id),
        "type": ["enrollment.created", "learner.registered"],
        "source_address": "203.0.113.7",
        "cursor": "",
    }
    del asked["cursor"]
    reading.ok(EVENTS, an_auditor, params=asked, headers={"User-Agent": "a browser"})
    del asked["source_address"]
    given = reading.ok(EVENTS, an_auditor, params=asked)["items"]
    hidden, read = reads_by(reading, an_auditor, an_auditor)
    assert read["data"] == {
        "reader_id": str(an_auditor.id),
        "query": "ListAuditEvents",
        "filters": {
            "subject": [str(a_learner.id)],
            "type": ["enrollment.created", "learner.registered"],
        },
        "about": [str(a_learner.id)],
        "count": 2,
        "first": given[1]["position"],
        "last": given[0]["position"],
        "operator": None,
    }
    assert hidden["data"]["filters"]["source_address"] == ["(given)"]
    assert hidden["client"]["user_agent"] == "a browser"
    assert "203.0.113.7" not in str(hidden)


def test_whose_history_was_looked_at_can_be_told(
    reading: Reading, a_learner: Person, a_published_course: Course, an_auditor: Person
) -> None:
    correlation = reading.get(f"/audit/streams/{a_learner.id}", an_auditor).headers[
        "X-Correlation-Id"
    ]
    params = {"subject": str(a_learner.id), "stream_type": "audit_read"}
    (read,) = reading.ok(EVENTS, an_auditor, params=params)["items"]
    assert read["actor"] == {"id": str(an_auditor.id), "name": "Jane Doe"}
    assert read["data"]["query"] == "GetAuditStream"
    assert read["data"]["filters"] == {"stream_id": [str(a_learner.id)]}
    assert (read["data"]["count"], read["correlation_id"]) == (1, correlation)


def test_what_is_refused_is_not_recorded(
    reading: Reading, a_learner: Person, an_auditor: Person
) -> None:
    assert reading.status(EVENTS, a_learner) == 403
    assert reading.status(EVENTS, an_auditor, params={"limit": 0}) == 422
    assert reading.status(f"/audit/streams/{uuid4()}", an_auditor) == 404
    assert reads_by(reading, a_learner, an_auditor) == []


def test_a_program_whose_token_is_limited_to_the_query_is_recorded_too(
    reading: Reading, an_auditor: Person
) -> None:
    program = Actor(
        id=uuid4(),
        roles=frozenset({Role.AUDITOR}),
        operations=frozenset({"ListAuditEvents"}),
        is_service=True,
    )
    assert reading.status(EVENTS, program, params={"limit": 1}) == 200
    (read,) = reads_by(reading, program, an_auditor)
    assert read["data"]["filters"] == {"limit": ["1"]}


def test_what_can_not_be_recorded_is_not_given(
    shared_database: Database, source: Source, pool: Pool, an_auditor: Person
) -> None:
    with read_api(shared_database, source, pool) as alone:
        answer = alone.get(EVENTS, an_auditor)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        problem = msgspec.json.decode(answer.content)
        assert problem["type"] == "/problems/read-not-recorded"
        assert "items" not in problem
        assert alone.status("/courses", an_auditor) == 200


NO_HISTORY = {
    "GetConsistencyProof",
    "GetInspectionKey",
    "GetLatestCheckpoint",
    "ListCheckpoints",
}
"""They tell nothing of what happened."""


def test_every_route_to_the_history_records_its_reads(reading: Reading) -> None:
    handlers = {
        handler.operation_id: handler
        for route in reading.client.app.routes
        if route.path.startswith("/audit")
        for handler in route.route_handlers
        if handler.http_methods != {"OPTIONS"}
    }
    recorded = {
        name
        for name, handler in handlers.items()
        if RecordingMiddleware
        in {getattr(each, "middleware", each) for each in handler.resolve_middleware()}
    }
    assert handlers.keys() >= NO_HISTORY
    assert recorded == handlers.keys() - NO_HISTORY
