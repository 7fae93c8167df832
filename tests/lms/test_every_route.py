"""Every route of both APIs, asked by every role and without a token, against the permission table.

The routes are those that the applications really have, so a new one is walked by itself, and one
that the table doesn't name is found.
"""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.testing import TestClient
from polyfactory.factories.msgspec_factory import MsgspecFactory
from prometheus_client import CollectorRegistry

from access.actor import Actor
from access.permissions import (
    COMMANDS,
    OPEN_ROUTES,
    QUERIES,
    SAME_ROW,
    Scope,
    scopes,
)
from domain.roles import Role
from edge.authentication import OPEN
from edge.metrics import RequestMetrics
from edge.openapi import UPLOAD
from edge.scim.openapi import TAKES_BODY
from lms.composition import open_pool
from projections.source import open_source
from tests.commands.doors import Doors
from tests.commands.system import MASTER_KEY, System
from tests.read_api.reading import Names, read_api
from tests.servers.postgres import Database
from write_api.app import Doors as WaysIn
from write_api.app import create_write_api
from write_api.threads import Threads

NOWHERE = "00000000-0000-4000-8000-000000000000"
QUERY = {"query": "SELECT 1", "from": "2020-01-01T00:00:00Z"}
"""Parameters that some query can't do without."""
OTHERWISE = {"GetConsistencyProof": {"from": "1"}}
"""Queries to which one of these means something else."""
REFUSED_BEFORE = {
    "ChangePassword": "/problems/wrong-password",
    "EndSession": "/problems/not-found",
}
"""Who can't show the old password, or has no such session, isn't asked about roles."""
NEEDS_NO_ROLE = {"LogOut", "LogOutOfProvider"}
"""Whoever has a token may throw it away."""
SCIM_PROBLEMS = {401: "/problems/not-authenticated", 403: "/problems/forbidden"}
"""SCIM has a form of its own for errors, without a code."""
FILE = b"username,email\njoe,joe@example.com\n"
ROLES = [role for role in Role if role is not Role.SYSTEM]


class Route(msgspec.Struct, frozen=True):
    """One method of one path."""

    method: str
    path: str
    handler: Any

    @property
    def is_open(self) -> bool:
        return self.handler.opt.get(OPEN) is True

    @property
    def row(self) -> str:
        name = self.handler.operation_id
        assert isinstance(name, str), f"{self} has no operation id"
        return SAME_ROW.get(name, name)

    def body(self) -> bytes | None:
        """Something that the handler can read."""
        data = self.handler.parsed_fn_signature.parameters.get("data")
        if data is None:
            return None
        if not (isinstance(data.annotation, type) and issubclass(data.annotation, msgspec.Struct)):
            return b"{}"
        factory = MsgspecFactory.create_factory(data.annotation)
        factory.seed_random(1)
        given = {
            field.name: msgspec.UNSET
            for field in msgspec.structs.fields(data.annotation)
            if field.default is msgspec.UNSET
        }
        return msgspec.json.encode(factory.build(**given))

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Api:
    """One of the two APIs."""

    def __init__(self, client: TestClient[Litestar]) -> None:
        self._client = client
        self.routes = [*_routes(client.app)]

    def ask(self, route: Route, actor: Actor | None, body: bytes | None = None) -> httpx.Response:
        """With something that the handler can read, unless another body is given."""
        is_file = route.handler.opt.get(UPLOAD) is True
        headers = {"Content-Type": "text/csv" if is_file else "application/json"}
        if actor is not None:
            headers["Authorization"] = f"Bearer {msgspec.json.encode(actor).decode()}"
        path = "/".join(_filled(part) for part in route.path.split("/"))
        return self._client.request(
            route.method,
            path,
            params=QUERY | OTHERWISE.get(str(route.handler.operation_id), {}),
            content=body or (FILE if is_file else route.body()),
            headers=headers,
        )


def _filled(part: str) -> str:
    """A part of a path, with something in the place of a parameter: positions are numbers."""
    if part == "{position}":
        return "1"
    return NOWHERE if "{" in part else part


