"""Who has consented to what, and what is shown of those who haven't."""

from collections.abc import Iterator

import pytest

from commands.consent import (
    DescribeConsentPurpose,
    GiveConsent,
    NewPurposeText,
    RetireConsentPurpose,
    ReviseConsentPurpose,
    WithdrawConsent,
)
from commands.erasure import EraseLearner
from commands.testimonial import ApproveTestimonial, SubmitTestimonial
from domain.consent_purpose import TESTIMONIAL_PUBLICATION
from domain.enrollment import Enrollment
from domain.erasure import LegalBasis
from lms.composition import Pool, open_pool
from projections.source import Source, open_source
from tests.commands.system import ADMIN, MASTER_KEY, Person, System
from tests.read_api.reading import Json, Reading, read_api
from tests.servers.postgres import Database

TEXTS = {
    "en": NewPurposeText(title="Your name", text="May we show your name?"),
    "de": NewPurposeText(title="Ihr Name", text="Dürfen wir Ihren Namen zeigen?"),
}
OTHERS = {"en": NewPurposeText(title="Your name", text="May we show your name to everybody?")}


@pytest.fixture(scope="module")
def system(module_database: Database) -> Iterator[System]:
    """Of these tests alone: what is asked is asked of everybody."""
    system = System(module_database, two_persons=False)
    yield system
    system.close()


@pytest.fixture(scope="module")
def source(module_database: Database) -> Iterator[Source]:
    with open_source(module_database.project_url, MASTER_KEY) as opened:
        yield opened


@pytest.fixture(scope="module")
def pool(module_database: Database) -> Iterator[Pool]:
    with open_pool(module_database.read_url, 2) as opened:
        yield opened


@pytest.fixture(scope="module")
def reading(module_database: Database, source: Source, pool: Pool) -> Iterator[Reading]:
    with read_api(module_database, source, pool) as running:
        yield running


def consents(reading: Reading, by: Person, **params: object) -> list[Json]:
    items: list[Json] = reading.ok("/consents", by, params=params)["items"]
    return items


def test_a_testimonial_names_its_author_only_as_long_as_they_consent(
    reading: Reading,
    system: System,
    a_learner: Person,
    a_stranger: Person,
    an_instructor: Person,
    an_open_enrollment: Enrollment,
) -> None:
    course_id = an_open_enrollment.course_id
    submit = SubmitTestimonial(course_id=course_id, text="Worth it.", rating=5)
    praise = system.dispatch(submit, a_learner.actor)
    system.dispatch(ApproveTestimonial(testimonial_id=praise.id), an_instructor.actor)

    def author(by: Person) -> str | None:
        (seen,) = reading.ok("/testimonials", by, params={"course_id": course_id})["items"]
        name: str | None = seen["author_name"]
        assert (name is None) == (seen["learner_id"] is None)
        return name

    assert author(a_stranger) == "Jane Doe", "nobody is asked as long as no purpose is described"

    system.dispatch(DescribeConsentPurpose(code=TESTIMONIAL_PUBLICATION, texts=TEXTS))
    assert author(a_stranger) is None
    assert author(an_instructor) is None
    assert author(a_learner) == "Jane Doe", "oneself"

    give = GiveConsent(purpose=TESTIMONIAL_PUBLICATION, text_version=1)
    system.dispatch(give, a_learner.actor)
    assert author(a_stranger) == "Jane Doe"

    system.dispatch(WithdrawConsent(purpose=TESTIMONIAL_PUBLICATION), a_learner.actor)
    assert author(a_stranger) is None

    system.dispatch(give, a_learner.actor)
    system.dispatch(ReviseConsentPurpose(code=TESTIMONIAL_PUBLICATION, texts=OTHERS))
    assert author(a_stranger) is None, "another wording is to be consented to anew"

    anew = GiveConsent(purpose=TESTIMONIAL_PUBLICATION, text_version=2)
    system.dispatch(anew, a_learner.actor)
    assert author(a_stranger) == "Jane Doe"

    system.dispatch(RetireConsentPurpose(code=TESTIMONIAL_PUBLICATION))
    assert author(a_stranger) is None, "what is asked for no more is relied on no more"


def test_a_purpose_is_read_in_one_s_language_and_in_every_wording(
    reading: Reading, system: System, a_learner: Person
) -> None:
    system.dispatch(DescribeConsentPurpose(code="films", texts=TEXTS))
    system.dispatch(ReviseConsentPurpose(code="films", texts=OTHERS))
    now = reading.ok("/consent-purposes/films", a_learner)
    assert (now["text_version"], now["is_current"], now["language"]) == (2, True, "en")
    assert now["text"] == "May we show your name to everybody?"
    before = reading.ok(
        "/consent-purposes/films", a_learner, params={"text_version": 1, "language": "de-AT"}
    )
    assert (before["text_version"], before["is_current"], before["language"]) == (1, False, "de")
    assert before["title"] == "Ihr Name"
    assert reading.status("/consent-purposes/films?text_version=3", a_learner) == 404
    listed = reading.ok("/consent-purposes", a_learner)["items"]
    assert now in listed
    assert reading.ok(f"/consent-purposes/{now['id']}", a_learner) == now


def test_consents_are_seen_by_whom_they_are_of_and_by_auditors(
    reading: Reading, system: System, a_learner: Person, a_manager: Person, an_auditor: Person
) -> None:
    system.dispatch(DescribeConsentPurpose(code="letters", texts=TEXTS))
    give = GiveConsent(purpose="letters", text_version=1, language="de")
    for person in (a_learner, a_manager):
        system.dispatch(give, person.actor)
    system.dispatch(WithdrawConsent(purpose="letters"), a_manager.actor)

    (mine,) = consents(reading, a_learner)
    assert (mine["purpose"], mine["text_version"], mine["language"]) == ("letters", 1, "de")
    assert mine["stands"]
    assert mine["withdrawn_at"] is None
    (withdrawn,) = consents(reading, a_manager)
    assert not withdrawn["stands"]
    assert withdrawn["withdrawn_at"] is not None
    assert consents(reading, a_manager, learner_id=a_learner.id) == []

    of_purpose = {each["id"] for each in consents(reading, an_auditor, purpose="letters")}
    assert of_purpose == {mine["id"], withdrawn["id"]}
    assert consents(reading, an_auditor, purpose="letters", stands=True) == [mine]
    assert consents(reading, an_auditor, learner_id=a_learner.id) == [mine]


def test_of_whoever_is_erased_no_consent_is_left(
    reading: Reading, system: System, a_learner: Person, an_auditor: Person
) -> None:
    system.dispatch(DescribeConsentPurpose(code="pictures", texts=TEXTS))
    system.dispatch(GiveConsent(purpose="pictures", text_version=1), a_learner.actor)
    assert consents(reading, an_auditor, purpose="pictures")
    erase = EraseLearner(learner_id=a_learner.id, legal_basis=LegalBasis.CONSENT_WITHDRAWN)
    system.dispatch(erase, ADMIN)
    assert consents(reading, an_auditor, purpose="pictures") == []
