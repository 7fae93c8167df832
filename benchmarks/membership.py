"""One member more, and one less, in a group of ten thousand: by name, and by putting the whole
group together, as the SCIM library does by itself; in turns in one run."""

import statistics
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec
from scim2_server.requests import ScimRequest

from access.actor import Actor
from benchmarks.measure import Result
from benchmarks.servers import a_system
from commands.context import Context
from commands.group import CreateGroup
from commands.provisioning import ProvisionUser
from domain.roles import Role
from edge.scim.service import DirectoryService
from lms.composition import CommandSide, command_side
from write_api.scim.controller import permits
from write_api.scim.members import DirectoryHandler
from write_api.scim.storage import DirectoryWriter

MEMBERS, ROUNDS = 10_000, 10
TARGET = 0.1
ADMIN = Actor(uuid4(), frozenset({Role.ADMIN}), uuid4())
SERVICE = DirectoryService("http://localhost", permits, secret=bytes(32))


def run() -> list[Result]:
    """Measures; takes about a minute and a half."""
    with a_system() as settings, command_side(settings, connections=4) as side:
        people = [_person(side, number) for number in range(MEMBERS + 1)]
        group = side.dispatcher.dispatch(
            CreateGroup(display_name="Everybody", members=people[:MEMBERS]), _context()
        ).id
        times: dict[bool, list[float]] = {True: [], False: []}
        for _ in range(ROUNDS):
            for one_by_one, measured in times.items():
                measured.append(_there_and_back(side, group, people[-1], one_by_one=one_by_one))
    after, before = (statistics.median(times[it]) / 2 for it in (True, False))
    return [
        Result(
            what=f"SCIM PATCH of one member of {MEMBERS:,}, in process",
            target=f"< {TARGET * 1000:g} ms",
            measured=f"{after * 1000:.1f} ms",
            met=after < TARGET,
            detail=f"with the whole group put together: {before * 1000:.0f} ms",
        )
    ]


def _person(side: CommandSide, number: int) -> UUID:
    name = f"member{number}"
    command = ProvisionUser(username=name, email=f"{name}@example.com", full_name="Jane Doe")
    return side.dispatcher.dispatch(command, _context()).id


def _there_and_back(side: CommandSide, group: UUID, person: UUID, *, one_by_one: bool) -> float:
    begun = time.perf_counter()
    joins = {"op": "add", "path": "members", "value": [{"value": str(person)}]}
    leaves = {"op": "remove", "path": f'members[value eq "{person}"]'}
    for operation in (joins, leaves):
        _patch(side, group, operation, one_by_one=one_by_one)
    return time.perf_counter() - begun


def _patch(
    side: CommandSide, group: UUID, operation: Mapping[str, object], *, one_by_one: bool
) -> None:
    schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
    asked = ScimRequest(
        method="PATCH",
        base_url=SERVICE.base_url,
        path=f"/Groups/{group}",
        query={},
        headers=[("Content-Type", "application/scim+json")],
        body=msgspec.json.encode({"schemas": schemas, "Operations": [operation]}),
        subject=ADMIN,
    )
    writer = DirectoryWriter(side.log, side.dispatcher, _context(), SERVICE)
    answer = DirectoryHandler(SERVICE, writer, one_by_one=one_by_one).handle(asked)
    assert answer.status == 204


def _context() -> Context:
    return Context(actor=ADMIN, now=datetime.now(UTC), correlation_id=uuid4(), command_id=uuid4())
