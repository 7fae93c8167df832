"""When somebody asks, this is answered: the read API over read models of real events."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import msgspec
from litestar.testing import TestClient
from prometheus_client import CollectorRegistry

from access.actor import Actor
from access.keys import VerificationKeys
from access.tokens import InvalidToken
from adapters.inspection_pdf import TypstInspectionPrinter
from bus.asyncapi import asyncapi
from domain.catalogue import AGGREGATES
from edge.metrics import RequestMetrics
from event_store.addresses import Clients
from event_store.event_type import EventTypes
from event_store.keys import PersonalKeys
from event_store.mapper import Mapper
from lms.composition import Pool
from projections.catalogue import PROJECTIONS
from projections.failure import Fenced
from projections.opening import open_live
from projections.projection import Projection
from projections.source import Source
from projections.track import Track
from read_api.analytics_client import AnalyticsClient
from read_api.app import create_read_api
from read_api.database import open_pool
from read_api.history import Historian
from read_api.inspecting.copying import Inspections
from read_api.inspecting.signature import Signer
from read_api.sources import Sources
from read_api.write_side import WriteSide
from tests.commands.system import MASTER_KEY, Person
from tests.servers.postgres import Database

Json = Any
NOWHERE = "http://127.0.0.1:9"
"""Where nobody answers."""


class Names:
    """A verifier whose tokens are the actors themselves."""

    def verify(self, token: str) -> Actor:
        try:
            return msgspec.json.decode(token, type=Actor)
        except msgspec.DecodeError:
            raise InvalidToken("It isn't an actor.") from None

    def knows(self, token: str) -> bool:
        return bool(token)


class Sheet:
    """A printer that prints what it was given."""

    def print(self, **certificate: str | date | bool | None) -> bytes:
        return msgspec.json.encode(certificate)


class Reading:
    """The read API with its read models, brought up to date before each question."""

    def __init__(self, client: TestClient[Any], source: Source) -> None:
        self.client = client
        self._source = source
        self._projected = -1
        self._tracks: dict[str, Track] = {}

    def get(self, path: str, by: Person | Actor | None = None, **options: Any) -> httpx.Response:
        """Asks as somebody, or without a log-in. `headers` and `params` as in httpx."""
        if options.pop("project", True):
            self.project()
        headers = dict(options.pop("headers", {}))
        if by is not None:
            actor = by.actor if isinstance(by, Person) else by
            headers["Authorization"] = f"Bearer {msgspec.json.encode(actor).decode()}"
        return self.client.get(path, headers=headers, **options)

    def ok(self, path: str, by: Person | Actor | None = None, **options: Any) -> Json:
        """What is answered, with status 200."""
        response = self.get(path, by, **options)
        assert response.status_code == 200, response.text
        return response.json()

    def ids(self, path: str, by: Person | Actor, **params: Any) -> list[UUID]:
        """The ids of one page of a list, in its order."""
        return [UUID(item["id"]) for item in self.ok(path, by, params=params)["items"]]

    def status(self, path: str, by: Person | Actor | None = None, **options: Any) -> int:
        return self.get(path, by, **options).status_code

    def project(self) -> None:
        """Brings the read models up to the end of the log."""
        last = self._source.log.last()
        if last == self._projected:
            return
        for projection in PROJECTIONS:
            self._catch_up(projection)
        self._projected = last

    def _catch_up(self, projection: Projection) -> None:
        """What was opened once stays open: that takes longer than catching up."""
        track = self._tracks.get(projection.name)
        if track is not None:
            try:
                self._source.catch_up(track)
            except Fenced:  # somebody else projects into the same tables
                track.close()
            else:
                return
        self._tracks[projection.name] = open_live(projection, self._source)

    def close(self) -> None:
        for track in self._tracks.values():
            track.close()


@contextmanager
def read_api(
    database: Database,
    source: Source,
    pool: Pool,
    analytics_url: str = NOWHERE,
    write_api_url: str = NOWHERE,
) -> Iterator[Reading]:
    """A running read API; `pool` logs in as its role, for what blocks."""
    types, personal = EventTypes(AGGREGATES), PersonalKeys(pool, MASTER_KEY)
    sources = Sources(
        keys=VerificationKeys(pool),
        mapper=Mapper(types, personal),
        clients=Clients(personal, MASTER_KEY),
        printer=Sheet(),
        analytics=AnalyticsClient(analytics_url, "internal"),
        write_side=WriteSide(write_api_url),
        inspections=Inspections(
            pool,
            Historian(Mapper(types, personal), Clients(personal, MASTER_KEY)),
            TypstInspectionPrinter(),
            Signer(MASTER_KEY),
            system="LMS",
            url="http://lms.example",
        ),
        event_catalogue=lambda: msgspec.json.encode(asyncapi(types, version="1")),
    )
    app = create_read_api(
        open_pool(database.read_url, connections=4),
        sources,
        verifier=Names(),
        checks={},
        metrics=RequestMetrics(CollectorRegistry()),
        version="1",
    )
    with TestClient(app) as client:
        reading = Reading(client, source)
        yield reading
        reading.close()
