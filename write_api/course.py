"""Commands on courses."""

from uuid import UUID

from litestar import Controller, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, UnsetType

from commands.course import (
    AddLesson,
    AddModule,
    ArchiveCourse,
    ChangeCourseDetails,
    CreateCourse,
    PublishCourse,
)
from domain.course import Difficulty, LessonKind
from write_api.body import Body, command_of
from write_api.sender import Answer, Sender


class NewModule(Body, frozen=True):
    title: str


class NewLesson(Body, frozen=True):
    title: str
    kind: LessonKind = LessonKind.TEXT
    content: str = ""
    duration_minutes: int = 0


class CourseChanges(Body, frozen=True):
    """What is left out stays; `null` clears."""

    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    topic: str | UnsetType | None = UNSET
    department: str | UnsetType | None = UNSET
    department_id: UUID | UnsetType | None = UNSET
    difficulty: Difficulty | UnsetType | None = UNSET
    language: str | UnsetType = UNSET
    duration_minutes: int | UnsetType | None = UNSET
    instructors: list[UUID] | UnsetType = UNSET


class CourseRetirement(Body, frozen=True):
    reason: str | None = None


class CourseController(Controller):
    path = "/courses"
    tags = ["Courses"]

    @post("/", operation_id="CreateCourse")
    async def create(self, data: JSONBody[CreateCourse], sender: NamedDependency[Sender]) -> Answer:
        """Write a course; it starts as a draft."""
        return await sender.create(data, "/courses")

    @patch("/{course_id:uuid}", operation_id="ChangeCourseDetails")
    async def change(
        self,
        course_id: FromPath[UUID],
        data: JSONBody[CourseChanges],
        sender: NamedDependency[Sender],
    ) -> Answer:
        """Change what is said about a course; fields left out stay, null clears a field."""
        return await sender.change(command_of(ChangeCourseDetails, data, course_id=course_id))

    @post("/{course_id:uuid}/modules", operation_id="AddModule")
    async def add_module(
        self, course_id: FromPath[UUID], data: JSONBody[NewModule], sender: NamedDependency[Sender]
    ) -> Answer:
        """Add a module at the end of a course."""
        command = command_of(AddModule, data, course_id=course_id)
        return await sender.create(command, f"/courses/{course_id}/modules")

    @post("/{course_id:uuid}/modules/{module_id:uuid}/lessons", operation_id="AddLesson")
    async def add_lesson(
        self,
        course_id: FromPath[UUID],
        module_id: FromPath[UUID],
        data: JSONBody[NewLesson],
        sender: NamedDependency[Sender],
    ) -> Answer:
        """Add a lesson at the end of a module."""
        command = command_of(AddLesson, data, course_id=course_id, module_id=module_id)
        return await sender.create(command, f"/courses/{course_id}/modules/{module_id}/lessons")

    @post("/{course_id:uuid}/publish", operation_id="PublishCourse", status_code=200)
    async def publish(self, course_id: FromPath[UUID], sender: NamedDependency[Sender]) -> Answer:
        """Publish the draft as the next version; who has begun stays on theirs."""
        return await sender.change(PublishCourse(course_id=course_id))

    @post("/{course_id:uuid}/archive", operation_id="ArchiveCourse", status_code=200)
    async def archive(
        self,
        course_id: FromPath[UUID],
        data: JSONBody[CourseRetirement],
        sender: NamedDependency[Sender],
    ) -> Answer:
        """Take a course out of the catalogue; its history stays."""
        return await sender.change(command_of(ArchiveCourse, data, course_id=course_id))
