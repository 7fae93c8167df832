"""A second process attaches while this one writes."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from lms.data_folder import free_port
from projections.analytics import extensions
from projections.analytics.export import export
from projections.analytics.quack import Quack
from projections.analytics.query_log import QueryLog
from projections.analytics.warehouse import Warehouse
from projections.analytics.writer import Writer
from tests.projections.analytics.story import Story

TOKEN = "only-for-tests"
REFUSED = [
    "WITH x AS (SELECT 1) INSERT INTO fact_login SELECT * FROM x",
    "EXPLAIN ANALYZE DELETE FROM raw.events",
    "COPY raw.events TO ''/tmp/x.csv''",
    "ATTACH ''/tmp/x.duckdb''",
    "SET memory_limit = ''1TB''",
    "PRAGMA database_list",
    "SELECT 1; DROP TABLE raw.events",
    "FROM read_text(''/etc/passwd'')",
    "FROM ''/etc/passwd.csv''",
    "FROM glob(''/*'')",
    "SELECT getenv(''HOME'')",
    "FROM duckdb_secrets()",
    "FROM ''http://localhost:1/x.parquet''",
    "FROM quack_stop(''{uri}'')",
]
CLIENT = """
import sys
import duckdb
from projections.analytics import extensions
client = duckdb.connect()
extensions.load(client, "httpfs", "quack")
client.execute(f"ATTACH '{sys.argv[1]}' AS lms (TOKEN '{sys.argv[2]}')")
for line in sys.stdin:
    print(client.execute("SELECT count(*) FROM lms.fact_login").fetchone()[0], flush=True)
"""


@pytest.fixture
def quack(tmp_path: Path, warehouse: Warehouse) -> Iterator[Quack]:
    """A server over the warehouse."""
    quack = Quack("localhost", free_port(), TOKEN, QueryLog(tmp_path / "queries.jsonl"))
    quack.start(warehouse.connection)
    yield quack
    quack.stop(warehouse.connection)


@pytest.fixture
def client(quack: Quack) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as client:
        extensions.load(client, "httpfs", "quack")
        client.execute(f"ATTACH '{quack.uri}' AS lms (TOKEN '{TOKEN}')")
        yield client


def ask(client: duckdb.DuckDBPyConnection, quack: Quack, query: str) -> list[tuple[object, ...]]:
    return client.execute(
        f"FROM quack_query('{quack.uri}', '{query}', token => '{TOKEN}')"
    ).fetchall()


def test_another_process_reads_while_this_one_writes(
    quack: Quack, story: Story, writer: Writer
) -> None:
    analyst = subprocess.Popen(
        [sys.executable, "-c", CLIENT, quack.uri, TOKEN],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert analyst.stdin
    assert analyst.stdout
    seen = []
    with analyst:
        for _ in range(3):
            story.finished_journey()
            writer.load(story.records)
            analyst.stdin.write("again\n")
            analyst.stdin.flush()
            seen.append(int(analyst.stdout.readline()))
        analyst.stdin.close()
    assert seen == [1, 2, 3]


@pytest.mark.parametrize("query", REFUSED)
def test_nothing_but_reading_the_warehouse_is_possible(
    client: duckdb.DuckDBPyConnection, quack: Quack, story: Story, writer: Writer, query: str
) -> None:
    story.finished_journey()
    writer.load(story.records)
    with pytest.raises(duckdb.Error):
        ask(client, quack, query.format(uri=quack.uri))
    assert ask(client, quack, "SELECT count(*) FROM raw.events") == [(len(story.records),)]


def test_an_attached_table_takes_no_rows(client: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.Error, match="Authorization failed"):
        client.execute("INSERT INTO lms.fact_login VALUES (1, uuid(), NULL, now(), today())")


def test_a_wrong_token_opens_nothing(quack: Quack) -> None:
    with duckdb.connect() as stranger:
        extensions.load(stranger, "httpfs", "quack")
        with pytest.raises(duckdb.Error):
            stranger.execute(f"ATTACH '{quack.uri}' AS lms (TOKEN 'guessed-token')")


def test_auditors_find_every_query(
    client: duckdb.DuckDBPyConnection, quack: Quack, tmp_path: Path
) -> None:
    ask(client, quack, "SELECT 42")
    with pytest.raises(duckdb.Error):
        ask(client, quack, "DROP TABLE dim_learner")
    asked = QueryLog(tmp_path / "queries.jsonl").last(100)
    assert ("DROP TABLE dim_learner", False) in [(a.query, a.refusal is None) for a in asked]
    assert ("SELECT 42", True) in [(a.query, a.refusal is None) for a in asked]


def test_parquet_files_are_written_from_outside(
    quack: Quack, story: Story, writer: Writer, tmp_path: Path
) -> None:
    story.finished_journey()
    writer.load(story.records)
    counts = export(quack.uri, TOKEN, tmp_path / "out")
    assert counts["fact_progress"] == 4
    with duckdb.connect() as reader:
        found = reader.execute(
            f"SELECT status FROM '{tmp_path}/out/fact_enrollment.parquet'"
        ).fetchall()
    assert found == [("completed",)]
