"""Real servers for measurements, set up as `lms up` sets them up."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from event_store.wrapping import WrappingKeys
from lms.composition import open_pool
from lms.data_folder import free_port
from lms.embedded.nats import EmbeddedNats
from lms.settings import Settings
from tests.servers.folder import server_folder
from tests.servers.postgres import Database, migrated, new_server


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
def a_system(options: Mapping[str, str] | None = None) -> Iterator[Settings]:
    """The settings of a migrated system on servers of its own; none of its processes run yet.

    `options` are Postgres's.
    """
    with server_folder() as folder, ExitStack() as stack:
        postgres = new_server(folder / "benchmark", dict(options or {}))
        postgres.start()
        stack.callback(postgres.remove)
        nats = EmbeddedNats(
            folder / "nats",
            port=free_port(),
            monitor_port=free_port(),
            password="only-for-benchmarks",
            log=folder / "nats.log",
        )
        nats.start()
        stack.callback(nats.wipe)
        settings = _settings(folder, migrated(postgres), nats.url)
        with open_pool(settings.database_url, 1) as pool:
            WrappingKeys(pool, settings.master_key).current()  # as `lms migrate` does
        yield settings


def _settings(folder: Path, database: Database, nats_url: str) -> Settings:
    ports = {f"LMS_{name}_PORT": str(free_port()) for name in ("GATEWAY", "WRITE_API", "READ_API")}
    return Settings.load(
        {
            "LMS_DATA_DIR": str(folder / "data"),
            "DATABASE_URL": database.owner_url,
            "LMS_WRITE_DATABASE_URL": database.write_url,
            "LMS_READ_DATABASE_URL": database.read_url,
            "LMS_PROJECT_DATABASE_URL": database.project_url,
            "LMS_SEAL_DATABASE_URL": database.seal_url,
            "NATS_URL": nats_url,
            **ports,
        }
    )


@contextmanager
def a_process(
    arguments: Sequence[str], environment: Mapping[str, str], port: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process of ours, once it listens on the port."""
    process = subprocess.Popen([sys.executable, *arguments], env={**os.environ, **environment})
    try:
        while port is not None and not _listens(port):
            if process.poll() is not None:
                raise RuntimeError(f"{' '.join(arguments)} ended with {process.returncode}.")
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
