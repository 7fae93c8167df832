"""Everything that is kept about one person, as files."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from read_api.certificate import SELECT as CERTIFICATES
from read_api.certificate import Certificate, CertificatePrinter, print_certificate
from read_api.condition import Condition, Where
from read_api.database import Database
from read_api.history import Historian
from read_api.personal_events import PersonalEvents
from read_api.personal_kinds import KINDS, Kind

PAGE = 1_000
INDEX = "README.txt"
WIDTH = 26


class _Line(msgspec.Struct, frozen=True):
    line: str


class _Session(msgspec.Struct, frozen=True):
    session_id: UUID
    client: str | None


class PersonalCopy:
    """The files of one person's copy."""

    def __init__(
        self, database: Database, historian: Historian, printer: CertificatePrinter, person: UUID
    ) -> None:
        self._database = database
        self._historian = historian
        self._printer = printer
        self._person = person

    async def files(self) -> AsyncIterator[tuple[str, AsyncIterator[bytes]]]:
        """(name, contents) of each; what comes first says what the others are."""
        yield INDEX, _once(index(self._person, datetime.now(UTC)).encode())
        for kind in KINDS:
            yield kind.file, self._rows(kind)
        yield "session_addresses.ndjson", self._addresses()
        async for name, document in self._certificates():
            yield name, _once(document)
        events = PersonalEvents(self._database, self._historian, self._person)
        async for stream_type, lines in events.by_kind():
            yield f"events/{stream_type}.ndjson", lines

    async def _rows(self, kind: Kind) -> AsyncIterator[bytes]:
        offset = 0
        while True:
            rows = await self._database.all(
                _Line,
                f"{kind.sql} LIMIT {PAGE} OFFSET %(offset)s",
                {"me": self._person, "offset": offset},
            )
            yield "".join(f"{row.line}\n" for row in rows).encode()
            if len(rows) < PAGE:
                return
            offset += PAGE

    async def _addresses(self) -> AsyncIterator[bytes]:
        """Where sessions were begun from: sealed, so not to be had in SQL."""
        rows = await self._database.all(
            _Session,
            "SELECT session_id, client FROM access.sessions WHERE learner_id = %s"
            " ORDER BY started_at, session_id",
            (self._person,),
        )
        for row in rows:
            client = await asyncio.to_thread(self._historian.client_of, self._person, row.client)
            if client is not None:
                told = {"session_id": row.session_id, **msgspec.structs.asdict(client)}
                yield msgspec.json.encode(told) + b"\n"

    async def _certificates(self) -> AsyncIterator[tuple[str, bytes]]:
        where = Where(Condition("learner_id = %s", (self._person,)))
        query = f"{CERTIFICATES}{where} ORDER BY issued_at, id"
        for each in await self._database.all(Certificate, query, where.params):
            document = await asyncio.to_thread(print_certificate, self._printer, each)
            yield f"certificates/{each.number}.pdf", document


def index(person: UUID, at: datetime) -> str:
    """What is in the copy, for people."""
    lines = [
        "A copy of everything that is kept about you",
        "===========================================",
        "",
        f"Person: {person}",
        f"Made:   {at:%Y-%m-%d %H:%M:%S} UTC",
        "",
        "Each file has one record in JSON on each line (NDJSON), in UTF-8, which any text editor",
        "and any program can read. Times are in UTC. Other people appear without their names.",
        "",
        "How it is now (a file without a line: there is nothing of that kind)",
        "--------------------------------------------------------------------",
        "",
        *(kind.file.ljust(WIDTH) + kind.holds for kind in KINDS),
        "session_addresses.ndjson".ljust(WIDTH) + "from which address and program you logged in",
        "certificates/*.pdf".ljust(WIDTH) + "your certificates, to print",
        "",
        "How it came to be",
        "-----------------",
        "",
        "events/*.ndjson           everything that ever happened to these records: what, when, by",
        "                          whom (you, another person, the system), why, and from where if",
        "                          it was you; log-ins are in events/learner.ndjson. `schema` says",
        "                          where the form of `data` is described.",
        "",
        "Passwords and other secrets are in no file: they are kept as hashes, or sealed.",
        "",
    ]
    return "\n".join(lines)


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
