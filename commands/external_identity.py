"""Accounts of people whom an identity provider or a directory vouches for."""

from uuid import UUID

import msgspec

from access.external_identities import linked_statement, unlinked_statement
from commands.learner import RegisterLearner, register_learner
from commands.message import Command, handles
from commands.work import Work
from domain.external_identity import ExternalIdentity
from domain.identity import external_identity_id
from domain.learner import Learner
from domain.roles import Role


class RegisterFromProvider(Command, frozen=True):
    """Opens an account and links it, at once or not at all."""

    provider: str
    issuer: str
    subject: str
    username: str
    email: str
    full_name: str
    roles: list[Role] = msgspec.field(default_factory=lambda: [Role.EMPLOYEE])
    department: str | None = None
    department_id: UUID | None = None

    def __repr__(self) -> str:
        return f"RegisterFromProvider(provider={self.provider!r})"


class LinkIdentity(Command, frozen=True):
    learner_id: UUID
    provider: str
    issuer: str
    subject: str

    def __repr__(self) -> str:
        return f"LinkIdentity(learner_id={self.learner_id!r}, provider={self.provider!r})"


class UnlinkIdentity(Command, frozen=True):
    issuer: str
    subject: str

    def __repr__(self) -> str:
        return f"UnlinkIdentity(issuer={self.issuer!r})"


@handles(RegisterFromProvider)
def register_from_provider(command: RegisterFromProvider, work: Work) -> Learner:
    learner = register_learner(
        RegisterLearner(
            username=command.username,
            email=command.email,
            full_name=command.full_name,
            roles=command.roles,
            department=command.department,
            department_id=command.department_id,
        ),
        work,
    )
    work.save_too(_linked(command, learner.id, work))
    return learner


@handles(LinkIdentity)
def link_identity(command: LinkIdentity, work: Work) -> ExternalIdentity:
    work.permit()
    work.existing(Learner, command.learner_id, field="learner_id").must_be_active()
    return _linked(command, command.learner_id, work)


@handles(UnlinkIdentity)
def unlink_identity(command: UnlinkIdentity, work: Work) -> ExternalIdentity:
    work.permit()
    identity = work.get(ExternalIdentity, external_identity_id(command.issuer, command.subject))
    identity.unlink(at=work.now)
    work.execute_too(*unlinked_statement(identity.id))
    return identity


def _linked(
    command: RegisterFromProvider | LinkIdentity, learner_id: UUID, work: Work
) -> ExternalIdentity:
    issuer, subject, provider = command.issuer, command.subject, command.provider
    id = external_identity_id(issuer, subject)
    work.execute_too(*linked_statement(id, learner_id, provider))
    identity = work.find(ExternalIdentity, id)
    if identity is None:
        return ExternalIdentity.link(
            issuer=issuer,
            subject=subject,
            provider=provider,
            learner_id=learner_id,
            at=work.now,
        )
    identity.relink(provider=provider, learner_id=learner_id, at=work.now)
    return identity
