"""What streams, and parts of them, are called: ids become names that people know."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.aggregate import ERASED
from read_api.database import Database

READ: Final = (
    "learner",
    "service_account",
    "course",
    "assessment",
    "survey",
    "organization",
    "scim_group",
    "enrollment",
    "attempt",
    "certificate",
)
"""The projections that names come from."""
MOST: Final = 5_000
"""Ids that are looked up for one answer; further ones stay ids."""

_WRITTEN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NAME = (
    "CASE WHEN key.destroyed_at IS NULL THEN learner.full_name"
    f" ELSE '{ERASED}' END"  # whether or not the read model has heard of it yet
)
_KEY = "LEFT JOIN event_store.personal_keys key ON key.person_id = learner.id"
_SELECT: Final = f"""
SELECT learner.id, {_NAME} AS text, false AS quoted
    FROM read_models.learner {_KEY} WHERE learner.id = ANY(%s)
UNION ALL SELECT id, name, false FROM read_models.service_account WHERE id = ANY(%s)
UNION ALL SELECT id, title, true FROM read_models.course WHERE id = ANY(%s)
UNION ALL SELECT id, title, true FROM read_models.course_module WHERE id = ANY(%s)
UNION ALL SELECT id, title, true FROM read_models.course_lesson WHERE id = ANY(%s)
UNION ALL SELECT id, title, true FROM read_models.assessment WHERE id = ANY(%s)
UNION ALL SELECT id, prompt, true FROM read_models.assessment_question WHERE id = ANY(%s)
UNION ALL SELECT id, text, true FROM read_models.assessment_choice WHERE id = ANY(%s)
UNION ALL SELECT id, title, true FROM read_models.survey WHERE id = ANY(%s)
UNION ALL SELECT id, prompt, true FROM read_models.survey_question WHERE id = ANY(%s)
UNION ALL SELECT id, text, true FROM read_models.survey_choice WHERE id = ANY(%s)
UNION ALL SELECT id, name, true FROM read_models.department WHERE id = ANY(%s)
UNION ALL SELECT id, display_name, true FROM read_models.scim_group WHERE id = ANY(%s)
UNION ALL SELECT e.id, 'enrolment of ' || {_NAME} || ' in “' || course.title || '”', false
    FROM read_models.enrollment e JOIN read_models.learner ON learner.id = e.learner_id {_KEY}
    JOIN read_models.course ON course.id = e.course_id WHERE e.id = ANY(%s)
UNION ALL SELECT a.id,
    'attempt ' || a.number || ' of ' || {_NAME} || ' at “' || assessment.title || '”', false
    FROM read_models.attempt a JOIN read_models.learner ON learner.id = a.learner_id {_KEY}
    JOIN read_models.assessment ON assessment.id = a.assessment_id WHERE a.id = ANY(%s)
UNION ALL SELECT id, 'certificate ' || number, false
    FROM read_models.certificate WHERE id = ANY(%s)
"""


class Name(msgspec.Struct, frozen=True):
    """`quoted` for what has a title, in a text; people go without."""

    id: UUID
    text: str
    quoted: bool

    def __str__(self) -> str:
        return f"“{self.text}”" if self.quoted else self.text


Names = Mapping[UUID, Name]


async def names_of(database: Database, ids: Iterable[UUID]) -> Names:
    """The names of all that the read models know, as they are now."""
    wanted = list(dict.fromkeys(ids))[:MOST]
    if not wanted:
        return {}
    rows = await database.all(Name, _SELECT, [wanted] * _SELECT.count("%s"))
    return {row.id: row for row in rows}


def ids_in(value: Any) -> Iterator[UUID]:
    """Every id in a value, however deep: of structs, mappings, collections."""
    if (id := id_of(value)) is not None:
        yield id
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from ids_in(getattr(value, name))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from ids_in(key)
            yield from ids_in(item)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from ids_in(item)


def id_of(value: Any) -> UUID | None:
    """The id that a value is, be it written as a text."""
    if isinstance(value, str) and _WRITTEN.fullmatch(value):
        return UUID(value)
    return value if isinstance(value, UUID) else None
