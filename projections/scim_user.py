"""Read model: people as SCIM lists, filters and sorts them."""

from collections.abc import Iterable

from domain.aggregate import ERASED
from domain.identity import canonical
from domain.learner import Learner
from event_store.record import Record
from projections.projection import Projection, Statement, on


class ScimUserProjection(Projection):
    """Table `scim_user`; a column `…_key` holds the form in which a text is compared."""

    name = "scim_user"
    version = 2

    @on(Learner.Registered)
    def registered(self, event: Learner.Registered, record: Record) -> Iterable[Statement]:
        yield Statement(
            "INSERT INTO scim_user (id, username, username_key, email, email_key, full_name,"
            " full_name_key, roles, language, language_key, time_zone, time_zone_key, department,"
            " department_key, job_role, job_role_key, manager_id, created_at, updated_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                record.stream_id,
                *_with_key(event.username),
                *_with_key(event.email),
                *_with_key(event.full_name),
                event.roles,
                *_with_key(event.language),
                *_with_key(event.time_zone),
                *_with_key(event.department),
                *_with_key(event.job_role),
                event.manager_id,
                event.timestamp,
                event.timestamp,
            ),
        )

    @on(Learner.Updated)
    def updated(self, event: Learner.Updated, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE scim_user SET"
            " full_name = coalesce(%s, full_name), full_name_key = coalesce(%s, full_name_key),"
            " email = coalesce(%s, email), email_key = coalesce(%s, email_key),"
            " language = coalesce(%s, language), language_key = coalesce(%s, language_key),"
            " time_zone = coalesce(%s, time_zone), time_zone_key = coalesce(%s, time_zone_key),"
            " department = CASE WHEN %s THEN NULL ELSE coalesce(%s, department) END,"
            " department_key = CASE WHEN %s THEN NULL ELSE coalesce(%s, department_key) END,"
            " job_role = CASE WHEN %s THEN NULL ELSE coalesce(%s, job_role) END,"
            " job_role_key = CASE WHEN %s THEN NULL ELSE coalesce(%s, job_role_key) END,"
            " manager_id = CASE WHEN %s THEN NULL ELSE coalesce(%s, manager_id) END,"
            " updated_at = %s WHERE id = %s",
            (
                *_with_key(event.full_name),
                *_with_key(event.email),
                *_with_key(event.language),
                *_with_key(event.time_zone),
                *_optional("department", event.department, event.cleared),
                *_optional("job_role", event.job_role, event.cleared),
                "manager_id" in event.cleared,
                event.manager_id,
                event.timestamp,
                record.stream_id,
            ),
        )

    @on(Learner.Provisioned)
    def provisioned(self, event: Learner.Provisioned, record: Record) -> Iterable[Statement]:
        removed = event.removed
        yield Statement(
            "UPDATE scim_user SET"
            " username = coalesce(%s, username), username_key = coalesce(%s, username_key),"
            " email = coalesce(%s, email), email_key = coalesce(%s, email_key),"
            " full_name = coalesce(%s, full_name), full_name_key = coalesce(%s, full_name_key),"
            " language = coalesce(%s, language), language_key = coalesce(%s, language_key),"
            " time_zone = coalesce(%s, time_zone), time_zone_key = coalesce(%s, time_zone_key),"
            " updated_at = %s WHERE id = %s",
            (
                *_with_key(event.username),
                *_with_key(event.email),
                *_with_key(event.full_name),
                *_with_key(event.language),
                *_with_key(event.time_zone),
                event.timestamp,
                record.stream_id,
            ),
        )
        yield Statement(
            "UPDATE scim_user SET"
            " given_name = CASE WHEN %s THEN NULL ELSE coalesce(%s, given_name) END,"
            " given_name_key = CASE WHEN %s THEN NULL ELSE coalesce(%s, given_name_key) END,"
            " family_name = CASE WHEN %s THEN NULL ELSE coalesce(%s, family_name) END,"
            " family_name_key = CASE WHEN %s THEN NULL ELSE coalesce(%s, family_name_key) END,"
            " employee_number = CASE WHEN %s THEN NULL ELSE coalesce(%s, employee_number) END,"
            " employee_number_key ="
            " CASE WHEN %s THEN NULL ELSE coalesce(%s, employee_number_key) END,"
            " department = CASE WHEN %s THEN NULL ELSE coalesce(%s, department) END,"
            " department_key = CASE WHEN %s THEN NULL ELSE coalesce(%s, department_key) END,"
            " job_role = CASE WHEN %s THEN NULL ELSE coalesce(%s, job_role) END,"
            " job_role_key = CASE WHEN %s THEN NULL ELSE coalesce(%s, job_role_key) END,"
            " external_id = CASE WHEN %s THEN NULL ELSE coalesce(%s, external_id) END,"
            " manager_id = CASE WHEN %s THEN NULL ELSE coalesce(%s, manager_id) END"
            " WHERE id = %s",
            (
                *_optional("given_name", event.given_name, removed),
                *_optional("family_name", event.family_name, removed),
                *_optional("employee_number", event.employee_number, removed),
                *_optional("department", event.department, removed),
                *_optional("job_role", event.job_role, removed),
                "external_id" in removed,
                event.external_id,
                "manager_id" in removed,
                event.manager_id,
                record.stream_id,
            ),
        )

    @on(Learner.RolesChanged)
    def roles_changed(self, event: Learner.RolesChanged, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE scim_user SET roles = %s, updated_at = %s WHERE id = %s",
            (event.roles, event.timestamp, record.stream_id),
        )

    @on(Learner.Deactivated)
    def deactivated(self, event: Learner.Deactivated, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE scim_user SET active = false, updated_at = %s WHERE id = %s",
            (event.timestamp, record.stream_id),
        )

    @on(Learner.Reactivated)
    def reactivated(self, event: Learner.Reactivated, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE scim_user SET active = true, deprovisioned = false, updated_at = %s"
            " WHERE id = %s",
            (event.timestamp, record.stream_id),
        )

    @on(Learner.Deprovisioned)
    def deprovisioned(self, event: Learner.Deprovisioned, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE scim_user SET deprovisioned = true, updated_at = %s WHERE id = %s",
            (event.timestamp, record.stream_id),
        )

    @on(Learner.Erased)
    def erased(self, event: Learner.Erased, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE scim_user SET username = %s, username_key = %s, email = %s, email_key = %s,"
            " full_name = %s, full_name_key = %s, external_id = NULL, given_name = NULL,"
            " given_name_key = NULL, family_name = NULL, family_name_key = NULL,"
            " employee_number = NULL, employee_number_key = NULL, job_role = NULL,"
            " job_role_key = NULL, manager_id = NULL, roles = '{}', active = false,"
            " deprovisioned = true, updated_at = %s WHERE id = %s",
            (*_with_key(ERASED) * 3, event.timestamp, record.stream_id),
        )
        yield Statement(
            "UPDATE scim_user SET manager_id = NULL WHERE manager_id = %s", (record.stream_id,)
        )


def _with_key(text: str | None) -> tuple[str | None, str | None]:
    return text, text and canonical(text)


def _optional(name: str, text: str | None, removed: list[str]) -> tuple[object, ...]:
    gone = name in removed
    return gone, text, gone, text and canonical(text)
