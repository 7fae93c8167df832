"""`lms audit trace`: what led to an event, as a tree."""

import argparse
from collections.abc import Iterator
from uuid import UUID

from lms.cli.auditing import Desk, ask
from lms.settings import Settings
from read_api.lives.trace import (
    MOST_TRACED,
    Trace,
    TraceNode,
    positions_in,
    trace_of,
    trace_of_version,
)
from read_api.lives.tree import Why

SAID = {
    Why.REACTION: "in reaction to: ",
    Why.EARLIER: "before it: ",
    Why.MENTIONED: "resting on: ",
    Why.CONSEQUENCE: "led to: ",
}
EventId = int | UUID | tuple[UUID, int]
BAR, SPACE, FORK, END = "│  ", "   ", "├─ ", "└─ "


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which event, and how much may be told."""
    parser.add_argument(
        "id",
        type=event_id,
        help="a position, <stream id>/<version>, the id of a stream (a certificate, an attempt, …)"
        " or a correlation id",
    )
    parser.add_argument("--changes", action="store_true", help="with what each event changed")
    parser.add_argument("--limit", type=int, default=MOST_TRACED, help="the most events told")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Prints the tree and who had a part in it; 1 when there is no such event."""

    async def tell(desk: Desk) -> None:
        trace = await _asked(desk, options.id, options.limit)
        desk.reads.record(
            "GetAuditTrace",
            {"id": [_written(options.id)]},
            about=_about(options.id),
            positions=positions_in(trace.roots),
        )
        print("\n".join(as_text(trace, changes=options.changes)))

    return ask(settings, tell)


async def _asked(desk: Desk, id: EventId, limit: int) -> Trace:
    database, archive, teller = desk.database, desk.archive, desk.teller
    if isinstance(id, tuple):
        return await trace_of_version(database, archive, teller, *id, limit)
    return await trace_of(database, archive, teller, id, limit)


def _written(id: EventId) -> str:
    return f"{id[0]}/{id[1]}" if isinstance(id, tuple) else str(id)


def _about(id: EventId) -> list[UUID]:
    if isinstance(id, tuple):
        return [id[0]]
    return [id] if isinstance(id, UUID) else []


def event_id(text: str) -> EventId:
    """A position, a stream or a correlation, or a stream and a version. Raises ValueError."""
    id, slash, version = text.partition("/")
    if slash:
        return UUID(id), int(version)
    return int(text) if text.isdigit() else UUID(text)


def as_text(trace: Trace, *, changes: bool = False) -> Iterator[str]:
    """The tree, line by line, then the people."""
    for root in trace.roots:
        yield f"{_when(root)}{root.sentence}"
        yield from _below(root, "", changes=changes)
    if trace.people:
        yield "\nWho had a part in it:"
    for person in trace.people:
        yield f"  {person.name or 'somebody unknown'} ({person.id}): events {person.events}"
    if trace.truncated:
        yield "\nThere is more: this is where it was cut off."


def _below(node: TraceNode, margin: str, *, changes: bool) -> Iterator[str]:
    branches = [*node.because, *node.led_to]
    if changes:
        bar = BAR if branches else SPACE
        yield from (f"{margin}{bar}  - {change.text}" for change in node.changes)
    for number, branch in enumerate(branches, start=1):
        is_last = number == len(branches)
        sign, further = (END, SPACE) if is_last else (FORK, BAR)
        yield f"{margin}{sign}{_when(branch)}{SAID.get(branch.why, '')}{branch.sentence}"
        yield from _below(branch, margin + further, changes=changes)


def _when(node: TraceNode) -> str:
    return f"{node.recorded_at:%Y-%m-%d %H:%M} "
