"""One learner in one course."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.enrollment import (
    AlreadyEnrolled,
    Enrollment,
    EnrollmentCompleted,
    EnrollmentSource,
    EnrollmentStatus,
    EnrollmentWithdrawn,
    LessonNotInVersion,
    LessonProgress,
)
from domain.errors import Invalid
from domain.identity import enrollment_id
from tests.domain.grammar import NOW, NUL, TOO_LONG, Fact, a_uuid, fact, given, when_new

JANE, COURSE, MANAGER, ATTEMPT = a_uuid(1), a_uuid(2), a_uuid(3), a_uuid(4)
INTRO, LOOPS, LATER = a_uuid(11), a_uuid(12), a_uuid(13)
EXAM, QUIZ = a_uuid(21), a_uuid(22)
WHO: dict[str, Any] = {"learner_id": JANE, "course_id": COURSE}


def enrolled(**changed: Any) -> Fact:
    begun: dict[str, Any] = {
        "course_version": 1,
        "lessons": [INTRO, LOOPS],
        "assessments": [EXAM],
        "enrolled_by": JANE,
        "source": EnrollmentSource.SELF,
        "due_at": None,
    }
    return fact(Enrollment.Created, **WHO, **(begun | changed))


def progressed(lesson: Any, percent: int, seconds: int = 60, bookmark: str | None = None) -> Fact:
    return fact(
        Enrollment.ProgressUpdated,
        **WHO,
        lesson_id=lesson,
        percent=percent,
        seconds=seconds,
        bookmark=bookmark,
    )


def lesson_done(lesson: Any) -> Fact:
    return fact(Enrollment.LessonCompleted, **WHO, lesson_id=lesson)


def passed(score: float, assessment: Any = EXAM) -> Fact:
    return fact(
        Enrollment.AssessmentPassed,
        **WHO,
        assessment_id=assessment,
        attempt_id=ATTEMPT,
        score=score,
    )


def completed(score: float | None, course_version: int = 1) -> Fact:
    return fact(Enrollment.Completed, **WHO, course_version=course_version, score=score)


withdrawn = fact(Enrollment.Withdrawn, **WHO, reason=None)
all_lessons = (
    progressed(INTRO, 100),
    lesson_done(INTRO),
    progressed(LOOPS, 100),
    lesson_done(LOOPS),
)


def study(lesson: Any, percent: int, seconds: int = 60, bookmark: str | None = None) -> Any:
    return lambda enrollment: enrollment.update_progress(
        lesson_id=lesson, percent=percent, seconds=seconds, bookmark=bookmark, at=NOW
    )


def pass_exam(score: float, assessment: Any = EXAM) -> Any:
    return lambda enrollment: enrollment.record_assessment_passed(
        assessment_id=assessment, attempt_id=ATTEMPT, score=score, at=NOW
    )


def enroll(**changed: Any) -> Any:
    begun: dict[str, Any] = {
        "course_version": 1,
        "lessons": [INTRO, LOOPS],
        "assessments": [EXAM],
        "enrolled_by": JANE,
        "source": EnrollmentSource.SELF,
    }
    return lambda: Enrollment.create(**WHO, **(begun | changed), at=NOW)


def come_back(**changed: Any) -> Any:
    begun: dict[str, Any] = {
        "course_version": 2,
        "lessons": [INTRO, LATER],
        "assessments": [EXAM],
        "enrolled_by": MANAGER,
        "source": EnrollmentSource.MANAGER,
    }
    return lambda enrollment: enrollment.reinstate(**(begun | changed), at=NOW)


def test_enrolling_begins_a_version_of_the_course() -> None:
    enrollment = when_new(enroll()).then(enrolled())
    assert enrollment.id == enrollment_id(JANE, COURSE)
    assert enrollment.status is EnrollmentStatus.ACTIVE


def test_a_due_instant_lies_in_the_future_and_names_its_zone() -> None:
    tomorrow = NOW + timedelta(days=1)
    when_new(enroll(due_at=tomorrow)).then(enrolled(due_at=tomorrow))
    when_new(enroll(due_at=NOW)).refuses(Invalid, "due_at")
    naive = datetime(2030, 1, 1)  # noqa: DTZ001
    when_new(enroll(due_at=naive)).refuses(Invalid, "due_at")


def test_an_import_may_tell_of_a_due_instant_that_has_passed() -> None:
    past = NOW - timedelta(days=1)
    when_new(enroll(due_at=past, source=EnrollmentSource.IMPORT)).then(
        enrolled(due_at=past, source=EnrollmentSource.IMPORT)
    )


def test_progress_keeps_the_furthest_percent_and_adds_up_time() -> None:
    enrollment = (
        given(Enrollment, enrolled(), progressed(INTRO, 60, 100, "page 7"))
        .when(study(INTRO, 20, 30))
        .then(progressed(INTRO, 60, 30, "page 7"))
    )
    assert enrollment.progress[INTRO] == LessonProgress(60, 130, "page 7")


def test_opening_a_lesson_is_progress() -> None:
    given(Enrollment, enrolled()).when(study(INTRO, 0, 0)).then(progressed(INTRO, 0, 0))


def test_an_update_that_says_nothing_new_records_nothing() -> None:
    given(Enrollment, enrolled(), progressed(INTRO, 60)).when(study(INTRO, 50, 0)).nothing()


def test_a_hundred_percent_completes_the_lesson_once() -> None:
    given(Enrollment, enrolled()).when(study(INTRO, 100)).then(
        progressed(INTRO, 100), lesson_done(INTRO)
    )
    given(Enrollment, enrolled(), progressed(INTRO, 100), lesson_done(INTRO)).when(
        study(INTRO, 100)
    ).then(progressed(INTRO, 100))


def test_the_last_lesson_completes_the_enrolment_when_the_exam_is_passed() -> None:
    enrollment = (
        given(Enrollment, enrolled(), passed(80.0), *all_lessons[:2])
        .when(study(LOOPS, 100))
        .then(progressed(LOOPS, 100), lesson_done(LOOPS), completed(80.0))
    )
    assert enrollment.status is EnrollmentStatus.COMPLETED
    assert enrollment.completed_at == NOW


def test_the_exam_completes_the_enrolment_when_the_lessons_are_done() -> None:
    given(Enrollment, enrolled(), *all_lessons).when(pass_exam(75.5)).then(
        passed(75.5), completed(75.5)
    )


def test_without_assessments_the_lessons_complete_it_without_a_score() -> None:
    given(Enrollment, enrolled(assessments=[], lessons=[INTRO])).when(study(INTRO, 100)).then(
        progressed(INTRO, 100), lesson_done(INTRO), completed(None)
    )


def test_the_score_is_the_mean_of_the_best_passing_scores() -> None:
    two = enrolled(lessons=[], assessments=[EXAM, QUIZ])
    given(Enrollment, two, passed(70.0), passed(90.0)).when(pass_exam(85.0, QUIZ)).then(
        passed(85.0, QUIZ), completed(87.5)
    )


def test_what_asks_for_nothing_never_completes() -> None:
    empty = when_new(enroll(lessons=[], assessments=[])).then(enrolled(lessons=[], assessments=[]))
    assert not empty.done


def test_passing_again_counts_only_when_better() -> None:
    exam_passed = given(Enrollment, enrolled(), passed(80.0))
    exam_passed.when(pass_exam(80.0)).nothing()
    exam_passed.when(pass_exam(79.0)).nothing()
    exam_passed.when(pass_exam(80.5)).then(passed(80.5))


def test_an_assessment_that_the_version_does_not_ask_for_changes_nothing() -> None:
    given(Enrollment, enrolled()).when(pass_exam(80.0, QUIZ)).nothing()


@pytest.mark.parametrize("score", [-0.1, 100.1, float("nan")])
def test_a_score_is_a_percentage(score: float) -> None:
    given(Enrollment, enrolled()).when(pass_exam(score)).refuses(Invalid, "score")


def test_learning_goes_on_after_completion_without_completing_again() -> None:
    done = (enrolled(), *all_lessons, passed(80.0), completed(80.0))
    given(Enrollment, *done).when(study(INTRO, 10, 30, "again")).then(
        progressed(INTRO, 100, 30, "again")
    )
    better = given(Enrollment, *done).when(pass_exam(99.0)).then(passed(99.0))
    assert better.status is EnrollmentStatus.COMPLETED


def test_a_lesson_of_another_version_is_refused() -> None:
    given(Enrollment, enrolled()).when(study(LATER, 10)).refuses(LessonNotInVersion, "lesson_id")


@pytest.mark.parametrize("percent", [-1, 101])
def test_percent_is_from_0_to_100(percent: int) -> None:
    given(Enrollment, enrolled()).when(study(INTRO, percent)).refuses(Invalid, "percent")


@pytest.mark.parametrize("seconds", [-1, 86_401])
def test_one_update_tells_of_a_day_at_most(seconds: int) -> None:
    given(Enrollment, enrolled()).when(study(INTRO, 1, seconds)).refuses(Invalid, "seconds")


@pytest.mark.parametrize("bookmark", [TOO_LONG, NUL])
def test_a_bookmark_is_a_short_text(bookmark: str) -> None:
    given(Enrollment, enrolled()).when(study(INTRO, 1, 1, bookmark)).refuses(Invalid, "bookmark")


def test_withdrawing_ends_it() -> None:
    given(Enrollment, enrolled()).when(lambda e: e.withdraw(reason=" moved on ", at=NOW)).then(
        fact(Enrollment.Withdrawn, **WHO, reason="moved on")
    )


def test_nothing_happens_after_a_withdrawal() -> None:
    gone = given(Enrollment, enrolled(), withdrawn)
    gone.when(study(INTRO, 10)).refuses(EnrollmentWithdrawn)
    gone.when(pass_exam(90.0)).refuses(EnrollmentWithdrawn)
    gone.when(lambda e: e.withdraw(reason=None, at=NOW)).refuses(EnrollmentWithdrawn)


def test_a_completed_enrolment_cannot_be_withdrawn() -> None:
    given(Enrollment, enrolled(), *all_lessons, passed(80.0), completed(80.0)).when(
        lambda e: e.withdraw(reason=None, at=NOW)
    ).refuses(EnrollmentCompleted)


def reinstated(**changed: Any) -> Fact:
    begun: dict[str, Any] = {
        "course_version": 2,
        "lessons": [INTRO, LATER],
        "assessments": [EXAM],
        "enrolled_by": MANAGER,
        "source": EnrollmentSource.MANAGER,
        "due_at": None,
        "anew": False,
    }
    return fact(Enrollment.Reinstated, **WHO, **(begun | changed))


def test_after_it_has_expired_one_begins_from_nothing() -> None:
    completed = fact(Enrollment.Completed, **WHO, course_version=1, score=80.0)
    enrollment = (
        given(Enrollment, enrolled(), *all_lessons, passed(80.0, QUIZ), completed)
        .when(come_back(anew=True))
        .then(reinstated(anew=True))
    )
    assert enrollment.status is EnrollmentStatus.ACTIVE
    assert (enrollment.progress, enrollment.best_scores, enrollment.completed_at) == ({}, {}, None)


def test_coming_back_keeps_what_the_new_version_still_has() -> None:
    enrollment = (
        given(Enrollment, enrolled(), *all_lessons, passed(80.0, QUIZ), withdrawn)
        .when(come_back())
        .then(reinstated())
    )
    assert enrollment.status is EnrollmentStatus.ACTIVE
    assert list(enrollment.progress) == [INTRO]
    assert enrollment.best_scores == {}


def test_coming_back_to_less_than_was_done_completes_at_once() -> None:
    given(Enrollment, enrolled(), *all_lessons, withdrawn).when(
        come_back(lessons=[INTRO], assessments=[])
    ).then(reinstated(lessons=[INTRO], assessments=[]), completed(None, course_version=2))


def test_enrolling_twice_is_refused() -> None:
    given(Enrollment, enrolled()).when(come_back()).refuses(AlreadyEnrolled)
    given(Enrollment, enrolled(), *all_lessons, passed(80.0), completed(80.0)).when(
        come_back()
    ).refuses(AlreadyEnrolled)
