"""Real servers for measurements, set up as `lms up` sets them up."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.folder import server_folder
from tests.servers.postgres import migrated, new_server


@contextmanager
def a_database() -> Iterator[str]:
    """The owner's URL of a migrated database on a Postgres of its own, with fsync on."""
    with server_folder() as folder:
        server = new_server(folder / "benchmark", {})
        server.start()
        try:
            yield migrated(server).owner_url
        finally:
            server.remove()


@contextmanager
def a_folder() -> Iterator[Path]:
    """A folder that is deleted afterwards."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)
