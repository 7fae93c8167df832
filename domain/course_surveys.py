"""An index stream: the surveys about a course that take answers now."""

from datetime import datetime
from uuid import UUID

from domain.aggregate import Aggregate, event
from domain.identity import course_surveys_id


class CourseSurveys(Aggregate):
    """Saved with each survey of the course that is published or closed, so it is never behind."""

    STREAM_TYPE = "course_surveys"

    course_id: UUID
    surveys: list[UUID]

    class Opened(Aggregate.Created):
        TOPIC = "course_surveys.opened"
        course_id: UUID

    class SurveyAdded(Aggregate.Event):
        TOPIC = "course_surveys.survey_added"
        survey_id: UUID

    class SurveyRemoved(Aggregate.Event):
        TOPIC = "course_surveys.survey_removed"
        survey_id: UUID

    def __init__(self, course_id: UUID) -> None:
        self.course_id = course_id
        self.surveys = []

    @classmethod
    def begin(cls, *, course_id: UUID, at: datetime) -> "CourseSurveys":
        """The index of a course without surveys; its id follows from the course's."""
        return cls._create(
            cls.Opened, id=course_surveys_id(course_id), timestamp=at, course_id=course_id
        )

    def add(self, *, survey_id: UUID, at: datetime) -> None:
        if survey_id not in self.surveys:
            self.trigger_event(self.SurveyAdded, timestamp=at, survey_id=survey_id)

    def remove(self, *, survey_id: UUID, at: datetime) -> None:
        if survey_id in self.surveys:
            self.trigger_event(self.SurveyRemoved, timestamp=at, survey_id=survey_id)

    @event(SurveyAdded)
    def _survey_added(self, survey_id: UUID) -> None:
        self.surveys.append(survey_id)

    @event(SurveyRemoved)
    def _survey_removed(self, survey_id: UUID) -> None:
        self.surveys.remove(survey_id)
