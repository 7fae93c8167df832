"""Accounts of people whom an identity provider or a directory vouches for."""

from uuid import UUID

import msgspec

from access.external_identities import (
    IDENTITIES_OF,
    IS_LAST_WAY_IN,
    linked_statement,
    unlinked_statement,
)
from access.sso import end_sessions_of_identity_statement
from commands.learner import RegisterLearner, register_learner
from commands.message import Command, handles
from commands.work import Work
from domain.errors import Conflict, NotFound
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


class LinkOwnIdentity(LinkIdentity, frozen=True):
    """Somebody has proved to be this subject as well; whoever sends this has checked it."""


class UnlinkIdentity(Command, frozen=True):
    """`identity_id` is that of the stream, which is made of issuer and subject."""

    learner_id: UUID
    identity_id: UUID


class LastWayIn(Conflict):
    """Who takes their own last way in away doesn't get in to take it back."""

    code = "last-way-in"


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


@handles(LinkOwnIdentity)
def link_own_identity(command: LinkOwnIdentity, work: Work) -> ExternalIdentity:
    work.permit(learner=command.learner_id)
    work.existing(Learner, command.learner_id, field="learner_id").must_be_active()
    return _linked(command, command.learner_id, work)


@handles(UnlinkIdentity)
def unlink_identity(command: UnlinkIdentity, work: Work) -> ExternalIdentity:
    work.permit(learner=command.learner_id)
    identity = work.get(ExternalIdentity, command.identity_id)
    if identity.learner_id not in {None, command.learner_id}:
        raise NotFound("There is no such external identity.")
    if not work.reaches_everyone and work.says(IS_LAST_WAY_IN, {"id": command.learner_id}):
        raise LastWayIn("You get in by nothing else: choose a password first, or ask for a link.")
    return _unlinked(identity, work)


def unlink_all(learner_id: UUID, work: Work) -> None:
    """Lets nobody in as this person any more by the word of others, as when they are erased."""
    for row in work.ask(IDENTITIES_OF, (learner_id,)):
        work.save_too(_unlinked(work.get(ExternalIdentity, row["identity_id"]), work))


def _unlinked(identity: ExternalIdentity, work: Work) -> ExternalIdentity:
    """Its sessions end with it."""
    identity.unlink(at=work.now)
    work.execute_too(*end_sessions_of_identity_statement(identity.id, work.now))
    work.execute_too(*unlinked_statement(identity.id))
    return identity


def _linked(
    command: RegisterFromProvider | LinkIdentity, learner_id: UUID, work: Work
) -> ExternalIdentity:
    issuer, subject, provider = command.issuer, command.subject, command.provider
    id = external_identity_id(issuer, subject)
    work.execute_too(*linked_statement(id, learner_id, provider, work.now))
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
