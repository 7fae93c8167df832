"""An export proves itself offline, and whatever was done to it, or to the log before, is told."""

import importlib.util
import json
from collections.abc import Callable
from datetime import datetime
from types import ModuleType
from typing import Any

import pytest

from access.seal import Seal
from access.sealed import CHECKPOINTS
from event_store.seals.export import Bound, NothingSealed, export, select
from event_store.seals.keys import PUBLIC_KEYS, PublicKey, SealingKeys, jwks
from lms.settings import PROJECT
from tests.event_store.seals.superuser import INSERT, MOVE, History, cut_off, rehash

Line = dict[str, Any]


@pytest.fixture(scope="module")
def verifier() -> ModuleType:
    """The auditor's program."""
    spec = importlib.util.spec_from_file_location(
        "verify_export", PROJECT / "deploy" / "verify_export.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Office:
    """Where exports are made, and where they are checked."""

    def __init__(self, history: History, verifier: ModuleType) -> None:
        self._history = history
        self._verifier = verifier
        rows = history.superuser.execute(PUBLIC_KEYS).fetchall()
        self.keys = verifier.read_keys(jwks([PublicKey(*row) for row in rows]))

    def export(self, since: Bound = None, until: Bound = None) -> list[bytes]:
        connection = self._history.superuser
        key = self._history.sealing.keys.active(connection)
        return [*export(connection, select(connection, since, until), key)]

    def check(self, lines: list[bytes]) -> Any:
        return self._verifier.Export(self.keys).check(lines)

    def problems(self, lines: list[bytes]) -> list[str]:
        """Without what is said of every changed file."""
        found: list[str] = self.check(lines).problems
        assert found, "it must be noticed"
        return [each for each in found if "signs other lines" not in each]


@pytest.fixture
def office(history: History, verifier: ModuleType) -> Office:
    return Office(history, verifier)


def test_all_of_history_is_proved(office: Office) -> None:
    checked = office.check(office.export())
    assert checked.problems == []
    assert (checked.events, checked.first, checked.last, checked.size) == (50, 0, 49, 50)


@pytest.mark.parametrize(("first", "last"), [(0, 0), (0, 9), (7, 7), (17, 42), (49, 49)])
def test_a_part_is_proved_by_positions(
    history: History, office: Office, first: int, last: int
) -> None:
    lines = office.export(history.positions[first], history.positions[last])
    checked = office.check(lines)
    assert checked.problems == []
    assert (checked.first, checked.last, checked.events) == (first, last, last - first + 1)
    assert checked.positions == sorted({history.positions[first], history.positions[last]}) or (
        first == last
    )


def test_a_part_is_proved_by_instants(history: History, office: Office) -> None:
    def recorded_at(number: int) -> datetime:
        at = history.superuser.execute(
            "SELECT recorded_at FROM event_store.events WHERE position = %s",
            (history.positions[number],),
        ).fetchone()
        assert at is not None
        found: datetime = at[0]
        return found

    checked = office.check(office.export(recorded_at(10), recorded_at(30)))
    assert checked.problems == []
    assert (checked.first, checked.last) == (10, 29), "ten events were recorded at once"


def test_nothing_within_the_bounds(history: History, office: Office) -> None:
    for since, until in ((1, 2), (history.positions[9] + 1, history.positions[10] - 1)):
        with pytest.raises(NothingSealed):
            office.export(since, until)


def test_the_exact_bytes_are_in_it(history: History, office: Office) -> None:
    content = json.loads(office.export()[1])
    assert content["data"] == '{"reason":"number 1"}'
    assert content["metadata"] == '{"actor":"joe"}'


def changed(lines: list[bytes], at: int, change: Callable[[Line], None]) -> list[bytes]:
    """The lines, one of them changed; 0 is the header, an event's is one above its number."""
    content = json.loads(lines[at])
    change(content)
    return [*lines[:at], json.dumps(content).encode() + b"\n", *lines[at + 1 :]]


@pytest.mark.parametrize(
    "change",
    [
        {"data": '{"reason":"number 4 "}'},
        {"metadata": '{"actor":"jim"}'},
        {"recorded_at": "2026-01-01T00:00:00.000001Z"},
        {"position": 3},
        {"version": 9},
        {"stream_id": "00000000-0000-4000-8000-000000000000"},
        {"type": "course.archived.v2"},
        {"stream_type": "cours"},
        {"proof": []},
    ],
)
def test_a_changed_event_is_named(office: Office, change: Line) -> None:
    lines = changed(office.export(), 24, lambda line: line.update(change))
    (problem,) = office.problems(lines)
    assert problem.startswith("line 25: event number 23,")
    assert "not as it was sealed" in problem


def test_a_deleted_line_is_named(office: Office) -> None:
    lines = office.export()
    (problem,) = office.problems([*lines[:24], *lines[25:]])
    assert "event number 24," in problem
    assert "comes where number 23 should" in problem


def test_an_inserted_line_is_named(office: Office) -> None:
    lines = office.export()
    (problem,) = office.problems([*lines[:24], lines[7], *lines[24:]])[:1]
    assert problem.startswith("line 25: event number 6,")
    assert "twice" in problem


def test_swapped_lines_are_named(office: Office) -> None:
    lines = office.export()
    swapped = [*lines[:12], lines[13], lines[12], *lines[14:]]
    assert any(each.startswith("line 13: event number 12,") for each in office.problems(swapped))


def test_lines_that_are_missing_at_the_end_are_named(office: Office) -> None:
    lines = office.export()
    problems = office.problems([*lines[:41], lines[-1]])
    assert problems == ["numbers 40 to 49 are missing at the end"]
    assert "cut off" in office.problems(lines[:-1])[-1]


def test_bounds_that_were_changed_to_hide_missing_lines(office: Office) -> None:
    lines = changed(office.export(), 0, lambda header: header.update(last=39))
    assert office.check([*lines[:41], lines[-1]]).problems


def test_a_checkpoint_of_another_key(office: Office, history: History) -> None:
    foreign = SealingKeys(Seal(bytes(32), CHECKPOINTS), "lms.example.com/log")
    history.do("ALTER TABLE seals.checkpoints DROP CONSTRAINT checkpoints_kid_fkey")
    history.do("DELETE FROM seals.signing_keys")
    connection = history.superuser
    key = foreign.active(connection)
    lines = [*export(connection, select(connection, None, None), key)]
    problems = office.problems(lines)
    assert "signed by none of the given keys" in problems[0]


@pytest.mark.parametrize("junk", [b"", b"\n", b"{}\n", b"[1]\n", b'{"kind":"event"}\n', b"\xff\n"])
def test_junk_is_told_and_does_not_stop_the_check(office: Office, junk: bytes) -> None:
    lines = office.export()
    for at in (0, 1, 20, len(lines)):
        found = office.check([*lines[:at], junk, *lines[at:]]).problems
        assert found or not junk or at == len(lines)
    assert office.check([]).problems
    assert office.check([junk]).problems


# What was done to the log before it was exported.


def test_an_event_edited_in_the_database(office: Office, history: History) -> None:
    history.edit(23)
    (problem,) = office.check(office.export()).problems
    assert f"event number 23, position {history.positions[23]}, is not as it was" in problem


def test_an_event_deleted_in_the_database(office: Office, history: History) -> None:
    history.delete(23)
    (problem,) = office.check(office.export()).problems
    assert "comes where number 23 should" in problem


def test_an_event_inserted_in_the_database(office: Office, history: History) -> None:
    position = history.positions[20] - 1
    history.do(INSERT, position)
    (problem,) = office.check(office.export()).problems
    assert f"position {position}, was never sealed" in problem


def test_events_swapped_in_the_database(office: Office, history: History) -> None:
    one, other = history.positions[11], history.positions[38]
    for before, after in ((one, -1), (other, one), (-1, other)):
        history.do(MOVE, after, before)
    problems = office.check(office.export()).problems
    assert [each.split(",")[0].split()[-1] for each in problems] == ["11", "38"]


def test_an_end_cut_off_in_the_database(office: Office, history: History) -> None:
    cut_off(history.superuser, history.positions[44])
    assert office.check(office.export()).problems == ["numbers 44 to 49 are missing at the end"]


def test_leaves_made_to_fit_in_the_database(office: Office, history: History) -> None:
    history.edit(23)
    rehash(history.superuser)
    problems = office.check(office.export()).problems
    assert any("event number 23," in each for each in problems)
