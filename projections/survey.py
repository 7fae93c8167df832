"""Read model: surveys, who was invited and has answered, the answers, and the results."""

from collections.abc import Iterable
from datetime import datetime

from domain.learner import Learner
from domain.retention import ExpiredRecord, RecordKind
from domain.survey import Survey
from domain.survey_answers import SurveyAnswer
from domain.survey_invitation import SurveyInvitation
from domain.survey_response import SurveyReceipt, SurveyResponse
from event_store.record import Record
from projections.projection import Projection, Statement, on


class SurveyProjection(Projection):
    """Tables `survey`, `survey_question`, `survey_choice`, `survey_invitation`,
    `survey_participant`, `survey_response`, `survey_answer`, `survey_tally`.

    Results come from `survey_tally`; texts from `survey_answer`. Of an anonymous sheet only the
    day is kept, so that nothing in these tables leads to its author.
    """

    name = "survey"
    version = 3

    @on(Survey.Created)
    def created(self, event: Survey.Created, record: Record) -> Iterable[Statement]:
        yield Statement(
            "INSERT INTO survey"
            " (id, title, course_id, anonymous, created_by, created_at, updated_at, version)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            (
                record.stream_id,
                event.title,
                event.course_id,
                event.anonymous,
                event.created_by,
                event.timestamp,
                event.timestamp,
                record.version,
            ),
        )

    @on(Survey.QuestionAdded)
    def question_added(self, event: Survey.QuestionAdded, record: Record) -> Iterable[Statement]:
        question, survey_id = event.question, record.stream_id
        yield Statement(
            "UPDATE survey SET question_count = question_count + 1, updated_at = %s, version = %s"
            " WHERE id = %s",
            (event.timestamp, record.version, survey_id),
        )
        yield Statement(
            "INSERT INTO survey_question (id, survey_id, ordinal, kind, prompt, required)"
            " SELECT %s, %s, question_count, %s, %s, %s FROM survey WHERE id = %s",
            (
                question.id,
                survey_id,
                question.kind,
                question.prompt,
                question.required,
                survey_id,
            ),
        )
        for ordinal, choice in enumerate(question.choices, 1):
            yield Statement(
                "INSERT INTO survey_choice (id, survey_id, question_id, ordinal, text)"
                " VALUES (%s, %s, %s, %s, %s)",
                (choice.id, survey_id, question.id, ordinal, choice.text),
            )

    @on(Survey.Published)
    def published(self, event: Survey.Published, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE survey SET status = 'published', published_at = %s, updated_at = %s,"
            " version = %s WHERE id = %s",
            (event.timestamp, event.timestamp, record.version, record.stream_id),
        )

    @on(Survey.Closed)
    def closed(self, event: Survey.Closed, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE survey SET status = 'closed', closed_at = %s, updated_at = %s,"
            " version = %s WHERE id = %s",
            (event.timestamp, event.timestamp, record.version, record.stream_id),
        )

    @on(SurveyInvitation.Sent)
    def invited(self, event: SurveyInvitation.Sent, record: Record) -> Iterable[Statement]:
        yield Statement(
            "INSERT INTO survey_invitation"
            " (id, survey_id, learner_id, enrollment_id, sent_at, version)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            (
                record.stream_id,
                event.survey_id,
                event.learner_id,
                event.enrollment_id,
                event.timestamp,
                record.version,
            ),
        )

    @on(SurveyReceipt.Given)
    def answered_anonymously(self, event: SurveyReceipt.Given, _: Record) -> Iterable[Statement]:
        yield Statement(
            "INSERT INTO survey_participant (survey_id, learner_id) VALUES (%s, %s)",
            (event.survey_id, event.learner_id),
        )

    @on(SurveyResponse.Submitted)
    def answered(self, event: SurveyResponse.Submitted, record: Record) -> Iterable[Statement]:
        if event.learner_id is not None:
            yield Statement(
                "INSERT INTO survey_participant (survey_id, learner_id) VALUES (%s, %s)",
                (event.survey_id, event.learner_id),
            )
        yield Statement(
            "INSERT INTO survey_response"
            " (id, survey_id, course_id, learner_id, submitted_at, version)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            (
                record.stream_id,
                event.survey_id,
                event.course_id,
                event.learner_id,
                event.timestamp if event.learner_id else _day(event.timestamp),
                record.version,
            ),
        )
        yield Statement(
            "UPDATE survey SET response_count = response_count + 1 WHERE id = %s",
            (event.survey_id,),
        )
        texts = event.texts or {}
        for answer in event.answers:
            yield from _answer(event, record, answer, texts.get(str(answer.question_id)))

    @on(Learner.Erased)
    def erased(self, _: Learner.Erased, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE survey_answer SET text = NULL FROM survey_response response"
            " WHERE response.id = response_id AND response.learner_id = %s",
            (record.stream_id,),
        )

    @on(ExpiredRecord.Expired)
    def expired(self, event: ExpiredRecord.Expired, _: Record) -> Iterable[Statement]:
        """It goes from the views; what was counted stays counted."""
        if event.kind is RecordKind.SURVEY_RESPONSE:
            yield Statement(
                "UPDATE survey_answer SET text = NULL WHERE response_id = %s", (event.record_id,)
            )
            yield Statement(
                "UPDATE survey_response SET learner_id = NULL WHERE id = %s", (event.record_id,)
            )


def _answer(
    event: SurveyResponse.Submitted, record: Record, answer: SurveyAnswer, signed_text: str | None
) -> Iterable[Statement]:
    yield Statement(
        "INSERT INTO survey_answer (response_id, question_id, survey_id, choices, rating, text)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (
            record.stream_id,
            answer.question_id,
            event.survey_id,
            answer.choices,
            answer.rating,
            answer.text if signed_text is None else signed_text,
        ),
    )
    given = [str(choice) for choice in answer.choices]
    if answer.rating is not None:
        given.append(str(answer.rating))
    for one in given:
        yield Statement(
            "INSERT INTO survey_tally AS tally (survey_id, question_id, answer, times)"
            " VALUES (%s, %s, %s, 1) ON CONFLICT (survey_id, question_id, answer) DO UPDATE"
            " SET times = tally.times + 1",
            (event.survey_id, answer.question_id, one),
        )


def _day(instant: datetime) -> datetime:
    return instant.replace(hour=0, minute=0, second=0, microsecond=0)
