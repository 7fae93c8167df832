"""Every kind of stream there is. A new aggregate is added here."""

from domain.aggregate import Aggregate
from domain.assessment import Assessment
from domain.attempt import Attempt, AttemptSeries
from domain.certificate import Certificate
from domain.course import Course
from domain.course_surveys import CourseSurveys
from domain.enrollment import Enrollment
from domain.external_identity import ExternalIdentity
from domain.feedback import Feedback
from domain.learner import Learner
from domain.notification import Notification
from domain.survey import Survey
from domain.survey_invitation import SurveyInvitation
from domain.survey_response import SurveyReceipt, SurveyResponse
from domain.testimonial import Testimonial
from domain.unique_name import UniqueName

AGGREGATES: tuple[type[Aggregate], ...] = (
    Assessment,
    Attempt,
    AttemptSeries,
    Certificate,
    Course,
    CourseSurveys,
    Enrollment,
    ExternalIdentity,
    Feedback,
    Learner,
    Notification,
    Survey,
    SurveyInvitation,
    SurveyReceipt,
    SurveyResponse,
    Testimonial,
    UniqueName,
)
