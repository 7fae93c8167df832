"""Whatever a superuser of the database does to history is found, and it is said where."""

from collections.abc import Callable

import pytest

from access.seal import Seal
from access.sealed import CHECKPOINTS
from event_store.seals import tables
from event_store.seals.checkpoint import Checkpoint, sign_checkpoint
from event_store.seals.export import export, remembered, select
from event_store.seals.keys import SealingKeys
from event_store.seals.verdict import Kind
from tests.event_store.seals.sealing import Owner
from tests.event_store.seals.superuser import (
    INSERT,
    MOVE,
    History,
    cut_off,
    cut_off_seals,
    one_leaf_a_page,
    rehash,
)

OTHERWISE = {Kind.REMEMBERED_OTHERWISE}


@pytest.mark.parametrize(
    "change",
    [
        "data = replace(data::text, 'number', 'numbeR')::json",
        "data = (' ' || data::text)::json",
        'metadata = \'{"actor":"jim"}\'',
        "recorded_at = recorded_at + interval '1 microsecond'",
        "stream_id = gen_random_uuid()",
        "stream_type = 'cours'",
        "type = 'course.archived.v2'",
        "version = version + 100",
    ],
)
def test_an_edited_byte(history: History, change: str) -> None:
    history.edit(23, change)
    assert history.located == [(Kind.EDITED, 23, history.positions[23])]


def test_what_is_cut_from_one_field_and_pasted_to_the_next(history: History) -> None:
    history.edit(3, "stream_type = 'cour', type = 'secourse.archived.v1'")
    assert history.located == [(Kind.EDITED, 3, history.positions[3])]


def test_a_deleted_event(history: History) -> None:
    history.delete(7)
    assert history.located == [(Kind.DELETED, 7, history.positions[7])]


def test_deleted_events_in_a_row_are_told_as_one(history: History) -> None:
    for number in range(7, 13):
        history.delete(number)
    problem = history.problem
    assert problem.numbers == range(7, 13)
    assert (problem.position, problem.last_position) == (
        history.positions[7],
        history.positions[12],
    )


def test_an_inserted_event(history: History) -> None:
    history.do(INSERT, history.positions[20] - 1)
    assert history.located == [(Kind.INSERTED, None, history.positions[20] - 1)]


def test_two_events_that_have_changed_places(history: History) -> None:
    one, other = history.positions[11], history.positions[38]
    for before, after in ((one, -1), (other, one), (-1, other)):
        history.do(MOVE, after, before)
    assert history.located == [(Kind.SWAPPED, 11, one)]
    assert str(other) in history.verdict().problems[0].says


def test_an_event_that_was_moved(history: History) -> None:
    history.do(MOVE, history.positions[30] - 1, history.positions[11])
    problem = history.problem
    assert (problem.kind, problem.position) == (Kind.MOVED, history.positions[30] - 1)
    assert str(history.positions[11]) in problem.says


def test_an_end_that_was_cut_off(history: History) -> None:
    cut_off(history.superuser, history.positions[44])
    problem = history.problem
    assert (problem.kind, problem.numbers) == (Kind.CUT_OFF, range(44, 50))
    assert problem.position == history.positions[44]


def test_an_end_that_was_cut_off_with_all_seals_of_it(history: History) -> None:
    cut_off(history.superuser, history.positions[40])
    cut_off_seals(history.superuser, 40)
    problem = history.problem
    assert (problem.kind, problem.numbers) == (Kind.CUT_OFF, range(40, 50))
    assert "kept outside" in problem.says


def test_leaves_and_nodes_that_were_made_to_fit_an_edited_event(history: History) -> None:
    history.edit(23)
    rehash(history.superuser)
    problem = history.problem
    assert problem.kind is Kind.REWRITTEN
    assert problem.numbers == range(20, 30), "between the two checkpoints around it"


