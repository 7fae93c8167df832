"""Choosing a new password by a mailed link."""

from datetime import datetime
from uuid import UUID

from access.mail_queue import MailKind, removed_statement, wanted_statement
from access.sessions import end_all_statement
from commands.delegation import must_reach
from commands.message import Command, handles
from commands.password import must_have_password, save_password, tell_of_change
from commands.work import Work
from domain.learner import Learner
from domain.password_reset import PasswordReset


class RequestPasswordReset(Command, frozen=True):
    """Mails the learner a link. An administrator may send one to whoever has no password yet.

    `network` is a keyed hash of where somebody asked for it who didn't say who they are.
    """

    learner_id: UUID
    network: str | None = None


class RecordResetMailed(Command, frozen=True):
    reset_id: UUID
    expires_at: datetime


class AbandonPasswordReset(Command, frozen=True):
    """`reason` is the kind of failure, never what a server said."""

    reset_id: UUID
    reason: str


class ResetPassword(Command, frozen=True):
    """Who sends it has proved to have the link."""

    reset_id: UUID
    password: str

    def __repr__(self) -> str:
        return f"ResetPassword(reset_id={self.reset_id!r})"


@handles(RequestPasswordReset)
def request_password_reset(command: RequestPasswordReset, work: Work) -> PasswordReset:
    learner = work.latest(Learner, command.learner_id)
    work.permit(learner=learner.id)
    must_reach(learner, work)
    learner.must_be_active()
    must_have_password(work, learner)
    reset = PasswordReset.request(
        id=work.new_id(), learner_id=learner.id, network=command.network, at=work.now
    )
    work.execute_too(*wanted_statement(reset.id, learner.id, MailKind.PASSWORD_RESET, work.now))
    return reset


@handles(RecordResetMailed)
def record_reset_mailed(command: RecordResetMailed, work: Work) -> PasswordReset:
    reset = work.get(PasswordReset, command.reset_id)
    reset.mailed(expires_at=command.expires_at, at=work.now)
    work.execute_too(*removed_statement(reset.id))
    return reset


@handles(AbandonPasswordReset)
def abandon_password_reset(command: AbandonPasswordReset, work: Work) -> PasswordReset:
    reset = work.get(PasswordReset, command.reset_id)
    reset.abandon(reason=command.reason, at=work.now)
    work.execute_too(*removed_statement(reset.id))
    return reset


@handles(ResetPassword)
def reset_password(command: ResetPassword, work: Work) -> PasswordReset:
    """All sessions end: whoever is in with the old password is out."""
    reset = work.get(PasswordReset, command.reset_id)
    work.permit(learner=reset.learner_id)
    learner = work.get(Learner, reset.learner_id)
    must_have_password(work, learner)
    reset.use(at=work.now)
    learner.change_password(at=work.now)
    work.save_too(learner)
    work.execute_too(*end_all_statement(learner.id, work.now, "password reset"))
    save_password(work, learner, command.password)
    tell_of_change(work, learner)
    return reset
