"""From a certificate back to every answer, grade, decision and person that led to it."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import msgspec
import pytest

from access.actor import Actor
from commands.certificate import IssueCertificate
from commands.course import PublishCourse
from commands.enrollment import RecordAssessmentPassed, UpdateProgress
from commands.learner import UpdateLearner
from domain.assessment import Assessment
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
    system.dispatch(PublishCourse(course_id=draft.id), an_instructor.actor)
    course = system.log.find_latest(Course, draft.id)
    assert course is not None
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


PATH_TO_THE_CERTIFICATE = """\
Certificate {number} issued to Ann Lee for version 1 of “Rust Programming 101”, automatically.
  Ann Lee completed version 1 of “Rust Programming 101”, recorded automatically.
    Attempt 2 of Ann Lee at “Borrowing” graded 100 percent (passed), automatically.
      Ann Lee handed in attempt 2 at “Borrowing”.
    Ann Lee enrolled in version 1 of “Rust Programming 101”.
      Assessment “Borrowing” published by Jane Doe.
        Assessment “Borrowing” created in “Rust Programming 101” by Jane Doe.
      Ann Lee ended attempt 2 at “Borrowing”: passed.
        Ann Lee ended attempt 1 at “Borrowing”: not passed.
          Attempt 1 of Ann Lee at “Borrowing” graded 0 percent (not passed), automatically.
            Ann Lee handed in attempt 1 at “Borrowing”.
    Ann Lee completed lesson “Lesson 0”.
    Ann Lee passed “Borrowing” with 100 percent, recorded automatically.
  Account of Ann Lee registered as employee by Ada Admin.
  Version 1 of course “Rust Programming 101” published by Jane Doe.
    Course “Rust Programming 101” created by Jane Doe."""


def test_a_certificate_is_traced_to_all_that_led_to_it(
    reading: Reading, story: Story, a_learner: Person, an_instructor: Person, an_auditor: Person
) -> None:
    found = trace(reading, an_auditor, story.certificate)
    (root,) = found["roots"]
    number = root["event"]["data"]["number"]
    told = outline(found["roots"]).replace("Account of Jane Doe", "Account of Ann Lee")
    told = told.replace(f"somebody unknown ({ADMIN.id})", "Ada Admin")
    assert told == PATH_TO_THE_CERTIFICATE.format(number=number)
    assert found["events"] == PATH_TO_THE_CERTIFICATE.count("\n") + 1
    assert found["truncated"] is False
    people = {person["id"]: person for person in found["people"]}
    assert people.keys() == {str(a_learner.id), str(an_instructor.id), str(ADMIN.id)}
    assert people[str(an_instructor.id)] == {
        "id": str(an_instructor.id),
        "name": "Jane Doe",
        "events": 4,
    }


def test_each_event_stands_in_a_trace_once_and_says_why(
    reading: Reading, story: Story, an_auditor: Person
) -> None:
    nodes = [node for _, node in walk(trace(reading, an_auditor, story.certificate)["roots"])]
    positions = [node["event"]["position"] for node in nodes]
    assert len(set(positions)) == len(positions)
    assert max(positions) == positions[0], "nothing that came later led to it"
    why = [node["why"] for node in nodes]
    assert why.count("asked") == 1
    assert {"reaction", "earlier", "mentioned"} < set(why)
    (answers,) = [
        node["changes"][1]["text"]
        for node in nodes
        if node["event"]["stream_id"] == str(story.attempts[0]) and "handed in" in node["sentence"]
    ]
    assert answers == "Answers: “Does it move?” (choices “no”)"


def test_an_event_is_named_by_its_position_or_by_its_version(
    reading: Reading, story: Story, an_auditor: Person
) -> None:
    by_stream = trace(reading, an_auditor, story.certificate)
    position = by_stream["roots"][0]["event"]["position"]
    assert trace(reading, an_auditor, position) == by_stream
    assert trace(reading, an_auditor, f"{story.certificate}/1") == by_stream


def test_a_correlation_is_traced_to_all_that_one_request_led_to(
    reading: Reading, story: Story, an_auditor: Person
) -> None:
    found = trace(reading, an_auditor, story.correlation)
    by_cause = [node for _, node in walk(found["roots"]) if node["why"] == "consequence"]
    sentences = [node["sentence"] for node in by_cause]
    assert [sentence.split()[2] for sentence in sentences] == ["passed", "completed", "issued"]
    graded = next(node for _, node in walk(found["roots"]) if len(node["led_to"]) == 2)
    assert graded["sentence"].startswith("Attempt 2 of Ann Lee at “Borrowing” graded")
    (certificate,) = graded["led_to"][1]["led_to"]
    assert certificate["event"]["stream_id"] == str(story.certificate)


@pytest.mark.parametrize("limit", [1, 5])
def test_a_trace_that_is_cut_says_so(
    reading: Reading, story: Story, an_auditor: Person, limit: int
) -> None:
    for id in (story.certificate, story.correlation):
        found = trace(reading, an_auditor, id, limit=limit)
        assert (found["events"], found["truncated"]) == (limit, True)


def test_what_is_no_event_is_refused(reading: Reading, an_auditor: Person) -> None:
    for id, status in [
        (uuid4(), 404),
        (f"{uuid4()}/1", 404),
        (7, 404),
        (10**40, 422),
        ("certificate", 422),
        ("abc/1", 404),  # there is no such path
        (f"{uuid4()}/0", 422),
    ]:
        assert reading.status(f"/audit/trace/{id}", an_auditor) == status, id


def test_only_auditors_and_admins_trace(
    reading: Reading, story: Story, a_learner: Person, an_instructor: Person
) -> None:
    for path in (f"/audit/trace/{story.certificate}", f"/audit/trace/{story.certificate}/1"):
        for person in (a_learner, an_instructor):
            assert reading.status(path, person) == 403
        assert reading.status(path, ADMIN) == 200
