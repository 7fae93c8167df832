"""The API that answers queries."""

import hmac
from contextlib import ExitStack
from importlib.metadata import version

import msgspec
from prometheus_client import REGISTRY

from access.keys import VerificationKeys
from adapters.pdf import TypstPrinter
from bus.asyncapi import asyncapi
from domain.catalogue import AGGREGATES
from edge.correlation import TrustedPeers
from edge.metrics import RequestMetrics
from edge.refused_tokens import CountingVerifier
from event_store.addresses import Clients
from event_store.event_type import EventTypes
from event_store.keys import PersonalKeys
from event_store.mapper import Mapper
from lms.composition import Pool, open_pool, token_verifier
from lms.inspection import inspections
from lms.processes.serving import serve
from lms.settings import Settings
from read_api import database
from read_api.analytics_client import AnalyticsClient
from read_api.app import create_read_api
from read_api.history import Historian
from read_api.refused import RefusedHere
from read_api.session import EnforcedRoles
from read_api.sources import Sources
from read_api.write_side import WriteSide

ISSUER = "LMS"


def main(settings: Settings) -> None:
    """Serves until a signal."""
    # Keys are looked up by code that blocks, on threads; queries have the other pool.
    with ExitStack() as stack:
        pool = stack.enter_context(open_pool(settings.read_database_url, 4))
        keys = VerificationKeys(pool)
        verifier = stack.enter_context(token_verifier(settings, pool, keys))
        queries = database.open_pool(settings.read_database_url)
        refused = RefusedHere(settings.write_api_url, settings.internal_token)

        async def answers() -> None:
            async with queries.connection() as connection:
                await connection.execute("SELECT 1")

        app = create_read_api(
            queries,
            _sources(settings, pool, keys, refused),
            verifier=CountingVerifier(verifier, refused.count_token),
            checks={"database": answers},
            metrics=RequestMetrics(REGISTRY),
            version=version("lms"),
            peers=TrustedPeers(settings.peers_of_apis),
        )
        serve(app, settings, settings.read_api_port)


def _sources(
    settings: Settings, pool: Pool, keys: VerificationKeys, refused: RefusedHere
) -> Sources:
    types = EventTypes(AGGREGATES)
    personal = PersonalKeys(pool, settings.master_key)
    mapper = Mapper(types, personal)
    clients = Clients(personal, personal.wrapping.hashing)
    return Sources(
        keys=keys,
        mapper=mapper,
        clients=clients,
        printer=TypstPrinter(issuer=ISSUER, verify_url=f"{settings.public_url}/verify"),
        analytics=AnalyticsClient(settings.analytics_url, settings.internal_token),
        write_side=WriteSide(settings.write_api_url),
        inspections=inspections(settings, pool, personal, Historian(mapper, clients)),
        event_catalogue=lambda: msgspec.json.encode(asyncapi(types, version=version("lms"))),
        refused=refused,
        enforced=EnforcedRoles(settings.roles_with_second_factor),
        public_url=settings.public_url,
        secret=hmac.digest(personal.wrapping.hashing, b"lms scim cursors", "sha256"),
    )
