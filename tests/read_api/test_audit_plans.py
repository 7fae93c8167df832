"""Every search walks runs of the index, whatever is asked for: the plans on a skewed history."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest

from benchmarks.long_history import FEED, IMPORT, OFFICE, PROGRESS, fill, named
from event_store.bearing import Bearing
from lms.embedded.postgres import EmbeddedPostgres
from projections import catalogue
from projections.opening import open_live
from projections.source import open_source
from read_api.audit_search import Bears, Question, statements
from read_api.audit_time import FIRST, LAST
from read_api.history import SELECT
from tests.commands.system import MASTER_KEY
from tests.read_api.reading import Json
from tests.servers.postgres import Database, migrated

EVENTS = 20_000
SMALL = {"audit_type"}
"""A hundred rows or so: read as a whole."""

ABOUT, DID = (Bearing.STREAM, Bearing.ABOUT), (Bearing.ACTOR, Bearing.BEHALF)
FEED_DID, OFFICE_FROM = Bears(FEED, DID), Bears(OFFICE, (Bearing.ADDRESS,))
BIGGEST = Bears(named("course0"), ABOUT)
QUESTIONS = {
    "nothing": Question(),
    "a type": Question(types=(PROGRESS,)),
    "a kind, in a time": Question(kinds=("attempt",), above=1 << 24, below=1 << 28),
    "an actor of many": Question(bears=(FEED_DID,)),
    "an actor of none": Question(bears=(Bears(UUID(int=7), DID),)),
    "an actor of many, and a type they never did": Question(
        bears=(FEED_DID,), types=("attempt.graded",)
    ),
    "a subject": Question(bears=(BIGGEST,)),
    "a correlation of many": Question(bears=(Bears(IMPORT, (Bearing.CORRELATION,)),)),
    "an address of many": Question(bears=(OFFICE_FROM,)),
    "two of many": Question(bears=(FEED_DID, BIGGEST)),
    "two that never meet": Question(bears=(FEED_DID, Bears(named("person0"), DID))),
    "three of many, in a time": Question(
        bears=(FEED_DID, BIGGEST, OFFICE_FROM), above=1 << 24, below=1 << 30
    ),
}


@pytest.fixture(scope="module")
def long_history(postgres: EmbeddedPostgres, migrated_template: str) -> Iterator[Database]:
    """A database with a skewed history, its audit index and their statistics."""
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE long_history TEMPLATE {migrated_template}".encode())
        database = migrated(postgres, "long_history")
        with open_source(database.project_url, MASTER_KEY) as source:
            open_live(catalogue.named("audit"), source).close()
        fill(database.owner_url, EVENTS)
        yield database
        connection.execute("DROP DATABASE long_history WITH (FORCE)")


def nodes(plan: Json) -> Iterator[Json]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def explained(database: Database, sql: str, params: Any) -> list[Json]:
    """As it is planned for these values, and for whichever, as a prepared statement may be."""
    names = [*dict.fromkeys(re.findall(r"%\((\w+)\)s", sql))]
    generic = re.sub(r"%\((\w+)\)s", lambda match: f"${names.index(match[1]) + 1}", sql)
    found: list[Json] = []
    with psycopg.connect(database.read_url) as reader:
        for options, text, values in (("", sql, params), (", GENERIC_PLAN", generic, None)):
            query = f"EXPLAIN (FORMAT JSON{options}) {text}"
            row = reader.execute(query.encode(), values).fetchone()
            assert row is not None
            found += nodes(row[0][0]["Plan"])
    return found


def of_tables(found: list[Json]) -> list[Json]:
    return [node for node in found if node.get("Relation Name", "audit_type") not in SMALL]


@pytest.mark.parametrize("name", QUESTIONS)
def test_entries_are_read_along_their_key_and_none_is_passed_over(
    long_history: Database, name: str
) -> None:
    for sql, params in statements(QUESTIONS[name], 51):
        reads = of_tables(explained(long_history, sql, params))
        assert reads
        for node in reads:
            assert node["Node Type"] in {"Index Only Scan", "Index Scan"}, node
            assert node["Index Name"] == "audit_entry_pkey", node
            assert "Filter" not in node, node
            assert "position" in node["Index Cond"], node


@pytest.mark.parametrize("sql", [FIRST, LAST])
def test_instants_are_looked_up_not_searched(long_history: Database, sql: str) -> None:
    reads = of_tables(explained(long_history, sql, {"instant": "2025-03-04T05:06:07Z"}))
    keys = {node["Index Name"] for node in reads}
    assert keys == {"audit_minute_pkey", "events_pkey"}


def test_the_events_of_a_page_are_fetched_by_their_positions(long_history: Database) -> None:
    sql = f"{SELECT} WHERE position = ANY(%(positions)s)"
    found = explained(long_history, sql, {"positions": [n << 16 for n in range(1, 52)]})
    assert {node["Index Name"] for node in found if "Index Name" in node} == {"events_pkey"}
    assert "Seq Scan" not in {node["Node Type"] for node in found}
