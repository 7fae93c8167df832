"""In which language somebody is answered, and what things say in it.

Asked for by `?language=`, else by `Accept-Language`, else the language of the reader's profile,
else that of the original. Text by text: what isn't translated is shown in the original.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Final, Literal, NamedTuple, TypeVar
from uuid import UUID

import msgspec
from litestar.di import NamedDependency, Provide
from litestar.params import HeaderParameter, QueryParameter

from domain.languages import best, nearest, tag_of
from edge.faults import invalid
from edge.problem import FieldError, ProblemError
from read_api.asking import Asking
from read_api.database import Database

VARY: Final = {"Vary": "Accept-Language"}
MOST: Final = 20
"""Languages of a header that are looked at."""
_RANGE: Final = re.compile(r"([A-Za-z0-9-]+)(?:\s*;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?))?")
_PROFILE: Final = "SELECT language FROM read_models.learner WHERE id = %s"
ORIGINAL: Final = (
    "coalesce((SELECT language FROM read_models.course WHERE course.id = course_id), 'en')"
)
"""SQL: the language that a part of a course is written in, by its `course_id`."""

_SPOKEN_OF: Final = {
    "course": "SELECT id, title, languages, language AS shown_in, version"
    " FROM read_models.course WHERE id = ANY(%s) ORDER BY id",
    "assessment": f"SELECT id, title, languages, {ORIGINAL} AS shown_in, version"
    " FROM read_models.assessment WHERE id = ANY(%s) ORDER BY id",
    "survey": f"SELECT id, title, languages, {ORIGINAL} AS shown_in, version"
    " FROM read_models.survey WHERE id = ANY(%s) ORDER BY id",
}
Owner = Literal["course", "assessment", "survey"]
"""What has a table `<owner>_translation`."""
Language = Annotated[
    str | None,
    QueryParameter(
        name="language",
        description="Answer in this language (a BCP 47 tag: de, pt-BR), where there is a "
        "translation; it comes before `Accept-Language` and the language of one's profile.",
    ),
]
AcceptLanguage = Annotated[
    str | None,
    HeaderParameter(
        name="Accept-Language",
        description="The languages to answer in, as in RFC 9110; before that of one's profile.",
    ),
]


class Translated(msgspec.Struct, frozen=True, kw_only=True):
    """`languages` are those that there is any text in, the original's first; `shown_in` is the one
    of this answer, where there is a translation of a text, else that text is the original."""

    id: UUID
    title: str
    languages: list[str]
    shown_in: str


T = TypeVar("T", bound=Translated)


class Only(StrEnum):
    """SQL: which texts are needed."""

    ALL = ""
    WHOLE = " AND part_id = owner_id"
    """Those of the thing itself, not of its parts."""
    TITLES = " AND field = 'title'"
    PROMPTS = " AND field = 'prompt'"


class Texts:
    """What is said in the place of the originals; `variant` tells it from what is said to others,
    and from what will be said when a translation has changed. Nothing for the originals."""

    def __init__(self, found: Mapping[tuple[UUID, str], str], variant: str = "") -> None:
        self.found = found
        self.variant = variant if found else ""

    def of(self, part_id: UUID, field: str, original: str) -> str:
        """The translation of a text, or the original where there is none."""
        return self.found.get((part_id, field), original)


class _Shown(NamedTuple):
    """`sources` are the translations that texts are taken from, the nearest first."""

    language: str
    sources: tuple[str, ...]


class _Row(msgspec.Struct, frozen=True):
    owner_id: UUID
    language: str
    part_id: UUID
    field: str
    text: str


class _Versioned(Translated, frozen=True, kw_only=True):
    version: int


class _Profile(msgspec.Struct, frozen=True):
    language: str


class Reader:
    """Somebody who reads; `asked` are the languages asked for, the most wanted first."""

    def __init__(self, asking: Asking, asked: Sequence[str]) -> None:
        self._me = asking.me
        self._database: Database = asking.database
        self._asked = asked
        self._wanted: list[str] | None = None

    async def whole(self, owner: Owner, rows: Sequence[T], *fields: str) -> list[T]:
        """The rows with these texts of theirs as the reader reads them.

        A row comes with its own language as `shown_in` and its translations as `languages`.
        """
        shown = {row.id: await self._shown(row) for row in rows}
        texts = await self._texts(owner, shown, Only.WHOLE)
        return [_told(row, shown[row.id], texts, fields) for row in rows]

    async def in_full(self, owner: Owner, row: T, *fields: str) -> tuple[T, Texts]:
        """The row likewise, and the texts of all its parts."""
        shown = await self._shown(row)
        texts = await self._texts(owner, {row.id: shown}, Only.ALL)
        return _told(row, shown, texts, fields), texts

    async def beside(
        self, owner: Owner, ids: Collection[UUID], only: Only
    ) -> tuple[Texts, dict[str, str]]:
        """The texts of things that an answer about something else speaks of, and the headers of
        that answer."""
        if not ids:
            return Texts({}), dict(VARY)
        rows = await self._database.all(_Versioned, _SPOKEN_OF[owner], (list(ids),))
        shown = {row.id: await self._shown(row) for row in rows}
        texts = await self._texts(owner, shown, only)
        told = [_told(row, shown[row.id], texts, ()) for row in rows]
        versions = [f"{row.shown_in}.{row.version}" for row in told if variant_of(row)]
        return Texts(texts.found, ".".join(versions)), headers_of(told)

    async def _shown(self, row: Translated) -> _Shown:
        own = tag_of(row.shown_in) or row.shown_in
        if not row.languages:
            return _Shown(own, ())
        language = best(await self._languages(), own, row.languages)
        sources = list(nearest(language, [own, *sorted(row.languages)]))
        end = sources.index(own) if own in sources else len(sources)
        return _Shown(language, tuple(sources[:end]))

    async def _languages(self) -> list[str]:
        """Asked for once, and only when there is something to choose from."""
        if self._wanted is None:
            profile = await self._database.first(_Profile, _PROFILE, (self._me,))
            own = tag_of(profile.language) if profile else None
            self._wanted = [*self._asked, *([own] if own else [])]
        return self._wanted

    async def _texts(self, owner: Owner, shown: Mapping[UUID, _Shown], only: Only) -> Texts:
        languages = {language for each in shown.values() for language in each.sources}
        if not languages:
            return Texts({})
        sql = (
            f"SELECT * FROM (SELECT {owner}_id AS owner_id, language, part_id, field, text"
            f" FROM read_models.{owner}_translation) AS translation"
            f" WHERE owner_id = ANY(%s) AND language = ANY(%s){only}"
        )
        rows = await self._database.all(_Row, sql, (list(shown), list(languages)))
        ranked = [
            (shown[row.owner_id].sources.index(row.language), row)
            for row in rows
            if row.language in shown[row.owner_id].sources
        ]
        ranked.sort(key=lambda each: each[0], reverse=True)
        return Texts({(row.part_id, row.field): row.text for _, row in ranked})


def provide_reader() -> Provide:
    """The dependency `reader` of queries whose answers are translated."""

    async def reader(
        asking: NamedDependency[Asking],
        language: Language = None,
        accept_language: AcceptLanguage = None,
    ) -> Reader:
        asked = asked_for(language)
        return Reader(asking, [*([asked] if asked else []), *accepted(accept_language)])

    return Provide(reader)


def asked_for(language: str | None) -> str | None:
    """`?language=` as tags are written. Raises ProblemError (422) for what is none."""
    if language is None:
        return None
    tag = tag_of(language)
    if tag is None:
        error = FieldError("language", "It must be a language tag such as de or pt-BR.")
        raise ProblemError(invalid(error))
    return tag


def accepted(header: str | None) -> list[str]:
    """The languages of an `Accept-Language`, the most wanted first. What isn't one is ignored; so
    is `*`, which many programs send without a wish."""
    found = []
    for part in (header or "").split(",")[:MOST]:
        match = _RANGE.fullmatch(part.strip())
        tag = tag_of(match[1]) if match else None
        quality = float(match[2] or 1) if match else 0
        if tag and quality > 0:
            found.append((quality, tag))
    return [tag for _, tag in sorted(found, key=lambda each: each[0], reverse=True)]


def variant_of(row: Translated) -> str:
    """What tells the answer in one language from that in another; nothing for the original."""
    return "" if row.shown_in == row.languages[0] else row.shown_in


def headers_of(rows: Iterable[Translated]) -> dict[str, str]:
    """`Content-Language` and `Vary` of an answer."""
    shown = dict.fromkeys(tag for row in rows if (tag := tag_of(row.shown_in)))
    return VARY | ({"Content-Language": ", ".join(shown)} if shown else {})


def _told(row: T, shown: _Shown, texts: Texts, fields: Iterable[str]) -> T:
    own = tag_of(row.shown_in) or row.shown_in
    said = {field: texts.of(row.id, field, getattr(row, field)) for field in fields}
    languages = [own, *(each for each in row.languages if each != own)]
    return msgspec.structs.replace(row, languages=languages, shown_in=shown.language, **said)
