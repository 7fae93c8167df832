"""Which events are found by what is known of them, in which pages."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest
from hypothesis import given as each
from hypothesis import strategies as st

from commands.course import ArchiveCourse, ChangeCourseDetails
from domain.course import Course
from domain.enrollment import Enrollment
from read_api import audit_search
from read_api.audit_page import Order, Place, Way
from read_api.audit_search import HIGHEST, LOWEST, Question, Stretch
from tests.commands.system import ADMIN, Given, Person, System
from tests.read_api.reading import Json, Reading
from tests.servers.postgres import Database

EVENTS = "/audit/events"


def found(reading: Reading, by: Person, **params: object) -> list[Json]:
    items: list[Json] = reading.ok(EVENTS, by, params=params)["items"]
    return items


def types(items: Sequence[Json]) -> list[str]:
    return [item["type"] for item in items]


def append(database: Database, stream: UUID, *, at: datetime, versions: Sequence[int]) -> None:
    """Events that nobody here knows, all recorded at one instant."""
    with psycopg.connect(database.owner_url) as owner:
        for version in versions:
            owner.execute(
                "INSERT INTO event_store.events"
                " (position, stream_id, stream_type, version, type, data, metadata, recorded_at)"
                " VALUES ((pg_current_xact_id()::text::bigint << 16) + %s, %s, 'owl', %s,"
                """ 'owl.seen.v1', '{"wings": 2}', '{"correlation_id":"""
                """ "00000000-0000-0000-0000-000000000001", "command_id":"""
                """ "00000000-0000-0000-0000-000000000002", "command": "SeeOwl"}', %s)""",
                (version, stream, version, at),
            )


def test_a_subject_is_a_stream_and_whatever_is_about_it(
    reading: Reading,
    a_learner: Person,
    a_published_course: Course,
    an_open_enrollment: Enrollment,
    an_auditor: Person,
) -> None:
    about_both = {"subject": [str(a_learner.id), str(a_published_course.id)]}
    (enrolled,) = found(reading, an_auditor, **about_both, stream_type="enrollment")
    assert enrolled["stream_id"] == str(an_open_enrollment.id)
    about_course = types(
        found(reading, an_auditor, subject=str(a_published_course.id), order="oldest")
    )
    assert about_course[0] == "course.created.v1"
    assert "enrollment.created.v1" in about_course
    of_course = found(reading, an_auditor, stream_id=str(a_published_course.id))
    assert {item["stream_id"] for item in of_course} == {str(a_published_course.id)}


def test_one_of_several_types_or_kinds_is_enough(
    reading: Reading, a_published_course: Course, an_auditor: Person
) -> None:
    course = {"stream_id": str(a_published_course.id), "order": "oldest"}
    several = found(
        reading, an_auditor, **course, type=["course.created", "course.published.v1", "x.y"]
    )
    assert types(several) == ["course.created.v1", "course.published.v1"]
    kinds = found(reading, an_auditor, **course, stream_type=["learner", "course"])
    assert len(kinds) == a_published_course.version
    assert found(reading, an_auditor, **course, type="course.published.v7") == []


def test_filters_are_all_to_hold(
    reading: Reading,
    system: System,
    a_published_course: Course,
    an_instructor: Person,
    a_stranger: Person,
    an_auditor: Person,
) -> None:
    correlation_id = uuid4()
    system.dispatch(
        ArchiveCourse(course_id=a_published_course.id),
        an_instructor.actor,
        on_behalf_of=a_stranger.id,
        correlation_id=correlation_id,
        source_address="203.0.113.9",
    )
    everything = {
        "actor": str(an_instructor.id),
        "subject": str(a_published_course.id),
        "stream_id": str(a_published_course.id),
        "stream_type": "course",
        "type": "course.archived",
        "correlation_id": str(correlation_id),
        "source_address": "203.0.113.9",
        "from": "2026-01-01T00:00:00Z",
        "to": "2100-01-01T00:00:00Z",
    }
    (archived,) = found(reading, an_auditor, **everything)
    assert found(reading, an_auditor, **everything | {"actor": str(a_stranger.id)}) == [archived]
    others = {
        "actor": str(uuid4()),
        "subject": str(an_auditor.id),
        "stream_id": str(an_auditor.id),
        "stream_type": "learner",
        "type": "course.created",
        "correlation_id": str(uuid4()),
        "source_address": "203.0.113.8",
        "from": "2100-01-01T00:00:00Z",
        "to": "2026-01-01T00:00:00Z",
    }
    for name, value in others.items():
        assert found(reading, an_auditor, **everything | {name: value}) == [], name


