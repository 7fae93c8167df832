"""Access tokens: short-lived JSON Web Tokens (RFC 7519), signed with Ed25519 and nothing else."""

import hashlib
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import jwt
import msgspec

from access.actor import Actor
from access.keys import ALGORITHM, SigningKeys, VerificationKeys
from access.standing import Standings
from domain.roles import Role

TYPE = "at+jwt"
"""Says in the header that this is an access token (RFC 9068), so that no other kind passes."""
SECONDS_VALID = 600
LEEWAY_SECONDS = 5
"""How far the clocks of two machines may differ."""
LONGEST_TOKEN = 4096
CACHED_TOKENS = 10_000

_REQUIRED = ["exp", "iat", "iss", "aud", "sub", "sid", "roles"]


class InvalidToken(Exception):
    """The token proves nothing. `reason` is safe to show: it holds nothing of the token."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TokenOver(InvalidToken):
    """It was good: it has expired, or its session or account has ended."""


_Instant = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
_Date = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799)]
"""Seconds up to the end of the year 9999, the last that a datetime can say."""


class _Claims(msgspec.Struct, frozen=True):
    sub: UUID
    sid: UUID
    roles: frozenset[Role]
    exp: _Instant
    iat: _Instant
    nbf: _Instant = 0
    auth_time: _Date | None = None
    amr: frozenset[str] = frozenset()
    scope: str | None = None
    client_id: UUID | None = None

    def actor(self) -> Actor:
        proved_at = self.auth_time
        return Actor(
            self.sub,
            self.roles,
            self.sid,
            None if proved_at is None else datetime.fromtimestamp(proved_at, UTC),
            self.amr,
            None if self.scope is None else frozenset(self.scope.split()),
            self.client_id is not None,
        )


class _Verified(NamedTuple):
    kid: str
    claims: _Claims
    actor: Actor


class TokenIssuer:
    """Makes the access token of a session."""

    def __init__(
        self,
        keys: SigningKeys,
        *,
        issuer: str,
        audience: str,
        seconds_valid: int = SECONDS_VALID,
        clock: Callable[[], float] = time.time,
        is_revoked: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """`is_revoked` tells of a key, by its id, that another process may have taken back."""
        self._keys = keys
        self._is_revoked = is_revoked
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self.seconds_valid = seconds_valid
        """`expires_in` of the answer to a log-in."""

    def access_token(self, actor: Actor) -> str:
        """A token that says who acts, with which roles, in which session.

        `scope` (RFC 8693) names the only operations that it is good for; left out: all that the
        roles allow. `auth_time` and `amr` say when and how the person has proved who they are
        (RFC 9470); a service account has a `client_id` instead (RFC 9068).

        Raises:
            ValueError: the actor isn't a person or a service account in a session.
        """
        if actor.id is None or actor.session_id is None or Role.SYSTEM in actor.roles:
            raise ValueError("Only a person or a service account in a session gets a token.")
        now = int(self._clock())
        claims: dict[str, object] = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": str(actor.id),
            "sid": str(actor.session_id),
            "roles": sorted(actor.roles),
            "iat": now,
            "exp": now + self.seconds_valid,
        }
        if actor.authenticated_at is not None:
            claims["auth_time"] = int(actor.authenticated_at.timestamp())
        if actor.factors:
            claims["amr"] = sorted(actor.factors)
        if actor.operations is not None:
            claims["scope"] = " ".join(sorted(actor.operations))
        if actor.is_service:
            claims["client_id"] = str(actor.id)
        key = self._keys.active()
        if self._is_revoked(key.kid):
            key = self._keys.refresh()
        return jwt.encode(claims, key.private_key, ALGORITHM, headers={"kid": key.kid, "typ": TYPE})


class TokenVerifier:
    """Tells who acts from an access token; remembers the tokens it has verified."""

    def __init__(
        self,
        keys: VerificationKeys,
        *,
        issuer: str,
        audience: str,
        standings: Standings | None = None,
        clock: Callable[[], float] = time.time,
        cached_tokens: int = CACHED_TOKENS,
    ) -> None:
        """Without `standings` a token is believed until it expires."""
        self._keys = keys
        self._standings = standings
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._cache = _Cache(cached_tokens)

    def verify(self, token: str) -> Actor:
        """Who acts, with the roles held now.

        May ask the database for keys: once a minute, and for an unknown key once a second. `knows`
        says beforehand that it won't.

        Raises:
            InvalidToken: malformed, forged, expired, not for us, signed by an unknown key, or of a
                session or an account that has ended.
            KeysUnavailable: signed by an unknown key while the database is out of reach.
        """
        if len(token) > LONGEST_TOKEN or not token.isascii():
            raise InvalidToken("The token is malformed.")
        digest = hashlib.sha256(token.encode()).digest()
        verified = self._cache.get(digest)
        if verified is None:
            verified = self._verify(token)
            self._check_time(verified.claims)
            self._cache.put(digest, verified)
        else:
            self._check_time(verified.claims)
            self._check_key(verified.kid, digest)
        return self._now(verified)

    def is_revoked(self, kid: str) -> bool:
        """Whether tokens signed by a key are refused, as far as is known here."""
        return self._standings is not None and self._standings.is_revoked(kid)

    def knows(self, token: str) -> bool:
        """Whether `verify` answers from memory: no signature to check, no database to ask."""
        digest = hashlib.sha256(token.encode(errors="replace")).digest()
        return not self._keys.stale() and self._cache.get(digest) is not None

    def _now(self, verified: _Verified) -> Actor:
        if self._standings is None:
            return verified.actor
        actor = self._standings.now(verified.actor, verified.claims.iat)
        if actor is None:
            raise TokenOver("The session of this token has ended.")
        return actor

    def _verify(self, token: str) -> _Verified:
        kid = _key_id(token)
        self._must_not_be_revoked(kid)
        try:
            payload = jwt.decode(
                token,
                self._key(kid),
                algorithms=[ALGORITHM],
                audience=self._audience,
                issuer=self._issuer,
                # The times are checked below: a token from the cache needs that as well.
                options={
                    "require": _REQUIRED,
                    "strict_aud": True,
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except jwt.InvalidTokenError as error:
            raise InvalidToken(_reason(error)) from None
        claims = _claims(payload)
        return _Verified(kid, claims, claims.actor())

    def _key(self, kid: str) -> jwt.PyJWK:
        key = self._keys.get(kid)
        if key is None:
            raise InvalidToken("The token is signed by an unknown key.")
        return key

    def _must_not_be_revoked(self, kid: str) -> None:
        """Keys are looked up now and then, what was revoked several times a second."""
        if self.is_revoked(kid):
            raise InvalidToken("The token is signed by an unknown key.")

    def _check_key(self, kid: str, digest: bytes) -> None:
        """A key that is gone takes the tokens along that were verified with it."""
        try:
            self._must_not_be_revoked(kid)
            self._key(kid)
        except InvalidToken:
            self._cache.drop(digest)
            raise

    def _check_time(self, claims: _Claims) -> None:
        now = self._clock()
        if claims.exp <= now - LEEWAY_SECONDS:
            raise TokenOver("The token has expired.")
        if max(claims.iat, claims.nbf) > now + LEEWAY_SECONDS:
            raise InvalidToken("The token isn't valid yet.")


class _Cache:
    """Verified tokens by their hash; the oldest entry goes when it is full."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._entries: dict[bytes, _Verified] = {}
        self._lock = threading.Lock()

    def get(self, digest: bytes) -> _Verified | None:
        return self._entries.get(digest)

    def put(self, digest: bytes, verified: _Verified) -> None:
        with self._lock:
            if len(self._entries) >= self._size:
                self._entries.pop(next(iter(self._entries)))
            self._entries[digest] = verified

    def drop(self, digest: bytes) -> None:
        with self._lock:
            self._entries.pop(digest, None)


def _key_id(token: str) -> str:
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError as error:
        raise InvalidToken(_reason(error)) from None
    kid = header.get("kid")
    if header.get("typ") != TYPE or not isinstance(kid, str):
        raise InvalidToken("The token is no access token.")
    return kid


def _claims(payload: dict[str, Any]) -> _Claims:
    try:
        claims = msgspec.convert(payload, _Claims)
    except msgspec.ValidationError:
        raise InvalidToken("The token's claims make no sense.") from None
    if Role.SYSTEM in claims.roles:
        raise InvalidToken("The token's claims make no sense.")
    return claims


def _reason(error: jwt.InvalidTokenError) -> str:
    """PyJWT's own words may quote the token; these don't."""
    match error:
        case jwt.InvalidSignatureError():
            return "The token's signature is wrong."
        case jwt.InvalidAlgorithmError():
            return "The token isn't signed in the way expected."
        case jwt.InvalidAudienceError() | jwt.InvalidIssuerError():
            return "The token was made for or by someone else."
        case jwt.MissingRequiredClaimError():
            return "The token lacks a claim."
        case _:
            return "The token is malformed."
