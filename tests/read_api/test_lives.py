"""What a life lists is what happened: nothing is left out, nothing added."""

import string
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg_pool import ConnectionPool

from domain.aggregate import Aggregate
from domain.catalogue import AGGREGATES
from domain.course import Course, LessonKind
from domain.enrollment import Enrollment, EnrollmentSource
from domain.group import Group
from domain.roles import Role
from event_store.event_type import EventTypes
from event_store.keys import PersonalKeys
from event_store.mapper import Mapper
from event_store.record import Metadata, Record
from read_api.lives.changes import changes_between, written
from read_api.lives.entries import field_change, plain
from read_api.lives.happenings import Happening, follow
from read_api.lives.life import Life
from read_api.lives.saying import UNKNOWN, Facts, say
from read_api.lives.table import WORDS, topic_of
from read_api.lives.telling import sentence
from read_api.lives.words import Part
from tests.event_store import samples
from tests.read_api.applied_changes import applied, without_nothing

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
TYPES = EventTypes(AGGREGATES)
MAPPER = Mapper(TYPES, PersonalKeys(ConnectionPool(open=False), bytes(32)))
"""Of no use for personal data: the streams here have none."""

titles = st.text(string.ascii_letters, min_size=1, max_size=8)
small = st.integers(0, 3)


def records_of(aggregate: Aggregate) -> list[Record]:
    records = []
    for number, event in enumerate(aggregate.collect_events(), start=1):
        stored = MAPPER.to_stored_event(event)
        stream_type = stored.topic.partition(".")[0]
        common = (number, aggregate.id, stream_type, number, stored.topic, stored.state)
        records.append(Record(*common, b"{}", NOON + timedelta(minutes=number)))
    return records


@st.composite
def courses(draw: st.DrawFn) -> Course:
    course = Course.create(id=uuid4(), title="a", description="b", created_by=uuid4(), at=NOON)
    for step in draw(st.lists(small, max_size=12)):
        modules = list(course.modules)
        if step == 0 or not modules:
            course.add_module(module_id=uuid4(), title=draw(titles), at=NOON)
        elif step == 1:
            course.add_lesson(
                module_id=draw(st.sampled_from(modules)),
                lesson_id=uuid4(),
                title=draw(titles),
                kind=LessonKind.TEXT,
                content="",
                duration_minutes=draw(small),
                at=NOON,
            )
        elif step == 2:
            topic = draw(st.none() | titles)
            course.change_details(title=draw(titles), topic=topic, at=NOON)
        elif course.lessons != course.published_lessons:
            course.publish(at=NOON)
    return course


@st.composite
def enrollments(draw: st.DrawFn) -> Enrollment:
    lessons = [uuid4() for _ in range(3)]
    enrollment = Enrollment.create(
        learner_id=uuid4(),
        course_id=uuid4(),
        course_version=1,
        lessons=lessons,
        assessments=[],
        enrolled_by=None,
        source=EnrollmentSource.SELF,
        at=NOON,
    )
    for lesson, percent in draw(st.lists(st.tuples(small, st.integers(0, 100)), max_size=12)):
        if lesson < len(lessons):
            enrollment.update_progress(
                lesson_id=lessons[lesson], percent=percent, seconds=percent, at=NOON
            )
    return enrollment


@st.composite
def groups(draw: st.DrawFn) -> Group:
    people = [UUID(int=number) for number in range(6)]
    group = Group.create(id=uuid4(), display_name="a", external_id=None, at=NOON)
    for joining, members in draw(st.lists(st.tuples(st.booleans(), st.sets(small)), max_size=8)):
        chosen = [people[number] for number in members]
        if joining:
            group.add_members(members=chosen, at=NOON)
        else:
            group.remove_members(members=chosen, at=NOON)
        group.map_roles(roles=draw(st.sampled_from([[], [Role.MANAGER]])), reason=None, at=NOON)
    return group


lives = st.one_of(courses(), enrollments(), groups())


def followed(records: Sequence[Record]) -> list[Happening]:
    return list(follow(Life(records[0].stream_id, MAPPER), records))


def listed(changes: Sequence[Any]) -> list[dict[str, Any]]:
    return [msgspec.to_builtins(field_change(change, "", {})) for change in changes]


def told(state: Any) -> Any:
    return without_nothing({name: plain(value) for name, value in state.items()})


@given(lives)
@settings(max_examples=60, deadline=None)
def test_all_changes_applied_to_nothing_give_the_state_in_the_end(aggregate: Aggregate) -> None:
    records = records_of(aggregate)
    state: dict[str, Any] = {}
    for happening in followed(records):
        assert happening.unreadable is None
        applied(state, listed(happening.changes))
        assert without_nothing(state) == told(happening.after)
    known = {name: each for name, each in vars(aggregate).items() if not name.startswith("_")}
    assert without_nothing(state).items() >= told(known).items()


@given(lives)
@settings(max_examples=30, deadline=None)
def test_each_event_finds_what_the_one_before_it_left(aggregate: Aggregate) -> None:
    happenings = followed(records_of(aggregate))
    assert happenings[0].before == {}
    for one, next_one in pairwise(happenings):
        assert next_one.before == one.after


