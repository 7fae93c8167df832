"""A ping wakes the relay, costs next to nothing, and never gets in a command's way."""

from __future__ import annotations

import asyncio
import time
from statistics import median

from bus.connection import Connection
from bus.wake import WAKE, Waker
from lms.embedded.nats import EmbeddedNats
from tests.bus.story import DEADLINE


def test_a_ping_arrives_with_the_highest_position(nats_server: EmbeddedNats) -> None:
    async def story() -> None:
        async with Connection(nats_server.url, "test") as nats:
            await nats.wait()
            heard = await nats.client.subscribe(WAKE)
            await nats.client.flush()
            with Waker(nats_server.url) as waker:
                async with asyncio.timeout(DEADLINE):
                    while True:  # the waker connects in the background: first pings may be lost
                        waker.ping(7)
                        try:
                            message = await heard.next_msg(timeout=0.05)
                        except TimeoutError:
                            continue
                        break
                assert message.data == b"7"
                waker.ping(9)
                waker.ping(8)
                while message.data != b"9":
                    message = await heard.next_msg(timeout=DEADLINE)

    asyncio.run(story())


def test_pings_cost_little_and_never_fail_without_nats(nats_server: EmbeddedNats) -> None:
    nats_server.kill()
    with Waker(nats_server.url) as waker:
        costs = [cost_of_ping(waker, position) for position in range(2000)]
    waker.ping(1)
    assert median(costs) < 0.001


def cost_of_ping(waker: Waker, position: int) -> float:
    start = time.perf_counter()
    waker.ping(position)
    return time.perf_counter() - start


def test_closing_a_waker_that_never_reached_nats_is_quick(nats_server: EmbeddedNats) -> None:
    nats_server.kill()
    waker = Waker(nats_server.url)
    with waker:
        waker.ping(1)
    assert waker._thread is not None
    assert not waker._thread.is_alive()


def test_a_waker_that_was_never_started_can_be_closed_and_pinged() -> None:
    waker = Waker("nats://127.0.0.1:1")
    waker.ping(1)
    waker.close()
    waker.ping(2)
