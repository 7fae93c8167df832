"""What people are asked to consent to: a text for each language, and a number for each wording."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from domain import text
from domain.aggregate import Aggregate, event
from domain.errors import Conflict, Invalid
from domain.identity import consent_purpose_id
from domain.wording import ENGLISH

TESTIMONIAL_PUBLICATION: Final = "testimonial-publication"
"""Testimonials are shown with their author's name to those only who may be shown it."""
OPTIONAL_MAIL: Final = "optional-mail"
"""Mail that isn't necessary goes to those only who want it."""
MAX_LANGUAGES: Final = 100
CODE: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class ConsentPurposeExists(Conflict):
    code = "consent-purpose-exists"


class ConsentPurposeRetired(Conflict):
    code = "consent-purpose-retired"


class ConsentVersionNotCurrent(Conflict):
    """What the person has read isn't what is asked for now."""

    code = "consent-version-not-current"


class PurposeText(msgspec.Struct, frozen=True):
    """What people read in one language."""

    title: str
    text: str


Texts = Mapping[str, PurposeText]
"""By language, a BCP 47 tag such as `pt-BR`."""


class ConsentPurpose(Aggregate):
    """A new wording is a new version, to which nobody has consented yet. A purpose that is retired
    is asked for no more, and nobody's consent to it stands."""

    STREAM_TYPE = "consent_purpose"

    code: str
    text_version: int
    texts: dict[str, PurposeText]
    retired: bool

    class Described(Aggregate.Created):
        TOPIC = "consent_purpose.described"
        code: str
        texts: dict[str, PurposeText]

    class Revised(Aggregate.Event):
        """`text_version` counts the wordings, of which the first is 1."""

        TOPIC = "consent_purpose.revised"
        code: str
        text_version: int
        texts: dict[str, PurposeText]

    class Retired(Aggregate.Event):
        TOPIC = "consent_purpose.retired"
        code: str

    def __init__(self, code: str, texts: dict[str, PurposeText]) -> None:
        self.code = code
        self.text_version = 1
        self.texts = texts
        self.retired = False

    @classmethod
    def describe(cls, *, code: str, texts: Texts, at: datetime) -> "ConsentPurpose":
        code = text.required(code, "code", 64)
        if not CODE.fullmatch(code):
            raise Invalid("code is made of a-z, 0-9 and single hyphens.", field="code")
        return cls._create(
            cls.Described,
            id=consent_purpose_id(code),
            timestamp=at,
            code=code,
            texts=_checked(texts),
        )

    def revise(self, *, texts: Texts, at: datetime) -> None:
        """Of a retired purpose: it is asked for again, of everybody anew."""
        checked = _checked(texts)
        if self.retired or checked != self.texts:
            self.trigger_event(
                self.Revised,
                timestamp=at,
                code=self.code,
                text_version=self.text_version + 1,
                texts=checked,
            )

    def retire(self, *, at: datetime) -> None:
        """Doing so again changes nothing."""
        if not self.retired:
            self.trigger_event(self.Retired, timestamp=at, code=self.code)

    def must_ask(self, text_version: int, language: str | None) -> None:
        """Raises unless this version is what is asked for now, and there is a text in `language`.

        `ConsentPurposeRetired`, `ConsentVersionNotCurrent`, `Invalid`.
        """
        if self.retired:
            raise ConsentPurposeRetired("Nobody is asked for this any more.")
        if text_version != self.text_version:
            raise ConsentVersionNotCurrent(f"The text is at version {self.text_version} now.")
        if language is not None and language not in self.texts:
            raise Invalid("There is no text in this language.", field="language")

    @event(Revised)
    def _revised(self, text_version: int, texts: dict[str, PurposeText]) -> None:
        self.text_version = text_version
        self.texts = texts
        self.retired = False

    @event(Retired)
    def _retired(self) -> None:
        self.retired = True


def nearest(texts: Texts, language: str | None) -> str:
    """The language to read a text in: `pt-BR` is looked for as itself, then as `pt`, then English,
    then whatever there is."""
    tag = language or ""
    wanted = (tag, tag.partition("-")[0].lower(), ENGLISH)
    return next((each for each in wanted if each in texts), min(texts))


def _checked(texts: Texts) -> dict[str, PurposeText]:
    if not 0 < len(texts) <= MAX_LANGUAGES:
        raise Invalid(f"There are texts in 1 to {MAX_LANGUAGES} languages.", field="texts")
    return {
        text.required(language, "texts", 35): PurposeText(
            title=text.required(each.title, f"texts.{language}.title", 200),
            text=text.required(each.text, f"texts.{language}.text", 20_000),
        )
        for language, each in texts.items()
    }
