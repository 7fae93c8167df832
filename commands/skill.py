"""What people can do, and how well."""

from uuid import UUID

from commands.message import Command, handles
from commands.work import Work
from domain.learner import Learner


class AssessSkill(Command, frozen=True):
    """`level` is from 1 (novice) to 5 (expert)."""

    learner_id: UUID
    skill: str
    level: int


class RemoveSkill(Command, frozen=True):
    learner_id: UUID
    skill: str


@handles(AssessSkill)
def assess_skill(command: AssessSkill, work: Work) -> Learner:
    learner = _permitted(command.learner_id, work)
    learner.assess_skill(
        skill=command.skill, level=command.level, assessed_by=work.actor.id, at=work.now
    )
    return learner


@handles(RemoveSkill)
def remove_skill(command: RemoveSkill, work: Work) -> Learner:
    learner = _permitted(command.learner_id, work)
    learner.remove_skill(skill=command.skill, at=work.now)
    return learner


def _permitted(learner_id: UUID, work: Work) -> Learner:
    learner = work.get(Learner, learner_id)
    work.permit(learner=learner_id)
    return learner
