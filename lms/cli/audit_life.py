"""`lms audit life`: one stream from its beginning, in words."""

import argparse
from uuid import UUID

from lms.cli.auditing import Desk, ask
from lms.settings import Settings
from read_api.lifeline import VERSIONS, life_page
from read_api.lives.entries import LifeEvent

AT_ONCE = 200


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which stream, and how much of it."""
    parser.add_argument("stream", type=UUID, help="the id of a course, a learner, an attempt, …")
    parser.add_argument("--brief", action="store_true", help="one line an event, without changes")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Prints every event with what it changed; 1 when there is no such stream."""

    async def tell(desk: Desk) -> None:
        after, more = 0, True
        while more:
            page = await life_page(
                desk.database, desk.archive, desk.teller, options.stream, after, AT_ONCE
            )
            desk.reads.record(
                "GetAuditStream",
                {"stream_id": [str(options.stream)]},
                about=[options.stream],
                positions=[event.position for event in page.items],
            )
            for event in page.items:
                print(as_text(event, brief=options.brief))
            more = page.next_cursor is not None
            after = (VERSIONS.decode(page.next_cursor) or (0,))[0]

    return ask(settings, tell)


def as_text(event: LifeEvent, *, brief: bool = False) -> str:
    """One event for people: when, the sentence, and below it what changed."""
    lines = [f"{event.version:>5}  {event.recorded_at:%Y-%m-%d %H:%M:%S}  {event.sentence}"]
    if event.unreadable:
        lines.append(f"       can't be read: {event.unreadable}")
    if not brief:
        lines += [f"       - {change.text}" for change in event.changes]
    return "\n".join(lines)
