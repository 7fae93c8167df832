"""Views of people who are erased, and of records that have expired."""

from __future__ import annotations

from typing import Final
from uuid import UUID, uuid4

import psycopg
import pytest

from domain import testimonial
from domain.aggregate import ERASED, Aggregate
from domain.certificate import Certificate
from domain.directory_entry import DirectoryEntry
from domain.feedback import Feedback
from domain.learner import Learner
from domain.retention import ExpiredRecord, RecordKind
from domain.roles import Role
from domain.survey import SurveyQuestion, SurveyQuestionKind
from domain.survey_answers import SurveyAnswer
from domain.survey_response import SurveyResponse
from event_store.erasure import destroyed_statements
from projections import scrub
from projections.catalogue import named
from projections.connection import connect
from projections.opening import open_live
from projections.retry import retry
from projections.source import Source
from projections.verify import verify
from tests.projections.history import History
from tests.projections.story import AT, Story, a_uuid
from tests.servers.postgres import Database

ANN, COURSE, ENROLLMENT, QUESTION, SURVEY = (a_uuid(number) for number in range(1, 6))
MARK: Final = "zaphod42"


def ann() -> Learner:
    learner = Learner.register(
        id=ANN,
        username=MARK,
        email=f"{MARK}@example.com",
        full_name=f"Ann {MARK}",
        roles=[Role.EMPLOYEE],
        department="Sales",
        job_role=f"Chief {MARK}",
        at=AT[0],
    )
    names = {name: f"{name} {MARK}" for name in ("external_id", "given_name", "family_name")}
    entry = learner.directory_entry
    given = {name: getattr(entry, name) for name in DirectoryEntry.__struct_fields__}
    learner.provision(
        DirectoryEntry(**{**given, **names, "employee_number": MARK}), department_id=None, at=AT[0]
    )
    return learner


def what_ann_said() -> list[Aggregate]:
    question = SurveyQuestion(
        id=QUESTION, kind=SurveyQuestionKind.TEXT, prompt="Why?", required=False, choices=[]
    )
    return [
        Feedback.submit(learner_id=ANN, course_id=COURSE, rating=4, feedback_text=MARK, at=AT[1]),
        testimonial.Testimonial.submit(
            id=uuid4(),
            course_id=COURSE,
            learner_id=ANN,
            text=MARK,
            rating=5,
            anonymous=False,
            at=AT[1],
        ),
        Certificate.issue(
            learner_id=ANN,
            course_id=COURSE,
            course_title="Rust",
            course_version=1,
            enrollment_id=ENROLLMENT,
            holder_name=f"Ann {MARK}",
            completed_at=AT[1],
            at=AT[1],
        ),
        SurveyResponse.submit(
            survey_id=SURVEY,
            course_id=COURSE,
            learner_id=ANN,
            questions=[question],
            answers=[SurveyAnswer(question_id=QUESTION, text=MARK)],
            at=AT[1],
        ),
    ]


def erase(learner: Learner, database: Database) -> Learner:
    """The decision, and the key destroyed as the command does it."""
    learner.erase(erasure_id=uuid4(), legal_basis="consent-withdrawn", at=AT[2])
    with psycopg.connect(database.owner_url) as owner:
        for statement, params in destroyed_statements(learner.id):
            owner.execute(statement, params)
    return learner


def tables_with_the_mark(database: Database) -> set[tuple[str, str]]:
    with psycopg.connect(database.owner_url) as owner:
        found = owner.execute(
            "SELECT schemaname, tablename FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        return {
            (schema, table)
            for schema, table in found
            if owner.execute(
                f'SELECT 1 FROM "{schema}"."{table}" t WHERE t::text LIKE %s',
                (f"%{MARK}%",),
            ).fetchone()
        }


def test_every_table_with_clear_personal_data_is_one_that_is_rewritten(
    story: Story, source: Source, database: Database
) -> None:
    """A new column has to say so, or old bytes of it would stay after an erasure."""
    story.given(ann(), *what_ann_said())
    with connect(source.conninfo) as connection:
        found = {(schema, table) for schema, table, _ in scrub.tables(connection)}
    # The role in the company is no name: it stands in the log in clear.
    marked = tables_with_the_mark(database) - {("event_store", "events")}
    assert len(marked) >= 6
    assert marked <= found


