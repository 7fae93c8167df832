from datetime import date
from uuid import uuid4

import pytest

from projections.analytics import reports
from projections.analytics.reports import ProgressFilter, Scope
from projections.analytics.warehouse import Warehouse
from projections.analytics.writer import Writer
from tests.projections.analytics.story import Story

DAY = date(2026, 3, 2)


@pytest.fixture
def cursor(warehouse: Warehouse) -> reports.Cursor:
    return warehouse.cursor()


def test_an_empty_organisation_has_figures_too(cursor: reports.Cursor) -> None:
    figures = reports.dashboard(cursor, DAY)
    assert (figures["learners"], figures["completion_rate"]) == (0, None)
    assert len(figures["last_30_days"]) == 30


def test_the_dashboard_counts_a_journey(
    cursor: reports.Cursor, story: Story, writer: Writer
) -> None:
    _, course_id = story.finished_journey()
    course, lessons = story.course("Go")
    story.enrollment(story.learner(), course, lessons)
    writer.load(story.records)
    figures = reports.dashboard(cursor, DAY)
    assert figures["learners"] == 2
    assert figures["enrollments_by_status"] == {"active": 1, "completed": 1}
    assert (figures["completion_rate"], figures["average_score"]) == (0.5, 50)
    assert figures["average_rating"] == 4
    best = next(row for row in figures["by_course"] if row["course_id"] == course_id)
    assert (best["title"], best["enrollments"], best["completion_rate"]) == ("Rust", 1, 1)
    assert figures["last_30_days"][-1] == {
        "date": DAY,
        "enrollments": 2,
        "completed": 1,
        "active_learners": 1,
    }
    assert figures["data"]["position"] == writer.position


def test_progress_is_the_mean_over_lessons(
    cursor: reports.Cursor, story: Story, writer: Writer
) -> None:
    learner_id = story.learner()
    course_id, lessons = story.course(lessons=4)
    enrollment_id = story.enrollment(learner_id, course_id, lessons)
    for percent in (40, 60):
        story.happens(
            enrollment_id, "enrollment.progress_updated", learner_id=learner_id,
            course_id=course_id, lesson_id=lessons[0], percent=percent, seconds=30, bookmark=None,
        )  # fmt: skip
    writer.load(story.records)
    (row,) = reports.progress(cursor).items
    assert (row["mean_percent"], row["seconds"], row["completed"]) == (15, 60, 0)
    assert (row["course_title"], row["department"]) == ("Rust", "Sales")


@pytest.mark.parametrize("per", ["enrollment", "course", "learner", "department"])
def test_pages_of_progress_join_up(
    per: reports.Grouping, cursor: reports.Cursor, story: Story, writer: Writer
) -> None:
    for department in ("Sales", "Legal", "Finance"):
        learner_id = story.learner(department)
        course_id, lessons = story.course()
        story.enrollment(learner_id, course_id, lessons)
    writer.load(story.records)
    whole = reports.progress(cursor, per=per)
    first = reports.progress(cursor, per=per, limit=2)
    assert first.next_cursor is not None
    rest = reports.progress(cursor, per=per, limit=2, after=first.next_cursor)
    assert first.items + rest.items == whole.items
    assert (len(whole.items), rest.next_cursor) == (3, None)


def test_filters_and_scopes_leave_others_out(
    cursor: reports.Cursor, story: Story, writer: Writer
) -> None:
    mine, theirs = story.learner("Sales"), story.learner("Legal")
    course_id, lessons = story.course()
    other_id, other_lessons = story.course()
    story.enrollment(mine, course_id, lessons)
    story.enrollment(theirs, other_id, other_lessons)
    writer.load(story.records)

    def seen(where: ProgressFilter | None = None, scope: Scope | None = None) -> list[object]:
        page = reports.progress(cursor, where=where, scope=scope)
        return [row["learner_id"] for row in page.items]

    assert seen(ProgressFilter(department="Sales")) == [mine]
    assert seen(ProgressFilter(course_id=other_id)) == [theirs]
    assert seen(ProgressFilter(learner_id=mine)) == [mine]
    assert seen(ProgressFilter(from_=date(2026, 3, 3))) == []
    assert seen(scope=Scope(learner_ids=[mine])) == [mine]
    assert seen(scope=Scope(course_ids=[other_id])) == [theirs]
    assert seen(scope=Scope(learner_ids=[])) == []
    assert seen(scope=Scope(learner_ids=[uuid4()])) == []


def test_engagement_by_day_and_week(cursor: reports.Cursor, story: Story, writer: Writer) -> None:
    story.finished_journey()
    writer.load(story.records)
    (day,) = reports.engagement(cursor, per="day", from_=DAY, to=DAY)
    assert day == {
        "date": DAY,
        "logins": 1,
        "active_learners": 1,
        "active_days": 1,
        "seconds": 240,
        "lessons_completed": 2,
        "feedback": 1,
    }
    (week,) = reports.engagement(cursor, per="week", from_=DAY, to=date(2026, 3, 8))
    assert week["date"] == date(2026, 3, 2)
    nobody = Scope(learner_ids=[])
    assert reports.engagement(cursor, per="day", from_=DAY, to=DAY, scope=nobody) == []
