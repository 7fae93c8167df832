"""Collects what happened, command by command."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

import msgspec

from commands.notification import CreateNotification
from domain.aggregate import Aggregate
from domain.catalogue import AGGREGATES
from domain.identity import notification_id
from domain.notification import Notification
from event_store.event_type import EventTypes
from event_store.record import Record
from lms.seeds.history.plan import new_id
from policies.notifications import Notifications

TYPES: Final = EventTypes(AGGREGATES)
READ_RATE: Final = 0.4

_policy = Notifications()


class Act(msgspec.Struct, frozen=True):
    """One command and the events it led to; `actor` is `None` for the system."""

    at: datetime
    command: str
    actor: UUID | None
    events: list[Any]
    correlation_id: UUID
    command_id: UUID
    reason: str | None


class Story:
    """What one person did, or what happened to one course.

    `titles` are those of all courses, assessments and surveys: learners are told them.
    """

    def __init__(self, chance: Random, titles: Mapping[UUID, str], until: datetime) -> None:
        self.acts: list[Act] = []
        self._chance = chance
        self._titles = titles
        self._until = until

    def tell(
        self,
        command: str,
        by: UUID | None,
        at: datetime,
        *aggregates: Aggregate,
        because: UUID | None = None,
        reason: str | None = None,
    ) -> UUID:
        """Takes what the aggregates have decided as the outcome of a command.

        Returns its correlation id, to be passed as `because` for what a policy does then. Whoever
        an event concerns is notified, as the policy of today would do it.
        """
        events = [event for each in aggregates for event in each.collect_events()]
        correlation_id = because or new_id(self._chance)
        act = Act(at, command, by, events, correlation_id, new_id(self._chance), reason)
        self.acts.append(act)
        for event in events:
            self._notify(event, at, correlation_id)
        return correlation_id

    def soon(self, at: datetime) -> datetime:
        """When a policy reacts."""
        return at + timedelta(milliseconds=self._chance.randint(15, 400))

    def in_order(self) -> list[Act]:
        return sorted(self.acts, key=lambda act: act.at)

    def _notify(self, event: Any, at: datetime, because: UUID) -> None:
        if type(event) not in _FOLLOWED:
            return
        for command in _policy.commands(event, _record(event, at)):
            assert isinstance(command, CreateNotification)
            told_at = self.soon(at)
            notification = _notification(command, self._titles, told_at)
            self.tell("CreateNotification", None, told_at, notification, because=because)
            self._read(notification, told_at)

    def _read(self, notification: Notification, told_at: datetime) -> None:
        at = told_at + timedelta(hours=self._chance.expovariate(1 / 30), minutes=1)
        if self._chance.random() < READ_RATE and at < self._until:
            notification.read(at=at)
            self.tell("ReadNotification", notification.learner_id, at, notification)


def _record(event: Any, at: datetime) -> Record:
    """The row that the event will be, as far as a policy looks at it."""
    kind = TYPES.of_class(type(event))
    stream, version = event.originator_id, event.originator_version
    return Record(0, stream, kind.stream_type, version, kind.name, b"", b"", at)


def _notification(
    command: CreateNotification, titles: Mapping[UUID, str], at: datetime
) -> Notification:
    named: Iterable[tuple[str, UUID | None]] = (
        ("course_title", command.course_id),
        ("assessment_title", command.assessment_id),
        ("survey_title", command.survey_id),
    )
    return Notification.create(
        id=notification_id(command.learner_id, command.text_key, command.cause),
        learner_id=command.learner_id,
        kind=command.kind,
        subject_id=command.subject_id,
        text_key=command.text_key,
        params=command.params | {name: titles[id] for name, id in named if id is not None},
        at=at,
    )


_FOLLOWED: Final = frozenset(
    kind.event_class for kind in TYPES if kind.name in Notifications.handlers
)
