import duckdb
import pytest

from projections.analytics.quack import lock_down
from projections.analytics.sandbox import QueryRefused, QueryTookTooLong, QueryTooLarge, Sandbox
from projections.analytics.warehouse import Warehouse
from projections.analytics.writer import Writer
from tests.projections.analytics.story import Story


@pytest.fixture
def sandbox(story: Story, warehouse: Warehouse, writer: Writer) -> Sandbox:
    """Over a warehouse with one journey."""
    story.finished_journey()
    writer.load(story.records)
    lock_down(warehouse.connection)
    return Sandbox(warehouse, at_once=1)


def test_a_select_is_answered(sandbox: Sandbox) -> None:
    result = sandbox.query("SELECT status, count(*) AS n FROM fact_enrollment GROUP BY ALL")
    assert (result.columns, result.rows) == (["status", "n"], [("completed", 1)])


def test_times_with_a_zone_need_no_further_package(sandbox: Sandbox) -> None:
    result = sandbox.query("SELECT TIMESTAMPTZ '2026-01-01 00:00:00+00' AS a, 1 AS a")
    assert result.columns == ["a", "a"]
    assert result.rows == [("2026-01-01 00:00:00+00", 1)]


def test_rows_are_limited(sandbox: Sandbox) -> None:
    result = sandbox.query("SELECT i FROM range(1000000000) t(i) ORDER BY i", max_rows=3)
    assert (result.rows, result.truncated) == ([(0,), (1,), (2,)], True)


def test_a_long_query_is_stopped_and_leaves_room_for_others(sandbox: Sandbox) -> None:
    with pytest.raises(QueryTookTooLong):
        sandbox.query(
            "SELECT count(*) FROM range(1000000000000) t(i) WHERE i % 7 = 9", timeout_s=0.2
        )
    assert sandbox.query("SELECT 1").rows == [(1,)]


def test_a_query_gets_no_more_memory_than_there_is(sandbox: Sandbox) -> None:
    with pytest.raises((QueryTooLarge, QueryTookTooLong)):
        sandbox.query("SELECT list(i::VARCHAR) FROM range(50000000) t(i)", timeout_s=5)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1; DROP TABLE dim_learner",
        "FROM '/etc/passwd'",
        "FROM '/etc/passwd.csv'",
        "FROM 'http://localhost:1/x.parquet'",
        "FROM no_such_table",
        "FROM sandbox",
    ],
)
def test_what_is_no_harmless_select_is_refused(sandbox: Sandbox, query: str) -> None:
    with pytest.raises(QueryRefused):
        sandbox.query(query)


def test_the_writer_goes_on_while_a_query_reads(
    sandbox: Sandbox, story: Story, warehouse: Warehouse, writer: Writer
) -> None:
    reader = warehouse.cursor()
    reader.execute("BEGIN TRANSACTION READ ONLY")
    before = reader.execute("SELECT count(*) FROM raw.events").fetchone()
    story.finished_journey()
    writer.load(story.records)
    assert reader.execute("SELECT count(*) FROM raw.events").fetchone() == before
    with pytest.raises(duckdb.Error):
        reader.execute("DELETE FROM raw.events")
    assert sandbox.query("SELECT count(*) FROM raw.events").rows == [(len(story.records),)]
