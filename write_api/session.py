"""One's own sessions, and everybody's for administrators."""

from typing import Any
from uuid import UUID

from litestar import Controller, Response, delete, post
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from access.actor import Actor
from commands.admission import AccessToken
from commands.factors import SecondFactors
from commands.login import Accounts
from commands.proof import Given
from commands.session import EndAllSessions, EndOtherSessions
from edge.openapi import PROBLEMS, THROTTLED
from edge.request import EdgeRequest
from write_api.body import Body, command_of
from write_api.sender import Answer, Sender, context_of, headers_of
from write_api.threads import Threads

NO_STORE = CacheControlHeader(no_store=True)


class Reason(Body, frozen=True):
    reason: str | None = None


class Proof(Body, frozen=True):
    """Who has a second factor gives `code` or `recovery_code`, others their `password`."""

    password: str | None = None
    code: str | None = None
    recovery_code: str | None = None

    def __repr__(self) -> str:
        return "Proof()"


class SessionController(Controller):
    tags = ["Sessions"]

    @delete("/me/sessions/{session_id:uuid}", operation_id="EndSession", status_code=200)
    async def end(
        self,
        request: EdgeRequest[Actor, Any],
        session_id: FromPath[UUID],
        accounts: NamedDependency[Accounts],
        threads: NamedDependency[Threads],
    ) -> Answer:
        """End one of one's own sessions, as on a device that was lost."""
        context = context_of(request.user)
        recorded = await threads.run(accounts.end_session, session_id, context)
        return Response(recorded, status_code=200, headers=headers_of(recorded))

    @delete("/me/sessions", operation_id="EndOtherSessions", status_code=200)
    async def end_others(
        self, request: EdgeRequest[Actor, Any], sender: NamedDependency[Sender]
    ) -> Answer:
        """End all of one's own sessions but this one."""
        learner_id = person(request.user)
        return await sender.change(EndOtherSessions(learner_id=learner_id))

    @post("/users/{learner_id:uuid}/sessions/end", operation_id="EndAllSessions", status_code=200)
    async def end_all(
        self, learner_id: FromPath[UUID], data: JSONBody[Reason], sender: NamedDependency[Sender]
    ) -> Answer:
        """End all sessions of a person, as when their password may be known to others."""
        return await sender.change(command_of(EndAllSessions, data, learner_id=learner_id))

    @post(
        "/me/step-up",
        operation_id="StepUp",
        status_code=200,
        opt={THROTTLED: True, PROBLEMS: (401,)},
        cache_control=NO_STORE,
    )
    async def step_up(
        self,
        request: EdgeRequest[Actor, Any],
        data: JSONBody[Proof],
        factors: NamedDependency[SecondFactors],
        threads: NamedDependency[Threads],
    ) -> AccessToken:
        """Prove once more who one is; the new access token is good for sensitive commands."""
        given = Given(code=data.code, recovery_code=data.recovery_code)
        return await threads.run(factors.step_up, data.password, given, context_of(request.user))


def person(actor: Actor) -> UUID:
    """The id of whoever calls, which every access token has."""
    assert actor.id is not None
    return actor.id
