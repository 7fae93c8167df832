"""Makes sure that no copy of what an erased person said or was called is left in clear."""

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid4

from psycopg.rows import class_row
from psycopg_pool import ConnectionPool

from access.actor import SYSTEM
from commands.context import Context
from commands.dispatcher import Dispatcher
from commands.erasure import RecordScrubbed
from projections.connection import connect
from projections.scrub import NotPermitted, NotYet, scrub

logger = logging.getLogger(__name__)

TOMBSTONES: Final = "erased.ndjson"
"""Who was erased, for whoever restores a backup that is older than that: to be kept apart."""


class Pending(NamedTuple):
    """An erasure that was carried out and whose copies may still be there."""

    erasure_id: UUID
    learner_id: UUID
    erased_at: datetime


class Scrubbing:
    """Any number of them may work at the same time: one does.

    `project_url` logs in as the role that owns the read models; `forget_mail` deletes what was
    written into a folder instead of being sent.
    """

    def __init__(
        self,
        pool: ConnectionPool[Any],
        dispatcher: Dispatcher,
        project_url: str,
        tombstones: Path,
        forget_mail: Callable[[UUID], None] = lambda _: None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._pool = pool
        self._dispatcher = dispatcher
        self._project_url = project_url
        self._tombstones = tombstones
        self._forget_mail = forget_mail
        self._clock = clock

    def act(self) -> bool:
        """Scrubs for all erasures that wait for it, at once. False: nothing more to do now."""
        pending = self._pending()
        if not pending:
            return False
        try:
            with connect(self._project_url) as connection:
                places = scrub(connection, [each.erasure_id for each in pending])
        except NotYet as error:
            logger.info("scrubbing waits: %s", error)
            return False
        except NotPermitted as error:
            logger.warning("lms_project lacks the right to maintain %s", error)
            return False
        for each in pending:
            self._forget_mail(each.learner_id)
            self._bury(each)
            self._record(each, [*places, "outbox"])
        return False

    def _pending(self) -> list[Pending]:
        with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=class_row(Pending))
            cursor.execute("SELECT erasure_id, learner_id, erased_at FROM erasure.scrubs")
            found: list[Pending] = cursor.fetchall()
            return found

    def _bury(self, pending: Pending) -> None:
        line = {
            "erasure_id": str(pending.erasure_id),
            "learner_id": str(pending.learner_id),
            "erased_at": pending.erased_at.isoformat(),
        }
        with self._tombstones.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def _record(self, pending: Pending, places: list[str]) -> None:
        context = Context(
            actor=SYSTEM, now=self._clock(), correlation_id=uuid4(), command_id=uuid4()
        )
        command = RecordScrubbed(erasure_id=pending.erasure_id, places=places)
        self._dispatcher.dispatch(command, context)
