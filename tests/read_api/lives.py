"""Random histories of a small company: what people decide is decided by the real aggregates."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import msgspec
from hypothesis import strategies as st

from domain.aggregate import Aggregate
from domain.catalogue import AGGREGATES
from domain.certificate import Certificate
from domain.course import Course
from domain.enrollment import Enrollment, EnrollmentSource, EnrollmentStatus
from domain.errors import DomainError
from domain.identity import enrollment_id
from domain.learner import Learner
from domain.organization import Organization
from domain.roles import Role
from event_store.event_type import EventTypes
from event_store.record import Metadata, Record
from tests.read_api.past import Told

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LEARNERS, COURSES, DEPARTMENTS = 3, 2, 3
LESSON = UUID(int=9)
A = TypeVar("A", bound=Aggregate)
TYPES = EventTypes(AGGREGATES)

Act = tuple[str, int, int, int]
"""What is done, to whom, with what, and by how much."""

DEEDS = {
    "assign": 5,
    "learn": 4,
    "certify": 4,
    "revoke": 2,
    "enrol": 4,
    "withdraw": 1,
    "leave course": 4,
    "retire": 1,
    "return": 1,
    "place": 4,
    "put under": 2,
    "retitle": 1,
    "rename": 1,
    "move": 4,
    "wait": 1,
}
"""How often each is done."""


def acts_of(chance: random.Random, count: int) -> list[Act]:
    """What is done, one after the other."""
    return [
        (
            chance.choices(list(DEEDS), list(DEEDS.values()))[0],
            chance.randrange(LEARNERS),
            chance.randrange(DEPARTMENTS),
            chance.randrange(5),
        )
        for _ in range(count)
    ]


ACTS = st.builds(acts_of, st.integers(0, 2**32).map(random.Random), st.integers(20, 45))


class Company:
    """`told` grows with every act; what an aggregate refuses isn't told."""

    def __init__(self, position: int) -> None:
        self.told: list[Told] = []
        self.now = START
        self._position = position
        self.learners = [self._begun(self._learner(number)) for number in range(LEARNERS)]
        self.courses = [self._begun(self._course(number)) for number in range(COURSES)]
        self.tree = self._begun(Organization.found(at=self.now))
        self.departments = [uuid4() for _ in range(DEPARTMENTS)]
        for number, id in enumerate(self.departments):
            parent = self.departments[number - 1] if number else None
            self.tree.add(department_id=id, name=f"Part {number}", parent_id=parent, at=self.now)
        self._keep(self.tree, None)
        self.enrollments: dict[UUID, Enrollment] = {}
        self.certificates: dict[UUID, Certificate] = {}

    def act(self, act: Act) -> None:
        what, who, which, much = act
        self.now += MINUTE * much  # also nothing: several events of one instant
        with suppress(DomainError):
            getattr(self, "_" + what.replace(" ", "_"))(who, which, much)

    def _assign(self, who: int, which: int, much: int) -> None:
        due_at = self.now + MINUTE * (much + 0.5) if much else None
        source = EnrollmentSource.MANAGER if which else EnrollmentSource.IMPORT
        self._enrolled(who, which, source, due_at, by=self.learners[0].id)

    def _enrol(self, who: int, which: int, much: int) -> None:
        due_at = self.now + MINUTE * (much + 0.5) if much == 4 else None
        self._enrolled(who, which, EnrollmentSource.SELF, due_at, by=self.learners[who].id)

    def _enrolled(
        self, who: int, which: int, source: EnrollmentSource, due_at: datetime | None, by: UUID
    ) -> None:
        learner, course = self.learners[who], self.courses[which % COURSES]
        found = self.enrollments.get(enrollment_id(learner.id, course.id))
        asked: dict[str, Any] = {
            "course_version": len(self.told),
            "lessons": [LESSON],
            "assessments": [],
            "enrolled_by": by,
            "source": source,
            "due_at": due_at,
            "at": self.now,
        }
        if found is None:
            found = Enrollment.create(learner_id=learner.id, course_id=course.id, **asked)
            self.enrollments[found.id] = found
        else:
            found.reinstate(**asked)
        self._keep(found, by)

    def _with_enrollment(self, who: int, which: int, do: Callable[[Enrollment], None]) -> None:
        id = enrollment_id(self.learners[who].id, self.courses[which % COURSES].id)
        if id in self.enrollments:
            do(self.enrollments[id])

    def _learn(self, who: int, which: int, _: int) -> None:
        def learn(enrollment: Enrollment) -> None:
            enrollment.update_progress(lesson_id=LESSON, percent=100, seconds=1, at=self.now)
            self._keep(enrollment, enrollment.learner_id)

        self._with_enrollment(who, which, learn)

    def _withdraw(self, who: int, which: int, much: int) -> None:
        self._withdrawn(who, which, by=None if much else self.learners[who - 1].id)

    def _leave_course(self, who: int, which: int, _: int) -> None:
        self._withdrawn(who, which, by=self.learners[who].id)

    def _withdrawn(self, who: int, which: int, by: UUID | None) -> None:
        def withdraw(enrollment: Enrollment) -> None:
            enrollment.withdraw(reason=None, at=self.now)
            self._keep(enrollment, by)

        self._with_enrollment(who, which, withdraw)

    def _certify(self, who: int, which: int, much: int) -> None:
        def certify(enrollment: Enrollment) -> None:
            done = enrollment.status is EnrollmentStatus.COMPLETED
            if not done or enrollment.id in self.certificates or not enrollment.completed_at:
                return
            expires_at = enrollment.completed_at + MINUTE * (20 * much + 0.5)
            certificate = Certificate.issue(
                learner_id=enrollment.learner_id,
                course_id=enrollment.course_id,
                course_title="As printed",
                course_version=enrollment.course_version,
                enrollment_id=enrollment.id,
                holder_name="Ann",
                completed_at=enrollment.completed_at,
                expires_at=expires_at if much else None,
                at=self.now,
            )
            self.certificates[enrollment.id] = certificate
            self._keep(certificate, None)

        self._with_enrollment(who, which, certify)

    def _revoke(self, who: int, which: int, _: int) -> None:
        def revoke(enrollment: Enrollment) -> None:
            if enrollment.id in self.certificates:
                certificate = self.certificates[enrollment.id]
                certificate.revoke(reason="Copied", by=None, at=self.now)
                self._keep(certificate, None)

        self._with_enrollment(who, which, revoke)

    def _place(self, who: int, which: int, much: int) -> None:
        id = self.departments[which] if much else None
        name = "Somewhere" if much else None
        self.learners[who].update(department_id=id, department=name, at=self.now)
        self._keep(self.learners[who], None)

    def _put_under(self, who: int, which: int, much: int) -> None:
        """Circles are no concern of the view, which must only not go round in them for ever."""
        manager = self.learners[which].id if much else None
        self.learners[who].update(manager_id=manager, at=self.now)
        self._keep(self.learners[who], None)

    def _retire(self, who: int, *_: int) -> None:
        self.learners[who].deactivate(reason=None, at=self.now)
        self._keep(self.learners[who], None)

    def _return(self, who: int, *_: int) -> None:
        self.learners[who].reactivate(at=self.now)
        self._keep(self.learners[who], None)

    def _retitle(self, who: int, which: int, much: int) -> None:
        course = self.courses[which % COURSES]
        course.change_details(title=f"Title {who}{much}", at=self.now)
        self._keep(course, None)

    def _rename(self, who: int, which: int, much: int) -> None:
        id = self.departments[which]
        self.tree.rename(department_id=id, name=f"Name {who}{much}", at=self.now)
        self._keep(self.tree, None)

    def _move(self, who: int, which: int, much: int) -> None:
        parent = self.departments[who] if much % 2 else None
        self.tree.move(department_id=self.departments[which], parent_id=parent, at=self.now)
        self._keep(self.tree, None)

    def _wait(self, *_: int) -> None:
        self.now += MINUTE

    def _learner(self, number: int) -> Learner:
        return Learner.register(
            id=uuid4(),
            username=f"learner{number}",
            email=f"learner{number}@example.com",
            full_name="Ann Example",
            roles=[Role.EMPLOYEE],
            at=self.now,
        )

    def _course(self, number: int) -> Course:
        return Course.create(
            id=uuid4(), title=f"Course {number}", description="", created_by=None, at=self.now
        )

    def _begun(self, aggregate: A) -> A:
        self._keep(aggregate, None)
        return aggregate

    def _keep(self, aggregate: Aggregate, actor: UUID | None) -> None:
        metadata = Metadata(
            actor=actor, correlation_id=uuid4(), command_id=uuid4(), command="Anything"
        )
        for event in aggregate.collect_events():
            self._position += 3
            record = Record(
                position=self._position,
                stream_id=event.originator_id,
                stream_type=aggregate.STREAM_TYPE,
                version=event.originator_version,
                type=TYPES.of_class(type(event)).name,
                data=b"{}",
                metadata=msgspec.json.encode(metadata),
                recorded_at=self.now,
            )
            self.told.append(Told(event, record, actor))
