from commands.attempt import SubmitAttempt
from domain.assessment import Assessment
from domain.course import Course
from domain.enrollment import Enrollment
from tests.commands.system import ADMIN, Given, Person, System, an_answer_sheet
from tests.read_api.reading import Json, Reading


def keys(assessment: Json) -> list[bool | None]:
    """What is told of each choice: whether it is correct, or nothing."""
    return [
        choice.get("correct")
        for question in assessment["questions"]
        for choice in question["choices"]
    ]


def test_learners_get_the_questions_without_the_key(
    reading: Reading,
    given: Given,
    an_instructor: Person,
    another_instructor: Person,
    an_auditor: Person,
    a_learner: Person,
    a_published_course: Course,
) -> None:
    assessment = given.a_published_assessment(an_instructor, a_published_course)
    path = f"/assessments/{assessment.id}"
    for person in (a_learner, another_instructor, an_auditor):
        seen = reading.ok(path, person)
        assert keys(seen) == [None, None]
        assert seen["questions"][0]["prompt"] == "Does it move?"
    assert keys(reading.ok(path, an_instructor)) == [True, False]
    assert keys(reading.ok(path, ADMIN)) == [True, False]


def test_a_draft_is_there_for_those_who_may_see_its_key(
    reading: Reading,
    given: Given,
    an_instructor: Person,
    a_learner: Person,
    a_published_course: Course,
) -> None:
    draft = given.a_draft_assessment(an_instructor, a_published_course)
    assert reading.status(f"/assessments/{draft.id}", a_learner) == 404
    assert reading.status(f"/assessments/{draft.id}", an_instructor) == 200
    of_course = {"course_id": a_published_course.id}
    assert reading.ids("/assessments", a_learner, **of_course) == []
    assert reading.ids("/assessments", an_instructor, **of_course) == [draft.id]


def an_attempt(given: Given, learner: Person, assessment: Assessment) -> SubmitAttempt:
    attempt = given.an_attempt(learner, assessment)
    return an_answer_sheet(attempt, assessment, right=False)


def test_an_attempt_is_told_with_feedback_once_it_is_submitted(
    reading: Reading,
    given: Given,
    system: System,
    an_instructor: Person,
    a_learner: Person,
    a_manager: Person,
    a_stranger: Person,
    a_published_course: Course,
    an_open_enrollment: Enrollment,
) -> None:
    assessment = given.a_published_assessment(an_instructor, a_published_course)
    sheet = an_attempt(given, a_learner, assessment)
    path = f"/attempts/{sheet.attempt_id}"
    before = reading.ok(path, a_learner)
    assert (before["status"], before["score"], before["feedback"]) == ("started", None, [])
    system.dispatch(sheet, a_learner.actor)
    for person in (a_learner, a_manager, an_instructor):
        after = reading.ok(path, person)
        assert (after["status"], after["score"], after["passed"]) == ("graded", 0.0, False)
        assert after["enrollment_id"] == str(an_open_enrollment.id)
        (feedback,) = after["feedback"]
        assert (feedback["correct"], feedback["points"], feedback["max_points"]) == (False, 0, 1)
        assert reading.ids("/attempts", person, assessment_id=assessment.id) == [sheet.attempt_id]
    assert reading.status(path, a_stranger) == 404
