"""Deterministic stream ids: what must be unique is unique because its id is made of what it is."""

import unicodedata
from datetime import datetime
from uuid import UUID, uuid5

NAMESPACE = UUID("6f1d3c5e-2b1a-4c8e-9d57-0b7a1f4e8c21")


def _id(kind: str, *parts: object) -> UUID:
    return uuid5(NAMESPACE, "\x1f".join((kind, *map(str, parts))))


def _later(number: int) -> tuple[int, ...]:
    """The first of several has the id that it had when there was only one."""
    return () if number == 1 else (number,)


def canonical(name: str) -> str:
    """The form in which two spellings of one name are equal (case, width, accents composed)."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def unique_name_id(kind: str, name: str) -> UUID:
    """The stream that owns a user name, an e-mail address or a course code."""
    return _id(kind, canonical(name))


def organization_id() -> UUID:
    """The one stream of the tree of departments."""
    return _id("organization")


def reporting_lines_id() -> UUID:
    """The one stream that puts changes of managers into an order."""
    return _id("reporting_lines")


def exact(name: str) -> str:
    """A form of a name whose canonical forms differ wherever the names do, be it by case."""
    return name.encode().hex()


def group_grants_id(learner_id: UUID) -> UUID:
    """The index of the roles that groups give to somebody."""
    return _id("group_grants", learner_id)


def external_identity_id(issuer: str, subject: str) -> UUID:
    """The stream that says whose account somebody of a provider or a directory has here."""
    return _id("external_identity", issuer, subject)


def enrollment_id(learner_id: UUID, course_id: UUID) -> UUID:
    """The stream of one learner in one course."""
    return _id("enrollment", learner_id, course_id)


def certificate_id(enrollment: UUID, course_version: int, number: int = 1) -> UUID:
    """The certificate for completing one version of a course, for that number of a time."""
    return _id("certificate", enrollment, course_version, *_later(number))


def attempt_series_id(learner_id: UUID, assessment_id: UUID) -> UUID:
    """All attempts of one learner at one assessment."""
    return _id("attempt_series", learner_id, assessment_id)


def feedback_id(learner_id: UUID, course_id: UUID) -> UUID:
    """What one learner says about one course."""
    return _id("feedback", learner_id, course_id)


def survey_invitation_id(survey_id: UUID, learner_id: UUID) -> UUID:
    """The one invitation of a learner to a survey."""
    return _id("survey_invitation", survey_id, learner_id)


def survey_response_id(survey_id: UUID, learner_id: UUID) -> UUID:
    """A learner's one answer sheet for a survey that isn't anonymous."""
    return _id("survey_response", survey_id, learner_id)


def survey_receipt_id(survey_id: UUID, learner_id: UUID) -> UUID:
    """The mark that a learner has answered an anonymous survey."""
    return _id("survey_receipt", survey_id, learner_id)


def course_surveys_id(course_id: UUID) -> UUID:
    """The index of a course's open surveys."""
    return _id("course_surveys", course_id)


def notification_id(learner_id: UUID, text_key: str, cause: str) -> UUID:
    """What a learner is told because of one thing that happened: told once."""
    return _id("notification", learner_id, text_key, cause)


def second_factor_id(learner_id: UUID) -> UUID:
    """The stream of a person's second factor."""
    return _id("second_factor", learner_id)


def key_ring_id() -> UUID:
    """The one stream of the keys that sign access tokens."""
    return _id("key_ring")


def refused_access_id(learner_id: UUID | None, network: str | None, at: datetime) -> UUID:
    """What was refused in one day to one learner or, of nobody known, to one network."""
    return _id("refused_access", learner_id or network, at.date())


def erasure_id(learner_id: UUID, number: int) -> UUID:
    """The wish, of that number from 1 on, that somebody be erased."""
    return _id("erasure", learner_id, number)


def legal_holds_id() -> UUID:
    """The one stream of what must be kept because of a dispute or an inspection."""
    return _id("legal_holds")


def retention_policies_id() -> UUID:
    """The one stream that says how long which records are kept."""
    return _id("retention_policies")


def expired_record_id(kind: str, record_id: UUID, number: int = 1) -> UUID:
    """The mark that a record is no longer kept; a later number is of a life begun anew."""
    return _id("expired_record", kind, record_id, *_later(number))


def consent_purpose_id(code: str) -> UUID:
    """The stream of what people are asked to consent to, by its code."""
    return _id("consent_purpose", code)


def consent_id(learner_id: UUID, purpose: str) -> UUID:
    """One person's word on one purpose."""
    return _id("consent", learner_id, purpose)
