"""One learner's way through a course, from the catalogue to the certificate and the numbers."""

from io import BytesIO
from typing import Any

from pypdf import PdfReader

from tests.journey.cast import RIGHT, Cast, Learner, WrittenCourse
from tests.journey.lms import Json, Lms, Person, body_of, eventually


def test_a_learner_goes_all_the_way(
    cast: Cast, instructor: Person, manager: Person, auditor: Person
) -> None:
    """The whole story; the other tests look closer at each of its parts."""
    course = cast.a_course(instructor)
    learner = cast.somebody()

    found = learner.lists("/courses", q=course.title)
    assert [each["id"] for each in found] == [course.id]
    enrollment = learner.enrolls_in(course)
    for lesson in course.lessons:
        learner.studies(enrollment, lesson)
    attempt = learner.begins(course.assessment)
    result = learner.hands_in(attempt, learner.ticks(course.assessment, RIGHT))
    assert (result["score"], result["passed"]) == (100, True)

    certificate = learner.certificate(course)
    assert learner.sees(f"/enrollments/{enrollment}")["status"] == "completed"
    learner.creates("/feedback", {"course_id": course.id, "rating": 5, "feedback_text": "Clear."})
    learner.is_told("survey", course.survey)
    learner.creates(f"/surveys/{course.survey}/responses", {"answers": _opinion(learner, course)})
    recommendation = {"course_id": course.id, "text": "Do it.", "rating": 5, "anonymous": False}
    testimonial = learner.creates("/testimonials", recommendation)
    instructor.changes("POST", f"/testimonials/{testimonial}/approve")

    shown = manager.lists("/testimonials", course_id=course.id)
    assert [each["text"] for each in shown] == ["Do it."]
    assert certificate["course_title"] == course.title
    life = auditor.lists(f"/audit/streams/{enrollment}", limit=100)
    assert life[0]["event"]["type"] == "enrollment.created.v1"
    assert life[-1]["event"]["type"] == "enrollment.completed.v1"
    trace = auditor.sees(f"/audit/trace/{certificate['id']}")
    (reaction,) = [each for each in trace["roots"][0]["because"] if each["why"] == "reaction"]
    assert reaction["event"]["position"] == life[-1]["position"]


def test_progress_is_seen_at_once(learner: Learner, course: WrittenCourse) -> None:
    enrollment = learner.enrolls_in(course)
    learner.studies(enrollment, course.lessons[0], percent=40, bookmark="page 3")
    seen = learner.sees(f"/enrollments/{enrollment}")
    assert (seen["status"], seen["percent"]) == ("active", 20)
    first = seen["lessons"][0]
    assert (first["percent"], first["seconds"], first["bookmark"]) == (40, 60, "page 3")


def test_lessons_alone_dont_complete_a_course(learner: Learner, course: WrittenCourse) -> None:
    enrollment = learner.enrolls_in(course)
    for lesson in course.lessons:
        learner.studies(enrollment, lesson)
    seen = learner.sees(f"/enrollments/{enrollment}")
    assert (seen["status"], seen["percent"]) == ("active", 100)
    assert learner.lists("/certificates", course_id=course.id) == []


def test_a_failed_attempt_is_graded_and_may_be_repeated(
    learner: Learner, course: WrittenCourse
) -> None:
    learner.enrolls_in(course)
    attempt = learner.begins(course.assessment)
    result = learner.hands_in(attempt, learner.ticks(course.assessment, "5"))
    assert (result["score"], result["passed"], result["max_points"]) == (0, False, 2)
    assert [each["correct"] for each in result["feedback"]] == [False, False]
    assert learner.sees(f"/attempts/{attempt}")["passed"] is False
    assert learner.begins(course.assessment) != attempt


def test_completion_is_certified_and_told_and_asked_about(
    learner: Learner, course: WrittenCourse
) -> None:
    enrollment = learner.completes(course)
    certificate = learner.certificate(course)
    learner.is_told("enrollment", enrollment)
    told = learner.is_told("certificate", certificate["id"])
    assert course.title in told["text"]
    assert learner.is_told("survey", course.survey)["read_at"] is None
    learner.changes("POST", f"/notifications/{told['id']}/read")
    assert learner.is_told("certificate", certificate["id"])["read_at"] is not None


def test_anyone_can_verify_a_certificate(lms: Lms, learner: Learner, course: WrittenCourse) -> None:
    learner.completes(course)
    certificate = learner.certificate(course)
    verified = body_of(lms.http.get(f"/verify/{certificate['number']}"), 200)
    assert (verified["status"], verified["course_title"]) == ("valid", course.title)
    page = lms.http.get(f"/verify/{certificate['number']}", headers={"Accept": "text/html"})
    assert page.headers["Content-Type"].startswith("text/html")
    assert lms.http.get("/verify/0000-0000-0000").status_code == 404


def test_a_revoked_certificate_says_so(
    lms: Lms, admin: Person, learner: Learner, course: WrittenCourse
) -> None:
    learner.completes(course)
    certificate = learner.certificate(course)
    path = f"/certificates/{certificate['id']}"
    admin.changes("POST", f"{path}/revoke", {"reason": "The exam was stolen."})
    assert learner.sees(path)["status"] == "revoked"
    assert body_of(lms.http.get(f"/verify/{certificate['number']}"), 200)["status"] == "revoked"


