"""What compliance was at any moment by a plain reading of the events up to it.

Nothing of the read model is used here: what it answers is compared with this.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from domain.certificate import Certificate
from domain.course import Course
from domain.enrollment import Enrollment, EnrollmentSource
from domain.learner import Learner
from domain.organization import Organization
from event_store.record import Record

Standing = dict[str, Any]
"""What the view says of one obligation, as far as it is compared."""


class Told(msgspec.Struct, frozen=True):
    """An event of the history, with its place in the record and who did it."""

    event: Any
    record: Record
    actor: UUID | None


class Past:
    """The state of everything after some events."""

    def __init__(self, told: Iterable[Told]) -> None:
        self.people: dict[UUID, dict[str, Any]] = {}
        self.titles: dict[UUID, str] = {}
        self.departments: dict[UUID, tuple[str, UUID | None]] = {}
        self.obligations: dict[UUID, dict[str, Any]] = {}
        for each in told:
            self._tell(each)

    def standings(self, at: datetime) -> list[Standing]:
        """Every obligation there is, as it stands at an instant."""
        return [self._standing(id, each, at) for id, each in self.obligations.items()]

    def is_below(self, department: UUID | None, top: UUID) -> bool:
        while department in self.departments:
            if department == top:
                return True
            department = self.departments[department][1]
        return False

    def reports_to(self, learner: UUID, manager: UUID) -> bool:
        seen: set[UUID] = set()
        above = self.people[learner]["manager_id"]
        while above is not None and above not in seen:
            if above == manager:
                return True
            seen.add(above)
            above = self.people[above]["manager_id"] if above in self.people else None
        return False

    def _standing(self, id: UUID, it: dict[str, Any], at: datetime) -> Standing:
        person = self.people[it["learner_id"]]
        department = self.departments.get(person["department_id"], (None, None))[0]
        return {
            "id": id,
            "learner_id": it["learner_id"],
            "active": person["active"],
            "department_id": person["department_id"],
            "department": department or person["department"],
            "manager_id": person["manager_id"],
            "course_title": self.titles[it["course_id"]],
            "course_version": it["course_version"],
            "status": _status(it, at),
            "due_at": it["due_at"],
            "completed_at": it.get("completed_at"),
            "withdrawn_by": it.get("withdrawn_by"),
        }

    def _tell(self, told: Told) -> None:
        event, id = told.event, told.record.stream_id
        match event:
            case Enrollment.Created() | Enrollment.Reinstated():
                self._enrolled(id, event)
            case Enrollment.Completed() | Enrollment.Withdrawn() if self._is_open(id):
                self._ended(id, event, told.actor)
            case Certificate.Issued() | Certificate.Revoked():
                self._certified(id, event)
            case Learner.Registered():
                self.people[id] = {name: getattr(event, name) for name in _PLACE} | {"active": True}
            case Learner.Updated():
                self._moved(id, event)
            case Learner.Deactivated() | Learner.Reactivated():
                self.people[id]["active"] = isinstance(event, Learner.Reactivated)
            case Course.Created() | Course.DetailsChanged():
                self.titles[id] = event.title or self.titles[id]
            case _:
                self._organized(event)

    def _is_open(self, id: UUID) -> bool:
        return id in self.obligations and self.obligations[id]["state"] == "open"

    def _enrolled(self, id: UUID, event: Enrollment.Created | Enrollment.Reinstated) -> None:
        if event.source is not EnrollmentSource.SELF or event.due_at:
            self.obligations[id] = {
                name: getattr(event, name)
                for name in ("learner_id", "course_id", "course_version", "source", "due_at")
            } | {"state": "open"}
        elif self._is_open(id):
            self.obligations[id] |= {"course_version": event.course_version, "withdrawn_by": None}

    def _ended(self, id: UUID, event: Any, actor: UUID | None) -> None:
        it = self.obligations[id]
        if isinstance(event, Enrollment.Completed):
            it |= {"state": "completed", "completed_at": event.timestamp}
            return
        it["withdrawn_by"] = actor
        if actor != it["learner_id"] or it["source"] is EnrollmentSource.SELF:
            it["state"] = "withdrawn"

    def _certified(self, id: UUID, event: Certificate.Issued | Certificate.Revoked) -> None:
        if isinstance(event, Certificate.Issued):
            if event.enrollment_id in self.obligations:
                self.obligations[event.enrollment_id]["certificate"] = [id, event.expires_at, False]
            return
        for it in self.obligations.values():
            if it.get("certificate", [None])[0] == id:
                it["certificate"][2] = True

    def _moved(self, id: UUID, event: Learner.Updated) -> None:
        for name in _PLACE:
            if name in event.cleared or getattr(event, name) is not None:
                self.people[id][name] = getattr(event, name)

    def _organized(self, event: Any) -> None:
        match event:
            case Organization.DepartmentAdded():
                self.departments[event.department_id] = (event.name, event.parent_id)
            case Organization.DepartmentRenamed():
                parent = self.departments[event.department_id][1]
                self.departments[event.department_id] = (event.name, parent)
            case Organization.DepartmentMoved():
                name = self.departments[event.department_id][0]
                self.departments[event.department_id] = (name, event.parent_id)
            case Organization.DepartmentRemoved():
                del self.departments[event.department_id]


_PLACE = ("department_id", "department", "manager_id")


def _status(it: dict[str, Any], at: datetime) -> str:
    due_at = it["due_at"]
    if it["state"] == "withdrawn":
        return "withdrawn"
    if it["state"] == "open":
        return "overdue" if due_at and due_at < at else "due"
    _, expires_at, is_revoked = it.get("certificate", (None, None, False))
    if is_revoked:
        return "revoked"
    if expires_at and expires_at <= at:
        return "expired"
    return "completed_late" if due_at and it["completed_at"] > due_at else "completed"
