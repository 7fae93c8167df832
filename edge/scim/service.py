"""Our SCIM service: what it can do, who may do it, and how its answers are written."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, Final, cast

from scim2_models import (
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    Context,
    ETag,
    External,
    Filter,
    ForbiddenException,
    NotFoundException,
    Pagination,
    Patch,
    Reference,
    Required,
    Resource,
    ResourceType,
    Schema,
    ScimPolicy,
    ScimProvider,
    SearchRequest,
    ServiceProviderConfig,
    Sort,
)
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse
from scim2_server.routing import Operation, Target
from scim2_server.service import ScimService
from scim2_server.storage import SearchPage

from access.actor import Actor
from edge.scim.comparison import comparison_key
from edge.scim.models import USER_SCHEMA, EnterpriseUser, Group, User

PREFIX: Final = "/scim/v2"
MEDIA_TYPE: Final = "application/scim+json"
MOST_RESULTS: Final = 200
USUAL_RESULTS: Final = 100
MOST_OPERATIONS: Final = 1_000
MOST_BYTES: Final = 1024 * 1024
CURSOR_SECONDS: Final = 3600

Permits = Callable[[Any, Operation, str], bool]
"""Whether the subject of a request may do this to the resource type of that name."""

_TYPES: Final = (
    ResourceType.from_resource(User[EnterpriseUser]),
    ResourceType.from_resource(Group),
)

_POLICY: Final = ScimPolicy(
    # Okta and Entra send more than we keep, and Entra has its own idea of some PATCH operations.
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
    comparison_key=comparison_key,
)


_ALWAYS_THERE: Final = {"name", "displayName", "preferredLanguage", "timezone", "active"}


class _Described(ScimProvider):
    """Publishes what is so in the end: what isn't sent gets a value, and of the addresses one is
    kept, without a word on which. Requests may leave the former out, and choose the latter."""

    @cached_property
    def schemas(self) -> tuple[Schema, ...]:
        """See ScimProvider."""
        return tuple(_as_kept(model.to_schema()) for model in self.models)


def _as_kept(schema: Schema) -> Schema:
    if schema.id != USER_SCHEMA:
        return schema
    for attribute in schema.attributes or ():
        if attribute.name in _ALWAYS_THERE:
            attribute.required = Required.true
        if attribute.name == "emails":
            attribute.sub_attributes = [
                part for part in attribute.sub_attributes or () if part.name != "primary"
            ]
    return schema


class DirectoryService(ScimService):
    """The protocol's steps, for users and groups below `public_url`."""

    def __init__(self, public_url: str, permits: Permits, *, secret: bytes) -> None:
        provider = _Described(
            models=[User, EnterpriseUser, Group],
            resource_types=_TYPES,
            config=_config(public_url),
            policy=_POLICY,
        )
        super().__init__(provider, secret=secret)
        self.base_url = public_url + PREFIX
        self._permits = permits

    def authorize(self, request: ScimRequest, target: Target, resource_type: ResourceType) -> None:
        """See ScimService."""
        if not self._permits(request.subject, target.operation, str(resource_type.name)):
            limited = getattr(request.subject, "operations", None) is not None
            why = "roles, or the scope of this token," if limited else "roles"
            raise ForbiddenException(detail=f"Your {why} don't allow this.")

    def me_target(self, request: ScimRequest) -> tuple[ResourceType, str]:
        """See ScimService. Everybody with an account is a user; a service account is none."""
        me = request.subject
        assert isinstance(me, Actor)
        if me.id is None or me.is_service:
            raise NotFoundException(detail="A service account is no User.")
        users = self.get_resource_type_by_endpoint("Users")
        assert users is not None
        return users, str(me.id)

    def publish(self, base_url: str, resource: Resource[Any]) -> Resource[Any]:
        """See ScimService. That the one address is the primary one is for PATCH only to see."""
        published = super().publish(base_url, resource)
        for email in getattr(published, "emails", None) or ():
            email.primary = None
        return published

    def search_response(
        self,
        base_url: str,
        resource_types: list[ResourceType],
        page: SearchPage,
        search_request: SearchRequest[Any],
    ) -> ScimResponse:
        """Writes a page whose resources are JSON already, unless only some attributes are asked
        for: a hundred models take longer than everything else together."""
        if search_request.attributes or search_request.excluded_attributes:
            page.resources = [self._modelled(cast("dict[str, Any]", it)) for it in page.resources]
            return super().search_response(base_url, resource_types, page, search_request)
        resources, page.resources = page.resources, []
        response = super().search_response(base_url, resource_types, page, search_request)
        assert response.body is not None
        response.body["itemsPerPage"] = len(resources)
        response.body["Resources"] = resources
        return response

    def _modelled(self, json: dict[str, Any]) -> Resource[Any]:
        model = cast("type[Resource[Any]]", self.provider.model_for(json["meta"]["resourceType"]))
        return model.model_validate(json, scim_ctx=Context.RESOURCE_QUERY_RESPONSE)


def _config(public_url: str) -> ServiceProviderConfig:
    return ServiceProviderConfig(
        documentation_uri=Reference[External](f"{public_url}/docs"),
        patch=Patch(supported=True),
        bulk=Bulk(supported=True, max_operations=MOST_OPERATIONS, max_payload_size=MOST_BYTES),
        filter=Filter(supported=True, max_results=MOST_RESULTS),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=True),
        etag=ETag(supported=True),
        pagination=Pagination(
            index=True,
            cursor=True,
            default_pagination_method=Pagination.DefaultPaginationMethod.index,
            default_page_size=USUAL_RESULTS,
            max_page_size=MOST_RESULTS,
            cursor_timeout=CURSOR_SECONDS,
        ),
        authentication_schemes=[
            AuthenticationScheme(
                type=AuthenticationScheme.Type.oauthbearertoken,
                name="Bearer token",
                description="An access token of somebody who may provision users.",
                primary=True,
            )
        ],
    )
