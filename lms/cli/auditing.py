"""What `lms audit` reads the log with: the same as the read API, as the same role.

A question records what it is about to show, by `Desk.reads`, before it prints it.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from domain.catalogue import AGGREGATES
from domain.errors import DomainError
from edge.problem import ProblemError
from event_store.addresses import Clients
from event_store.event_type import EventTypes
from event_store.keys import PersonalKeys
from event_store.mapper import Mapper
from lms.composition import open_pool
from lms.operator_reads import OperatorReads, operator_reads
from lms.settings import Settings
from read_api import database
from read_api.database import Database
from read_api.history import Historian
from read_api.lives.archive import Archive
from read_api.lives.entries import Teller


class Desk(NamedTuple):
    """What an auditor's question is answered from."""

    database: Database
    archive: Archive
    teller: Teller
    historian: Historian
    reads: OperatorReads


def ask(settings: Settings, question: Callable[[Desk], Awaitable[None]]) -> int:
    """Answers one question; returns the exit code, 1 when there is nothing to tell.

    Raises ReadNotRecorded.
    """
    with open_pool(settings.read_database_url, 1) as keys, operator_reads(settings) as reads:
        personal = PersonalKeys(keys, settings.master_key)
        mapper = Mapper(EventTypes(AGGREGATES), personal)
        historian = Historian(mapper, Clients(personal, personal.wrapping.hashing))
        try:
            asyncio.run(_answer(settings, mapper, historian, reads, question))
        except (DomainError, ProblemError) as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
    return 0


async def _answer(
    settings: Settings,
    mapper: Mapper,
    historian: Historian,
    reads: OperatorReads,
    question: Callable[[Desk], Awaitable[None]],
) -> None:
    async with database.open_pool(settings.read_database_url, connections=1) as pool:
        readable = Database(pool)
        teller = Teller(historian, readable)
        await question(Desk(readable, Archive(mapper), teller, historian, reads))
