"""NATS for tests: a server of its own for each test that asks, it starts in milliseconds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lms.data_folder import free_port
from lms.embedded.nats import EmbeddedNats


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[EmbeddedNats]:
    """A running NATS with JetStream and no stream; to be stopped, killed and wiped at will."""
    server = EmbeddedNats(
        tmp_path / "nats",
        port=free_port(),
        monitor_port=free_port(),
        password="only-for-tests",
        log=tmp_path / "nats.log",
    )
    server.start()
    yield server
    server.wipe()


@pytest.fixture
def nats_url(nats_server: EmbeddedNats) -> str:
    """The address of a running NATS of this test alone."""
    return nats_server.url
