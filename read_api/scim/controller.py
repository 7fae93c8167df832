"""Queries of SCIM clients: the directory as the LMS has it."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency, Provide
from scim2_server.handler import AsyncScimHandler

from domain.errors import Forbidden
from edge.openapi import PROBLEMS
from edge.scim.exchange import Query, narrowing, request_of, response_of, searching
from edge.scim.openapi import SCIM, TAKES_BODY
from edge.scim.service import PREFIX, DirectoryService
from read_api.asking import READS, Asking
from read_api.database import Database
from read_api.scim.storage import DirectoryReader

READ_MODELS = ("scim_user", "scim_group")
Body = Response[bytes]
Asked = Request[Any, Any, Any]


class Directory:
    """Answers whatever the SCIM library takes for a request."""

    def __init__(self, service: DirectoryService, database: Database) -> None:
        self._service = service
        self._handler = AsyncScimHandler(service, DirectoryReader(database, service))

    async def answer(self, request: Asked, asking: Asking, query: Query | None = None) -> Body:
        """The answer. Raises `Forbidden` unless the one who asks may see everybody."""
        if not asking.reach.is_unlimited:
            raise Forbidden("Only who may see everybody can ask this.")
        return response_of(
            await self._handler.handle(await request_of(request, self._service, query))
        )


class ScimController(Controller):
    path = PREFIX
    tags = ["SCIM"]
    opt = {READS: READ_MODELS, SCIM: True, PROBLEMS: (400,)}
    dependencies = {"searching": Provide(searching), "narrowing": Provide(narrowing)}

    @get("/Users", operation_id="ListScimUsers")
    async def users(
        self,
        request: Asked,
        asking: NamedDependency[Asking],
        directory: NamedDependency[Directory],
        searching: NamedDependency[Query],
    ) -> Body:
        """Find users: filtered, sorted, a page at a time."""
        return await directory.answer(request, asking, searching)

    @get("/Users/{user_id:str}", operation_id="GetScimUser")
    async def user(
        self,
        request: Asked,
        asking: NamedDependency[Asking],
        directory: NamedDependency[Directory],
        narrowing: NamedDependency[Query],
    ) -> Body:
        """Get one user."""
        return await directory.answer(request, asking, narrowing)

    @post("/Users/.search", operation_id="SearchScimUsers", status_code=200, opt={TAKES_BODY: True})
    async def search_users(
        self,
        request: Asked,
        asking: NamedDependency[Asking],
        directory: NamedDependency[Directory],
    ) -> Body:
        """Find users by a search that is too long, or too private, for an address."""
        return await directory.answer(request, asking)

    @get("/Groups", operation_id="ListScimGroups")
    async def groups(
        self,
        request: Asked,
        asking: NamedDependency[Asking],
        directory: NamedDependency[Directory],
        searching: NamedDependency[Query],
    ) -> Body:
        """Find groups: filtered, sorted, a page at a time."""
        return await directory.answer(request, asking, searching)

    @get("/Groups/{group_id:str}", operation_id="GetScimGroup")
    async def group(
        self,
        request: Asked,
        asking: NamedDependency[Asking],
        directory: NamedDependency[Directory],
        narrowing: NamedDependency[Query],
    ) -> Body:
        """Get one group."""
        return await directory.answer(request, asking, narrowing)

    @post(
        "/Groups/.search", operation_id="SearchScimGroups", status_code=200, opt={TAKES_BODY: True}
    )
    async def search_groups(
        self,
        request: Asked,
        asking: NamedDependency[Asking],
        directory: NamedDependency[Directory],
    ) -> Body:
        """Find groups by a search that is too long for an address."""
        return await directory.answer(request, asking)

    @post("/.search", operation_id="SearchScim", status_code=200, opt={TAKES_BODY: True})
    async def search(
        self,
        request: Asked,
        asking: NamedDependency[Asking],
        directory: NamedDependency[Directory],
    ) -> Body:
        """Find users and groups."""
        return await directory.answer(request, asking)

    @get("/ServiceProviderConfig", operation_id="GetScimConfiguration")
    async def configuration(
        self,
        request: Asked,
        asking: NamedDependency[Asking],
        directory: NamedDependency[Directory],
    ) -> Body:
        """Tell what this SCIM service can do."""
        return await directory.answer(request, asking, dict(request.query_params.items()))

    @get("/ResourceTypes", operation_id="ListScimResourceTypes")
    async def resource_types(
        self,
        request: Asked,
        asking: NamedDependency[Asking],
        directory: NamedDependency[Directory],
    ) -> Body:
        """Tell which types of resources there are."""
        return await directory.answer(request, asking, dict(request.query_params.items()))

    @get("/ResourceTypes/{type_id:str}", operation_id="GetScimResourceType")
    async def resource_type(
        self,
        request: Asked,
        asking: NamedDependency[Asking],
        directory: NamedDependency[Directory],
    ) -> Body:
        """Describe one type of resource."""
        return await directory.answer(request, asking, dict(request.query_params.items()))

    @get("/Schemas", operation_id="ListScimSchemas")
    async def schemas(
        self,
        request: Asked,
        asking: NamedDependency[Asking],
        directory: NamedDependency[Directory],
    ) -> Body:
        """Describe all attributes."""
        return await directory.answer(request, asking, dict(request.query_params.items()))

    @get("/Schemas/{schema_id:str}", operation_id="GetScimSchema")
    async def schema(
        self,
        request: Asked,
        asking: NamedDependency[Asking],
        directory: NamedDependency[Directory],
    ) -> Body:
        """Describe the attributes of one schema."""
        return await directory.answer(request, asking, dict(request.query_params.items()))
