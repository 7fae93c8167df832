"""Who sees which figures; the analytics process is one that tells what it was asked."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from aiohttp import web

from access.actor import Actor
from domain.course import Course
from domain.roles import Role
from lms.composition import Pool
from projections.source import Source
from tests.commands.system import ADMIN, Given, Person
from tests.read_api.reading import Json, Reading, read_api
from tests.servers.postgres import Database


async def echo(request: web.Request) -> web.StreamResponse:
    """Answers what it was asked; SQL as CSV or as a refusal."""
    asked = {
        "path": request.path,
        "token": request.headers["Authorization"],
        "question": await request.json(),
    }
    query = asked["question"].get("query")
    if query == "DROP TABLE x":
        problem = {"type": "/problems/query-refused", "detail": "Only SELECT."}
        return web.json_response(problem, status=422)
    if query is not None:
        headers = {"Content-Type": "text/csv; charset=utf-8", "Lms-Truncated": "true"}
        answer = web.StreamResponse(headers=headers)
        await answer.prepare(request)
        for number in range(1000):
            await answer.write(f"{number},{'x' * 1000}\r\n".encode())
        return answer
    if asked["question"].get("per") == "course":
        return web.json_response({"items": [{"enrollments": 4, "completed": 1, **asked}]})
    return web.json_response(asked)


@contextmanager
def an_analytics_process() -> Iterator[str]:
    loop, started, urls = asyncio.new_event_loop(), threading.Event(), []

    async def start() -> web.AppRunner:
        app = web.Application()
        app.router.add_post("/{path:.*}", echo)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        urls.append(f"http://127.0.0.1:{runner.addresses[0][1]}")
        return runner

    def run() -> None:
        runner = loop.run_until_complete(start())
        started.set()
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    started.wait(10)
    try:
        yield urls[0]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


@pytest.fixture(scope="module")
def figures(shared_database: Database, source: Source, pool: Pool) -> Iterator[Reading]:
    """A read API that reaches an analytics process."""
    with (
        an_analytics_process() as url,
        read_api(shared_database, source, pool, url) as running,
    ):
        yield running


@pytest.fixture
def an_analyst(given: Given) -> Person:
    return given.a_person(Role.ANALYST)


def question(figures: Reading, path: str, by: Person | Actor, **params: object) -> Json:
    return figures.ok(path, by, params=params)["question"]


def test_who_may_see_all_is_not_restricted(figures: Reading, an_analyst: Person) -> None:
    seen = figures.ok("/analytics", an_analyst)
    assert (seen["path"], seen["question"]) == ("/analytics", {})
    assert seen["token"] == "Bearer internal"


def test_managers_see_figures_of_their_reports(
    figures: Reading, a_director: Person, a_manager: Person, a_learner: Person
) -> None:
    asked = question(figures, "/analytics/engagement", a_director, per="week")
    assert set(asked["learner_ids"]) == {str(a_manager.id), str(a_learner.id)}
    assert asked["per"] == "week"
    seen = figures.ok("/analytics", a_manager)
    assert (seen["enrollments"], seen["completion_rate"]) == (4, 0.25)
    assert seen["by_course"][0]["question"]["learner_ids"] == [str(a_learner.id)]


def test_instructors_see_figures_of_their_courses(
    figures: Reading, an_instructor: Person, a_published_course: Course
) -> None:
    params = {"from": "2026-01-01", "department": "Sales"}
    asked = question(figures, "/analytics/progress", an_instructor, **params)
    assert asked["course_ids"] == [str(a_published_course.id)]
    assert (asked["from"], asked["department"]) == ("2026-01-01", "Sales")


def test_someone_who_is_both_chooses(figures: Reading, given: Given) -> None:
    both = given.a_person(Role.MANAGER, Role.INSTRUCTOR)
    assert question(figures, "/analytics/engagement", both)["learner_ids"] == []
    assert question(figures, "/analytics/engagement", both, of="courses")["course_ids"] == []


def test_a_manager_can_not_widen_what_they_see(figures: Reading, a_manager: Person) -> None:
    assert "learner_ids" in question(figures, "/analytics/engagement", a_manager, of="courses")


def test_rows_of_sql_stream_through_as_csv(figures: Reading, an_analyst: Person) -> None:
    params = {"query": "SELECT 1", "format": "csv"}
    answer = figures.get("/analytics/sql", an_analyst, params=params)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["lms-truncated"] == "true"
    assert len(answer.text.splitlines()) == 1000


def test_sql_that_is_refused_is_told_as_a_problem(figures: Reading) -> None:
    answer = figures.get("/analytics/sql", ADMIN, params={"query": "DROP TABLE x"})
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/query-refused"
    assert answer.json()["detail"] == "Only SELECT."


@pytest.mark.parametrize("path", ["", "/progress", "/engagement", "/sql?query=SELECT"])
def test_learners_see_no_figures(figures: Reading, a_learner: Person, path: str) -> None:
    assert figures.status(f"/analytics{path}", a_learner) == 403


def test_while_the_process_is_down_the_answer_is_later(reading: Reading) -> None:
    answer = reading.get("/analytics", ADMIN)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert answer.json()["type"] == "/problems/analytics-unavailable"
