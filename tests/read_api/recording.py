"""A write API behind the read API, for reads that are recorded."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from prometheus_client import CollectorRegistry

from edge.metrics import RequestMetrics
from lms.data_folder import free_port
from tests.commands.doors import Doors
from tests.commands.system import System
from tests.read_api.reading import Names
from write_api.app import Doors as WaysIn
from write_api.app import create_write_api
from write_api.threads import Threads

DEADLINE = 10.0


def ways_in(doors: Doors) -> WaysIn:
    return WaysIn(
        *(doors.accounts, doors.factors, doors.clients, doors.rotation, doors.forgotten, doors.sso),
        doors.refusals,
    )


@contextmanager
def a_write_api(system: System) -> Iterator[str]:
    """Its address. Tokens are the actors themselves, as in the read API of `reading`."""
    ways, threads, port = Doors(system), Threads(2), free_port()
    app = create_write_api(
        system.log,
        system.dispatcher,
        ways_in(ways),
        threads,
        verifier=Names(),
        checks={},
        metrics=RequestMetrics(CollectorRegistry()),
        version="1",
    )
    server = uvicorn.Server(
        uvicorn.Config(
            app, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=1
        )
    )
    serving = threading.Thread(target=server.run, name="write-api")
    serving.start()
    try:
        until = time.monotonic() + DEADLINE
        while not server.started:
            assert time.monotonic() < until, "The write API doesn't start."
            threading.Event().wait(0.005)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        serving.join(DEADLINE)
        threads.close()
