"""A learner is asked to answer a survey, once."""

from datetime import datetime
from uuid import UUID

from domain.aggregate import Aggregate
from domain.identity import survey_invitation_id


class SurveyInvitation(Aggregate):
    STREAM_TYPE = "survey_invitation"

    survey_id: UUID
    learner_id: UUID

    class Sent(Aggregate.Created):
        """`enrollment_id` is the completed enrolment that gave rise to it, if one did."""

        TOPIC = "survey_invitation.sent"
        survey_id: UUID
        learner_id: UUID
        enrollment_id: UUID | None

    def __init__(self, survey_id: UUID, learner_id: UUID) -> None:
        self.survey_id = survey_id
        self.learner_id = learner_id

    @classmethod
    def send(
        cls, *, survey_id: UUID, learner_id: UUID, enrollment_id: UUID | None, at: datetime
    ) -> "SurveyInvitation":
        return cls._create(
            cls.Sent,
            id=survey_invitation_id(survey_id, learner_id),
            timestamp=at,
            survey_id=survey_id,
            learner_id=learner_id,
            enrollment_id=enrollment_id,
        )
