"""Queries of SCIM clients: the directory as the LMS has it."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency, Provide
from scim2_models import InvalidFilterException
from scim2_server.handler import AsyncScimHandler

from domain.errors import Forbidden
from edge.correlation import current_caller
from edge.openapi import PROBLEMS
from edge.scim.exchange import Query, narrowing, request_of, response_of, searching
from edge.scim.openapi import SCIM, SEARCHES, TAKES_BODY
from edge.scim.service import PREFIX, DirectoryService
from read_api.asking import READS, Asking
from read_api.database import Database
from read_api.refused import Refused, RefusedHere
from read_api.scim.storage import DirectoryReader

READ_MODELS = ("scim_user", "scim_group")
Body = Response[bytes]
Asked = Request[Any, Any, Any]


class Directory:
    """Answers whatever the SCIM library takes for a request."""

    def __init__(self, service: DirectoryService, database: Database) -> None:
        self._service = service
        self._handler = AsyncScimHandler(service, DirectoryReader(database, service))

    async def answer(self, request: Asked, query: Query) -> Body:
        """The answer, to somebody who may ask this."""
        return response_of(
            await self._handler.handle(await request_of(request, self._service, query))
        )


class Scim:
    """One request, and who asks."""

    def __init__(
        self, directory: Directory, request: Asked, asking: Asking, refused: RefusedHere | None
    ) -> None:
        self._refused = refused
        self._directory = directory
        self._request = request
        self._asking = asking

    async def answer(self, query: Query | None = None) -> Body:
        """The answer about anybody; `query` is what counts of the address.

        Raises `Forbidden` unless the one who asks may see everybody.
        """
        if not self._asking.reach.is_unlimited:
            raise Forbidden("Only who may see everybody can ask this.")
        try:
            return await self._directory.answer(self._request, query or {})
        except InvalidFilterException:
            if self._refused is not None:
                address = current_caller().source_address
                self._refused.count(Refused("filter", address, self._asking.me))
            raise

    async def answer_about_me(self, query: Query) -> Body:
        """The answer about the one who asks, and nobody else."""
        return await self._directory.answer(self._request, query)


async def scim(
    request: Asked,
    asking: NamedDependency[Asking],
    directory: NamedDependency[Directory],
    refused: NamedDependency[RefusedHere | None],
) -> Scim:
    """The dependency `scim`."""
    return Scim(directory, request, asking, refused)


async def as_asked(request: Asked) -> Query:
    """The dependency `as_asked`: all of the address, where the library itself looks at it."""
    return dict(request.query_params.items())


class ScimController(Controller):
    path = PREFIX
    tags = ["SCIM"]
    opt = {READS: READ_MODELS, SCIM: True, PROBLEMS: (400,)}
    dependencies = {
        "as_asked": Provide(as_asked),
        "narrowing": Provide(narrowing),
        "scim": Provide(scim),
        "searching": Provide(searching),
    }

    @get("/Me", operation_id="GetScimMe", opt={PROBLEMS: (400, 404)})
    async def me(self, scim: NamedDependency[Scim], narrowing: NamedDependency[Query]) -> Body:
        """Get oneself as a user; a service account is none, so it finds nothing here."""
        return await scim.answer_about_me(narrowing)

    @get("/Users", operation_id="ListScimUsers")
    async def users(self, scim: NamedDependency[Scim], searching: NamedDependency[Query]) -> Body:
        """Find users: filtered, sorted, a page at a time."""
        return await scim.answer(searching)

    @get("/Users/{user_id:str}", operation_id="GetScimUser")
    async def user(self, scim: NamedDependency[Scim], narrowing: NamedDependency[Query]) -> Body:
        """Get one user."""
        return await scim.answer(narrowing)

    @post(
        "/Users/.search",
        operation_id="SearchScimUsers",
        status_code=200,
        opt={TAKES_BODY: True, SEARCHES: True},
    )
    async def search_users(self, scim: NamedDependency[Scim]) -> Body:
        """Find users by a search that is too long, or too private, for an address."""
        return await scim.answer()

    @get("/Groups", operation_id="ListScimGroups")
    async def groups(self, scim: NamedDependency[Scim], searching: NamedDependency[Query]) -> Body:
        """Find groups: filtered, sorted, a page at a time."""
        return await scim.answer(searching)

    @get("/Groups/{group_id:str}", operation_id="GetScimGroup")
    async def group(self, scim: NamedDependency[Scim], narrowing: NamedDependency[Query]) -> Body:
        """Get one group."""
        return await scim.answer(narrowing)

    @post(
        "/Groups/.search",
        operation_id="SearchScimGroups",
        status_code=200,
        opt={TAKES_BODY: True, SEARCHES: True},
    )
    async def search_groups(self, scim: NamedDependency[Scim]) -> Body:
        """Find groups by a search that is too long for an address."""
        return await scim.answer()

    @post(
        "/.search",
        operation_id="SearchScim",
        status_code=200,
        opt={TAKES_BODY: True, SEARCHES: True},
    )
    async def search(self, scim: NamedDependency[Scim]) -> Body:
        """Find users and groups."""
        return await scim.answer()

    @get("/ServiceProviderConfig", operation_id="GetScimConfiguration")
    async def configuration(
        self, scim: NamedDependency[Scim], as_asked: NamedDependency[Query]
    ) -> Body:
        """Tell what this SCIM service can do."""
        return await scim.answer(as_asked)

    @get("/ResourceTypes", operation_id="ListScimResourceTypes")
    async def resource_types(
        self, scim: NamedDependency[Scim], as_asked: NamedDependency[Query]
    ) -> Body:
        """Tell which types of resources there are."""
        return await scim.answer(as_asked)

    @get("/ResourceTypes/{type_id:str}", operation_id="GetScimResourceType")
    async def resource_type(
        self, scim: NamedDependency[Scim], as_asked: NamedDependency[Query]
    ) -> Body:
        """Describe one type of resource."""
        return await scim.answer(as_asked)

    @get("/Schemas", operation_id="ListScimSchemas")
    async def schemas(self, scim: NamedDependency[Scim], as_asked: NamedDependency[Query]) -> Body:
        """Describe all attributes."""
        return await scim.answer(as_asked)

    @get("/Schemas/{schema_id:str}", operation_id="GetScimSchema")
    async def schema(self, scim: NamedDependency[Scim], as_asked: NamedDependency[Query]) -> Body:
        """Describe the attributes of one schema."""
        return await scim.answer(as_asked)
