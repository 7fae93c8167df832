"""What happened to somebody's account in all those years: log-ins, log-outs, skills assessed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Final

import msgspec

from domain.learner import Learner
from lms.seeds.history.organisation import Person, account
from lms.seeds.history.plan import Plan
from lms.seeds.history.story import Story

LOGS_OUT: Final = 0.1
IS_ASSESSED: Final = 0.5

_Moment = tuple[datetime, Callable[[datetime], None]]


class Diary(msgspec.Struct):
    """When somebody came to learn, and what they had learnt when."""

    visits: list[datetime] = []
    learnt: list[tuple[datetime, str]] = []


def tell_account(
    diary: Diary, learner: Person, skill: float, plan: Plan, story: Story, chance: Random
) -> None:
    """Everything in its order, for all of it is in one stream. `skill` is from 0 to 1."""
    told = _Account(account(learner), learner, story)
    moments = [
        *_visits(diary, learner, plan, told, chance),
        *_assessments(diary, skill, plan, told, chance),
    ]
    for at, happens in sorted(moments, key=lambda moment: moment[0]):
        happens(at)


class _Account:
    def __init__(self, account: Learner, learner: Person, story: Story) -> None:
        self._account = account
        self._learner = learner
        self._story = story

    def log_in(self, at: datetime) -> None:
        self._account.log_in(method="password", at=at)
        self._story.tell("RecordLogin", self._learner.id, at, self._account)

    def log_out(self, at: datetime) -> None:
        self._account.log_out(at=at)
        self._story.tell("RecordLogout", self._learner.id, at, self._account)

    def assess(self, skill: str, level: int) -> Callable[[datetime], None]:
        """By the manager, if there is one."""
        by = self._learner.manager_id or self._learner.id

        def happens(at: datetime) -> None:
            self._account.assess_skill(skill=skill, level=level, assessed_by=by, at=at)
            self._story.tell("AssessSkill", by, at, self._account)

        return happens


def _visits(
    diary: Diary, learner: Person, plan: Plan, told: _Account, chance: Random
) -> list[_Moment]:
    """Those who log in twice a day have stayed logged in."""
    moments: list[_Moment] = []
    last = learner.joined
    for at in sorted(diary.visits):
        if at - last < timedelta(hours=12):
            continue
        last = at
        moments.append((at, told.log_in))
        out = at + timedelta(minutes=chance.uniform(200, 500))
        if chance.random() < LOGS_OUT and out < plan.until:
            moments.append((out, told.log_out))
    return moments


def _assessments(
    diary: Diary, skill: float, plan: Plan, told: _Account, chance: Random
) -> list[_Moment]:
    """Some time after what was learnt."""
    moments: list[_Moment] = []
    for completed_at, subject in diary.learnt:
        at = completed_at + timedelta(days=chance.uniform(1, 21))
        if chance.random() < IS_ASSESSED and at < plan.until:
            level = 1 + min(4, int(5 * skill * chance.uniform(0.5, 1.1)))
            moments.append((at, told.assess(subject, level)))
    return moments
