"""From a request to the dispatcher, on a thread, and back to an answer."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from litestar import Response
from litestar.di import Provide

from access.actor import Actor
from commands.context import Context, Recorded
from commands.dispatcher import Dispatcher
from commands.message import Command
from edge.correlation import current_caller
from edge.etag import IfMatch, etag, expected_version
from edge.idempotency import IdempotencyKey, idempotency_key
from edge.position import POSITION_HEADER
from edge.request import EdgeRequest
from write_api.threads import Threads

Answer = Response[Recorded]


class Sender:
    """Sends one request's command."""

    def __init__(self, dispatcher: Dispatcher, threads: Threads, context: Context) -> None:
        self._dispatcher = dispatcher
        self._threads = threads
        self._context = context

    async def authorize(self, command: Command) -> None:
        """Raises `Forbidden`, `StepUpRequired` for who can't send such a command, whatever to."""
        await self._threads.run(self._dispatcher.authorize, command, self._context)

    async def record(self, command: Command) -> Recorded:
        """Carries the command out."""
        return await self._threads.run(self._dispatcher.dispatch, command, self._context)

    async def change(self, command: Command) -> Answer:
        """Carries the command out and answers 200."""
        recorded = await self.record(command)
        return Response(recorded, status_code=200, headers=headers_of(recorded))

    async def create(self, command: Command, path: str) -> Answer:
        """Carries the command out and answers 201; `path` leads to what was created."""
        recorded = await self.record(command)
        location = {"Location": f"{path}/{recorded.id}"}
        return Response(recorded, status_code=201, headers=headers_of(recorded) | location)


def headers_of(recorded: Recorded) -> dict[str, str]:
    """The headers that every command is answered with."""
    return {"ETag": etag(recorded.version), POSITION_HEADER: str(recorded.position)}


def provide_sender(dispatcher: Dispatcher, threads: Threads) -> Provide:
    """The dependency `sender` of command handlers; documents the headers that commands take."""

    async def sender(
        request: EdgeRequest[Actor, Any],
        if_match: IfMatch = None,
        key: IdempotencyKey = None,
    ) -> Sender:
        context = context_of(
            request.user,
            idempotency_key=idempotency_key(key),
            expected_version=expected_version(if_match),
        )
        return Sender(dispatcher, threads, context)

    return Provide(sender)


def context_of(
    actor: Actor, *, idempotency_key: str | None = None, expected_version: int | None = None
) -> Context:
    """What comes with a command from the request being handled."""
    caller = current_caller()
    return Context(
        actor=actor,
        now=datetime.now(UTC),
        correlation_id=caller.correlation_id,
        command_id=uuid4(),
        source_address=caller.source_address,
        user_agent=caller.user_agent,
        idempotency_key=idempotency_key,
        expected_version=expected_version,
    )
