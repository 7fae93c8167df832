"""What fields are called in plain English."""

from collections.abc import Mapping
from typing import Final

PLAIN: Final[Mapping[str, str]] = {
    "active": "account active",
    "administers": "departments looked after",
    "assessment_version": "version of the assessment",
    "attempt.number": "number of the attempt",
    "attempt.score": "grade in percent",
    "attempts": "number of attempts",
    "attempts_allowed": "attempts allowed",
    "best_scores": "best grade in percent at",
    "by_group": "roles given by group",
    "code": "course code",
    "course_version": "version of the course",
    "deprovisioned": "left the company's directory",
    "due_at": "due",
    "duration_minutes": "duration in minutes",
    "email": "e-mail address",
    "employee_number": "employee number",
    "expires_at": "expires",
    "completed_at": "completed",
    "enrollment_id": "enrolment",
    "external_id": "id in the company's directory",
    "feedback_text": "what they said",
    "granted": "roles given by groups",
    "is_confirmed": "switched on",
    "kid": "key that signs",
    "max_points": "points there were to get",
    "modules": "lessons of module",
    "module_titles": "title of module",
    "notification.text_key": "message",
    "parent_id": "department above",
    "points": "points",
    "progress": "progress in lesson",
    "published_assessments": "assessments of the published version",
    "published_lessons": "lessons of the published version",
    "recovery_codes": "recovery codes left",
    "results": "results by question",
    "certificate.number": "number of the certificate",
    "seconds": "seconds spent",
    "secrets": "secrets, and when they expire",
    "texts": "what they wrote",
    "time_zone": "time zone",
    "username": "user name",
    "was_read": "read",
}
"""By name, or by kind of stream and name; the others are their own names without underscores."""


def plain_name(name: str, stream_type: str = "") -> str:
    """A field by the name that people use."""
    return (
        PLAIN.get(f"{stream_type}.{name}")
        or PLAIN.get(name)
        or name.removesuffix("_id").replace("_", " ")
    )
