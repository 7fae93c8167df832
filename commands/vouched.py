"""Whose account it is that an identity provider or a directory vouches for, and what they change.

The roles in a mapping are the provider's to grant and to revoke; all others stay as they are.
"""

import logging
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import msgspec

from access.actor import SYSTEM
from commands.context import Context
from commands.dispatcher import Dispatcher
from commands.external_identity import LinkIdentity, RegisterFromProvider
from commands.learner import ChangeRoles, UpdateLearner
from commands.message import Command
from domain.errors import Conflict, DomainError, Invalid
from domain.external_identity import ExternalIdentity
from domain.identity import canonical, external_identity_id, organization_id, unique_name_id
from domain.learner import Learner
from domain.organization import Organization
from domain.roles import Role
from domain.unique_name import UniqueName
from event_store.application import Log

logger = logging.getLogger(__name__)


class NoAccount(Exception):
    """Somebody who is vouched for has no account here, and gets none."""

    code = "no-account"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Vouched(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody else knows about a person; `provider` is like `oidc:corporate`."""

    provider: str
    issuer: str
    subject: str
    username: str | None = None
    email: str | None = None
    email_verified: bool = False
    full_name: str | None = None
    department: str | None = None
    groups: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"Vouched(provider={self.provider!r})"


class AccountPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How far a provider is believed.

    `roles` are those of groups, whose names are compared as user names are. With `link_by_email`
    somebody whose address the provider has verified gets the account that has it.
    """

    roles: Mapping[str, Role] = {}
    default_roles: tuple[Role, ...] = (Role.EMPLOYEE,)
    just_in_time: bool = True
    link_by_email: bool = False

    def roles_of(self, groups: Collection[str], held: Collection[Role] = ()) -> list[Role]:
        """The roles to hold, for someone who holds `held`."""
        names = {canonical(group) for group in groups}
        mapped = {role for group, role in self.roles.items() if canonical(group) in names}
        own = set(held) - set(self.roles.values())
        return sorted((own | mapped) or set(self.default_roles))


class VouchedAccounts:
    """Finds, opens and changes accounts of people whom somebody else vouches for."""

    def __init__(self, log: Log, dispatcher: Dispatcher) -> None:
        self._log = log
        self._dispatcher = dispatcher

    def find(self, issuer: str, subject: str) -> Learner | None:
        """The account that belongs to a subject of an issuer."""
        id = external_identity_id(issuer, subject)
        identity = self._log.find_latest(ExternalIdentity, id)
        if identity is None or identity.learner_id is None:
            return None
        return self._log.find_latest(Learner, identity.learner_id)

    def admit(self, person: Vouched, policy: AccountPolicy, context: Context) -> Learner:
        """Their account as it is now: found, linked or opened. Raises `NoAccount`."""
        learner = self.find(person.issuer, person.subject)
        if learner is None:
            return self._link_or_open(person, policy, context)
        if learner.active:
            self.follow(learner, person, policy, context)
        return self._latest(learner.id)

    def known(self, person: Vouched) -> Learner:
        """Their account, left as it is. Raises `NoAccount`."""
        learner = self.find(person.issuer, person.subject)
        if learner is None:
            raise NoAccount("There is no account here; log in first.")
        return learner

    def follow(
        self, learner: Learner, person: Vouched, policy: AccountPolicy, context: Context
    ) -> list[str]:
        """Brings an active account up to date; the names of the fields that changed."""
        changed = self.differences(learner, person, policy)
        profile = {name: value for name, value in changed.items() if name != "roles"}
        if "email" in profile and self._owner("email", str(profile["email"])) is not None:
            # Somebody else has it, or it differs in case only.
            del profile["email"]
        try:
            if profile:
                self._send(UpdateLearner(learner_id=learner.id, **profile), person, context)
            if "roles" in changed:
                # Departments to look after are no provider's to give or to take.
                command = ChangeRoles(
                    learner_id=learner.id, roles=changed["roles"], departments=learner.administers
                )
                self._send(command, person, context)
        except (Invalid, Conflict) as error:
            logger.warning("%s can't change an account: %s", person.provider, error.code)
            return []
        return [*profile, *(["roles"] if "roles" in changed else [])]

    def differences(
        self, learner: Learner, person: Vouched, policy: AccountPolicy
    ) -> dict[str, Any]:
        """What the account should say and doesn't; what the provider doesn't tell stays."""
        wanted = {
            "full_name": person.full_name,
            "email": person.email if person.email_verified else None,
        }
        changed: dict[str, Any] = {
            name: value.strip()
            for name, value in wanted.items()
            if value and value.strip() and value.strip() != getattr(learner, name)
        }
        changed |= self._department_of(person, learner)
        roles = policy.roles_of(person.groups, learner.roles)
        if policy.roles and roles != sorted(learner.roles):
            changed["roles"] = roles
        return changed

    def obstacle(self, person: Vouched, policy: AccountPolicy) -> str | None:
        """Why somebody without an account here would get none; None: they would."""
        if not person.email:
            return "An account needs an e-mail address, and there is none."
        if self._owner("email", person.email) is None:
            return None if policy.just_in_time else "There is no account here; ask for one."
        if policy.link_by_email and person.email_verified:
            return None
        return "There is an account with this e-mail address that isn't linked."

    def _link_or_open(self, person: Vouched, policy: AccountPolicy, context: Context) -> Learner:
        if (obstacle := self.obstacle(person, policy)) is not None:
            raise NoAccount(obstacle)
        email = person.email or ""
        known = self._owner("email", email)
        try:
            if known is not None:
                self._send(_link(known, person), person, context)
                return self.admit(person, policy, context)
            return self._latest(self._open(person, email, policy, context))
        except DomainError as error:
            # Another request may have been first: then the account is there.
            learner = self.find(person.issuer, person.subject)
            if learner is None:
                raise NoAccount(f"An account can't be opened: {error.detail}") from error
            return learner

    def _open(self, person: Vouched, email: str, policy: AccountPolicy, context: Context) -> UUID:
        username = person.username or email
        if self._owner("username", username) is not None:
            username = email
        command = RegisterFromProvider(
            provider=person.provider,
            issuer=person.issuer,
            subject=person.subject,
            username=username,
            email=email,
            full_name=person.full_name or username,
            roles=policy.roles_of(person.groups),
            **self._department_of(person),
        )
        return self._send(command, person, context)

    def _department_of(self, person: Vouched, learner: Learner | None = None) -> dict[str, Any]:
        """The one department of the tree that has the name, else the name alone; empty when the
        account says so already, or the provider doesn't tell."""
        name = (person.department or "").strip()
        said = learner is not None and learner.department == name
        if not name or (said and learner is not None and learner.department_id is not None):
            return {}
        organization = self._log.find_latest(Organization, organization_id())
        known = organization.named(name) if organization else None
        if known is None:
            return {} if said else {"department": name}
        return {} if learner and learner.department_id == known else {"department_id": known}

    def _send(self, command: Command, person: Vouched, context: Context) -> UUID:
        as_system = msgspec.structs.replace(context, actor=SYSTEM, reason=person.provider)
        return self._dispatcher.dispatch(command, as_system).id

    def _owner(self, kind: str, name: str) -> UUID | None:
        claimed = self._log.find_latest(UniqueName, unique_name_id(kind, name))
        return claimed.owner_id if claimed else None

    def _latest(self, id: UUID) -> Learner:
        learner = self._log.find_latest(Learner, id)
        assert learner is not None
        return learner


def _link(learner_id: UUID, person: Vouched) -> LinkIdentity:
    return LinkIdentity(
        learner_id=learner_id,
        provider=person.provider,
        issuer=person.issuer,
        subject=person.subject,
    )