def test_an_address_is_found_however_it_is_written_until_its_person_is_erased(
    reading: Reading,
    system: System,
    given: Given,
    shared_database: Database,
    a_published_course: Course,
    an_auditor: Person,
) -> None:
    erased, other, course = given.a_person(), given.a_person(), a_published_course
    for person in (erased, other):
        system.dispatch(
            ChangeCourseDetails(course_id=course.id, title=str(uuid4())),
            msgspec.structs.replace(ADMIN, id=person.id),
            source_address="2001:db8::17",
        )
    reading.project()
    with psycopg.connect(shared_database.owner_url) as owner:
        indexed = owner.execute(
            "SELECT count(*) FROM read_models.audit_address WHERE actor = ANY(%s)",
            ([erased.id, other.id],),
        ).fetchone()
        assert indexed == (2,)
        owner.execute(
            "UPDATE event_store.personal_keys SET wrapped_key = NULL, destroyed_at = now()"
            " WHERE person_id = %s",
            (erased.id,),
        )
    by_address = {"source_address": "2001:0DB8:0:0:0:0:0:17", "stream_id": str(course.id)}
    (left,) = found(reading, an_auditor, **by_address)
    assert left["actor"]["id"] == str(other.id)


def test_a_time_range_is_exact_though_positions_may_stand_in_another_order(
    reading: Reading, shared_database: Database, an_auditor: Person
) -> None:
    stream, noon = uuid4(), datetime(2031, 5, 4, 12, tzinfo=UTC)
    seconds = [-61, -1, 0, -0.5, 30, 59.5, 60, 59, 61]
    for version, second in enumerate(seconds, start=1):
        at = noon + timedelta(seconds=second)
        append(shared_database, stream, at=at, versions=[version])

    def within(since: float | None, until: float | None) -> set[int]:
        bounds = {"from": since, "to": until}
        params = {
            name: (noon + timedelta(seconds=second)).isoformat()
            for name, second in bounds.items()
            if second is not None
        }
        return {item["version"] for item in found(reading, an_auditor, stream_id=stream, **params)}

    for since in (None, -0.5, 0, 59.5, 60):
        for until in (None, -0.5, 0.1, 60):
            expected = {
                version
                for version, second in enumerate(seconds, start=1)
                if (since is None or second >= since) and (until is None or second < until)
            }
            assert within(since, until) == expected, (since, until)


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_pages_lead_both_ways_over_the_log_as_it_was_while_it_grows(
    reading: Reading, shared_database: Database, an_auditor: Person, order: str
) -> None:
    stream, versions = uuid4(), iter(range(1, 1_000))

    def grow() -> None:
        append(shared_database, stream, at=datetime.now(UTC), versions=[next(versions)])

    for _ in range(7):
        grow()
    asked = {"stream_id": str(stream), "order": order, "limit": 3}

    def page(cursor: str | None) -> Json:
        grow()
        params = asked if cursor is None else asked | {"cursor": cursor}
        return reading.ok(EVENTS, an_auditor, params=params)

    pages = [page(None)]
    while cursor := pages[-1]["next_cursor"]:
        pages.append(page(cursor))
    seen = [[item["version"] for item in each["items"]] for each in pages]
    ascending = [list(range(1, 9))[start : start + 3] for start in (0, 3, 6)]
    descending = [list(range(8, 0, -1))[start : start + 3] for start in (0, 3, 6)]
    assert seen == (ascending if order == "oldest" else descending)
    assert pages[0]["previous_cursor"] is None
    back = [pages[-1]]
    while cursor := back[-1]["previous_cursor"]:
        back.append(page(cursor))
    assert [[item["version"] for item in each["items"]] for each in back] == seen[::-1]
    forth = page(back[-1]["next_cursor"])
    assert [item["version"] for item in forth["items"]] == seen[1]


def test_reading_to_the_end_comes_to_an_end_though_each_page_is_recorded(
    reading: Reading, an_auditor: Person
) -> None:
    params = {"actor": str(an_auditor.id), "order": "oldest", "limit": 1}
    cursor, pages = None, 0
    while pages == 0 or cursor is not None:
        page = reading.ok(
            EVENTS, an_auditor, params=params | ({"cursor": cursor} if cursor else {})
        )
        cursor, pages = page["next_cursor"], pages + 1
        assert pages < 5
    assert len(found(reading, an_auditor, actor=str(an_auditor.id))) == pages


