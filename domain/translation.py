"""Translations: what a thing and its parts say in other languages, text by text.

A text has a place: the id of a part (a course, one of its lessons, a choice) and the name of a
field of it. Whatever counts on the original (answers, grades, tallies) counts on the ids.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol
from uuid import UUID

import msgspec

from domain import text
from domain.errors import Conflict, Invalid, NotFound
from domain.languages import required_tag, tag_of

MAX_LANGUAGES: Final = 100

Translations = dict[str, dict[UUID, dict[str, str]]]
"""Texts by language, part and field."""
Limits = Mapping[Hashable, Mapping[str, int]]
"""The parts that can be translated, each with its fields and how many characters these may have."""


class TranslatedText(msgspec.Struct, frozen=True):
    """Without `text` the original is shown again."""

    part_id: UUID
    field: str
    text: str | None


class GivenTexts(msgspec.Struct, frozen=True):
    """What is to be said of one part, by field; None or nothing for the original.

    `key` is what `Limits` knows it by; `path` is where it stands in the command, such as
    `lessons[0]`.
    """

    key: Hashable
    part_id: UUID
    path: str
    texts: Mapping[str, str | None]


class LanguageOfTheOriginal(Conflict):
    code = "language-of-the-original"


class TooManyLanguages(Conflict):
    code = "too-many-languages"


class TranslationNotFound(NotFound):
    code = "translation-not-found"


def new_texts(
    translations: Translations,
    language: str,
    given: Iterable[GivenTexts],
    limits: Limits,
    *,
    original: str,
) -> tuple[str, list[TranslatedText]]:
    """The language as it is written, and those texts that aren't there in it yet.

    Raises `Invalid`, with the path of what is at fault, `LanguageOfTheOriginal` for the language
    that all is written in anyway, `TooManyLanguages`.
    """
    tag = required_tag(language, "language")
    if tag == tag_of(original):
        raise LanguageOfTheOriginal(f"This is written in {tag}: change the original.")
    if tag not in translations and len(translations) >= MAX_LANGUAGES:
        raise TooManyLanguages(f"There are translations into {MAX_LANGUAGES} languages already.")
    known = translations.get(tag, {})
    wanted = {
        (each.part_id, field): said
        for each in given
        for field, said in _checked(each, limits).items()
    }
    changed = [
        TranslatedText(part_id, field, said)
        for (part_id, field), said in wanted.items()
        if said != known.get(part_id, {}).get(field)
    ]
    return tag, changed


def must_differ(
    translations: Translations,
    language: str,
    texts: Iterable[TranslatedText],
    choices: Iterable[Mapping[UUID, str]],
) -> None:
    """Raises `Invalid` when two choices of a question, each by its id with its original text, would
    read the same once the texts are in their places."""
    parts = translations.get(language, {})
    said = {part_id: fields.get("text") for part_id, fields in parts.items()}
    said |= {each.part_id: each.text for each in texts if each.field == "text"}
    for of_question in choices:
        shown = {said.get(id) or original for id, original in of_question.items()}
        if len(shown) < len(of_question):
            raise Invalid("No two choices of a question may read the same.", field="questions")


class Choice(Protocol):
    """A choice of a question, of an assessment or a survey."""

    @property
    def id(self) -> UUID: ...
    @property
    def text(self) -> str: ...


class Question(Protocol):
    """A question, of an assessment or a survey."""

    @property
    def id(self) -> UUID: ...
    @property
    def choices(self) -> Sequence[Choice]: ...


def limits_of_questions(questions: Iterable[Question], *, prompt: int, choice: int) -> Limits:
    """Questions are known by `("questions", id)`, choices by `(id of the question, id)`."""
    limits: dict[Hashable, Mapping[str, int]] = {}
    for question in questions:
        limits["questions", question.id] = {"prompt": prompt}
        for each in question.choices:
            limits[question.id, each.id] = {"text": choice}
    return limits


def choices_of_questions(questions: Iterable[Question]) -> Iterator[Mapping[UUID, str]]:
    """What `must_differ` compares: the choices of each question."""
    return ({each.id: each.text for each in question.choices} for question in questions)


def existing(translations: Translations, language: str) -> str:
    """The language as it is written. Raises `Invalid`, `TranslationNotFound`."""
    tag = required_tag(language, "language")
    if tag not in translations:
        raise TranslationNotFound(f"There is no translation into {tag}.")
    return tag


def put(translations: Translations, language: str, texts: Iterable[TranslatedText]) -> None:
    """Puts the texts into their places; a language without any is gone."""
    parts = translations.setdefault(language, {})
    for each in texts:
        fields = parts.setdefault(each.part_id, {})
        if each.text is None:
            fields.pop(each.field, None)
        else:
            fields[each.field] = each.text
        if not fields:
            del parts[each.part_id]
    if not parts:
        del translations[language]


def _checked(given: GivenTexts, limits: Limits) -> dict[str, str | None]:
    fields = limits.get(given.key)
    prefix = f"{given.path}." if given.path else ""
    if fields is None:
        raise Invalid("There is no such part to translate.", field=f"{prefix}id")
    checked = {}
    for field, said in given.texts.items():
        if field not in fields:
            raise Invalid(f"Its {field} is the same in every language.", field=f"{prefix}{field}")
        checked[field] = text.optional(said, f"{prefix}{field}", fields[field])
    return checked
