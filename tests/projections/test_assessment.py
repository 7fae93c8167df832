"""Given assessments and attempts at them, these rows."""

from __future__ import annotations

from domain.assessment import Assessment, Choice, QuestionKind
from domain.attempt import Attempt
from domain.grading import Answer
from tests.projections.story import AT, Story, a_uuid

EXAM, COURSE, LEARNER, ENROLLMENT, ATTEMPT, AUTHOR = (a_uuid(number) for number in range(1, 7))
QUESTIONS = [a_uuid(10), a_uuid(20)]


def an_assessment() -> Assessment:
    assessment = Assessment.create(
        id=EXAM,
        course_id=COURSE,
        title="Final exam",
        pass_mark=60,
        attempts_allowed=3,
        created_by=AUTHOR,
        at=AT[0],
    )
    for question, points in zip(QUESTIONS, (3, 1), strict=True):
        assessment.add_question(
            question_id=question,
            kind=QuestionKind.SINGLE,
            prompt=f"Question {question.int}?",
            points=points,
            choices=[
                Choice(id=a_uuid(question.int + 1), text="Yes", correct=True),
                Choice(id=a_uuid(question.int + 2), text="No", correct=False),
            ],
            at=AT[1],
        )
    return assessment


def test_an_assessment_has_questions_and_a_key_of_its_own(story: Story) -> None:
    assessment = an_assessment()
    assessment.publish(at=AT[2])
    story.given(assessment)

    assert story.row("SELECT * FROM assessment") == {
        "id": EXAM,
        "course_id": COURSE,
        "title": "Final exam",
        "pass_mark": 60,
        "attempts_allowed": 3,
        "created_by": AUTHOR,
        "status": "published",
        "assessment_version": 1,
        "question_count": 2,
        "max_points": 4,
        "languages": [],
        "created_at": AT[0],
        "published_at": AT[2],
        "updated_at": AT[2],
        "version": 4,
    }
    assert story.rows("SELECT * FROM assessment_question ORDER BY ordinal") == [
        {
            "id": question,
            "assessment_id": EXAM,
            "ordinal": ordinal,
            "kind": "single",
            "prompt": f"Question {question.int}?",
            "points": points,
        }
        for ordinal, question, points in ((1, QUESTIONS[0], 3), (2, QUESTIONS[1], 1))
    ]
    assert story.rows(
        "SELECT id, ordinal, text, correct FROM assessment_choice WHERE question_id = %s"
        " ORDER BY ordinal",
        QUESTIONS[1],
    ) == [
        {"id": a_uuid(21), "ordinal": 1, "text": "Yes", "correct": True},
        {"id": a_uuid(22), "ordinal": 2, "text": "No", "correct": False},
    ]


def an_attempt() -> Attempt:
    return Attempt.start(
        id=ATTEMPT,
        assessment_id=EXAM,
        assessment_version=1,
        course_id=COURSE,
        enrollment_id=ENROLLMENT,
        learner_id=LEARNER,
        number=2,
        at=AT[3],
    )


def test_an_attempt_begins_without_a_grade(story: Story) -> None:
    story.given(an_attempt())

    assert story.row("SELECT * FROM attempt") == {
        "id": ATTEMPT,
        "assessment_id": EXAM,
        "assessment_version": 1,
        "course_id": COURSE,
        "enrollment_id": ENROLLMENT,
        "learner_id": LEARNER,
        "number": 2,
        "status": "started",
        "score": None,
        "points": None,
        "max_points": None,
        "passed": None,
        "graded_by": None,
        "grade_reason": None,
        "started_at": AT[3],
        "submitted_at": None,
        "graded_at": None,
        "updated_at": AT[3],
        "version": 1,
    }


def test_a_submitted_attempt_is_graded_answer_by_answer(story: Story) -> None:
    attempt = an_attempt()
    attempt.submit(
        answers=[Answer(question_id=QUESTIONS[0], choices=[a_uuid(11)])],
        questions=an_assessment().questions,
        pass_mark=60,
        at=AT[4],
    )
    story.given(attempt)

    assert story.row(
        "SELECT status, score, points, max_points, passed, graded_by, submitted_at, version"
        " FROM attempt"
    ) == {
        "status": "graded",
        "score": 75.0,
        "points": 3,
        "max_points": 4,
        "passed": True,
        "graded_by": "auto",
        "submitted_at": AT[4],
        "version": 3,
    }
    assert story.rows(
        "SELECT question_id, choices, correct, points FROM attempt_answer ORDER BY question_id"
    ) == [
        {"question_id": QUESTIONS[0], "choices": [a_uuid(11)], "correct": True, "points": 3},
        {"question_id": QUESTIONS[1], "choices": [], "correct": False, "points": 0},
    ]