def test_a_page_looks_at_so_many_events_at_most_and_its_cursor_goes_on(
    reading: Reading,
    given: Given,
    an_instructor: Person,
    an_auditor: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    person = given.a_person()
    for _ in range(4):
        given.an_enrollment(person, given.a_published_course(an_instructor))
    monkeypatch.setattr(audit_search, "WALK", 2)
    correlation_id = found(reading, an_auditor, stream_id=str(person.id))[0]["correlation_id"]
    for order in ("newest", "oldest"):
        params = {"subject": [str(person.id)], "actor": str(person.id), "order": order}
        cursor, seen, short = None, list[int](), 0
        while True:
            page = reading.ok(
                EVENTS, an_auditor, params=params | ({"cursor": cursor} if cursor else {})
            )
            seen += [item["position"] for item in page["items"]]
            if (cursor := page["next_cursor"]) is None:
                break
            short += 1
        assert len(seen) == 4
        assert seen == sorted(seen, reverse=order == "newest")
        assert short
    nothing = {"subject": str(person.id), "correlation_id": correlation_id, "actor": str(uuid4())}
    assert reading.ok(EVENTS, an_auditor, params=nothing)["next_cursor"] is None


@pytest.mark.parametrize(
    "params",
    [
        {"stream": str(UUID(int=1))},
        {"subject": "Rust"},
        {"subject": [str(UUID(int=number)) for number in range(6)]},
        {"actor": "somebody"},
        {"source_address": "the office"},
        {"from": "yesterday"},
        {"order": "random"},
        {"limit": "201"},
        {"cursor": "AAAA"},
        {"cursor": "not a cursor"},
    ],
    ids=str,
)
def test_what_can_not_be_a_filter_is_refused(
    reading: Reading, an_auditor: Person, params: dict[str, Any]
) -> None:
    answer = reading.get(EVENTS, an_auditor, params=params)
    assert answer.status_code == 422, answer.text
    (name,) = params
    assert answer.json()["errors"][0]["field"] == {"from": "since"}.get(name, name)


def test_a_cursor_is_good_for_its_own_order_only(reading: Reading, an_auditor: Person) -> None:
    cursor = reading.ok(EVENTS, an_auditor, params={"limit": 1})["next_cursor"]
    params = {"cursor": cursor, "order": "oldest"}
    assert reading.status(EVENTS, an_auditor, params=params) == 422


class Shelf:
    """Positions that are found as the index would find them, looking at so many at a time."""

    def __init__(self, positions: Sequence[int], hits: set[int], walk: int) -> None:
        self._positions = positions
        self._hits = hits
        self._walk = walk

    def find(self, question: Question, *, descending: bool, limit: int) -> Stretch:
        inside = [each for each in self._positions if question.above < each < question.below]
        walked = sorted(inside, reverse=descending)[: self._walk]
        hits = [each for each in walked if each in self._hits][:limit]
        whole = len(walked) < self._walk or len(hits) == limit
        return Stretch(hits, None if whole else walked[-1])

    def pages(self, order: Order, limit: int, cursor: str | None, way: Way) -> Iterator[Any]:
        while True:
            place = Place.of(cursor, order, 100)
            stretch = self.find(
                place.within(Question(above=LOWEST, below=HIGHEST)),
                descending=place.descending,
                limit=limit + 1,
            )
            following, previous = place.cursors(stretch, limit)
            yield list(place.shown(stretch, limit)), following, previous
            cursor = following if way is Way.NEXT else previous
            if cursor is None:
                return


@each(
    st.lists(st.integers(1, 100), unique=True, max_size=30),
    st.sampled_from(Order),
    st.integers(1, 5),
    st.integers(1, 8),
    st.data(),
)
def test_whatever_is_found_is_seen_once_each_way(
    positions: list[int], order: Order, limit: int, walk: int, data: st.DataObject
) -> None:
    hits = {each for each in positions if data.draw(st.booleans())}
    shelf = Shelf(positions, hits, walk)
    there = list(shelf.pages(order, limit, None, Way.NEXT))
    expected = sorted(hits, reverse=order is Order.NEWEST)
    assert [each for page, _, _ in there for each in page] == expected
    last, _, cursor = there[-1]
    if cursor is not None:
        back = list(shelf.pages(order, limit, cursor, Way.PREVIOUS))
        assert [each for page, _, _ in reversed(back) for each in page] + last == expected
