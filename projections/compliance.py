"""Read model: who had to have done what, and had they, at every position and instant there was."""

from collections.abc import Iterable
from typing import Any

from domain.certificate import Certificate
from domain.course import Course
from domain.enrollment import Enrollment, EnrollmentSource
from domain.learner import Learner
from domain.organization import Organization
from event_store.record import Record
from projections.projection import Projection, Statement, on
from projections.temporal import OPEN, Sql, Temporal

OBLIGATION = Temporal(
    "compliance_obligation",
    {
        "id": "uuid",
        "learner_id": "uuid",
        "course_id": "uuid",
        "course_version": "integer",
        "source": "text",
        "assigned_by": "uuid",
        "assigned_at": "timestamptz",
        "due_at": "timestamptz",
        "state": "text",
        "state_position": "bigint",
        "state_at": "timestamptz",
        "since_position": "bigint",
        "since_at": "timestamptz",
        "completed_at": "timestamptz",
        "withdrawn_at": "timestamptz",
        "withdrawn_by": "uuid",
        "certificate_id": "uuid",
        "expires_at": "timestamptz",
        "revoked_at": "timestamptz",
    },
)
PERSON = Temporal(
    "compliance_person",
    {
        "learner_id": "uuid",
        "department_id": "uuid",
        "department": "text",
        "manager_id": "uuid",
        "active": "boolean",
        "active_position": "bigint",
        "active_at": "timestamptz",
    },
)
COURSE = Temporal("compliance_course", {"course_id": "uuid", "title": "text"})
DEPARTMENT = Temporal("compliance_department", {"id": "uuid", "name": "text", "path": "uuid[]"})
PATH_OF = (
    "coalesce((SELECT parent.path FROM compliance_department AS parent"
    f" WHERE parent.id = %s AND parent.to_position = {OPEN}), '{{}}')"
)
PLACE = ("department_id", "department", "manager_id")


