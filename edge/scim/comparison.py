"""How texts are compared: names that look the same are the same, whatever their case or form."""

import unicodedata
from typing import Any


def folded(text: str) -> str:
    """The form in which two spellings of one text are equal."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def comparison_key(binding: Any, value: str) -> str:
    """What a filter compares in place of a value of the attribute that is bound."""
    return unicodedata.normalize("NFC", value) if binding.case_exact else folded(value)
