from typing import Any
from uuid import uuid4

import msgspec
import pytest

from projections.analytics.warehouse import Warehouse
from projections.analytics.writer import Writer
from tests.projections.analytics.story import SEALED, Story

FACTS = [
    "fact_enrollment",
    "fact_progress",
    "fact_attempt",
    "fact_answer",
    "fact_rating",
    "fact_login",
]


def rows(warehouse: Warehouse, query: str) -> list[tuple[Any, ...]]:
    return warehouse.cursor().execute(query).fetchall()


def everything(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    tables = [*FACTS, "dim_learner", "dim_course", "raw.events", "raw.parked"]
    return {table: rows(warehouse, f"FROM {table} ORDER BY ALL") for table in tables}


def test_a_journey_becomes_one_row_of_each_fact(
    story: Story, warehouse: Warehouse, writer: Writer
) -> None:
    story.finished_journey()
    assert writer.load(story.records) == len(story.records)
    counts = [rows(warehouse, f"SELECT count(*) FROM {fact}")[0][0] for fact in FACTS]
    assert counts == [1, 4, 1, 2, 1, 1]
    assert rows(warehouse, "SELECT status, lesson_count, score FROM fact_enrollment") == [
        ("completed", 2, 50.0)
    ]
    assert writer.position == story.records[-1].position


def test_answers_keep_what_was_chosen_and_what_it_earned(
    story: Story, warehouse: Warehouse, writer: Writer
) -> None:
    story.finished_journey()
    writer.load(story.records)
    found = rows(warehouse, "SELECT len(choices), correct, points FROM fact_answer ORDER BY ALL")
    assert found == [(1, True, 1), (None, False, 0)]


def test_what_was_cleared_has_no_value_any_more(
    story: Story, warehouse: Warehouse, writer: Writer
) -> None:
    learner_id = story.learner("Finance")
    story.happens(learner_id, "learner.updated", job_role="Clerk", cleared=[])
    story.happens(learner_id, "learner.updated", cleared=["department"])
    for record in story.records:
        writer.load([record])
    found = "SELECT department, job_role FROM dim_learner"
    assert rows(warehouse, found) == [(None, "Clerk")]
    story.happens(learner_id, "learner.updated", department="Legal", cleared=["job_role"])
    writer.load(story.records[-1:])
    assert rows(warehouse, found) == [("Legal", None)]


@pytest.mark.parametrize("at_once", [True, False])
def test_a_renamed_department_is_called_so_by_all_who_belong_to_it(
    story: Story, warehouse: Warehouse, writer: Writer, at_once: bool
) -> None:
    tools, gone, organization = uuid4(), uuid4(), uuid4()
    before, left, stranger = (story.learner("Tools") for _ in range(3))
    for each in (before, left):
        story.happens(each, "learner.updated", version=2, department="Tools", department_id=tools)
    course_id, _ = story.course()
    story.happens(
        course_id, "course.details_changed", version=2, department="Tools", department_id=tools
    )
    moved = {"department": "Legal", "department_id": gone}
    story.happens(left, "learner.updated", version=2, **moved)
    for name in ("Machines", "Machinery"):
        story.happens(
            organization, "organization.department_renamed", department_id=tools, name=name
        )
    if at_once:
        writer.load(story.records)
    else:
        for record in story.records:
            writer.load([record])
    found = rows(warehouse, "SELECT learner_id, department FROM dim_learner")
    assert dict(found) == {before: "Machinery", left: "Legal", stranger: "Tools"}
    assert rows(warehouse, "SELECT department FROM dim_course") == [("Machinery",)]


def test_what_a_directory_has_no_more_has_no_value_any_more(
    story: Story, warehouse: Warehouse, writer: Writer
) -> None:
    learner_id = story.learner("Finance")
    story.happens(learner_id, "learner.provisioned", job_role="Clerk", removed=["department"])
    writer.load(story.records)
    found = "SELECT department, job_role FROM dim_learner"
    assert rows(warehouse, found) == [(None, "Clerk")]


@pytest.mark.parametrize("size", [1, 2, 5])
def test_the_size_of_batches_makes_no_difference(size: int, story: Story, tmp_path: Any) -> None:
    story.finished_journey()
    learner_id = story.learner("Finance")
    story.happens(learner_id, "learner.updated", department="Legal", job_role=None)
    story.happens(learner_id, "learner.deactivated", reason="left")
    story.happens(learner_id, "learner.reactivated")
    found = []
    for batch in (len(story.records), size):
        warehouse = Warehouse(tmp_path / f"{batch}.duckdb")
        writer = Writer(warehouse.cursor())
        for start in range(0, len(story.records), batch):
            writer.load(story.records[start : start + batch])
        found.append(everything(warehouse))
        warehouse.close()
    assert found[0] == found[1]


def test_events_are_loaded_once_however_often_they_come(
    story: Story, warehouse: Warehouse, writer: Writer
) -> None:
    story.finished_journey()
    writer.load(story.records[:5])
    writer.load(story.records)
    before = everything(warehouse)
    assert writer.load(story.records) == 0
    assert everything(warehouse) == before


def test_the_position_moves_over_events_that_were_not_sent(writer: Writer) -> None:
    writer.load([], reached=77)
    assert writer.position == 77


def test_a_withdrawal_ends_and_a_return_reopens_an_enrolment(
    story: Story, warehouse: Warehouse, writer: Writer
) -> None:
    learner_id = story.learner()
    course_id, lessons = story.course()
    enrollment_id = story.enrollment(learner_id, course_id, lessons)
    both: dict[str, Any] = {"learner_id": learner_id, "course_id": course_id}
    story.happens(enrollment_id, "enrollment.withdrawn", **both, reason=None)
    writer.load(story.records)
    query = "SELECT status, withdrawn_at IS NULL, lesson_count FROM fact_enrollment"
    assert rows(warehouse, query) == [("withdrawn", False, 2)]
    story.happens(
        enrollment_id, "enrollment.reinstated", **both, course_version=2, lessons=lessons * 2,
        assessments=[], source="self", enrolled_by=learner_id, due_at=None,
    )  # fmt: skip
    writer.load(story.records)
    assert rows(warehouse, query) == [("active", True, 4)]


def test_an_anonymous_testimonial_names_no_learner(
    story: Story, warehouse: Warehouse, writer: Writer
) -> None:
    both: dict[str, Any] = {"learner_id": uuid4(), "course_id": uuid4()}
    for anonymous in (True, False):
        testimonial_id = uuid4()
        story.happens(
            testimonial_id, "testimonial.submitted", **both, text=SEALED, rating=5,
            anonymous=anonymous,
        )  # fmt: skip
        story.happens(testimonial_id, "testimonial.approved", **both, by=uuid4())
    writer.load(story.records)
    found = rows(warehouse, "SELECT learner_id IS NULL, status FROM fact_rating ORDER BY 1")
    assert found == [(False, "approved"), (True, "approved")]


def test_survey_answers_have_a_row_for_each_choice(
    story: Story, warehouse: Warehouse, writer: Writer
) -> None:
    answers = [
        {"question_id": uuid4(), "choices": [uuid4(), uuid4()], "rating": None, "text": None},
        {"question_id": uuid4(), "choices": [], "rating": 9, "text": None},
    ]
    story.happens(
        uuid4(), "survey_response.submitted", survey_id=uuid4(), course_id=None, learner_id=None,
        answers=answers, texts=None,
    )  # fmt: skip
    writer.load(story.records)
    found = rows(warehouse, "SELECT rating, choice_id IS NULL FROM fact_survey_answer ORDER BY 1")
    assert found == [(9, True), (None, False), (None, False)]


def test_notifications_know_when_they_were_read(
    story: Story, warehouse: Warehouse, writer: Writer
) -> None:
    notification_id = uuid4()
    story.happens(notification_id, "notification.created", learner_id=uuid4(), kind="due")
    story.happens(notification_id, "notification.read", learner_id=uuid4())
    writer.load(story.records)
    assert rows(warehouse, "SELECT read_at > created_at FROM fact_notification") == [(True,)]


def test_sealed_fields_never_reach_the_star(
    story: Story, warehouse: Warehouse, writer: Writer
) -> None:
    story.finished_journey()
    writer.load(story.records)
    tables = rows(warehouse, "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'")
    for (table,) in tables:
        assert SEALED not in repr(
            rows(
                warehouse,
                f"FROM {table} WHERE date IS NULL" if table == "dim_date" else f"FROM {table}",
            )
        )


def test_client_addresses_are_left_behind(
    story: Story, warehouse: Warehouse, writer: Writer
) -> None:
    story.happens(uuid4(), "learner.logged_in", method="password")
    writer.load(story.records)
    assert SEALED not in repr(rows(warehouse, "FROM raw.events"))


def test_a_bad_event_parks_with_what_follows_in_its_stream(
    story: Story, warehouse: Warehouse, writer: Writer
) -> None:
    learner_id = story.learner()
    course_id, lessons = story.course()
    bad = uuid4()
    story.happens(bad, "enrollment.created", learner_id="nobody", course_id=course_id)
    story.happens(
        bad, "enrollment.lesson_completed", learner_id=learner_id, course_id=course_id,
        lesson_id=lessons[0],
    )  # fmt: skip
    story.enrollment(learner_id, course_id, lessons)
    writer.load(story.records)
    parked = rows(warehouse, "SELECT error FROM raw.parked ORDER BY position")
    assert parked == [
        ("learner_id is not an id",),
        ("waits for an earlier event of its stream",),
    ]
    assert rows(warehouse, "SELECT count(*) FROM fact_enrollment") == [(1,)]
    assert writer.position == story.records[-1].position
    assert rows(warehouse, "SELECT count(*) FROM raw.events") == [(len(story.records),)]


def test_later_batches_wait_for_a_parked_event_too(
    story: Story, warehouse: Warehouse, writer: Writer
) -> None:
    learner_id = story.happens(uuid4(), "learner.registered", version=9).stream_id
    writer.load(story.records)
    story.happens(learner_id, "learner.logged_in", method="password")
    writer.load(story.records)
    assert rows(warehouse, "SELECT count(*) FROM raw.parked") == [(2,)]
    assert rows(warehouse, "SELECT count(*) FROM fact_login") == [(0,)]


def test_json_that_duckdb_refuses_parks_alone(
    story: Story, warehouse: Warehouse, writer: Writer
) -> None:
    story.learner()
    broken = story.happens(uuid4(), "course.created", title="x")
    story.records[-1] = msgspec.structs.replace(broken, data=b'{"title": "\\ud800"}')
    story.finished_journey()
    writer.load(story.records)
    assert rows(warehouse, "SELECT position FROM raw.parked") == [(broken.position,)]
    assert rows(warehouse, "SELECT count(*) FROM fact_enrollment") == [(1,)]


def test_parked_events_load_once_their_cause_is_gone(
    story: Story, warehouse: Warehouse, writer: Writer
) -> None:
    learner_id = story.happens(uuid4(), "learner.registered", version=9).stream_id
    story.happens(learner_id, "learner.logged_in", method="password")
    writer.load(story.records)
    assert writer.retry_parked() == 0
    warehouse.cursor().execute(
        "UPDATE raw.events SET type = 'learner.registered.v1' WHERE type LIKE '%.v9'"
    )
    assert writer.retry_parked() == 2
    assert rows(warehouse, "SELECT count(*) FROM fact_login") == [(1,)]
    assert rows(warehouse, "FROM raw.parked") == []
