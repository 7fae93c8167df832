"""Given how learning went, these rows in `enrollment` and the tables below it."""

from __future__ import annotations

from domain.enrollment import Enrollment, EnrollmentSource
from domain.identity import enrollment_id
from domain.retention import ExpiredRecord, RecordKind
from tests.projections.story import AT, Story, a_uuid

LEARNER, COURSE, MANAGER, EXAM, ATTEMPT = (a_uuid(number) for number in range(1, 6))
LESSONS = [a_uuid(11), a_uuid(12), a_uuid(13)]
ENROLLMENT = enrollment_id(LEARNER, COURSE)


def an_enrollment() -> Enrollment:
    return Enrollment.create(
        learner_id=LEARNER,
        course_id=COURSE,
        course_version=1,
        lessons=LESSONS,
        assessments=[EXAM],
        enrolled_by=MANAGER,
        source=EnrollmentSource.MANAGER,
        due_at=AT[11],
        at=AT[0],
    )


def learn(enrollment: Enrollment, lesson: int, percent: int, hour: int) -> None:
    enrollment.update_progress(
        lesson_id=LESSONS[lesson],
        percent=percent,
        seconds=60,
        bookmark=f"page {percent}",
        at=AT[hour],
    )


def test_a_new_enrollment_has_all_lessons_before_it(story: Story) -> None:
    story.given(an_enrollment())

    assert story.row("SELECT * FROM enrollment") == {
        "id": ENROLLMENT,
        "learner_id": LEARNER,
        "course_id": COURSE,
        "course_version": 1,
        "status": "active",
        "source": "manager",
        "enrolled_by": MANAGER,
        "assessments": [EXAM],
        "due_at": AT[11],
        "enrolled_at": AT[0],
        "completed_at": None,
        "withdrawn_at": None,
        "withdrawal_reason": None,
        "score": None,
        "lesson_count": 3,
        "percent_sum": 0,
        "percent": 0,
        "seconds": 0,
        "last_lesson_id": None,
        "last_activity_at": None,
        "updated_at": AT[0],
        "ended_at": None,
        "version": 1,
    }
    assert story.rows("SELECT lesson_id, percent FROM lesson_progress ORDER BY ordinal") == [
        {"lesson_id": lesson, "percent": 0} for lesson in LESSONS
    ]


def test_progress_adds_up(story: Story) -> None:
    enrollment = an_enrollment()
    learn(enrollment, 0, 40, hour=1)
    learn(enrollment, 0, 100, hour=2)
    learn(enrollment, 1, 50, hour=3)
    story.given(enrollment)

    assert story.row(
        "SELECT percent, seconds, last_lesson_id, last_activity_at, version FROM enrollment"
    ) == {
        "percent": 50,
        "seconds": 180,
        "last_lesson_id": LESSONS[1],
        "last_activity_at": AT[3],
        "version": 5,
    }
    assert story.rows(
        "SELECT percent, seconds, bookmark, updated_at, completed_at FROM lesson_progress"
        " ORDER BY ordinal"
    ) == [
        progress(100, 120, "page 100", updated=2, completed=2),
        progress(50, 60, "page 50", updated=3, completed=None),
        progress(0, 0, None, updated=None, completed=None),
    ]


def progress(
    percent: int, seconds: int, bookmark: str | None, *, updated: int | None, completed: int | None
) -> dict[str, object]:
    return {
        "percent": percent,
        "seconds": seconds,
        "bookmark": bookmark,
        "updated_at": None if updated is None else AT[updated],
        "completed_at": None if completed is None else AT[completed],
    }


