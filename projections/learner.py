"""Read model: people, with their roles and their manager."""

from collections.abc import Iterable

from domain.learner import Learner
from event_store.record import Record
from projections.projection import Projection, Statement, on


class LearnerProjection(Projection):
    """Table `learner`; full-text column `search` over name, user name and e-mail address."""

    name = "learner"
    version = 2

    @on(Learner.Registered)
    def registered(self, event: Learner.Registered, record: Record) -> Iterable[Statement]:
        yield Statement(
            "INSERT INTO learner (id, username, email, full_name, roles, language, time_zone,"
            " department, job_role, manager_id, registered_at, updated_at, version)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                record.stream_id,
                event.username,
                event.email,
                event.full_name,
                event.roles,
                event.language,
                event.time_zone,
                event.department,
                event.job_role,
                event.manager_id,
                event.timestamp,
                event.timestamp,
                record.version,
            ),
        )

    @on(Learner.Updated)
    def updated(self, event: Learner.Updated, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE learner SET full_name = coalesce(%s, full_name), email = coalesce(%s, email),"
            " language = coalesce(%s, language), time_zone = coalesce(%s, time_zone),"
            " department = coalesce(%s, department), job_role = coalesce(%s, job_role),"
            " manager_id = coalesce(%s, manager_id), updated_at = %s, version = %s WHERE id = %s",
            (
                event.full_name,
                event.email,
                event.language,
                event.time_zone,
                event.department,
                event.job_role,
                event.manager_id,
                event.timestamp,
                record.version,
                record.stream_id,
            ),
        )

    @on(Learner.RolesChanged)
    def roles_changed(self, event: Learner.RolesChanged, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE learner SET roles = %s, updated_at = %s, version = %s WHERE id = %s",
            (event.roles, event.timestamp, record.version, record.stream_id),
        )

    @on(Learner.Deactivated)
    def deactivated(self, event: Learner.Deactivated, record: Record) -> Iterable[Statement]:
        yield self._set_active(False, event, record)

    @on(Learner.Reactivated)
    def reactivated(self, event: Learner.Reactivated, record: Record) -> Iterable[Statement]:
        yield self._set_active(True, event, record)

    @on(Learner.LoggedIn)
    def logged_in(self, event: Learner.LoggedIn, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE learner SET last_login_at = %s, version = %s WHERE id = %s",
            (event.timestamp, record.version, record.stream_id),
        )

    @on(Learner.Provisioned)
    def provisioned(self, event: Learner.Provisioned, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE learner SET username = coalesce(%s, username), email = coalesce(%s, email),"
            " full_name = coalesce(%s, full_name), language = coalesce(%s, language),"
            " time_zone = coalesce(%s, time_zone),"
            " department = CASE WHEN %s THEN NULL ELSE coalesce(%s, department) END,"
            " job_role = CASE WHEN %s THEN NULL ELSE coalesce(%s, job_role) END,"
            " manager_id = CASE WHEN %s THEN NULL ELSE coalesce(%s, manager_id) END,"
            " updated_at = %s, version = %s WHERE id = %s",
            (
                event.username,
                event.email,
                event.full_name,
                event.language,
                event.time_zone,
                "department" in event.removed,
                event.department,
                "job_role" in event.removed,
                event.job_role,
                "manager_id" in event.removed,
                event.manager_id,
                event.timestamp,
                record.version,
                record.stream_id,
            ),
        )

    @on(Learner.LoggedOut, Learner.PasswordChanged, Learner.Deprovisioned)
    def went_on(self, _: object, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE learner SET version = %s WHERE id = %s",
            (record.version, record.stream_id),
        )

    @staticmethod
    def _set_active(
        active: bool, event: Learner.Deactivated | Learner.Reactivated, record: Record
    ) -> Statement:
        return Statement(
            "UPDATE learner SET active = %s, updated_at = %s, version = %s WHERE id = %s",
            (active, event.timestamp, record.version, record.stream_id),
        )
