import asyncio
import socket

import nats

from lms.embedded.nats import EmbeddedNats


async def stored(url: str, subject: str = "kept") -> int:
    """Adds a message to a stream; returns how many it has."""
    client = await nats.connect(url)
    jetstream = client.jetstream()
    await jetstream.add_stream(name="KEPT", subjects=["kept"])
    await jetstream.publish(subject, b"")
    messages = (await jetstream.stream_info("KEPT")).state.messages
    await client.close()
    return messages


def test_streams_outlive_a_kill(nats_server: EmbeddedNats) -> None:
    assert asyncio.run(stored(nats_server.url)) == 1
    nats_server.kill()
    nats_server.start()
    assert asyncio.run(stored(nats_server.url)) == 2


def test_nothing_outlives_a_wipe(nats_server: EmbeddedNats) -> None:
    assert asyncio.run(stored(nats_server.url)) == 1
    nats_server.wipe()
    nats_server.start()
    assert asyncio.run(stored(nats_server.url)) == 1


def test_nobody_gets_in_without_the_password(nats_server: EmbeddedNats) -> None:
    with socket.create_connection(("127.0.0.1", nats_server.port), timeout=5) as client:
        answers = client.makefile("rb")
        assert answers.readline().startswith(b"INFO")
        client.sendall(b'CONNECT {"verbose":false}\r\nPING\r\n')
        assert answers.readline() == b"-ERR 'Authorization Violation'\r\n"
        answers.close()
