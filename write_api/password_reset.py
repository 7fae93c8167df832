"""For who has forgotten their password."""

from uuid import UUID

import msgspec
from litestar import Controller, MediaType, Response, get, post
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from commands.forgotten_password import ForgottenPasswords
from commands.password_reset import RequestPasswordReset
from edge.authentication import OPEN
from edge.openapi import PROBLEMS, THROTTLED
from write_api.body import Body
from write_api.login import NOBODY
from write_api.reset_page import HEADERS, PAGE
from write_api.sender import Answer, Sender, context_of, headers_of
from write_api.threads import Threads


class ResetWish(Body, frozen=True):
    """`username` may be an e-mail address too."""

    username: str

    def __repr__(self) -> str:
        return "ResetWish()"


class ChosenPassword(Body, frozen=True):
    password: str

    def __repr__(self) -> str:
        return "ChosenPassword()"


class ResetWishTaken(msgspec.Struct, frozen=True):
    """The same for every name."""

    detail: str = "If somebody has this name, a link has been sent to their address."


class PasswordResetController(Controller):
    path = "/password-reset"
    tags = ["Log-in"]
    opt = {OPEN: True}
    cache_control = CacheControlHeader(no_store=True)

    @get("/", include_in_schema=False, media_type=MediaType.HTML, sync_to_thread=False)
    def page(self) -> Response[str]:
        """The page that a mailed link leads to, where there is no portal."""
        return Response(PAGE, media_type=MediaType.HTML, headers=HEADERS)

    @post(
        "/", operation_id="AskForPasswordReset", status_code=202, opt={OPEN: True, THROTTLED: True}
    )
    async def ask(
        self,
        data: JSONBody[ResetWish],
        forgotten: NamedDependency[ForgottenPasswords],
        threads: NamedDependency[Threads],
    ) -> ResetWishTaken:
        """Ask for a link to choose a new password, by e-mail. The answer tells nothing else."""
        await threads.run(forgotten.ask, data.username, context_of(NOBODY))
        return ResetWishTaken()

    @post(
        "/{token:str}",
        operation_id="ResetPassword",
        status_code=200,
        opt={OPEN: True, PROBLEMS: (404,)},
    )
    async def choose(
        self,
        token: FromPath[str],
        data: JSONBody[ChosenPassword],
        forgotten: NamedDependency[ForgottenPasswords],
        threads: NamedDependency[Threads],
    ) -> Answer:
        """Choose a new password with the token of a mailed link. All sessions end."""
        recorded = await threads.run(forgotten.choose, token, data.password, context_of(NOBODY))
        return Response(recorded, headers=headers_of(recorded))


@post(
    "/users/{learner_id:uuid}/password-reset",
    operation_id="RequestPasswordReset",
    tags=["Users"],
    status_code=202,
)
async def send_reset_link(learner_id: FromPath[UUID], sender: NamedDependency[Sender]) -> Answer:
    """Mail a person a link to choose a password: their first one, or another."""
    recorded = await sender.record(RequestPasswordReset(learner_id=learner_id))
    return Response(recorded, headers=headers_of(recorded))
