"""The log as the SCIM library's storage: it reads aggregates and writes by commands."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import msgspec
from scim2_models import (
    ConflictException,
    ForbiddenException,
    InvalidValueException,
    NotFoundException,
    NotImplementedException,
    PreconditionFailedException,
    Resource,
    ResourceType,
    ResponseParameters,
    SearchRequest,
    UniquenessException,
)
from scim2_models import (
    Context as ScimContext,
)
from scim2_server.conditions import Conditions
from scim2_server.storage import ScimStorage, SearchPage

from commands.context import Context, Recorded
from commands.dispatcher import Dispatcher
from commands.errors import VersionMismatch
from commands.group import ChangeGroupMembers, DeleteGroup
from commands.message import Command
from commands.provisioning import DeprovisionUser
from commands.step_up import StepUpRequired
from domain.errors import Conflict, Forbidden, Invalid, NotFound
from domain.group import Group as GroupStream
from domain.learner import Learner
from domain.unique_name import NameTaken
from edge.scim.models import Group
from edge.scim.records import group_json, user_json
from edge.scim.service import DirectoryService
from event_store.application import Log
from write_api.scim.resources import (
    FIELDS,
    create_group_command,
    group_record,
    provision_command,
    replace_command,
    replace_group_command,
    user_record,
)


class DirectoryWriter(ScimStorage):
    """One request's access to the log. `position` is that of the last event it recorded."""

    supports_cursors = True

    def __init__(
        self, log: Log, dispatcher: Dispatcher, context: Context, service: DirectoryService
    ) -> None:
        self._log = log
        self._dispatcher = dispatcher
        self._context = context
        self._service = service
        self.position = 0

    def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,
    ) -> Resource[Any]:
        """See ScimStorage."""
        if resource_type.name == "User":
            json = user_json(user_record(self._learner(resource_id)), self._service.base_url)
            json["emails"][0]["primary"] = True
        else:
            json = group_json(group_record(self._group(resource_id)), self._service.base_url)
        model = self._service.get_model(resource_type)
        return model.model_validate(json, scim_ctx=ScimContext.RESOURCE_QUERY_RESPONSE)

    def search(
        self,
        resource_types: list[ResourceType],
        search_request: SearchRequest[Any],
        *,
        position: Any = None,
    ) -> SearchPage:
        """The read API does that."""
        raise NotImplementedException

    def create(self, resource_type: ResourceType, resource: Resource[Any]) -> Resource[Any]:
        """See ScimStorage."""
        of_users = resource_type.name == "User"
        command = provision_command(resource) if of_users else create_group_command(resource)
        recorded = self._dispatch(command)
        return self.get(resource_type, str(recorded.id))

    def update(
        self,
        resource_type: ResourceType,
        resource: Resource[Any],
        *,
        expected_version: str | None = None,
    ) -> Resource[Any]:
        """See ScimStorage."""
        id = str(resource.id)
        if resource_type.name == "User":
            learner = self._learner(id)
            _check(expected_version, user_record(learner).etag)
            self._dispatch(replace_command(learner.id, resource, learner), learner.version)
        else:
            group = self._group(id)
            _check(expected_version, group_record(group).etag)
            self._dispatch(replace_group_command(group.id, resource), group.version)
        return self.get(resource_type, id)

    def delete(
        self, resource_type: ResourceType, resource_id: str, *, expected_version: str | None = None
    ) -> None:
        """See ScimStorage. A person's account stays, deactivated."""
        if resource_type.name == "User":
            learner = self._learner(resource_id)
            _check(expected_version, user_record(learner).etag)
            self._dispatch(DeprovisionUser(learner_id=learner.id), learner.version)
        else:
            group = self._group(resource_id)
            _check(expected_version, group_record(group).etag)
            self._dispatch(DeleteGroup(group_id=group.id), group.version)

    def change_members(
        self, group_id: str, change: Mapping[UUID, bool], conditions: Conditions
    ) -> Resource[Any]:
        """Adds (True) and removes (False) who is named, however many others are in the group.

        Returns the group without its members.
        """
        group = self._group(group_id)
        conditions.check(group_record(group).etag, "PATCH")
        command = ChangeGroupMembers(
            group_id=group.id,
            add=[id for id, stays in change.items() if stays],
            remove=[id for id, stays in change.items() if not stays],
        )
        self._dispatch(command, None if conditions == Conditions() else group.version)
        record = msgspec.structs.replace(group_record(self._group(group_id)), members=None)
        return Group.model_validate(
            group_json(record, self._service.base_url),
            scim_ctx=ScimContext.RESOURCE_QUERY_RESPONSE,
        )

    def _learner(self, id: str) -> Learner:
        learner = self._log.find_latest(Learner, uuid) if (uuid := _uuid(id)) else None
        if learner is None or learner.deprovisioned:
            raise NotFoundException(detail="There is no such User.")
        return learner

    def _group(self, id: str) -> GroupStream:
        group = self._log.find_latest(GroupStream, uuid) if (uuid := _uuid(id)) else None
        if group is None or group.deleted:
            raise NotFoundException(detail="There is no such Group.")
        return group

    def _dispatch(self, command: Command, version: int | None = None) -> Recorded:
        context = msgspec.structs.replace(
            self._context, command_id=uuid4(), expected_version=version
        )
        with told_in_scim():
            recorded = self._dispatcher.dispatch(command, context)
        self.position = max(self.position, recorded.position)
        return recorded


@contextmanager
def told_in_scim() -> Iterator[None]:
    """Turns refusals into the library's errors, with SCIM's names of the fields."""
    try:
        yield
    except NameTaken as error:
        raise UniquenessException(detail=error.detail) from error
    except Invalid as error:
        field = FIELDS.get(error.field, error.field)
        raise InvalidValueException(detail=f"{field}: {error.detail}") from error
    except NotFound as error:
        raise NotFoundException(detail=error.detail) from error
    except StepUpRequired:
        raise  # with its challenge, which the library's errors have no place for
    except Forbidden as error:
        raise ForbiddenException(detail=error.detail) from error
    except VersionMismatch as error:
        raise PreconditionFailedException(detail=error.detail) from error
    except Conflict as error:
        raise ConflictException(detail=error.detail) from error


def _check(expected: str | None, etag: str) -> None:
    if expected is not None and expected != etag:
        raise PreconditionFailedException


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
