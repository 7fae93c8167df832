"""Who acts."""

from uuid import UUID

import msgspec

from domain.roles import Role


class Actor(msgspec.Struct, frozen=True):
    """A person (or the system itself) at work, as an access token or a policy says.

    `id` is the learner's id and `session_id` the log-in it acts in; the system has neither.
    """

    id: UUID | None
    roles: frozenset[Role]
    session_id: UUID | None = None


SYSTEM = Actor(id=None, roles=frozenset({Role.SYSTEM}))
