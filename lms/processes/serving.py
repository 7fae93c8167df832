"""How a process answers HTTP, and how one finds out whether another does."""

import urllib.request
from typing import Any
from uuid import UUID

import uvicorn
from uvicorn.config import LifespanType

from edge.correlation import known_caller
from edge.protocol import ProblemProtocol
from lms.logs import correlate
from lms.settings import Settings
from lms.telemetry.traced_app import TracedApp

GRACE = 5
ANSWER_SECONDS = 2.0
ALL_ADDRESSES = ("0.0.0.0", "::")  # noqa: S104 - what it means to listen there, see below


def serve(app: Any, settings: Settings, port: int, *, lifespan: LifespanType = "on") -> None:
    """Serves an ASGI application until a signal; requests under way get five seconds to end."""
    correlate(_correlation_id)
    config = uvicorn.Config(
        TracedApp(app) if settings.otlp_endpoint else app,
        host=settings.host,
        port=port,
        loop="uvloop",
        http=ProblemProtocol,
        ws="none",
        lifespan=lifespan,
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    uvicorn.Server(config).run()


def _correlation_id() -> UUID | None:
    caller = known_caller()
    return caller.correlation_id if caller else None


def answers(settings: Settings, port: int) -> bool:
    """Whether a process of this machine answers that it is alive."""
    host = local_host(settings)
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/health/live", timeout=ANSWER_SECONDS):
            return True
    except OSError:
        return False


def local_host(settings: Settings) -> str:
    """Where this machine reaches what our processes listen on."""
    return "127.0.0.1" if settings.host in ALL_ADDRESSES else settings.host
