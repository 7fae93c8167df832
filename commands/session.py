"""Ending sessions, and proving within one who one is."""

from uuid import UUID

from access.sessions import end_all_statement, end_one_statement
from commands.message import Command, handles
from commands.work import Work
from domain.learner import Learner


class EndSession(Command, frozen=True):
    learner_id: UUID
    session_id: UUID


class EndOtherSessions(Command, frozen=True):
    """All sessions of somebody but the one that this is sent in."""

    learner_id: UUID


class EndAllSessions(Command, frozen=True):
    learner_id: UUID
    reason: str | None = None


class StepUp(Command, frozen=True):
    """Somebody has proved anew who they are; whoever sends this has checked it."""

    learner_id: UUID
    factors: list[str]


@handles(EndSession)
def end_session(command: EndSession, work: Work) -> Learner:
    learner = work.get(Learner, command.learner_id)
    work.permit(learner=learner.id)
    learner.end_session(session_id=command.session_id, at=work.now)
    work.execute_too(*end_one_statement(command.session_id, learner.id, work.now))
    return learner


@handles(EndOtherSessions)
def end_other_sessions(command: EndOtherSessions, work: Work) -> Learner:
    learner = work.get(Learner, command.learner_id)
    work.permit(learner=learner.id)
    kept = work.actor.session_id
    learner.end_sessions(kept=kept, reason=None, at=work.now)
    work.execute_too(*end_all_statement(learner.id, work.now, "ended", but=kept))
    return learner


@handles(EndAllSessions)
def end_all_sessions(command: EndAllSessions, work: Work) -> Learner:
    learner = work.get(Learner, command.learner_id)
    work.permit(learner=learner.id)
    learner.end_sessions(kept=None, reason=command.reason, at=work.now)
    work.execute_too(*end_all_statement(learner.id, work.now, "ended"))
    return learner


@handles(StepUp)
def step_up(command: StepUp, work: Work) -> Learner:
    learner = work.get(Learner, command.learner_id)
    work.permit(learner=learner.id)
    learner.step_up(factors=command.factors, at=work.now)
    return learner
