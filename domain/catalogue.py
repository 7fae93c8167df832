"""Every kind of stream there is. A new aggregate is added here."""

from domain.aggregate import Aggregate
from domain.assessment import Assessment
from domain.attempt import Attempt, AttemptSeries
from domain.audit_read import AuditRead
from domain.certificate import Certificate
from domain.consent import Consent
from domain.consent_purpose import ConsentPurpose
from domain.course import Course
from domain.course_surveys import CourseSurveys
from domain.enrollment import Enrollment
from domain.erasure import Erasure
from domain.external_identity import ExternalIdentity
from domain.feedback import Feedback
from domain.group import Group
from domain.group_grants import GroupGrants
from domain.key_ring import KeyRing
from domain.learner import Learner
from domain.legal_holds import LegalHolds
from domain.notification import Notification
from domain.organization import Organization
from domain.password_reset import PasswordReset
from domain.refused_access import RefusedAccess
from domain.reporting_lines import ReportingLines
from domain.retention import ExpiredRecord, RetentionPolicies
from domain.second_factor import SecondFactor
from domain.service_account import ServiceAccount
from domain.survey import Survey
from domain.survey_invitation import SurveyInvitation
from domain.survey_response import SurveyReceipt, SurveyResponse
from domain.testimonial import Testimonial
from domain.unique_name import UniqueName
from domain.user_import import UserImport

AGGREGATES: tuple[type[Aggregate], ...] = (
    Assessment,
    Attempt,
    AttemptSeries,
    AuditRead,
    Certificate,
    Consent,
    ConsentPurpose,
    Course,
    CourseSurveys,
    Enrollment,
    Erasure,
    ExpiredRecord,
    ExternalIdentity,
    Feedback,
    Group,
    GroupGrants,
    KeyRing,
    Learner,
    LegalHolds,
    Notification,
    SecondFactor,
    ServiceAccount,
    Organization,
    ReportingLines,
    PasswordReset,
    RefusedAccess,
    RetentionPolicies,
    Survey,
    SurveyInvitation,
    SurveyReceipt,
    SurveyResponse,
    Testimonial,
    UniqueName,
    UserImport,
)
