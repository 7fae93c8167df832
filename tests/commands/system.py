"""When this command comes, then these events are recorded, or it is refused."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4

import msgspec
from argon2 import PasswordHasher
from psycopg_pool import ConnectionPool

from access.actor import Actor
from access.passwords import Passwords
from access.permissions import reach
from commands.assessment import AddQuestion, CreateAssessment, NewChoice, PublishAssessment
from commands.attempt import GivenAnswer, StartAttempt, SubmitAttempt
from commands.catalogue import HANDLERS
from commands.context import Context, Recorded
from commands.course import AddLesson, AddModule, CreateCourse, PublishCourse
from commands.dispatcher import Dispatcher
from commands.enrollment import EnrollLearner, UpdateProgress
from commands.learner import ChangeRoles, RegisterLearner
from commands.message import Command
from commands.organization import AddDepartment
from commands.survey import CreateSurvey, NewSurveyQuestion, PublishSurvey
from commands.work import Work
from domain.aggregate import Aggregate
from domain.assessment import Assessment, QuestionKind
from domain.course import Course
from domain.enrollment import Enrollment
from domain.errors import DomainError, Forbidden, Invalid
from domain.roles import Role
from domain.survey import SurveyQuestionKind
from event_store.application import Log
from event_store.record import Metadata
from tests.servers.postgres import Database

A = TypeVar("A", bound=Aggregate)

MASTER_KEY = bytes(range(32))
NOW = datetime(2030, 1, 1, 9, tzinfo=UTC)
ADMIN = Actor(
    id=UUID(int=0xAD),
    roles=frozenset({Role.ADMIN}),
    session_id=UUID(int=0xAE),
    authenticated_at=NOW,
    factors=frozenset({"pwd"}),
)
"""Has proved a moment ago who they are."""


class Outcome(msgspec.Struct, frozen=True):
    """What a command led to: a record of it with the events of its stream, or a refusal."""

    recorded: Recorded | None
    refusal: DomainError | None
    facts: Sequence[Any]

    @property
    def id(self) -> UUID:
        if self.refusal is not None:
            raise self.refusal
        assert self.recorded is not None
        return self.recorded.id

    def then(self, *event_classes: Any) -> Recorded:
        """Exactly these events were recorded by the command, in this order."""
        if self.refusal is not None:
            raise self.refusal
        assert [type(event) for event in self.facts] == list(event_classes)
        assert self.recorded is not None
        return self.recorded

    def refuses(self, error: type[DomainError], field: str | None = None) -> None:
        assert type(self.refusal) is error, f"{self.refusal!r}, {self.facts}"
        if isinstance(self.refusal, Invalid):
            assert self.refusal.field == field
        assert not self.facts, "a refusal leaves nothing half done"


class System:
    """One process that takes commands. Others on the same database are made by `another`."""

    def __init__(self, database: Database, *, two_persons: bool = True) -> None:
        self._database = database
        self.pool: ConnectionPool[Any] = ConnectionPool(
            database.write_url, min_size=1, max_size=4, open=True
        )
        self.log = Log(database.write_url, MASTER_KEY, connections=8)
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        self.passwords = Passwords(self.pool, cheap)
        self.dispatcher = Dispatcher(
            self.log, self.passwords, fingerprint_key=b"fingerprints", two_persons=two_persons
        )

    def another(self, *, two_persons: bool = True) -> "System":
        return System(self._database, two_persons=two_persons)

    def close(self) -> None:
        self.log.close()
        self.pool.close()

    def dispatch(self, command: Command, by: Actor = ADMIN, **context: Any) -> Recorded:
        values: dict[str, Any] = {
            "actor": by,
            "now": NOW,
            "correlation_id": uuid4(),
            "command_id": uuid4(),
        }
        return self.dispatcher.dispatch(command, Context(**{**values, **context}))

    def when(self, command: Command, by: Actor = ADMIN, **context: Any) -> Outcome:
        command_id = uuid4()
        recorded = refusal = None
        try:
            recorded = self.dispatch(command, by, command_id=command_id, **context)
        except DomainError as error:
            refusal = error
        return Outcome(recorded, refusal, self._recorded_by(command_id))

    def peek(self, command: Command, by: Actor) -> DomainError | None:
        """How a command would be refused, if at all; it isn't carried out."""
        work = Work(
            self.log,
            self.passwords,
            by,
            NOW,
            reach(by, type(command).__name__),
        )
        try:
            if not reach(by, type(command).__name__):
                raise Forbidden("Your roles don't allow this.")
            HANDLERS[type(command)](command, work)
        except DomainError as error:
            return error
        return None if work.permitted else Forbidden("The ownership check is missing.")

    def metadata_at(self, position: int) -> Metadata:
        """The metadata of the event at a position."""
        with self.pool.connection() as connection:
            row = connection.execute(
                "SELECT metadata::text FROM event_store.events WHERE position = %s", (position,)
            ).fetchone()
        assert row is not None
        return msgspec.json.decode(row[0], type=Metadata)

    def metadata_of(self, command_id: UUID) -> Metadata:
        """What the log says about the append of a command."""
        with self.pool.connection() as connection:
            row = connection.execute(
                "SELECT metadata::text FROM event_store.events"
                " WHERE metadata->>'command_id' = %s LIMIT 1",
                (str(command_id),),
            ).fetchone()
        assert row is not None
        return msgspec.json.decode(row[0], type=Metadata)

    def _recorded_by(self, command_id: UUID) -> list[Any]:
        with self.pool.connection() as connection:
            rows = connection.execute(
                "SELECT stream_id, version FROM event_store.events"
                " WHERE metadata->>'command_id' = %s ORDER BY position",
                (str(command_id),),
            ).fetchall()
        return [
            event
            for stream_id, version in rows
            for event in self.log.events.get(stream_id, gt=version - 1, lte=version)
        ]


