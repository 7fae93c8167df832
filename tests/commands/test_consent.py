"""Consent is asked for by administrators, and given and withdrawn by whom it is about."""

from uuid import uuid4

import msgspec
import pytest

from access.actor import SYSTEM, Actor
from commands.consent import (
    DescribeConsentPurpose,
    GiveConsent,
    NewPurposeText,
    RetireConsentPurpose,
    ReviseConsentPurpose,
    WithdrawConsent,
)
from commands.errors import NotAPerson
from domain.consent import Consent, ConsentNotGiven
from domain.consent_purpose import (
    ConsentPurpose,
    ConsentPurposeExists,
    ConsentPurposeRetired,
    ConsentVersionNotCurrent,
)
from domain.errors import Forbidden, Invalid, NotFound
from tests.commands.system import ADMIN, Person, System

TEXTS = {"en": NewPurposeText(title="Photos", text="May we show photos of you?")}
OTHERS = {"en": NewPurposeText(title="Photos", text="May we show photos and films of you?")}


@pytest.fixture
def a_purpose(system: System) -> str:
    """The code of a purpose that is asked for."""
    code = f"photos-{uuid4().hex}"
    system.dispatch(DescribeConsentPurpose(code=code, texts=TEXTS))
    return code


def test_a_purpose_is_described_once(system: System, a_purpose: str, a_learner: Person) -> None:
    again = DescribeConsentPurpose(code=a_purpose, texts=OTHERS)
    system.when(again).refuses(ConsentPurposeExists)
    revise = ReviseConsentPurpose(code=a_purpose, texts=OTHERS)
    system.when(revise, a_learner.actor).refuses(Forbidden)
    system.when(revise).then(ConsentPurpose.Revised)
    system.when(ReviseConsentPurpose(code="nothing", texts=OTHERS)).refuses(NotFound)


def test_who_gives_it_may_withdraw_it(system: System, a_purpose: str, a_learner: Person) -> None:
    give, withdraw = (
        GiveConsent(purpose=a_purpose, text_version=1),
        WithdrawConsent(purpose=a_purpose),
    )
    system.when(withdraw, a_learner.actor).refuses(ConsentNotGiven)
    outcome = system.when(give, a_learner.actor)
    outcome.then(Consent.Given)
    assert (outcome.facts[0].learner_id, outcome.facts[0].text_version) == (a_learner.id, 1)
    system.when(give, a_learner.actor).then()
    system.when(withdraw, a_learner.actor).then(Consent.Withdrawn)
    system.when(withdraw, a_learner.actor).refuses(ConsentNotGiven)
    system.when(give, a_learner.actor).then(Consent.Renewed)


def test_nobody_gives_it_for_somebody_else(
    system: System, a_purpose: str, a_learner: Person
) -> None:
    """The command names nobody: an administrator's consent is their own."""
    give = GiveConsent(purpose=a_purpose, text_version=1)
    given_by_admin = system.when(give, ADMIN)
    given_by_admin.then(Consent.Given)
    assert given_by_admin.facts[0].learner_id == ADMIN.id
    system.when(WithdrawConsent(purpose=a_purpose), a_learner.actor).refuses(ConsentNotGiven)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(
            {"purpose": a_purpose, "text_version": 1, "learner_id": str(a_learner.id)}, GiveConsent
        )
    program = Actor(uuid4(), ADMIN.roles, is_service=True)
    system.when(give, program).refuses(NotAPerson)
    system.when(give, SYSTEM).refuses(Forbidden)


def test_another_wording_is_to_be_given_anew(
    system: System, a_purpose: str, a_learner: Person
) -> None:
    old, new = (GiveConsent(purpose=a_purpose, text_version=version) for version in (1, 2))
    system.dispatch(old, a_learner.actor)
    system.dispatch(ReviseConsentPurpose(code=a_purpose, texts=OTHERS))
    system.when(old, a_learner.actor).refuses(ConsentVersionNotCurrent)
    system.when(new, a_learner.actor).then(Consent.Renewed)


def test_what_is_retired_is_not_given_and_still_withdrawn(
    system: System, a_purpose: str, a_learner: Person
) -> None:
    give = GiveConsent(purpose=a_purpose, text_version=1)
    system.dispatch(give, a_learner.actor)
    system.when(RetireConsentPurpose(code=a_purpose)).then(ConsentPurpose.Retired)
    system.when(give, a_learner.actor).refuses(ConsentPurposeRetired)
    system.when(WithdrawConsent(purpose=a_purpose), a_learner.actor).then(Consent.Withdrawn)


def test_only_what_is_asked_is_given(system: System, a_purpose: str, a_learner: Person) -> None:
    unknown = GiveConsent(purpose="nothing", text_version=1)
    system.when(unknown, a_learner.actor).refuses(Invalid, "purpose")
    unread = GiveConsent(purpose=a_purpose, text_version=1, language="ja")
    system.when(unread, a_learner.actor).refuses(Invalid, "language")


def test_it_is_proved_who_gave_it_when_and_from_where(
    system: System, a_purpose: str, a_learner: Person
) -> None:
    give = GiveConsent(purpose=a_purpose, text_version=1, language="en")
    recorded = system.dispatch(
        give, a_learner.actor, source_address="192.0.2.7", user_agent="A browser"
    )
    metadata = system.metadata_at(recorded.position)
    assert metadata.actor == a_learner.id
    assert metadata.client is not None, "the address and the browser, sealed"
