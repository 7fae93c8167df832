"""Read model: assessments with their questions, choices and answer key."""

from collections.abc import Iterable

from domain.assessment import Assessment
from event_store.record import Record
from projections.projection import Projection, Statement, on
from projections.translation import translated, translation_removed


class AssessmentProjection(Projection):
    """Tables `assessment`, `assessment_question`, `assessment_choice`,
    `assessment_translation`.

    `assessment_choice.correct` is the answer key: queries for learners leave it out.
    """

    name = "assessment"
    version = 2

    @on(Assessment.Created)
    def created(self, event: Assessment.Created, record: Record) -> Iterable[Statement]:
        yield Statement(
            "INSERT INTO assessment (id, course_id, title, pass_mark, attempts_allowed,"
            " created_by, created_at, updated_at, version)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                record.stream_id,
                event.course_id,
                event.title,
                event.pass_mark,
                event.attempts_allowed,
                event.created_by,
                event.timestamp,
                event.timestamp,
                record.version,
            ),
        )

    @on(Assessment.QuestionAdded)
    def question_added(
        self, event: Assessment.QuestionAdded, record: Record
    ) -> Iterable[Statement]:
        question, assessment_id = event.question, record.stream_id
        yield Statement(
            "UPDATE assessment SET question_count = question_count + 1,"
            " max_points = max_points + %s, updated_at = %s, version = %s WHERE id = %s",
            (question.points, event.timestamp, record.version, assessment_id),
        )
        yield Statement(
            "INSERT INTO assessment_question (id, assessment_id, ordinal, kind, prompt, points)"
            " SELECT %s, %s, question_count, %s, %s, %s FROM assessment WHERE id = %s",
            (
                question.id,
                assessment_id,
                question.kind,
                question.prompt,
                question.points,
                assessment_id,
            ),
        )
        for ordinal, choice in enumerate(question.choices, 1):
            yield Statement(
                "INSERT INTO assessment_choice"
                " (id, assessment_id, question_id, ordinal, text, correct)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                (choice.id, assessment_id, question.id, ordinal, choice.text, choice.correct),
            )

    @on(Assessment.Published)
    def published(self, event: Assessment.Published, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE assessment SET status = 'published', assessment_version = %s,"
            " published_at = %s, updated_at = %s, version = %s WHERE id = %s",
            (
                event.assessment_version,
                event.timestamp,
                event.timestamp,
                record.version,
                record.stream_id,
            ),
        )

    @on(Assessment.Translated)
    def translated(self, event: Assessment.Translated, record: Record) -> Iterable[Statement]:
        yield from translated("assessment", event, record)

    @on(Assessment.TranslationRemoved)
    def translation_removed(
        self, event: Assessment.TranslationRemoved, record: Record
    ) -> Iterable[Statement]:
        yield from translation_removed("assessment", event, record)
