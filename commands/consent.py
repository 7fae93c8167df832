"""What people are asked to consent to, and their giving and withdrawing it."""

from uuid import UUID

from commands.message import Command, Part, handles
from commands.work import Work
from domain.consent import Consent, ConsentNotGiven
from domain.consent_purpose import (
    OPTIONAL_MAIL,
    ConsentPurpose,
    ConsentPurposeExists,
    PurposeText,
)
from domain.errors import Invalid
from domain.identity import consent_id, consent_purpose_id
from event_store.application import Log


class NewPurposeText(Part, frozen=True):
    title: str
    text: str


class DescribeConsentPurpose(Command, frozen=True):
    """`texts` by language, a BCP 47 tag."""

    code: str
    texts: dict[str, NewPurposeText]


class ReviseConsentPurpose(Command, frozen=True):
    """All texts of the new wording, not only those that change."""

    code: str
    texts: dict[str, NewPurposeText]


class RetireConsentPurpose(Command, frozen=True):
    code: str


class GiveConsent(Command, frozen=True):
    """Names no person: everybody gives their own. `text_version` is the wording that they have
    read, `language` the one they have read it in."""

    purpose: str
    text_version: int
    language: str | None = None


class WithdrawConsent(Command, frozen=True):
    purpose: str


@handles(DescribeConsentPurpose)
def describe_consent_purpose(command: DescribeConsentPurpose, work: Work) -> ConsentPurpose:
    work.permit_anyone()
    purpose = ConsentPurpose.describe(code=command.code, texts=_texts(command.texts), at=work.now)
    if work.find(ConsentPurpose, purpose.id) is not None:
        raise ConsentPurposeExists("There is such a purpose: revise it.")
    return purpose


@handles(ReviseConsentPurpose)
def revise_consent_purpose(command: ReviseConsentPurpose, work: Work) -> ConsentPurpose:
    work.permit_anyone()
    purpose = work.get(ConsentPurpose, consent_purpose_id(command.code))
    purpose.revise(texts=_texts(command.texts), at=work.now)
    return purpose


@handles(RetireConsentPurpose)
def retire_consent_purpose(command: RetireConsentPurpose, work: Work) -> ConsentPurpose:
    work.permit_anyone()
    purpose = work.get(ConsentPurpose, consent_purpose_id(command.code))
    purpose.retire(at=work.now)
    return purpose


@handles(GiveConsent)
def give_consent(command: GiveConsent, work: Work) -> Consent:
    work.permit(learner=work.me)
    purpose = work.find_latest(ConsentPurpose, consent_purpose_id(command.purpose))
    if purpose is None:
        raise Invalid("There is no such purpose.", field="purpose")
    purpose.must_ask(command.text_version, command.language)
    consent = work.find(Consent, consent_id(work.me, purpose.code))
    if consent is None:
        return Consent.give(
            learner_id=work.me,
            purpose=purpose.code,
            text_version=command.text_version,
            language=command.language,
            at=work.now,
        )
    consent.renew(text_version=command.text_version, language=command.language, at=work.now)
    return consent


@handles(WithdrawConsent)
def withdraw_consent(command: WithdrawConsent, work: Work) -> Consent:
    work.permit(learner=work.me)
    consent = work.find(Consent, consent_id(work.me, command.purpose))
    if consent is None:
        raise ConsentNotGiven("You have not consented to this.")
    consent.withdraw(at=work.now)
    return consent


def wants_mail(learner_id: UUID, log: Log | Work) -> bool:
    """Whether mail that isn't necessary may be sent to somebody: to nobody before it is asked."""
    purpose = log.find_latest(ConsentPurpose, consent_purpose_id(OPTIONAL_MAIL))
    consent = log.find_latest(Consent, consent_id(learner_id, OPTIONAL_MAIL))
    return purpose is not None and consent is not None and consent.stands(purpose)


def _texts(texts: dict[str, NewPurposeText]) -> dict[str, PurposeText]:
    return {language: PurposeText(each.title, each.text) for language, each in texts.items()}
