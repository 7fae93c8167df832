"""Given how courses were written, these rows in `course`, `course_module`, `course_lesson`."""

from __future__ import annotations

import pytest

from domain.course import Course, Difficulty, LessonKind
from domain.translation import GivenTexts
from tests.projections.story import AT, Story, a_uuid

COURSE, INSTRUCTOR, AUTHOR = a_uuid(1), a_uuid(2), a_uuid(3)
MODULES = [a_uuid(10), a_uuid(20)]
LESSONS = [a_uuid(11), a_uuid(12), a_uuid(21)]


def a_course() -> Course:
    return Course.create(
        id=COURSE,
        title="Rust Programming 101",
        description="Ownership, borrowing and fearless concurrency.",
        code="RUST-101",
        topic="Programming",
        difficulty=Difficulty.BEGINNER,
        duration_minutes=90,
        instructors=[INSTRUCTOR],
        created_by=AUTHOR,
        at=AT[0],
    )


def a_written_course() -> Course:
    course = a_course()
    for module_id, title in zip(MODULES, ("Basics", "Beyond"), strict=True):
        course.add_module(module_id=module_id, title=title, at=AT[1])
    for lesson_id in LESSONS:
        course.add_lesson(
            module_id=MODULES[0] if lesson_id.int < 20 else MODULES[1],
            lesson_id=lesson_id,
            title=f"Lesson {lesson_id.int}",
            kind=LessonKind.VIDEO,
            content="https://video.example/1",
            duration_minutes=15,
            at=AT[2],
        )
    return course


def test_a_new_course_is_a_draft(story: Story) -> None:
    story.given(a_course())

    row = story.row("SELECT * FROM course")
    row.pop("search")
    assert row == {
        "id": COURSE,
        "title": "Rust Programming 101",
        "description": "Ownership, borrowing and fearless concurrency.",
        "code": "RUST-101",
        "topic": "Programming",
        "department": None,
        "department_id": None,
        "difficulty": "beginner",
        "language": "en",
        "duration_minutes": 90,
        "instructors": [INSTRUCTOR],
        "created_by": AUTHOR,
        "status": "draft",
        "course_version": 0,
        "lesson_count": 0,
        "assessments": [],
        "published_assessments": [],
        "languages": [],
        "translated_titles": "",
        "created_at": AT[0],
        "published_at": None,
        "archived_at": None,
        "updated_at": AT[0],
        "version": 1,
    }


def test_modules_and_lessons_keep_their_order(story: Story) -> None:
    story.given(a_written_course())

    assert story.rows("SELECT id, course_id, ordinal, title FROM course_module ORDER BY 3") == [
        {"id": MODULES[0], "course_id": COURSE, "ordinal": 1, "title": "Basics"},
        {"id": MODULES[1], "course_id": COURSE, "ordinal": 2, "title": "Beyond"},
    ]
    assert story.rows(
        "SELECT id, module_id, ordinal, published FROM course_lesson ORDER BY module_id, ordinal"
    ) == [
        {"id": LESSONS[0], "module_id": MODULES[0], "ordinal": 1, "published": False},
        {"id": LESSONS[1], "module_id": MODULES[0], "ordinal": 2, "published": False},
        {"id": LESSONS[2], "module_id": MODULES[1], "ordinal": 1, "published": False},
    ]
    assert story.row(
        "SELECT title, kind, content, duration_minutes FROM course_lesson WHERE id = %s",
        LESSONS[2],
    ) == {
        "title": "Lesson 21",
        "kind": "video",
        "content": "https://video.example/1",
        "duration_minutes": 15,
    }
    assert story.row("SELECT version, updated_at FROM course") == {
        "version": 6,
        "updated_at": AT[2],
    }


def test_publishing_puts_lessons_and_assessments_in_force(story: Story) -> None:
    course = a_written_course()
    course.add_assessment(assessment_id=a_uuid(31), at=AT[3])
    course.publish(at=AT[4])
    course.add_assessment(assessment_id=a_uuid(32), at=AT[5])
    story.given(course)

    assert story.row(
        "SELECT status, course_version, lesson_count, assessments, published_assessments,"
        " published_at, version FROM course"
    ) == {
        "status": "published",
        "course_version": 1,
        "lesson_count": 3,
        "assessments": [a_uuid(31), a_uuid(32)],
        "published_assessments": [a_uuid(31), a_uuid(32)],
        "published_at": AT[4],
        "version": 9,
    }
    assert story.row("SELECT bool_and(published) AS all_published FROM course_lesson") == {
        "all_published": True
    }


def test_a_lesson_added_after_publishing_waits_for_the_next_version(story: Story) -> None:
    course = a_written_course()
    course.publish(at=AT[3])
    course.add_lesson(
        module_id=MODULES[1],
        lesson_id=a_uuid(22),
        title="Later",
        kind=LessonKind.TEXT,
        content="",
        duration_minutes=5,
        at=AT[4],
    )
    story.given(course)

    assert story.rows("SELECT id FROM course_lesson WHERE NOT published") == [{"id": a_uuid(22)}]


def test_details_change_and_courses_are_archived(story: Story) -> None:
    course = a_course()
    course.change_details(title="Rust for All", instructors=[AUTHOR], at=AT[1])
    course.archive(reason=None, at=AT[2])
    story.given(course)

    assert story.row(
        "SELECT title, topic, instructors, status, archived_at, version FROM course"
    ) == {
        "title": "Rust for All",
        "topic": "Programming",
        "instructors": [AUTHOR],
        "status": "archived",
        "archived_at": AT[2],
        "version": 3,
    }


@pytest.mark.parametrize("words", ["rust", "borrow", "programs", "RUST-101", "fearless rust"])
def test_the_catalogue_finds_courses_by_their_words(story: Story, words: str) -> None:
    story.given(a_course())

    found = story.rows(
        "SELECT id FROM course WHERE search @@ (websearch_to_tsquery('english', %s)"
        " || websearch_to_tsquery('simple', %s))",
        words,
        words,
    )
    assert found == [{"id": COURSE}]


def test_translations_are_kept_text_by_text(story: Story) -> None:
    course = a_written_course()
    german = [
        GivenTexts("course", COURSE, "", {"title": "Rust lernen", "description": "Alles."}),
        GivenTexts(("modules", MODULES[0]), MODULES[0], "modules[0]", {"title": "Grundlagen"}),
    ]
    course.translate(language="de", given=german, at=AT[3])
    french = GivenTexts("course", COURSE, "", {"title": "Apprendre Rust"})
    course.translate(language="fr", given=[french], at=AT[4])
    story.given(course)

    assert story.row("SELECT languages, translated_titles, version, updated_at FROM course") == {
        "languages": ["de", "fr"],
        "translated_titles": "Rust lernen Apprendre Rust",
        "version": 8,
        "updated_at": AT[4],
    }
    less = GivenTexts("course", COURSE, "", {"title": "Rust", "description": None})
    course.translate(language="de", given=[less], at=AT[5])
    course.remove_translation(language="fr", at=AT[6])
    story.given(course)

    assert story.rows(
        "SELECT language, part_id, field, text FROM course_translation ORDER BY part_id DESC"
    ) == [
        {"language": "de", "part_id": MODULES[0], "field": "title", "text": "Grundlagen"},
        {"language": "de", "part_id": COURSE, "field": "title", "text": "Rust"},
    ]
    assert story.row("SELECT languages, translated_titles, version FROM course") == {
        "languages": ["de"],
        "translated_titles": "Rust",
        "version": 10,
    }
