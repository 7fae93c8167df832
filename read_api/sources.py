"""What the read API makes its answers of, besides the database."""

import os

import msgspec
from litestar.di import Provide

from access.keys import VerificationKeys
from edge.scim.service import DirectoryService
from event_store.addresses import Clients
from event_store.mapper import Mapper
from read_api.analytics_client import AnalyticsClient
from read_api.certificate import CertificatePrinter
from read_api.database import Database
from read_api.discovery import EventCatalogue
from read_api.history import Historian
from read_api.inspecting.copying import Inspections
from read_api.lives.archive import Archive
from read_api.refused import RefusedHere
from read_api.scim.controller import Directory
from read_api.session import EnforcedRoles
from read_api.write_side import WriteSide

NOBODYS = EnforcedRoles()


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """The application opens and closes `analytics`, `write_side` and `refused`, which tells whom
    the verifier has refused.

    `enforced` are the roles that need a second factor, `public_url` is the gateway's, `secret`
    seals the cursors of SCIM.
    """

    keys: VerificationKeys
    mapper: Mapper
    clients: Clients
    printer: CertificatePrinter
    analytics: AnalyticsClient
    write_side: WriteSide
    inspections: Inspections
    event_catalogue: EventCatalogue
    refused: RefusedHere | None = None
    enforced: EnforcedRoles = NOBODYS
    public_url: str = ""
    secret: bytes = b""

    def provided(self, database: Database) -> dict[str, Provide]:
        """What handlers are given, by the names of their parameters."""
        secret = self.secret or os.urandom(32)
        service = DirectoryService(self.public_url, lambda *_: True, secret=secret)
        return {
            name: _given(value)
            for name, value in {
                "archive": Archive(self.mapper),
                "analytics": self.analytics,
                "database": database,
                "directory": Directory(service, database),
                "enforced": self.enforced,
                "event_catalogue": self.event_catalogue,
                "historian": Historian(self.mapper, self.clients),
                "inspections": self.inspections,
                "keys": self.keys,
                "refused": self.refused,
                "printer": self.printer,
                "write_side": self.write_side,
            }.items()
        }


def _given(value: object) -> Provide:
    return Provide(lambda: value, sync_to_thread=False)
