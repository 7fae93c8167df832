"""From a certificate back to every answer, grade, decision and person that led to it."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from access.actor import Actor
from commands.certificate import IssueCertificate
from commands.enrollment import RecordAssessmentPassed, UpdateProgress
from commands.learner import UpdateLearner
from domain.assessment import Assessment
from domain.attempt import Attempt
from domain.course import Course
from domain.roles import Role
from tests.commands.system import ADMIN, Given, Person, System, an_answer_sheet
from tests.read_api.reading import Json, Reading

POLICIES = Actor(None, frozenset({Role.SYSTEM}))


class Story(msgspec.Struct, frozen=True):
    """How Ann Lee got her certificate: by her second attempt."""

    course: Course
    assessment: Assessment
    enrollment: UUID
    attempts: list[UUID]
    certificate: UUID
    correlation: UUID


@pytest.fixture
def story(system: System, given: Given, an_instructor: Person, a_learner: Person) -> Story:
    system.dispatch(UpdateLearner(learner_id=a_learner.id, full_name="Ann Lee"))
    draft = given.a_draft_course(an_instructor)
    assessment = given.a_published_assessment(an_instructor, draft)
    course = given.published(draft, an_instructor)
    enrollment = given.an_enrollment(a_learner, course)
    lesson = UpdateProgress(
        enrollment_id=enrollment.id, lesson_id=enrollment.lessons[0], percent=100
    )
    system.dispatch(lesson, a_learner.actor)
    attempts, correlation = [], uuid4()
    for right in (False, True):
        attempts.append(given.an_attempt(a_learner, assessment))
        sheet = an_answer_sheet(attempts[-1], assessment, right=right)
        system.dispatch(sheet, a_learner.actor, correlation_id=correlation)
    graded = _position(system, attempts[-1], "attempt.graded.v1")
    passed = RecordAssessmentPassed(
        enrollment_id=enrollment.id,
        assessment_id=assessment.id,
        attempt_id=attempts[-1],
        score=100,
    )
    completed = system.dispatch(passed, POLICIES, causation=graded, correlation_id=correlation)
    certificate = system.dispatch(
        IssueCertificate(enrollment_id=enrollment.id),
        POLICIES,
        causation=completed.position,
        correlation_id=correlation,
    )
    return Story(course, assessment, enrollment.id, attempts, certificate.id, correlation)


def _position(system: System, stream_id: UUID, type: str) -> int:
    with system.pool.connection() as connection:
        row = connection.execute(
            "SELECT position FROM event_store.events WHERE stream_id = %s AND type = %s",
            (stream_id, type),
        ).fetchone()
    assert row is not None
    return int(row[0])


def trace(reading: Reading, by: Person, id: object, **params: object) -> Json:
    return reading.ok(f"/audit/trace/{id}", by, params=params)


def walk(nodes: list[Json], depth: int = 0) -> Iterator[tuple[int, Json]]:
    for node in nodes:
        yield depth, node
        yield from walk([*node["because"], *node["led_to"]], depth + 1)


def outline(nodes: list[Json]) -> str:
    """The tree as one reads it."""
    return "\n".join(f"{'  ' * depth}{node['sentence']}" for depth, node in walk(nodes))


def test_a_certificate_is_traced_to_all_that_led_to_it(
    reading: Reading, story: Story, a_learner: Person, an_instructor: Person, an_auditor: Person
) -> None:
    found = trace(reading, an_auditor, story.certificate)
    (root,) = found["roots"]
    number = root["event"]["data"]["number"]
    assert outline(found["roots"]) == "\n".join(
        [
            f"Certificate {number} issued to Ann Lee for version 1 of “Rust Programming 101”,"
            " automatically.",
            "  Ann Lee completed version 1 of “Rust Programming 101”, recorded automatically.",
            "    Ann Lee enrolled in version 1 of “Rust Programming 101”.",
            "      Assessment “Borrowing” published by Jane Doe.",
            "        Assessment “Borrowing” created in “Rust Programming 101” by Jane Doe.",
            "      Ann Lee ended attempt 2 at “Borrowing”: passed.",
        ]
    )
    assert {(each["id"]) for each in found["people"]} >= {str(a_learner.id), str(an_instructor.id)}
    assert found["truncated"] is False
