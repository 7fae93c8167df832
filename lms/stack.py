"""What a whole stack consists of: the embedded servers, and our processes."""

import os
import sys
from collections.abc import Mapping, Sequence
from urllib.parse import unquote, urlsplit

from lms.embedded.nats import EmbeddedNats
from lms.embedded.postgres import EmbeddedPostgres
from lms.heartbeat import is_beating
from lms.processes import PROCESSES
from lms.processes.serving import answers
from lms.service import Service
from lms.settings import Settings

PORTS = {
    "write-api": "write_api_port",
    "read-api": "read_api_port",
    "gateway": "gateway_port",
    "analytics": "analytics_port",
}
"""The processes that answer HTTP, and the setting of their port; the others have a heartbeat."""


class Process(Service):
    """One of our processes, as a service of the supervisor."""

    def __init__(self, name: str, settings: Settings) -> None:
        super().__init__(name, settings.data_folder().folder("logs") / f"{name}.log")
        self._settings = settings

    def command(self) -> Sequence[str]:
        """See Service."""
        return [sys.executable, "-m", "lms", "run", self.name]

    def environment(self) -> Mapping[str, str]:
        """See Service."""
        return {**os.environ, **self._settings.environment()}

    def is_ready(self) -> bool:
        """See Service."""
        return self.running and is_alive(self._settings, self.name, self.pid)


def is_alive(settings: Settings, process: str, pid: int | None = None) -> bool:
    """Whether a process of this machine does its work, by its health check or its heartbeat."""
    if process in PORTS:
        return answers(settings, getattr(settings, PORTS[process]))
    return is_beating(settings, process, pid)


def processes(settings: Settings) -> list[Process]:
    """All our processes, in the order to start them."""
    return [Process(name, settings) for name in PROCESSES]


def servers(settings: Settings) -> list[Service]:
    """The servers to start because no others were given."""
    chosen: list[Service] = []
    if settings.embedded_postgres:
        chosen.append(embedded_postgres(settings))
    if settings.embedded_nats:
        chosen.append(embedded_nats(settings))
    return chosen


def embedded_postgres(settings: Settings) -> EmbeddedPostgres:
    """The Postgres in the data folder, at the address that the settings say."""
    port, password = _port_and_password(settings.database_url)
    folder = settings.data_folder()
    return EmbeddedPostgres(
        folder.path / "postgres",
        port=port,
        password=password,
        log=folder.folder("logs") / "postgres.log",
    )


def embedded_nats(settings: Settings) -> EmbeddedNats:
    """The NATS in the data folder, at the address that the settings say."""
    port, password = _port_and_password(settings.nats_url)
    folder = settings.data_folder()
    return EmbeddedNats(
        folder.path / "nats",
        port=port,
        monitor_port=folder.ports("nats_monitor")["nats_monitor"],
        password=password,
        log=folder.folder("logs") / "nats.log",
    )


def _port_and_password(url: str) -> tuple[int, str]:
    parts = urlsplit(url)
    assert parts.port is not None
    return parts.port, unquote(parts.password or "")
