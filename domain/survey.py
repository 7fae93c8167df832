"""A survey: questions without a key, written as a draft, published, then closed."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from domain import text
from domain.aggregate import Aggregate, event
from domain.errors import Conflict, Invalid
from domain.translation import (
    GivenTexts,
    Limits,
    TranslatedText,
    Translations,
    choices_of_questions,
    existing,
    limits_of_questions,
    must_differ,
    new_texts,
    put,
)


class SurveyQuestionKind(StrEnum):
    """`rating` is answered from 1 to 5, `nps` from 0 to 10."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    RATING = "rating"
    NPS = "nps"
    TEXT = "text"


class SurveyStatus(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    CLOSED = "closed"


class SurveyChoice(msgspec.Struct, frozen=True):
    id: UUID
    text: str


class SurveyQuestion(msgspec.Struct, frozen=True):
    id: UUID
    kind: SurveyQuestionKind
    prompt: str
    required: bool
    choices: list[SurveyChoice]


class SurveyPublished(Conflict):
    code = "survey-published"


class SurveyNotPublished(Conflict):
    code = "survey-not-published"


class SurveyClosed(Conflict):
    code = "survey-closed"


class SurveyIsEmpty(Conflict):
    code = "survey-is-empty"


class SurveyIsFull(Conflict):
    code = "survey-is-full"


WITH_CHOICES = (SurveyQuestionKind.SINGLE, SurveyQuestionKind.MULTIPLE)
MAX_QUESTIONS = 200
MAX_CHOICES = 50
TITLE, PROMPT, CHOICE = 300, 5_000, 2_000
"""Characters that a text may have."""


class Survey(Aggregate):
    """`course_id` is `None` for a survey about no course in particular."""

    STREAM_TYPE = "survey"

    title: str
    course_id: UUID | None
    anonymous: bool
    status: SurveyStatus
    questions: list[SurveyQuestion]
    translations: Translations

    class Created(Aggregate.Created):
        TOPIC = "survey.created"
        title: str
        course_id: UUID | None
        anonymous: bool
        created_by: UUID | None

    class QuestionAdded(Aggregate.Event):
        TOPIC = "survey.question_added"
        question: SurveyQuestion

    class Published(Aggregate.Event):
        TOPIC = "survey.published"

    class Closed(Aggregate.Event):
        TOPIC = "survey.closed"

    class Translated(Aggregate.Event):
        """What has changed; a part is the survey itself, a question or a choice."""

        TOPIC = "survey.translated"
        language: str
        texts: list[TranslatedText]

    class TranslationRemoved(Aggregate.Event):
        TOPIC = "survey.translation_removed"
        language: str

    def __init__(self, title: str, course_id: UUID | None, anonymous: bool) -> None:
        self.title = title
        self.course_id = course_id
        self.anonymous = anonymous
        self.status = SurveyStatus.DRAFT
        self.questions = []
        self.translations = {}

    @classmethod
    def create(
        cls,
        *,
        id: UUID,
        title: str,
        course_id: UUID | None,
        anonymous: bool,
        created_by: UUID | None,
        at: datetime,
    ) -> "Survey":
        return cls._create(
            cls.Created,
            id=id,
            timestamp=at,
            title=text.required(title, "title", TITLE),
            course_id=course_id,
            anonymous=anonymous,
            created_by=created_by,
        )

    def add_question(
        self,
        *,
        question_id: UUID,
        kind: SurveyQuestionKind,
        prompt: str,
        required: bool,
        choices: Sequence[SurveyChoice],
        at: datetime,
        prefix: str = "",
    ) -> None:
        """Adds a question; single and multiple have at least two choices, the others none.

        `prefix` stands before the field names in errors, such as `questions[3].`, for callers that
        add many at once.
        """
        self._must_be_draft()
        if len(self.questions) >= MAX_QUESTIONS:
            raise SurveyIsFull(f"A survey holds at most {MAX_QUESTIONS} questions.")
        question = SurveyQuestion(
            id=question_id,
            kind=kind,
            prompt=text.required(prompt, f"{prefix}prompt", PROMPT),
            required=required,
            choices=_choices(kind, choices, f"{prefix}choices"),
        )
        self.trigger_event(self.QuestionAdded, timestamp=at, question=question)

    def publish(self, *, at: datetime) -> None:
        self._must_be_draft()
        if not self.questions:
            raise SurveyIsEmpty("A survey needs at least one question to be published.")
        self.trigger_event(self.Published, timestamp=at)

    def close(self, *, at: datetime) -> None:
        """Ends the survey: no more answers are taken."""
        self.must_be_open()
        self.trigger_event(self.Closed, timestamp=at)

    def translate(
        self, *, language: str, original: str, given: Iterable[GivenTexts], at: datetime
    ) -> None:
        """Says texts of the survey, its questions and choices in another language, from now on.

        `original` is the language that they are written in. Parts are known by `"survey"`,
        `("questions", id)` and, for a choice, `(id of the question, id)`.
        """
        self._must_not_be_closed()
        tag, texts = new_texts(
            self.translations, language, given, self._limits(), original=original
        )
        must_differ(self.translations, tag, texts, choices_of_questions(self.questions))
        if texts:
            self.trigger_event(self.Translated, timestamp=at, language=tag, texts=texts)

    def remove_translation(self, *, language: str, at: datetime) -> None:
        self._must_not_be_closed()
        tag = existing(self.translations, language)
        self.trigger_event(self.TranslationRemoved, timestamp=at, language=tag)

    def must_be_open(self) -> None:
        """Raises unless the survey takes answers."""
        if self.status is SurveyStatus.DRAFT:
            raise SurveyNotPublished("This survey isn't published yet.")
        self._must_not_be_closed()

    def _must_not_be_closed(self) -> None:
        if self.status is SurveyStatus.CLOSED:
            raise SurveyClosed("This survey is closed.")

    def _limits(self) -> Limits:
        return {
            "survey": {"title": TITLE},
            **limits_of_questions(self.questions, prompt=PROMPT, choice=CHOICE),
        }

    def _must_be_draft(self) -> None:
        if self.status is not SurveyStatus.DRAFT:
            raise SurveyPublished("This survey has been published and can't be changed.")

    @event(QuestionAdded)
    def _question_added(self, question: SurveyQuestion) -> None:
        self.questions.append(question)

    @event(Published)
    def _published(self) -> None:
        self.status = SurveyStatus.PUBLISHED

    @event(Closed)
    def _closed(self) -> None:
        self.status = SurveyStatus.CLOSED

    @event(Translated)
    def _translated(self, language: str, texts: list[TranslatedText]) -> None:
        put(self.translations, language, texts)

    @event(TranslationRemoved)
    def _translation_removed(self, language: str) -> None:
        del self.translations[language]


def _choices(
    kind: SurveyQuestionKind, choices: Sequence[SurveyChoice], field: str
) -> list[SurveyChoice]:
    checked = [
        SurveyChoice(
            id=choice.id, text=text.required(choice.text, f"{field}[{index}].text", CHOICE)
        )
        for index, choice in enumerate(choices)
    ]
    if kind not in WITH_CHOICES:
        if checked:
            raise Invalid(f"A {kind} question has no choices.", field=field)
    elif not 2 <= len(checked) <= MAX_CHOICES:
        raise Invalid(f"A {kind} question has from 2 to {MAX_CHOICES} choices.", field=field)
    if len({choice.text for choice in checked}) < len(checked):
        raise Invalid("No two choices of a question may read the same.", field=field)
    return checked
