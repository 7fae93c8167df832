"""Who had to have done what, and had they: asked over HTTP."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from commands.course import ChangeCourseDetails
from commands.enrollment import EnrollLearner, UpdateProgress, WithdrawEnrollment
from commands.learner import DeactivateLearner, UpdateLearner
from domain.course import Course
from domain.identity import enrollment_id
from domain.roles import Role
from tests.commands.system import ADMIN, Given, Person, System
from tests.read_api.reading import Json, Reading

LIST = "/compliance"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
WEEK = timedelta(days=7)


class Duties:
    """People are given what they have to do, and do it, as of a time that has passed by now."""

    def __init__(self, system: System) -> None:
        self._system = system

    def assign(self, learner: Person, course: Course, due_at: datetime | None = None) -> UUID:
        """To be done by a time that has passed long since, if nothing else is said."""
        command = EnrollLearner(
            course_id=course.id, learner_id=learner.id, due_at=due_at or LONG_AGO + WEEK
        )
        return self._system.dispatch(command, now=LONG_AGO).id

    def do(self, learner: Person, course: Course, at: datetime = LONG_AGO) -> int:
        """Everything that the course asks for; the position of the last thing."""
        id = enrollment_id(learner.id, course.id)
        commands = [
            UpdateProgress(enrollment_id=id, lesson_id=lesson, percent=100)
            for lesson in course.published_lessons
        ]
        return [
            self._system.dispatch(command, learner.actor, now=at).position for command in commands
        ][-1]

    def leave(self, learner: Person, course: Course, by: Person | None = None) -> None:
        command = WithdrawEnrollment(enrollment_id=enrollment_id(learner.id, course.id))
        self._system.dispatch(command, by.actor if by else ADMIN, now=LONG_AGO)


@pytest.fixture
def duties(system: System) -> Duties:
    return Duties(system)


def now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def seen(reading: Reading, by: Person, **params: object) -> list[Json]:
    items = reading.ok(LIST, by, params=params)["items"]
    assert isinstance(items, list)
    return items


def statuses(reading: Reading, by: Person, course: Course, **params: object) -> dict[UUID, str]:
    rows = seen(reading, by, course_id=course.id, **params)
    return {UUID(row["learner_id"]): row["status"] for row in rows}


def test_what_was_assigned_is_due_until_it_is_done_or_overdue(
    reading: Reading, given: Given, duties: Duties, an_instructor: Person, an_auditor: Person
) -> None:
    course = given.a_published_course(an_instructor)
    lazy, eager, late, free = (given.a_person() for _ in range(4))
    for learner in (lazy, eager, late):
        duties.assign(learner, course)
    duties.assign(free, course, due_at=datetime.now(UTC) + WEEK)
    duties.do(eager, course)
    duties.do(late, course, at=LONG_AGO + 2 * WEEK)

    assert statuses(reading, an_auditor, course) == {
        lazy.id: "overdue",
        eager.id: "completed",
        late.id: "completed_late",
        free.id: "due",
    }
    assert statuses(reading, an_auditor, course, compliant=False) == {lazy.id: "overdue"}
    assert statuses(reading, an_auditor, course, status="due") == {free.id: "due"}


def test_the_past_stays_as_it_was(
    reading: Reading,
    given: Given,
    system: System,
    duties: Duties,
    an_instructor: Person,
    an_auditor: Person,
    a_manager: Person,
) -> None:
    course = given.a_published_course(an_instructor)
    department = given.a_department()
    learner = given.a_person(manager=a_manager, department=department)
    duties.assign(learner, course)
    then = now()
    done = duties.do(learner, course)
    system.dispatch(ChangeCourseDetails(course_id=course.id, title="Rust 102"), an_instructor.actor)
    system.dispatch(UpdateLearner(learner_id=learner.id, manager_id=None, department_id=None))
    system.dispatch(DeactivateLearner(learner_id=learner.id, reason="Left us"))

    asked = {"course_id": course.id, "department_id": department, "manager_id": a_manager.id}
    (was,) = seen(reading, an_auditor, as_of=then, **asked)
    assert (was["status"], was["active"]) == ("overdue", True)
    assert was["course_title"] == "Rust Programming 101"
    assert (was["department_id"], was["manager_id"]) == (str(department), str(a_manager.id))
    (at_the_event,) = seen(reading, an_auditor, position=done, **asked)
    assert (at_the_event["status"], at_the_event["position"]) == ("completed", done)
    assert seen(reading, an_auditor, **asked) == []
    (left,) = seen(reading, an_auditor, course_id=course.id, people="left")
    assert (left["status"], left["active"], left["department_id"]) == ("completed", False, None)
    assert left["course_title"] == "Rust 102"


def test_who_leaves_a_course_alone_still_has_to_do_it(
    reading: Reading, given: Given, duties: Duties, an_instructor: Person, an_auditor: Person
) -> None:
    course = given.a_published_course(an_instructor)
    gone, let_off = given.a_person(), given.a_person()
    for learner in (gone, let_off):
        duties.assign(learner, course)
    duties.leave(gone, course, by=gone)
    duties.leave(let_off, course)

    found = statuses(reading, an_auditor, course)
    assert found == {gone.id: "overdue", let_off.id: "withdrawn"}
    (row,) = seen(reading, an_auditor, course_id=course.id, status="overdue")
    assert row["withdrawn_by"] == str(gone.id)


def test_who_may_see_an_obligation(
    reading: Reading,
    given: Given,
    duties: Duties,
    a_learner: Person,
    a_manager: Person,
    a_director: Person,
    another_manager: Person,
    an_instructor: Person,
    an_auditor: Person,
    a_stranger: Person,
) -> None:
    course = given.a_published_course(an_instructor)
    id = duties.assign(a_learner, course)
    for person in (a_learner, a_manager, a_director, an_instructor, an_auditor):
        assert [row["id"] for row in seen(reading, person, course_id=course.id)] == [str(id)]
    for person in (a_stranger, another_manager):
        assert seen(reading, person, course_id=course.id) == []


def test_a_department_admin_sees_whom_they_look_after_today(
    reading: Reading, given: Given, duties: Duties, a_published_course: Course
) -> None:
    top = given.a_department()
    inside = given.a_person(department=given.a_department(below=top))
    outside = given.a_person(department=given.a_department())
    for learner in (inside, outside):
        duties.assign(learner, a_published_course)
    rows = seen(reading, given.a_department_admin(top), course_id=a_published_course.id)
    assert [row["learner_id"] for row in rows] == [str(inside.id)]


def test_pages_are_all_of_one_moment(
    reading: Reading, given: Given, duties: Duties, an_instructor: Person, an_auditor: Person
) -> None:
    course = given.a_published_course(an_instructor)
    assigned = {duties.assign(given.a_person(), course) for _ in range(4)}
    params = {"course_id": str(course.id), "limit": "3"}
    first = reading.ok(LIST, an_auditor, params=params)
    duties.assign(given.a_person(), course)

    params["cursor"] = first["next_cursor"]
    second = reading.ok(LIST, an_auditor, params=params)
    assert second["as_of"] == first["as_of"]
    assert second["next_cursor"] is None
    assert {UUID(row["id"]) for row in first["items"] + second["items"]} == assigned
    assert reading.status(LIST, an_auditor, params=params | {"as_of": now()}) == 422


def test_a_file_has_every_page_and_runs_nothing(
    reading: Reading,
    given: Given,
    system: System,
    duties: Duties,
    an_instructor: Person,
    an_auditor: Person,
) -> None:
    course = given.a_published_course(an_instructor)
    title = "=HYPERLINK(evil)"
    system.dispatch(ChangeCourseDetails(course_id=course.id, title=title), an_instructor.actor)
    assigned = {str(duties.assign(given.a_person(), course)) for _ in range(3)}

    params = {"course_id": str(course.id), "limit": "1"}
    file = reading.get(LIST, an_auditor, params=params, headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(file.text)))
    assert file.headers["content-type"].startswith("text/csv")
    assert "attachment" in file.headers["content-disposition"]
    assert {row["id"] for row in rows} == assigned
    assert {row["course_title"] for row in rows} == {f"'{title}"}
    assert {row["due_at"] for row in rows} == {"2020-01-08T00:00:00Z"}


def test_a_summary_counts_and_names_nobody(
    reading: Reading, given: Given, duties: Duties, an_instructor: Person
) -> None:
    course, department = given.a_published_course(an_instructor), given.a_department()
    people = [given.a_person(department=department) for _ in range(3)]
    for learner in people:
        duties.assign(learner, course)
    duties.do(people[0], course)
    analyst = given.a_person(Role.ANALYST)

    params = {"course_id": course.id}
    told = reading.ok(f"{LIST}/summary", analyst, params=params)
    (row,) = told["items"]
    assert (row["department_id"], row["course_id"]) == (str(department), str(course.id))
    assert (row["required"], row["completed"], row["overdue"]) == (3, 1, 2)
    assert (row["percent_completed"], row["percent_compliant"]) == (33.3, 33.3)
    assert told["total"]["required"] == 3
    for per, name in (("course", "department_id"), ("department", "course_id")):
        (row,) = reading.ok(f"{LIST}/summary", analyst, params=params | {"per": per})["items"]
        assert (row[name], row["required"]) == (None, 3)
    file = reading.get(f"{LIST}/summary", analyst, params=params | {"format": "csv"})
    assert file.text.splitlines()[0].startswith("department_id,department,")
    assert reading.status(LIST, analyst, params=params) == 200
    assert seen(reading, analyst, **params) == []


def test_differences_say_what_brought_them_about(
    reading: Reading,
    given: Given,
    system: System,
    duties: Duties,
    an_instructor: Person,
    an_auditor: Person,
) -> None:
    course = given.a_published_course(an_instructor)
    done, gone, let_off, new = (given.a_person() for _ in range(4))
    for learner in (done, gone, let_off):
        duties.assign(learner, course)
    before = now()
    position = duties.do(done, course)
    left = system.dispatch(DeactivateLearner(learner_id=gone.id, reason="Left")).position
    duties.leave(let_off, course)
    duties.assign(new, course, due_at=datetime.now(UTC) + WEEK)

    params = {"from": before, "course_id": str(course.id)}
    rows = reading.ok(f"{LIST}/differences", an_auditor, params=params)["items"]
    told = {
        UUID(row["learner_id"]): (row["change"], row["caused_by"], row["position"]) for row in rows
    }
    for learner, change in ((let_off, "no_longer_required"), (new, "newly_required")):
        assert told.pop(learner.id)[:2] == (change, "event")
    assert told == {
        done.id: ("became_compliant", "event", position),
        gone.id: ("no_longer_required", "event", left),
    }
    params["change"] = "became_compliant"
    (row,) = reading.ok(f"{LIST}/differences", an_auditor, params=params)["items"]
    assert (row["before"], row["after"]) == ("overdue", "completed")


REFUSED = {
    "as_of": ("as_of=2999-01-01T00:00:00Z", "as_of=2026-01-01T00:00:00", "as_of=yesterday"),
    "position": ("position=0", "position=5&as_of=2026-01-01T00:00:00Z"),
    "cursor": ("cursor=abc",),
    "status": ("status=done",),
}


@pytest.mark.parametrize("field", REFUSED)
def test_a_moment_that_makes_no_sense_is_refused(
    reading: Reading, an_auditor: Person, field: str
) -> None:
    for query in REFUSED[field]:
        answer = reading.get(f"{LIST}?{query}", an_auditor)
        assert answer.status_code == 422, query
        assert [error["field"] for error in answer.json()["errors"]] == [field], query


def test_what_the_view_has_yet_to_hear_of_is_not_passed_over(
    reading: Reading, duties: Duties, given: Given, an_auditor: Person, a_published_course: Course
) -> None:
    reading.project()
    duties.assign(given.a_person(), a_published_course)
    answer = reading.get(LIST, an_auditor, params={"as_of": now()}, project=False)
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/not-caught-up")
    assert reading.status(LIST, an_auditor, params={"as_of": now()}) == 200
