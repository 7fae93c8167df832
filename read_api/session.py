"""Queries on one's own log-in: sessions, second factor; and on the keys that sign tokens."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency

from access.actor import Actor
from domain.roles import Role
from edge.request import EdgeRequest
from event_store.addresses import Client
from read_api.asking import READS, Asking
from read_api.history import Historian

SESSIONS = """
SELECT session_id, started_at, authenticated_at, last_used_at, expires_at, factors, client
FROM access.sessions
WHERE learner_id = %s AND ended_at IS NULL AND expires_at > now()
ORDER BY last_used_at DESC, session_id"""
SECOND_FACTOR = """
SELECT
    (SELECT confirmed_at FROM access.totp WHERE learner_id = %s) AS confirmed_at,
    EXISTS (SELECT FROM access.totp WHERE learner_id = %s) AS begun,
    (SELECT count(*) FROM access.recovery_codes WHERE learner_id = %s) AS recovery_codes_left"""
KEYS = "SELECT kid, created_at, retired_at FROM access.signing_keys ORDER BY created_at DESC, kid"


class _Row(msgspec.Struct, frozen=True):
    session_id: UUID
    started_at: datetime
    authenticated_at: datetime | None
    last_used_at: datetime
    expires_at: datetime
    factors: list[str]
    client: str | None


class SessionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """`factors` (RFC 8176) say how its owner has proved who they are: `pwd`, `otp`.

    `authenticated_at` null: an identity provider that doesn't say when has let them in. `client` is
    where the log-in came from. `current` is the session that asks.
    """

    id: UUID
    current: bool
    started_at: datetime
    authenticated_at: datetime | None
    last_used_at: datetime
    expires_at: datetime
    factors: Sequence[str]
    client: Client | None


class SessionList(msgspec.Struct, frozen=True):
    items: Sequence[SessionInfo]
    next_cursor: None = None


class _Factor(msgspec.Struct, frozen=True):
    confirmed_at: datetime | None
    begun: bool
    recovery_codes_left: int


class SecondFactorInfo(msgspec.Struct, frozen=True, kw_only=True):
    """`state` is none, pending (begun, not confirmed) or confirmed.

    `enforced`: a role of the person's asks for one.
    """

    state: str
    confirmed_at: datetime | None
    recovery_codes_left: int
    enforced: bool


class EnforcedRoles(msgspec.Struct, frozen=True):
    """The roles whose holders need a second factor."""

    roles: frozenset[Role] = frozenset()


class SigningKeyInfo(msgspec.Struct, frozen=True):
    """`retired_at` null: it signs. The public halves are at `/.well-known/jwks.json`."""

    kid: str
    created_at: datetime
    retired_at: datetime | None


class SigningKeyList(msgspec.Struct, frozen=True):
    items: Sequence[SigningKeyInfo]
    next_cursor: None = None


@get("/me/sessions", operation_id="ListMySessions", tags=["Sessions"], opt={READS: ()})
async def list_my_sessions(
    request: EdgeRequest[Actor, Any],
    asking: NamedDependency[Asking],
    historian: NamedDependency[Historian],
) -> SessionList:
    """List one's own live sessions, the last used first."""
    rows = await asking.database.all(_Row, SESSIONS, (asking.me,))
    current = request.user.session_id

    def describe() -> SessionList:
        return SessionList([_session(row, asking.me, current, historian) for row in rows])

    return await asyncio.to_thread(describe)


@get("/me/second-factor", operation_id="GetMySecondFactor", tags=["Second factor"], opt={READS: ()})
async def get_my_second_factor(
    request: EdgeRequest[Actor, Any],
    asking: NamedDependency[Asking],
    enforced: NamedDependency[EnforcedRoles],
) -> SecondFactorInfo:
    """Tell how one's own second factor stands."""
    row = await asking.database.first(_Factor, SECOND_FACTOR, (asking.me,) * 3)
    assert row is not None
    begun = "pending" if row.begun else "none"
    return SecondFactorInfo(
        state="confirmed" if row.confirmed_at else begun,
        confirmed_at=row.confirmed_at,
        recovery_codes_left=row.recovery_codes_left,
        enforced=bool(enforced.roles & request.user.roles),
    )


@get("/signing-keys", operation_id="ListSigningKeys", tags=["Signing keys"], opt={READS: ()})
async def list_signing_keys(asking: NamedDependency[Asking]) -> SigningKeyList:
    """List the keys that access tokens are, or were, signed with, the newest first."""
    return SigningKeyList(await asking.database.all(SigningKeyInfo, KEYS))


def _session(row: _Row, owner: UUID, current: UUID | None, historian: Historian) -> SessionInfo:
    return SessionInfo(
        id=row.session_id,
        current=row.session_id == current,
        started_at=row.started_at,
        authenticated_at=row.authenticated_at,
        last_used_at=row.last_used_at,
        expires_at=row.expires_at,
        factors=row.factors,
        client=historian.client_of(owner, row.client),
    )
