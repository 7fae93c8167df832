"""How what commands raise is told over HTTP."""

from access.passwords import WeakPassword
from access.sessions import InvalidRefreshToken
from access.throttle import Throttled
from commands.directory import DirectoryUnavailable
from commands.errors import TooMuchContention, VersionMismatch
from commands.login import InvalidCredentials
from commands.single_sign_on import LogoutRefused, ProviderUnavailable, SignOnRefused
from commands.vouched import NoAccount
from domain.errors import Conflict, Forbidden, Invalid, NotFound
from edge.problem import Fault, FaultTable, FieldError, described, unavailable
from event_store.errors import LogUnavailable


def _weak_password(error: WeakPassword) -> Fault:
    return Fault(
        status=422,
        code="weak-password",
        detail=error.detail,
        errors=(FieldError("password", error.detail),),
    )


def _throttled(error: Throttled) -> Fault:
    return Fault(
        status=429,
        code="too-many-failed-logins",
        detail=str(error),
        headers={"Retry-After": str(error.retry_after)},
    )


def _unauthorized(code: str, detail: str) -> Fault:
    return Fault(status=401, code=code, detail=detail, headers={"WWW-Authenticate": "Bearer"})


COMMAND_FAULTS: FaultTable = {
    NotFound: described(404),
    Conflict: described(409),
    Invalid: described(422),
    Forbidden: described(403),
    VersionMismatch: described(412),
    WeakPassword: _weak_password,
    Throttled: _throttled,
    InvalidCredentials: lambda error: _unauthorized(error.code, error.detail),
    InvalidRefreshToken: lambda _: _unauthorized(
        "invalid-refresh-token", "This refresh token is good for nothing; log in again."
    ),
    SignOnRefused: lambda error: _unauthorized(error.code, error.detail),
    NoAccount: described(403),
    LogoutRefused: described(400),
    DirectoryUnavailable: lambda error: unavailable(error.code, error.detail, retry_after=5),
    ProviderUnavailable: lambda error: unavailable(error.code, error.detail, retry_after=5),
    TooMuchContention: lambda _: unavailable(
        "too-much-contention", "Others keep changing the same thing; nothing was recorded."
    ),
    LogUnavailable: lambda _: unavailable(
        "log-unavailable",
        "The database can't be reached. Whether the command was recorded is not known: repeat it"
        " with the same Idempotency-Key.",
    ),
}
