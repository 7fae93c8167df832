"""What is refused, and how: the status, a stable type, the field at fault, the correlation id."""

import socket
from uuid import uuid4

import httpx
import msgspec
import pytest

from edge.app import MAX_BODY
from tests.journey.cast import Cast, Learner, WrittenCourse
from tests.journey.lms import Json, Lms, Person, body_of

NEW_COURSE = {"title": "A course", "description": "About something."}


def problem(answer: httpx.Response, status: int, code: str | None = None) -> Json:
    """The problem in an answer, after a look at what every problem has."""
    told = body_of(answer, status)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert told["type"] == f"/problems/{code}" if code else told["type"].startswith("/problems/")
    assert told["status"] == status
    assert told["correlation_id"] == answer.headers["X-Correlation-ID"]
    assert told["detail"]
    assert "Traceback" not in answer.text
    return told


def fields(answer: httpx.Response, status: int = 422) -> set[str]:
    """The fields that are at fault."""
    return {error["field"] for error in problem(answer, status)["errors"]}


def test_enrolling_twice_is_a_conflict(learner: Learner, course: WrittenCourse) -> None:
    learner.enrolls_in(course)
    again = learner.sends("POST", "/enrollments", {"course_id": course.id})
    problem(again, 409, "already-enrolled")


def test_a_stale_version_is_refused(cast: Cast, instructor: Person) -> None:
    course = cast.a_course(instructor)
    seen = instructor.asks(f"/courses/{course.id}").headers["ETag"]
    path, change = f"/courses/{course.id}", {"description": "It still adds up."}
    first = instructor.sends("PATCH", path, change, headers={"If-Match": seen})
    assert first.status_code == 200
    second = instructor.sends("PATCH", path, change, headers={"If-Match": seen})
    problem(second, 412, "version-mismatch")
    third = instructor.sends("PATCH", path, change, headers={"If-Match": first.headers["ETag"]})
    assert third.status_code == 200


def test_what_is_unchanged_isnt_sent_again(instructor: Person, course: WrittenCourse) -> None:
    path = f"/courses/{course.id}"
    tag = instructor.asks(path).headers["ETag"]
    again = instructor.sends("GET", path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_a_command_repeated_under_its_key_is_carried_out_once(instructor: Person) -> None:
    title = f"Once {uuid4().hex}"
    key = {"Idempotency-Key": str(uuid4())}
    body = NEW_COURSE | {"title": title}
    answers = [instructor.sends("POST", "/courses", body, headers=key) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert len({answer.headers["Location"] for answer in answers}) == 1
    mine = [each for each in instructor.lists("/courses", q=title) if each["title"] == title]
    assert len(mine) <= 1


def test_a_key_used_for_something_else_is_refused(instructor: Person) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    assert instructor.sends("POST", "/courses", NEW_COURSE, headers=key).status_code == 201
    other = NEW_COURSE | {"title": "Another course"}
    refused = instructor.sends("POST", "/courses", other, headers=key)
    problem(refused, 422, "idempotency-key-reused")


def test_reading_waits_for_what_was_written(learner: Learner, course: WrittenCourse) -> None:
    """Not once, but every time."""
    enrollment = learner.enrolls_in(course)
    for percent in range(10, 100, 10):
        learner.studies(enrollment, course.lessons[0], percent=percent)
        lesson = learner.sees(f"/enrollments/{enrollment}")["lessons"][0]
        assert lesson["percent"] == percent


def test_a_position_that_isnt_reached_is_told_after_a_while(john: Learner) -> None:
    headers = {"Lms-Min-Position": str(2**62)}
    late = john.sends("GET", "/courses", headers=headers)
    problem(late, 503, "not-caught-up")
    assert int(late.headers["Retry-After"]) >= 1


def test_learners_see_no_answer_key(
    instructor: Person, learner: Learner, course: WrittenCourse
) -> None:
    path = f"/assessments/{course.assessment}"
    assert '"correct"' in instructor.asks(path).text
    for someone in (learner, learner.lms.person(learner.username, learner.password)):
        answer = someone.asks(path)
        assert answer.status_code == 200
        assert '"correct"' not in answer.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/courses"),
        ("POST", "/users"),
        ("POST", "/assessments"),
        ("POST", "/surveys"),
        ("PATCH", "/courses/{course}"),
        ("POST", "/courses/{course}/publish"),
        ("GET", "/users"),
        ("GET", "/audit/events"),
        ("GET", "/audit/streams/{course}"),
        ("GET", "/surveys/{survey}/results"),
    ],
)
def test_a_learner_may_not(john: Learner, course: WrittenCourse, method: str, path: str) -> None:
    bodies: dict[str, Json] = {
        "/courses": NEW_COURSE,
        "/users": {"username": "x", "email": "x@example.com", "full_name": "X"},
        "/assessments": {"course_id": course.id, "title": "Mine", "pass_mark": 1},
        "/surveys": {"course_id": course.id, "title": "Mine"},
        "/courses/{course}": {"title": "Mine"},
    }
    body = bodies.get(path) if method != "GET" else None
    to = path.format(course=course.id, survey=course.survey)
    problem(john.sends(method, to, body), 403, "forbidden")


