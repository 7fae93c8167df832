"""A program that works here in its own name: an integration, with roles but without a person."""

from datetime import datetime
from uuid import UUID

from domain import text
from domain.aggregate import Aggregate, event
from domain.errors import Conflict, Invalid, NotFound
from domain.roles import Role

MOST_SECRETS = 2
"""One in use and its successor: a secret is replaced without a moment in which none is good."""


class ServiceAccountDisabled(Conflict):
    code = "service-account-disabled"


class ServiceAccountEnabled(Conflict):
    code = "service-account-enabled"


class TooManySecrets(Conflict):
    code = "too-many-secrets"


class NoSuchSecret(NotFound):
    code = "no-such-secret"


class ServiceAccount(Aggregate):
    """`scopes` are the only operations it may ever do; None: all that its roles allow.

    `secrets` maps the id of each secret to when it expires. The secrets themselves are elsewhere,
    as hashes.
    """

    STREAM_TYPE = "service_account"

    name: str
    roles: list[Role]
    scopes: list[str] | None
    secrets: dict[UUID, datetime | None]
    enabled: bool

    class Created(Aggregate.Created):
        TOPIC = "service_account.created"
        name: str
        description: str | None
        roles: list[Role]
        scopes: list[str] | None
        created_by: UUID | None

    class AccessChanged(Aggregate.Event):
        TOPIC = "service_account.access_changed"
        roles: list[Role]
        scopes: list[str] | None
        reason: str | None

    class SecretIssued(Aggregate.Event):
        TOPIC = "service_account.secret_issued"
        secret_id: UUID
        expires_at: datetime | None

    class SecretRevoked(Aggregate.Event):
        TOPIC = "service_account.secret_revoked"
        secret_id: UUID

    class Disabled(Aggregate.Event):
        TOPIC = "service_account.disabled"
        reason: str | None

    class Enabled(Aggregate.Event):
        TOPIC = "service_account.enabled"

    def __init__(self, name: str, roles: list[Role], scopes: list[str] | None) -> None:
        self.name = name
        self.roles = roles
        self.scopes = scopes
        self.secrets = {}
        self.enabled = True

    @classmethod
    def create(
        cls,
        *,
        id: UUID,
        name: str,
        description: str | None,
        roles: list[Role],
        scopes: list[str] | None,
        created_by: UUID | None,
        at: datetime,
    ) -> "ServiceAccount":
        return cls._create(
            cls.Created,
            id=id,
            timestamp=at,
            name=text.required(name, "name", 150),
            description=text.optional(description, "description", 1_000),
            roles=_roles(roles),
            scopes=_scopes(scopes),
            created_by=created_by,
        )

    def change_access(
        self,
        *,
        roles: list[Role],
        scopes: list[str] | None,
        reason: str | None,
        at: datetime,
    ) -> None:
        self.must_be_enabled()
        roles, scopes = _roles(roles), _scopes(scopes)
        if (roles, scopes) != (self.roles, self.scopes):
            self.trigger_event(
                self.AccessChanged,
                timestamp=at,
                roles=roles,
                scopes=scopes,
                reason=text.optional(reason, "reason", 1_000),
            )

    def issue_secret(self, *, secret_id: UUID, expires_at: datetime | None, at: datetime) -> None:
        self.must_be_enabled()
        if expires_at is not None and expires_at <= at:
            raise Invalid("A secret must expire in the future.", field="expires_at")
        good = [expiry for expiry in self.secrets.values() if expiry is None or expiry > at]
        if len(good) >= MOST_SECRETS:
            raise TooManySecrets("There are two secrets already: revoke one first.")
        self.trigger_event(
            self.SecretIssued, timestamp=at, secret_id=secret_id, expires_at=expires_at
        )

    def revoke_secret(self, *, secret_id: UUID, at: datetime) -> None:
        if secret_id not in self.secrets:
            raise NoSuchSecret("The service account has no such secret.")
        self.trigger_event(self.SecretRevoked, timestamp=at, secret_id=secret_id)

    def disable(self, *, reason: str | None, at: datetime) -> None:
        self.must_be_enabled()
        reason = text.optional(reason, "reason", 1_000)
        self.trigger_event(self.Disabled, timestamp=at, reason=reason)

    def enable(self, *, at: datetime) -> None:
        if self.enabled:
            raise ServiceAccountEnabled("This service account is enabled.")
        self.trigger_event(self.Enabled, timestamp=at)

    def must_be_enabled(self) -> None:
        if not self.enabled:
            raise ServiceAccountDisabled("This service account is disabled.")

    @event(AccessChanged)
    def _access_changed(self, roles: list[Role], scopes: list[str] | None) -> None:
        self.roles = roles
        self.scopes = scopes

    @event(SecretIssued)
    def _secret_issued(self, secret_id: UUID, expires_at: datetime | None) -> None:
        self.secrets[secret_id] = expires_at

    @event(SecretRevoked)
    def _secret_revoked(self, secret_id: UUID) -> None:
        del self.secrets[secret_id]

    @event(Disabled)
    def _disabled(self) -> None:
        self.enabled = False

    @event(Enabled)
    def _enabled(self) -> None:
        self.enabled = True


def _roles(roles: list[Role]) -> list[Role]:
    if not roles:
        raise Invalid("A service account holds at least one role.", field="roles")
    if Role.SYSTEM in roles:
        raise Invalid("The role 'system' can't be granted.", field="roles")
    return sorted(set(roles))


def _scopes(scopes: list[str] | None) -> list[str] | None:
    if scopes is not None and not scopes:
        raise Invalid("Name at least one operation, or leave scopes out.", field="scopes")
    return None if scopes is None else sorted(set(scopes))
