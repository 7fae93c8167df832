"""Mail that is to be sent: a row each, written in the transaction of the event that is its reason.

No text and no address stands here. Whoever sends makes the text, with whatever secret is in it.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec
from psycopg.rows import class_row
from psycopg_pool import ConnectionPool

from access.statement import Statement

FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=15)
GIVEN_UP_AFTER = timedelta(hours=24)


class MailKind(StrEnum):
    """What is told."""

    PASSWORD_RESET = "password-reset"
    PASSWORD_CHANGED = "password-changed"
    SURVEY_INVITATION = "survey-invitation"
    """Not necessary: only to those who have consented to such mail."""


class Wanted(msgspec.Struct, frozen=True):
    """A mail to be sent; `attempts` were made before."""

    mail_id: UUID
    learner_id: UUID
    kind: str
    wanted_at: datetime
    attempts: int


class MailQueue:
    """What is to be sent, oldest first; any number of processes may take from it."""

    def __init__(
        self,
        pool: ConnectionPool,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._pool = pool
        self._clock = clock

    def take(self, taken_for: timedelta = timedelta(minutes=2)) -> Wanted | None:
        """A mail that is due. Nobody else gets it for two minutes, after which the taker is
        believed to have died."""
        now = self._clock()
        with self._pool.connection() as connection:
            return (
                connection.cursor(row_factory=class_row(Wanted))
                .execute(
                    "UPDATE access.outgoing_mail SET due_at = %s, attempts = attempts + 1"
                    " WHERE mail_id = (SELECT mail_id FROM access.outgoing_mail"
                    "  WHERE due_at <= %s ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)"
                    " RETURNING mail_id, learner_id, kind, wanted_at, attempts - 1 AS attempts",
                    (now + taken_for, now),
                )
                .fetchone()
            )

    def postpone(self, mail: Wanted, error: str) -> bool:
        """It didn't work: later again; False when it has been tried for too long."""
        now = self._clock()
        if now - mail.wanted_at > GIVEN_UP_AFTER:
            return False
        pause = min(FIRST_PAUSE * 2 ** min(mail.attempts, 20), LONGEST_PAUSE)
        with self._pool.connection() as connection:
            connection.execute(
                "UPDATE access.outgoing_mail SET due_at = %s, last_error = %s WHERE mail_id = %s",
                (now + pause, error, mail.mail_id),
            )
        return True

    def remove(self, mail: Wanted) -> None:
        """It was sent, or never will be."""
        with self._pool.connection() as connection:
            connection.execute(*removed_statement(mail.mail_id))


def wanted_statement(mail_id: UUID, learner_id: UUID, kind: MailKind, at: datetime) -> Statement:
    """A mail is to be sent, in the transaction of the event that is the reason."""
    return (
        (
            "INSERT INTO access.outgoing_mail"
            " (mail_id, learner_id, kind, wanted_at, due_at)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
        ),
        (mail_id, learner_id, str(kind), at, at),
    )


def removed_statement(mail_id: UUID) -> Statement:
    """A mail was sent, in the transaction of the event that says so."""
    return "DELETE FROM access.outgoing_mail WHERE mail_id = %s", (mail_id,)
