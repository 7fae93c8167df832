"""Read model: people, with their roles, their manager, their department and their skills."""

from collections.abc import Iterable

from domain.aggregate import ERASED
from domain.learner import Learner
from domain.skill import skill_key
from event_store.record import Record
from projections.projection import Projection, Statement, on


class LearnerProjection(Projection):
    """Tables `learner`, with a full-text column `search` over name, user name and e-mail address,
    and `learner_skill`.
    """

    name = "learner"
    version = 4

    @on(Learner.Registered)
    def registered(self, event: Learner.Registered, record: Record) -> Iterable[Statement]:
        yield Statement(
            "INSERT INTO learner (id, username, email, full_name, roles, language, time_zone,"
            " department, department_id, job_role, manager_id, registered_at, updated_at, version)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                record.stream_id,
                event.username,
                event.email,
                event.full_name,
                event.roles,
                event.language,
                event.time_zone,
                event.department,
                event.department_id,
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
            " department = coalesce(%s, CASE WHEN NOT %s THEN department END),"
            " department_id = coalesce(%s, CASE WHEN NOT %s THEN department_id END),"
            " job_role = coalesce(%s, CASE WHEN NOT %s THEN job_role END),"
            " manager_id = coalesce(%s, CASE WHEN NOT %s THEN manager_id END),"
            " updated_at = %s, version = %s WHERE id = %s",
            (
                event.full_name,
                event.email,
                event.language,
                event.time_zone,
                event.department,
                "department" in event.cleared,
                event.department_id,
                "department_id" in event.cleared,
                event.job_role,
                "job_role" in event.cleared,
                event.manager_id,
                "manager_id" in event.cleared,
                event.timestamp,
                record.version,
                record.stream_id,
            ),
        )

    @on(Learner.RolesChanged)
    def roles_changed(self, event: Learner.RolesChanged, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE learner SET roles = %s, administers = %s, updated_at = %s, version = %s"
            " WHERE id = %s",
            (event.roles, event.departments, event.timestamp, record.version, record.stream_id),
        )

    @on(Learner.SkillAssessed)
    def skill_assessed(self, event: Learner.SkillAssessed, record: Record) -> Iterable[Statement]:
        yield Statement(
            "INSERT INTO learner_skill (learner_id, key, skill, level, assessed_by, assessed_at)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (learner_id, key) DO UPDATE SET"
            " skill = excluded.skill, level = excluded.level, assessed_by = excluded.assessed_by,"
            " assessed_at = excluded.assessed_at",
            (
                record.stream_id,
                skill_key(event.skill),
                event.skill,
                event.level,
                event.assessed_by,
                event.timestamp,
            ),
        )
        yield self._went_on(record)

    @on(Learner.SkillRemoved)
    def skill_removed(self, event: Learner.SkillRemoved, record: Record) -> Iterable[Statement]:
        yield Statement(
            "DELETE FROM learner_skill WHERE learner_id = %s AND key = %s",
            (record.stream_id, skill_key(event.skill)),
        )
        yield self._went_on(record)

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
            " department_id = CASE WHEN %s THEN NULL ELSE coalesce(%s, department_id) END,"
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
                "department_id" in event.removed,
                event.department_id,
                "job_role" in event.removed,
                event.job_role,
                "manager_id" in event.removed,
                event.manager_id,
                event.timestamp,
                record.version,
                record.stream_id,
            ),
        )

    @on(Learner.Erased)
    def erased(self, event: Learner.Erased, record: Record) -> Iterable[Statement]:
        """Who reported to the person reports to nobody until somebody says otherwise."""
        yield Statement(
            "UPDATE learner SET username = %s, email = %s, full_name = %s, roles = '{}',"
            " administers = '{}', job_role = NULL, manager_id = NULL, active = false,"
            " updated_at = %s, version = %s WHERE id = %s",
            (ERASED, ERASED, ERASED, event.timestamp, record.version, record.stream_id),
        )
        yield Statement("DELETE FROM learner_skill WHERE learner_id = %s", (record.stream_id,))
        yield Statement(
            "UPDATE learner SET manager_id = NULL WHERE manager_id = %s", (record.stream_id,)
        )

    @on(
        Learner.LoggedOut,
        Learner.PasswordChanged,
        Learner.SteppedUp,
        Learner.DataExported,
        Learner.SessionEnded,
        Learner.SessionsEnded,
        Learner.Deprovisioned,
    )
    def went_on(self, _: object, record: Record) -> Iterable[Statement]:
        yield self._went_on(record)

    @staticmethod
    def _went_on(record: Record) -> Statement:
        return Statement(
            "UPDATE learner SET version = %s WHERE id = %s", (record.version, record.stream_id)
        )

    @staticmethod
    def _set_active(
        active: bool, event: Learner.Deactivated | Learner.Reactivated, record: Record
    ) -> Statement:
        return Statement(
            "UPDATE learner SET active = %s, updated_at = %s, version = %s WHERE id = %s",
            (active, event.timestamp, record.version, record.stream_id),
        )