def test_views_say_erased_person_and_equal_what_is_built_from_history(
    story: Story, source: Source, database: Database
) -> None:
    learner, report = (
        ann(),
        Learner.register(
            id=a_uuid(9),
            username="bob",
            email="bob@example.com",
            full_name="Bob",
            roles=[Role.EMPLOYEE],
            manager_id=ANN,
            at=AT[0],
        ),
    )
    story.given(learner, report, *what_ann_said())
    counts = "SELECT (SELECT count(*) FROM learner), (SELECT sum(rating_sum) FROM course_rating)"
    before = story.row(counts)
    story.given(erase(learner, database))

    assert tables_with_the_mark(database) == {("event_store", "events")}
    assert story.row(counts) == before
    row = story.row("SELECT * FROM learner WHERE id = %s", ANN)
    assert (row["full_name"], row["email"], row["username"]) == (ERASED,) * 3
    assert (row["active"], row["roles"], row["job_role"]) == (False, [], None)
    assert row["department"] == "Sales"
    assert story.row("SELECT manager_id FROM learner WHERE id = %s", report.id) == {
        "manager_id": None
    }
    assert story.row("SELECT feedback_text, rating FROM feedback") == {
        "feedback_text": ERASED,
        "rating": 4,
    }
    assert story.row("SELECT holder_name FROM certificate") == {"holder_name": ERASED}
    assert story.row("SELECT text FROM survey_answer") == {"text": None}
    assert story.row("SELECT deprovisioned FROM scim_user WHERE id = %s", ANN)["deprovisioned"]
    for name in ("learner", "scim_user", "feedback", "testimonial", "certificate", "survey"):
        assert verify(named(name), source).holds, name


def test_an_erasure_does_not_wait_behind_a_parked_event(
    story: Story, source: Source, database: Database
) -> None:
    learner, projection = ann(), named("learner")
    story.given(learner)
    schema = f"learner_v{projection.version}"
    with connect(source.conninfo, schema) as owner:
        owner.execute("ALTER TABLE learner ADD CONSTRAINT stops CHECK (language <> 'xx')")
        learner.update(language="xx", at=AT[1])
        story.given(learner)
        story.given(erase(learner, database))
        name = "SELECT full_name, active, language FROM learner WHERE id = %s"
        assert story.row(name, ANN) == {"full_name": ERASED, "active": False, "language": "en"}

        owner.execute("ALTER TABLE learner DROP CONSTRAINT stops")
        assert retry(projection, source).still_parked == 0
        assert story.row(name, ANN) == {"full_name": ERASED, "active": False, "language": "xx"}
    assert verify(projection, source).holds


def test_what_comes_after_an_erasure_is_not_unsealed_by_a_key_from_before(
    story: Story, source: Source, history: History, database: Database
) -> None:
    """Both are in one batch, and the projector has the key in memory."""
    learner = ann()
    story.given(learner)
    open_live(named("feedback"), source).close()
    late = Feedback.submit(learner_id=ANN, course_id=COURSE, rating=4, feedback_text=MARK, at=AT[1])
    history.record(erase(learner, database))
    history.record(late)
    open_live(named("feedback"), source).close()
    assert story.row("SELECT feedback_text FROM feedback") == {"feedback_text": ERASED}


def expired(kind: RecordKind, id: UUID) -> ExpiredRecord:
    return ExpiredRecord.expire(
        kind=kind, record_id=id, learner_id=ANN, course_id=COURSE, ended_at=AT[1], at=AT[3]
    )


@pytest.mark.parametrize(
    ("number", "kind", "table"),
    [
        (0, RecordKind.FEEDBACK, "feedback"),
        (1, RecordKind.TESTIMONIAL, "testimonial"),
        (2, RecordKind.CERTIFICATE, "certificate"),
    ],
)
def test_what_has_expired_is_gone_from_its_view_and_still_counts(
    story: Story, source: Source, number: int, kind: RecordKind, table: str
) -> None:
    record = what_ann_said()[number]
    story.given(record)
    story.given(expired(kind, record.id))
    assert story.rows(f"SELECT * FROM {table}") == []
    assert story.row("SELECT kind FROM expired_record") == {"kind": kind}
    if kind is RecordKind.FEEDBACK:
        assert story.row("SELECT ratings FROM course_rating") == {"ratings": 1}
    assert verify(named(table), source).holds


def test_a_signed_sheet_that_has_expired_is_nobodys_and_still_counts(story: Story) -> None:
    sheet = what_ann_said()[3]
    story.given(sheet)
    story.given(expired(RecordKind.SURVEY_RESPONSE, sheet.id))
    assert story.row("SELECT learner_id FROM survey_response") == {"learner_id": None}
    assert story.row("SELECT text FROM survey_answer") == {"text": None}


def test_feedback_given_again_after_it_has_expired_is_seen_again(story: Story) -> None:
    feedback = Feedback.submit(
        learner_id=ANN, course_id=COURSE, rating=2, feedback_text="Slow", at=AT[0]
    )
    story.given(feedback)
    story.given(expired(RecordKind.FEEDBACK, feedback.id))
    feedback.revise(rating=5, feedback_text="Better", at=AT[4])
    story.given(feedback)
    assert story.row("SELECT rating, feedback_text, version FROM feedback") == {
        "rating": 5,
        "feedback_text": "Better",
        "version": 2,
    }
    assert story.row("SELECT ratings, rating_sum FROM course_rating") == {
        "ratings": 2,
        "rating_sum": 7,
    }
