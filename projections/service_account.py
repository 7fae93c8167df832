"""Read model: service accounts, with what they may do and which secrets they have."""

from collections.abc import Iterable

from domain.service_account import ServiceAccount
from event_store.record import Record
from projections.projection import Projection, Statement, on


class ServiceAccountProjection(Projection):
    """Tables `service_account` and `client_secret` (never a secret itself)."""

    name = "service_account"
    version = 1

    @on(ServiceAccount.Created)
    def created(self, event: ServiceAccount.Created, record: Record) -> Iterable[Statement]:
        yield Statement(
            "INSERT INTO service_account (id, name, description, roles, scopes, created_by,"
            " created_at, updated_at, version) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                record.stream_id,
                event.name,
                event.description,
                event.roles,
                event.scopes,
                event.created_by,
                event.timestamp,
                event.timestamp,
                record.version,
            ),
        )

    @on(ServiceAccount.AccessChanged)
    def access_changed(
        self, event: ServiceAccount.AccessChanged, record: Record
    ) -> Iterable[Statement]:
        yield Statement(
            "UPDATE service_account SET roles = %s, scopes = %s WHERE id = %s",
            (event.roles, event.scopes, record.stream_id),
        )
        yield _touched(event, record)

    @on(ServiceAccount.SecretIssued)
    def secret_issued(
        self, event: ServiceAccount.SecretIssued, record: Record
    ) -> Iterable[Statement]:
        yield Statement(
            "INSERT INTO client_secret (id, service_account_id, created_at, expires_at)"
            " VALUES (%s, %s, %s, %s)",
            (event.secret_id, record.stream_id, event.timestamp, event.expires_at),
        )
        yield _touched(event, record)

    @on(ServiceAccount.SecretRevoked)
    def secret_revoked(
        self, event: ServiceAccount.SecretRevoked, record: Record
    ) -> Iterable[Statement]:
        yield Statement("DELETE FROM client_secret WHERE id = %s", (event.secret_id,))
        yield _touched(event, record)

    @on(ServiceAccount.Disabled)
    def disabled(self, event: ServiceAccount.Disabled, record: Record) -> Iterable[Statement]:
        yield _set_enabled(False, record)
        yield _touched(event, record)

    @on(ServiceAccount.Enabled)
    def enabled(self, event: ServiceAccount.Enabled, record: Record) -> Iterable[Statement]:
        yield _set_enabled(True, record)
        yield _touched(event, record)


def _set_enabled(enabled: bool, record: Record) -> Statement:
    return Statement(
        "UPDATE service_account SET enabled = %s WHERE id = %s", (enabled, record.stream_id)
    )


def _touched(event: ServiceAccount.Event, record: Record) -> Statement:
    return Statement(
        "UPDATE service_account SET updated_at = %s, version = %s WHERE id = %s",
        (event.timestamp, record.version, record.stream_id),
    )
