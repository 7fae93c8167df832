from uuid import UUID, uuid4

import pytest

from commands.assessment import AddQuestion, CreateAssessment, NewChoice, PublishAssessment
from commands.attempt import GivenAnswer, StartAttempt, SubmitAttempt, result_of
from commands.course import ArchiveCourse
from commands.enrollment import WithdrawEnrollment
from commands.errors import NotEnrolled
from domain.assessment import (
    Assessment,
    AssessmentIsEmpty,
    AssessmentNotPublished,
    AssessmentPublished,
    QuestionKind,
)
from domain.attempt import Attempt, AttemptOpen, AttemptSeries, AttemptSubmitted, NoAttemptsLeft
from domain.course import Course, CourseIsArchived
from domain.enrollment import Enrollment, EnrollmentWithdrawn
from domain.errors import Invalid, NotFound
from tests.commands.system import Given, Person, System, an_answer_sheet


def test_publishing_makes_an_assessment_part_of_its_course(
    system: System, given: Given, an_instructor: Person, a_published_course: Course
) -> None:
    draft = given.a_draft_assessment(an_instructor, a_published_course)
    publish = PublishAssessment(assessment_id=draft.id)
    system.when(publish, an_instructor.actor).then(Assessment.Published, Course.AssessmentAdded)
    course = system.log.find_latest(Course, a_published_course.id)
    assert course is not None
    assert course.published_assessments == [draft.id]


def test_publishing_in_an_archived_course_publishes_nothing(
    system: System, given: Given, an_instructor: Person, a_published_course: Course
) -> None:
    draft = given.a_draft_assessment(an_instructor, a_published_course)
    system.dispatch(ArchiveCourse(course_id=a_published_course.id))
    publish = PublishAssessment(assessment_id=draft.id)
    system.when(publish, an_instructor.actor).refuses(CourseIsArchived)


def test_an_assessment_without_questions_is_not_published(
    system: System, an_instructor: Person, a_published_course: Course
) -> None:
    create = CreateAssessment(course_id=a_published_course.id, title="Empty", pass_mark=50)
    id = system.when(create, an_instructor.actor).then(Assessment.Created).id
    publish = PublishAssessment(assessment_id=id)
    system.when(publish, an_instructor.actor).refuses(AssessmentIsEmpty)


def test_an_assessment_belongs_to_a_course_there_is(system: System) -> None:
    create = CreateAssessment(course_id=uuid4(), title="Lost", pass_mark=50)
    system.when(create).refuses(Invalid, "course_id")


def test_a_question_is_answered_with_its_own_id(
    system: System, given: Given, an_instructor: Person, a_published_course: Course
) -> None:
    draft = given.a_draft_assessment(an_instructor, a_published_course)
    command = AddQuestion(
        assessment_id=draft.id,
        kind=QuestionKind.TRUE_FALSE,
        prompt="Is it?",
        choices=[NewChoice(text="True", correct=True), NewChoice(text="False")],
        points=2,
    )
    outcome = system.when(command, an_instructor.actor)
    recorded = outcome.then(Assessment.QuestionAdded)
    assert recorded.id == outcome.facts[0].question.id


def test_a_published_assessment_stays_as_it_is(
    system: System, an_instructor: Person, a_published_assessment: Assessment
) -> None:
    choices = [NewChoice(text="a", correct=True), NewChoice(text="b")]
    command = AddQuestion(
        assessment_id=a_published_assessment.id,
        kind=QuestionKind.SINGLE,
        prompt="One more?",
        choices=choices,
    )
    system.when(command, an_instructor.actor).refuses(AssessmentPublished)


def test_a_first_attempt_opens_its_series(
    system: System,
    a_learner: Person,
    an_open_enrollment: Enrollment,
    a_published_assessment: Assessment,
) -> None:
    outcome = system.when(StartAttempt(assessment_id=a_published_assessment.id), a_learner.actor)
    outcome.then(Attempt.Started, AttemptSeries.Opened, AttemptSeries.AttemptStarted)
    started = outcome.facts[0]
    assert (started.number, started.enrollment_id) == (1, an_open_enrollment.id)


def test_one_attempt_is_open_at_a_time(
    system: System, a_learner: Person, an_open_attempt: UUID, a_published_assessment: Assessment
) -> None:
    again = StartAttempt(assessment_id=a_published_assessment.id)
    system.when(again, a_learner.actor).refuses(AttemptOpen)


