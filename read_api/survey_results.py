"""The results of a survey: how often each answer was given, and what follows from that."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from read_api.condition import Where
from read_api.database import Database
from read_api.language import Texts

FEWEST_ANONYMOUS = 3
"""Fewer anonymous answer sheets than this could be guessed to be somebody's."""
MOST_TEXTS = 200
"""Texts shown for each question."""
PROMOTERS = range(9, 11)
DETRACTORS = range(7)

SURVEY = "SELECT id, title, anonymous, response_count FROM read_models.survey"
QUESTIONS = (
    "SELECT id, kind, prompt FROM read_models.survey_question WHERE survey_id = %s ORDER BY ordinal"
)
CHOICES = (
    "SELECT choice.id, choice.question_id, text, coalesce(times, 0) AS times"
    " FROM read_models.survey_choice AS choice LEFT JOIN read_models.survey_tally AS tally"
    " ON tally.survey_id = choice.survey_id AND tally.question_id = choice.question_id"
    " AND tally.answer = choice.id::text"
    " WHERE choice.survey_id = %s ORDER BY choice.question_id, ordinal"
)
RATINGS = (
    "SELECT question.id AS question_id, answer::integer AS rating, times"
    " FROM read_models.survey_question AS question JOIN read_models.survey_tally AS tally"
    " ON tally.survey_id = question.survey_id AND tally.question_id = question.id"
    " WHERE question.survey_id = %s AND kind IN ('rating', 'nps') ORDER BY 1, 2"
)
# By the sheets' ids, not by time: the order of texts must not tell who wrote them.
TEXTS = (
    "SELECT question_id, text FROM (SELECT question_id, text, row_number()"
    " OVER (PARTITION BY question_id ORDER BY response_id) AS number"
    " FROM read_models.survey_answer WHERE survey_id = %s AND text IS NOT NULL) AS numbered"
    " WHERE number <= %s ORDER BY question_id, number"
)


class ChoiceTally(msgspec.Struct, frozen=True):
    id: UUID
    text: str
    times: int


class RatingTally(msgspec.Struct, frozen=True):
    rating: int
    times: int


class QuestionResults(msgspec.Struct, frozen=True, kw_only=True):
    """What was answered to one question, in the form that its kind has.

    `nps` is the percentage of 9 and 10 less that of 0 to 6: from -100 to 100.
    """

    question_id: UUID
    kind: str
    prompt: str
    choices: Sequence[ChoiceTally] = ()
    ratings: Sequence[RatingTally] = ()
    mean: float | None = None
    nps: float | None = None
    texts: Sequence[str] = ()


class SurveyResults(msgspec.Struct, frozen=True, kw_only=True):
    """`withheld`: too few have answered an anonymous survey for its results to be shown."""

    survey_id: UUID
    title: str
    anonymous: bool
    responses: int
    withheld: bool
    questions: Sequence[QuestionResults]


class _Survey(msgspec.Struct, frozen=True):
    id: UUID
    title: str
    anonymous: bool
    response_count: int


class _Question(msgspec.Struct, frozen=True):
    id: UUID
    kind: str
    prompt: str


class _Choice(ChoiceTally, frozen=True, kw_only=True):
    question_id: UUID


class _Rating(RatingTally, frozen=True, kw_only=True):
    question_id: UUID


class _Text(msgspec.Struct, frozen=True):
    question_id: UUID
    text: str


async def results_of(database: Database, where: Where, survey_id: UUID) -> SurveyResults | None:
    """The results of the survey that `where` finds; None when it finds none."""
    survey = await database.first(_Survey, f"{SURVEY}{where}", where.params)
    if survey is None:
        return None
    withheld = survey.anonymous and survey.response_count < FEWEST_ANONYMOUS
    return SurveyResults(
        survey_id=survey.id,
        title=survey.title,
        anonymous=survey.anonymous,
        responses=survey.response_count,
        withheld=withheld,
        questions=[] if withheld else await _questions(database, survey_id),
    )


def in_words_of(results: SurveyResults, texts: Texts) -> SurveyResults:
    """The same numbers, with questions and choices as these texts say them."""
    questions = [
        replace(
            each,
            prompt=texts.of(each.question_id, "prompt", each.prompt),
            choices=[replace(c, text=texts.of(c.id, "text", c.text)) for c in each.choices],
        )
        for each in results.questions
    ]
    title = texts.of(results.survey_id, "title", results.title)
    return replace(results, title=title, questions=questions)


async def _questions(database: Database, survey_id: UUID) -> list[QuestionResults]:
    questions = await database.all(_Question, QUESTIONS, (survey_id,))
    choices = _by_question(await database.all(_Choice, CHOICES, (survey_id,)))
    ratings = _by_question(await database.all(_Rating, RATINGS, (survey_id,)))
    texts = _by_question(await database.all(_Text, TEXTS, (survey_id, MOST_TEXTS)))
    return [
        QuestionResults(
            question_id=question.id,
            kind=question.kind,
            prompt=question.prompt,
            choices=[ChoiceTally(c.id, c.text, c.times) for c in choices.get(question.id, ())],
            ratings=[RatingTally(r.rating, r.times) for r in ratings.get(question.id, ())],
            mean=mean(ratings.get(question.id, ())),
            nps=net_promoters(ratings.get(question.id, ())) if question.kind == "nps" else None,
            texts=[row.text for row in texts.get(question.id, ())],
        )
        for question in questions
    ]


def _by_question(rows: Sequence[Any]) -> Mapping[UUID, list[Any]]:
    grouped: dict[UUID, list[Any]] = {}
    for row in rows:
        grouped.setdefault(row.question_id, []).append(row)
    return grouped


def mean(tallies: Sequence[RatingTally]) -> float | None:
    """The mean rating, to two decimals; None when nobody has rated."""
    times = sum(tally.times for tally in tallies)
    return round(sum(t.rating * t.times for t in tallies) / times, 2) if times else None


def net_promoters(tallies: Sequence[RatingTally]) -> float | None:
    """The net promoter score, to one decimal; None when nobody has rated."""
    times = sum(tally.times for tally in tallies)
    promoters = sum(tally.times for tally in tallies if tally.rating in PROMOTERS)
    detractors = sum(tally.times for tally in tallies if tally.rating in DETRACTORS)
    return round(100 * (promoters - detractors) / times, 1) if times else None
