"""Ten thousand wrong passwords: few events that count them all, and nobody else is kept out."""

import tracemalloc
from collections import Counter
from uuid import UUID

import pytest

from access.refusals import RefusedAct, Why
from access.throttle import Throttled
from domain.refused_access import RefusedAccess
from policies.refusals import RefusalTeller
from tests.commands.doors import PASSWORD, Doors, Somebody
from tests.commands.system import System

GUESSES = 10_000
AT_ONCE = 100
"""Between two looks of the one who tells the log."""
GUESSER, ELSEWHERE = "192.0.2.66", "198.51.100.7"
MOST_EVENTS = 30
MOST_MEMORY = 4 * 2**20
"""Bytes that may be left over after all of it."""


@pytest.fixture
def doors(system: System) -> Doors:
    with system.pool.connection() as connection:
        connection.execute("DELETE FROM access.refusals")
    return Doors(system)


class Guesser:
    """Knocks at the door behind which the password is checked; the check itself, slow on purpose,
    would make this take half an hour."""

    def __init__(self, doors: Doors, victim: UUID) -> None:
        self._doors = doors
        self._victim = victim
        self.met: Counter[str] = Counter()
        self._teller = RefusalTeller(
            doors.refusals, doors.system.dispatcher, clock=lambda: doors.clock.now
        )

    def guesses(self, number: int) -> None:
        context = self._doors.context(source_address=GUESSER)
        for _ in range(number):
            try:
                self._doors.door.admit(RefusedAct.LOG_IN, str(self._victim), context, self._victim)
            except Throttled:
                self.met["throttled"] += 1
            else:
                self._doors.door.refuse(
                    RefusedAct.LOG_IN, Why.WRONG_PASSWORD, context, self._victim
                )
                self.met["wrong-password"] += 1

    def waits(self, seconds: float) -> None:
        self._doors.clock.advance(seconds=seconds)
        self._teller.tell()


def id_of(doors: Doors, somebody: Somebody) -> UUID:
    actor = somebody.logged_in()
    assert actor.id is not None
    return actor.id


def told(doors: Doors, victim: UUID) -> list[RefusedAccess.Counted]:
    """What the log says of refusals to somebody."""
    with doors.system.pool.connection() as connection:
        rows = connection.execute(
            "SELECT stream_id, version FROM event_store.events"
            " WHERE type LIKE 'refused_access.counted.%%' AND data ->> 'learner_id' = %s",
            (str(victim),),
        ).fetchall()
    return [
        event
        for stream, version in rows
        for event in doors.system.log.events.get(stream, gt=version - 1, lte=version)
        if isinstance(event, RefusedAccess.Counted)
    ]


@pytest.mark.slow
def test_they_are_few_events_that_leave_none_out_and_keep_out_nobody_else(doors: Doors) -> None:
    victim, other = doors.a_person(), doors.a_person()
    victim_id = id_of(doors, victim)
    guesser = Guesser(doors, victim_id)
    guesser.guesses(AT_ONCE)
    guesser.waits(36)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(GUESSES // AT_ONCE - 1):
        guesser.guesses(AT_ONCE)
        guesser.waits(36)
    left = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()

    # Somebody else, somewhere else, gets in meanwhile; here it takes the guesser's own address.
    elsewhere = doors.context(source_address=ELSEWHERE)
    assert doors.accounts.log_in(other.name, PASSWORD, elsewhere)
    with pytest.raises(Throttled):
        doors.accounts.log_in(victim.name, PASSWORD, doors.context(source_address=GUESSER))
    guesser.met["throttled"] += 1

    guesser.waits(3_700)
    guesser.waits(3_700)
    events = told(doors, victim_id)
    sums: Counter[str] = Counter()
    for event in events:
        sums[event.why] += event.number
    assert sums == guesser.met
    assert sums.total() == GUESSES + 1
    assert len(events) < MOST_EVENTS
    assert left < MOST_MEMORY
    # Time heals: the victim gets in, too.
    assert doors.accounts.log_in(victim.name, PASSWORD, elsewhere)
