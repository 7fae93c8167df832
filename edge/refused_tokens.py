"""Access tokens that prove nothing, counted for the audit like wrong passwords.

What ends by itself (a token that has expired, a session that is over) happens to everybody and
isn't counted.
"""

from collections.abc import Callable

from access.actor import Actor
from access.tokens import InvalidToken, TokenOver
from edge.authentication import Verifier
from edge.correlation import current_caller

Count = Callable[[str | None], object]
"""Counts one refusal of somebody at a network address. May block, as `verify` may."""


class CountingVerifier:
    """A verifier that remembers whom it refused."""

    def __init__(self, verifier: Verifier, count: Count) -> None:
        self._verifier = verifier
        self._count = count

    def verify(self, token: str) -> Actor:
        """Who acts. Raises InvalidToken."""
        try:
            return self._verifier.verify(token)
        except TokenOver:
            raise
        except InvalidToken:
            self._count(current_caller().source_address)
            raise

    def knows(self, token: str) -> bool:
        """Whether `verify` answers from memory."""
        return self._verifier.knows(token)