@given(lives, st.data())
@settings(max_examples=60, deadline=None)
def test_differences_are_what_all_changes_between_come_to(
    aggregate: Aggregate, data: st.DataObject
) -> None:
    happenings = followed(records_of(aggregate))
    start, end = sorted(
        data.draw(st.lists(st.integers(0, len(happenings)), min_size=2, max_size=2))
    )
    states: list[Any] = [{}, *(happening.after for happening in happenings)]
    step_by_step, at_once = plain(states[start]), plain(states[start])
    for happening in happenings[start:end]:
        applied(step_by_step, listed(happening.changes))
    applied(at_once, listed(changes_between(states[start], states[end])))
    assert without_nothing(step_by_step) == without_nothing(at_once)


class Thing(msgspec.Struct, frozen=True):
    id: int
    name: str
    parts: list[str] = []


def test_elements_are_compared_by_their_ids_wherever_they_stand() -> None:
    before = {"things": [Thing(1, "a"), Thing(2, "b"), Thing(3, "c")]}
    after = {"things": [Thing(1, "a"), Thing(3, "C"), Thing(4, "d")]}
    found = [(written(path), old, new) for path, old, new in changes_between(before, after)]
    assert found == [
        ("things[1]", Thing(2, "b"), None),
        ("things[2].name", "c", "C"),
        ("things[2]", None, Thing(4, "d")),
    ]


def test_a_list_in_another_order_has_changed_as_a_whole() -> None:
    before, after = [Thing(1, "a"), Thing(2, "b")], [Thing(2, "b"), Thing(1, "a")]
    (change,) = changes_between({"things": before}, {"things": after})
    assert (written(change.path), change.before, change.after) == ("things", before, after)


def test_a_number_that_becomes_a_truth_value_has_changed() -> None:
    assert changes_between({"done": 1}, {"done": True})


def test_what_can_not_be_read_is_passed_over_and_said() -> None:
    course = Course.create(id=uuid4(), title="a", description="b", created_by=None, at=NOON)
    course.add_module(module_id=uuid4(), title="m", at=NOON)
    course.archive(reason=None, at=NOON)
    one, two, three = records_of(course)
    broken = msgspec.structs.replace(two, type="course.owl_seen.v1")
    life = Life(course.id, MAPPER)
    happenings = list(follow(life, [one, broken, three]))
    assert [each.unreadable is None for each in happenings] == [True, False, True]
    assert life.unreadable == [2]
    assert life.state["status"] == "archived"


def test_an_event_in_an_old_form_is_told_as_one_of_today() -> None:
    course = Course.create(id=uuid4(), title="a", description="b", created_by=None, at=NOON)
    course.change_details(title="c", topic="d", at=NOON)
    one, two = records_of(course)
    data = msgspec.json.decode(two.data)
    del data["cleared"]
    old = msgspec.structs.replace(
        two, type="course.details_changed.v1", data=msgspec.json.encode(data)
    )
    (_, happening) = followed([one, old])
    assert happening.unreadable is None
    assert {written(change.path): change.after for change in happening.changes} == {
        "title": "c",
        "topic": "d",
    }


def test_every_type_of_event_has_words() -> None:
    topics = {topic_of(event_type.name) for event_type in TYPES}
    assert sorted(topics - WORDS.keys()) == [], "give it words in read_api/lives/*_words.py"
    assert sorted(WORDS.keys() - topics) == [], "there is no such type of event"


@pytest.mark.parametrize("topic", sorted(WORDS))
def test_words_name_what_there_is(topic: str) -> None:
    (event_type,) = (each for each in TYPES if topic_of(each.name) == topic)
    words, fields = WORDS[topic], samples.plausible(event_type)
    state = dict.fromkeys(event_type.aggregate.__annotations__, 1)
    kept = [name for name in words.keeps if isinstance(name, str)]
    parts = [part for part in words.keeps if isinstance(part, Part)]
    assert {*kept, *(p.key for p in parts), *(p.value for p in parts)} <= fields.keys()
    for text in (words.text, words.again):
        if text is not None:
            facts = Facts(self_id=uuid4(), fields=fields, before=state, after=state, names={})
            said = text.format_map(facts)
            assert UNKNOWN not in said
            assert not said.endswith(".")
    for name in (words.doer, words.machine, words.again_when):
        assert not name or name == "self" or name in fields or name in state


def test_a_type_without_words_is_told_by_its_name() -> None:
    metadata = Metadata(correlation_id=uuid4(), command_id=uuid4(), command="SeeOwl")
    facts = Facts(self_id=uuid4(), fields={}, before={}, after={}, names={})
    assert sentence("owl.was_seen.v1", facts, metadata, {}) == "Owl was seen by the system."


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "nothing"),
        ("", "nothing"),
        (True, "yes"),
        (40.0, "40"),
        (66.66, "66.66"),
        ("a" * 300, "“" + "a" * 200 + "…”"),
        (Role.DEPARTMENT_ADMIN, "department admin"),
        (NOON, "14 March 2026, 12:00 UTC"),
        ([Role.ADMIN, Role.AUDITOR, Role.MANAGER], "admin, auditor and manager"),
        (list(range(30)), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 20 more"),
        ([], "none"),
        ({"sql": 3}, "“sql”: 3"),
        ({"b", "a"}, "“a” and “b”"),
        (Thing(1, "wheel"), "“wheel”"),
    ],
)
def test_values_are_told_in_words(value: object, words: str) -> None:
    assert say(value, {}) == words
