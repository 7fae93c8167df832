"""Proof of completion, and its revocation."""

from datetime import timedelta
from typing import Any

from hypothesis import given as over
from hypothesis import strategies as st

from domain.certificate import Certificate, CertificateRevoked, certificate_number
from domain.errors import Invalid
from domain.identity import certificate_id
from tests.domain.grammar import NOW, a_uuid, bad_text, fact, given, when_new

JANE, ADMIN, ENROLLMENT = a_uuid(1), a_uuid(2), a_uuid(3)
ID = certificate_id(ENROLLMENT, 2)
PRINTED: dict[str, Any] = {
    "learner_id": JANE,
    "course_id": a_uuid(4),
    "course_title": "Rust Programming 101",
    "course_version": 2,
    "enrollment_id": ENROLLMENT,
    "holder_name": "Jane Roe",
    "completed_at": NOW,
    "expires_at": None,
}
issued = fact(Certificate.Issued, number=certificate_number(ID), **PRINTED)
revoked = fact(Certificate.Revoked, learner_id=JANE, reason="Fraud", by=ADMIN)


def issue(**changed: Any) -> Any:
    return lambda: Certificate.issue(**(PRINTED | changed), at=NOW)


def revoke(reason: str = "Fraud") -> Any:
    return lambda certificate: certificate.revoke(reason=reason, by=ADMIN, at=NOW)


def test_there_is_one_per_enrolment_and_version() -> None:
    assert when_new(issue()).then(issued).id == ID


def test_it_expires_after_the_completion() -> None:
    later = NOW + timedelta(days=365)
    assert when_new(issue(expires_at=later)).refusal is None
    when_new(issue(expires_at=NOW)).refuses(Invalid, "expires_at")


def test_it_is_revoked_once_for_a_reason() -> None:
    certificate = given(Certificate, issued).when(revoke()).then(revoked)
    assert certificate.revoked
    given(Certificate, issued, revoked).when(revoke()).refuses(CertificateRevoked)


@bad_text
def test_texts_are_bounded(bad: str) -> None:
    given(Certificate, issued).when(revoke(bad)).refuses(Invalid, "reason")
    when_new(issue(holder_name=bad)).refuses(Invalid, "holder_name")


@over(st.uuids(), st.uuids())
def test_numbers_are_read_aloud_without_mistakes(one: Any, other: Any) -> None:
    number = certificate_number(one)
    assert [len(group) for group in number.split("-")] == [4, 4, 4, 4]
    assert not set(number) & set("ILOU")
    assert (number == certificate_number(other)) == (one == other)


def test_numbers_never_change() -> None:
    assert certificate_number(a_uuid(1)) == "FGYC-T45V-FV1Q-PHPK"
