"""Logging in, staying logged in, logging out."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from litestar import Controller, Response, post, put
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency
from litestar.params import JSONBody

from access.actor import Actor
from access.passwords import UnacceptablePassword
from commands.admission import SecondFactorRequired, Tokens
from commands.login import Accounts
from commands.proof import Given
from edge.authentication import OPEN
from edge.openapi import PROBLEMS, THROTTLED
from edge.request import EdgeRequest
from write_api.body import Body
from write_api.sender import Answer, context_of, headers_of
from write_api.threads import Threads

EXPIRED = {PROBLEMS: (401, 403, 409)}
NOBODY = Actor(id=None, roles=frozenset())


@contextmanager
def named_new_password() -> Iterator[None]:
    """Refusals of a password name the field that it has in these bodies."""
    try:
        yield
    except UnacceptablePassword as error:
        error.field = "new_password"
        raise


class Credentials(Body, frozen=True):
    """`username` may be an e-mail address too."""

    username: str
    password: str

    def __repr__(self) -> str:
        return "Credentials()"


class PasswordReplacement(Body, frozen=True):
    """`username` may be an e-mail address too. Who has a second factor gives one of the codes."""

    username: str
    old_password: str
    new_password: str
    code: str | None = None
    recovery_code: str | None = None

    def __repr__(self) -> str:
        return "PasswordReplacement()"


class Refresh(Body, frozen=True):
    refresh_token: str

    def __repr__(self) -> str:
        return "Refresh()"


class LoginController(Controller):
    path = "/login"
    tags = ["Log-in"]
    opt = {OPEN: True, THROTTLED: True, PROBLEMS: (401, 403)}
    cache_control = CacheControlHeader(no_store=True)

    @post("/", operation_id="LogIn", status_code=200)
    async def log_in(
        self,
        data: JSONBody[Credentials],
        accounts: NamedDependency[Accounts],
        threads: NamedDependency[Threads],
    ) -> Tokens | SecondFactorRequired:
        """Log in with a user name or e-mail address and a password.

        Who has a second factor gets a challenge instead of tokens, for the second step.
        With a password that has expired: 403, `password-expired`; see POST /login/password.
        """
        context = context_of(NOBODY)
        return await threads.run(accounts.log_in, data.username, data.password, context)

    @post("/refresh", operation_id="RefreshTokens", status_code=200)
    async def refresh(
        self,
        data: JSONBody[Refresh],
        accounts: NamedDependency[Accounts],
        threads: NamedDependency[Threads],
    ) -> Tokens:
        """Get new tokens. Each refresh token is good once: using one again ends the session."""
        return await threads.run(accounts.refresh, data.refresh_token, context_of(NOBODY))

    @post("/password", operation_id="ReplaceExpiredPassword", status_code=200, opt=EXPIRED)
    async def replace_expired(
        self,
        data: JSONBody[PasswordReplacement],
        accounts: NamedDependency[Accounts],
        threads: NamedDependency[Threads],
    ) -> Tokens:
        """Change a password that has expired, and log in with the new one.

        Who has a second factor shows it too, or nothing is changed: 422, `second-factor-owed`.
        """
        passwords = (data.old_password, data.new_password)
        given = Given(code=data.code, recovery_code=data.recovery_code)
        with named_new_password():
            return await threads.run(
                accounts.replace_expired, data.username, *passwords, given, context_of(NOBODY)
            )


class NewPassword(Body, frozen=True):
    old_password: str
    new_password: str

    def __repr__(self) -> str:
        return "NewPassword()"


@put("/me/password", operation_id="ChangePassword", tags=["Log-in"], opt={THROTTLED: True})
async def change_password(
    request: EdgeRequest[Actor, Any],
    data: JSONBody[NewPassword],
    accounts: NamedDependency[Accounts],
    threads: NamedDependency[Threads],
) -> Answer:
    """Change one's own password; all other sessions end."""
    with named_new_password():
        recorded = await threads.run(
            accounts.change_password, data.old_password, data.new_password, context_of(request.user)
        )
    return Response(recorded, headers=headers_of(recorded))


@post("/logout", operation_id="LogOut", status_code=204, tags=["Log-in"])
async def log_out(
    request: EdgeRequest[Actor, Any],
    accounts: NamedDependency[Accounts],
    threads: NamedDependency[Threads],
) -> None:
    """End the session of this access token: its refresh token is worth nothing from now on."""
    await threads.run(accounts.log_out, context_of(request.user))
