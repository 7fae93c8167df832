"""Queries on surveys."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from domain.survey import SurveyStatus
from edge.cursor import DEFAULT_LIMIT, CursorParameter, Limit, Page
from edge.etag import IfNoneMatch, conditional
from read_api.asking import READS, Asking, found
from read_api.condition import Condition, Where, any_of
from read_api.language import ORIGINAL, Only, Reader, Texts, Translated, headers_of, variant_of
from read_api.listing import Listing
from read_api.survey_results import SurveyResults, in_words_of, results_of

COLUMNS = (
    f"survey.id, title, languages, {ORIGINAL} AS shown_in, course_id, anonymous, created_by,"
    " status, question_count, created_at, published_at, closed_at, survey.version"
)
FROM = " FROM read_models.survey"
ANSWERED = (
    "EXISTS (SELECT FROM read_models.survey_participant"
    " WHERE survey_id = survey.id AND learner_id = %s) AS answered"
)
QUESTIONS = (
    "SELECT id, kind, prompt, required FROM read_models.survey_question"
    " WHERE survey_id = %s ORDER BY ordinal"
)
CHOICES = (
    "SELECT id, question_id, text FROM read_models.survey_choice"
    " WHERE survey_id = %s ORDER BY question_id, ordinal"
)
StatusFilter = Annotated[SurveyStatus | None, QueryParameter(name="status")]


class Survey(Translated, frozen=True, kw_only=True):
    """Without `course_id` it is about no course in particular."""

    course_id: UUID | None
    anonymous: bool
    created_by: UUID | None
    status: str
    question_count: int
    created_at: datetime
    published_at: datetime | None
    closed_at: datetime | None
    version: int


class ListedSurvey(Survey, frozen=True, kw_only=True):
    """`answered`: whether the one who asks has answered it."""

    answered: bool


class SurveyChoice(msgspec.Struct, frozen=True):
    id: UUID
    text: str


class SurveyQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """`kind` is single, multiple, rating (1 to 5), nps (0 to 10) or text."""

    id: UUID
    kind: str
    prompt: str
    required: bool
    choices: Sequence[SurveyChoice]


class SurveyDetails(Survey, frozen=True, kw_only=True):
    questions: Sequence[SurveyQuestion]


class _QuestionRow(msgspec.Struct, frozen=True):
    id: UUID
    kind: str
    prompt: str
    required: bool


class _ChoiceRow(msgspec.Struct, frozen=True):
    id: UUID
    question_id: UUID
    text: str


SURVEYS = Listing(
    "surveys",
    ListedSurvey,
    f"SELECT {COLUMNS}, {ANSWERED}{FROM}",
    order=("created_at", "id"),
    key=lambda survey: (survey.created_at, survey.id),
)


class SurveyController(Controller):
    path = "/surveys"
    tags = ["Surveys"]
    opt = {READS: ("survey", "course", "learner")}

    @get("/", operation_id="ListSurveys")
    async def many(
        self,
        asking: NamedDependency[Asking],
        reader: NamedDependency[Reader],
        course_id: FromQuery[UUID | None] = None,
        status: StatusFilter = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
    ) -> Response[Page[ListedSurvey]]:
        """List surveys, the newest first. Drafts are shown to those who will see the results."""
        where = Where(_visible(asking))
        where.given("course_id = %s", course_id)
        where.given("status = %s", status)
        page = await SURVEYS.page(asking.database, where, limit, cursor, select=(asking.me,))
        items = await reader.whole("survey", page.items, "title")
        return Response(Page(items, page.next_cursor), headers=headers_of(items))

    @get("/{survey_id:uuid}", operation_id="GetSurvey")
    async def one(
        self,
        survey_id: FromPath[UUID],
        asking: NamedDependency[Asking],
        reader: NamedDependency[Reader],
        if_none_match: IfNoneMatch = None,
    ) -> Response[SurveyDetails]:
        """Get a survey with its questions, in the language that suits the reader."""
        where = Where(_visible(asking)).given("id = %s", survey_id)
        database = asking.database
        sql = f"SELECT {COLUMNS}{FROM}{where}"
        row = found(await database.first(Survey, sql, where.params), "survey")
        questions = await database.all(_QuestionRow, QUESTIONS, (survey_id,))
        choices = await database.all(_ChoiceRow, CHOICES, (survey_id,))
        row, texts = await reader.in_full("survey", row, "title")
        details = SurveyDetails(
            **msgspec.structs.asdict(row), questions=_questions(questions, choices, texts)
        )
        return conditional(
            details,
            row.version,
            if_none_match,
            variant=variant_of(row),
            headers=headers_of([row]),
        )

    @get("/{survey_id:uuid}/results", operation_id="GetSurveyResults")
    async def results(
        self,
        survey_id: FromPath[UUID],
        asking: NamedDependency[Asking],
        reader: NamedDependency[Reader],
    ) -> Response[SurveyResults]:
        """Get how often each answer was given, means, net promoter scores and the texts.

        Those of an anonymous survey are withheld until three have answered. Questions and choices
        are told in the language that suits the reader, what people wrote as they wrote it.
        """
        where = asking.where(course="course_id").given("id = %s", survey_id)
        results = found(await results_of(asking.database, where, survey_id), "survey")
        texts, headers = await reader.beside("survey", [survey_id], Only.ALL)
        return Response(in_words_of(results, texts), headers=headers)


def _visible(asking: Asking) -> Condition:
    """Drafts are there for those who may see the results, all others for everyone."""
    results = asking.reach_for("GetSurveyResults").rows(course="course_id")
    return any_of([Condition("status <> 'draft'"), results])


def _questions(
    questions: Iterable[_QuestionRow], choices: Iterable[_ChoiceRow], texts: Texts
) -> list[SurveyQuestion]:
    by_question: dict[UUID, list[SurveyChoice]] = {}
    for choice in choices:
        text = texts.of(choice.id, "text", choice.text)
        by_question.setdefault(choice.question_id, []).append(SurveyChoice(choice.id, text))
    return [
        SurveyQuestion(
            id=question.id,
            kind=question.kind,
            prompt=texts.of(question.id, "prompt", question.prompt),
            required=question.required,
            choices=by_question.get(question.id, ()),
        )
        for question in questions
    ]
