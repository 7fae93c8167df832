"""What became of people, folded from their events: trainings, attempts, certificates, decisions."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from read_api.history import AuditEntry
from read_api.inspecting.words import title


class Training(msgspec.Struct):
    """One enrolment; a learner's one way through a course, or several after each other."""

    learner_id: UUID
    course_id: UUID
    course_version: int | None = None
    enrolled_at: datetime | None = None
    enrolled_by: UUID | None = None
    due_at: datetime | None = None
    status: str = "active"
    completed_at: datetime | None = None
    score: float | None = None


class Attempt(msgspec.Struct):
    """One try at an assessment; `score` in percent."""

    learner_id: UUID
    assessment_id: UUID
    number: int | None = None
    started_at: datetime | None = None
    submitted_at: datetime | None = None
    graded_at: datetime | None = None
    graded_by: str | None = None
    score: float | None = None
    passed: bool | None = None


class Certificate(msgspec.Struct):
    """One certificate, as printed on it."""

    learner_id: UUID
    course_id: UUID | None = None
    course_title: str | None = None
    number: str | None = None
    completed_at: datetime | None = None
    issued_at: datetime | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    revocation_reason: str | None = None


class Decision(msgspec.Struct, frozen=True):
    """Something about a person that another person signed for by doing it under their log-in."""

    learner_id: UUID
    at: datetime
    what: str
    by: UUID | None
    on_behalf_of: UUID | None
    reason: str | None
    position: int


_DECISIONS: Final = {
    "attempt.graded",
    "certificate.issued",
    "certificate.revoked",
    "enrollment.created",
    "enrollment.reinstated",
    "enrollment.withdrawn",
    "learner.deactivated",
    "learner.reactivated",
    "learner.roles_changed",
    "learner.skill_assessed",
    "testimonial.approved",
    "testimonial.rejected",
}


class Dossier:
    """Takes events in the order of the log, and holds what they say about each person."""

    def __init__(self) -> None:
        self.trainings: dict[UUID, Training] = {}
        self.attempts: dict[UUID, Attempt] = {}
        self.certificates: dict[UUID, Certificate] = {}
        self.decisions: list[Decision] = []
        self._people: dict[UUID, None] = {}

    @property
    def people(self) -> list[UUID]:
        """Everybody whom an event is about, in the order in which they appear."""
        return list(self._people)

    def add(self, entry: AuditEntry) -> None:
        """Takes one more event. One that can't be read says nothing."""
        learner = (
            entry.stream_id if entry.stream_type == "learner" else entry.data.get("learner_id")
        )
        if entry.unreadable or not isinstance(learner, UUID):
            return
        self._people.setdefault(learner)
        name = entry.type.rpartition(".v")[0]
        if fold := _FOLDS.get(entry.stream_type):
            fold(self, name, learner, entry)
        if name in _DECISIONS and entry.actor and entry.actor.id != learner:
            self.decisions.append(_decision(learner, entry))

    def by_person(self) -> dict[UUID, "Dossier"]:
        """What is about each person."""
        apart = {person: Dossier() for person in self._people}
        for training_id, training in self.trainings.items():
            apart[training.learner_id].trainings[training_id] = training
        for attempt_id, attempt in self.attempts.items():
            apart[attempt.learner_id].attempts[attempt_id] = attempt
        for certificate_id, certificate in self.certificates.items():
            apart[certificate.learner_id].certificates[certificate_id] = certificate
        for decision in self.decisions:
            apart[decision.learner_id].decisions.append(decision)
        return apart

    def training(self, name: str, learner: UUID, entry: AuditEntry) -> None:
        """An event of an enrolment."""
        data, at = entry.data, entry.happened_at
        found = self.trainings.setdefault(entry.stream_id, Training(learner, data["course_id"]))
        if name in {"enrollment.created", "enrollment.reinstated"}:
            _set(found, data, "course_version", "enrolled_by", "due_at")
            found.enrolled_at, found.status, found.completed_at = at, "active", None
        elif name == "enrollment.completed":
            _set(found, data, "course_version", "score")
            found.completed_at, found.status = at, "completed"
        elif name == "enrollment.withdrawn":
            found.status = "withdrawn"

    def attempt(self, name: str, learner: UUID, entry: AuditEntry) -> None:
        """An event of an attempt."""
        data, at = entry.data, entry.happened_at
        found = self.attempts.setdefault(entry.stream_id, Attempt(learner, data["assessment_id"]))
        if name == "attempt.started":
            _set(found, data, "number")
            found.started_at = at
        elif name == "attempt.submitted":
            found.submitted_at = at
        elif name == "attempt.graded":
            _set(found, data, "score", "passed", "graded_by")
            found.graded_at = at

    def certificate(self, name: str, learner: UUID, entry: AuditEntry) -> None:
        """An event of a certificate."""
        data, at = entry.data, entry.happened_at
        found = self.certificates.setdefault(entry.stream_id, Certificate(learner))
        if name == "certificate.issued":
            _set(found, data, "course_id", "course_title", "number", "completed_at", "expires_at")
            found.issued_at = at
        elif name == "certificate.revoked":
            found.revoked_at, found.revocation_reason = at, data.get("reason")


_FOLDS: Final[dict[str, Callable[[Dossier, str, UUID, AuditEntry], None]]] = {
    "enrollment": Dossier.training,
    "attempt": Dossier.attempt,
    "certificate": Dossier.certificate,
}


def _set(found: msgspec.Struct, data: dict[str, Any], *fields: str) -> None:
    for field in fields:
        setattr(found, field, data.get(field))


def _decision(learner: UUID, entry: AuditEntry) -> Decision:
    reason = entry.data.get("reason") or entry.reason
    return Decision(
        learner,
        entry.happened_at or entry.recorded_at,
        title(entry.type),
        entry.actor.id if entry.actor else None,
        entry.on_behalf_of.id if entry.on_behalf_of else None,
        reason if isinstance(reason, str) else None,
        entry.position,
    )
