"""Access tokens that prove nothing, counted for the audit like wrong passwords.

What ends by itself (a token that has expired, a session that is over) happens to everybody and
isn't counted. The read API has no right to write: who knocks there alone isn't counted either.
"""

from access.actor import Actor
from access.refusals import Refusals, RefusedAct, Why
from access.tokens import InvalidToken, TokenOver, TokenVerifier
from edge.correlation import current_caller


class CountingVerifier:
    """A verifier that remembers whom it refused. May block, as `verify` may."""

    def __init__(self, verifier: TokenVerifier, refusals: Refusals) -> None:
        self._verifier = verifier
        self._refusals = refusals

    def verify(self, token: str) -> Actor:
        """Who acts. Raises InvalidToken."""
        try:
            return self._verifier.verify(token)
        except TokenOver:
            raise
        except InvalidToken:
            address = current_caller().source_address
            self._refusals.count(RefusedAct.ACCESS_TOKEN, Why.INVALID_TOKEN, address=address)
            raise

    def knows(self, token: str) -> bool:
        """Whether `verify` answers from memory."""
        return self._verifier.knows(token)
