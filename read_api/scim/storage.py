"""Where the SCIM library finds users and groups: pages of them, and one by its id."""

from typing import Any, Final, NoReturn
from uuid import UUID

from scim2_models import (
    Context,
    NotFoundException,
    NotImplementedException,
    Resource,
    ResourceType,
    ResponseParameters,
    ScimFilter,
    SearchRequest,
)
from scim2_server.storage import AsyncScimStorage, SearchPage

from edge.scim.records import GroupRecord, Json, UserRecord, group_json, user_json
from edge.scim.service import DirectoryService
from read_api.condition import Condition, Where
from read_api.database import Database
from read_api.scim.attributes import GROUPS, USERS
from read_api.scim.filters import condition_of
from read_api.scim.pages import Finding, order_of

USER_SQL: Final = """
SELECT item.id, item.external_id, item.username, item.email, item.full_name, item.given_name,
    item.family_name, item.employee_number, item.language, item.time_zone, item.department,
    item.job_role, item.manager_id, item.active, item.roles, item.created_at, item.updated_at,
    (SELECT json_agg(json_build_object('id', part.id, 'display_name', part.display_name)
        ORDER BY part.id)
    FROM read_models.scim_group_member AS member
        JOIN read_models.scim_group AS part ON part.id = member.group_id
    WHERE member.learner_id = item.id) AS groups, {key} AS order_key
FROM read_models.scim_user AS item"""

GROUP_SQL: Final = """
SELECT item.id, item.external_id, item.display_name, item.version, item.created_at,
    item.updated_at, {key} AS order_key
FROM read_models.scim_group AS item"""

WHOLE_GROUP_SQL: Final = GROUP_SQL.replace(
    "{key}",
    """(SELECT array_agg(member.learner_id ORDER BY member.learner_id)
    FROM read_models.scim_group_member AS member
        JOIN read_models.scim_user AS part ON part.id = member.learner_id AND NOT part.deprovisioned
    WHERE member.group_id = item.id) AS members, {key}""",
)


class UserRow(UserRecord, frozen=True, kw_only=True):
    order_key: str | None


class GroupRow(GroupRecord, frozen=True, kw_only=True):
    order_key: str | None


class DirectoryReader(AsyncScimStorage):
    """The read models as the library's storage.

    A page's resources are JSON, as `DirectoryService` expects them.
    """

    supports_cursors = True

    def __init__(self, database: Database, service: DirectoryService) -> None:
        self._database = database
        self._service = service

    async def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,
    ) -> Resource[Any]:
        """See AsyncScimStorage."""
        finding = self._finding(resource_type, SearchRequest(), response_parameters)
        id = _id(resource_id)
        found = None
        if id is not None:
            finding.where.also(Condition("item.id = %s", (id,)))
            found = next(iter(await finding.numbered(self._database, 0, 1)), None)
        if found is None:
            raise NotFoundException(detail=f"There is no such {resource_type.name}.")
        model = self._service.get_model(resource_type)
        return model.model_validate(self._json(found), scim_ctx=Context.RESOURCE_QUERY_RESPONSE)

    async def search(
        self,
        resource_types: list[ResourceType],
        search_request: SearchRequest[Any],
        *,
        position: Any = None,
    ) -> SearchPage:
        """See AsyncScimStorage. The total is told with pages that have a number, and the first."""
        if len(resource_types) != 1:
            return await self._everywhere(resource_types, search_request)
        finding = self._finding(resource_types[0], search_request, search_request)
        if search_request.cursor is None:
            start = (search_request.start_index or 1) - 1
            rows = await finding.numbered(self._database, start, search_request.count)
            return _page(await finding.count(self._database), map(self._json, rows))
        total = await finding.count(self._database) if position is None else None
        return await self._beyond(finding, search_request.count or 0, position, total)

    async def _everywhere(
        self, resource_types: list[ResourceType], request: SearchRequest[Any]
    ) -> SearchPage:
        """A page of users and groups: first the ones, then the others."""
        if request.cursor is not None or request.sort_by is not None:
            raise NotImplementedException(detail="Users and groups together have no order.")
        start, left = (request.start_index or 1) - 1, request.count or 0
        total, rows = 0, []
        for resource_type in resource_types:
            finding = self._finding(resource_type, request, request)
            count = await finding.count(self._database)
            if left and start < total + count:
                found = await finding.numbered(self._database, max(start - total, 0), left)
                rows += found
                left -= len(found)
            total += count
        return _page(total, map(self._json, rows))

    async def _beyond(
        self, finding: Finding[Any], count: int, position: Any, total: int | None
    ) -> SearchPage:
        backwards = isinstance(position, dict) and position.get("d") == "previous"
        found = await finding.beyond(self._database, position, count + 1, backwards=backwards)
        rows, more = found[:count], len(found) > count
        if backwards:
            rows.reverse()
        page = _page(total, map(self._json, rows))
        if rows and (more or backwards):
            page.next = _position("next", rows[-1])
        if rows and (more if backwards else position is not None):
            page.previous = _position("previous", rows[0])
        return page

    def _finding(
        self,
        resource_type: ResourceType,
        request: SearchRequest[Any],
        parameters: ResponseParameters[Any] | None,
    ) -> Finding[Any]:
        model = self._service.get_model(resource_type)
        of_users = resource_type.name == "User"
        layout = USERS if of_users else GROUPS
        where = Where(Condition(layout.shown))
        if request.filter is not None:
            # A search of users and groups has one filter, which is another one for each.
            bound: ScimFilter[Any] = ScimFilter.__class_getitem__(model)(str(request.filter))
            where.also(condition_of(bound, layout))
        order = order_of(request, model, layout)
        if of_users:
            return Finding(layout, USER_SQL, UserRow, where, order)
        select = WHOLE_GROUP_SQL if _asks_for_members(parameters) else GROUP_SQL
        return Finding(layout, select, GroupRow, where, order)

    def _json(self, row: UserRow | GroupRow) -> Json:
        if isinstance(row, GroupRecord):
            return group_json(row, self._service.base_url)
        return user_json(row, self._service.base_url)

    async def create(self, resource_type: ResourceType, resource: Resource[Any]) -> NoReturn:
        """The write API does that."""
        raise NotImplementedException

    async def update(
        self,
        resource_type: ResourceType,
        resource: Resource[Any],
        *,
        expected_version: str | None = None,
    ) -> NoReturn:
        """The write API does that."""
        raise NotImplementedException

    async def delete(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        expected_version: str | None = None,
    ) -> NoReturn:
        """The write API does that."""
        raise NotImplementedException


def _page(total: int | None, resources: Any) -> SearchPage:
    return SearchPage(total, list(resources))


def _position(direction: str, row: UserRow | GroupRow) -> dict[str, str | None]:
    return {"d": direction, "k": row.order_key, "i": str(row.id)}


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _asks_for_members(parameters: ResponseParameters[Any] | None) -> bool:
    """Whether the members of groups, of whom there may be many, are wanted in the answer."""
    if parameters is None:
        return True
    if parameters.attributes:
        return any(_is_members(path) for path in parameters.attributes)
    return not any(_is_members(path, whole=True) for path in parameters.excluded_attributes or ())


def _is_members(path: object, *, whole: bool = False) -> bool:
    name = str(path).casefold().rpartition(":")[2]
    return name == "members" or (not whole and name.startswith("members."))
