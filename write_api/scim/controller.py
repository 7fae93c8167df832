"""Commands of SCIM clients: users and groups are created, changed and deleted."""

from typing import Any, Final

from litestar import Controller, Request, Response, delete, patch, post, put
from litestar.di import NamedDependency, Provide
from scim2_models import PreconditionFailedException
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse
from scim2_server.routing import Operation

from access.actor import Actor
from access.permissions import reach
from commands.context import Context
from commands.dispatcher import Dispatcher
from commands.group import ChangeGroupMembers
from domain.errors import Forbidden
from edge.openapi import PROBLEMS
from edge.position import POSITION_HEADER, PositionWaiter
from edge.problem import ProblemError
from edge.scim.exchange import Query, narrowing, request_of, response_of
from edge.scim.openapi import SCIM, TAKES_BODY
from edge.scim.service import PREFIX, DirectoryService
from event_store.application import Log
from write_api.scim.members import DirectoryHandler
from write_api.scim.storage import DirectoryWriter
from write_api.sender import context_of
from write_api.threads import Threads

READ_MODELS: Final = ("scim_user", "scim_group", "learner")
PATIENCE: Final = 10.0
"""Seconds."""
MOST_TRIES: Final = 5

COMMANDS: Final = {
    ("User", Operation.create): "ProvisionUser",
    ("User", Operation.replace): "ReplaceProvisionedUser",
    ("User", Operation.patch): "ReplaceProvisionedUser",
    ("User", Operation.delete): "DeprovisionUser",
    ("Group", Operation.create): "CreateGroup",
    ("Group", Operation.replace): "ReplaceGroup",
    ("Group", Operation.patch): "ReplaceGroup",
    ("Group", Operation.delete): "DeleteGroup",
}
"""The command that each operation leads to: who may send that may ask for this."""

Body = Response[bytes]
Asked = Request[Any, Any, Any]


def permits(subject: Actor, operation: Operation, resource_type: str) -> bool:
    """Whether somebody's roles, and what their token is for, allow the command of an operation."""
    command = COMMANDS.get((resource_type, operation))
    return command is not None and bool(reach(subject, command))


class Directory:
    """Carries out whatever the SCIM library takes for a request.

    SCIM clients read at once what they have written, and know nothing of positions: an answer
    waits until the read models have it, for `PATIENCE` at most.
    """

    def __init__(
        self,
        service: DirectoryService,
        log: Log,
        dispatcher: Dispatcher,
        threads: Threads,
        waiter: PositionWaiter,
    ) -> None:
        self._service = service
        self._log = log
        self._dispatcher = dispatcher
        self._threads = threads
        self._waiter = waiter

    async def answer(self, request: Asked, query: Query | None = None) -> Body:
        """The answer, once what was written can be read."""
        asked = await request_of(request, self._service, query)
        answer, position = await self._threads.run(self._handle, asked, context_of(request.user))
        if position:
            answer.headers[POSITION_HEADER] = str(position)
            await self._wait(position)
        return response_of(answer)

    def _handle(self, asked: ScimRequest, context: Context) -> tuple[ScimResponse, int]:
        one_by_one = not asked.query and bool(reach(context.actor, ChangeGroupMembers.__name__))
        conditional = asked.header("If-Match") or asked.header("If-None-Match")
        for attempt in range(MOST_TRIES):
            storage = DirectoryWriter(self._log, self._dispatcher, context, self._service)
            try:
                handler = DirectoryHandler(self._service, storage, one_by_one=one_by_one)
                answer = handler.handle(asked)
            except PreconditionFailedException:
                # Nobody asked for a version: somebody else was faster, so look again.
                if conditional or attempt == MOST_TRIES - 1:
                    raise
            else:
                return answer, storage.position
        raise AssertionError("The last try returns or raises.")

    async def _wait(self, position: int) -> None:
        try:
            await self._waiter.wait(READ_MODELS, position)
        except ProblemError:
            return  # it is recorded, only not to be read yet


