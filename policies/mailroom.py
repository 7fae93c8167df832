"""Sends the mail that events gave a reason for, and grants wishes for a new password.

The reason stands in the log before anything is sent, and what was sent is recorded after. A crash
in between sends a mail twice; each time with a new link, of which the last one is good.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid4

from prometheus_client import Counter

from access.actor import SYSTEM
from access.mail_queue import MailKind, MailQueue, Wanted
from access.refusals import Refusals, RefusedAct, Why
from access.resets import Resets, Wish
from adapters.mail import Mail, Mailer, MailFailed
from commands.consent import wants_mail
from commands.context import Context
from commands.dispatcher import Dispatcher
from commands.message import Command
from commands.names import owner_of
from commands.password import NoPasswordHere
from commands.password_reset import (
    AbandonPasswordReset,
    RecordResetMailed,
    RequestPasswordReset,
)
from domain.learner import Learner, LearnerInactive
from domain.survey import Survey
from domain.survey_invitation import SurveyInvitation
from event_store.application import Log
from policies.equipment import Pool
from policies.letters import Letters

logger = logging.getLogger(__name__)

MAILS: Final = Counter("lms_mails", "Mails that were to be sent", ["kind", "outcome"])
WISHES_AT_ONCE: Final = 50


class Mailroom:
    """Any number of them may work at the same time."""

    def __init__(
        self,
        log: Log,
        dispatcher: Dispatcher,
        pool: Pool,
        resets: Resets,
        queue: MailQueue,
        refusals: Refusals,
        mailer: Mailer,
        letters: Letters,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._log = log
        self._dispatcher = dispatcher
        self._pool = pool
        self._resets = resets
        self._queue = queue
        self._refusals = refusals
        self._mailer = mailer
        self._letters = letters
        self._clock = clock

    def grant_wishes(self) -> bool:
        """Looks up who was meant by those who asked, and records that they are to be mailed.
        False when nobody had asked."""
        wishes = self._resets.wishes(WISHES_AT_ONCE)
        for wish in wishes:
            self._grant(wish)
            self._resets.forget(wish)
        return bool(wishes)

    def deliver(self) -> bool:
        """Sends one mail, or sees that it can't be sent now. False when none is due."""
        mail = self._queue.take()
        if mail is None:
            return False
        learner = self._log.find_latest(Learner, mail.learner_id)
        if learner is None or not learner.active:
            self._give_up(mail, "inactive")
        elif mail.kind == MailKind.PASSWORD_RESET:
            self._send_link(mail, learner)
        elif mail.kind == MailKind.SURVEY_INVITATION:
            self._invite(mail, learner)
        elif self._sent(mail, self._letters.password_changed(mail.mail_id, learner)):
            self._queue.remove(mail)
        return True

    def _grant(self, wish: Wish) -> None:
        owner = owner_of(self._log, wish.username_id, wish.email_id)
        if owner is None:
            return
        if self._resets.has_enough(owner):
            self._refusals.count(RefusedAct.PASSWORD_RESET, Why.THROTTLED, learner_id=owner)
            return
        command = RequestPasswordReset(learner_id=owner, network=wish.network)
        try:
            self._dispatch(command, f"reset-wish:{wish.wish_id}", wish.correlation_id, None)
        except LearnerInactive:
            self._refusals.count(RefusedAct.PASSWORD_RESET, Why.INACTIVE, learner_id=owner)
        except NoPasswordHere:
            self._refusals.count(RefusedAct.PASSWORD_RESET, Why.NO_PASSWORD, learner_id=owner)

    def _send_link(self, mail: Wanted, learner: Learner) -> None:
        token, expires_at = self._resets.issue(mail.mail_id, learner.id)
        letter = self._letters.password_reset(mail.mail_id, learner, token, self._resets.good_for)
        if self._sent(mail, letter):
            command = RecordResetMailed(reset_id=mail.mail_id, expires_at=expires_at)
            self._because_of(mail, command)

    def _invite(self, mail: Wanted, learner: Learner) -> None:
        """Unless they have taken their consent to such mail back since."""
        invitation = self._log.find_latest(SurveyInvitation, mail.mail_id)
        survey = self._log.find_latest(Survey, invitation.survey_id) if invitation else None
        if survey is None or not wants_mail(learner.id, self._log):
            self._give_up(mail, "not wanted")
        elif self._sent(mail, self._letters.survey_invitation(mail.mail_id, learner, survey.title)):
            self._queue.remove(mail)

    def _sent(self, mail: Wanted, letter: Mail) -> bool:
        try:
            self._mailer.send(letter)
        except MailFailed as error:
            logger.warning("%s %s was not sent: %s", mail.kind, mail.mail_id, error)
            if error.for_ever or not self._queue.postpone(mail, str(error)):
                self._give_up(mail, str(error))
            else:
                MAILS.labels(mail.kind, "postponed").inc()
            return False
        MAILS.labels(mail.kind, "sent").inc()
        return True

    def _give_up(self, mail: Wanted, reason: str) -> None:
        MAILS.labels(mail.kind, "abandoned").inc()
        if mail.kind == MailKind.PASSWORD_RESET:
            self._because_of(mail, AbandonPasswordReset(reset_id=mail.mail_id, reason=reason))
        else:
            self._queue.remove(mail)

    def _because_of(self, mail: Wanted, command: Command) -> None:
        """Says in the log which event the mail was sent because of."""
        with self._pool.connection() as connection:
            row = connection.execute(
                "SELECT position, metadata->>'correlation_id' FROM event_store.events"
                " WHERE stream_id = %s AND version = 1",
                (mail.mail_id,),
            ).fetchone()
        causation, correlation = row or (None, str(uuid4()))
        key = f"mail:{mail.mail_id}:{mail.attempts}"
        self._dispatch(command, key, UUID(correlation), causation)

    def _dispatch(
        self, command: Command, key: str, correlation_id: UUID, causation: int | None
    ) -> None:
        context = Context(
            actor=SYSTEM,
            now=self._clock(),
            correlation_id=correlation_id,
            command_id=uuid4(),
            causation=causation,
            idempotency_key=key,
        )
        self._dispatcher.dispatch(command, context)