def test_the_same_to_the_very_event_by_an_export_kept_from_before(history: History) -> None:
    key = history.sealing.keys.active(history.superuser)
    lines = [*export(history.superuser, select(history.superuser, None, None), key)]
    kept = dict(found for line in lines if isinstance(found := remembered(line), tuple))
    assert len(kept) == 50
    assert history.verdict(kept).holds
    history.edit(23)
    rehash(history.superuser)
    numbers = [p.number for p in history.verdict(kept).problems if p.kind in OTHERWISE]
    assert numbers == [23]


def resign(owner: Owner, keys: SealingKeys) -> None:
    """Signs all checkpoints anew, over what the tables say now."""
    key = keys.active(owner)
    rows = owner.execute("SELECT size, signed_at FROM seals.checkpoints").fetchall()
    for size, signed_at in rows:
        root = tables.root(owner, size)
        signed = sign_checkpoint(key.origin, size, root, signed_at, key.private_key)
        owner.execute(
            "UPDATE seals.checkpoints SET root = %s, note = %s, kid = %s WHERE size = %s",
            (root, signed.note, key.kid, size),
        )


def test_checkpoints_signed_by_a_key_of_the_superusers_own(history: History) -> None:
    history.edit(23)
    rehash(history.superuser)
    foreign = SealingKeys(Seal(bytes(32), CHECKPOINTS), "lms.example.com/log")
    history.do("ALTER TABLE seals.checkpoints DROP CONSTRAINT checkpoints_kid_fkey")
    history.do("DELETE FROM seals.signing_keys")
    resign(history.superuser, foreign)
    problems = history.verdict().problems
    assert {problem.kind for problem in problems} >= {Kind.KEY_FORGED, Kind.CHECKPOINT_FORGED}


def test_a_key_that_was_put_in_the_place_of_ours(history: History) -> None:
    """Our wrapped private half, somebody else's public half."""
    history.do("UPDATE seals.signing_keys SET public_key = sha256('mine')")
    assert Kind.KEY_FORGED in {problem.kind for problem in history.verdict().problems}


FORGERIES: list[tuple[str, Kind]] = [
    ("UPDATE seals.checkpoints SET root = sha256('') WHERE size = 30", Kind.CHECKPOINT_FORGED),
    ("UPDATE seals.checkpoints SET note = '' WHERE size = 30", Kind.CHECKPOINT_FORGED),
    (
        "UPDATE seals.checkpoints SET note = replace(note, 'time 20', 'time 19') WHERE size = 30",
        Kind.CHECKPOINT_FORGED,
    ),
    ("DELETE FROM seals.checkpoints WHERE size = 30", Kind.CHECKPOINT_MISSING),
]


@pytest.mark.parametrize(("forgery", "kind"), FORGERIES)
def test_a_checkpoint_that_was_changed_or_deleted(
    history: History, forgery: str, kind: Kind
) -> None:
    history.do(forgery)
    assert history.located == [(kind, 29, None)]


def test_a_checkpoint_whose_note_and_columns_were_changed_together(history: History) -> None:
    """Nothing but the signature knows."""
    (note,) = history.superuser.execute(
        "SELECT note FROM seals.checkpoints WHERE size = 30"
    ).fetchall()[0]
    earlier = note.replace("time 20", "time 19")
    history.do(
        "UPDATE seals.checkpoints SET note = %s, signed_at = %s WHERE size = 30",
        earlier,
        Checkpoint.parse(earlier).signed_at,
    )
    assert history.located == [(Kind.CHECKPOINT_FORGED, 29, None)]


