"""SQL of what expires, and when: each record by the policy of its course, else by the one for all.

For each policy the records that it is for are read from one end of their index, as many as a page
has, and the ends are merged. An account waits for everything else of the person whose policy hasn't
run out; what has no policy keeps nobody.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

Key = tuple[datetime, UUID]
"""What due records are sorted by: when they expire, and ids."""


class _Kind(NamedTuple):
    """Records of one kind: their table, and what it is `called` in SQL. SQL of their last change,
    of whom and which course they are about, and of what else must hold."""

    name: str
    table: str
    ended: str = "record.updated_at"
    learner: str = "record.learner_id"
    course: str = "record.course_id"
    also: str = "true"
    called: str = "record"

    @property
    def has_course(self) -> bool:
        return self.course != _NO_COURSE


_NO_COURSE: Final = "NULL::uuid"
_RECORDS: Final = (
    _Kind("enrollment", "enrollment", "record.ended_at"),
    *(_Kind(name, name) for name in ("attempt", "certificate", "feedback", "testimonial")),
    _Kind(
        "survey_response",
        "survey_response",
        "record.submitted_at",
        course=_NO_COURSE,
        also="record.learner_id IS NOT NULL",
    ),
)

_POLICIES: Final = """
WITH policy AS (
    SELECT kind, course_id, days, basis, days * interval '24 hours' AS term, ARRAY(
        SELECT own.course_id FROM read_models.retention_policy AS own
        WHERE own.kind = policy.kind AND own.course_id IS NOT NULL) AS others
    FROM read_models.retention_policy AS policy)"""

_BRANCH: Final = """
SELECT '{kind.name}' AS kind, due.id, due.learner_id, due.course_id, due.ended_at,
    due.ended_at + policy.term AS expires_at, policy.days, policy.basis, due.held
FROM policy CROSS JOIN LATERAL (
    SELECT {kind.called}.id, {kind.learner} AS learner_id, {kind.course} AS course_id,
        {kind.ended} AS ended_at, {held} AS held
    FROM read_models.{kind.table} AS {kind.called}
    WHERE {kind.also} AND {kind.ended} <= %(until)s::timestamptz - policy.term AND {only}
    ORDER BY {kind.ended} {way}, {kind.called}.id {way} LIMIT {limit}) AS due
WHERE policy.kind = '{kind.name}' AND policy.course_id IS {whose}"""

_HOLDS: Final = "(SELECT subject_id FROM read_models.legal_hold WHERE released_at IS NULL)"
_HELD: Final = f"({{kind.learner}} IN {_HOLDS} OR coalesce({{kind.course}} IN {_HOLDS}, false))"
"""SQL: asked of many records, so holds are read once, into a table of hashes."""

_BEHIND: Final = (
    "({kind.ended}, {kind.called}.id) {sign} (%(at)s::timestamptz - policy.term, %(id)s)"
)

_KEPT: Final = """(
        SELECT true FROM read_models.{kind.table} AS record CROSS JOIN LATERAL (
            SELECT term FROM policy
            WHERE policy.kind = '{kind.name}'
                AND (policy.course_id = {kind.course} OR policy.course_id IS NULL)
            ORDER BY policy.course_id NULLS LAST LIMIT 1) AS policy
        WHERE record.learner_id = account.id AND {kind.also}
            AND {kind.ended} > %(until)s::timestamptz - (
                SELECT max(term) FROM policy WHERE policy.kind = '{kind.name}')
            AND {kind.ended} > %(until)s::timestamptz - policy.term
        LIMIT 1) IS NULL"""
"""SQL: nothing of a kind keeps an account. LIMIT makes it a look-up, once for each account; by the
longest term most records are passed over without asking for their policy."""

_CLOSED: Final = """NOT account.active AND NOT EXISTS (
        SELECT FROM read_models.erasure
        WHERE erasure.learner_id = account.id AND state IN ('carried out', 'scrubbed'))"""
"""SQL: an account is closed, and its person isn't erased yet."""

_ACCOUNTS: Final = _Kind(
    "account",
    "learner",
    "account.updated_at",
    learner="account.id",
    course=_NO_COURSE,
    also=" AND ".join([_CLOSED, *(_KEPT.format(kind=kind) for kind in _RECORDS)]),
    called="account",
)


def due_query(
    until: datetime,
    limit: int,
    *,
    after: Key | None = None,
    oldest_first: bool = False,
    with_held: bool = True,
) -> tuple[str, Mapping[str, Any]]:
    """SQL of at most `limit` records that expire until an instant, behind one with a key.

    Its columns are the fields of `DueRecord`. Without `with_held` only of those that no legal hold
    keeps. The limit stands in the SQL itself: plans for any limit would be made for many rows.
    """
    way, sign = ("ASC", ">") if oldest_first else ("DESC", "<")
    only = [] if after is None else [_BEHIND.replace("{sign}", sign)]
    only += [] if with_held else [f"NOT {_HELD}"]
    branches = " UNION ALL ".join(_branches(way, limit, only))
    sql = (
        f"{_POLICIES} SELECT * FROM ({branches}) AS due"
        f" ORDER BY expires_at {way}, id {way} LIMIT {limit:d}"
    )
    at, id = after or (None, None)
    return sql, {"until": until, "at": at, "id": id}


def _branches(way: str, limit: int, only: list[str]) -> Iterator[str]:
    """One for each kind and whether its policy is for all courses or for one."""
    for kind in _RECORDS:
        others = ["{kind.course} <> ALL(policy.others)"] if kind.has_course else []
        yield _branch(kind, way, limit, "NULL", [*only, *others])
        if kind.has_course:
            yield _branch(kind, way, limit, "NOT NULL", [*only, "{kind.course} = policy.course_id"])
    yield _branch(_ACCOUNTS, way, limit, "NULL", only)


def _branch(kind: _Kind, way: str, limit: int, whose: str, only: list[str]) -> str:
    narrowed = " AND ".join(["true", *only])
    return _BRANCH.format(
        kind=kind,
        held=_HELD.format(kind=kind),
        only=narrowed.format(kind=kind),
        way=way,
        limit=limit,
        whose=whose,
    )
