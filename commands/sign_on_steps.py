"""What goes from one step of a sign-on to the next, by way of a browser or a front end."""

from datetime import datetime
from uuid import UUID

import msgspec


class Callback(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser brings back from the provider."""

    state: str | None = None
    code: str | None = None
    error: str | None = None
    issuer: str | None = None
    browser: str | None = None

    def __repr__(self) -> str:
        return "Callback()"


class Begun(msgspec.Struct, frozen=True):
    """Where to send the browser, and the cookie that it comes back with."""

    url: str
    browser: str

    def __repr__(self) -> str:
        return "Begun()"


class Ticket(msgspec.Struct, frozen=True, tag="ticket"):
    """Lets a browser begin what the owner of a session has asked for."""

    provider: str
    session_id: UUID
    links: bool = False


class SignOnProof(msgspec.Struct, frozen=True, kw_only=True, tag="proof"):
    """Who has logged in by which provider; `proves_anew` in which session of theirs, or in none.

    `authenticated_at` is when they did by the provider's word, `at` when the answer came.
    """

    provider: str
    learner_id: UUID
    identity_id: UUID
    session: str | None
    factors: frozenset[str]
    authenticated_at: datetime | None
    at: datetime
    proves_anew: UUID | None
    id_token: str

    @property
    def method(self) -> str:
        """As the log calls it."""
        return f"oidc:{self.provider}"

    def __repr__(self) -> str:
        return f"SignOnProof(provider={self.provider!r})"
