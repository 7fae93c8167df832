"""What notifications say, by text key and language: the texts are in `wording/<language>.json`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from domain.wording import Wording

WORDING: Final = Wording.read(Path(__file__).parent / "wording")


def render(text_key: str, params: Mapping[str, str], language: str | None) -> str:
    """The text in a language (a BCP 47 tag such as `pt-BR`), or in English where there is none.

    A key that no catalogue has becomes words: better than nothing, and nothing breaks.
    """
    text = WORDING.text(text_key, params, language)
    if text is not None:
        return text
    words = text_key.replace(".", " ").replace("_", " ").capitalize()
    told = ", ".join(value for value in params.values() if value)
    return f"{words}: {told}" if told else words
