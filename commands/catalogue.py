"""Every command there is: importing this registers all handlers. A new resource is added here."""

from commands import (
    assessment,
    attempt,
    certificate,
    course,
    enrollment,
    external_identity,
    feedback,
    learner,
    notification,
    survey,
    survey_invitation,
    survey_response,
    testimonial,
)
from commands.message import HANDLERS

__all__ = [
    "HANDLERS",
    "assessment",
    "attempt",
    "certificate",
    "course",
    "enrollment",
    "external_identity",
    "feedback",
    "learner",
    "notification",
    "survey",
    "survey_invitation",
    "survey_response",
    "testimonial",
]
