"""Writing and publishing courses."""

from uuid import UUID

from msgspec import UNSET, UnsetType

from access.placements import Kind, placed_statement
from commands.departments import named_and_referred
from commands.message import Command, handles
from commands.names import claim_name
from commands.work import Work
from domain.course import Course, Difficulty, LessonKind


class CreateCourse(Command, frozen=True):
    title: str
    description: str = ""
    code: str | None = None
    topic: str | None = None
    department: str | None = None
    department_id: UUID | None = None
    difficulty: Difficulty | None = None
    language: str = "en"
    duration_minutes: int | None = None
    instructors: list[UUID] | None = None


class ChangeCourseDetails(Command, frozen=True):
    """What isn't given stays; `None` clears."""

    course_id: UUID
    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    topic: str | UnsetType | None = UNSET
    department: str | UnsetType | None = UNSET
    department_id: UUID | UnsetType | None = UNSET
    difficulty: Difficulty | UnsetType | None = UNSET
    language: str | UnsetType = UNSET
    duration_minutes: int | UnsetType | None = UNSET
    instructors: list[UUID] | UnsetType = UNSET


class AddModule(Command, frozen=True):
    course_id: UUID
    title: str


class AddLesson(Command, frozen=True):
    course_id: UUID
    module_id: UUID
    title: str
    kind: LessonKind = LessonKind.TEXT
    content: str = ""
    duration_minutes: int = 0


class PublishCourse(Command, frozen=True):
    course_id: UUID


class ArchiveCourse(Command, frozen=True):
    course_id: UUID
    reason: str | None = None


@handles(CreateCourse)
def create_course(command: CreateCourse, work: Work) -> Course:
    department, department_id = named_and_referred(command.department, command.department_id, work)
    course = Course.create(
        id=work.new_id(),
        title=command.title,
        description=command.description,
        code=command.code,
        topic=command.topic,
        department=department or None,
        department_id=department_id or None,
        difficulty=command.difficulty,
        language=command.language,
        duration_minutes=command.duration_minutes,
        instructors=_instructors(command, work),
        created_by=work.actor.id,
        at=work.now,
    )
    if department_id:
        work.execute_too(*placed_statement(Kind.COURSE, course.id, department_id))
    if command.code is not None:
        work.save_too(claim_name(work, "course_code", command.code, course.id))
    return course


@handles(ChangeCourseDetails)
def change_course_details(command: ChangeCourseDetails, work: Work) -> Course:
    course = own_course(command.course_id, work)
    department, department_id = named_and_referred(command.department, command.department_id, work)
    course.change_details(
        title=command.title,
        description=command.description,
        topic=command.topic,
        department=department,
        department_id=department_id,
        difficulty=command.difficulty,
        language=command.language,
        duration_minutes=command.duration_minutes,
        instructors=command.instructors,
        at=work.now,
    )
    if department_id is not UNSET:
        work.execute_too(*placed_statement(Kind.COURSE, course.id, department_id))
    return course


@handles(AddModule)
def add_module(command: AddModule, work: Work) -> Course:
    course = own_course(command.course_id, work)
    course.add_module(module_id=work.new_part(), title=command.title, at=work.now)
    return course


@handles(AddLesson)
def add_lesson(command: AddLesson, work: Work) -> Course:
    course = own_course(command.course_id, work)
    course.add_lesson(
        module_id=command.module_id,
        lesson_id=work.new_part(),
        title=command.title,
        kind=command.kind,
        content=command.content,
        duration_minutes=command.duration_minutes,
        at=work.now,
    )
    return course


@handles(PublishCourse)
def publish_course(command: PublishCourse, work: Work) -> Course:
    course = own_course(command.course_id, work)
    course.publish(at=work.now)
    return course


@handles(ArchiveCourse)
def archive_course(command: ArchiveCourse, work: Work) -> Course:
    course = own_course(command.course_id, work)
    course.archive(reason=command.reason, at=work.now)
    work.execute_too(*placed_statement(Kind.COURSE, course.id, None))
    return course


def own_course(course_id: UUID, work: Work) -> Course:
    """The course to change, for its instructors. Raises `Forbidden` for others."""
    course = work.get(Course, course_id)
    work.permit(instructors=course.instructors)
    return course


def _instructors(command: CreateCourse, work: Work) -> list[UUID]:
    """Whoever writes a course and names nobody teaches it."""
    if command.instructors is not None:
        return command.instructors
    return [work.actor.id] if work.actor.id else []
