"""Read model: what people are asked to consent to, and who has."""

from collections.abc import Iterable

import msgspec
from psycopg.types.json import Jsonb

from domain.consent import Consent
from domain.consent_purpose import ConsentPurpose, Texts
from domain.learner import Learner
from event_store.record import Record
from projections.projection import Projection, Statement, on


class ConsentProjection(Projection):
    """Tables `consent_purpose`, `consent_wording` and `consent`."""

    name = "consent"
    version = 1

    @on(ConsentPurpose.Described)
    def described(self, event: ConsentPurpose.Described, record: Record) -> Iterable[Statement]:
        yield Statement(
            "INSERT INTO consent_purpose (id, code, described_at, updated_at, version)"
            " VALUES (%s, %s, %s, %s, %s)",
            (record.stream_id, event.code, event.timestamp, event.timestamp, record.version),
        )
        yield _wording(event, 1, event.texts)

    @on(ConsentPurpose.Revised)
    def revised(self, event: ConsentPurpose.Revised, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE consent_purpose SET text_version = %s, retired = false, updated_at = %s,"
            " version = %s WHERE id = %s",
            (event.text_version, event.timestamp, record.version, record.stream_id),
        )
        yield _wording(event, event.text_version, event.texts)

    @on(ConsentPurpose.Retired)
    def retired(self, event: ConsentPurpose.Retired, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE consent_purpose SET retired = true, updated_at = %s, version = %s"
            " WHERE id = %s",
            (event.timestamp, record.version, record.stream_id),
        )

    @on(Consent.Given)
    def given(self, event: Consent.Given, record: Record) -> Iterable[Statement]:
        yield Statement(
            "INSERT INTO consent"
            " (id, learner_id, purpose, text_version, language, given_at, version)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            (
                record.stream_id,
                event.learner_id,
                event.purpose,
                event.text_version,
                event.language,
                event.timestamp,
                record.version,
            ),
        )

    @on(Consent.Renewed)
    def renewed(self, event: Consent.Renewed, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE consent SET text_version = %s, language = %s, given_at = %s,"
            " withdrawn_at = NULL, version = %s WHERE id = %s",
            (
                event.text_version,
                event.language,
                event.timestamp,
                record.version,
                record.stream_id,
            ),
        )

    @on(Consent.Withdrawn)
    def withdrawn(self, event: Consent.Withdrawn, record: Record) -> Iterable[Statement]:
        yield Statement(
            "UPDATE consent SET withdrawn_at = %s, version = %s WHERE id = %s",
            (event.timestamp, record.version, record.stream_id),
        )

    @on(Learner.Erased)
    def erased(self, _: Learner.Erased, record: Record) -> Iterable[Statement]:
        """There is nobody left whose word it could be; the log proves what was given."""
        yield Statement("DELETE FROM consent WHERE learner_id = %s", (record.stream_id,))


def _wording(
    event: ConsentPurpose.Described | ConsentPurpose.Revised, text_version: int, texts: Texts
) -> Statement:
    return Statement(
        "INSERT INTO consent_wording (purpose, text_version, texts, since) VALUES (%s, %s, %s, %s)",
        (event.code, text_version, Jsonb(msgspec.to_builtins(texts)), event.timestamp),
    )
