"""People who learn, made through the dispatcher, for loads to act as."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec

from access.actor import Actor
from access.tokens import TokenIssuer
from commands.context import Context, Recorded
from commands.course import AddLesson, AddModule, CreateCourse, PublishCourse
from commands.enrollment import EnrollLearner
from commands.learner import RegisterLearner
from commands.message import Command
from domain.roles import Role
from lms.composition import AUDIENCE, CommandSide
from lms.settings import Settings

LESSONS = 10


class Learning(msgspec.Struct, frozen=True):
    """Somebody with an access token, enrolled, at one lesson."""

    token: str
    enrollment_id: UUID
    lesson_id: UUID


def learners_at_work(settings: Settings, side: CommandSide, count: int) -> list[Learning]:
    """Makes a course of ten lessons and so many learners in it."""
    admin = Actor(uuid4(), frozenset({Role.ADMIN}))
    course_id = _send(side, admin, CreateCourse(title="Measuring")).id
    module_id = _send(side, admin, AddModule(course_id=course_id, title="All")).id
    for number in range(LESSONS):
        lesson = AddLesson(course_id=course_id, module_id=module_id, title=f"Lesson {number}")
        lesson_id = _send(side, admin, lesson).id
    _send(side, admin, PublishCourse(course_id=course_id))
    issuer = TokenIssuer(
        side.signing_keys, issuer=settings.public_url, audience=AUDIENCE, seconds_valid=7_200
    )
    return [_learner(side, issuer, admin, course_id, lesson_id) for _ in range(count)]


def _learner(
    side: CommandSide, issuer: TokenIssuer, admin: Actor, course_id: UUID, lesson_id: UUID
) -> Learning:
    name = f"learner-{uuid4().hex}"
    registered = _send(
        side,
        admin,
        RegisterLearner(username=name, email=f"{name}@example.com", full_name="A Learner"),
    )
    learner = Actor(registered.id, frozenset({Role.EMPLOYEE}), uuid4())
    enrollment = _send(side, learner, EnrollLearner(course_id=course_id))
    return Learning(issuer.access_token(learner), enrollment.id, lesson_id)


def _send(side: CommandSide, actor: Actor, command: Command) -> Recorded:
    context = Context(
        actor=actor, now=datetime.now(UTC), correlation_id=uuid4(), command_id=uuid4()
    )
    return side.dispatcher.dispatch(command, context)
