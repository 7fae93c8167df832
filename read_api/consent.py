"""Queries on consent: what people are asked for, and who has given it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from domain.consent_purpose import PurposeText, nearest
from edge.cursor import DEFAULT_LIMIT, CursorParameter, Limit, Page
from read_api.asking import READS, Asking, found
from read_api.condition import Condition, Where
from read_api.listing import Listing

PURPOSE = (
    "SELECT p.id, p.code, w.text_version, p.text_version AS current_version, p.retired, w.since,"
    " w.texts, p.version, (SELECT language FROM read_models.learner WHERE id = %s) AS language"
    " FROM read_models.consent_purpose p JOIN read_models.consent_wording w ON w.purpose = p.code"
)
"""Its parameter is the one who asks."""
STANDS = (
    "withdrawn_at IS NULL AND EXISTS (SELECT FROM read_models.consent_purpose AS asked"
    " WHERE asked.code = consent.purpose AND asked.text_version = consent.text_version"
    " AND NOT asked.retired)"
)
"""SQL: whether a row of `consent` is a consent that may be relied on now."""
LanguageParameter = Annotated[
    str | None,
    QueryParameter(name="language", description="To read it in; one's own without it."),
]
VersionParameter = Annotated[
    int | None,
    QueryParameter(name="text_version", description="An earlier wording; the one of now without."),
]
StandingFilter = Annotated[
    bool | None,
    QueryParameter(name="stands", description="Only those that may, or may not, be relied on."),
]


def may(purpose: str, learner: str) -> str:
    """SQL: whether something that needs consent may be done to the learner in a column. Where the
    purpose was never described, nobody is asked."""
    return (
        f"(NOT EXISTS (SELECT FROM read_models.consent_purpose WHERE code = '{purpose}')"
        f" OR EXISTS (SELECT FROM read_models.consent WHERE consent.purpose = '{purpose}'"
        f" AND consent.learner_id = {learner} AND {STANDS}))"
    )


class ConsentPurpose(msgspec.Struct, frozen=True, kw_only=True):
    """What people are asked to consent to. `title` and `text` are in `language`, the nearest to the
    reader's that there is; `texts` are in all languages. `text_version` is to be given with the
    consent, `version` is the one of the stream."""

    id: UUID
    code: str
    text_version: int
    is_current: bool
    retired: bool
    since: datetime
    language: str
    title: str
    text: str
    texts: dict[str, PurposeText]
    version: int


class ConsentPurposes(msgspec.Struct, frozen=True):
    items: Sequence[ConsentPurpose]
    next_cursor: None = None


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    code: str
    text_version: int
    current_version: int
    retired: bool
    since: datetime
    texts: dict[str, dict[str, str]]
    version: int
    language: str | None


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """A person's word on a purpose: which wording they agreed to last, when, and whether they took
    it back. It `stands` when it may be relied on now: not withdrawn, and to the wording of now."""

    id: UUID
    learner_id: UUID
    purpose: str
    text_version: int
    language: str | None
    given_at: datetime
    withdrawn_at: datetime | None
    stands: bool
    version: int


CONSENTS = Listing(
    "consents",
    Consent,
    "SELECT id, learner_id, purpose, text_version, language, given_at, withdrawn_at,"
    f" {STANDS} AS stands, version FROM read_models.consent",
    order=("given_at", "id"),
    key=lambda consent: (consent.given_at, consent.id),
)


class ConsentController(Controller):
    path = "/"
    tags = ["Consent"]

    @get(
        "/consent-purposes", operation_id="ListConsentPurposes", opt={READS: ("consent", "learner")}
    )
    async def purposes(
        self, asking: NamedDependency[Asking], language: LanguageParameter = None
    ) -> ConsentPurposes:
        """List what one is asked to consent to, in the wording of now."""
        query = f"{PURPOSE} WHERE w.text_version = p.text_version ORDER BY p.code"
        rows = await asking.database.all(_Row, query, (asking.me,))
        return ConsentPurposes([_told(row, language) for row in rows])

    @get(
        "/consent-purposes/{code:str}",
        operation_id="GetConsentPurpose",
        opt={READS: ("consent", "learner")},
    )
    async def purpose(
        self,
        asking: NamedDependency[Asking],
        code: FromPath[str],
        text_version: VersionParameter = None,
        language: LanguageParameter = None,
    ) -> ConsentPurpose:
        """Get what one is asked to consent to, by its code or id, also in a wording of the past."""
        query = (
            f"{PURPOSE} WHERE %s IN (p.code, p.id::text)"
            " AND w.text_version = coalesce(%s, p.text_version)"
        )
        row = await asking.database.first(_Row, query, (asking.me, code, text_version))
        return _told(found(row, "purpose"), language)

    @get("/consents", operation_id="ListConsents", opt={READS: ("consent",)})
    async def consents(
        self,
        asking: NamedDependency[Asking],
        learner_id: FromQuery[UUID | None] = None,
        purpose: FromQuery[str | None] = None,
        stands: StandingFilter = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
    ) -> Page[Consent]:
        """List consents, the newest first: one's own, for administrators and auditors all."""
        where: Where = asking.where(learner="learner_id")
        where.given("learner_id = %s", learner_id)
        where.given("purpose = %s", purpose)
        if stands is not None:
            where.also(Condition(f"({STANDS}) = %s", (stands,)))
        return await CONSENTS.page(asking.database, where, limit, cursor)


def _told(row: _Row, language: str | None) -> ConsentPurpose:
    texts = msgspec.convert(row.texts, dict[str, PurposeText])
    told_in = nearest(texts, language or row.language)
    return ConsentPurpose(
        id=row.id,
        code=row.code,
        text_version=row.text_version,
        is_current=row.text_version == row.current_version and not row.retired,
        retired=row.retired,
        since=row.since,
        language=told_in,
        title=texts[told_in].title,
        text=texts[told_in].text,
        texts=texts,
        version=row.version,
    )
