"""Queries on enrolments."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, TypeVar
from uuid import UUID

import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from domain.enrollment import EnrollmentStatus
from edge.cursor import DEFAULT_LIMIT, CursorParameter, Limit, Page
from edge.etag import IfNoneMatch, conditional
from read_api.asking import READS, Asking, found
from read_api.language import Only, Reader, Texts
from read_api.listing import Listing

COLUMNS = (
    "enrollment.id, learner_id, course_id, course.title AS course_title,"
    " enrollment.course_version, enrollment.status, source, enrolled_by, due_at, enrolled_at,"
    " completed_at, withdrawn_at, withdrawal_reason, score, percent, seconds, last_lesson_id,"
    " last_activity_at, enrollment.version"
)
SELECT = (
    f"SELECT {COLUMNS} FROM read_models.enrollment"
    " LEFT JOIN read_models.course ON course.id = enrollment.course_id"
)
LESSONS = (
    "SELECT lesson_id, course_lesson.title, percent, seconds, bookmark, updated_at, completed_at"
    " FROM read_models.lesson_progress"
    " LEFT JOIN read_models.course_lesson ON course_lesson.id = lesson_progress.lesson_id"
    " WHERE enrollment_id = %s ORDER BY lesson_progress.ordinal"
)
ASSESSMENTS = (
    "SELECT asked.id AS assessment_id, assessment.title, passed.attempt_id, passed.score,"
    " passed.passed_at"
    " FROM read_models.enrollment"
    " CROSS JOIN unnest(assessments) WITH ORDINALITY AS asked (id, ordinal)"
    " LEFT JOIN read_models.assessment ON assessment.id = asked.id"
    " LEFT JOIN read_models.enrollment_assessment AS passed"
    " ON passed.enrollment_id = enrollment.id AND passed.assessment_id = asked.id"
    " WHERE enrollment.id = %s ORDER BY asked.ordinal"
)
StatusFilter = Annotated[EnrollmentStatus | None, QueryParameter(name="status")]


class Enrollment(msgspec.Struct, frozen=True, kw_only=True):
    """One learner in one course.

    `percent` is how much of the version begun is done, `seconds` the time spent, `score` (0-100)
    the mean of the best passing scores once completed.
    """

    id: UUID
    learner_id: UUID
    course_id: UUID
    course_title: str | None
    course_version: int
    status: str
    source: str
    enrolled_by: UUID | None
    due_at: datetime | None
    enrolled_at: datetime
    completed_at: datetime | None
    withdrawn_at: datetime | None
    withdrawal_reason: str | None
    score: float | None
    percent: int
    seconds: int
    last_lesson_id: UUID | None
    last_activity_at: datetime | None
    version: int


class LessonProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far one lesson is; `bookmark` says where to resume, in the lesson's own terms."""

    lesson_id: UUID
    title: str | None
    percent: int
    seconds: int
    bookmark: str | None
    updated_at: datetime | None
    completed_at: datetime | None


class AssessmentStanding(msgspec.Struct, frozen=True, kw_only=True):
    """An assessment that must be passed; with the best passing attempt once there is one."""

    assessment_id: UUID
    title: str | None
    attempt_id: UUID | None
    score: float | None
    passed_at: datetime | None


class EnrollmentDetails(Enrollment, frozen=True, kw_only=True):
    lessons: Sequence[LessonProgress]
    assessments: Sequence[AssessmentStanding]


T = TypeVar("T", LessonProgress, AssessmentStanding)

ENROLLMENTS = Listing(
    "enrollments",
    Enrollment,
    SELECT,
    order=("enrolled_at", "enrollment.id"),
    key=lambda enrollment: (enrollment.enrolled_at, enrollment.id),
)


class EnrollmentController(Controller):
    path = "/enrollments"
    tags = ["Enrolments"]
    opt = {READS: ("enrollment", "course", "assessment", "learner")}

    @get("/", operation_id="ListEnrollments")
    async def many(
        self,
        asking: NamedDependency[Asking],
        reader: NamedDependency[Reader],
        learner_id: FromQuery[UUID | None] = None,
        course_id: FromQuery[UUID | None] = None,
        status: StatusFilter = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
    ) -> Response[Page[Enrollment]]:
        """List enrolments, the newest first; titles in the language that suits the reader."""
        where = asking.where(learner="learner_id", course="course_id")
        where.given("learner_id = %s", learner_id)
        where.given("course_id = %s", course_id)
        where.given("enrollment.status = %s", status)
        page = await ENROLLMENTS.page(asking.database, where, limit, cursor)
        ids = {row.course_id for row in page.items}
        texts, headers = await reader.beside("course", ids, Only.WHOLE)
        items = [_titled(row, texts) for row in page.items]
        return Response(Page(items, page.next_cursor), headers=headers)

    @get("/{enrollment_id:uuid}", operation_id="GetEnrollment")
    async def one(
        self,
        enrollment_id: FromPath[UUID],
        asking: NamedDependency[Asking],
        reader: NamedDependency[Reader],
        if_none_match: IfNoneMatch = None,
    ) -> Response[EnrollmentDetails]:
        """Get an enrolment with the progress in each lesson; titles in the reader's language."""
        where = asking.where(learner="learner_id", course="course_id")
        where.given("enrollment.id = %s", enrollment_id)
        database = asking.database
        row = found(await database.first(Enrollment, f"{SELECT}{where}", where.params), "enrolment")
        lessons = await database.all(LessonProgress, LESSONS, (enrollment_id,))
        standings = await database.all(AssessmentStanding, ASSESSMENTS, (enrollment_id,))
        texts, headers = await reader.beside("course", [row.course_id], Only.TITLES)
        ids = [standing.assessment_id for standing in standings]
        titles, _ = await reader.beside("assessment", ids, Only.WHOLE)
        details = EnrollmentDetails(
            **msgspec.structs.asdict(_titled(row, texts)),
            lessons=[_said(lesson, lesson.lesson_id, texts) for lesson in lessons],
            assessments=[_said(each, each.assessment_id, titles) for each in standings],
        )
        variant = ".".join(filter(None, (texts.variant, titles.variant)))
        return conditional(details, row.version, if_none_match, variant=variant, headers=headers)


def _titled(row: Enrollment, texts: Texts) -> Enrollment:
    title = row.course_title and texts.of(row.course_id, "title", row.course_title)
    return msgspec.structs.replace(row, course_title=title)


def _said(row: T, id: UUID, texts: Texts) -> T:
    title = row.title and texts.of(id, "title", row.title)
    return msgspec.structs.replace(row, title=title)
