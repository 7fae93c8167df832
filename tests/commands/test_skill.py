"""What people can do, and who says so."""

import pytest

from commands.learner import DeactivateLearner
from commands.skill import AssessSkill, RemoveSkill
from domain.errors import Forbidden, Invalid
from domain.learner import Learner, LearnerInactive
from domain.skill import MAX_SKILLS, SkillNotFound, TooManySkills
from tests.commands.system import ADMIN, Person, System


def test_a_skill_is_assessed_by_oneself_or_by_a_manager(
    system: System, a_learner: Person, a_manager: Person, a_stranger: Person
) -> None:
    for by, level in ((a_learner, 2), (a_manager, 3)):
        command = AssessSkill(learner_id=a_learner.id, skill=" Rust ", level=level)
        (event,) = system.when(command, by.actor).facts
        assert (event.skill, event.level, event.assessed_by) == ("Rust", level, by.id)
    system.when(command, a_stranger.actor).refuses(Forbidden)
    found = system.log.find_latest(Learner, a_learner.id)
    assert found is not None
    assert found.skills == {"rust": 3}


@pytest.mark.parametrize("level", [0, 6, -1])
def test_levels_go_from_one_to_five(system: System, a_learner: Person, level: int) -> None:
    command = AssessSkill(learner_id=a_learner.id, skill="Rust", level=level)
    system.when(command).refuses(Invalid, "level")


@pytest.mark.parametrize("skill", ["", "  ", "x" * 101, "a\x00b"])
def test_a_skill_has_a_name(system: System, a_learner: Person, skill: str) -> None:
    command = AssessSkill(learner_id=a_learner.id, skill=skill, level=1)
    system.when(command).refuses(Invalid, "skill")


def test_a_skill_is_removed_however_it_is_spelt(system: System, a_learner: Person) -> None:
    system.dispatch(AssessSkill(learner_id=a_learner.id, skill="C/C++", level=4))
    remove = RemoveSkill(learner_id=a_learner.id, skill="c/c++")
    system.when(remove, a_learner.actor).then(Learner.SkillRemoved)
    system.when(remove, a_learner.actor).refuses(SkillNotFound)


def test_nobody_collects_skills_without_end(system: System, a_learner: Person) -> None:
    for number in range(MAX_SKILLS):
        system.dispatch(AssessSkill(learner_id=a_learner.id, skill=f"skill {number}", level=1))
    one_more = AssessSkill(learner_id=a_learner.id, skill="one more", level=1)
    system.when(one_more).refuses(TooManySkills)
    again = AssessSkill(learner_id=a_learner.id, skill="SKILL 0", level=5)
    system.when(again).then(Learner.SkillAssessed)


def test_who_is_deactivated_is_not_assessed(system: System, a_learner: Person) -> None:
    system.dispatch(DeactivateLearner(learner_id=a_learner.id))
    command = AssessSkill(learner_id=a_learner.id, skill="Rust", level=1)
    system.when(command, ADMIN).refuses(LearnerInactive)
