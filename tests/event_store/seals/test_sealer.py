"""The sealer numbers every settled event once, in order, whatever happens to it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from access.seal import Seal
from access.sealed import CHECKPOINTS
from event_store.recorder import insert_sql
from event_store.seals import sealer as module
from event_store.seals import tables
from event_store.seals.checkpoint import Checkpoint
from event_store.seals.keys import NotOurKey, SealingKeys
from event_store.seals.sealer import SealsBroken
from event_store.seals.witness import Witness
from tests.event_store.seals.sealing import Owner, Sealing
from tests.event_store.seals.superuser import one_leaf_a_page
from tests.servers.postgres import Database

REST = ("course", 1, "course.archived.v1", "{}", "{}")


def sealed(owner: Owner) -> list[tuple[int, int]]:
    """Numbers and positions, in the order of numbers."""
    return owner.execute("SELECT number, position FROM seals.leaves ORDER BY number").fetchall()


def sizes(owner: Owner) -> list[int]:
    """Of the checkpoints."""
    rows = owner.execute("SELECT size FROM seals.checkpoints ORDER BY size").fetchall()
    return [size for (size,) in rows]


def test_events_get_dense_numbers_in_the_order_of_positions(
    sealing: Sealing, superuser: Owner
) -> None:
    positions = [position for events in (3, 1, 40) for position in sealing.append(events)]
    sealing.seal()
    positions += sealing.append(2)
    sealing.seal()
    assert sealed(superuser) == list(enumerate(positions))
    verdict = sealing.verdict()
    assert verdict.holds
    assert (verdict.sealed, verdict.unsealed, verdict.checkpoints) == (46, 0, 2)


def test_an_event_that_commits_late_gets_its_number_in_order(
    sealing: Sealing, superuser: Owner, module_database: Database
) -> None:
    with psycopg.connect(module_database.write_url) as late:
        late.execute(insert_sql(1), (uuid4(), *REST))
        sealing.append(2)
        sealing.seal()
        assert sealed(superuser) == []
    sealing.seal()
    assert [number for number, _ in sealed(superuser)] == [0, 1, 2]
    assert sealing.verdict().holds


def test_at_most_one_checkpoint_a_second_and_none_without_news(
    sealing: Sealing, superuser: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing.sealer, "_monotonic", lambda: 7.0)
    for _ in range(3):
        sealing.append()
        sealing.seal()
    assert sizes(superuser) == [1]
    monkeypatch.setattr(sealing.sealer, "_monotonic", lambda: 8.0)
    sealing.seal()
    sealing.seal()
    assert sizes(superuser) == [1, 3]


def test_what_was_signed_is_at_the_witness_too(sealing: Sealing) -> None:
    for _ in range(3):
        sealing.append(5)
        sealing.seal()
    assert [each.size for each in sealing.witness.checkpoints()] == [5, 10, 15]
    last = sealing.witness.last()
    assert last is not None
    assert last == tables.latest(sealing.connection)
    assert Checkpoint.parse(last.note) == last
    assert last.origin.startswith("lms.example.com/log/")


class Killed(BaseException):
    """As if the process had ended here."""


def _killed_before(function: Callable[..., Any]) -> Callable[..., Any]:
    def die(*_: Any, **__: Any) -> Any:
        raise Killed

    return die


def _killed_after(function: Callable[..., Any]) -> Callable[..., Any]:
    def die(*args: Any, **kwargs: Any) -> Any:
        function(*args, **kwargs)
        raise Killed

    return die


LINES = [
    (place, name, when)
    for place, name in (
        (module.Sealer, "_read"),
        (tables, "add"),
        (tables, "add_checkpoint"),
        (module.Sealer, "_publish"),
        (Witness, "append"),
    )
    for when in (_killed_before, _killed_after)
]


@pytest.mark.parametrize(("place", "name", "when"), LINES)
def test_a_sealer_that_dies_anywhere_is_gone_on_with_exactly(
    sealing: Sealing,
    superuser: Owner,
    monkeypatch: pytest.MonkeyPatch,
    place: Any,
    name: str,
    when: Callable[[Any], Any],
) -> None:
    positions = sealing.append(20)
    sealing.seal()
    positions += sealing.append(17)
    with monkeypatch.context() as patch:
        patch.setattr(place, name, when(getattr(place, name)))
        with pytest.raises(Killed):
            sealing.seal()
    positions += sealing.append(5)
    sealing.restarted()
    sealing.seal()
    assert sealed(superuser) == list(enumerate(positions))
    stored = sizes(superuser)
    assert stored[-1] == len(positions)
    assert [each.size for each in sealing.witness.checkpoints()] == stored
    assert sealing.verdict().holds


def test_a_witness_line_cut_by_a_crash_is_written_again(sealing: Sealing) -> None:
    for _ in range(2):
        sealing.append(3)
        sealing.seal()
    content = sealing.witness.path.read_bytes()
    sealing.witness.path.write_bytes(content[:-40])
    sealing.restarted()
    sealing.append(3)
    sealing.seal()
    assert [each.size for each in sealing.witness.checkpoints()] == [3, 6, 9]
    assert sealing.verdict().holds


def test_one_of_several_sealers_works_and_another_takes_over(
    sealing: Sealing, superuser: Owner
) -> None:
    sealing.append(3)
    sealing.seal()
    with psycopg.connect(sealing.url, autocommit=True) as connection:
        second = sealing.a_sealer(connection)
        sealing.append(3)
        second.step()
        assert len(sealed(superuser)) == 3
        sealing.connection.close()
        while len(sealed(superuser)) < 6:
            second.step()
    assert sealing.verdict(by=superuser).holds


def test_sealers_without_a_lock_cannot_harm_each_other(
    sealing: Sealing, superuser: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.Sealer, "_claim", lambda _: True)
    positions = [position for _ in range(30) for position in sealing.append(7)]

    def work(_: int) -> None:
        with psycopg.connect(sealing.url, autocommit=True) as connection:
            sealer = sealing.a_sealer(connection, batch=10)
            while len(sealed_by(connection)) < len(positions):
                with suppress(psycopg.errors.UniqueViolation, SealsBroken):
                    sealer.step()

    def sealed_by(connection: Owner) -> list[Any]:
        return connection.execute("SELECT FROM seals.leaves").fetchall()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(4)))
    assert sealed(superuser) == list(enumerate(positions))
    with psycopg.connect(sealing.url, autocommit=True) as connection:
        assert tables.frontier(connection, len(positions)).size == len(positions)


def test_a_long_history_is_sealed_in_small_transactions(sealing: Sealing, superuser: Owner) -> None:
    sealing.append(1_000)
    sealing.sealer = sealing.a_sealer(batch=64)
    steps = 1
    while sealing.sealer.step():
        steps += 1
    assert steps == 1_000 // 64 + 1
    assert len(sealed(superuser)) == 1_000
    assert sealing.verdict().holds


@pytest.fixture
def rolled_back(sealing: Sealing, superuser: Owner) -> Sealing:
    """The database is as it was an hour ago: the last events, and all seals of them, are gone."""
    sealing.append(20)
    sealing.seal()
    late = sealing.append(5)
    sealing.seal()
    superuser.execute("DELETE FROM event_store.events WHERE position >= %s", (late[0],))
    superuser.execute("DELETE FROM seals.leaf_pages WHERE first >= 20")
    superuser.execute("DELETE FROM seals.checkpoints WHERE size > 20")
    return sealing


def test_nothing_is_signed_over_a_history_that_the_witness_knows_better(
    rolled_back: Sealing, superuser: Owner
) -> None:
    rolled_back.append(9)
    with pytest.raises(SealsBroken, match="25 events were sealed; 20 are there"):
        rolled_back.restarted().step()
    assert sizes(superuser) == [20]


def test_nothing_is_signed_over_leaves_that_were_changed(
    sealing: Sealing, superuser: Owner
) -> None:
    sealing.append(20)
    sealing.seal()
    superuser.execute("UPDATE seals.leaf_pages SET hashes[18] = sha256('')")
    with pytest.raises(SealsBroken, match="the first 20 events were others"):
        sealing.restarted().step()


def test_nothing_is_signed_over_leaves_that_are_gone(sealing: Sealing, superuser: Owner) -> None:
    sealing.append(20)
    sealing.seal()
    one_leaf_a_page(superuser)
    superuser.execute("DELETE FROM seals.leaf_pages WHERE first = 17")
    with pytest.raises(SealsBroken, match="not stored"):
        sealing.restarted().step()


def test_a_key_of_somebody_else_is_not_signed_with(sealing: Sealing, superuser: Owner) -> None:
    sealing.append()
    sealing.seal()
    with psycopg.connect(sealing.url, autocommit=True) as connection:
        SealingKeys(Seal(bytes(32), CHECKPOINTS), "lms.example.com/log")._add(
            connection, 2, "lms.example.com/log"
        )
    sealing.append()
    with pytest.raises(NotOurKey):
        sealing.restarted().step()


def test_keys_are_rotated_and_what_older_ones_signed_stays_valid(
    sealing: Sealing, superuser: Owner
) -> None:
    sealing.append()
    sealing.seal()
    before = sealing.keys.active(sealing.connection)
    after = sealing.keys.rotate(sealing.connection)
    assert before.kid != after.kid
    assert before.origin == after.origin
    sealing.append()
    sealing.seal()
    kids = superuser.execute("SELECT kid FROM seals.checkpoints ORDER BY size").fetchall()
    assert kids == [(before.kid,), (after.kid,)]
    assert sealing.verdict().holds


def test_the_sealer_may_only_add(sealing: Sealing) -> None:
    sealing.append()
    sealing.seal()
    for table in ("leaf_pages", "nodes", "checkpoints", "signing_keys"):
        for statement in (f"DELETE FROM seals.{table}", f"TRUNCATE seals.{table}"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                sealing.connection.execute(statement)
    for statement in (
        "UPDATE seals.leaf_pages SET first = 7",
        "DELETE FROM event_store.events",
        "INSERT INTO event_store.snapshots DEFAULT VALUES",
        "SELECT FROM event_store.personal_keys",
        "SELECT FROM access.signing_keys",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            sealing.connection.execute(statement)


def test_who_reads_sees_no_private_half(sealing: Sealing, module_database: Database) -> None:
    sealing.keys.active(sealing.connection)
    with psycopg.connect(module_database.read_url, autocommit=True) as reader:
        reader.execute("SELECT kid, public_key FROM seals.signing_keys")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("SELECT sealed_private_key FROM seals.signing_keys")
