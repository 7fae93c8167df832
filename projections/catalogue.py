"""Every read model there is. A new projection is added here."""

from projections.assessment import AssessmentProjection
from projections.attempt import AttemptProjection
from projections.audit import AuditProjection
from projections.certificate import CertificateProjection
from projections.compliance import ComplianceProjection
from projections.consent import ConsentProjection
from projections.course import CourseProjection
from projections.enrollment import EnrollmentProjection
from projections.erasure import ErasureProjection
from projections.feedback import FeedbackProjection
from projections.learner import LearnerProjection
from projections.notification import NotificationProjection
from projections.organization import OrganizationProjection
from projections.personal import PersonalProjection
from projections.projection import Projection
from projections.retention import RetentionProjection
from projections.scim_group import ScimGroupProjection
from projections.scim_user import ScimUserProjection
from projections.service_account import ServiceAccountProjection
from projections.survey import SurveyProjection
from projections.testimonial import TestimonialProjection

PROJECTIONS: tuple[Projection, ...] = (
    OrganizationProjection(),
    LearnerProjection(),
    CourseProjection(),
    ComplianceProjection(),
    EnrollmentProjection(),
    AssessmentProjection(),
    AttemptProjection(),
    FeedbackProjection(),
    SurveyProjection(),
    TestimonialProjection(),
    CertificateProjection(),
    ConsentProjection(),
    NotificationProjection(),
    ErasureProjection(),
    RetentionProjection(),
    ServiceAccountProjection(),
    ScimUserProjection(),
    ScimGroupProjection(),
    AuditProjection(),
    PersonalProjection(),
)


class UnknownProjection(LookupError):
    """No projection has this name."""


def named(name: str) -> Projection:
    """Raises `UnknownProjection`, with the names there are."""
    for projection in PROJECTIONS:
        if projection.name == name:
            return projection
    names = ", ".join(projection.name for projection in PROJECTIONS)
    raise UnknownProjection(f"There is no projection {name}; there are {names}.")
