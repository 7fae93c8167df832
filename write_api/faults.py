"""How what commands raise is told over HTTP."""

from access.challenges import InvalidChallenge
from access.passwords import UnacceptablePassword
from access.resets import InvalidResetLink
from access.sessions import InvalidRefreshToken
from access.throttle import Throttled
from commands.directory import DirectoryUnavailable
from commands.errors import TooMuchContention, VersionMismatch
from commands.factors import InvalidCode
from commands.identity_provider import LogoutRefused, ProviderUnavailable, SignOnRefused
from commands.login import InvalidCredentials, PasswordExpired
from commands.step_up import StepUpRequired
from commands.vouched import NoAccount
from domain.errors import Conflict, Forbidden, Invalid, NotFound
from edge.problem import Fault, FaultTable, FieldError, described, unavailable
from edge.scim.faults import SCIM_FAULTS
from event_store.errors import LogUnavailable, MasterKeyUnavailable


def _unacceptable_password(error: UnacceptablePassword) -> Fault:
    return Fault(
        status=422,
        code=error.code,
        detail=error.detail,
        errors=(FieldError(error.field, error.detail),),
    )


def _throttled(error: Throttled) -> Fault:
    return Fault(
        status=429,
        code=error.code,
        detail=str(error),
        headers={"Retry-After": str(error.retry_after)},
    )


def _password_expired(error: PasswordExpired) -> Fault:
    return Fault(
        status=403,
        code=error.code,
        detail=f"{error.detail} POST /login/password takes the old one and the new one.",
        headers={"Link": '</login/password>; rel="change-password"'},
    )


def _unauthorized(code: str, detail: str) -> Fault:
    return Fault(status=401, code=code, detail=detail, headers={"WWW-Authenticate": "Bearer"})


def _step_up_required(error: StepUpRequired) -> Fault:
    """With the challenge of RFC 9470, for clients that know what to do with it."""
    challenge = [
        'Bearer error="insufficient_user_authentication"',
        f'error_description="{error.detail}"',
        f'max_age="{int(error.max_age.total_seconds())}"',
    ]
    if error.second_factor:
        challenge.append('acr_values="mfa"')
    return Fault(
        status=403,
        code=error.code,
        detail=error.detail,
        headers={"WWW-Authenticate": ", ".join(challenge)},
    )


COMMAND_FAULTS: FaultTable = {
    **SCIM_FAULTS,
    NotFound: described(404),
    Conflict: described(409),
    Invalid: described(422),
    Forbidden: described(403),
    StepUpRequired: _step_up_required,
    VersionMismatch: described(412),
    UnacceptablePassword: _unacceptable_password,
    PasswordExpired: _password_expired,
    InvalidResetLink: described(404),
    Throttled: _throttled,
    InvalidCredentials: lambda error: _unauthorized(error.code, error.detail),
    InvalidChallenge: lambda error: _unauthorized(error.code, error.detail),
    InvalidCode: lambda error: _unauthorized(error.code, error.detail),
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
    MasterKeyUnavailable: lambda _: unavailable(
        "master-key-unavailable",
        "A key that this needs can't be opened right now; nothing was recorded.",
    ),
    LogUnavailable: lambda _: unavailable(
        "log-unavailable",
        "The database can't be reached. Whether the command was recorded is not known: repeat it"
        " with the same Idempotency-Key.",
    ),
}
