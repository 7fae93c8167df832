"""Commands on consent: what people are asked for, and their giving and withdrawing it."""

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from commands.consent import (
    DescribeConsentPurpose,
    GiveConsent,
    NewPurposeText,
    RetireConsentPurpose,
    ReviseConsentPurpose,
    WithdrawConsent,
)
from write_api.body import Body, command_of
from write_api.sender import Answer, Sender


class Wording(Body, frozen=True):
    """`texts` by language, a BCP 47 tag: all of them, not only those that change."""

    texts: dict[str, NewPurposeText]


class ConsentController(Controller):
    path = "/"
    tags = ["Consent"]

    @post("/consent-purposes", operation_id="DescribeConsentPurpose")
    async def describe(
        self, data: JSONBody[DescribeConsentPurpose], sender: NamedDependency[Sender]
    ) -> Answer:
        """Describe something that people are asked to consent to."""
        return await sender.create(data, "/consent-purposes")

    @post(
        "/consent-purposes/{code:str}/revise", operation_id="ReviseConsentPurpose", status_code=200
    )
    async def revise(
        self, code: FromPath[str], data: JSONBody[Wording], sender: NamedDependency[Sender]
    ) -> Answer:
        """Ask in another wording: everybody has to be asked anew."""
        return await sender.change(command_of(ReviseConsentPurpose, data, code=code))

    @post(
        "/consent-purposes/{code:str}/retire", operation_id="RetireConsentPurpose", status_code=200
    )
    async def retire(self, code: FromPath[str], sender: NamedDependency[Sender]) -> Answer:
        """Ask for it no more; what was given is relied on no more."""
        return await sender.change(RetireConsentPurpose(code=code))

    @post("/consents", operation_id="GiveConsent", status_code=200)
    async def give(self, data: JSONBody[GiveConsent], sender: NamedDependency[Sender]) -> Answer:
        """Consent to a purpose, in the wording that one has read; nobody does for another."""
        return await sender.change(data)

    @post("/consents/{purpose:str}/withdraw", operation_id="WithdrawConsent", status_code=200)
    async def withdraw(self, purpose: FromPath[str], sender: NamedDependency[Sender]) -> Answer:
        """Take one's consent back."""
        return await sender.change(WithdrawConsent(purpose=purpose))
