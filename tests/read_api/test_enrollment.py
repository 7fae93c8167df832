from uuid import uuid4

from commands.enrollment import UpdateProgress, WithdrawEnrollment
from domain.course import Course
from domain.enrollment import Enrollment
from tests.commands.system import ADMIN, Given, Person, System
from tests.read_api.reading import Reading

LIST = "/enrollments"


def test_who_may_see_an_enrolment(
    reading: Reading,
    an_open_enrollment: Enrollment,
    a_learner: Person,
    a_manager: Person,
    a_director: Person,
    an_instructor: Person,
    an_auditor: Person,
) -> None:
    for person in (a_learner, a_manager, a_director, an_instructor, an_auditor):
        assert reading.status(f"{LIST}/{an_open_enrollment.id}", person) == 200
        assert an_open_enrollment.id in reading.ids(LIST, person)


def test_for_everyone_else_it_is_not_there(
    reading: Reading,
    an_open_enrollment: Enrollment,
    a_learner: Person,
    a_stranger: Person,
    another_manager: Person,
    another_instructor: Person,
) -> None:
    for person in (a_stranger, another_manager, another_instructor):
        assert reading.status(f"{LIST}/{an_open_enrollment.id}", person) == 404
        assert reading.ids(LIST, person) == []
        assert reading.ids(LIST, person, learner_id=a_learner.id) == []


def test_it_tells_the_progress_in_each_lesson(
    reading: Reading, system: System, an_open_enrollment: Enrollment, a_learner: Person
) -> None:
    first, second = an_open_enrollment.lessons
    system.dispatch(
        UpdateProgress(
            enrollment_id=an_open_enrollment.id,
            lesson_id=second,
            percent=50,
            seconds=30,
            bookmark="page 2",
        ),
        a_learner.actor,
    )
    seen = reading.ok(f"{LIST}/{an_open_enrollment.id}", a_learner)
    assert (seen["status"], seen["percent"], seen["seconds"]) == ("active", 25, 30)
    assert seen["course_title"] == "Rust Programming 101"
    assert [lesson["lesson_id"] for lesson in seen["lessons"]] == [str(first), str(second)]
    assert [lesson["title"] for lesson in seen["lessons"]] == ["Lesson 0", "Lesson 1"]
    assert seen["lessons"][1]["bookmark"] == "page 2"


def test_lists_are_filtered_by_course_and_status(
    reading: Reading, given: Given, system: System, an_instructor: Person, a_learner: Person
) -> None:
    one, other = (given.a_published_course(an_instructor) for _ in range(2))
    begun, left = given.an_enrollment(a_learner, one), given.an_enrollment(a_learner, other)
    system.dispatch(WithdrawEnrollment(enrollment_id=left.id), a_learner.actor)
    assert reading.ids(LIST, a_learner, course_id=one.id) == [begun.id]
    assert reading.ids(LIST, a_learner, status="withdrawn") == [left.id]
    assert set(reading.ids(LIST, an_instructor)) == {begun.id, left.id}


def test_pages_follow_one_another_without_gap_or_repetition(
    reading: Reading, given: Given, an_instructor: Person, a_published_course: Course
) -> None:
    enrolled = {given.an_enrollment(given.a_person(), a_published_course).id for _ in range(7)}
    seen, cursor = [], None
    while True:
        params = {"limit": 3, "course_id": a_published_course.id}
        page = reading.ok(
            LIST, an_instructor, params=params | ({"cursor": cursor} if cursor else {})
        )
        seen += [item["id"] for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert len(seen) == 7
    assert set(seen) == {str(id) for id in enrolled}


def test_a_cursor_of_another_list_is_refused(reading: Reading) -> None:
    response = reading.get(LIST, ADMIN, params={"cursor": "AAAAAGZvbw"})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "cursor"


def test_who_has_the_version_gets_no_body(
    reading: Reading, an_open_enrollment: Enrollment, a_learner: Person
) -> None:
    path = f"{LIST}/{an_open_enrollment.id}"
    tag = reading.get(path, a_learner).headers["ETag"]
    assert tag == f'"{an_open_enrollment.version}"'
    again = reading.get(path, a_learner, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_a_made_up_id_is_not_there(reading: Reading) -> None:
    assert reading.status(f"{LIST}/{uuid4()}", ADMIN) == 404


def test_without_a_token_nothing_is_told(reading: Reading, an_open_enrollment: Enrollment) -> None:
    assert reading.status(f"{LIST}/{an_open_enrollment.id}") == 401
