from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from projections.analytics.desk import Desk
from projections.analytics.quack import lock_down
from projections.analytics.query_log import QueryLog
from projections.analytics.service import TRUNCATED, create_app
from projections.analytics.warehouse import Warehouse
from projections.analytics.writer import Writer
from tests.projections.analytics.story import Story

TOKEN = "only-for-tests"


@pytest.fixture
def desk(tmp_path: Path, warehouse: Warehouse, story: Story, writer: Writer) -> Desk:
    """Open, with one journey."""
    story.finished_journey()
    writer.load(story.records)
    lock_down(warehouse.connection)
    desk = Desk(QueryLog(tmp_path / "queries.jsonl"))
    desk.open(warehouse)
    return desk


@pytest.fixture
def client(desk: Desk) -> Iterator[TestClient[Litestar]]:
    with TestClient(create_app(desk, TOKEN)) as client:
        client.headers["Authorization"] = f"Bearer {TOKEN}"
        yield client


def sql(client: TestClient[Litestar], query: str, **more: Any) -> Any:
    return client.post("/analytics/sql", json={"query": query, **more})


def test_the_dashboard_is_answered(client: TestClient[Litestar]) -> None:
    figures = client.post("/analytics", json={}).json()
    assert figures["enrollments_by_status"] == {"completed": 1}
    assert figures["data"]["parked"] == 0


def test_progress_honours_the_callers_scope(client: TestClient[Litestar]) -> None:
    assert len(client.post("/analytics/progress", json={}).json()["items"]) == 1
    nobody = client.post("/analytics/progress", json={"learner_ids": []})
    assert nobody.json() == {"items": [], "next_cursor": None}


def test_engagement_is_answered(client: TestClient[Litestar]) -> None:
    days = {"per": "week", "from": "2026-03-01", "to": "2026-03-31"}
    (week,) = client.post("/analytics/engagement", json=days).json()["items"]
    assert (week["date"], week["logins"]) == ("2026-03-02", 1)


def test_sql_comes_as_json_or_csv(client: TestClient[Litestar]) -> None:
    query = "SELECT status, 1.5 AS n, DATE '2026-03-02' AS d FROM fact_enrollment"
    assert sql(client, query).json()["rows"] == [["completed", "1.5", "2026-03-02"]]
    expected = "status,n,d\r\ncompleted,1.5,2026-03-02\r\n"
    assert sql(client, query, format="csv").text == expected
    accepting = client.post("/analytics/sql", json={"query": query}, headers={"Accept": "text/csv"})
    assert accepting.text == expected
    assert accepting.headers["content-type"].startswith("text/csv")


def test_more_rows_than_asked_for_are_announced(client: TestClient[Litestar]) -> None:
    answer = sql(client, "FROM range(5)", limit=2)
    assert (answer.headers[TRUNCATED], len(answer.json()["rows"])) == ("true", 2)


@pytest.mark.parametrize("query", ["DROP TABLE dim_learner", "SELECT nothing", "FROM glob('/*')"])
def test_sql_that_may_not_run_is_a_problem(client: TestClient[Litestar], query: str) -> None:
    answer = sql(client, query)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/query-refused")
    assert answer.headers["content-type"] == "application/problem+json"


def test_auditors_see_who_asked_what(client: TestClient[Litestar]) -> None:
    somebody = "6c0e0f3e-0b0c-4a5e-8f0c-0d9f7e1b2a3c"
    sql(client, "SELECT 1", by=somebody)
    asked = client.post("/analytics/queries").json()["items"][0]
    assert (asked["way"], asked["by"], asked["query"]) == ("http", somebody, "SELECT 1")


@pytest.mark.parametrize("header", ["", "Bearer guessed", "Basic Zm9yLXRlc3Rz"])
def test_only_our_own_processes_are_answered(client: TestClient[Litestar], header: str) -> None:
    answer = client.post("/analytics", json={}, headers={"Authorization": header})
    assert answer.status_code == 401


@pytest.mark.parametrize("body", [{"limit": 0}, {"per": "month"}, {"nonsense": 1}])
def test_a_malformed_question_is_a_problem(
    client: TestClient[Litestar], body: dict[str, object]
) -> None:
    answer = client.post("/analytics/progress", json=body)
    assert 400 <= answer.status_code < 500
    assert answer.json()["detail"]


def test_before_it_is_loaded_it_says_later(client: TestClient[Litestar], desk: Desk) -> None:
    assert client.get("/health/ready").status_code == 200
    desk.close()
    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").status_code == 503
    answer = sql(client, "SELECT 1")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
