"""The processes of the running system: what each is made of, one module each.

A process is a module here with the function `main(settings)`, which runs until it is told to stop,
and a line in `PROCESSES`.
"""

import signal
import sys
from importlib import import_module

from lms.logs import log_to_stderr
from lms.processes.database import wait_for_database
from lms.settings import Settings
from lms.telemetry.endpoint import metrics_served
from lms.telemetry.tracing import traces_exported

PROCESSES = (
    "relay",
    "projector",
    "policies",
    "importer",
    "sealer",
    "analytics",
    "read-api",
    "write-api",
    "gateway",
)
"""In the order they are started; they are stopped the other way round."""
WITHOUT_DATABASE = ("gateway",)


def run(name: str, settings: Settings) -> None:
    """Becomes one of the processes until SIGTERM."""
    log_to_stderr(name, settings.log_level)
    # A server that handles the signal itself raises it again when it is done: end in good order.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    module = import_module(f"lms.processes.{name.replace('-', '_')}")
    with traces_exported(settings, name), metrics_served(settings, name):
        if name not in WITHOUT_DATABASE:
            wait_for_database(settings.read_database_url)
        module.main(settings)
