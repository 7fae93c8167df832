"""Queries on courses."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from domain.course import CourseStatus, Difficulty
from edge.cursor import DEFAULT_LIMIT, CursorParameter, Keyset, Limit, Page
from edge.etag import IfNoneMatch, conditional
from read_api.asking import READS, Asking, found
from read_api.condition import Condition, Where, any_of
from read_api.department import NAME, in_department
from read_api.language import (
    Language,
    Reader,
    Texts,
    Translated,
    asked_for,
    headers_of,
    variant_of,
)
from read_api.listing import Listing

COLUMNS = (
    f"course.id, title, description, code, topic, {NAME}, department_id, difficulty, language,"
    " duration_minutes, instructors, created_by, status, course_version, lesson_count, created_at,"
    " published_at, archived_at, languages, language AS shown_in, course.version,"
    " course_rating.average AS rating, coalesce(course_rating.ratings, 0) AS ratings"
)
FROM = (
    " FROM read_models.course"
    " LEFT JOIN read_models.course_rating ON course_rating.course_id = course.id"
)
QUERY = """
CASE WHEN numnode(websearch_to_tsquery('english', %s)) > 0
    THEN websearch_to_tsquery('english', %s)
    ELSE websearch_to_tsquery('simple', %s)
END"""
"""SQL: words as English reduces them, titles and query alike; English stop words alone as such."""
_EXCLUDED = re.compile(r'(?<!\S)-("[^"]*"|\S+)')
MODULES = "SELECT id, title FROM read_models.course_module WHERE course_id = %s ORDER BY ordinal"
LESSONS = (
    "SELECT id, module_id, title, kind, content, duration_minutes, published"
    " FROM read_models.course_lesson WHERE course_id = %s AND (published OR %s)"
    " ORDER BY module_id, ordinal"
)
TEXTS = ("title", "description")
"""The texts of a course that are translated."""

Words = Annotated[
    str | None,
    QueryParameter(
        name="q",
        max_length=200,
        description='Words to look for, the best match first; "quoted" ones stand together, '
        "-these must not occur.",
    ),
]
StatusFilter = Annotated[
    CourseStatus | None,
    QueryParameter(name="status", description="Without it, all that aren't archived."),
]


class CourseSummary(Translated, frozen=True, kw_only=True):
    """A course in a list. `rating` is the mean of `ratings` ratings from 1 to 5.

    `language` is the one that it was written in, `languages` all that there is any text in;
    `shown_in` is the one of this answer: of each text that is translated into it.
    """

    description: str
    code: str | None
    topic: str | None
    department: str | None
    department_id: UUID | None
    difficulty: str | None
    language: str
    duration_minutes: int | None
    instructors: list[UUID]
    created_by: UUID | None
    status: str
    course_version: int
    lesson_count: int
    created_at: datetime
    published_at: datetime | None
    archived_at: datetime | None
    rating: float | None
    ratings: int
    version: int


class Lesson(msgspec.Struct, frozen=True, kw_only=True):
    """`published`: whether it is part of the published version."""

    id: UUID
    title: str
    kind: str
    content: str
    duration_minutes: int
    published: bool


class Module(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    title: str
    lessons: Sequence[Lesson]


class CourseDetails(CourseSummary, frozen=True, kw_only=True):
    """A course with its contents; `assessments` are ids."""

    assessments: list[UUID]
    modules: Sequence[Module] = ()


class RankedCourse(CourseSummary, frozen=True, kw_only=True):
    """A course found by its words; `rank` says how well it matches."""

    rank: float


class _ModuleRow(msgspec.Struct, frozen=True):
    id: UUID
    title: str


class _LessonRow(Lesson, frozen=True, kw_only=True):
    module_id: UUID


class _CourseRow(CourseSummary, frozen=True, kw_only=True):
    assessments: list[UUID]
    published_assessments: list[UUID]
    in_draft: bool


COURSES = Listing(
    "courses",
    CourseSummary,
    f"SELECT {COLUMNS}{FROM}",
    order=("created_at", "course.id"),
    key=lambda course: (course.created_at, course.id),
)
FOUND_COURSES = Keyset("courses by rank", tuple[float, UUID])


class CourseController(Controller):
    path = "/courses"
    tags = ["Courses"]
    opt = {READS: ("course", "organization", "feedback", "learner")}

    @get("/", operation_id="ListCourses")
    async def many(
        self,
        asking: NamedDependency[Asking],
        reader: NamedDependency[Reader],
        q: Words = None,
        topic: FromQuery[str | None] = None,
        difficulty: FromQuery[Difficulty | None] = None,
        department: FromQuery[str | None] = None,
        department_id: FromQuery[UUID | None] = None,
        language: Language = None,
        status: StatusFilter = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
    ) -> Response[Page[CourseSummary]]:
        """List courses, the newest first, or the best match when words are given.

        Drafts are shown to those who may change them. With `language`, those that there are in
        it, by translation too. Words are found in translated titles as well.
        """
        where = Where(_visible(asking))
        where.given("topic = %s", topic)
        where.given("difficulty = %s", difficulty)
        for condition in in_department(department, department_id):
            where.also(condition)
        if (tag := asked_for(language)) is not None:
            where.also(Condition("(language = %s OR %s = ANY(languages))", (tag, tag)))
        where.given("status = %s", status)
        if status is None:
            where.also(Condition("status <> 'archived'"))
        if q and q.strip():
            page = await _search(asking, where, q, limit, cursor)
        else:
            page = await COURSES.page(asking.database, where, limit, cursor)
        items = await reader.whole("course", page.items, *TEXTS)
        return Response(Page(items, page.next_cursor), headers=headers_of(items))

    @get("/{course_id:uuid}", operation_id="GetCourse")
    async def one(
        self,
        course_id: FromPath[UUID],
        asking: NamedDependency[Asking],
        reader: NamedDependency[Reader],
        if_none_match: IfNoneMatch = None,
    ) -> Response[CourseDetails]:
        """Get a course with its modules and lessons, in the language that suits the reader.

        The tag is that of the course in that language: a new rating doesn't change it.
        """
        drafts = asking.reach_for("SeeDraftCourses").rows(course="course.id")
        where = Where(_visible(asking)).given("course.id = %s", course_id)
        row = found(
            await asking.database.first(
                _CourseRow,
                f"SELECT {COLUMNS}, assessments, published_assessments,"
                f" {drafts.sql} AS in_draft{FROM}{where}",
                (*drafts.params, *where.params),
            ),
            "course",
        )
        modules = await asking.database.all(_ModuleRow, MODULES, (course_id,))
        lessons = await asking.database.all(_LessonRow, LESSONS, (course_id, row.in_draft))
        row, texts = await reader.in_full("course", row, *TEXTS)
        return conditional(
            _details(row, modules, lessons, texts),
            row.version,
            if_none_match,
            variant=variant_of(row),
            headers=headers_of([row]),
        )


def _visible(asking: Asking) -> Condition:
    """Drafts are there for those who may see them, all else for everyone."""
    drafts = asking.reach_for("SeeDraftCourses").rows(course="course.id")
    return any_of([Condition("status <> 'draft'"), drafts])


async def _search(
    asking: Asking, where: Where, words: str, limit: int, cursor: str | None
) -> Page[CourseSummary]:
    query, wanted = (words,) * 3, (_wanted(words),) * 3
    where.also(Condition(f"search @@ {QUERY}", query))
    matches = f"SELECT {COLUMNS}, ts_rank(search, {QUERY})::float8 AS rank{FROM}{where}"
    beyond = Where()
    if (after := FOUND_COURSES.decode(cursor)) is not None:
        beyond.also(Condition("(rank, id) < (%s, %s)", after))
    rows = await asking.database.all(
        RankedCourse,
        f"SELECT * FROM ({matches}) AS matches{beyond} ORDER BY rank DESC, id DESC LIMIT %s",
        (*wanted, *where.params, *beyond.params, limit + 1),
    )
    return FOUND_COURSES.page(rows, limit, lambda row: (row.rank, row.id), lambda row: row)


def _wanted(words: str) -> str:
    """The words without those excluded, by which no match can be ranked."""
    return _EXCLUDED.sub(" ", words).strip() or words


def _details(
    row: _CourseRow, modules: Iterable[_ModuleRow], lessons: Iterable[_LessonRow], texts: Texts
) -> CourseDetails:
    by_module: dict[UUID, list[Lesson]] = {}
    for lesson in lessons:
        by_module.setdefault(lesson.module_id, []).append(_lesson(lesson, texts))
    fields = {name: getattr(row, name) for name in CourseSummary.__struct_fields__}
    shown = [
        Module(
            id=module.id,
            title=texts.of(module.id, "title", module.title),
            lessons=by_module.get(module.id, ()),
        )
        for module in modules
    ]
    return CourseDetails(
        **fields,
        assessments=row.assessments if row.in_draft else row.published_assessments,
        # A module without a lesson that is published is still being written.
        modules=shown if row.in_draft else [module for module in shown if module.lessons],
    )


def _lesson(row: _LessonRow, texts: Texts) -> Lesson:
    fields = {name: getattr(row, name) for name in Lesson.__struct_fields__}
    said = {name: texts.of(row.id, name, fields[name]) for name in ("title", "content")}
    return Lesson(**fields | said)
