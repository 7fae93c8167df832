"""One OpenID Connect provider, as its relying party: code flow with PKCE, and log-out both ways.

OpenID Connect Core 1.0, Discovery 1.0, RP-Initiated Logout 1.0, Back-Channel Logout 1.0. Everything
blocks; what is discovered is kept for an hour, keys until a token is signed by one we don't know.
"""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core.claims import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from adapters.oidc_metadata import Metadata, is_safe

SECONDS = 5.0
"""For how long the provider may keep us waiting, each time."""
METADATA_SECONDS = 3600.0
KEYS_SECONDS = 5.0
"""Tokens signed by made-up keys cost the provider no more than one request in this time."""
LEEWAY = 60
"""Seconds that our clocks may differ."""
OLDEST = 600
"""Seconds since an ID token or a log-out token was issued."""
LONGEST_TOKEN = 16_384
LONGEST_SUBJECT = 255

ALGORITHMS = [
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
]
"""Signatures that need the provider's private key: no `none`, and nothing with a shared secret."""
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
LOGOUT_TYPES = {None, "JWT", "logout+jwt"}


class ProviderRefused(Exception):
    """What the provider (or somebody in its name) says doesn't hold. `reason` quotes nothing."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ProviderUnreachable(Exception):
    """The provider doesn't answer, or not what a provider answers."""


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """We, as the provider knows us. Without a secret we are a public client."""

    issuer: str
    client_id: str
    client_secret: str | None = None
    scopes: tuple[str, ...] = ("openid", "profile", "email")

    def __repr__(self) -> str:
        return f"Client(issuer={self.issuer!r}, client_id={self.client_id!r})"


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who logged in; `claims` are those of the ID token and of the user info endpoint together.

    `factors` are what the ID token says they proved it by (RFC 8176), `authenticated_at` when.
    """

    subject: str
    session: str | None
    factors: frozenset[str]
    authenticated_at: datetime | None
    claims: Mapping[str, Any]
    id_token: str

    def __repr__(self) -> str:
        return "Identity()"


class LogoutNotice(msgspec.Struct, frozen=True, kw_only=True):
    """Who logged out, or which session of theirs ended; `expires_at` is in seconds since 1970."""

    token_id: str
    subject: str | None
    session: str | None
    expires_at: int


class OidcProvider:
    """Talks to one provider; thread-safe."""

    def __init__(self, client: Client, *, clock: Callable[[], float] = time.time) -> None:
        """Raises ValueError when the issuer isn't https, except on this machine."""
        if not is_safe(client.issuer):
            raise ValueError(f"The issuer must be an https address: {client.issuer}")
        self._client = client
        self._clock = clock
        self._lock = threading.Lock()
        self._metadata: Metadata | None = None
        self._metadata_until = 0.0
        self._keys: KeySet | None = None
        self._keys_at = float("-inf")

    @property
    def issuer(self) -> str:
        """The provider's name for itself."""
        return self._client.issuer

    def authorization_url(
        self,
        *,
        redirect_uri: str,
        state: str,
        nonce: str,
        verifier: str,
        max_age: timedelta | None = None,
    ) -> str:
        """Where to send the browser; with `max_age` to log in anew, whoever is logged in there.

        Raises `ProviderUnreachable`.
        """
        metadata, anew = self._discovered(), {}
        if max_age is not None:
            # Some providers know one of the two only; and who is asked for an age must tell it.
            anew = {"prompt": "login", "max_age": str(int(max_age.total_seconds()))}
        with self._session(redirect_uri) as session:
            url, _ = session.create_authorization_url(
                metadata.authorization_endpoint,
                state=state,
                code_verifier=verifier,
                nonce=nonce,
                **anew,
            )
        return str(url)

    def identify(self, *, code: str, redirect_uri: str, nonce: str, verifier: str) -> Identity:
        """Exchanges the code, and checks what comes. Raises `ProviderRefused`, `…Unreachable`."""
        metadata = self._discovered()
        tokens = self._exchange(metadata, code, redirect_uri, verifier)
        id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(id_token, str):
            raise ProviderRefused("The provider gave no ID token.")
        claims = self._checked_id_token(id_token, nonce, access_token)
        factors, proved_at = claims.get("amr"), self._authenticated_at(claims)
        if metadata.userinfo_endpoint and isinstance(access_token, str):
            claims = self._user_info(metadata.userinfo_endpoint, access_token, claims) | claims
        session = claims.get("sid")
        return Identity(
            subject=claims["sub"],
            session=session if isinstance(session, str) else None,
            factors=frozenset(
                each
                for each in (factors if isinstance(factors, list) else ())
                if isinstance(each, str)
            ),
            authenticated_at=proved_at,
            claims=claims,
            id_token=id_token,
        )

    def logout_url(self, *, id_token: str, redirect_uri: str, state: str) -> str | None:
        """Where to send the browser to log out there too; None when that isn't offered."""
        endpoint = self._discovered().end_session_endpoint
        if endpoint is None:
            return None
        query = {
            "id_token_hint": id_token,
            "client_id": self._client.client_id,
            "post_logout_redirect_uri": redirect_uri,
            "state": state,
        }
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(query)}"

    def logged_out(self, logout_token: str) -> LogoutNotice:
        """Checks a log-out token (Back-Channel Logout, 2.6).

        Raises `ProviderRefused`, `ProviderUnreachable`.
        """
        header, claims = self._verified(logout_token)
        if header.get("typ") not in LOGOUT_TYPES:
            raise ProviderRefused("This is no log-out token.")
        self._check_registered(claims, ("iss", "aud", "iat", "jti", "exp"))
        subject, session, events = claims.get("sub"), claims.get("sid"), claims.get("events")
        named = [each for each in (subject, session) if each is not None]
        if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
            raise ProviderRefused("The token isn't about a log-out.")
        if "nonce" in claims or not named or not all(isinstance(each, str) for each in named):
            raise ProviderRefused("The log-out token doesn't say who logged out.")
        return LogoutNotice(
            token_id=str(claims["jti"]),
            subject=subject,
            session=session,
            expires_at=int(claims["exp"]) + LEEWAY,
        )

    def _session(self, redirect_uri: str | None = None, method: str | None = None) -> OAuth2Session:
        session = OAuth2Session(
            self._client.client_id,
            self._client.client_secret,
            scope=" ".join(self._client.scopes),
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            token_endpoint_auth_method=method,
            default_timeout=SECONDS,
        )
        session.max_redirects = 0
        return session

    def _exchange(
        self, metadata: Metadata, code: str, redirect_uri: str, verifier: str
    ) -> dict[str, Any]:
        offered = metadata.token_endpoint_auth_methods_supported
        basic = "client_secret_basic" in offered or "client_secret_post" not in offered
        method = "client_secret_basic" if basic else "client_secret_post"
        with self._session(redirect_uri, method if self._client.client_secret else "none") as ours:
            try:
                tokens: dict[str, Any] = ours.fetch_token(
                    metadata.token_endpoint, code=code, code_verifier=verifier
                )
            except requests.TooManyRedirects:
                raise ProviderUnreachable from None
            except requests.RequestException as error:
                # Neither the code nor the provider's words get any further.
                raise ProviderUnreachable from (None if _is_answer(error) else error)
            except (AuthlibBaseError, ValueError):
                raise ProviderRefused("The provider doesn't accept the code.") from None
        return tokens

    def _checked_id_token(self, token: str, nonce: str, access_token: object) -> dict[str, Any]:
        header, claims = self._verified(token)
        self._check_registered(claims, ("iss", "sub", "aud", "exp", "iat", "nonce"))
        params = {
            "nonce": nonce,
            "client_id": self._client.client_id,
            "access_token": access_token if isinstance(access_token, str) else None,
        }
        try:
            CodeIDToken(claims, header, params=params).validate(int(self._clock()), LEEWAY)
        except (JoseError, TypeError, ValueError):
            raise ProviderRefused("The ID token is not the answer to this log-in.") from None
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
            raise ProviderRefused("The ID token's subject makes no sense.")
        return claims

    def _authenticated_at(self, claims: dict[str, Any]) -> datetime | None:
        """`auth_time`, which isn't later than now whatever their clock says; None: untold."""
        told, now = claims.get("auth_time"), self._clock()
        if told is None:
            return None
        if isinstance(told, bool) or not isinstance(told, int | float) or not told >= 0:
            raise ProviderRefused("The time of the log-in makes no sense.")
        if told > now + LEEWAY:
            raise ProviderRefused("The log-in lies in the future.")
        return datetime.fromtimestamp(min(told, now), UTC)

    def _check_registered(self, claims: dict[str, Any], needed: tuple[str, ...]) -> None:
        now = self._clock()
        if any(name not in claims for name in needed):
            raise ProviderRefused("The token lacks a claim.")
        if claims["iss"] != self._client.issuer:
            raise ProviderRefused("The token was made by someone else.")
        audience = claims["aud"]
        if self._client.client_id not in (audience if isinstance(audience, list) else [audience]):
            raise ProviderRefused("The token was made for someone else.")
        try:
            expires_at, issued_at = float(claims["exp"]), float(claims["iat"])
        except (TypeError, ValueError):
            raise ProviderRefused("The token's times make no sense.") from None
        if expires_at <= now - LEEWAY or issued_at < now - OLDEST - LEEWAY:
            raise ProviderRefused("The token has expired.")
        if not issued_at <= now + LEEWAY:
            raise ProviderRefused("The token isn't valid yet.")

    def _verified(self, token: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Header and claims of a token that the provider has signed."""
        if len(token) > LONGEST_TOKEN or not token.isascii():
            raise ProviderRefused("The token is malformed.")
        offered = self._discovered().id_token_signing_alg_values_supported
        allowed = [name for name in ALGORITHMS if name in offered]
        try:
            try:
                return _decoded(token, self._key_set(), allowed)
            except (InvalidKeyIdError, BadSignatureError):
                # The provider may have rotated its keys since.
                return _decoded(token, self._key_set(anew=True), allowed)
        except BadSignatureError:
            raise ProviderRefused("The token's signature is wrong.") from None
        except InvalidKeyIdError:
            raise ProviderRefused("The token is signed by an unknown key.") from None
        except (JoseError, ValueError, TypeError, KeyError):
            raise ProviderRefused(
                "The token is malformed, or signed in no way we accept."
            ) from None

    def _user_info(
        self, endpoint: str, access_token: str, claims: dict[str, Any]
    ) -> dict[str, Any]:
        """More claims, if they are about the same person (Core, 5.3.2)."""
        headers = {"Authorization": f"Bearer {access_token}"}
        try:
            found = _get(endpoint, headers=headers)
        except ProviderUnreachable:
            return {}
        if not isinstance(found, dict) or found.get("sub") != claims["sub"]:
            return {}
        return found

    def _discovered(self) -> Metadata:
        metadata = self._metadata
        if metadata is None or self._clock() >= self._metadata_until:
            metadata = self._discover()
            self._metadata_until = self._clock() + METADATA_SECONDS
            self._metadata = metadata
        return metadata

    def _discover(self) -> Metadata:
        address = f"{self._client.issuer.rstrip('/')}/.well-known/openid-configuration"
        try:
            metadata = msgspec.convert(_get(address), Metadata)
        except msgspec.ValidationError as error:
            raise ProviderUnreachable("The provider doesn't describe itself.") from error
        if metadata.issuer != self._client.issuer:
            raise ProviderUnreachable("The provider calls itself by another name.")
        if not all(is_safe(address) for address in metadata.addresses()):
            raise ProviderUnreachable("The provider has addresses that aren't https.")
        return metadata

    def _key_set(self, *, anew: bool = False) -> KeySet:
        with self._lock:
            recent = self._clock() - self._keys_at < KEYS_SECONDS
            if self._keys is None or (anew and not recent):
                found = _get(self._discovered().jwks_uri)
                try:
                    self._keys = KeySet.import_key_set(_only_signing(found))
                except (JoseError, ValueError, TypeError, KeyError) as error:
                    raise ProviderUnreachable("The provider's keys make no sense.") from error
                self._keys_at = self._clock()
            return self._keys


def _decoded(token: str, keys: KeySet, allowed: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    header = jws.extract_compact(token.encode()).headers()
    if header.get("alg") not in allowed:
        raise ProviderRefused("The token isn't signed in a way we accept.")
    decoded = jwt.decode(token, keys, algorithms=allowed)
    return dict(decoded.header), dict(decoded.claims)


def _only_signing(found: Any) -> Any:
    """Keys for encryption, and kinds that we don't know, don't make the others useless."""
    keys = [
        key
        for key in found["keys"]
        if key.get("kty") in {"RSA", "EC", "OKP"} and key.get("use", "sig") == "sig"
    ]
    return {"keys": keys}


def _get(address: str, headers: Mapping[str, str] | None = None) -> Any:
    """The JSON at an address. Raises `ProviderUnreachable`."""
    try:
        answer = requests.get(address, headers=headers, timeout=SECONDS, allow_redirects=False)
        if answer.status_code != requests.codes.ok:
            raise ProviderUnreachable(f"The provider answers with {answer.status_code}.")
        return answer.json()
    except requests.RequestException as error:
        raise ProviderUnreachable("The provider doesn't answer.") from error


def _is_answer(error: requests.RequestException) -> bool:
    return error.response is not None
