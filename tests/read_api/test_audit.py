from datetime import datetime, timedelta

from domain.course import Course
from domain.enrollment import Enrollment
from tests.commands.system import ADMIN, Person
from tests.read_api.reading import Json, Reading

EVENTS = "/audit/events"


def events(reading: Reading, by: Person, **params: object) -> list[Json]:
    items: list[Json] = reading.ok(EVENTS, by, params=params)["items"]
    return items


def test_events_are_found_by_what_is_known_of_them(
    reading: Reading,
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


def test_only_auditors_and_admins_read_the_log(
    reading: Reading, a_manager: Person, an_instructor: Person, a_learner: Person
) -> None:
    for person in (a_manager, an_instructor, a_learner):
        assert reading.status(EVENTS, person) == 403
    assert reading.status(EVENTS, ADMIN) == 200
