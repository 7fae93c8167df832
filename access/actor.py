"""Who acts."""

from datetime import datetime
from uuid import UUID

import msgspec

from domain.roles import Role

SECOND_FACTORS = frozenset({"otp", "mfa", "hwk", "swk"})
"""The methods (RFC 8176) that prove more than a password does."""


class Actor(msgspec.Struct, frozen=True):
    """A person, a service account or the system itself at work, as a token or a policy says.

    `id` is the learner's or the service account's id and `session_id` the log-in it acts in; the
    system has neither. `authenticated_at` (aware, UTC) is when they last proved who they are, and
    `factors` how: `pwd`, `otp`, … `operations` are the only commands and queries that the token is
    good for, whatever the roles allow; None is no such limit.
    """

    id: UUID | None
    roles: frozenset[Role]
    session_id: UUID | None = None
    authenticated_at: datetime | None = None
    factors: frozenset[str] = frozenset()
    operations: frozenset[str] | None = None
    is_service: bool = False

    @property
    def has_second_factor(self) -> bool:
        """Whether they proved more than a password in this session."""
        return bool(self.factors & SECOND_FACTORS)


SYSTEM = Actor(id=None, roles=frozenset({Role.SYSTEM}))
