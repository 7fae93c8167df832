"""`lms inspection`."""

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import msgspec

from domain.catalogue import AGGREGATES
from event_store.addresses import Clients
from event_store.event_type import EventTypes
from event_store.keys import PersonalKeys
from event_store.mapper import Mapper
from lms.composition import open_pool
from lms.inspection import inspections
from lms.operator_reads import OperatorReads, ReadNotRecorded, operator, operator_reads
from lms.settings import Settings
from read_api.history import Historian
from read_api.inspecting.copying import Copied
from read_api.inspecting.inquiry import Inquiry, InspectionRefused

FILTERS = {"subject": "subject", "course_id": "course", "from": "since", "to": "until"}
"""What the API calls the fields of an inquiry."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Whose records, of when, and where to."""
    parser.add_argument("--subject", type=UUID, metavar="ID", help="the person they are about")
    parser.add_argument("--course", type=UUID, metavar="ID", help="the course they are about")
    parser.add_argument("--from", dest="since", type=_instant, metavar="INSTANT", help="RFC 3339")
    parser.add_argument("--to", dest="until", type=_instant, metavar="INSTANT", help="RFC 3339")
    parser.add_argument("--asked-by", metavar="NAME", help="who asks; it stands on the cover")
    parser.add_argument("--reason", help="why; it stands on the cover")
    parser.add_argument(
        "--out", type=Path, default=Path(), metavar="FOLDER", help="by default here"
    )


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Writes a ZIP file; 1 when the records can't be copied as asked for."""
    inquiry = Inquiry(
        subject=options.subject,
        course=options.course,
        since=options.since,
        until=options.until,
        asked_by=options.asked_by or f"{operator()}, on the server",
        reason=options.reason,
    )
    options.out.mkdir(parents=True, exist_ok=True)
    file = options.out / f"inspection-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.zip"
    try:
        copied = _copied(settings, inquiry, file)
    except (InspectionRefused, ReadNotRecorded) as error:
        file.unlink(missing_ok=True)
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(
        f"{copied.events:,} events about {copied.people:,} people up to position {copied.position}:"
        f" {copied.bytes / 1e6:.1f} MB in {file}"
    )
    return 0


def _copied(settings: Settings, inquiry: Inquiry, file: Path) -> Copied:
    with open_pool(settings.read_database_url, 2) as pool, operator_reads(settings) as reads:
        personal = PersonalKeys(pool, settings.master_key)
        mapper = Mapper(EventTypes(AGGREGATES), personal)
        historian = Historian(mapper, Clients(personal, personal.wrapping.hashing))
        maker = inspections(settings, pool, personal, historian)
        print(f"Signed by the key {maker.signer.kid}.")
        with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
            return maker.copy(
                inquiry,
                out,
                beforehand=lambda events: _recorded(reads, inquiry, events),
                progress=_show,
            )


def _recorded(reads: OperatorReads, inquiry: Inquiry, events: int) -> None:
    """Says so in the log before a file has anything of it."""
    given = msgspec.to_builtins(inquiry)
    filters = {
        name: [str(given[field])] for name, field in FILTERS.items() if given[field] is not None
    }
    about = [id for id in (inquiry.subject, inquiry.course) if id]
    reads.record("ExportForInspection", filters, about=about, count=events)


def _show(done: int, total: int) -> None:
    print(f"{done:,} of {total:,} events", flush=True)


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
