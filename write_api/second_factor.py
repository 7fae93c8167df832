"""Second factors: one's own, and taking away one that was lost."""

from typing import Any
from uuid import UUID

from litestar import Controller, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from access.actor import Actor
from commands.admission import Tokens
from commands.context import Recorded
from commands.factors import SecondFactors, ShownCodes
from commands.proof import Given
from commands.second_factor import ResetSecondFactor
from edge.authentication import OPEN
from edge.openapi import PROBLEMS, THROTTLED
from edge.request import EdgeRequest
from write_api.body import Body, command_of
from write_api.sender import Answer, Sender, context_of, headers_of
from write_api.session import NO_STORE
from write_api.threads import Threads


class Code(Body, frozen=True):
    code: str

    def __repr__(self) -> str:
        return "Code()"


class EitherCode(Body, frozen=True):
    """One of the two."""

    code: str | None = None
    recovery_code: str | None = None

    def __repr__(self) -> str:
        return "EitherCode()"


class SecondStep(Body, frozen=True):
    """The challenge of the first step, and one of the two codes."""

    challenge: str
    code: str | None = None
    recovery_code: str | None = None

    def __repr__(self) -> str:
        return "SecondStep()"


class ResetReason(Body, frozen=True):
    reason: str


class StartedEnrolment(Recorded, frozen=True, kw_only=True):
    """Shown this once. The QR codes are data URIs of images of `otpauth_uri`."""

    enrolment_id: UUID
    secret: str
    otpauth_uri: str
    qr_svg: str
    qr_png: str

    def __repr__(self) -> str:
        return "StartedEnrolment()"


class NewRecoveryCodes(Recorded, frozen=True, kw_only=True):
    """Shown this once; each code is good once."""

    recovery_codes: list[str]

    def __repr__(self) -> str:
        return "NewRecoveryCodes()"


@post(
    "/login/second-factor",
    operation_id="LogInWithSecondFactor",
    status_code=200,
    tags=["Log-in"],
    opt={OPEN: True, THROTTLED: True, PROBLEMS: (401,)},
    cache_control=NO_STORE,
)
async def log_in_with_second_factor(
    data: JSONBody[SecondStep],
    factors: NamedDependency[SecondFactors],
    threads: NamedDependency[Threads],
) -> Tokens:
    """Take the second step of a log-in, with a code of the authenticator or a recovery code."""
    given = Given(code=data.code, recovery_code=data.recovery_code)
    nobody = Actor(id=None, roles=frozenset())
    return await threads.run(factors.log_in, data.challenge, given, context_of(nobody))


class SecondFactorController(Controller):
    path = "/me/second-factor"
    tags = ["Second factor"]
    cache_control = NO_STORE

    @post("/", operation_id="StartSecondFactor", status_code=200)
    async def start(
        self,
        request: EdgeRequest[Actor, Any],
        factors: NamedDependency[SecondFactors],
        threads: NamedDependency[Threads],
    ) -> Response[StartedEnrolment]:
        """Get a secret for an authenticator app, as a QR code. It counts once it is confirmed."""
        made = await threads.run(factors.start_enrolment, context_of(request.user))
        recorded = made.recorded
        body = StartedEnrolment(
            recorded.id,
            recorded.version,
            recorded.position,
            enrolment_id=made.enrolment_id,
            secret=made.shared.secret,
            otpauth_uri=made.shared.otpauth_uri,
            qr_svg=made.shared.qr_svg,
            qr_png=made.shared.qr_png,
        )
        return Response(body, headers=headers_of(recorded))

    @post("/confirm", operation_id="ConfirmSecondFactor", status_code=200, opt={THROTTLED: True})
    async def confirm(
        self,
        request: EdgeRequest[Actor, Any],
        data: JSONBody[Code],
        factors: NamedDependency[SecondFactors],
        threads: NamedDependency[Threads],
    ) -> Response[NewRecoveryCodes]:
        """Show that the app works. From now on log-ins ask for it; here are recovery codes."""
        return _shown(await threads.run(factors.confirm, data.code, context_of(request.user)))

    @post("/recovery-codes", operation_id="ReplaceRecoveryCodes", status_code=200)
    async def replace_recovery_codes(
        self,
        request: EdgeRequest[Actor, Any],
        factors: NamedDependency[SecondFactors],
        threads: NamedDependency[Threads],
    ) -> Response[NewRecoveryCodes]:
        """Get new recovery codes; those before are worthless."""
        context = context_of(request.user)
        return _shown(await threads.run(factors.replace_recovery_codes, context))

    @post("/disable", operation_id="DisableSecondFactor", status_code=200, opt={THROTTLED: True})
    async def disable(
        self,
        request: EdgeRequest[Actor, Any],
        data: JSONBody[EitherCode],
        factors: NamedDependency[SecondFactors],
        threads: NamedDependency[Threads],
    ) -> Answer:
        """Give one's second factor up, against showing it once more."""
        given = Given(code=data.code, recovery_code=data.recovery_code)
        recorded = await threads.run(factors.disable, given, context_of(request.user))
        return Response(recorded, headers=headers_of(recorded))


@post(
    "/users/{learner_id:uuid}/second-factor/reset",
    operation_id="ResetSecondFactor",
    status_code=200,
    tags=["Second factor"],
)
async def reset_second_factor(
    learner_id: FromPath[UUID], data: JSONBody[ResetReason], sender: NamedDependency[Sender]
) -> Answer:
    """Take the second factor from a person who has lost it and their recovery codes."""
    return await sender.change(command_of(ResetSecondFactor, data, learner_id=learner_id))


def _shown(codes: ShownCodes) -> Response[NewRecoveryCodes]:
    recorded = codes.recorded
    body = NewRecoveryCodes(
        recorded.id,
        recorded.version,
        recorded.position,
        recovery_codes=codes.recovery_codes,
    )
    return Response(body, headers=headers_of(recorded))