@pytest.mark.parametrize("role", ["auditor", "analyst"])
def test_who_only_reads_changes_nothing_of_others(
    request: pytest.FixtureRequest, role: str, course: WrittenCourse
) -> None:
    someone: Person = request.getfixturevalue(role)
    problem(someone.sends("PATCH", f"/courses/{course.id}", {"title": "Mine"}), 403, "forbidden")
    problem(someone.sends("POST", "/courses", NEW_COURSE), 403, "forbidden")


def test_what_is_someone_elses_isnt_there(
    learner: Learner, stranger: Learner, course: WrittenCourse
) -> None:
    learner.completes(course)
    certificate = learner.certificate(course)["id"]
    attempt = learner.lists("/attempts")[0]["id"]
    enrollment = learner.lists("/enrollments")[0]["id"]
    for path in (
        f"/enrollments/{enrollment}",
        f"/attempts/{attempt}",
        f"/certificates/{certificate}",
        f"/certificates/{certificate}/pdf",
        f"/users/{learner.id}",
    ):
        assert learner.asks(path).status_code == 200
        problem(stranger.asks(path), 404, "not-found")
    assert stranger.lists("/enrollments", learner_id=learner.id) == []


def test_nobody_learns_for_someone_else(
    learner: Learner, stranger: Learner, course: WrittenCourse
) -> None:
    enrollment = learner.enrolls_in(course)
    progress = {"enrollment_id": enrollment, "lesson_id": course.lessons[0], "percent": 100}
    refused = stranger.sends("PATCH", "/progress", progress)
    assert refused.status_code in {403, 404}
    problem(refused, refused.status_code)
    theirs = {"course_id": course.id, "learner_id": learner.id}
    problem(stranger.sends("POST", "/enrollments", theirs), 403, "forbidden")


def test_a_manager_sees_and_enrols_reports_only(
    cast: Cast, stranger: Learner, course: WrittenCourse
) -> None:
    boss = cast.somebody("manager")
    report = cast.somebody(manager_id=boss.id)
    enrollment = boss.creates("/enrollments", {"course_id": course.id, "learner_id": report.id})
    assert boss.sees(f"/enrollments/{enrollment}")["learner_id"] == report.id
    assert {each["id"] for each in boss.lists("/users", limit=100)} >= {report.id}
    problem(boss.asks(f"/users/{stranger.id}"), 404, "not-found")
    theirs = {"course_id": course.id, "learner_id": stranger.id}
    problem(boss.sends("POST", "/enrollments", theirs), 403, "forbidden")


def test_an_instructor_changes_own_courses_only(cast: Cast, course: WrittenCourse) -> None:
    another = cast.somebody("instructor")
    problem(another.sends("PATCH", f"/courses/{course.id}", {"title": "Mine"}), 403, "forbidden")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"title": 5}, "title"),
        ({"title": "A", "author": "me"}, "author"),
        ({"title": "A", "difficulty": "impossible"}, "difficulty"),
        ({"title": "A", "instructors": ["me"]}, "instructors[0]"),
        ({"title": "A", "duration_minutes": "5"}, "duration_minutes"),
        ({"title": "  "}, "title"),
    ],
)
def test_a_wrong_field_is_named(instructor: Person, body: Json, field: str) -> None:
    assert fields(instructor.sends("POST", "/courses", body)) == {field}