def test_only_who_is_enrolled_is_assessed(
    system: System, a_stranger: Person, a_published_assessment: Assessment
) -> None:
    start = StartAttempt(assessment_id=a_published_assessment.id)
    system.when(start, a_stranger.actor).refuses(NotEnrolled)
    system.when(StartAttempt(assessment_id=uuid4()), a_stranger.actor).refuses(NotFound)


def test_a_draft_is_not_taken(
    system: System,
    given: Given,
    an_instructor: Person,
    a_learner: Person,
    an_open_enrollment: Enrollment,
    a_published_course: Course,
) -> None:
    draft = given.a_draft_assessment(an_instructor, a_published_course)
    start = StartAttempt(assessment_id=draft.id)
    system.when(start, a_learner.actor).refuses(AssessmentNotPublished)


@pytest.mark.parametrize(("right", "score"), [(True, 100.0), (False, 0.0)])
def test_an_attempt_is_graded_at_once(
    system: System,
    a_learner: Person,
    an_open_attempt: UUID,
    a_published_assessment: Assessment,
    right: bool,
    score: float,
) -> None:
    sheet = an_answer_sheet(an_open_attempt, a_published_assessment, right=right)
    system.when(sheet, a_learner.actor).then(
        Attempt.Submitted, Attempt.Graded, AttemptSeries.AttemptEnded
    )
    result = result_of(system.log, an_open_attempt)
    assert (result.score, result.passed) == (score, right)
    assert (result.points, result.max_points) == (int(right), 1)
    assert [feedback.correct for feedback in result.feedback] == [right]


def test_an_attempt_is_submitted_once_and_repeated_with_the_same_answer(
    system: System, a_learner: Person, an_open_attempt: UUID, a_published_assessment: Assessment
) -> None:
    sheet = an_answer_sheet(an_open_attempt, a_published_assessment, right=True)
    first = system.when(sheet, a_learner.actor, idempotency_key="sheet")
    assert first.recorded
    repeat = system.when(sheet, a_learner.actor, idempotency_key="sheet")
    assert repeat.then() == first.recorded
    system.when(sheet, a_learner.actor).refuses(AttemptSubmitted)


def test_answers_that_fit_no_question_leave_the_attempt_open(
    system: System, a_learner: Person, an_open_attempt: UUID, a_published_assessment: Assessment
) -> None:
    sheet = SubmitAttempt(
        attempt_id=an_open_attempt, answers=[GivenAnswer(question_id=uuid4(), choices=[])]
    )
    system.when(sheet, a_learner.actor).refuses(Invalid, "answers[0].question_id")
    good = an_answer_sheet(an_open_attempt, a_published_assessment, right=True)
    assert system.when(good, a_learner.actor).recorded


def test_who_withdrew_keeps_the_attempt_for_later(
    system: System,
    a_learner: Person,
    an_open_enrollment: Enrollment,
    an_open_attempt: UUID,
    a_published_assessment: Assessment,
) -> None:
    system.dispatch(WithdrawEnrollment(enrollment_id=an_open_enrollment.id), a_learner.actor)
    sheet = an_answer_sheet(an_open_attempt, a_published_assessment, right=True)
    system.when(sheet, a_learner.actor).refuses(EnrollmentWithdrawn)


def test_attempts_run_out(
    system: System,
    an_instructor: Person,
    a_learner: Person,
    an_open_enrollment: Enrollment,
    a_published_course: Course,
) -> None:
    create = CreateAssessment(
        course_id=a_published_course.id, title="Once", pass_mark=100, attempts_allowed=1
    )
    id = system.dispatch(create, an_instructor.actor).id
    choices = [NewChoice(text="a", correct=True), NewChoice(text="b")]
    question = AddQuestion(
        assessment_id=id, kind=QuestionKind.MULTIPLE, prompt="Which?", choices=choices
    )
    system.dispatch(question, an_instructor.actor)
    system.dispatch(PublishAssessment(assessment_id=id), an_instructor.actor)
    attempt = system.dispatch(StartAttempt(assessment_id=id), a_learner.actor).id
    system.dispatch(SubmitAttempt(attempt_id=attempt, answers=[]), a_learner.actor)
    system.when(StartAttempt(assessment_id=id), a_learner.actor).refuses(NoAttemptsLeft)


def test_there_is_no_result_before_there_is_one(system: System, an_open_attempt: UUID) -> None:
    with pytest.raises(NotFound):
        result_of(system.log, an_open_attempt)
