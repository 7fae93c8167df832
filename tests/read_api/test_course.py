from typing import Any
from uuid import UUID, uuid4

import pytest

from commands.course import AddLesson, AddModule, ArchiveCourse, CreateCourse, PublishCourse
from commands.feedback import SubmitFeedback
from domain.course import Course, Difficulty
from domain.roles import Role
from tests.commands.system import ADMIN, Given, Person, System
from tests.read_api.reading import Reading

LIST = "/courses"


def a_course(system: System, by: Person, title: str, **details: Any) -> UUID:
    """A published course with one lesson; its id."""
    command = CreateCourse(title=title, **details)
    id = system.dispatch(command, by.actor).id
    module = system.dispatch(AddModule(course_id=id, title="One"), by.actor).id
    lesson = AddLesson(course_id=id, module_id=module, title="First", content="Read this.")
    system.dispatch(lesson, by.actor)
    system.dispatch(PublishCourse(course_id=id), by.actor)
    return id


def titles(reading: Reading, by: Person, **params: object) -> list[str]:
    return [item["title"] for item in reading.ok(LIST, by, params=params)["items"]]


def test_a_course_is_told_with_its_modules_and_lessons(
    reading: Reading, a_published_course: Course, a_stranger: Person
) -> None:
    seen = reading.ok(f"{LIST}/{a_published_course.id}", a_stranger)
    (module,) = seen["modules"]
    assert [lesson["title"] for lesson in module["lessons"]] == ["Lesson 0", "Lesson 1"]
    assert seen["version"] == a_published_course.version
    assert (seen["rating"], seen["ratings"]) == (None, 0)


def test_ratings_are_told_as_their_mean(
    reading: Reading, given: Given, system: System, a_published_course: Course
) -> None:
    for rating in (5, 4, 4):
        learner = given.a_person()
        given.an_enrollment(learner, a_published_course)
        command = SubmitFeedback(course_id=a_published_course.id, rating=rating)
        system.dispatch(command, learner.actor)
    seen = reading.ok(f"{LIST}/{a_published_course.id}", ADMIN)
    assert (seen["rating"], seen["ratings"]) == (4.33, 3)


def test_words_find_courses_stemmed_and_best_match_first(
    reading: Reading, system: System, an_instructor: Person, a_stranger: Person
) -> None:
    word = f"x{uuid4().hex}"
    a_course(system, an_instructor, "Cooking", description=f"Of {word} gardens.")
    a_course(system, an_instructor, f"Gardening with {word}")
    a_course(system, an_instructor, "Swimming")
    assert titles(reading, a_stranger, q=word) == [f"Gardening with {word}", "Cooking"]
    assert titles(reading, a_stranger, q=f"garden {word}") == [f"Gardening with {word}", "Cooking"]
    assert titles(reading, a_stranger, q=f"{word} -gardens") == []
    assert titles(reading, a_stranger, q=f"{word} -flowers") == [
        f"Gardening with {word}",
        "Cooking",
    ]


def test_what_was_found_is_paged(
    reading: Reading, system: System, an_instructor: Person, a_stranger: Person
) -> None:
    word = f"x{uuid4().hex}"
    wanted = {a_course(system, an_instructor, f"{word} {number}") for number in range(3)}
    first = reading.ok(LIST, a_stranger, params={"q": word, "limit": 2})
    rest = reading.ok(LIST, a_stranger, params={"q": word, "cursor": first["next_cursor"]})
    assert {UUID(item["id"]) for item in first["items"] + rest["items"]} == wanted
    assert rest["next_cursor"] is None


@pytest.mark.parametrize("words", ["'", "\\", "a:*", "!", '"', "(", "OR", "-", "&|!<->", "%"])
def test_any_sign_may_be_looked_for(reading: Reading, a_stranger: Person, words: str) -> None:
    assert reading.status(LIST, a_stranger, params={"q": words}) == 200


def test_filters_add_up(
    reading: Reading, system: System, an_instructor: Person, a_stranger: Person
) -> None:
    topic = uuid4().hex
    wanted: dict[str, Any] = {"topic": topic, "difficulty": Difficulty.ADVANCED, "language": "de"}
    a_course(system, an_instructor, "This", department="Sales", **wanted)
    a_course(system, an_instructor, "Easy", topic=topic, difficulty=Difficulty.BEGINNER)
    a_course(system, an_instructor, "Elsewhere", **(wanted | {"topic": "other"}))
    assert titles(reading, a_stranger, **wanted, department="Sales") == ["This"]


def test_a_draft_is_there_for_its_instructors_only(
    reading: Reading,
    given: Given,
    an_instructor: Person,
    another_instructor: Person,
    a_stranger: Person,
    an_auditor: Person,
) -> None:
    draft = given.a_draft_course(an_instructor)
    for person in (an_instructor, an_auditor):
        assert reading.status(f"{LIST}/{draft.id}", person) == 200
        assert draft.id in reading.ids(LIST, person, status="draft")
    for person in (another_instructor, a_stranger):
        assert reading.status(f"{LIST}/{draft.id}", person) == 404
        assert reading.ids(LIST, person, status="draft") == []


def test_lessons_since_the_last_version_are_there_for_its_instructors_only(
    reading: Reading,
    system: System,
    an_instructor: Person,
    a_published_course: Course,
    a_stranger: Person,
) -> None:
    id = a_published_course.id
    module = system.dispatch(AddModule(course_id=id, title="New"), an_instructor.actor).id
    new = AddLesson(course_id=id, module_id=module, title="Newest")
    system.dispatch(new, an_instructor.actor)
    assert len(reading.ok(f"{LIST}/{id}", an_instructor)["modules"]) == 2
    (module_seen,) = reading.ok(f"{LIST}/{id}", a_stranger)["modules"]
    assert len(module_seen["lessons"]) == 2


def test_an_archived_course_is_left_out_unless_asked_for(
    reading: Reading, system: System, an_instructor: Person, a_stranger: Person
) -> None:
    topic = uuid4().hex
    id = a_course(system, an_instructor, "Old", topic=topic)
    system.dispatch(ArchiveCourse(course_id=id, reason=None), an_instructor.actor)
    assert titles(reading, a_stranger, topic=topic) == []
    assert titles(reading, a_stranger, topic=topic, status="archived") == ["Old"]
    assert reading.status(f"{LIST}/{id}", a_stranger) == 200


def test_someone_with_two_roles_sees_what_both_may(reading: Reading, given: Given) -> None:
    both = given.a_person(Role.INSTRUCTOR, Role.MANAGER)
    learner = given.a_person(manager=both)
    others = given.a_published_course(given.a_person(Role.INSTRUCTOR))
    report = given.an_enrollment(learner, others)
    student = given.an_enrollment(given.a_person(), given.a_published_course(both))
    assert set(reading.ids("/enrollments", both)) == {report.id, student.id}