class ComplianceProjection(Projection):
    """Tables `compliance_obligation`, `compliance_person`, `compliance_course` and
    `compliance_department`, whose rows hold from one event to another: see `Temporal`.

    An enrolment obliges when somebody else asked for it (a manager, a rule, an import) or when it
    has a due instant. It is let off by whoever withdraws it, but for the learner: who leaves a
    course by themselves still has to do it.
    """

    name = "compliance"
    version = 2

    @on(Enrollment.Created)
    def created(self, event: Enrollment.Created, record: Record) -> Iterable[Statement]:
        if _obliges(event):
            yield _assigned(event, record)

    @on(Enrollment.Reinstated)
    def reinstated(self, event: Enrollment.Reinstated, record: Record) -> Iterable[Statement]:
        """Who comes back on their own to what they still have to do goes on having to do it."""
        if _obliges(event):
            yield _assigned(event, record)
            return
        back = {"course_version": event.course_version, "withdrawn_at": None, "withdrawn_by": None}
        yield OBLIGATION.change(
            record, back, where="id = %s AND state = 'assigned'", params=(record.stream_id,)
        )

    @on(Enrollment.Completed)
    def completed(self, event: Enrollment.Completed, record: Record) -> Iterable[Statement]:
        yield OBLIGATION.change(
            record,
            {**_state(record, "completed"), "completed_at": event.timestamp},
            where="id = %s AND state = 'assigned'",
            params=(record.stream_id,),
        )

    @on(Enrollment.Withdrawn)
    def withdrawn(self, event: Enrollment.Withdrawn, record: Record) -> Iterable[Statement]:
        by = record.read_metadata().actor
        stays = Sql("%s AND source <> 'self'", (by == event.learner_id,))
        yield OBLIGATION.change(
            record,
            {
                "state": _unless(stays, "'withdrawn'", "state"),
                "state_position": _unless(stays, "to_position", "state_position"),
                "state_at": _unless(stays, "to_at", "state_at"),
                "withdrawn_at": event.timestamp,
                "withdrawn_by": by,
            },
            where="id = %s AND state = 'assigned'",
            params=(record.stream_id,),
        )

    @on(Certificate.Issued)
    def certified(self, event: Certificate.Issued, record: Record) -> Iterable[Statement]:
        certificate: dict[str, object] = {
            "certificate_id": record.stream_id,
            "expires_at": event.expires_at,
        }
        if event.expires_at is not None and event.expires_at <= record.recorded_at:
            certificate |= _state(record, "completed")  # history: it had expired by then
        yield OBLIGATION.change(
            record,
            certificate,
            where="id = %s AND state = 'completed'",
            params=(event.enrollment_id,),
        )

    @on(Certificate.Revoked)
    def revoked(self, event: Certificate.Revoked, record: Record) -> Iterable[Statement]:
        revocation = {"revoked_at": event.timestamp, **_state(record, "completed")}
        yield OBLIGATION.change(
            record, revocation, where="certificate_id = %s", params=(record.stream_id,)
        )

    @on(Learner.Registered)
    def registered(self, event: Learner.Registered, record: Record) -> Iterable[Statement]:
        place = {name: getattr(event, name) for name in PLACE}
        person = {"learner_id": record.stream_id, **_active(True, record), **place}
        yield PERSON.begin(record, person, key="learner_id")

    @on(Learner.Updated)
    def updated(self, event: Learner.Updated, record: Record) -> Iterable[Statement]:
        yield from _moved(event, event.cleared, record)

    @on(Learner.Provisioned)
    def provisioned(self, event: Learner.Provisioned, record: Record) -> Iterable[Statement]:
        yield from _moved(event, event.removed, record)

    @on(Learner.Deactivated)
    def deactivated(self, _: Learner.Deactivated, record: Record) -> Iterable[Statement]:
        yield _person(record, _active(False, record))

    @on(Learner.Reactivated)
    def reactivated(self, _: Learner.Reactivated, record: Record) -> Iterable[Statement]:
        yield _person(record, _active(True, record))

    @on(Course.Created)
    def drafted(self, event: Course.Created, record: Record) -> Iterable[Statement]:
        course = {"course_id": record.stream_id, "title": event.title}
        yield COURSE.begin(record, course, key="course_id")

    @on(Course.DetailsChanged)
    def retitled(self, event: Course.DetailsChanged, record: Record) -> Iterable[Statement]:
        if event.title is not None:
            yield COURSE.change(
                record, {"title": event.title}, where="course_id = %s", params=(record.stream_id,)
            )

    @on(Organization.DepartmentAdded)
    def added(self, event: Organization.DepartmentAdded, record: Record) -> Iterable[Statement]:
        id = event.department_id
        path = Sql(f"{PATH_OF} || %s", (event.parent_id, id))
        yield DEPARTMENT.begin(record, {"id": id, "name": event.name, "path": path}, key="id")

    @on(Organization.DepartmentRenamed)
    def renamed(self, event: Organization.DepartmentRenamed, record: Record) -> Iterable[Statement]:
        yield DEPARTMENT.change(
            record, {"name": event.name}, where="id = %s", params=(event.department_id,)
        )

    @on(Organization.DepartmentMoved)
    def moved(self, event: Organization.DepartmentMoved, record: Record) -> Iterable[Statement]:
        """With everything below it. Its new parent is none of that, so it still holds."""
        id = event.department_id
        path = Sql(f"{PATH_OF} || path[array_position(path, %s):]", (event.parent_id, id))
        yield DEPARTMENT.change(record, {"path": path}, where="path @> ARRAY[%s]", params=(id,))

    @on(Organization.DepartmentRemoved)
    def removed(self, event: Organization.DepartmentRemoved, record: Record) -> Iterable[Statement]:
        yield DEPARTMENT.end(record, where="id = %s", params=(event.department_id,))


def _obliges(event: Enrollment.Created | Enrollment.Reinstated) -> bool:
    return event.source is not EnrollmentSource.SELF or event.due_at is not None


def _assigned(event: Enrollment.Created | Enrollment.Reinstated, record: Record) -> Statement:
    obligation = {
        "id": record.stream_id,
        "learner_id": event.learner_id,
        "course_id": event.course_id,
        "course_version": event.course_version,
        "source": event.source,
        "assigned_by": event.enrolled_by,
        "assigned_at": event.timestamp,
        "due_at": event.due_at or "infinity",
        "since_position": record.position,
        "since_at": record.recorded_at,
        **_state(record, "assigned"),
    }
    return OBLIGATION.begin(record, obligation, key="id")


def _state(record: Record, state: str) -> dict[str, object]:
    """How it stands from an event on, if only in part."""
    return {"state": state, "state_position": record.position, "state_at": record.recorded_at}


def _unless(condition: Sql, then: str, otherwise: str) -> Sql:
    text = f"CASE WHEN {condition.text} THEN {otherwise} ELSE {then} END"
    return Sql(text, condition.params)


def _moved(
    event: Learner.Updated | Learner.Provisioned, emptied: list[str], record: Record
) -> Iterable[Statement]:
    """Most changes of a profile are about something else."""
    changes: dict[str, Any] = {name: None for name in PLACE if name in emptied}
    changes |= {name: value for name in PLACE if (value := getattr(event, name)) is not None}
    if changes:
        yield _person(record, changes)


def _active(active: bool, record: Record) -> dict[str, Any]:
    since = {"active_position": record.position, "active_at": record.recorded_at}
    return {"active": active, **since}


def _person(record: Record, changes: dict[str, Any]) -> Statement:
    return PERSON.change(record, changes, where="learner_id = %s", params=(record.stream_id,))
