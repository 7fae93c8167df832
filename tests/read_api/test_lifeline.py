"""One life, its state at any moment, and what differs between two."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest

from commands.course import ArchiveCourse, ChangeCourseDetails
from commands.feedback import SubmitFeedback
from commands.learner import ChangeRoles, DeactivateLearner, UpdateLearner
from domain.assessment import Assessment
from domain.attempt import Attempt
from domain.course import Course
from domain.enrollment import Enrollment
from domain.roles import Role
from event_store.record import Metadata
from tests.commands.system import ADMIN, NOW, Given, Person, System, an_answer_sheet
from tests.read_api.applied_changes import applied, without_nothing
from tests.read_api.reading import Json, Reading
from tests.servers.postgres import Database


@pytest.fixture
def a_published_assessment(
    given: Given, an_instructor: Person, a_published_course: Course
) -> Assessment:
    return given.a_published_assessment(an_instructor, a_published_course)


def life(reading: Reading, by: Person, id: UUID, **params: object) -> list[Json]:
    items: list[Json] = reading.ok(f"/audit/streams/{id}", by, params=params)["items"]
    return items


def state(reading: Reading, by: Person, id: UUID, **params: object) -> Json:
    return reading.ok(f"/audit/streams/{id}/state", by, params=params)


def differences(reading: Reading, by: Person, id: UUID, **params: object) -> Json:
    return reading.ok(f"/audit/streams/{id}/differences", by, params=params)


def refused(reading: Reading, by: Person, path: str, **params: object) -> tuple[int, str]:
    answer = reading.get(f"/audit/streams/{path}", by, params=params)
    return answer.status_code, answer.json()["detail"]


def renamed(system: System, person: Person, name: str, **context: Any) -> None:
    system.dispatch(UpdateLearner(learner_id=person.id, full_name=name), **context)


def erase(database: Database, person: Person) -> None:
    with psycopg.connect(database.owner_url) as owner:
        owner.execute(
            "UPDATE event_store.personal_keys SET wrapped_key = NULL, destroyed_at = now()"
            " WHERE person_id = %s",
            (person.id,),
        )


def graded_again(system: System, attempt_id: UUID, score: float, **metadata: Any) -> None:
    """Nobody can do this by a command yet."""
    attempt = system.log.find_latest(Attempt, attempt_id)
    assert attempt is not None
    attempt.trigger_event(
        Attempt.Graded,
        timestamp=NOW,
        learner_id=attempt.learner_id,
        assessment_id=attempt.assessment_id,
        course_id=attempt.course_id,
        enrollment_id=attempt.enrollment_id,
        score=score,
        points=1,
        max_points=2,
        passed=score >= 50,
        results=[],
        graded_by=str(metadata["actor"]),
        reason=metadata["reason"],
    )
    told = Metadata(correlation_id=uuid4(), command_id=uuid4(), command="ChangeGrade", **metadata)
    system.log.append([attempt], metadata=msgspec.json.encode(told))


def test_a_change_of_a_grade_is_told_with_who_on_whose_behalf_and_why(
    reading: Reading,
    system: System,
    given: Given,
    a_learner: Person,
    an_instructor: Person,
    a_manager: Person,
    an_open_enrollment: Enrollment,
    a_published_assessment: Assessment,
    an_auditor: Person,
) -> None:
    attempt = given.an_attempt(a_learner, a_published_assessment)
    system.dispatch(an_answer_sheet(attempt, a_published_assessment, right=False), a_learner.actor)
    renamed(system, an_instructor, "Ada Okoye")
    renamed(system, a_manager, "Bo Lind")
    graded_again(
        system,
        attempt,
        55,
        actor=an_instructor.id,
        on_behalf_of=a_manager.id,
        reason="The key was wrong.",
    )
    *_, first, last = life(reading, an_auditor, attempt)
    assert first["sentence"] == (
        "Attempt 1 of Jane Doe at “Borrowing” graded 0 percent (not passed), automatically."
    )
    assert last["sentence"] == (
        "Grade of attempt 1 of Jane Doe at “Borrowing” changed from 0 to 55 percent (passed)"
        " by Ada Okoye on behalf of Bo Lind, because “The key was wrong”."
    )
    assert last["actor"] == {"id": str(an_instructor.id), "name": "Ada Okoye"}
    assert last["on_behalf_of"] == {"id": str(a_manager.id), "name": "Bo Lind"}
    assert last["reason"] == "The key was wrong."
    told = {change["path"]: change for change in last["changes"]}
    assert told["score"] == {
        "path": "score",
        "field": "grade in percent",
        "before": 0.0,
        "after": 55.0,
        "text": "Grade in percent: changed from 0 to 55",
    }
    assert last["event"]["data"]["score"] == 55
    assert (last["event"]["type"], last["event"]["command"]) == ("attempt.graded.v1", "ChangeGrade")


def test_what_an_aggregate_has_no_need_to_know_is_told_too(
    reading: Reading,
    system: System,
    a_learner: Person,
    an_open_enrollment: Enrollment,
    a_published_course: Course,
    an_instructor: Person,
    an_auditor: Person,
) -> None:
    for text in ("Good.", "Very good."):
        feedback = system.dispatch(
            SubmitFeedback(course_id=a_published_course.id, rating=5, feedback_text=text),
            a_learner.actor,
        )
    (change,) = life(reading, an_auditor, feedback.id)[-1]["changes"]
    assert change["text"] == "What they said: changed from “Good.” to “Very good.”"
    for topic in ("rust", None):
        details = ChangeCourseDetails(course_id=a_published_course.id, topic=topic)
        system.dispatch(details, an_instructor.actor)
    *_, set_it, cleared = life(reading, an_auditor, a_published_course.id)
    assert [change["text"] for change in set_it["changes"]] == ["Topic: “rust”"]
    assert [change["text"] for change in cleared["changes"]] == ["Topic: “rust” removed"]


def test_pages_of_a_life_join_without_a_gap_and_come_to_its_state(
    reading: Reading, a_published_course: Course, an_auditor: Person
) -> None:
    built: dict[str, Any] = {}
    versions, params = [], {"limit": 2}
    while True:
        page = reading.ok(f"/audit/streams/{a_published_course.id}", an_auditor, params=params)
        for event in page["items"]:
            versions.append(event["version"])
            applied(built, event["changes"])
            then = state(reading, an_auditor, a_published_course.id, version=event["version"])
            assert without_nothing(built) == without_nothing(then["state"])
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]
    assert versions == list(range(1, a_published_course.version + 1))
    titles = built["module_titles"].values()
    assert [*titles] == ["Ownership"]


def test_a_life_that_is_not_there_is_not_found(reading: Reading, an_auditor: Person) -> None:
    for part in ("", "/state", "/differences"):
        assert refused(reading, an_auditor, f"{uuid4()}{part}") == (404, "There is no such stream.")


def test_a_state_is_what_was_recorded_until_then(
    reading: Reading, system: System, given: Given, a_manager: Person, an_auditor: Person
) -> None:
    person = given.a_person(manager=a_manager)
    renamed(system, person, "Jane Roe", now=NOW - timedelta(days=400))
    system.dispatch(DeactivateLearner(learner_id=person.id, reason="She left."))
    born, named, gone = life(reading, an_auditor, person.id)
    at_first = state(reading, an_auditor, person.id, as_of=born["recorded_at"])
    assert at_first["state"]["full_name"] == "Jane Doe"
    assert at_first["names"][str(a_manager.id)] == "Jane Doe"
    assert (at_first["version"], at_first["latest_version"]) == (1, 3)
    before = datetime.fromisoformat(named["recorded_at"]) - timedelta(microseconds=1)
    as_of = {"as_of": before.isoformat()}
    assert state(reading, an_auditor, person.id, **as_of) == at_first
    for moment in ({"as_of": named["recorded_at"]}, {"position": gone["position"] - 1}):
        then = state(reading, an_auditor, person.id, **moment)["state"]
        assert (then["full_name"], then["active"]) == ("Jane Roe", True)
    now = state(reading, an_auditor, person.id)
    assert now["state"]["active"] is False
    assert now == state(reading, an_auditor, person.id, version=3)


def test_an_instant_may_be_in_any_zone_with_a_plus_that_nobody_escaped(
    reading: Reading, a_published_course: Course, an_auditor: Person
) -> None:
    now = datetime.now(UTC) + timedelta(hours=2)
    text = f"{now:%Y-%m-%dT%H:%M:%S}+02:00"
    answer = reading.get(f"/audit/streams/{a_published_course.id}/state?as_of={text}", an_auditor)
    assert answer.status_code in {200, 404}, answer.text


def test_moments_that_make_no_sense_are_refused(
    reading: Reading, a_published_course: Course, an_auditor: Person
) -> None:
    path = f"{a_published_course.id}/state"
    future = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    refusals: list[tuple[dict[str, object], str]] = [
        ({"as_of": future}, "future"),
        ({"as_of": "2026-03-31"}, "such as 2026-03-31T23:59:59Z"),
        ({"as_of": "2026-03-31T23:59:59"}, "such as"),
        ({"as_of": "yesterday"}, "such as"),
        ({"as_of": "2026-02-30T00:00:00Z"}, "such as"),
        ({"position": 2**62}, "The log ends at"),
        ({"version": 99}, "versions so far"),
        ({"version": 0}, ""),
        ({"version": 1, "position": 1}, "either"),
    ]
    for params, word in refusals:
        status, detail = refused(reading, an_auditor, path, **params)
        assert (status, word in detail) == (422, True), (params, detail)
    status, detail = refused(reading, an_auditor, path, as_of="2001-01-01T00:00:00Z")
    assert status == 404
    assert detail.startswith("This stream did not exist then: it began at 20")


def test_differences_tell_which_events_made_them(
    reading: Reading, system: System, given: Given, an_auditor: Person
) -> None:
    person = given.a_person()
    for roles, name in (([Role.MANAGER], "A"), ([Role.MANAGER, Role.AUDITOR], "B")):
        system.dispatch(ChangeRoles(learner_id=person.id, roles=roles, reason="Needed."))
        renamed(system, person, name)
    events = life(reading, an_auditor, person.id)
    found = differences(
        reading,
        an_auditor,
        person.id,
        **{"from": events[0]["recorded_at"], "to": events[-1]["position"]},
    )
    assert (found["before"]["version"], found["after"]["version"], found["events"]) == (1, 5, 4)
    told = {each["path"]: each for each in found["differences"]}
    assert told.keys() == {"roles", "full_name"}
    assert told["roles"]["before"] == ["employee"]
    assert told["roles"]["after"] == ["auditor", "manager"]
    assert [cause["version"] for cause in told["roles"]["because"]] == [2, 4]
    assert [cause["version"] for cause in told["full_name"]["because"]] == [3, 5]
    assert "because “Needed”" in told["roles"]["because"][0]["sentence"]
    assert told["full_name"]["text"] == "Full name: changed from “Jane Doe” to “B”"


def test_differences_begin_with_nothing_and_end_now_unless_told(
    reading: Reading, an_open_enrollment: Enrollment, an_auditor: Person
) -> None:
    found = differences(reading, an_auditor, an_open_enrollment.id)
    assert (found["before"], found["after"]["version"]) == (None, 1)
    assert {each["before"] for each in found["differences"]} == {None}
    early = {"from": "2001-01-01T00:00:00Z"}
    assert differences(reading, an_auditor, an_open_enrollment.id, **early) == found
    same = {"from": found["after"]["position"]}
    assert differences(reading, an_auditor, an_open_enrollment.id, **same)["differences"] == []


def test_differences_the_wrong_way_round_are_refused(
    reading: Reading, a_published_course: Course, an_auditor: Person
) -> None:
    path = f"{a_published_course.id}/differences"
    events = life(reading, an_auditor, a_published_course.id)
    for start, end in [
        (events[1]["position"], events[0]["position"]),
        (events[-1]["recorded_at"], events[0]["recorded_at"]),
        (events[-1]["recorded_at"], events[0]["position"]),
    ]:
        status, detail = refused(reading, an_auditor, path, **{"from": start, "to": end})
        assert (status, detail) == (422, "from: It comes after `to`.")
    status, detail = refused(reading, an_auditor, path, to="2001-01-01T00:00:00Z")
    assert (status, "did not exist then" in detail) == (404, True)


def test_of_erased_people_everything_says_so(
    reading: Reading,
    system: System,
    given: Given,
    shared_database: Database,
    a_published_course: Course,
    an_auditor: Person,
) -> None:
    person = given.a_person()
    renamed(system, person, "Olga Secret")
    enrollment = given.an_enrollment(person, a_published_course)
    reading.project()
    erase(shared_database, person)
    (_, event) = life(reading, an_auditor, person.id)
    assert event["sentence"].startswith("Profile of erased person changed by")
    assert event["event"]["data"]["full_name"] == "erased person"
    (event,) = life(reading, an_auditor, enrollment.id)
    assert event["sentence"].startswith("Erased person enrolled in version 1")
    assert event["actor"]["name"] == event["event"]["actor"]["name"] == "erased person"
    for version in (1, 2):
        then = state(reading, an_auditor, person.id, version=version)
        assert then["state"]["full_name"] == "erased person"
        assert then["state"]["roles"] == ["employee"]
    for part in ("", "/state", "/differences"):
        assert "Secret" not in reading.get(f"/audit/streams/{person.id}{part}", an_auditor).text


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
    (entry,) = life(reading, an_auditor, stream)
    assert entry["event"]["data"] == {"wings": 2}
    assert "owl.seen.v1" in entry["unreadable"]
    assert entry["sentence"] == "Owl seen by the system."
    assert entry["actor"] is None
    assert state(reading, an_auditor, stream)["unreadable"] == [1]


def test_an_archived_course_is_still_told_as_it_was(
    reading: Reading,
    system: System,
    a_published_course: Course,
    an_instructor: Person,
    an_auditor: Person,
) -> None:
    archive = ArchiveCourse(course_id=a_published_course.id, reason="Out of date.")
    system.dispatch(archive, an_instructor.actor, source_address="203.0.113.7", user_agent="curl/8")
    *_, last = life(reading, an_auditor, a_published_course.id)
    assert last["sentence"] == (
        "Course “Rust Programming 101” archived by Jane Doe, because “Out of date”."
    )
    assert last["event"]["client"] == {"address": "203.0.113.7", "user_agent": "curl/8"}
    before = state(reading, an_auditor, a_published_course.id, version=last["version"] - 1)
    assert before["state"]["status"] == "published"


def test_only_auditors_and_admins_see_lives(
    reading: Reading,
    a_learner: Person,
    a_manager: Person,
    an_instructor: Person,
    a_published_course: Course,
) -> None:
    for part in ("", "/state", "/differences"):
        path = f"/audit/streams/{a_published_course.id}{part}"
        for person in (a_manager, an_instructor, a_learner):
            assert reading.status(path, person) == 403
        assert reading.status(path, ADMIN) == 200
