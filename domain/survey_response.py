"""One answer sheet for a survey, and the receipt that keeps anonymous ones to one per learner."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from domain.aggregate import Aggregate, Personal
from domain.errors import Conflict
from domain.identity import survey_receipt_id, survey_response_id
from domain.survey import SurveyQuestion
from domain.survey_answers import SurveyAnswer, fitting


class AlreadyAnswered(Conflict):
    """For whoever finds the learner's response or receipt already there."""

    code = "already-answered"


class SurveyResponse(Aggregate):
    """Signed sheets have an id that follows from survey and learner, so there is one of each.

    Anonymous sheets name no learner and have an id that nothing about the learner leads to. What
    their author writes can't be erased on request, since nobody can tell who that is.
    """

    STREAM_TYPE = "survey_response"
    EXPIRES = True

    survey_id: UUID
    learner_id: UUID | None

    class Submitted(Aggregate.Created):
        """Free text of a signed sheet is in `texts` (question id → text), sealed under the
        learner's key; that of an anonymous one is in the answers."""

        TOPIC = "survey_response.submitted"
        SUBJECT = "learner_id"
        survey_id: UUID
        course_id: UUID | None
        learner_id: UUID | None
        answers: list[SurveyAnswer]
        texts: Annotated[dict[str, str] | None, Personal]

    def __init__(self, survey_id: UUID, learner_id: UUID | None) -> None:
        self.survey_id = survey_id
        self.learner_id = learner_id

    @classmethod
    def submit(
        cls,
        *,
        survey_id: UUID,
        course_id: UUID | None,
        learner_id: UUID,
        questions: Sequence[SurveyQuestion],
        answers: Sequence[SurveyAnswer],
        at: datetime,
    ) -> "SurveyResponse":
        """A signed sheet. Raises `Invalid` when the answers don't fit the questions."""
        given = fitting(questions, answers)
        texts = {str(a.question_id): a.text for a in given if a.text is not None}
        return cls._create(
            cls.Submitted,
            id=survey_response_id(survey_id, learner_id),
            timestamp=at,
            survey_id=survey_id,
            course_id=course_id,
            learner_id=learner_id,
            answers=[msgspec.structs.replace(answer, text=None) for answer in given],
            texts=texts or None,
        )

    @classmethod
    def submit_anonymously(
        cls,
        *,
        id: UUID,
        survey_id: UUID,
        course_id: UUID | None,
        questions: Sequence[SurveyQuestion],
        answers: Sequence[SurveyAnswer],
        at: datetime,
    ) -> "SurveyResponse":
        """An anonymous sheet; `id` must be random. Raises `Invalid` as `submit` does."""
        return cls._create(
            cls.Submitted,
            id=id,
            timestamp=at,
            survey_id=survey_id,
            course_id=course_id,
            learner_id=None,
            answers=fitting(questions, answers),
            texts=None,
        )


class SurveyReceipt(Aggregate):
    """Marks that a learner has answered an anonymous survey, without saying which sheet is theirs.

    Its limit: whoever reads the raw log sees receipt and sheet recorded side by side, in one
    transaction, with one time and the same command in their metadata. So they are unlinkable for
    readers of views, not yet for those of the log: that takes recording them apart, and no actor
    in the metadata of the sheet.
    """

    STREAM_TYPE = "survey_receipt"

    survey_id: UUID
    learner_id: UUID

    class Given(Aggregate.Created):
        TOPIC = "survey_receipt.given"
        survey_id: UUID
        learner_id: UUID

    def __init__(self, survey_id: UUID, learner_id: UUID) -> None:
        self.survey_id = survey_id
        self.learner_id = learner_id

    @classmethod
    def give(cls, *, survey_id: UUID, learner_id: UUID, at: datetime) -> "SurveyReceipt":
        return cls._create(
            cls.Given,
            id=survey_receipt_id(survey_id, learner_id),
            timestamp=at,
            survey_id=survey_id,
            learner_id=learner_id,
        )