class Person(msgspec.Struct, frozen=True):
    id: UUID
    actor: Actor


class Given:
    """States that a test starts from, each made by commands."""

    def __init__(self, system: System) -> None:
        self._system = system

    def a_person(
        self, *roles: Role, manager: Person | None = None, department: UUID | None = None
    ) -> Person:
        name = uuid4().hex
        command = RegisterLearner(
            username=name,
            email=f"{name}@example.com",
            full_name="Jane Doe",
            roles=list(roles) or [Role.EMPLOYEE],
            manager_id=manager.id if manager else None,
            department_id=department,
        )
        id = self._system.dispatch(command).id
        return Person(id, Actor(id, frozenset(command.roles)))

    def an_administrator(self) -> Person:
        """Has proved a moment ago who they are."""
        person = self.a_person(Role.ADMIN)
        return Person(person.id, msgspec.structs.replace(person.actor, authenticated_at=NOW))

    def a_department(self, below: UUID | None = None) -> UUID:
        """Of a name that no other one has."""
        command = AddDepartment(name=uuid4().hex, parent_id=below)
        return self._system.dispatch(command).id

    def a_department_admin(self, *departments: UUID) -> Person:
        """Someone who looks after these departments, and belongs to none."""
        person = self.a_person()
        roles = [Role.EMPLOYEE, Role.DEPARTMENT_ADMIN]
        grant = ChangeRoles(learner_id=person.id, roles=roles, departments=list(departments))
        self._system.dispatch(grant)
        return Person(person.id, Actor(person.id, frozenset(roles), authenticated_at=NOW))

    def a_draft_course(self, by: Person) -> Course:
        return self._course(self._draft(by))

    def a_published_course(self, by: Person, lessons: int = 1) -> Course:
        id = self._draft(by, lessons)
        self._system.dispatch(PublishCourse(course_id=id), by.actor)
        return self._course(id)

    def an_enrollment(self, learner: Person, course: Course) -> Enrollment:
        id = self._system.dispatch(EnrollLearner(course_id=course.id), learner.actor).id
        return self._found(Enrollment, id)

    def a_completed_enrollment(self, learner: Person, course: Course) -> Enrollment:
        enrollment = self.an_enrollment(learner, course)
        for lesson in enrollment.lessons:
            self._system.dispatch(
                UpdateProgress(enrollment_id=enrollment.id, lesson_id=lesson, percent=100),
                learner.actor,
            )
        return self._found(Enrollment, enrollment.id)

    def a_draft_assessment(self, by: Person, course: Course) -> Assessment:
        id = self._system.dispatch(
            CreateAssessment(course_id=course.id, title="Borrowing", pass_mark=50), by.actor
        ).id
        choices = [NewChoice(text="yes", correct=True), NewChoice(text="no")]
        question = AddQuestion(
            assessment_id=id, kind=QuestionKind.SINGLE, prompt="Does it move?", choices=choices
        )
        self._system.dispatch(question, by.actor)
        return self._found(Assessment, id)

    def a_published_assessment(self, by: Person, course: Course) -> Assessment:
        assessment = self.a_draft_assessment(by, course)
        self._system.dispatch(PublishAssessment(assessment_id=assessment.id), by.actor)
        return self._found(Assessment, assessment.id)

    def an_attempt(self, learner: Person, assessment: Assessment) -> UUID:
        return self._system.dispatch(StartAttempt(assessment_id=assessment.id), learner.actor).id

    def a_survey(self, by: Actor, course: Course | None = None, anonymous: bool = False) -> UUID:
        command = CreateSurvey(
            title="How was it?",
            course_id=course.id if course else None,
            anonymous=anonymous,
            questions=[NewSurveyQuestion(kind=SurveyQuestionKind.TEXT, prompt="What was best?")],
        )
        return self._system.dispatch(command, by).id

    def an_open_survey(
        self, by: Actor, course: Course | None = None, anonymous: bool = False
    ) -> UUID:
        id = self.a_survey(by, course, anonymous)
        self._system.dispatch(PublishSurvey(survey_id=id), by)
        return id

    def _draft(self, by: Person, lessons: int = 1) -> UUID:
        id = self._system.dispatch(CreateCourse(title="Rust Programming 101"), by.actor).id
        module = self._system.dispatch(AddModule(course_id=id, title="Ownership"), by.actor).id
        for number in range(lessons):
            lesson = AddLesson(course_id=id, module_id=module, title=f"Lesson {number}")
            self._system.dispatch(lesson, by.actor)
        return id

    def _course(self, id: UUID) -> Course:
        return self._found(Course, id)

    def _found(self, cls: type[A], id: UUID) -> A:
        found = self._system.log.find_latest(cls, id)
        assert found is not None
        return found


def answers(assessment: Assessment, *, right: bool) -> list[GivenAnswer]:
    """The answer sheet with every question of single choice answered right, or wrong."""
    return [
        GivenAnswer(
            question_id=question.id,
            choices=[choice.id for choice in question.choices if choice.correct is right][:1],
        )
        for question in assessment.questions
    ]


def an_answer_sheet(attempt_id: UUID, assessment: Assessment, *, right: bool) -> SubmitAttempt:
    return SubmitAttempt(attempt_id=attempt_id, answers=answers(assessment, right=right))