def test_an_enrollment_completes_with_its_best_scores(story: Story) -> None:
    enrollment = an_enrollment()
    for lesson in range(3):
        learn(enrollment, lesson, 100, hour=1)
    for score, hour in ((70, 2), (90, 3)):
        enrollment.record_assessment_passed(
            assessment_id=EXAM, attempt_id=ATTEMPT, score=score, at=AT[hour]
        )
    story.given(enrollment)

    assert story.row(
        "SELECT status, percent, score, completed_at, ended_at, updated_at, version FROM enrollment"
    ) == {
        "status": "completed",
        "percent": 100,
        "score": 70.0,
        "completed_at": AT[2],
        "ended_at": AT[3],
        "updated_at": AT[3],
        "version": enrollment.version,
    }
    assert story.row("SELECT assessment_id, score, passed_at FROM enrollment_assessment") == {
        "assessment_id": EXAM,
        "score": 90.0,
        "passed_at": AT[2],
    }


def test_who_comes_back_after_withdrawing_keeps_what_the_new_version_still_has(
    story: Story,
) -> None:
    enrollment = an_enrollment()
    learn(enrollment, 0, 100, hour=1)
    learn(enrollment, 1, 50, hour=1)
    enrollment.record_assessment_passed(assessment_id=EXAM, attempt_id=ATTEMPT, score=80, at=AT[1])
    enrollment.withdraw(reason="no time", at=AT[2])
    story.given(enrollment)
    assert story.row("SELECT status, withdrawn_at, withdrawal_reason FROM enrollment") == {
        "status": "withdrawn",
        "withdrawn_at": AT[2],
        "withdrawal_reason": "no time",
    }

    enrollment.reinstate(
        course_version=2,
        lessons=[a_uuid(14), LESSONS[1]],
        assessments=[],
        enrolled_by=LEARNER,
        source=EnrollmentSource.SELF,
        at=AT[3],
    )
    story.given(enrollment)

    assert story.row(
        "SELECT status, course_version, lesson_count, percent, due_at, withdrawn_at, seconds,"
        " enrolled_at, version FROM enrollment"
    ) == {
        "status": "active",
        "course_version": 2,
        "lesson_count": 2,
        "percent": 25,
        "due_at": None,
        "withdrawn_at": None,
        "seconds": 120,
        "enrolled_at": AT[0],
        "version": enrollment.version,
    }
    assert story.rows("SELECT lesson_id, percent FROM lesson_progress ORDER BY ordinal") == [
        {"lesson_id": a_uuid(14), "percent": 0},
        {"lesson_id": LESSONS[1], "percent": 50},
    ]
    assert story.rows("SELECT * FROM enrollment_assessment") == []


def test_who_begins_anew_after_it_has_expired_is_seen_again(story: Story) -> None:
    enrollment = an_enrollment()
    learn(enrollment, 0, 100, 1)
    enrollment.withdraw(reason="no time", at=AT[2])
    story.given(enrollment)
    for number, hour in ((1, 3), (2, 6)):
        gone = ExpiredRecord.expire(
            kind=RecordKind.ENROLLMENT,
            record_id=ENROLLMENT,
            learner_id=LEARNER,
            course_id=COURSE,
            ended_at=enrollment.modified_on,
            number=number,
            at=AT[hour],
        )
        story.given(gone)
        assert story.rows("SELECT * FROM enrollment") == []
        enrollment.reinstate(
            course_version=2,
            lessons=LESSONS[:2],
            assessments=[],
            enrolled_by=LEARNER,
            source=EnrollmentSource.SELF,
            anew=True,
            at=AT[hour + 1],
        )
        learn(enrollment, 1, 50, hour + 1)
        story.given(enrollment)
        assert story.row("SELECT status, percent, enrolled_at, version FROM enrollment") == {
            "status": "active",
            "percent": 25,
            "enrolled_at": AT[hour + 1],
            "version": enrollment.version,
        }
        assert story.rows("SELECT lesson_id, percent FROM lesson_progress ORDER BY ordinal") == [
            {"lesson_id": LESSONS[0], "percent": 0},
            {"lesson_id": LESSONS[1], "percent": 50},
        ]
        enrollment.withdraw(reason=None, at=AT[hour + 2])
        story.given(enrollment)
    assert story.row("SELECT expired_at FROM expired_record") == {"expired_at": AT[6]}