def test_the_certificate_is_a_pdf_with_the_name_of_its_holder(
    learner: Learner, course: WrittenCourse
) -> None:
    learner.completes(course)
    certificate = learner.certificate(course)
    pdf = learner.asks(f"/certificates/{certificate['id']}/pdf")
    assert pdf.status_code == 200
    assert pdf.headers["Content-Type"] == "application/pdf"
    pages = PdfReader(BytesIO(pdf.content), strict=True).pages
    assert len(pages) == 1
    text = " ".join(pages[0].extract_text().split())
    for words in (certificate["holder_name"], certificate["course_title"], certificate["number"]):
        assert words in text


def test_what_was_said_is_counted(
    instructor: Person, learner: Learner, course: WrittenCourse
) -> None:
    learner.completes(course)
    answers = _opinion(learner, course)
    learner.creates(f"/surveys/{course.survey}/responses", {"answers": answers})
    results = instructor.sees(f"/surveys/{course.survey}/results")
    assert results["responses"] >= 1


def test_a_rejected_testimonial_is_shown_to_its_author_only(
    instructor: Person, learner: Learner, stranger: Learner, course: WrittenCourse
) -> None:
    learner.enrolls_in(course)
    words = {"course_id": course.id, "text": "Buy my book.", "rating": 1, "anonymous": True}
    testimonial = learner.creates("/testimonials", words)
    instructor.changes("POST", f"/testimonials/{testimonial}/reject", {"reason": "An advert."})
    assert testimonial in _ids(learner.lists("/testimonials", course_id=course.id))
    assert testimonial not in _ids(stranger.lists("/testimonials", course_id=course.id))


def test_audit_shows_who_did_what_when_and_why(
    lms: Lms, auditor: Person, admin: Person, learner: Learner
) -> None:
    id = learner.id
    sent = admin.sends("POST", f"/users/{id}/deactivate", {"reason": "Left the company."})
    assert sent.status_code == 200
    lms.position = max(lms.position, int(sent.headers["Lms-Position"]))
    told = auditor.lists(f"/audit/streams/{id}", limit=100)[-1]
    assert told["sentence"].endswith(", because “Left the company”.")
    assert [change["text"] for change in told["changes"]] == [
        "Account active: changed from yes to no"
    ]
    last = told["event"]
    assert last["type"] == "learner.deactivated.v1"
    assert last["actor"]["id"] == admin.id
    assert last["command"] == "DeactivateLearner"
    assert last["data"]["reason"] == "Left the company."
    assert last["correlation_id"] == sent.headers["X-Correlation-ID"]
    assert last["client"]["address"] == "127.0.0.1"
    assert last["recorded_at"] >= last["happened_at"]


def test_the_numbers_show_it_within_seconds(
    analyst: Person, learner: Learner, course: WrittenCourse
) -> None:
    enrollment = learner.completes(course)

    def look() -> Json | None:
        answer = analyst.asks("/analytics/progress", course_id=course.id, limit=1000)
        rows = answer.json()["items"] if answer.status_code == 200 else []
        mine = (row for row in rows if row["learner_id"] == learner.id and row["completed"])
        return next(mine, None)

    row = eventually(look, "the completion in DuckDB")
    assert (row["course_title"], row["mean_percent"], row["seconds"]) == (course.title, 100, 120)
    sql = f"SELECT count(*) AS events FROM raw.events WHERE stream_id = '{enrollment}'"
    table = analyst.sees("/analytics/sql", query=sql)
    assert (table["columns"], table["rows"]) == (["events"], [[7]])
    assert analyst.sees("/analytics")["completion_rate"] > 0
    today = analyst.lists("/analytics/engagement")[-1]
    assert today["lessons_completed"] >= len(course.lessons)


def test_analysts_ask_in_sql_for_what_is_in_the_warehouse_only(
    analyst: Person, instructor: Person
) -> None:
    csv = analyst.asks("/analytics/sql", query="SELECT 1 AS one", format="csv")
    assert csv.headers["Content-Type"].startswith("text/csv")
    assert csv.text.split() == ["one", "1"]
    for sql in (
        "SELECT * FROM read_text('/etc/passwd')",
        "COPY (SELECT 1) TO '/tmp/out.csv'",
        "DROP TABLE raw.events",
        "SELECT 1; DROP TABLE raw.events",
        "SET threads = 1",
    ):
        refused = analyst.asks("/analytics/sql", query=sql)
        assert refused.status_code == 422, f"{sql}: {refused.status_code} {refused.text}"
    assert instructor.asks("/analytics/sql", query="SELECT 1").status_code == 403


def _opinion(learner: Person, course: WrittenCourse) -> list[Json]:
    given: dict[str, dict[str, Any]] = {
        "rating": {"rating": 5},
        "nps": {"rating": 9},
        "text": {"text": "Nothing."},
    }
    questions = learner.sees(f"/surveys/{course.survey}")["questions"]
    return [{"question_id": each["id"], **given[each["kind"]]} for each in questions]


def _ids(items: list[Json]) -> set[str]:
    return {each["id"] for each in items}
