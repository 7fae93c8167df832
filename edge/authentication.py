"""Bearer tokens (RFC 6750): who calls. What they may do is decided behind the edge.

Every route needs a token unless its handler says `opt={"open": True}`.
"""

import asyncio
from typing import Protocol

from litestar.types import ASGIApp, Receive, Scope, Send

from access.actor import Actor
from access.keys import KeysUnavailable
from access.tokens import InvalidToken
from edge.problem import Fault, ProblemError, unavailable

OPEN = "open"


class Verifier(Protocol):
    """Tells who acts from an access token: `access.tokens.TokenVerifier`."""

    def verify(self, token: str) -> Actor:
        """Who acts. May block. Raises InvalidToken."""

    def knows(self, token: str) -> bool:
        """Whether `verify` answers from memory."""


class AuthenticationMiddleware:
    """ASGI middleware within Litestar's routing: puts the Actor into `request.user`."""

    def __init__(self, app: ASGIApp, verifier: Verifier) -> None:
        self._app = app
        self._verifier = verifier

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_open(scope):
            scope["user"] = await self._actor(_bearer_token(scope))
            scope["auth"] = None
        await self._app(scope, receive, send)

    async def _actor(self, token: str) -> Actor:
        try:
            if self._verifier.knows(token):
                return self._verifier.verify(token)
            # A signature takes a while to check, and a new key is looked up in the database.
            return await asyncio.to_thread(self._verifier.verify, token)
        except InvalidToken as error:
            raise _refused(error.reason, challenge='Bearer error="invalid_token"') from error
        except KeysUnavailable as error:
            detail = "The key of this token can't be looked up just now."
            raise ProblemError(unavailable("database-unavailable", detail)) from error


def _is_open(scope: Scope) -> bool:
    return scope["route_handler"].opt.get(OPEN) is True


def _bearer_token(scope: Scope) -> str:
    found = [value for name, value in scope["headers"] if name == b"authorization"]
    if not found:
        raise _refused("This needs an access token: Authorization: Bearer …", challenge="Bearer")
    scheme, _, token = found[0].decode("latin-1").partition(" ")
    if len(found) > 1 or scheme.lower() != "bearer" or not token.strip():
        raise _refused("The Authorization header isn't: Bearer <token>.", challenge="Bearer")
    return token.strip()


def _refused(detail: str, *, challenge: str) -> ProblemError:
    return ProblemError(
        Fault(
            status=401,
            code="not-authenticated",
            detail=detail,
            headers={"WWW-Authenticate": challenge},
        )
    )
