"""Language tags (BCP 47): how one is written, and which of several suits a reader best."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from domain.errors import Invalid

LONGEST: Final = 35
_TAG: Final = re.compile(
    r"[a-z]{2,3}"  # the language,
    r"(-[a-z]{4})?"  # its script,
    r"(-([a-z]{2}|[0-9]{3}))?"  # a region,
    r"(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*",  # variants
    re.IGNORECASE | re.ASCII,
)
_SCRIPT, _REGION = 4, 2


def tag_of(language: str) -> str | None:
    """The tag as it is written (`zh-Hant-TW`, `de-AT`), however it came; None when it is none."""
    text = language.strip()
    if len(text) > LONGEST or not _TAG.fullmatch(text):
        return None
    primary, *others = text.lower().split("-")
    return "-".join([primary, *(_cased(subtag) for subtag in others)])


def required_tag(language: str, field: str) -> str:
    """The tag as it is written. Raises `Invalid`."""
    tag = tag_of(language)
    if tag is None:
        raise Invalid(f"{field} must be a language tag such as de or pt-BR.", field=field)
    return tag


def best(wanted: Iterable[str], own: str, others: Collection[str]) -> str:
    """Which language to show what is written in `own` and translated into `others`.

    The first of those wanted that there is: as it is, else without its last parts (`de` for
    `de-AT`: RFC 4647, lookup), else in another form of the same language. Of none, `own`.
    """
    there = [own, *sorted(others)]
    for tag in wanted:
        found = next((each for each in nearest(tag, there)), None)
        if found is not None:
            return found
    return own


def nearest(tag: str, there: Sequence[str]) -> Iterator[str]:
    """Those of `there` that a reader of `tag` understands, the nearest first."""
    broader = list(_broader(tag))
    yield from (each for each in broader if each in there)
    yield from (each for each in there if each not in broader and primary(each) == primary(tag))


def primary(tag: str) -> str:
    """The language itself, without script, region and variants."""
    return tag.partition("-")[0]


def _broader(tag: str) -> Iterator[str]:
    while tag:
        yield tag
        tag = tag.rpartition("-")[0]


def _cased(subtag: str) -> str:
    if len(subtag) == _SCRIPT and subtag.isalpha():
        return subtag.capitalize()
    return subtag.upper() if len(subtag) == _REGION else subtag
