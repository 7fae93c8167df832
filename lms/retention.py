"""Lets records expire that no policy keeps any longer, each by a command, and says so."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

import msgspec
import psycopg
from psycopg.rows import class_row

from access.actor import SYSTEM
from commands.context import Context
from commands.dispatcher import Dispatcher
from commands.retention import ExpireRecord
from domain.errors import DomainError
from domain.retention import RecordKind
from read_api.retention import DueRecord
from read_api.retention_due import Key, due_query

logger = logging.getLogger(__name__)

AT_ONCE: Final = 500


class Ran(msgspec.Struct, frozen=True):
    """What expired, or would have; what was refused has changed since it was listed."""

    expired: list[DueRecord]
    refused: list[DueRecord]


class Retention:
    """`read_url` logs in as the role that reads views. In several processes at once it does no
    harm: nothing expires twice."""

    def __init__(
        self,
        read_url: str,
        dispatcher: Dispatcher,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._read_url = read_url
        self._dispatcher = dispatcher
        self._clock = clock

    def run(self, *, dry_run: bool = False) -> Ran:
        """Everything that is due by now and not held; `dry_run`: only says what that is."""
        now, ran = self._clock(), Ran([], [])
        last: Key | None = None
        while due := self._due(now, last):
            for record in due:
                expires = dry_run or self._expired(record, now)
                (ran.expired if expires else ran.refused).append(record)
            last = (due[-1].expires_at, due[-1].id)
        if (ran.expired or ran.refused) and not dry_run:
            logger.info("%d records expired, %d didn't", len(ran.expired), len(ran.refused))
        return ran

    def _due(self, now: datetime, last: Key | None) -> list[DueRecord]:
        sql, params = due_query(now, AT_ONCE, after=last, oldest_first=True, with_held=False)
        with psycopg.connect(self._read_url, autocommit=True) as connection:
            cursor = connection.cursor(row_factory=class_row(DueRecord))
            return cursor.execute(sql.encode(), params).fetchall()

    def _expired(self, record: DueRecord, now: datetime) -> bool:
        command = ExpireRecord(kind=RecordKind(record.kind), record_id=record.id)
        context = Context(actor=SYSTEM, now=now, correlation_id=uuid4(), command_id=uuid4())
        try:
            self._dispatcher.dispatch(command, context)
        except DomainError as error:
            logger.info("%s %s doesn't expire: %s", record.kind, record.id, error.code)
            return False
        return True