def _routes(app: Litestar) -> Iterator[Route]:
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for handler in route.route_handlers:
            assert isinstance(handler, HTTPRouteHandler)
            for method in sorted(handler.http_methods):
                if method != "OPTIONS":
                    yield Route(str(method), route.path_format, handler)


@pytest.fixture(scope="module")
def write_side(shared_database: Database) -> Iterator[Api]:
    system = System(shared_database)
    ways = Doors(system)
    threads = Threads(2)
    app = create_write_api(
        system.log,
        system.dispatcher,
        WaysIn(
            *(ways.accounts, ways.factors, ways.clients, ways.rotation, ways.forgotten, ways.sso),
            ways.refusals,
        ),
        threads,
        verifier=Names(),
        checks={},
        metrics=RequestMetrics(CollectorRegistry()),
        version="1",
    )
    with TestClient(app) as client:
        yield Api(client)
    threads.close()
    system.close()


@pytest.fixture(scope="module")
def read_side(shared_database: Database) -> Iterator[Api]:
    with (
        open_source(shared_database.project_url, MASTER_KEY) as source,
        open_pool(shared_database.read_url, 2) as pool,
        read_api(shared_database, source, pool) as reading,
    ):
        reading.project()
        yield Api(reading.client)


@pytest.fixture(params=["write_side", "read_side"])
def api(request: pytest.FixtureRequest) -> Api:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Api)
    return found


def problem(answer: httpx.Response) -> str:
    """The code of what was refused; empty for another answer."""
    kind = answer.headers.get("Content-Type", "")
    if kind.startswith("application/scim+json"):
        return SCIM_PROBLEMS.get(answer.status_code, "")
    is_problem = kind.startswith("application/problem+json")
    return str(answer.json()["type"]) if is_problem else ""


def test_every_route_is_named_by_the_table(api: Api) -> None:
    known = COMMANDS.keys() | QUERIES.keys()
    unknown = [str(route) for route in api.routes if not route.is_open and route.row not in known]
    assert unknown == []


def test_open_routes_are_those_that_are_said_to_be_open(api: Api) -> None:
    found = {(route.method, route.path) for route in api.routes if route.is_open}
    assert found <= OPEN_ROUTES


def test_without_a_token_only_open_routes_answer(api: Api) -> None:
    for route in api.routes:
        refused = problem(api.ask(route, None)) == "/problems/not-authenticated"
        assert refused is not route.is_open, route


@pytest.mark.parametrize("role", [*ROLES, None])
def test_a_role_gets_what_its_rows_say(api: Api, role: Role | None) -> None:
    roles = frozenset({role} if role else ())
    walked = 0
    for route in api.routes:
        if route.is_open:
            continue
        answer = api.ask(route, Actor(uuid4(), roles, uuid4()))
        told = f"{route} as {role}: {answer.status_code} {answer.text[:200]}"
        reach = scopes(roles, route.row)
        forbidden = problem(answer) == "/problems/forbidden"
        if problem(answer) == "/problems/not-a-person":
            continue  # nobody's token: it is refused whatever its roles
        if not reach and route.handler.operation_id not in NEEDS_NO_ROLE:
            assert forbidden or problem(answer) == REFUSED_BEFORE.get(route.row), told
        elif Scope.ANY in reach:
            assert not forbidden, told
        assert answer.status_code != 401, told
        assert answer.status_code < 500 or answer.status_code == 503, told
        walked += 1
    assert walked > 20


@pytest.mark.parametrize("body", [b"\xff\xfe", b"{", b"username,mail", b'{"schemas": []}'])
def test_files_and_directories_are_not_read_for_whom_they_are_not_from(
    write_side: Api, body: bytes
) -> None:
    """Handlers that read the body themselves look first at who sent it."""
    reading = [
        route
        for route in write_side.routes
        if route.handler.opt.get(UPLOAD) or route.handler.opt.get(TAKES_BODY)
    ]
    assert len(reading) > 8
    for route in reading:
        answer = write_side.ask(route, Actor(uuid4(), frozenset({Role.EMPLOYEE}), uuid4()), body)
        assert problem(answer) == "/problems/forbidden", f"{route}: {answer.text}"
