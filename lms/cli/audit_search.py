"""`lms audit search`: what `GET /audit/events` answers, on the server."""

import argparse
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, Final
from uuid import UUID

import msgspec

from lms.cli.auditing import Desk, ask
from lms.settings import Settings
from read_api.audit import FILTERS, Sought, page_of, question_of
from read_api.audit_page import Order
from read_api.audit_reads import HIDDEN
from read_api.history import AuditEntry, Person

AT_ONCE: Final = 200
HEADINGS: Final = ("RECORDED (UTC)", "POSITION", "WHO", "WHAT", "STREAM", "WHY")
LONGEST: Final = 60
"""Characters of a reason that are shown in the table."""
NOBODY: Final = "the system"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The filters of the API, all of which must hold."""
    for name, told in {
        "--actor": "did it, or had it done on their behalf",
        "--stream-id": "the stream itself, and nothing else",
        "--correlation-id": "one request and all that followed from it",
    }.items():
        parser.add_argument(name, type=UUID, metavar="ID", help=told)
    for name, kind, metavar, told in (
        ("--subject", UUID, "ID", "its own events and those about it; again: about all of them"),
        ("--stream-type", str, "KIND", "course, learner, …; again: one of them"),
        ("--type", str, "TYPE", "attempt.graded, or attempt.graded.v1; again: one of them"),
    ):
        parser.add_argument(name, type=kind, metavar=metavar, help=told, action="append")
    parser.add_argument("--from", type=_instant, metavar="INSTANT", help="recorded then or later")
    parser.add_argument("--to", type=_instant, metavar="INSTANT", help="recorded before then")
    parser.add_argument("--source-address", type=_address, metavar="IP", help="where it came from")
    parser.add_argument("--order", type=Order, choices=list(Order), help="which come first")
    parser.add_argument("--limit", type=_count, metavar="N", help="at most so many events; 50")
    parser.add_argument("--json", action="store_true", help="for programs: one object a line")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Prints what was found, and before that records that it was read."""
    given = vars(options)

    async def tell(desk: Desk) -> None:
        first = True
        async for entries in _pages(desk, given):
            _record(desk, given, entries)
            for line in _as_json(entries) if options.json else _as_table(entries, headed=first):
                print(line)
            first = first and not entries
        if first and not options.json:
            print("No event of the log is like that.")

    return ask(settings, tell)


async def _pages(desk: Desk, given: Mapping[str, Any]) -> AsyncIterator[Sequence[AuditEntry]]:
    """The events, in pages, the last of which may be empty."""
    question, exact = await question_of(desk.database, desk.historian, _sought(given))
    order, left, cursor = given["order"] or Order.NEWEST, given["limit"] or 50, None
    while left:
        page = await page_of(
            desk.database, desk.historian, question, exact, order, min(left, AT_ONCE), cursor
        )
        yield page.items
        left, cursor = left - len(page.items), page.next_cursor
        if cursor is None:
            return


def _sought(given: Mapping[str, Any]) -> Sought:
    return Sought(
        actor=given["actor"],
        subjects=tuple(given["subject"] or ()),
        stream_id=given["stream_id"],
        stream_types=given["stream_type"] and tuple(given["stream_type"]),
        types=given["type"] and tuple(given["type"]),
        correlation_id=given["correlation_id"],
        source_address=given["source_address"],
        since=given["from"],
        until=given["to"],
    )


def _record(desk: Desk, given: Mapping[str, Any], entries: Sequence[AuditEntry]) -> None:
    """Under the names that the API has for the filters."""
    filters = {
        name: [HIDDEN.get(name, str(each)) for each in _listed(given[name])]
        for name in sorted(FILTERS & given.keys())
        if given[name] is not None
    }
    about = [given["actor"], given["stream_id"], *(given["subject"] or ())]
    desk.reads.record(
        "ListAuditEvents",
        filters,
        about=[id for id in about if id],
        positions=[entry.position for entry in entries],
    )


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _as_json(entries: Sequence[AuditEntry]) -> Iterator[str]:
    return (msgspec.json.encode(entry).decode() for entry in entries)


def _as_table(entries: Sequence[AuditEntry], *, headed: bool) -> Iterator[str]:
    """Columns as wide as their widest value; the reason, which may be long, comes last."""
    rows = [*([HEADINGS] if headed and entries else []), *map(_row, entries)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(padded).rstrip()


def _row(entry: AuditEntry) -> tuple[str, ...]:
    who = _named(entry.actor) if entry.actor else str(entry.data.get("operator") or NOBODY)
    behalf = f" for {_named(entry.on_behalf_of)}" if entry.on_behalf_of else ""
    why = entry.reason or ""
    return (
        f"{entry.recorded_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        str(entry.position),
        who + behalf,
        entry.type,
        str(entry.stream_id),
        why if len(why) <= LONGEST else f"{why[:LONGEST]}…",
    )


def _named(person: Person) -> str:
    return person.name or str(person.id)


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _address(text: str) -> str:
    return str(ip_address(text))


def _count(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError
    return number
