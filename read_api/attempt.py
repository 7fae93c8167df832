"""Queries on attempts."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from edge.cursor import DEFAULT_LIMIT, CursorParameter, Limit, Page
from edge.etag import IfNoneMatch, conditional
from read_api.asking import READS, Asking, found
from read_api.language import Only, Reader, Texts
from read_api.listing import Listing

COLUMNS = (
    "id, assessment_id, assessment_version, course_id, enrollment_id, learner_id, number, status,"
    " score, points, max_points, passed, graded_by, grade_reason, started_at, submitted_at,"
    " graded_at, version"
)
SELECT = f"SELECT {COLUMNS} FROM read_models.attempt"
ANSWERS = (
    "SELECT question.id AS question_id, question.prompt, answer.choices, answer.correct,"
    " answer.points, question.points AS max_points"
    " FROM read_models.attempt_answer AS answer"
    " JOIN read_models.assessment_question AS question ON question.id = answer.question_id"
    " WHERE answer.attempt_id = %s ORDER BY question.ordinal"
)


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One try at an assessment. `status` is started, submitted or graded; `score` is in percent.

    `graded_by` is "auto" or the id of a person, who gave the `grade_reason`.
    """

    id: UUID
    assessment_id: UUID
    assessment_version: int
    course_id: UUID
    enrollment_id: UUID
    learner_id: UUID
    number: int
    status: str
    score: float | None
    points: int | None
    max_points: int | None
    passed: bool | None
    graded_by: str | None
    grade_reason: str | None
    started_at: datetime
    submitted_at: datetime | None
    graded_at: datetime | None
    version: int


class QuestionFeedback(msgspec.Struct, frozen=True, kw_only=True):
    """What was ticked at one question, and what it earned. The key isn't told."""

    question_id: UUID
    prompt: str
    choices: list[UUID]
    correct: bool | None
    points: int | None
    max_points: int


class AttemptDetails(Attempt, frozen=True, kw_only=True):
    """`feedback` is empty until the attempt is submitted."""

    feedback: Sequence[QuestionFeedback]


ATTEMPTS = Listing(
    "attempts",
    Attempt,
    SELECT,
    order=("started_at", "id"),
    key=lambda attempt: (attempt.started_at, attempt.id),
)


class AttemptController(Controller):
    path = "/attempts"
    tags = ["Assessments"]
    opt = {READS: ("attempt", "assessment", "course", "learner")}

    @get("/", operation_id="ListAttempts")
    async def many(
        self,
        asking: NamedDependency[Asking],
        assessment_id: FromQuery[UUID | None] = None,
        learner_id: FromQuery[UUID | None] = None,
        course_id: FromQuery[UUID | None] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
    ) -> Page[Attempt]:
        """List attempts, the newest first."""
        where = asking.where(learner="learner_id", course="course_id")
        where.given("assessment_id = %s", assessment_id)
        where.given("learner_id = %s", learner_id)
        where.given("course_id = %s", course_id)
        return await ATTEMPTS.page(asking.database, where, limit, cursor)

    @get("/{attempt_id:uuid}", operation_id="GetAttempt")
    async def one(
        self,
        attempt_id: FromPath[UUID],
        asking: NamedDependency[Asking],
        reader: NamedDependency[Reader],
        if_none_match: IfNoneMatch = None,
    ) -> Response[AttemptDetails]:
        """Get an attempt: its score and, once submitted, the feedback on each question.

        The questions are told in the language that suits the reader.
        """
        where = asking.where(learner="learner_id", course="course_id").given("id = %s", attempt_id)
        database = asking.database
        row = found(await database.first(Attempt, f"{SELECT}{where}", where.params), "attempt")
        feedback = await database.all(QuestionFeedback, ANSWERS, (attempt_id,))
        texts, headers = await reader.beside("assessment", [row.assessment_id], Only.PROMPTS)
        return conditional(
            AttemptDetails(**msgspec.structs.asdict(row), feedback=_told(feedback, texts)),
            row.version,
            if_none_match,
            variant=texts.variant,
            headers=headers,
        )


def _told(feedback: Iterable[QuestionFeedback], texts: Texts) -> list[QuestionFeedback]:
    return [
        msgspec.structs.replace(each, prompt=texts.of(each.question_id, "prompt", each.prompt))
        for each in feedback
    ]
