"""What must be so after a mishap, as if nothing had happened."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import nats
import psycopg
from nats.js.api import ConsumerConfig, DeliverPolicy

from bus.message import POSITION, SUBJECTS
from bus.stream import STREAM
from projections.catalogue import PROJECTIONS
from projections.source import open_source
from projections.verify import verify
from tests.survival.deadline import wait_for
from tests.survival.people import Crowd, Enrolled, Ledger
from tests.survival.stack import Logged, Stack

SUMMARY: Final = (
    "SELECT count(*), count(DISTINCT position), max(position), count(DISTINCT stream_id),"
    " sum(version)::bigint FROM"
)
TOLD: Final = [
    "assessment.failed",
    "assessment.passed",
    "certificate.issued",
    "enrollment.completed",
    "enrollment.created",
    "survey.invited",
]
"""What a learner is told who takes a course as `takes` does."""


def nothing_happened(stack: Stack, crowd: Crowd, logged: Logged) -> None:
    """Everything that a mishap must leave as it is."""
    everything_catches_up(stack)
    recorded_once(stack, crowd.ledger)
    reacted_once(stack, crowd.enrolled)
    stream_is_the_log(stack)
    views_equal_history(stack)
    wait_for(stack.is_whole, "the stack is whole again")
    assert stack.ended_by_themselves() == {}
    assert logged.errors() == []


def everything_catches_up(stack: Stack) -> None:
    """Waits until policies have nothing to do any more, and all are at the end of the log."""
    wait_for(lambda: _is_at_rest(stack), "everything has caught up")
    logged = [list(row) for row in stack.ask(f"{SUMMARY} event_store.events")]
    wait_for(
        lambda: stack.ask_analytics(f"{SUMMARY} raw.events") == logged,
        "analytics has every event of the log once",
    )


def recorded_once(stack: Stack, ledger: Ledger) -> None:
    """Each acknowledged command is in the log, as acknowledged, carried out exactly once."""
    recorded: dict[Any, list[Any]] = {}
    for correlation_id, *event in stack.ask(
        "SELECT metadata->>'correlation_id', metadata->>'command_id', position, stream_id, version"
        " FROM event_store.events WHERE metadata->>'actor' = ANY(%s) ORDER BY position",
        [list({str(command.actor) for command in ledger.commands})],
    ):
        recorded.setdefault(correlation_id, []).append(event)
    answers = {
        (str(scope), key): tuple(answer)
        for scope, key, *answer in stack.ask(
            "SELECT scope, key, id, version, position FROM event_store.idempotency"
        )
    }
    assert len(ledger.commands) > 0
    for command in ledger.commands:
        events = recorded[str(command.correlation_id)]
        assert len({command_id for command_id, *_ in events}) == 1
        assert events[-1][1] == command.position
        assert [command.id, command.version] in [event[2:] for event in events]
        answer = (command.id, command.version, command.position)
        assert answers[str(command.actor), command.key] == answer
    everybody = {str(command.correlation_id) for command in ledger.commands}
    assert _of_learners(recorded, ledger) <= everybody, "nothing unasked is in the log"


def reacted_once(stack: Stack, enrolled: Sequence[Enrolled]) -> None:
    """Policies have done everything that was to be done, once."""
    assert enrolled
    twice = stack.ask(
        "SELECT metadata->>'causation', metadata->>'command', data->>'text_key'"
        " FROM event_store.events WHERE metadata->>'causation' IS NOT NULL"
        " GROUP BY 1, 2, 3 HAVING count(DISTINCT metadata->>'command_id') > 1",
    )
    assert twice == []
    for type in ("enrollment.completed.v1", "certificate.issued.v1", "survey_invitation.sent.v1"):
        done = _learners(stack, type)
        assert {done[str(one.learner_id)] for one in enrolled} == {1}, type
    for one in enrolled:
        assert sorted(stack.told(one.learner_id)) == TOLD


def stream_is_the_log(stack: Stack) -> None:
    """From its first message on, the stream has every event of the log, in order and once."""
    streamed = asyncio.run(_positions_streamed(stack.settings.nats_url))
    logged = stack.ask(
        "SELECT position FROM event_store.events WHERE position >= %s ORDER BY position",
        [streamed[0]],
    )
    assert streamed == [position for (position,) in logged]


def views_equal_history(stack: Stack) -> None:
    """What `lms verify` says."""
    settings = stack.settings
    with open_source(settings.project_database_url, settings.master_key) as source:
        for projection in PROJECTIONS:
            found = verify(projection, source)
            assert found.holds, found
            assert found.parked == 0


def _is_at_rest(stack: Stack) -> bool:
    try:
        last = stack.last_position()
        streamed = asyncio.run(_last_streamed(stack.settings.nats_url))
        return stack.positions_reached() >= last == streamed == stack.last_position()
    except psycopg.OperationalError:
        return False


def _learners(stack: Stack, type: str) -> Counter[str]:
    rows = stack.ask("SELECT data->>'learner_id' FROM event_store.events WHERE type = %s", [type])
    return Counter(learner_id for (learner_id,) in rows)


def _of_learners(recorded: Mapping[str, Sequence[Any]], ledger: Ledger) -> set[str]:
    """The correlation ids of what is in the log from this ledger's people on."""
    first = min(command.position for command in ledger.commands)
    return {id for id, events in recorded.items() if events[0][1] >= first}


async def _last_streamed(url: str) -> int | None:
    try:
        client = await nats.connect(url, allow_reconnect=False)
    except (nats.errors.Error, OSError):
        return None
    try:
        jetstream = client.jetstream()
        state = (await jetstream.stream_info(STREAM)).state
        message = await jetstream.get_msg(STREAM, seq=state.last_seq)
        return int((message.headers or {})[POSITION])
    except nats.errors.Error:
        return None
    finally:
        await client.close()


async def _positions_streamed(url: str) -> list[int]:
    client = await nats.connect(url)
    try:
        jetstream = client.jetstream()
        count = (await jetstream.stream_info(STREAM)).state.messages
        config = ConsumerConfig(headers_only=True, deliver_policy=DeliverPolicy.ALL)
        messages = await jetstream.subscribe(SUBJECTS, ordered_consumer=True, config=config)
        found = [await messages.next_msg(timeout=10) for _ in range(count)]
        return [int((message.headers or {})[POSITION]) for message in found]
    finally:
        await client.close()