TREES: list[tuple[str, set[Kind]]] = [
    ("UPDATE seals.nodes SET hash = sha256('') WHERE (level, index) = (4, 1)", {Kind.NODE_WRONG}),
    ("DELETE FROM seals.nodes WHERE (level, index) = (4, 1)", {Kind.NODE_WRONG}),
    ("DELETE FROM seals.leaf_pages WHERE first = 20", {Kind.LEAF_MISSING}),
    (
        "UPDATE seals.leaf_pages SET hashes[3] = sha256('') WHERE first = 20",
        {Kind.EDITED, Kind.NODE_WRONG, Kind.REWRITTEN},
    ),
    (
        "UPDATE seals.leaf_pages SET positions[10] = positions[10] + 1 WHERE first = 20",
        {Kind.INSERTED, Kind.DELETED},
    ),
    (
        "UPDATE seals.leaf_pages SET first = 19 WHERE first = 20",
        {Kind.LEAF_OUT_OF_ORDER, Kind.LEAF_MISSING, Kind.DELETED, Kind.INSERTED},
    ),
    (
        """UPDATE seals.leaf_pages SET positions = positions[2:], hashes = hashes[2:]
        WHERE first = 20""",
        {Kind.LEAF_MISSING, Kind.DELETED, Kind.INSERTED, Kind.EDITED},
    ),
    (
        """UPDATE seals.leaf_pages SET positions = positions || positions,
        hashes = hashes || hashes WHERE first = 20""",
        {Kind.LEAF_OUT_OF_ORDER, Kind.DELETED},
    ),
    ("DELETE FROM seals.leaf_pages", {Kind.CUT_OFF}),
]


@pytest.mark.parametrize(("change", "kinds"), TREES)
def test_a_tree_that_was_changed(history: History, change: str, kinds: set[Kind]) -> None:
    history.do(change)
    found = {problem.kind for problem in history.verdict().problems}
    assert found
    assert found <= kinds


LEAVES: list[tuple[str, set[Kind]]] = [
    ("DELETE FROM seals.leaf_pages WHERE first = 20", {Kind.LEAF_MISSING}),
    ("DELETE FROM seals.leaf_pages WHERE first = 49", {Kind.CUT_OFF}),
    (
        "UPDATE seals.leaf_pages SET first = 99 WHERE first = 20",
        {Kind.LEAF_MISSING, Kind.LEAF_OUT_OF_ORDER, Kind.DELETED, Kind.CUT_OFF},
    ),
]


@pytest.mark.parametrize(("change", "kinds"), LEAVES)
def test_a_leaf_that_was_taken_away_or_moved(
    history: History, change: str, kinds: set[Kind]
) -> None:
    one_leaf_a_page(history.superuser)
    assert history.verdict().holds
    history.do(change)
    found = {problem.kind for problem in history.verdict().problems}
    assert found
    assert found <= kinds


def test_several_things_at_once_are_each_told(history: History) -> None:
    for number in (3, 4, 17):
        history.edit(number)
    history.delete(40)
    history.do(INSERT, history.positions[30] - 1)
    assert history.located == [
        (Kind.EDITED, 3, history.positions[3]),
        (Kind.EDITED, 17, history.positions[17]),
        (Kind.INSERTED, None, history.positions[30] - 1),
        (Kind.DELETED, 40, history.positions[40]),
    ]
    assert history.verdict().problems[0].numbers == range(3, 5)


def test_all_of_it_gone(history: History) -> None:
    cut_off(history.superuser, 0)
    cut_off_seals(history.superuser, 0)
    problem = history.problem
    assert (problem.kind, problem.numbers) == (Kind.CUT_OFF, range(50))


@pytest.mark.usefixtures("in_small_pieces")
@pytest.mark.parametrize("number", [0, 15, 16, 17, 31, 48, 49])
@pytest.mark.parametrize("how", ["edit", "delete"])
def test_it_is_found_wherever_pieces_meet(history: History, number: int, how: str) -> None:
    assert history.verdict().holds
    do: dict[str, Callable[[], object]] = {
        "edit": lambda: history.edit(number),
        "delete": lambda: history.delete(number),
    }
    do[how]()
    problem = history.problem
    assert (problem.number, problem.position) == (number, history.positions[number])


@pytest.mark.usefixtures("in_small_pieces")
def test_rewritten_history_is_found_in_a_later_piece(history: History) -> None:
    history.edit(41)
    rehash(history.superuser)
    problem = history.problem
    assert (problem.kind, problem.numbers) == (Kind.REWRITTEN, range(40, 50))
