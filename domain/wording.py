"""What people are told, in their language: templates by key, as data, one catalogue a language.

A template is a text with `{params}`, or several of them, by number: `{"by": "minutes", "one": …,
"other": …}` with the categories of Unicode's plural rules, of which other languages have more.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

ENGLISH: Final = "en"


class ByNumber(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`by` is the param that counts."""

    by: str
    one: str
    other: str


Template = str | ByNumber
Catalogue = Mapping[str, Template]
Params = Mapping[str, str]


class _Shown(dict[str, str]):
    """What a text needs and wasn't given shows as an ellipsis."""

    def __missing__(self, _: str) -> str:
        return "…"


class Wording:
    """The catalogues of all languages, by their tag. English is what all others fall back to."""

    def __init__(self, catalogues: Mapping[str, Catalogue]) -> None:
        self.catalogues = catalogues

    @classmethod
    def read(cls, folder: Path) -> "Wording":
        """Of a folder with a file `<language>.json` for each."""
        decoder = msgspec.json.Decoder(dict[str, Template])
        return cls({file.stem: decoder.decode(file.read_bytes()) for file in folder.glob("*.json")})

    def text(self, key: str, params: Params, language: str | None) -> str | None:
        """The text in a language (a BCP 47 tag such as `pt-BR`), in the nearest that there is.

        `pt-BR` is looked for as itself, then as `pt`, then in English. None for a key that no
        catalogue has.
        """
        tag = language or ""
        for known in (tag, tag.partition("-")[0].lower(), ENGLISH):
            template = self.catalogues.get(known, {}).get(key)
            if template is not None:
                return _chosen(template, params, known).format_map(_Shown(params))
        return None


def _chosen(template: Template, params: Params, language: str) -> str:
    if isinstance(template, str):
        return template
    number = params.get(template.by, "")
    return template.one if _is_one(number, language) else template.other


def _is_one(number: str, language: str) -> bool:
    """CLDR: one is 1, in French 0 and 1."""
    return number in ({"0", "1"} if language.startswith("fr") else {"1"})
