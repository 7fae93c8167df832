"""What service accounts are given: secrets, shown once, and access tokens for them (RFC 6749)."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

import msgspec

from access.actor import Actor
from access.client_secrets import ClientSecrets, hash_of, new_secret
from access.permissions import NAMES, scopes
from access.refusals import RefusedAct, Why
from access.sessions import Sessions
from access.tokens import TokenIssuer
from commands.context import Context, Recorded
from commands.dispatcher import Dispatcher
from commands.doorkeeper import Doorkeeper
from commands.service_account import CreateServiceAccount, IssueClientSecret
from domain.roles import Role
from domain.service_account import ServiceAccount
from event_store.application import Log

_ROLES = {role.value for role in Role if role is not Role.SYSTEM}


class Refused(StrEnum):
    """The codes of RFC 6749, 5.2."""

    INVALID_REQUEST = "invalid_request"
    INVALID_CLIENT = "invalid_client"
    UNSUPPORTED_GRANT_TYPE = "unsupported_grant_type"
    INVALID_SCOPE = "invalid_scope"


class TokenRefused(Exception):
    """No token is given; `description` is for whoever writes the client."""

    def __init__(self, error: Refused, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


class ServiceToken(msgspec.Struct, frozen=True):
    """The answer of RFC 6749, 5.1; `scope` is what was granted, `expires_in` is in seconds."""

    access_token: str
    expires_in: int
    scope: str
    token_type: str = "Bearer"  # noqa: S105 - the name of a scheme

    def __repr__(self) -> str:
        return f"ServiceToken(expires_in={self.expires_in}, scope={self.scope!r})"


class ClientSecret(msgspec.Struct, frozen=True):
    """A secret that is shown this once, and what every command answers."""

    client_id: UUID
    secret_id: UUID
    client_secret: str
    recorded: Recorded

    def __repr__(self) -> str:
        return f"ClientSecret(client_id={self.client_id!r}, secret_id={self.secret_id!r})"


class ClientCredentials:
    """Gives out secrets and tokens."""

    def __init__(
        self,
        log: Log,
        dispatcher: Dispatcher,
        secrets: ClientSecrets,
        sessions: Sessions,
        door: Doorkeeper,
        issuer: TokenIssuer,
    ) -> None:
        self._log = log
        self._dispatcher = dispatcher
        self._secrets = secrets
        self._sessions = sessions
        self._door = door
        self._issuer = issuer

    def create(
        self,
        name: str,
        description: str | None,
        roles: list[Role],
        names: list[str] | None,
        expires_at: datetime | None,
        context: Context,
    ) -> ClientSecret:
        """Makes an account with its first secret. `names` are the operations it is limited to."""
        secret_id, secret = uuid4(), new_secret()
        command = CreateServiceAccount(
            name=name,
            description=description,
            roles=roles,
            scopes=names,
            secret_id=secret_id,
            secret_hash=hash_of(secret),
            expires_at=_utc(expires_at),
        )
        recorded = self._dispatcher.dispatch(command, context)
        return ClientSecret(recorded.id, secret_id, secret, recorded)

    def issue(
        self, service_account_id: UUID, expires_at: datetime | None, context: Context
    ) -> ClientSecret:
        """Makes a further secret for an account."""
        secret_id, secret = uuid4(), new_secret()
        command = IssueClientSecret(
            service_account_id=service_account_id,
            secret_id=secret_id,
            secret_hash=hash_of(secret),
            expires_at=_utc(expires_at),
        )
        recorded = self._dispatcher.dispatch(command, context)
        return ClientSecret(service_account_id, secret_id, secret, recorded)

    def token(
        self, client_id: str, client_secret: str, scope: str | None, context: Context
    ) -> ServiceToken:
        """A token for all that the account may do, or for what `scope` names of it.

        Raises `TokenRefused`, or `Throttled` when this client has failed too often from there.
        """
        account = self._authenticated(client_id, client_secret, context)
        roles, operations = granted(account, scope)
        lifetime = timedelta(seconds=self._issuer.seconds_valid)
        actor = Actor(
            id=account.id,
            roles=roles,
            session_id=self._sessions.start_for_service(account.id, lifetime),
            operations=operations,
            is_service=True,
        )
        return ServiceToken(
            access_token=self._issuer.access_token(actor),
            expires_in=self._issuer.seconds_valid,
            scope=" ".join((*sorted(roles), *sorted(operations or ()))),
        )

    def _authenticated(self, client_id: str, secret: str, context: Context) -> ServiceAccount:
        # Per client and address together: nobody stops an integration by knocking at its name.
        client = f"client {client_id[:100]} from {context.source_address}"
        account = self._find(client_id)
        owner_id = account.id if account else None
        self._door.admit(RefusedAct.SERVICE_TOKEN, client, context, owner_id)
        # An unknown client costs the same look-up as a known one.
        right = self._secrets.verify(account.id if account else UUID(int=0), secret)
        if account is None or not right or not account.enabled:
            self._door.refuse(RefusedAct.SERVICE_TOKEN, _why(account, right), context, owner_id)
            raise TokenRefused(Refused.INVALID_CLIENT, "The client or its secret is wrong.")
        self._door.succeeded(client, context)
        return account

    def _find(self, client_id: str) -> ServiceAccount | None:
        try:
            id = UUID(client_id)
        except ValueError:
            return None
        return self._log.find_latest(ServiceAccount, id)


def _why(account: ServiceAccount | None, right: bool) -> Why:
    if account is None:
        return Why.UNKNOWN_CLIENT
    return Why.INACTIVE if right else Why.WRONG_SECRET


def granted(
    account: ServiceAccount, scope: str | None
) -> tuple[frozenset[Role], frozenset[str] | None]:
    """The roles and operations of a token. A scope names roles, operations, or some of each.

    Raises `TokenRefused` when it names more than the account has.
    """
    asked = frozenset((scope or "").split())
    named_roles = frozenset(Role(name) for name in asked & _ROLES)
    operations = asked - _ROLES
    roles = named_roles or frozenset(account.roles)
    allowed = account.scopes is None or operations <= set(account.scopes)
    known = operations <= NAMES
    if not (roles <= set(account.roles) and known and allowed):
        raise TokenRefused(Refused.INVALID_SCOPE, "The account doesn't have this scope.")
    if not all(scopes(roles, name) for name in operations):
        raise TokenRefused(Refused.INVALID_SCOPE, "The roles asked for don't allow this scope.")
    if operations:
        return roles, operations
    return roles, None if account.scopes is None else frozenset(account.scopes)


def _utc(at: datetime | None) -> datetime | None:
    if at is None:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
