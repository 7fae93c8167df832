"""What one person did in all those years: courses one after another and side by side, log-ins."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final

from lms.seeds.history.account import Diary, tell_account
from lms.seeds.history.courses import Offer
from lms.seeds.history.learning import Learning
from lms.seeds.history.organisation import Person, person
from lms.seeds.history.plan import Plan
from lms.seeds.history.story import Story

FEWEST: Final = 5
MOST: Final = 8


def tell_life(plan: Plan, number: int, offers: Sequence[Offer], story: Story) -> None:
    """All that the person of that number did, but for being registered."""
    chance = plan.chance("life", number)
    learner = person(plan, number)
    skill = chance.betavariate(6, 2)
    diary = Diary()
    for offer in _chosen(offers, chance):
        begin = _begin(learner, offer, plan, chance)
        if begin is not None:
            learning = Learning(story, chance, learner, skill, offer, plan.until, diary)
            diary.visits.append(begin - timedelta(minutes=2))
            learning.live(begin)
    tell_account(diary, learner, skill, plan, story, chance)


def _chosen(offers: Sequence[Offer], chance: Random) -> list[Offer]:
    """Some courses, none twice, by popularity: those with the largest u ** (1 / popularity).

    That is weighted sampling without replacement (Efraimidis and Spirakis, 2006).
    """
    wanted = chance.randint(FEWEST, MOST)
    drawn = [(chance.random() ** (1 / offer.popularity), offer) for offer in offers]
    drawn.sort(key=lambda pair: pair[0], reverse=True)
    return [offer for _, offer in drawn[:wanted]]


def _begin(learner: Person, offer: Offer, plan: Plan, chance: Random) -> datetime | None:
    """When the learner enrols, if there has been time for it."""
    possible = max(learner.joined, offer.published_at) + timedelta(hours=1)
    if possible >= plan.until:
        return None
    return possible + (plan.until - possible) * chance.random()