def test_wrong_values_of_a_journey_are_named(learner: Learner, course: WrittenCourse) -> None:
    enrollment = learner.enrolls_in(course)
    progress = {"enrollment_id": enrollment, "lesson_id": course.lessons[0], "percent": 101}
    assert fields(learner.sends("PATCH", "/progress", progress)) == {"percent"}
    rating = {"course_id": course.id, "rating": 6, "feedback_text": "Great!"}
    assert fields(learner.sends("POST", "/feedback", rating)) == {"rating"}
    assert fields(learner.asks("/courses", limit=0)) == {"limit"}
    assert fields(learner.asks("/courses", cursor="made up")) == {"cursor"}
    problem(learner.asks("/enrollments/not-an-id"), 404, "not-found")


def test_a_null_in_a_query_is_no_way_to_leave_a_filter_out(john: Learner) -> None:
    assert fields(john.asks("/enrollments", course_id="null", status="NULL")) == {
        "course_id",
        "status",
    }
    assert fields(john.asks("/notifications", unread="null")) == {"unread"}
    assert john.lists("/courses", q="null") == []


def test_malformed_json_is_a_bad_request(instructor: Person) -> None:
    headers = {"Authorization": f"Bearer {instructor.token}", "Content-Type": "application/json"}
    for text in (b"{", b"", b'{"title": "A",}', b'{"title": "\xff"}'):
        answer = instructor.lms.http.post("/courses", content=text, headers=headers)
        assert answer.status_code == (422 if text == b"" else 400), text
        problem(answer, answer.status_code)


def test_what_isnt_json_is_an_unsupported_media_type(instructor: Person) -> None:
    headers = {"Authorization": f"Bearer {instructor.token}"}
    answer = instructor.lms.http.post("/courses", data={"title": "A"}, headers=headers)
    problem(answer, 415, "unsupported-media-type")


def test_a_body_too_large_is_refused(instructor: Person) -> None:
    answer = instructor.sends("POST", "/courses", {"title": "A", "description": "x" * MAX_BODY})
    problem(answer, 413, "body-too-large")


def test_what_isnt_there_isnt_found(admin: Person) -> None:
    nowhere = uuid4()
    problem(admin.asks(f"/courses/{nowhere}"), 404, "not-found")
    problem(admin.sends("POST", f"/courses/{nowhere}/publish"), 404)
    problem(admin.asks("/no/such/path"), 404, "not-found")


def test_a_method_that_a_path_hasnt_is_told_with_those_it_has(admin: Person) -> None:
    answer = admin.sends("DELETE", "/courses")
    problem(answer, 405, "method-not-allowed")
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


def test_the_callers_correlation_id_comes_back_and_is_in_the_log(
    auditor: Person, instructor: Person
) -> None:
    mine = str(uuid4())
    sent = instructor.sends("POST", "/courses", NEW_COURSE, headers={"X-Correlation-ID": mine})
    assert sent.headers["X-Correlation-ID"] == mine
    events = auditor.lists("/audit/events", correlation_id=mine)
    assert [event["stream_id"] for event in events] == [sent.json()["id"]]
    refused = instructor.sends("POST", "/courses", {}, headers={"X-Correlation-ID": mine})
    assert problem(refused, 422)["correlation_id"] == mine


def test_a_refused_command_leaves_nothing_behind(lms: Lms, admin: Person, auditor: Person) -> None:
    """The user name is free, the e-mail address isn't: neither is taken then."""
    name = f"half-{uuid4().hex[:8]}"
    account = {"username": name, "email": "john.doe@example.com", "full_name": "Half Done"}
    mine = str(uuid4())
    headers = {"X-Correlation-ID": mine}
    problem(admin.sends("POST", "/users", account, headers=headers), 409)
    assert auditor.lists("/audit/events", correlation_id=mine) == []
    admin.creates("/users", account | {"email": f"{name}@example.com"})


@pytest.mark.parametrize(
    "sent", [b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: lms\r\n\r\n", b"no HTTP\r\n\r\n"]
)
def test_what_is_no_request_gets_a_problem_too(lms: Lms, sent: bytes) -> None:
    address = (lms.http.base_url.host, lms.http.base_url.port or 80)
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(sent)
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    told = msgspec.json.decode(body)
    assert told["type"] == "/problems/unreadable-request"
    assert f"x-correlation-id: {told['correlation_id']}".encode() in head
