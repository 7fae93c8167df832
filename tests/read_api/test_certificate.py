from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from commands.certificate import IssueCertificate, RevokeCertificate
from domain.certificate import Certificate
from domain.course import Course
from read_api.verification import canonical
from tests.commands.system import Given, Person, System
from tests.read_api.reading import Json, Reading

HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
"""What browsers accept."""


@pytest.fixture
def a_certificate(
    given: Given, system: System, a_learner: Person, a_published_course: Course
) -> UUID:
    """Of `a_learner`, for `a_published_course`."""
    enrollment = given.a_completed_enrollment(a_learner, a_published_course)
    return system.dispatch(IssueCertificate(enrollment_id=enrollment.id)).id


@pytest.fixture
def an_expired_certificate(system: System, a_published_course: Course) -> Certificate:
    certificate = Certificate.issue(
        learner_id=uuid4(),
        course_id=a_published_course.id,
        course_title="First Aid",
        course_version=1,
        enrollment_id=uuid4(),
        holder_name="Ada <b>Lovelace</b>",
        completed_at=datetime(2020, 1, 1, tzinfo=UTC),
        expires_at=datetime(2021, 1, 1, tzinfo=UTC),
        at=datetime(2020, 1, 1, tzinfo=UTC),
    )
    system.log.save(certificate)
    return certificate


def seen(reading: Reading, certificate: UUID, by: Person) -> Json:
    return reading.ok(f"/certificates/{certificate}", by)


def test_a_certificate_is_there_for_its_holder_and_those_above(
    reading: Reading,
    a_certificate: UUID,
    a_learner: Person,
    a_manager: Person,
    an_instructor: Person,
    a_stranger: Person,
) -> None:
    for person in (a_learner, a_manager, an_instructor):
        assert seen(reading, a_certificate, person)["status"] == "valid"
        assert reading.ids("/certificates", person, learner_id=a_learner.id) == [a_certificate]
    assert reading.status(f"/certificates/{a_certificate}", a_stranger) == 404
    assert reading.status(f"/certificates/{a_certificate}/pdf", a_stranger) == 404


def test_its_pdf_is_printed_from_what_it_says(
    reading: Reading, a_certificate: UUID, a_learner: Person
) -> None:
    certificate = seen(reading, a_certificate, a_learner)
    path = f"/certificates/{a_certificate}/pdf"
    answer = reading.get(path, a_learner)
    assert answer.headers["content-type"] == "application/pdf"
    assert certificate["number"] in answer.headers["content-disposition"]
    assert answer.json() == {
        "number": certificate["number"],
        "holder": "Jane Doe",
        "course": "Rust Programming 101",
        "completed_on": certificate["completed_at"][:10],
        "expires_on": None,
        "revoked": False,
    }
    tag = {"If-None-Match": answer.headers["etag"]}
    assert reading.status(path, a_learner, headers=tag) == 304


def test_anyone_can_verify_a_certificate_by_its_number(
    reading: Reading, a_certificate: UUID, a_learner: Person
) -> None:
    number = seen(reading, a_certificate, a_learner)["number"]
    verified = reading.ok(f"/verify/{number}")
    assert (verified["status"], verified["holder_name"]) == ("valid", "Jane Doe")
    assert verified["course_title"] == "Rust Programming 101"
    assert "learner_id" not in verified
    typed = number.lower().replace("-", " ").replace("1", "l").replace("0", "O")
    assert reading.ok(f"/verify/{typed}") == verified


def test_a_revoked_certificate_is_told_as_such(
    reading: Reading, system: System, a_certificate: UUID, a_learner: Person
) -> None:
    tag = reading.get(f"/certificates/{a_certificate}", a_learner).headers["ETag"]
    command = RevokeCertificate(certificate_id=a_certificate, reason="Somebody else took it.")
    system.dispatch(command)
    answer = reading.get(
        f"/certificates/{a_certificate}", a_learner, headers={"If-None-Match": tag}
    )
    certificate = answer.json()
    assert certificate["status"] == "revoked"
    assert reading.ok(f"/verify/{certificate['number']}")["status"] == "revoked"
    assert reading.ok(f"/certificates/{a_certificate}/pdf", a_learner)["revoked"] is True


def test_an_expired_certificate_is_told_as_such(
    reading: Reading, an_expired_certificate: Certificate, an_auditor: Person
) -> None:
    path = f"/certificates/{an_expired_certificate.id}"
    assert seen(reading, an_expired_certificate.id, an_auditor)["status"] == "expired"
    assert reading.ok(f"/verify/{an_expired_certificate.number}")["status"] == "expired"
    # It was the same version when it was valid.
    assert reading.status(path, an_auditor, headers={"If-None-Match": '"1"'}) == 200


def test_browsers_get_a_page_in_which_nothing_is_markup(
    reading: Reading, an_expired_certificate: Certificate
) -> None:
    path = f"/verify/{an_expired_certificate.number}"
    answer = reading.get(path, headers={"Accept": HTML})
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-store"
    assert "Ada &lt;b&gt;Lovelace&lt;/b&gt;" in answer.text
    assert "1 January 2021" in answer.text
    for accepted in ("*/*", "application/json"):
        answer = reading.get(path, headers={"Accept": accepted})
        assert answer.headers["content-type"] == "application/json"


def test_a_number_that_no_certificate_has(reading: Reading) -> None:
    assert reading.get("/verify/ZZZZ-ZZZZ-ZZZZ-ZZZZ").json()["type"] == "/problems/not-found"
    page = reading.get("/verify/<script>", headers={"Accept": HTML})
    assert page.status_code == 404
    assert "&lt;script&gt;" in page.text
    assert "<script>" not in page.text
    assert reading.status(f"/verify/{'9' * 65}") == 422


def test_a_number_is_read_however_it_is_typed() -> None:
    assert canonical("7q2m 0xkd9V3R-ht5a") == "7Q2M-0XKD-9V3R-HT5A"
    assert canonical("oil") == "011"
