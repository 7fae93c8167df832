"""Makes the copies: one ZIP with everything in it, signed."""

import csv
import hashlib
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, Final, Protocol

import msgspec
from psycopg import Connection
from psycopg_pool import ConnectionPool

from event_store.record import Record
from read_api.history import AuditEntry, Historian
from read_api.inspecting import verify_inspection
from read_api.inspecting.cover import README, cover
from read_api.inspecting.dossier import Attempt, Certificate, Decision, Dossier, Training
from read_api.inspecting.inquiry import Inquiry, InspectionBusy, InspectionTooLarge
from read_api.inspecting.people import Individual, Names, actors, individuals, mentioned
from read_api.inspecting.selection import Selection, selected
from read_api.inspecting.signature import Signer
from read_api.inspecting.tables import (
    TRAIL,
    cell,
    csv_file,
    exact,
    printed_person,
    printed_trail_row,
    trail_row,
    write_csv,
)
from read_api.inspecting.words import instant

Progress = Callable[[int, int], None]

ENTRIES_IN_A_PART: Final = 500
"""Events of the audit trail in one PDF, so that setting it takes a second and little memory."""
PEOPLE_IN_A_PART: Final = 50
TITLE: Final = "Inspection copy of training records"


class Printer(Protocol):
    """Sets copies on paper."""

    def print(self, copy: Mapping[str, Any]) -> bytes:
        """A PDF of what `inspection.typ` says that `copy` holds. Blocks."""


class Copied(msgspec.Struct, frozen=True):
    """What was copied."""

    events: int
    people: int
    position: int
    bytes: int


class Inspections:
    """Makes copies, one at a time. `system` is its name on paper; `url` where it is."""

    def __init__(
        self,
        pool: ConnectionPool[Connection[Any]],
        historian: Historian,
        printer: Printer,
        signer: Signer,
        *,
        system: str,
        url: str,
    ) -> None:
        self._pool = pool
        self._historian = historian
        self._printer = printer
        self._system = system
        self._url = url
        self._busy = threading.Lock()
        self.signer = signer

    def copy(
        self,
        inquiry: Inquiry,
        out: BinaryIO,
        *,
        most: int | None = None,
        beforehand: Callable[[int], None] = lambda _: None,
        progress: Progress = lambda *_: None,
    ) -> Copied:
        """Writes the ZIP into `out`, which can seek. Blocks, and takes some 2 ms an event.

        `beforehand` is told how many events there are, before anything of them is written.
        Raises InspectionRefused, InspectionTooLarge for more than `most` events, InspectionBusy.
        """
        if not self._busy.acquire(blocking=False):
            raise InspectionBusy
        try:
            with (
                TemporaryDirectory(prefix="lms-inspection-") as folder,
                selected(self._pool, inquiry) as (selection, connection),
            ):
                events = _counted(selection, most)
                beforehand(events)
                job = _Job(self, inquiry, selection, connection, Path(folder), events)
                people = job.run(progress)
                _zip(Path(folder), out)
        finally:
            self._busy.release()
        return Copied(events, people, selection.position, out.tell())

    def print(self, head: Mapping[str, str], content: Mapping[str, Any]) -> bytes:
        """A PDF with its header and footer."""
        return self._printer.print({"head": head, **content})

    def describe(self, records: Sequence[Record], names: Names) -> Sequence[AuditEntry]:
        """The events in the clear, with all names that belong to them in `names`."""
        entries = self._historian.describe(records, names.look_up(actors(records)))
        names.look_up(mentioned(entries))
        return entries

    def head(self, position: int, at: datetime) -> dict[str, str]:
        """What stands on every page."""
        return {
            "system": self._system,
            "title": TITLE,
            "made_at": instant(at),
            "position": str(position),
            "kid": self.signer.kid,
        }

    @property
    def where(self) -> str:
        """The system's name and address."""
        return f"{self._system} ({self._url})" if self._url else self._system


