"""The bulk path, from a real Postgres."""

import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import msgspec
import psycopg
import pytest

from event_store.recorder import POSITION
from projections.analytics.catch_up import catch_up
from projections.analytics.rebuild import build_beside, is_of_another_shape, swap
from projections.analytics.warehouse import Warehouse
from projections.analytics.writer import Writer
from tests.projections.analytics.story import Story, write_log
from tests.projections.analytics.test_writer import everything
from tests.servers.postgres import Database

LOADER = """
import sys
from pathlib import Path
from projections.analytics.catch_up import catch_up
from projections.analytics.warehouse import Warehouse
from projections.analytics.writer import Writer
warehouse = Warehouse(Path(sys.argv[1]))
for _ in catch_up(Writer(warehouse.connection), sys.argv[2], Path(sys.argv[1] + ".csv"), 3):
    print("batch", flush=True)
"""


def load_all(writer: Writer, database: Database, folder: Path, batch: int = 7) -> int:
    return sum(catch_up(writer, database.read_url, folder / "in.csv", batch))


def test_bulk_and_live_loading_agree(
    database: Database, story: Story, warehouse: Warehouse, writer: Writer, tmp_path: Path
) -> None:
    story.finished_journey()
    awkward = 'comma, "quotes", \\ back\nslash, ünïcode'
    story.happens(uuid4(), "course.created", title=awkward)
    write_log(database.owner_url, story.records)
    assert load_all(writer, database, tmp_path) == len(story.records)
    other = Warehouse(tmp_path / "live.duckdb")
    Writer(other.cursor()).load(story.records)
    assert everything(other) == everything(warehouse)
    other.close()


def test_catching_up_again_loads_only_what_is_new(
    database: Database, story: Story, writer: Writer, tmp_path: Path
) -> None:
    story.finished_journey()
    write_log(database.owner_url, story.records)
    load_all(writer, database, tmp_path)
    known = len(story.records)
    story.finished_journey()
    write_log(database.owner_url, story.records[known:])
    assert load_all(writer, database, tmp_path) == len(story.records) - known


def test_events_of_a_running_transaction_are_not_overtaken(
    database: Database, story: Story, writer: Writer, tmp_path: Path
) -> None:
    record = story.happens(uuid4(), "learner.logged_in", method="password")
    with psycopg.connect(database.owner_url) as late:
        row = late.execute(f"SELECT {POSITION}").fetchone()
        assert row is not None
        write_log(database.owner_url, [msgspec.structs.replace(record, position=row[0] + 1)])
        assert load_all(writer, database, tmp_path) == 0
    assert load_all(writer, database, tmp_path) == 1


def test_a_bad_event_stops_nothing(
    database: Database, story: Story, warehouse: Warehouse, writer: Writer, tmp_path: Path
) -> None:
    story.finished_journey()
    broken = story.happens(uuid4(), "course.created", title="x")
    story.records[-1] = msgspec.structs.replace(broken, data=b'{"title": "\\ud800"}')
    story.finished_journey()
    write_log(database.owner_url, story.records)
    assert load_all(writer, database, tmp_path) == len(story.records)
    parked = warehouse.cursor().execute("SELECT position FROM raw.parked").fetchall()
    assert parked == [(broken.position,)]


@pytest.mark.parametrize("batches", [1, 3])
def test_a_kill_in_the_middle_loses_and_doubles_nothing(
    database: Database, story: Story, tmp_path: Path, batches: int
) -> None:
    for _ in range(20):
        story.finished_journey()
    write_log(database.owner_url, story.records)
    path = tmp_path / "killed.duckdb"
    loader = subprocess.Popen(
        [sys.executable, "-c", LOADER, str(path), database.read_url],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert loader.stdout
    with loader:
        for _ in range(batches):
            loader.stdout.readline()
        loader.kill()
    killed, whole = Warehouse(path), Warehouse(tmp_path / "whole.duckdb")
    writer = Writer(killed.cursor())
    assert 0 < writer.position < story.records[-1].position
    load_all(writer, database, tmp_path)
    Writer(whole.cursor()).load(story.records)
    assert everything(killed) == everything(whole)
    killed.close()
    whole.close()


def test_a_file_of_another_shape_is_built_anew_and_swapped(
    database: Database, story: Story, tmp_path: Path
) -> None:
    story.finished_journey()
    write_log(database.owner_url, story.records)
    path = tmp_path / "analytics.duckdb"
    old = Warehouse(path)
    old.connection.execute("UPDATE raw.state SET schema_version = 0")
    old.close()
    assert is_of_another_shape(path)
    swap(path, build_beside(path, database.read_url, lambda: False))
    assert not is_of_another_shape(path)
    new = Warehouse(path)
    assert Writer(new.cursor()).position == story.records[-1].position
    new.close()
