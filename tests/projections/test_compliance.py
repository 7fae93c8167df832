"""Given how obligations came about and were met, these states, each with when it held."""

from __future__ import annotations

from datetime import UTC, datetime

from domain.certificate import Certificate
from domain.course import Course
from domain.enrollment import Enrollment, EnrollmentSource
from domain.identity import enrollment_id
from domain.learner import Learner
from domain.organization import Organization
from domain.roles import Role
from projections.catalogue import named
from projections.source import Source
from projections.verify import verify
from tests.projections.story import AT, Story, a_uuid

LEARNER, COURSE, MANAGER, LESSON = (a_uuid(number) for number in range(1, 5))
LATER = datetime(2099, 1, 1, tzinfo=UTC)
SALES, EUROPE, WORLD = (a_uuid(number) for number in range(11, 14))
ENROLLMENT = enrollment_id(LEARNER, COURSE)
STATES = (
    "SELECT state, from_position < to_position AS lasts, state_position = from_position AS new,"
    " to_at = 'infinity' AS open FROM compliance_obligation ORDER BY from_position"
)


def an_enrollment(source: EnrollmentSource = EnrollmentSource.MANAGER) -> Enrollment:
    return Enrollment.create(
        learner_id=LEARNER,
        course_id=COURSE,
        course_version=1,
        lessons=[LESSON],
        assessments=[],
        enrolled_by=MANAGER,
        source=source,
        due_at=None if source is EnrollmentSource.SELF else AT[11],
        at=AT[0],
    )


def done(enrollment: Enrollment) -> Enrollment:
    enrollment.update_progress(lesson_id=LESSON, percent=100, seconds=60, at=AT[2])
    return enrollment


def test_what_somebody_else_asks_for_obliges_until_it_is_done(story: Story) -> None:
    story.given(done(an_enrollment()))

    assert story.rows(STATES) == [
        {"state": "assigned", "lasts": True, "new": True, "open": False},
        {"state": "completed", "lasts": True, "new": True, "open": True},
    ]
    assert story.row(
        "SELECT id, learner_id, course_id, course_version, source, assigned_by, assigned_at,"
        " due_at, completed_at FROM compliance_obligation WHERE to_at = 'infinity'"
    ) == {
        "id": ENROLLMENT,
        "learner_id": LEARNER,
        "course_id": COURSE,
        "course_version": 1,
        "source": "manager",
        "assigned_by": MANAGER,
        "assigned_at": AT[0],
        "due_at": AT[11],
        "completed_at": AT[2],
    }


def test_one_state_follows_the_other_without_a_gap(story: Story) -> None:
    story.given(done(an_enrollment()))

    assert story.row(
        "SELECT first.to_position = second.from_position AS by_position,"
        " first.to_at = second.from_at AS by_instant FROM compliance_obligation AS first"
        " JOIN compliance_obligation AS second ON second.from_position > first.from_position"
    ) == {"by_position": True, "by_instant": True}


def test_what_one_does_of_ones_own_accord_obliges_nobody(story: Story) -> None:
    story.given(done(an_enrollment(EnrollmentSource.SELF)))

    assert story.rows(STATES) == []


def test_a_certificate_and_its_revocation_are_states_too(story: Story) -> None:
    certificate = Certificate.issue(
        learner_id=LEARNER,
        course_id=COURSE,
        course_title="Safety",
        course_version=1,
        enrollment_id=ENROLLMENT,
        holder_name="Ann Example",
        completed_at=AT[2],
        expires_at=LATER,
        at=AT[3],
    )
    certificate.revoke(reason="Copied", by=MANAGER, at=AT[5])
    story.given(done(an_enrollment()), certificate)

    assert story.rows(
        "SELECT certificate_id IS NULL AS none, expires_at, revoked_at,"
        " state_position = from_position AS new FROM compliance_obligation"
        " WHERE state = 'completed' ORDER BY from_position"
    ) == [
        {"none": True, "expires_at": None, "revoked_at": None, "new": True},
        {"none": False, "expires_at": LATER, "revoked_at": None, "new": False},
        {"none": False, "expires_at": LATER, "revoked_at": AT[5], "new": True},
    ]


def test_people_are_remembered_where_they_were(story: Story) -> None:
    learner = Learner.register(
        id=LEARNER,
        username="ann",
        email="ann@example.com",
        full_name="Ann Example",
        roles=[Role.EMPLOYEE],
        department="Sales",
        department_id=SALES,
        manager_id=MANAGER,
        at=AT[0],
    )
    learner.update(full_name="Ann Other", at=AT[1])
    learner.update(department=None, department_id=None, at=AT[2])
    learner.deactivate(reason="Left", at=AT[3])
    story.given(learner)

    assert story.rows(
        "SELECT department_id, department, manager_id, active,"
        " active_position = from_position AS new FROM compliance_person ORDER BY from_position"
    ) == [
        {
            "department_id": SALES,
            "department": "Sales",
            "manager_id": MANAGER,
            "active": True,
            "new": True,
        },
        {
            "department_id": None,
            "department": None,
            "manager_id": MANAGER,
            "active": True,
            "new": False,
        },
        {
            "department_id": None,
            "department": None,
            "manager_id": MANAGER,
            "active": False,
            "new": True,
        },
    ]


def test_courses_keep_every_title_they_had(story: Story) -> None:
    course = Course.create(id=COURSE, title="Safety", description="", created_by=None, at=AT[0])
    course.change_details(topic="Work", at=AT[1])
    course.change_details(title="Safety at work", at=AT[2])
    story.given(course)

    assert story.rows("SELECT title FROM compliance_course ORDER BY from_position") == [
        {"title": "Safety"},
        {"title": "Safety at work"},
    ]


def test_a_department_moves_with_all_below_it_and_may_be_removed(story: Story) -> None:
    tree = Organization.found(at=AT[0])
    tree.add(department_id=WORLD, name="World", parent_id=None, at=AT[1])
    tree.add(department_id=EUROPE, name="Europe", parent_id=None, at=AT[1])
    tree.add(department_id=SALES, name="Sales", parent_id=EUROPE, at=AT[1])
    tree.move(department_id=EUROPE, parent_id=WORLD, at=AT[2])
    tree.rename(department_id=SALES, name="Trade", at=AT[3])
    tree.remove(department_id=SALES, is_used=False, at=AT[4])
    story.given(tree)

    assert story.rows(
        "SELECT name, path, to_at = 'infinity' AS open FROM compliance_department"
        " WHERE id = %s ORDER BY from_position",
        SALES,
    ) == [
        {"name": "Sales", "path": [EUROPE, SALES], "open": False},
        {"name": "Sales", "path": [WORLD, EUROPE, SALES], "open": False},
        {"name": "Trade", "path": [WORLD, EUROPE, SALES], "open": False},
    ]


def test_it_is_proved_by_building_it_once_more(story: Story, source: Source) -> None:
    tree = Organization.found(at=AT[0])
    tree.add(department_id=WORLD, name="World", parent_id=None, at=AT[1])
    tree.rename(department_id=WORLD, name="Earth", at=AT[2])
    story.given(tree, done(an_enrollment()))

    verified = verify(named("compliance"), source)
    assert verified.holds
    assert verified.rows == 4