class _Job:
    """One set of copies on its way into a folder."""

    def __init__(
        self,
        by: Inspections,
        inquiry: Inquiry,
        selection: Selection,
        connection: Connection[Any],
        folder: Path,
        events: int,
    ) -> None:
        self._by = by
        self._inquiry = inquiry
        self._selection = selection
        self._connection = connection
        self._folder = folder
        self._events = events
        self._at = datetime.now(UTC)
        self._head = by.head(selection.position, self._at)
        self._names = Names(connection)
        self._dossier = Dossier()
        self._parts = 0

    def run(self, progress: Progress) -> int:
        """Writes every file; returns how many people they are about."""
        self._write_events(progress)
        self._write_tables()
        self._write_records()
        (self._folder / "README.txt").write_text(README)
        source = Path(verify_inspection.__file__).read_text()
        (self._folder / "verify_inspection.py").write_text(source)
        self._sign()
        return len(self._dossier.people)

    def _write_events(self, progress: Progress) -> None:
        """One walk over the events: exact, as a table, and on paper."""
        done, printed = 0, list[list[str]]()
        with (
            (self._folder / "events.ndjson").open("wb") as lines,
            csv_file(self._folder / "trail.csv") as table,
        ):
            writer = csv.writer(table)
            writer.writerow(TRAIL)
            for record, entry in self._walk():
                self._dossier.add(entry)
                if self._inquiry.since and record.recorded_at < self._inquiry.since:
                    continue
                lines.write(exact(record) + b"\n")
                writer.writerow([cell(value) for value in trail_row(entry, self._names.known)])
                printed.append(printed_trail_row(entry, self._names.known))
                done += 1
                if len(printed) == ENTRIES_IN_A_PART:
                    self._print_trail(printed)
                    printed.clear()
                    progress(done, self._events)
        if printed or not self._parts:
            self._print_trail(printed)
        progress(done, self._events)

    def _walk(self) -> Iterator[tuple[Record, AuditEntry]]:
        for records in self._selection.whole():
            yield from zip(records, self._by.describe(records, self._names), strict=True)

    def _print_trail(self, entries: list[list[str]]) -> None:
        self._parts += 1
        content = {"kind": "trail", "part": str(self._parts), "entries": entries}
        document = self._by.print(self._head, content)
        (self._folder / f"trail-{self._parts:03}.pdf").write_bytes(document)

    def _write_tables(self) -> None:
        found = self._dossier
        self._look_up_all()
        names = self._names.known
        for name, rows, kind in (
            ("trainings", found.trainings.values(), Training),
            ("attempts", found.attempts.values(), Attempt),
            ("certificates", found.certificates.values(), Certificate),
            ("decisions", found.decisions, Decision),
        ):
            write_csv(self._folder / f"{name}.csv", rows, kind, names)
        people = individuals(self._connection, found.people)
        write_csv(self._folder / "people.csv", people.values(), Individual, names)

    def _look_up_all(self) -> None:
        found = self._dossier
        self._names.look_up(found.people)
        self._names.look_up(
            id for one in found.trainings.values() for id in (one.course_id, one.enrolled_by)
        )
        self._names.look_up(one.assessment_id for one in found.attempts.values())
        self._names.look_up(id for one in found.decisions for id in (one.by, one.on_behalf_of))

    def _write_records(self) -> None:
        apart = iter(self._dossier.by_person().items())
        part = 0
        while (group := dict(islice(apart, PEOPLE_IN_A_PART))) or not part:
            part += 1
            known = individuals(self._connection, [*group])
            people = [
                printed_person(id, known.get(id), one, self._names.known)
                for id, one in group.items()
            ]
            first = cover(self._inquiry, self._facts(), self._names.known) if part == 1 else None
            content = {"kind": "records", "part": str(part), "cover": first, "people": people}
            document = self._by.print(self._head, content)
            (self._folder / f"records-{part:03}.pdf").write_bytes(document)

    def _facts(self) -> dict[str, str]:
        return {
            "system": self._by.where,
            "made": instant(self._at),
            "log position": str(self._selection.position),
            "events": f"{self._events:,}",
            "people": f"{len(self._dossier.people):,}",
            "key that signs": self._by.signer.kid,
        }

    def _sign(self) -> None:
        manifest = {
            "format": 1,
            **self._facts(),
            "asked": msgspec.to_builtins(self._inquiry),
            "files": {file.name: _told(file) for file in sorted(self._folder.iterdir())},
        }
        content = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
        (self._folder / "manifest.json").write_bytes(content)
        (self._folder / "manifest.sig").write_bytes(self._by.signer.sign(content))
        (self._folder / "public-key.pem").write_bytes(self._by.signer.pem)


def _counted(selection: Selection, most: int | None) -> int:
    events = selection.count()
    if most is not None and events > most:
        raise InspectionTooLarge(
            f"That is {events:,} events, and one answer holds {most:,}. Ask for a shorter time"
            " (from, to), or make the copies on the server with `lms inspection`, which has no"
            " such limit.",
            "from",
        )
    return events


def _told(file: Path) -> dict[str, Any]:
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
        return {"sha256": digest, "bytes": content.tell()}


def _zip(folder: Path, out: BinaryIO) -> None:
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, file.name)
