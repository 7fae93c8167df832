"""The stream is the log: each event once, in order, whatever happens to those who carry it."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from bus.connection import Connection
from bus.publisher import Publisher
from bus.relay import Relay, RelaySettings
from bus.stream import STREAM, StreamSettings, declare, find_tip
from bus.wake import Waker
from lms.embedded.nats import EmbeddedNats
from lms.embedded.postgres import EmbeddedPostgres
from tests.bus.story import (
    DEADLINE,
    at_work,
    positions_in_stream,
    relaying,
    stream_holds,
    stream_reaches,
)
from tests.bus.written_log import WrittenLog, append

PROCESS = """
import asyncio, sys
from psycopg_pool import ConnectionPool
from bus.connection import Connection
from bus.publisher import Publisher
from bus.relay import Relay, RelaySettings
from event_store.reader import Reader

async def main(database, url):
    with ConnectionPool(database, min_size=1, kwargs={"autocommit": True}) as pool:
        async with Connection(url, "relay process") as nats:
            await Relay(Reader(pool), nats, RelaySettings(poll=0.02, takeover=0.1)).run()

asyncio.run(main(*sys.argv[1:]))
"""


@contextlib.contextmanager
def writing(log: WrittenLog, writers: int = 4) -> Iterator[None]:
    """Threads that append, with transactions that overlap, until the block ends."""
    enough = threading.Event()

    def write() -> None:
        with psycopg.connect(log.url) as connection:
            while not enough.is_set():
                append(connection, 3)
                connection.commit()

    threads = [threading.Thread(target=write) for _ in range(writers)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        enough.set()
        for thread in threads:
            thread.join()


def test_the_stream_gets_every_event_in_order(log: WrittenLog, nats_server: EmbeddedNats) -> None:
    async def story() -> None:
        url = nats_server.url
        async with Connection(url, "test") as nats, relaying(log, url) as relay:
            await nats.wait()
            await at_work(relay)
            await asyncio.to_thread(log.append, 120)
            await asyncio.to_thread(log.append, 1)
            await stream_reaches(nats, log.end())
            assert await positions_in_stream(nats) == log.positions

    asyncio.run(story())


def test_an_empty_stream_starts_at_the_end_of_the_log(
    log: WrittenLog, nats_server: EmbeddedNats
) -> None:
    log.append(10)

    async def story() -> None:
        url = nats_server.url
        async with Connection(url, "test") as nats, relaying(log, url) as relay:
            await nats.wait()
            await at_work(relay)
            [position] = await asyncio.to_thread(log.append, 1)
            await stream_reaches(nats, position)
            assert await positions_in_stream(nats) == [position]

    asyncio.run(story())


def test_two_relays_at_once_neither_duplicate_nor_reorder(
    log: WrittenLog, nats_server: EmbeddedNats
) -> None:
    async def story() -> None:
        url = nats_server.url
        async with (
            Connection(url, "test") as nats,
            relaying(log, url) as a,
            relaying(log, url) as b,
        ):
            await nats.wait()
            await at_work(a, b)
            with writing(log):
                await stream_holds(nats, 1500)
            await stream_reaches(nats, log.end())
            assert await positions_in_stream(nats) == log.positions

    asyncio.run(story())


def test_relays_that_never_stand_by_neither_duplicate_nor_reorder(
    log: WrittenLog, nats_server: EmbeddedNats, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fight_on(self: Relay) -> None:
        self._standing_by = False

    monkeypatch.setattr(Relay, "_stand_by", fight_on)

    async def story() -> None:
        url = nats_server.url
        async with Connection(url, "test") as nats, contextlib.AsyncExitStack() as relays:
            three = [await relays.enter_async_context(relaying(log, url)) for _ in range(3)]
            await nats.wait()
            await at_work(*three)
            with writing(log):
                await stream_holds(nats, 1500)
            await stream_reaches(nats, log.end())
            assert await positions_in_stream(nats) == log.positions

    asyncio.run(story())


def test_relays_killed_while_publishing_leave_no_trace(
    log: WrittenLog, nats_server: EmbeddedNats
) -> None:
    async def story(relays: list[subprocess.Popen[bytes]]) -> None:
        async with Connection(nats_server.url, "test") as nats:
            await nats.wait()
            await declare(nats.jetstream, StreamSettings())
            relays += [relay_process(log, nats_server.url) for _ in range(2)]
            with writing(log, writers=2):
                for round_ in range(1, 5):
                    await stream_holds(nats, 500 * round_)
                    kill(relays.pop(0))
                    relays.append(relay_process(log, nats_server.url))
            await stream_reaches(nats, log.end())
            found = await positions_in_stream(nats)
            assert found == log.positions[-len(found) :]
            assert len(found) >= 2000

    relays: list[subprocess.Popen[bytes]] = []
    try:
        asyncio.run(story(relays))
    finally:
        for relay in relays:
            kill(relay)


def relay_process(log: WrittenLog, url: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", PROCESS, log.url, url])


def kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def test_a_relay_that_stands_by_takes_over(log: WrittenLog, nats_server: EmbeddedNats) -> None:
    async def story() -> None:
        url = nats_server.url
        async with (
            Connection(url, "test") as nats,
            contextlib.AsyncExitStack() as one,
            contextlib.AsyncExitStack() as other,
        ):
            await nats.wait()
            relays = [await each.enter_async_context(relaying(log, url)) for each in (one, other)]
            await at_work(*relays)
            while not any(relay.is_standing_by for relay in relays):
                position = (await asyncio.to_thread(log.append, 5))[-1]
                await stream_reaches(nats, position)
            await (other if relays[0].is_standing_by else one).aclose()
            position = (await asyncio.to_thread(log.append, 5))[-1]
            await stream_reaches(nats, position)
            assert await positions_in_stream(nats) == log.positions

    asyncio.run(story())


def test_a_relay_waits_for_nats_and_for_its_return(
    log: WrittenLog, nats_server: EmbeddedNats
) -> None:
    nats_server.kill()

    async def story() -> None:
        url = nats_server.url
        async with Connection(url, "test") as nats, relaying(log, url) as relay:
            log.append(1)
            await asyncio.to_thread(nats_server.start)
            await nats.wait()
            await at_work(relay)
            await stream_reaches(nats, log.append(100)[-1])
            nats_server.kill()
            log.append(100)
            await asyncio.to_thread(nats_server.start)
            await stream_reaches(nats, log.append(3)[-1])
            found = await positions_in_stream(nats)
            assert found == log.positions[-len(found) :]
            assert len(found) >= 203

    asyncio.run(story())


def test_a_relay_goes_on_after_nats_lost_everything(
    log: WrittenLog, nats_server: EmbeddedNats
) -> None:
    async def story() -> None:
        url = nats_server.url
        async with Connection(url, "test") as nats, relaying(log, url) as relay:
            await nats.wait()
            await at_work(relay)
            await stream_reaches(nats, log.append(10)[-1])
            nats_server.kill()
            nats_server.wipe()
            log.append(7)
            await asyncio.to_thread(nats_server.start)
            await stream_reaches(nats, log.append(3)[-1])
            assert await positions_in_stream(nats) == log.positions[-10:]

    asyncio.run(story())


def test_a_relay_goes_on_after_its_stream_was_deleted(
    log: WrittenLog, nats_server: EmbeddedNats
) -> None:
    async def story() -> None:
        url = nats_server.url
        async with Connection(url, "test") as nats, relaying(log, url) as relay:
            await nats.wait()
            await at_work(relay)
            await stream_reaches(nats, log.append(10)[-1])
            await nats.jetstream.delete_stream(STREAM)
            await stream_reaches(nats, log.append(3)[-1])
            assert await positions_in_stream(nats) == log.positions[-3:]

    asyncio.run(story())


def test_a_relay_goes_on_after_postgres_was_restarted(
    log_on_own_server: WrittenLog, postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats
) -> None:
    log = log_on_own_server

    async def story() -> None:
        url = nats_server.url
        async with Connection(url, "test") as nats, relaying(log, url) as relay:
            await nats.wait()
            await at_work(relay)
            await stream_reaches(nats, log.append(10)[-1])
            postgres_server.kill()
            await asyncio.to_thread(postgres_server.start)
            await stream_reaches(nats, log.append(10)[-1])
            assert await positions_in_stream(nats) == log.positions

    asyncio.run(story())


def test_an_event_still_hidden_behind_an_open_transaction_follows_soon(
    log: WrittenLog, nats_server: EmbeddedNats
) -> None:
    """Its ping comes too early; the relay looks again without waiting for the next poll."""
    settings = RelaySettings(poll=2 * DEADLINE)

    async def story(waker: Waker) -> None:
        url = nats_server.url
        async with Connection(url, "test") as nats, relaying(log, url, settings) as relay:
            await nats.wait()
            await at_work(relay)
            with psycopg.connect(log.url) as slow:
                append(slow, 1)
                [position] = log.append(1)
                waker.ping(position)
                assert log.last() == 0
                slow.commit()
            await stream_reaches(nats, position)
            assert await positions_in_stream(nats) == log.positions

    with Waker(nats_server.url) as waker:
        asyncio.run(story(waker))


def test_an_event_larger_than_nats_carries_does_not_stop_the_relay(
    log: WrittenLog, nats_server: EmbeddedNats
) -> None:
    async def story() -> None:
        url = nats_server.url
        async with Connection(url, "test") as nats, relaying(log, url) as relay:
            await nats.wait()
            await at_work(relay)
            with psycopg.connect(log.url, autocommit=True) as connection:
                append(connection, 1, data='"' + "x" * 2_000_000 + '"')
            await stream_reaches(nats, log.append(1)[-1])
            assert await positions_in_stream(nats) == log.positions

    asyncio.run(story())


def test_a_stream_of_another_history_is_continued_from_the_logs_end(
    log: WrittenLog, nats_server: EmbeddedNats
) -> None:
    async def story() -> None:
        async with Connection(nats_server.url, "test") as nats:
            await nats.wait()
            await declare(nats.jetstream, StreamSettings())
            [record] = log.read(log.append(1)[0] - 1, 1)
            foreign = Publisher(nats, 0, 0)
            await foreign.open()
            await foreign.send(type(record)(**{**fields(record), "position": 2**62}))
            await foreign.drain()
            await foreign.close()
            async with relaying(log, nats_server.url) as relay:
                await at_work(relay)
                await stream_reaches(nats, log.append(1)[0])

    asyncio.run(story())


def fields(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__struct_fields__}


def test_many_may_declare_the_stream_at_once_and_differently(nats_server: EmbeddedNats) -> None:
    async def story() -> None:
        async with Connection(nats_server.url, "test") as nats:
            await nats.wait()
            jetstream = nats.jetstream
            ages = [3600.0, 7200.0] * 5
            await asyncio.gather(*(declare(jetstream, StreamSettings(max_age=age)) for age in ages))
            await declare(jetstream, StreamSettings(max_age=600))
            config = (await jetstream.stream_info(STREAM)).config
            assert config.max_age == 600
            assert (await find_tip(jetstream)).position is None

    asyncio.run(story())
