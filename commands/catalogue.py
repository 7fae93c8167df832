"""Every command there is: importing this registers all handlers. A new resource is added here."""

from commands import (
    assessment,
    attempt,
    certificate,
    course,
    enrollment,
    feedback,
    group,
    learner,
    notification,
    provisioning,
    survey,
    survey_invitation,
    survey_response,
    testimonial,
    user_import,
)
from commands.message import HANDLERS

__all__ = [
    "HANDLERS",
    "assessment",
    "attempt",
    "certificate",
    "course",
    "enrollment",
    "feedback",
    "group",
    "learner",
    "notification",
    "provisioning",
    "survey",
    "survey_invitation",
    "survey_response",
    "testimonial",
    "user_import",
]
