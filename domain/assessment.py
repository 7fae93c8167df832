"""An assessment: questions with an answer key, written as a draft, then published and frozen."""

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


class QuestionKind(StrEnum):
    SINGLE = "single"
    MULTIPLE = "multiple"
    TRUE_FALSE = "true_false"


class Choice(msgspec.Struct, frozen=True):
    id: UUID
    text: str
    correct: bool


class Question(msgspec.Struct, frozen=True):
    id: UUID
    kind: QuestionKind
    prompt: str
    points: int
    choices: list[Choice]


class AssessmentPublished(Conflict):
    code = "assessment-published"


class AssessmentNotPublished(Conflict):
    code = "assessment-not-published"


class AssessmentIsEmpty(Conflict):
    code = "assessment-is-empty"


class AssessmentIsFull(Conflict):
    code = "assessment-is-full"


MAX_QUESTIONS = 500
MAX_CHOICES = 50
MAX_POINTS = 1_000
MAX_ATTEMPTS = 1_000
TRUE_FALSE_CHOICES = 2
TITLE, PROMPT, CHOICE = 300, 5_000, 2_000
"""Characters that a text may have."""


class Assessment(Aggregate):
    """Questions are added in draft only; the version that learners take never changes.

    A translation may come later: it says the same, and answers name choices by their ids.
    """

    STREAM_TYPE = "assessment"

    course_id: UUID
    title: str
    pass_mark: int
    attempts_allowed: int | None
    questions: list[Question]
    assessment_version: int
    translations: Translations

    class Created(Aggregate.Created):
        """`pass_mark` is a percent of all points; no `attempts_allowed` means no limit."""

        TOPIC = "assessment.created"
        course_id: UUID
        title: str
        pass_mark: int
        attempts_allowed: int | None
        created_by: UUID | None

    class QuestionAdded(Aggregate.Event):
        TOPIC = "assessment.question_added"
        question: Question

    class Published(Aggregate.Event):
        TOPIC = "assessment.published"
        course_id: UUID
        assessment_version: int

    class Translated(Aggregate.Event):
        """What has changed; a part is the assessment itself, a question or a choice."""

        TOPIC = "assessment.translated"
        language: str
        texts: list[TranslatedText]

    class TranslationRemoved(Aggregate.Event):
        TOPIC = "assessment.translation_removed"
        language: str

    def __init__(
        self, course_id: UUID, title: str, pass_mark: int, attempts_allowed: int | None
    ) -> None:
        self.course_id = course_id
        self.title = title
        self.pass_mark = pass_mark
        self.attempts_allowed = attempts_allowed
        self.questions = []
        self.assessment_version = 0
        self.translations = {}

    @classmethod
    def create(
        cls,
        *,
        id: UUID,
        course_id: UUID,
        title: str,
        pass_mark: int,
        attempts_allowed: int | None,
        created_by: UUID | None,
        at: datetime,
    ) -> "Assessment":
        if not 0 <= pass_mark <= 100:
            raise Invalid("pass_mark must be from 0 to 100.", field="pass_mark")
        if attempts_allowed is not None and not 1 <= attempts_allowed <= MAX_ATTEMPTS:
            raise Invalid(
                f"attempts_allowed must be from 1 to {MAX_ATTEMPTS}, or absent for no limit.",
                field="attempts_allowed",
            )
        return cls._create(
            cls.Created,
            id=id,
            timestamp=at,
            course_id=course_id,
            title=text.required(title, "title", TITLE),
            pass_mark=pass_mark,
            attempts_allowed=attempts_allowed,
            created_by=created_by,
        )

    def add_question(
        self,
        *,
        question_id: UUID,
        kind: QuestionKind,
        prompt: str,
        points: int,
        choices: Sequence[Choice],
        at: datetime,
    ) -> None:
        """Adds a question with its key: one correct choice for single and true_false (which has
        exactly two choices), at least one for multiple."""
        self._must_be_draft()
        if len(self.questions) >= MAX_QUESTIONS:
            raise AssessmentIsFull(f"An assessment holds at most {MAX_QUESTIONS} questions.")
        if not 1 <= points <= MAX_POINTS:
            raise Invalid(f"points must be from 1 to {MAX_POINTS}.", field="points")
        question = Question(
            id=question_id,
            kind=kind,
            prompt=text.required(prompt, "prompt", PROMPT),
            points=points,
            choices=_choices(kind, choices),
        )
        self.trigger_event(self.QuestionAdded, timestamp=at, question=question)

    def publish(self, *, at: datetime) -> None:
        self._must_be_draft()
        if not self.questions:
            raise AssessmentIsEmpty("An assessment needs at least one question to be published.")
        self.trigger_event(
            self.Published, timestamp=at, course_id=self.course_id, assessment_version=1
        )

    def translate(
        self, *, language: str, original: str, given: Iterable[GivenTexts], at: datetime
    ) -> None:
        """Says texts of the assessment, its questions and choices in another language, from now on.

        `original` is the language that they are written in. Parts are known by `"assessment"`,
        `("questions", id)` and, for a choice, `(id of the question, id)`.
        """
        tag, texts = new_texts(
            self.translations, language, given, self._limits(), original=original
        )
        must_differ(self.translations, tag, texts, choices_of_questions(self.questions))
        if texts:
            self.trigger_event(self.Translated, timestamp=at, language=tag, texts=texts)

    def remove_translation(self, *, language: str, at: datetime) -> None:
        tag = existing(self.translations, language)
        self.trigger_event(self.TranslationRemoved, timestamp=at, language=tag)

    def must_be_published(self) -> None:
        """Raises `AssessmentNotPublished` unless learners can attempt it."""
        if not self.published:
            raise AssessmentNotPublished("This assessment isn't published yet.")

    @property
    def published(self) -> bool:
        return self.assessment_version > 0

    def _limits(self) -> Limits:
        return {
            "assessment": {"title": TITLE},
            **limits_of_questions(self.questions, prompt=PROMPT, choice=CHOICE),
        }

    def _must_be_draft(self) -> None:
        if self.published:
            raise AssessmentPublished("This assessment is published and can't be changed.")

    @event(QuestionAdded)
    def _question_added(self, question: Question) -> None:
        self.questions.append(question)

    @event(Published)
    def _published(self, assessment_version: int) -> None:
        self.assessment_version = assessment_version

    @event(Translated)
    def _translated(self, language: str, texts: list[TranslatedText]) -> None:
        put(self.translations, language, texts)

    @event(TranslationRemoved)
    def _translation_removed(self, language: str) -> None:
        del self.translations[language]


def _choices(kind: QuestionKind, choices: Sequence[Choice]) -> list[Choice]:
    checked = [
        Choice(
            id=choice.id,
            text=text.required(choice.text, f"choices[{index}].text", CHOICE),
            correct=choice.correct,
        )
        for index, choice in enumerate(choices)
    ]
    if not 2 <= len(checked) <= MAX_CHOICES:
        raise Invalid(f"A question has from 2 to {MAX_CHOICES} choices.", field="choices")
    if len({choice.text for choice in checked}) < len(checked):
        raise Invalid("No two choices of a question may read the same.", field="choices")
    if kind is QuestionKind.TRUE_FALSE and len(checked) != TRUE_FALSE_CHOICES:
        raise Invalid("A true_false question has exactly two choices.", field="choices")
    _must_have_key(kind, sum(choice.correct for choice in checked))
    return checked


def _must_have_key(kind: QuestionKind, correct: int) -> None:
    if kind is QuestionKind.MULTIPLE and not correct:
        raise Invalid("At least one choice must be correct.", field="choices")
    if kind is not QuestionKind.MULTIPLE and correct != 1:
        raise Invalid(f"A {kind} question has exactly one correct choice.", field="choices")
