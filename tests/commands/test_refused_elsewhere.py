"""Access tokens that the read API refuses are counted, too: it tells the write API of them."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest
from prometheus_client import CollectorRegistry

from edge.metrics import RequestMetrics
from read_api.refused import MOST_KINDS, Refused, RefusedHere
from tests.commands.doors import Doors
from tests.commands.system import System
from tests.edge.conftest import served
from tests.journey.lms import eventually
from tests.read_api.reading import Names
from write_api.app import Doors as WaysIn
from write_api.app import create_write_api
from write_api.refused_tokens import OurOwn
from write_api.threads import Threads

OURS = "the token of our own processes"
COUNTED = ("access-token", "invalid-token")
NEVER = 3600.0


class Interrupted:
    """An API that can't be reached for a while."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.is_away = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self.is_away and scope["type"] == "http":
            await send({"type": "http.response.start", "status": 503, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        await self._app(scope, receive, send)


@pytest.fixture
def doors(system: System) -> Doors:
    with system.pool.connection() as connection:
        connection.execute("DELETE FROM access.refusals")
    return Doors(system)


@contextmanager
def write_api(doors: Doors) -> Iterator[tuple[Interrupted, str]]:
    threads = Threads(2)
    app = Interrupted(
        create_write_api(
            doors.system.log,
            doors.system.dispatcher,
            WaysIn(
                *(doors.accounts, doors.factors, doors.clients, doors.rotation, doors.forgotten),
                *(doors.sso, doors.refusals),
            ),
            threads,
            verifier=OurOwn(Names(), OURS),
            checks={},
            metrics=RequestMetrics(CollectorRegistry()),
            version="1",
        )
    )
    with served(app) as url:
        yield app, url
    threads.close()


def test_they_are_counted_exactly_in_one_sum_for_each_address(doors: Doors) -> None:
    async def knock(url: str) -> None:
        async with RefusedHere(url, OURS, pause=NEVER) as refused:
            for _ in range(3_000):
                refused.count_token("192.0.2.1")
            for _ in range(5):
                refused.count_token("192.0.2.2")
            refused.count_token(None)

    with write_api(doors) as (_, url):
        asyncio.run(knock(url))
    told = {each.network: each.number for each in doors.refusals.untold(100)}
    assert sorted(told.values()) == [1, 5, 3_000]
    assert told[doors.refusals.network("192.0.2.1")] == 3_000


def test_what_somebody_asked_for_is_theirs(doors: Doors) -> None:
    somebody = uuid4()

    async def ask(url: str) -> None:
        async with RefusedHere(url, OURS, pause=NEVER) as refused:
            for _ in range(4):
                refused.count(Refused("filter", "192.0.2.1", somebody))

    with write_api(doors) as (_, url):
        asyncio.run(ask(url))
    assert doors.refused(somebody) == {("filter", "unreadable"): 4}


def test_what_can_not_be_told_is_kept(doors: Doors, caplog: pytest.LogCaptureFixture) -> None:
    async def knock(app: Interrupted, url: str) -> None:
        async with RefusedHere(url, OURS, pause=NEVER) as refused:
            refused.count(Refused("access-token", "192.0.2.1"), 7)
            app.is_away = True
            await refused.tell()
            refused.count(Refused("access-token", "192.0.2.1"), 3)
            assert doors.refused(None) == {}
            app.is_away = False

    with write_api(doors) as (app, url):
        asyncio.run(knock(app, url))
    assert doors.refused(None) == {COUNTED: 10}
    assert "7 refusals can't be told yet" in caplog.text


def test_it_is_told_by_itself_after_a_while(doors: Doors) -> None:
    async def knock(url: str) -> None:
        async with RefusedHere(url, OURS, pause=0.01) as refused:
            refused.count_token("192.0.2.1")
            await asyncio.to_thread(eventually, lambda: bool(doors.refused(None)), "the sum")

    with write_api(doors) as (_, url):
        asyncio.run(knock(url))
    assert doors.refused(None) == {COUNTED: 1}


def test_addresses_without_end_take_no_memory_without_end(doors: Doors) -> None:
    many = MOST_KINDS * 3

    async def knock(url: str) -> None:
        async with RefusedHere(url, OURS, pause=NEVER) as refused:
            for number in range(many):
                refused.count_token(f"10.0.{number // 256}.{number % 256}")

    with write_api(doors) as (_, url):
        asyncio.run(knock(url))
    assert doors.refused(None) == {COUNTED: many}
    assert len(doors.refusals.untold(many)) == MOST_KINDS + 1


def test_our_own_token_is_good_for_that_alone(doors: Doors) -> None:
    with write_api(doors) as (_, url), httpx.Client(base_url=url) as http:
        ours = {"Authorization": f"Bearer {OURS}"}
        sums = {"items": [{"act": "access-token", "number": 2, "address": "192.0.2.1"}]}
        assert http.post("/refusals", json=sums, headers=ours).status_code == 204
        course = {"title": "A course", "description": "About something."}
        assert http.post("/courses", json=course, headers=ours).status_code == 403
        assert http.post("/signing-keys/rotate", json={}, headers=ours).status_code == 403
        guess = {"Authorization": f"Bearer {OURS}x"}
        assert http.post("/refusals", json=sums, headers=guess).status_code == 401
        token = {"act": "access-token", "number": 1}
        wrong_items: list[list[dict[str, object]]] = [
            [token | {"number": 0}],
            [token | {"number": -1}],
            [{}],
            [token | {"act": "log-in"}],
            [token] * 2_000,
        ]
        for items in wrong_items:
            wrong = http.post("/refusals", json={"items": items}, headers=ours)
            assert wrong.status_code == 422
    assert doors.refused(None) == {COUNTED: 2}
