"""Views are proved to be what history says, and a row that isn't is found."""

from __future__ import annotations

import threading

import pytest
from psycopg import sql

from projections.connection import connect
from projections.source import Source
from projections.verify import NotComparable, Verified, verify
from tests.projections.history import History, a_course, with_lessons
from tests.projections.tally import NewTally, Tally
from tests.projections.test_rebuild import schema_names, writing
from tests.projections.test_runner import feed, running


def test_what_was_projected_equals_history(source: Source, history: History) -> None:
    for _ in range(5):
        history.record(with_lessons(a_course(), 2))
    with running(source, Tally()):
        found = verify(Tally(), source)

    assert found.holds
    assert (found.rows, found.events, found.position) == (5, 20, source.log.last())
    assert schema_names(source) == ["tally_v1"]


@pytest.mark.parametrize(
    ("tampering", "missing", "unexpected"),
    [
        ("UPDATE tally SET title = 'Rust Programming 102' WHERE id = {}", 1, 1),
        ("DELETE FROM tally WHERE id = {}", 1, 0),
        ("INSERT INTO tally VALUES (gen_random_uuid(), {}, 1, '{{}}')", 0, 1),
    ],
)
def test_a_tampered_row_is_found(
    source: Source, history: History, tampering: str, missing: int, unexpected: int
) -> None:
    course = with_lessons(a_course(), 2)
    history.record(course, with_lessons(a_course(), 2))
    with running(source, Tally()), connect(source.conninfo, "tally_v1") as connection:
        connection.execute(sql.SQL(tampering).format(str(course.id)))
        (difference,) = verify(Tally(), source).differences

    assert (difference.table, difference.missing, difference.unexpected) == (
        "tally",
        missing,
        unexpected,
    )
    assert len(difference.examples) == 1


def test_it_holds_while_events_are_written_and_projected(source: Source, history: History) -> None:
    found: list[Verified] = []
    with running(source, Tally()) as runner, writing(history) as written:
        while len(written) < 20:
            feed(runner, source)
        thread = threading.Thread(target=lambda: found.append(verify(Tally(), source)))
        thread.start()
        while thread.is_alive():
            feed(runner, source)
        thread.join()

    assert [one.holds for one in found] == [True]
    assert found[0].rows > 0


def test_another_version_than_the_code_is_not_compared(source: Source) -> None:
    with running(source, Tally()), pytest.raises(NotComparable):
        verify(NewTally(), source)


def test_a_table_with_other_columns_is_a_difference(source: Source, history: History) -> None:
    history.record(a_course())
    with running(source, Tally()), connect(source.conninfo, "tally_v1") as connection:
        connection.execute("ALTER TABLE tally ADD COLUMN extra int")
        (difference,) = verify(Tally(), source).differences

    assert difference.examples == ["other columns"]


def test_nothing_can_be_compared_before_anything_was_projected(source: Source) -> None:
    with pytest.raises(NotComparable):
        verify(Tally(), source)
