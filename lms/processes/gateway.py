"""The one door for clients."""

from importlib.metadata import version

from prometheus_client import REGISTRY

from edge.correlation import TrustedPeers
from edge.gateway import gateway
from edge.metrics import RequestMetrics
from edge.upstream import Upstream
from lms.processes.serving import serve
from lms.settings import Settings

READS_ON_WRITE_API = frozenset(
    {"/password-reset", "/sso", "/sso/{provider}/login", "/sso/{provider}/callback"}
)
"""Browsers come here by links and redirects, and what they bring is used up."""


def main(settings: Settings) -> None:
    """Serves until a signal."""
    app = gateway(
        read_api=Upstream("read API", settings.read_api_url),
        write_api=Upstream("write API", settings.write_api_url),
        title="LMS",
        version=version("lms"),
        peers=TrustedPeers(settings.peers_of_gateway),
        metrics=RequestMetrics(REGISTRY),
        reads_on_write_api=READS_ON_WRITE_API,
    )
    serve(app, settings, settings.gateway_port)
