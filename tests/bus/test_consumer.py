"""A consumer sees every event once, in order, whatever the stream does."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

import bus.consumer
import bus.feed
from bus.connection import Connection
from bus.consumer import AnotherHistory, Consumer
from bus.message import encode, subject_of
from bus.stream import STREAM, StreamSettings, declare
from event_store.record import Record
from lms.embedded.nats import EmbeddedNats
from lms.embedded.postgres import EmbeddedPostgres
from tests.bus.story import DEADLINE, at_work, following, relaying, stream_reaches, until
from tests.bus.written_log import WrittenLog


def test_it_catches_up_in_pages_and_goes_on_live(
    log: WrittenLog, nats_server: EmbeddedNats
) -> None:
    log.append(250)

    async def story() -> None:
        url = nats_server.url
        async with relaying(log, url), following(log, url, max_events=100) as follower:
            await follower.is_live()
            assert follower.batches == [100, 100, 50]
            await follower.reaches((await asyncio.to_thread(log.append, 30))[-1])
            assert follower.records == log.everything()

    asyncio.run(story())


def test_a_live_event_comes_by_the_stream_and_not_from_the_log(
    log: WrittenLog, nats_server: EmbeddedNats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus.consumer, "_SILENCE", DEADLINE)

    async def story() -> None:
        url = nats_server.url
        async with Connection(url, "test") as nats:
            await nats.wait()
            await declare(nats.jetstream, StreamSettings())
            async with following(log, url) as follower:
                await follower.is_live()
                reads = log.reads
                async with relaying(log, url) as relay:
                    await at_work(relay)
                    [position] = log.append(1)
                    own_reads = log.reads
                    await follower.reaches(position)
                assert follower.positions == [position]
                assert own_reads >= reads
                assert not follower.consumer._behind

    asyncio.run(story())


def test_it_starts_after_its_position(log: WrittenLog, nats_server: EmbeddedNats) -> None:
    positions = log.append(10)

    async def story() -> None:
        async with following(log, nats_server.url, positions[3]) as follower:
            await follower.reaches(positions[-1])
            assert follower.positions == positions[4:]

    asyncio.run(story())


def test_it_works_without_nats_and_goes_live_when_nats_comes(
    log: WrittenLog, nats_server: EmbeddedNats
) -> None:
    nats_server.kill()
    log.append(5)

    async def story() -> None:
        url = nats_server.url
        async with relaying(log, url), following(log, url) as follower:
            await follower.reaches(log.end())
            await follower.reaches(log.append(5)[-1])
            await asyncio.to_thread(nats_server.start)
            await follower.is_live()
            await follower.reaches(log.append(5)[-1])
            assert follower.positions == log.positions

    asyncio.run(story())


def test_it_needs_no_relay(log: WrittenLog, nats_server: EmbeddedNats) -> None:
    async def story() -> None:
        url = nats_server.url
        async with Connection(url, "test") as nats, following(log, url) as follower:
            await nats.wait()
            await declare(nats.jetstream, StreamSettings())
            await follower.is_live()
            await follower.reaches(log.append(5)[-1])
            assert follower.positions == log.positions

    asyncio.run(story())


def test_nats_killed_and_wiped_again_and_again_loses_nothing(
    log: WrittenLog, nats_server: EmbeddedNats
) -> None:
    async def story() -> None:
        url = nats_server.url
        async with relaying(log, url), following(log, url) as follower:
            for wiped in (True, False, True):
                await follower.is_live()
                await asyncio.to_thread(append_slowly, log)
                nats_server.kill()
                if wiped:
                    nats_server.wipe()
                await asyncio.to_thread(append_slowly, log)
                await asyncio.to_thread(nats_server.start)
                await asyncio.to_thread(append_slowly, log)
            await follower.reaches(log.end())
            assert follower.positions == log.positions

    asyncio.run(story())


def append_slowly(log: WrittenLog) -> None:
    for _ in range(40):
        log.append(3)


def test_a_purged_stream_is_made_good_from_the_log(
    log: WrittenLog, nats_server: EmbeddedNats
) -> None:
    async def story() -> None:
        url = nats_server.url
        async with Connection(url, "test") as nats, relaying(log, url) as relay:
            await nats.wait()
            await at_work(relay)
            async with following(log, url) as follower:
                await follower.is_live()
                for _ in range(5):
                    log.append(20)
                    await nats.jetstream.purge_stream(STREAM)
                await follower.reaches(log.append(20)[-1])
                assert follower.positions == log.positions

    asyncio.run(story())


def test_a_gap_in_the_stream_is_read_from_the_log_at_once(
    log: WrittenLog, nats_server: EmbeddedNats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus.consumer, "_SILENCE", 10 * DEADLINE)

    async def story() -> None:
        url = nats_server.url
        async with Connection(url, "test") as nats:
            await nats.wait()
            await declare(nats.jetstream, StreamSettings())
            async with following(log, url) as follower:
                await follower.is_live()
                log.append(10)
                records = log.everything()
                await publish(nats, records[8], previous=records[7].position)
                await follower.reaches(records[-1].position)
                assert follower.records == records

    asyncio.run(story())


def test_messages_repeated_or_out_of_order_are_given_once_in_order(
    log: WrittenLog, nats_server: EmbeddedNats
) -> None:
    async def story() -> None:
        url = nats_server.url
        async with Connection(url, "test") as nats:
            await nats.wait()
            await declare(nats.jetstream, StreamSettings())
            async with following(log, url) as follower:
                await follower.is_live()
                log.append(6)
                records = log.everything()
                for index in (0, 0, 1, 0, 1, 4, 3, 2, 5, 5):
                    previous = records[index - 1].position if index else 0
                    await publish(nats, records[index], previous)
                await follower.reaches(records[-1].position)
                assert follower.records == records

    asyncio.run(story())


def test_an_event_too_large_for_nats_is_read_from_the_log(
    log: WrittenLog, nats_server: EmbeddedNats
) -> None:
    async def story() -> None:
        url = nats_server.url
        async with relaying(log, url) as relay, following(log, url) as follower:
            await at_work(relay)
            await follower.is_live()
            log.append(2)
            log.append(1, data='"' + "x" * 2_000_000 + '"')
            await follower.reaches(log.append(2)[-1])
            assert follower.records == log.everything()

    asyncio.run(story())


def test_a_slow_consumer_drops_what_it_cannot_hold_and_reads_it_later(
    log: WrittenLog, nats_server: EmbeddedNats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus.feed, "_CAPACITY", 20)

    async def story() -> None:
        url = nats_server.url
        async with Connection(url, "test") as nats, relaying(log, url) as relay:
            await nats.wait()
            await at_work(relay)
            async with following(log, url, max_events=10) as follower:
                await follower.is_live()
                follower.may_go_on.clear()
                await stream_reaches(nats, log.append(200)[-1])
                feed = follower.consumer._feed
                await until(lambda: feed._dropped)
                assert len(feed._waiting) == 20
                follower.may_go_on.set()
                await follower.reaches(log.end())
                assert follower.positions == log.positions
                assert max(follower.batches) == 10

    asyncio.run(story())


def test_events_of_other_types_only_move_the_position(
    log: WrittenLog, nats_server: EmbeddedNats
) -> None:
    log.append(3, type="course.created.v1")
    log.append(3, type="course.published.v1")

    async def story() -> None:
        url = nats_server.url
        types = ["course.created.v1"]
        async with relaying(log, url) as relay, following(log, url, types=types) as follower:
            await at_work(relay)
            await follower.is_live()
            await follower.reaches(log.end())
            log.append(3, type="course.created.v1")
            await follower.reaches(log.append(3, type="course.archived.v1")[-1])
            wanted = [record for record in log.everything() if record.type in types]
            assert follower.records == wanted

    asyncio.run(story())


def test_a_page_full_of_wanted_types_does_not_skip_the_rest(
    log: WrittenLog, nats_server: EmbeddedNats
) -> None:
    for _ in range(7):
        log.append(1, type="course.created.v1")
        log.append(1, type="course.archived.v1")

    async def story() -> None:
        url = nats_server.url
        types = ["course.created.v1"]
        async with following(log, url, types=types, max_events=3) as follower:
            await follower.reaches(log.end())
            assert follower.batches[:3] == [3, 3, 1]
            assert len(follower.records) == 7

    asyncio.run(story())


def test_a_consumer_waits_while_postgres_restarts(
    log_on_own_server: WrittenLog, postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats
) -> None:
    log = log_on_own_server

    async def story() -> None:
        url = nats_server.url
        async with relaying(log, url), following(log, url) as follower:
            await follower.reaches(log.append(5)[-1])
            postgres_server.kill()
            await asyncio.to_thread(postgres_server.start)
            await follower.reaches(log.append(5)[-1])
            assert follower.positions == log.positions

    asyncio.run(story())


def test_a_position_from_another_log_is_refused(log: WrittenLog, nats_server: EmbeddedNats) -> None:
    log.append(1)

    async def story() -> None:
        async with Connection(nats_server.url, "test") as nats:
            consumer = Consumer("lost", nats, log, log.end() + 1)
            with pytest.raises(AnotherHistory):
                await anext(consumer.batches())

    asyncio.run(story())


def test_a_foreign_message_in_the_stream_is_ignored(
    log: WrittenLog, nats_server: EmbeddedNats
) -> None:
    async def story() -> None:
        url = nats_server.url
        async with Connection(url, "test") as nats, relaying(log, url) as relay:
            await nats.wait()
            await at_work(relay)
            async with following(log, url) as follower:
                await follower.is_live()
                await nats.jetstream.publish("lms.nonsense", b"what?")
                await follower.reaches(log.append(5)[-1])
                assert follower.positions == log.positions

    asyncio.run(story())


def test_closing_it_leaves_nothing_on_the_server(
    log: WrittenLog, nats_server: EmbeddedNats
) -> None:
    async def story() -> None:
        url = nats_server.url
        async with Connection(url, "test") as nats:
            await nats.wait()
            await declare(nats.jetstream, StreamSettings())
            consumer = Consumer("short", nats, log, 0)
            log.append(1)
            async with contextlib.aclosing(consumer.batches()) as batches:
                await anext(batches)
                pending = asyncio.ensure_future(anext(batches))
                await until(lambda: consumer._feed.is_live)
                pending.cancel()
                await asyncio.gather(pending, return_exceptions=True)
            assert await nats.jetstream.consumers_info(STREAM) == []

    asyncio.run(story())


async def publish(nats: Connection, record: Record, previous: int) -> None:
    headers, data = encode(record, previous, nats.client.max_payload)
    await nats.jetstream.publish(subject_of(record), data, headers=headers)
