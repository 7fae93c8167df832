"""Queries on assessments."""

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
from read_api.condition import Condition, Where, any_of
from read_api.language import ORIGINAL, Reader, Texts, Translated, headers_of, variant_of
from read_api.listing import Listing

COLUMNS = (
    f"id, course_id, title, languages, {ORIGINAL} AS shown_in, pass_mark, attempts_allowed,"
    " created_by, status, assessment_version, question_count, max_points, created_at,"
    " published_at, version"
)
FROM = " FROM read_models.assessment"
QUESTIONS = (
    "SELECT id, kind, prompt, points FROM read_models.assessment_question"
    " WHERE assessment_id = %s ORDER BY ordinal"
)
CHOICES = (
    "SELECT id, question_id, text, correct FROM read_models.assessment_choice"
    " WHERE assessment_id = %s ORDER BY question_id, ordinal"
)


class Assessment(Translated, frozen=True, kw_only=True):
    """`pass_mark` is in percent; without `attempts_allowed` there is no limit."""

    course_id: UUID
    pass_mark: int
    attempts_allowed: int | None
    created_by: UUID | None
    status: str
    assessment_version: int
    question_count: int
    max_points: int
    created_at: datetime
    published_at: datetime | None
    version: int


class Choice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`correct` is told only to those who may see answer keys."""

    id: UUID
    text: str
    correct: bool | msgspec.UnsetType = msgspec.UNSET


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """`kind` is single, multiple or true_false."""

    id: UUID
    kind: str
    prompt: str
    points: int
    choices: Sequence[Choice]


class AssessmentDetails(Assessment, frozen=True, kw_only=True):
    questions: Sequence[Question]


class _Row(Assessment, frozen=True, kw_only=True):
    with_key: bool


class _QuestionRow(msgspec.Struct, frozen=True):
    id: UUID
    kind: str
    prompt: str
    points: int


class _ChoiceRow(msgspec.Struct, frozen=True):
    id: UUID
    question_id: UUID
    text: str
    correct: bool


ASSESSMENTS = Listing(
    "assessments",
    Assessment,
    f"SELECT {COLUMNS}{FROM}",
    order=("created_at", "id"),
    key=lambda assessment: (assessment.created_at, assessment.id),
)


class AssessmentController(Controller):
    path = "/assessments"
    tags = ["Assessments"]
    opt = {READS: ("assessment", "course", "learner")}

    @get("/", operation_id="ListAssessments")
    async def many(
        self,
        asking: NamedDependency[Asking],
        reader: NamedDependency[Reader],
        course_id: FromQuery[UUID | None] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
    ) -> Response[Page[Assessment]]:
        """List assessments, the newest first. Drafts are shown to those who may see their key."""
        where = Where(_visible(asking)).given("course_id = %s", course_id)
        page = await ASSESSMENTS.page(asking.database, where, limit, cursor)
        items = await reader.whole("assessment", page.items, "title")
        return Response(Page(items, page.next_cursor), headers=headers_of(items))

    @get("/{assessment_id:uuid}", operation_id="GetAssessment")
    async def one(
        self,
        assessment_id: FromPath[UUID],
        asking: NamedDependency[Asking],
        reader: NamedDependency[Reader],
        if_none_match: IfNoneMatch = None,
    ) -> Response[AssessmentDetails]:
        """Get an assessment with its questions; with the key for those who may see it.

        It is answered in the language that suits the reader; ids are the same in all of them.
        """
        key = asking.reach_for("SeeAnswerKeys").rows(course="course_id")
        where = Where(_visible(asking)).given("id = %s", assessment_id)
        database = asking.database
        sql = f"SELECT {COLUMNS}, {key.sql} AS with_key{FROM}{where}"
        row = found(await database.first(_Row, sql, (*key.params, *where.params)), "assessment")
        questions = await database.all(_QuestionRow, QUESTIONS, (assessment_id,))
        choices = await database.all(_ChoiceRow, CHOICES, (assessment_id,))
        row, texts = await reader.in_full("assessment", row, "title")
        details = AssessmentDetails(
            **{name: getattr(row, name) for name in Assessment.__struct_fields__},
            questions=_questions(questions, choices, texts, with_key=row.with_key),
        )
        return conditional(
            details,
            row.version,
            if_none_match,
            variant=variant_of(row),
            headers=headers_of([row]),
        )


def _visible(asking: Asking) -> Condition:
    """Drafts are there for those who may see their key, published ones for everyone."""
    keys = asking.reach_for("SeeAnswerKeys").rows(course="course_id")
    return any_of([Condition("status <> 'draft'"), keys])


def _questions(
    questions: Iterable[_QuestionRow],
    choices: Iterable[_ChoiceRow],
    texts: Texts,
    *,
    with_key: bool,
) -> list[Question]:
    by_question: dict[UUID, list[Choice]] = {}
    for choice in choices:
        correct = choice.correct if with_key else msgspec.UNSET
        text = texts.of(choice.id, "text", choice.text)
        shown = Choice(id=choice.id, text=text, correct=correct)
        by_question.setdefault(choice.question_id, []).append(shown)
    return [
        Question(
            id=question.id,
            kind=question.kind,
            prompt=texts.of(question.id, "prompt", question.prompt),
            points=question.points,
            choices=by_question.get(question.id, ()),
        )
        for question in questions
    ]
