"""Where Prometheus reads the metrics of a process: a port of its own, which no gateway leads to."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Final

from prometheus_client import Info, start_http_server

from lms.settings import Settings

logger = logging.getLogger(__name__)

INFO: Final = Info("lms_process", "Which of our processes this is")
OFFSETS: Final = {
    "gateway": 0,
    "write-api": 1,
    "read-api": 2,
    "relay": 3,
    "projector": 4,
    "policies": 5,
    "analytics": 6,
    "sealer": 7,
    "importer": 8,
}
"""What is added to `LMS_METRICS_PORT` for each process; never to be changed: scrapers know it."""


def metrics_port(settings: Settings, process: str) -> int | None:
    """The port of a process's metrics; None when they are off, or the process has no number."""
    if settings.metrics == "off" or process not in OFFSETS:
        return None
    if settings.metrics_port:
        return settings.metrics_port + OFFSETS[process]
    name = f"metrics-{process}"
    return settings.data_folder().ports(name)[name]


@contextmanager
def metrics_served(settings: Settings, process: str) -> Iterator[None]:
    """Serves the process's metrics while the block runs.

    A port that is taken, as by a second process of the same name, is no reason not to work.
    """
    port = metrics_port(settings, process)
    if port is None:
        yield
        return
    INFO.info({"process": process, "version": version("lms")})
    try:
        server, thread = start_http_server(port, settings.host)
    except OSError as error:
        logger.warning("port %d can't be had, so nobody can read the metrics: %s", port, error)
        yield
        return
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
