"""Leaves lie in pages, and each is found by its number and by the position of its event."""

from pathlib import Path
from shutil import copyfile

import psycopg
import pytest

from event_store.seals import tables
from event_store.seals.merkle import Frontier, leaf_hash
from lms import migrate
from tests.event_store.seals.sealing import Owner, Sealing

SIZES = [1, 31, 32, 33, 7, 64, 100]
"""Leaves that are added at once: below, at and above a page."""
BEFORE_PAGES = "0041"


@pytest.fixture
def owner(sealing: Sealing, superuser: Owner) -> Owner:
    """Of a database with a tree of so many leaves; every third position has an event."""
    frontier = Frontier()
    for size in SIZES:
        numbers = range(frontier.size, frontier.size + size)
        hashes = [leaf_hash(number.to_bytes(4)) for number in numbers]
        first, positions = frontier.size, [(10 + number * 3).to_bytes(8) for number in numbers]
        with superuser.transaction():
            tables.add(superuser, first, positions, hashes, frontier.extend(hashes))
    return superuser


def test_each_leaf_is_found_by_number_and_by_position(owner: Owner) -> None:
    size = sum(SIZES)
    by_number = owner.execute(
        "SELECT number, position, hash FROM generate_series(-1::bigint, %s) AS number,"
        " seals.leaf(number) ORDER BY number",
        (size + 1,),
    ).fetchall()
    assert by_number == [(n, 10 + n * 3, leaf_hash(n.to_bytes(4))) for n in range(size)]
    view = owner.execute("SELECT number, position, hash FROM seals.leaves ORDER BY number")
    assert view.fetchall() == by_number
    by_position = owner.execute(
        "SELECT position, seals.number_at(position) FROM generate_series(0, %s) AS position"
        " WHERE seals.number_at(position) IS NOT NULL ORDER BY position",
        (10 + size * 3 + 1,),
    ).fetchall()
    assert by_position == [(position, number) for number, position, _ in by_number]
    assert tables.end(owner) == (size, 10 + (size - 1) * 3)


def test_no_page_is_added_where_another_begins(owner: Owner) -> None:
    for first, position in ((sum(SIZES[:3]), 7), (sum(SIZES), 10)):
        with pytest.raises(psycopg.errors.UniqueViolation), owner.transaction():
            tables.add(owner, first, [position.to_bytes(8)], [bytes(32)], [])


def test_leaves_from_before_there_were_pages_are_kept(empty_database: str, tmp_path: Path) -> None:
    """As they were: one that was missing is missing still."""
    for file in migrate.FOLDER.glob("*.sql"):
        if file.name < BEFORE_PAGES:
            copyfile(file, tmp_path / file.name)
    migrate.apply(empty_database, tmp_path)
    with psycopg.connect(empty_database, autocommit=True) as owner:
        owner.execute(
            "INSERT INTO seals.leaves SELECT number, 10 + number * 3, sha256(int8send(number))"
            " FROM generate_series(0, 99) AS number WHERE number <> 50"
        )
        before = owner.execute("SELECT * FROM seals.leaves ORDER BY number").fetchall()
        migrate.apply(empty_database, migrate.FOLDER)
        after = owner.execute("SELECT number, position, hash FROM seals.leaves ORDER BY number")
        assert after.fetchall() == before
        pages = owner.execute("SELECT first FROM seals.leaf_pages ORDER BY first").fetchall()
    assert [first for (first,) in pages] == [0, 32, 51, 64, 96]
