"""The history cut into pieces that are each told and appended by themselves, in this order."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec

from lms.seeds.history.courses import Offer, tell_course
from lms.seeds.history.lives import tell_life
from lms.seeds.history.organisation import person, person_id, tell_registration
from lms.seeds.history.plan import Plan
from lms.seeds.history.story import Act, Story

REGISTRATIONS: Final = 250
COURSES: Final = 25
LIVES: Final = 6
"""How many make a piece of about a thousand events."""


class Piece(msgspec.Struct, frozen=True):
    """`people` are those whose personal data its events hold."""

    name: str
    people: list[UUID]
    tell: Callable[[], list[Act]]


def pieces(plan: Plan) -> list[Piece]:
    """Registrations first, then courses, then everybody's life."""
    stories = _courses(plan)
    offers = [offer for offer, _ in stories]
    titles = {id: title for offer in offers for id, title in offer.titles().items()}
    people = plan.size.people
    return [
        *(_registrations(plan, part) for part in _parts(people, REGISTRATIONS)),
        *(_course_acts(stories, part) for part in _parts(len(stories), COURSES)),
        *(_lives(plan, offers, titles, part) for part in _parts(people, LIVES)),
    ]


def _parts(count: int, size: int) -> Iterator[range]:
    return (range(start, min(start + size, count)) for start in range(0, count, size))


def _courses(plan: Plan) -> list[tuple[Offer, list[Act]]]:
    """All courses with how they were written: later pieces need to know them, so they are held."""
    found = []
    for number in range(plan.size.courses):
        story = Story(plan.chance("course acts", number), {}, plan.until)
        found.append((tell_course(plan, number, story), story.acts))
    return found


def _registrations(plan: Plan, part: range) -> Piece:
    def tell() -> list[Act]:
        story = Story(plan.chance("registrations", part.start), {}, plan.until)
        for number in part:
            tell_registration(story, plan, person(plan, number))
        return story.acts

    return Piece(f"people/{part.start}", [person_id(plan, number) for number in part], tell)


def _course_acts(stories: Sequence[tuple[Offer, list[Act]]], part: range) -> Piece:
    def tell() -> list[Act]:
        return [act for number in part for act in stories[number][1]]

    return Piece(f"courses/{part.start}", [], tell)


def _lives(plan: Plan, offers: Sequence[Offer], titles: Mapping[UUID, str], part: range) -> Piece:
    def tell() -> list[Act]:
        acts: list[Act] = []
        for number in part:
            story = Story(plan.chance("life acts", number), titles, plan.until)
            tell_life(plan, number, offers, story)
            acts += story.in_order()
        return acts

    return Piece(f"lives/{part.start}", [person_id(plan, number) for number in part], tell)