class ScimController(Controller):
    path = PREFIX
    tags = ["SCIM"]
    opt = {SCIM: True, PROBLEMS: (400, 404, 409, 412)}
    dependencies = {"narrowing": Provide(narrowing)}

    @post("/Users", operation_id="ProvisionUser", opt={TAKES_BODY: True})
    async def create_user(self, request: Asked, directory: NamedDependency[Directory]) -> Body:
        """Open an account for somebody of the directory, or open it again."""
        return await directory.answer(request)

    @put("/Users/{user_id:str}", operation_id="ReplaceProvisionedUser", opt={TAKES_BODY: True})
    async def replace_user(
        self,
        request: Asked,
        directory: NamedDependency[Directory],
        narrowing: NamedDependency[Query],
    ) -> Body:
        """Say all that the directory has of somebody."""
        return await directory.answer(request, narrowing)

    @patch("/Users/{user_id:str}", operation_id="PatchProvisionedUser", opt={TAKES_BODY: True})
    async def patch_user(
        self,
        request: Asked,
        directory: NamedDependency[Directory],
        narrowing: NamedDependency[Query],
    ) -> Body:
        """Say what the directory has changed of somebody."""
        return await directory.answer(request, narrowing)

    @delete("/Users/{user_id:str}", operation_id="DeprovisionUser")
    async def delete_user(self, request: Asked, directory: NamedDependency[Directory]) -> None:
        """Say that the directory has somebody no more: the account stays, deactivated."""
        await directory.answer(request)

    @put("/Me", operation_id="ReplaceScimMe", opt={TAKES_BODY: True})
    async def replace_me(
        self,
        request: Asked,
        directory: NamedDependency[Directory],
        narrowing: NamedDependency[Query],
    ) -> Body:
        """Say all that the directory has of oneself, for who may say it of anybody."""
        return await directory.answer(request, narrowing)

    @patch("/Me", operation_id="PatchScimMe", opt={TAKES_BODY: True})
    async def patch_me(
        self,
        request: Asked,
        directory: NamedDependency[Directory],
        narrowing: NamedDependency[Query],
    ) -> Body:
        """Say what the directory has changed of oneself, for who may say it of anybody."""
        return await directory.answer(request, narrowing)

    @post("/Groups", operation_id="CreateGroup", opt={TAKES_BODY: True})
    async def create_group(self, request: Asked, directory: NamedDependency[Directory]) -> Body:
        """Add a group."""
        return await directory.answer(request)

    @put("/Groups/{group_id:str}", operation_id="ReplaceGroup", opt={TAKES_BODY: True})
    async def replace_group(
        self,
        request: Asked,
        directory: NamedDependency[Directory],
        narrowing: NamedDependency[Query],
    ) -> Body:
        """Say all that the directory has of a group, its members too."""
        return await directory.answer(request, narrowing)

    @patch("/Groups/{group_id:str}", operation_id="PatchGroup", opt={TAKES_BODY: True})
    async def patch_group(
        self,
        request: Asked,
        directory: NamedDependency[Directory],
        narrowing: NamedDependency[Query],
    ) -> Body:
        """Say what the directory has changed of a group."""
        return await directory.answer(request, narrowing)

    @delete("/Groups/{group_id:str}", operation_id="DeleteGroup")
    async def delete_group(self, request: Asked, directory: NamedDependency[Directory]) -> None:
        """Delete a group; the roles that it gave go with it."""
        await directory.answer(request)

    @post("/Bulk", operation_id="ProvisionInBulk", status_code=200, opt={TAKES_BODY: True})
    async def bulk(self, request: Asked, directory: NamedDependency[Directory]) -> Body:
        """Carry out up to a thousand of these operations, each by itself."""
        if not any(reach(request.user, command) for command in COMMANDS.values()):
            raise Forbidden("Your roles don't allow this.")
        return await directory.answer(request)
