from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from access.actor import SYSTEM
from commands.course import ArchiveCourse
from commands.enrollment import (
    EnrollLearner,
    RecordAssessmentPassed,
    UpdateProgress,
    WithdrawEnrollment,
)
from commands.learner import DeactivateLearner
from domain.assessment import Assessment
from domain.course import Course, CourseIsArchived, CourseNotPublished
from domain.enrollment import AlreadyEnrolled, Enrollment, EnrollmentSource, EnrollmentWithdrawn
from domain.errors import Invalid, NotFound
from domain.learner import LearnerInactive
from tests.commands.system import ADMIN, NOW, Given, Person, System


def test_a_learner_enrolls_on_the_version_published_now(
    system: System, a_learner: Person, a_published_course: Course
) -> None:
    due_at = NOW + timedelta(days=30)
    outcome = system.when(
        EnrollLearner(course_id=a_published_course.id, due_at=due_at), a_learner.actor
    )
    outcome.then(Enrollment.Created)
    (created,) = outcome.facts
    assert created.learner_id == created.enrolled_by == a_learner.id
    assert created.source is EnrollmentSource.SELF
    assert created.lessons == a_published_course.lessons
    assert created.course_version == 1
    assert created.due_at == due_at


def test_a_manager_enrolls_a_report(
    system: System, a_manager: Person, a_learner: Person, a_published_course: Course
) -> None:
    command = EnrollLearner(course_id=a_published_course.id, learner_id=a_learner.id)
    outcome = system.when(command, a_manager.actor)
    outcome.then(Enrollment.Created)
    assert outcome.facts[0].source is EnrollmentSource.MANAGER
    assert outcome.facts[0].enrolled_by == a_manager.id


def test_enrolling_twice_is_refused(
    system: System, a_learner: Person, an_open_enrollment: Enrollment
) -> None:
    again = EnrollLearner(course_id=an_open_enrollment.course_id)
    system.when(again, a_learner.actor).refuses(AlreadyEnrolled)


def test_who_has_withdrawn_enrolls_again(
    system: System, a_learner: Person, an_open_enrollment: Enrollment
) -> None:
    leave = WithdrawEnrollment(enrollment_id=an_open_enrollment.id, reason="no time")
    system.when(leave, a_learner.actor).then(Enrollment.Withdrawn)
    again = EnrollLearner(course_id=an_open_enrollment.course_id)
    recorded = system.when(again, a_learner.actor).then(Enrollment.Reinstated)
    assert recorded.id == an_open_enrollment.id


def test_a_draft_is_not_open(
    system: System, given: Given, an_instructor: Person, a_learner: Person
) -> None:
    draft = given.a_draft_course(an_instructor)
    enroll = EnrollLearner(course_id=draft.id)
    system.when(enroll, a_learner.actor).refuses(CourseNotPublished)


def test_an_archived_course_is_not_open(
    system: System, a_learner: Person, a_published_course: Course
) -> None:
    system.dispatch(ArchiveCourse(course_id=a_published_course.id))
    enroll = EnrollLearner(course_id=a_published_course.id)
    system.when(enroll, a_learner.actor).refuses(CourseIsArchived)


def test_a_deactivated_learner_is_not_enrolled(
    system: System, a_learner: Person, a_published_course: Course
) -> None:
    system.dispatch(DeactivateLearner(learner_id=a_learner.id))
    enroll = EnrollLearner(course_id=a_published_course.id, learner_id=a_learner.id)
    system.when(enroll).refuses(LearnerInactive)


def test_ids_in_the_body_that_name_nothing_are_told_by_field(
    system: System, a_learner: Person, a_published_course: Course
) -> None:
    system.when(EnrollLearner(course_id=uuid4()), a_learner.actor).refuses(Invalid, "course_id")
    nobody = EnrollLearner(course_id=a_published_course.id, learner_id=uuid4())
    system.when(nobody).refuses(Invalid, "learner_id")
    a_learners_id = EnrollLearner(course_id=a_learner.id)
    system.when(a_learners_id, a_learner.actor).refuses(Invalid, "course_id")


def test_the_last_lesson_completes_the_enrollment(
    system: System, a_learner: Person, an_open_enrollment: Enrollment
) -> None:
    done = UpdateProgress(
        enrollment_id=an_open_enrollment.id,
        lesson_id=an_open_enrollment.lessons[0],
        percent=100,
        seconds=60,
    )
    system.when(done, a_learner.actor).then(
        Enrollment.ProgressUpdated, Enrollment.LessonCompleted, Enrollment.Completed
    )


def test_progress_reads_nothing_but_its_cached_enrollment(
    system: System,
    a_learner: Person,
    an_open_enrollment: Enrollment,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reads: list[UUID] = []
    select = system.log.recorder.select_events

    def watched(id: UUID, **kwargs: Any) -> Any:
        reads.append(id)
        return select(id, **kwargs)

    monkeypatch.setattr(system.log.recorder, "select_events", watched)
    for percent in (10, 20):
        command = UpdateProgress(
            enrollment_id=an_open_enrollment.id,
            lesson_id=an_open_enrollment.lessons[0],
            percent=percent,
        )
        system.dispatch(command, a_learner.actor)
    assert reads == []


def test_progress_on_nothing_is_not_found(system: System, a_learner: Person) -> None:
    nothing = UpdateProgress(enrollment_id=uuid4(), lesson_id=uuid4(), percent=1)
    system.when(nothing, a_learner.actor).refuses(NotFound)


def test_progress_after_withdrawal_is_refused(
    system: System, a_learner: Person, an_open_enrollment: Enrollment
) -> None:
    system.dispatch(WithdrawEnrollment(enrollment_id=an_open_enrollment.id), a_learner.actor)
    update = UpdateProgress(
        enrollment_id=an_open_enrollment.id, lesson_id=an_open_enrollment.lessons[0], percent=1
    )
    system.when(update, a_learner.actor).refuses(EnrollmentWithdrawn)


def test_a_policy_records_what_was_passed(
    system: System, a_learner: Person, a_published_assessment: Assessment
) -> None:
    enrolled = system.dispatch(
        EnrollLearner(course_id=a_published_assessment.course_id), a_learner.actor
    )
    passed = RecordAssessmentPassed(
        enrollment_id=enrolled.id,
        assessment_id=a_published_assessment.id,
        attempt_id=uuid4(),
        score=80,
    )
    system.when(passed, SYSTEM).then(Enrollment.AssessmentPassed)
    worse = RecordAssessmentPassed(
        enrollment_id=enrolled.id,
        assessment_id=a_published_assessment.id,
        attempt_id=uuid4(),
        score=70,
    )
    system.when(worse, ADMIN).then()
