from datetime import datetime, timedelta
from uuid import uuid4

import psycopg

from commands.course import ArchiveCourse
from domain.course import Course
from domain.enrollment import Enrollment
from tests.commands.system import ADMIN, Given, Person, System
from tests.read_api.reading import Json, Reading
from tests.servers.postgres import Database

EVENTS = "/audit/events"


def events(reading: Reading, by: Person, **params: object) -> list[Json]:
    items: list[Json] = reading.ok(EVENTS, by, params=params)["items"]
    return items


def test_the_history_of_a_stream_tells_who_did_what_when_and_why(
    reading: Reading,
    system: System,
    a_published_course: Course,
    an_instructor: Person,
    an_auditor: Person,
) -> None:
    deputy = uuid4()
    system.dispatch(
        ArchiveCourse(course_id=a_published_course.id, reason="Out of date."),
        an_instructor.actor,
        on_behalf_of=deputy,
        source_address="203.0.113.7",
        user_agent="curl/8",
    )
    history = reading.ok(f"/audit/streams/{a_published_course.id}", an_auditor)["items"]
    assert [entry["version"] for entry in history] == list(range(1, len(history) + 1))
    last = history[-1]
    assert last["type"] == "course.archived.v1"
    assert last["actor"] == {"id": str(an_instructor.id), "name": "Jane Doe"}
    assert last["on_behalf_of"] == {"id": str(deputy), "name": None}
    assert (last["command"], last["reason"]) == ("ArchiveCourse", "Out of date.")
    assert last["client"] == {"address": "203.0.113.7", "user_agent": "curl/8"}
    assert last["happened_at"] == "2030-01-01T09:00:00Z"
    assert last["data"] == {"reason": "Out of date."}


def test_it_is_paged_and_a_stream_that_is_not_there_is_not_found(
    reading: Reading, a_published_course: Course, an_auditor: Person
) -> None:
    path = f"/audit/streams/{a_published_course.id}"
    first = reading.ok(path, an_auditor, params={"limit": 2})
    cursor = {"cursor": first["next_cursor"]}
    assert reading.ok(path, an_auditor, params=cursor)["items"][0]["version"] == 3
    assert reading.status(f"/audit/streams/{uuid4()}", an_auditor) == 404


def test_personal_fields_are_told_in_the_clear_and_gone_once_their_person_is_erased(
    reading: Reading,
    given: Given,
    shared_database: Database,
    an_auditor: Person,
) -> None:
    person, erased = given.a_person(), given.a_person()
    with psycopg.connect(shared_database.owner_url) as owner:
        owner.execute(
            "UPDATE event_store.personal_keys SET wrapped_key = NULL, destroyed_at = now()"
            " WHERE person_id = %s",
            (erased.id,),
        )
    (known,) = reading.ok(f"/audit/streams/{person.id}", an_auditor)["items"]
    (gone,) = reading.ok(f"/audit/streams/{erased.id}", an_auditor)["items"]
    assert known["data"]["full_name"] == "Jane Doe"
    assert gone["data"]["full_name"] == "erased person"
    assert gone["data"]["roles"] == ["employee"]


def test_events_are_found_by_what_is_known_of_them(
    reading: Reading,
    system: System,
    a_learner: Person,
    an_open_enrollment: Enrollment,
    an_auditor: Person,
) -> None:
    (found,) = events(reading, an_auditor, stream_id=an_open_enrollment.id)
    assert found["type"] == "enrollment.created.v1"
    by = {"actor": str(a_learner.id)}
    assert events(reading, an_auditor, **by) == [found]
    assert events(reading, an_auditor, **by, type="enrollment.created") == [found]
    assert events(reading, an_auditor, **by, type="enrollment.created.v1") == [found]
    assert events(reading, an_auditor, **by, type="enrollment") == []
    assert events(reading, an_auditor, **by, stream_type="enrollment") == [found]
    assert events(reading, an_auditor, **by, stream_type="course") == []
    assert events(reading, an_auditor, correlation_id=found["correlation_id"]) == [found]
    recorded = datetime.fromisoformat(found["recorded_at"])
    later = (recorded + timedelta(microseconds=1)).isoformat()
    assert events(reading, an_auditor, **by, **{"from": recorded.isoformat(), "to": later}) == [
        found
    ]
    assert events(reading, an_auditor, **by, to=recorded.isoformat()) == []
    assert events(reading, an_auditor, **by, **{"from": later}) == []


def test_the_log_is_read_in_both_directions(
    reading: Reading, a_published_course: Course, an_auditor: Person
) -> None:
    seen: dict[str, list[int]] = {}
    for order in ("newest", "oldest"):
        params = {"stream_id": str(a_published_course.id), "order": order, "limit": 2}
        cursor, seen[order] = None, []
        while True:
            page = reading.ok(
                EVENTS, an_auditor, params=params | ({"cursor": cursor} if cursor else {})
            )
            seen[order] += [entry["position"] for entry in page["items"]]
            if (cursor := page["next_cursor"]) is None:
                break
    assert len(seen["oldest"]) == a_published_course.version
    assert seen["oldest"] == sorted(seen["oldest"]) == seen["newest"][::-1]


def test_what_can_not_be_read_is_told_as_it_stands(
    reading: Reading, shared_database: Database, an_auditor: Person
) -> None:
    stream = uuid4()
    with psycopg.connect(shared_database.owner_url) as owner:
        owner.execute(
            "INSERT INTO event_store.events"
            " (position, stream_id, stream_type, version, type, data, metadata)"
            " VALUES ((pg_current_xact_id()::text::bigint << 16), %s, 'owl', 1, 'owl.seen.v1',"
            """ '{"wings": 2}', '{"correlation_id": "00000000-0000-0000-0000-000000000001","""
            """ "command_id": "00000000-0000-0000-0000-000000000002", "command": "SeeOwl"}')""",
            (stream,),
        )
    (entry,) = reading.ok(f"/audit/streams/{stream}", an_auditor)["items"]
    assert entry["data"] == {"wings": 2}
    assert "owl.seen.v1" in entry["unreadable"]
    assert entry["actor"] is None


def test_only_auditors_and_admins_read_the_log(
    reading: Reading, a_manager: Person, an_instructor: Person, a_learner: Person
) -> None:
    for person in (a_manager, an_instructor, a_learner):
        assert reading.status(EVENTS, person) == 403
    assert reading.status(EVENTS, ADMIN) == 200
