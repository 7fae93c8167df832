"""History that went another way, and history that goes on while it is looked at."""

import pytest

from event_store.seals.verdict import Kind
from tests.event_store.seals.sealing import Owner, Sealing
from tests.event_store.seals.superuser import cut_off, cut_off_seals


def test_an_old_copy_that_has_grown_again(sealing: Sealing, superuser: Owner) -> None:
    """Even when the sealer had no witness and has signed the other history."""
    positions = []
    for _ in range(5):
        positions += sealing.append(10)
        sealing.seal()
    cut_off(superuser, positions[30])
    cut_off_seals(superuser, 30)
    kept = sealing.witness.path.read_bytes()
    sealing.witness.path.unlink()
    sealing.restarted()
    for _ in range(4):
        sealing.append(10)
        sealing.seal()
    sealing.witness.path.write_bytes(kept)
    (problem,) = sealing.verdict().problems
    assert (problem.kind, problem.numbers) == (Kind.REWRITTEN, range(30, 40))


def test_what_is_not_sealed_yet_is_counted_and_no_problem(sealing: Sealing) -> None:
    sealing.append(50)
    sealing.seal()
    sealing.append(3)
    verdict = sealing.verdict()
    assert verdict.holds
    assert (verdict.events, verdict.sealed, verdict.unsealed) == (53, 50, 3)
    assert verdict.unsealed_since is not None


def test_a_log_without_events_holds(sealing: Sealing) -> None:
    sealing.seal()
    verdict = sealing.verdict()
    assert verdict.holds
    assert (verdict.events, verdict.sealed, verdict.checkpoints) == (0, 0, 0)


@pytest.mark.usefixtures("in_small_pieces")
def test_a_node_above_the_pieces_is_checked(sealing: Sealing, superuser: Owner) -> None:
    for _ in range(3):
        sealing.append(100)
        sealing.seal()
    assert sealing.verdict().holds
    superuser.execute("UPDATE seals.nodes SET hash = sha256('') WHERE (level, index) = (8, 0)")
    (problem,) = sealing.verdict().problems
    assert (problem.kind, problem.numbers) == (Kind.NODE_WRONG, range(256))
