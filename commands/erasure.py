"""Erasing people: asked for, approved or refused, carried out, and scrubbed."""

from uuid import UUID

from access.erasure import forget_statements, scrub_statement, unchanged_statement
from access.standing import standing_statement
from commands.external_identity import unlink_all
from commands.group import leave_all_groups
from commands.message import Command, handles
from commands.standing import LastAdministrator, note_administrator
from commands.work import Work
from domain.aggregate import Aggregate
from domain.enrollment import Enrollment
from domain.erasure import Erasure, ErasureState, Ground, LegalBasis
from domain.identity import (
    enrollment_id,
    erasure_id,
    legal_holds_id,
    retention_policies_id,
    unique_name_id,
)
from domain.learner import Learner
from domain.legal_holds import LegalHolds, UnderLegalHold
from domain.retention import RetentionPolicies
from domain.roles import Role
from domain.unique_name import UniqueName
from event_store.erasure import destroyed_statements


class EraseLearner(Command, frozen=True):
    """`only_requested`: even where nobody else is needed, somebody is to decide later."""

    learner_id: UUID
    legal_basis: LegalBasis
    only_requested: bool = False


class ApproveErasure(Command, frozen=True):
    erasure_id: UUID


class RefuseErasure(Command, frozen=True):
    erasure_id: UUID
    ground: Ground
    reason: str


class RecordScrubbed(Command, frozen=True):
    """Whoever sends this has rewritten these places."""

    erasure_id: UUID
    places: list[str]


@handles(EraseLearner)
def erase_learner(command: EraseLearner, work: Work) -> Erasure:
    """Who is erased already, or asked for already, isn't twice.

    A person may ask for their own erasure; somebody else decides about it.
    """
    learner = work.get(Learner, command.learner_id)
    work.permit(learner=learner.id)
    must_not_be_held(learner.id, None, work)
    erasure, number = last_erasure(learner.id, work)
    if erasure is None or erasure.state is ErasureState.REFUSED:
        erasure = Erasure.request(
            id=erasure_id(learner.id, number + 1),
            learner_id=learner.id,
            legal_basis=command.legal_basis,
            requested_by=work.actor.id,
            at=work.now,
        )
    elif not erasure.is_open:
        return erasure
    is_own = work.actor.id == learner.id
    if not (work.two_persons or is_own or command.only_requested):
        carry_out(erasure, learner, work)
    return erasure


@handles(ApproveErasure)
def approve_erasure(command: ApproveErasure, work: Work) -> Erasure:
    work.permit_anyone()
    erasure = work.get(Erasure, command.erasure_id)
    erasure.approve(by=work.me, two_persons=work.two_persons, at=work.now)
    carry_out(erasure, work.latest(Learner, erasure.learner_id), work)
    return erasure


@handles(RefuseErasure)
def refuse_erasure(command: RefuseErasure, work: Work) -> Erasure:
    work.permit_anyone()
    erasure = work.get(Erasure, command.erasure_id)
    erasure.refuse(ground=command.ground, reason=command.reason, by=work.actor.id, at=work.now)
    return erasure


@handles(RecordScrubbed)
def record_scrubbed(command: RecordScrubbed, work: Work) -> Erasure:
    work.permit_anyone()
    erasure = work.get(Erasure, command.erasure_id)
    erasure.note_scrubbed(places=command.places, at=work.now)
    work.execute_too("DELETE FROM erasure.scrubs WHERE erasure_id = %s", (erasure.id,))
    return erasure


def last_erasure(learner_id: UUID, work: Work) -> tuple[Erasure | None, int]:
    """The last wish, and its number; wishes are numbered so that two at once are one."""
    last, number = None, 0
    while (found := work.find(Erasure, erasure_id(learner_id, number + 1))) is not None:
        last, number = found, number + 1
    return last, number


def carry_out(erasure: Erasure, learner: Learner, work: Work) -> None:
    """Erases the person in the transaction of the command. Raises `UnderLegalHold`,
    `LastAdministrator`."""
    must_not_change(work)
    must_not_be_held(learner.id, None, work)
    for course_id in _holds(work).courses:
        if work.find(Enrollment, enrollment_id(learner.id, course_id)) is not None:
            raise UnderLegalHold("A course that this person has taken is under a legal hold.")
    _must_leave_an_administrator(learner, work)
    names = {
        unique_name_id("username", learner.username),
        unique_name_id("email", learner.email),
    }
    work.save_too(learner, *_released(names, learner, work))
    unlink_all(learner.id, work)
    leave_all_groups(learner.id, work)
    learner.erase(erasure_id=erasure.id, legal_basis=erasure.legal_basis, at=work.now)
    note_administrator(learner, work)
    erasure.carry_out(at=work.now)
    for statement in (
        *destroyed_statements(learner.id),
        *forget_statements(learner.id, *names),
        standing_statement(learner.id, [], active=False),
        scrub_statement(erasure.id, learner.id),
    ):
        work.execute_too(*statement)


def must_not_be_held(learner_id: UUID, course_id: UUID | None, work: Work) -> None:
    """Raises `UnderLegalHold`."""
    holds = _holds(work)
    if holds.is_held(learner_id) or (course_id is not None and holds.is_held(course_id)):
        raise UnderLegalHold("This is under a legal hold.")


def must_not_change(work: Work) -> None:
    """Has the command decided anew if holds, policies or who acts have changed by the time that it
    is recorded: to be called before these are looked at."""
    streams = [legal_holds_id(), retention_policies_id()]
    seen = [
        0 if (found := work.find(cls, id)) is None else found.version
        for cls, id in zip((LegalHolds, RetentionPolicies), streams, strict=True)
    ]
    work.execute_too(*unchanged_statement(streams, seen, work.actor.id))


def _holds(work: Work) -> LegalHolds:
    found = work.find_latest(LegalHolds, legal_holds_id())
    return found or LegalHolds.open(at=work.now)


def _must_leave_an_administrator(learner: Learner, work: Work) -> None:
    """Only an administrator who is a person and active erases one: so one is always left."""
    if Role.ADMIN not in learner.roles or not learner.active:
        return
    actor = work.actor
    me = None if actor.id is None or actor.is_service else work.find_latest(Learner, actor.id)
    if me is None or me.id == learner.id or not me.active or Role.ADMIN not in me.roles:
        raise LastAdministrator("Another administrator has to erase an administrator.")


def _released(names: set[UUID], learner: Learner, work: Work) -> list[Aggregate]:
    """The streams of the person's names, free for others."""
    found = [work.find(UniqueName, id) for id in sorted(names)]
    owned = [name for name in found if name is not None and name.owner_id == learner.id]
    for name in owned:
        name.release(at=work.now)
    return [*owned]
