"""Printing copies of records for inspectors as PDF."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst

log = logging.getLogger(__name__)

TEMPLATE = Path(__file__).with_name("inspection.typ")
GENERATIONS = 10
"""Typst remembers what it has set for so many documents: a hundred megabytes for each long one."""


class TypstInspectionPrinter:
    """Sets records and audit trails with Typst, in the fonts that it brings along.

    Thread-safe; blocks for some seconds when there is much to set.
    """

    def __init__(self) -> None:
        self._fonts = typst.Fonts()
        self._template = TEMPLATE.read_bytes()

    def print(self, copy: Mapping[str, Any]) -> bytes:
        """A PDF of what `inspection.typ` says `copy` holds; PDF/A where the fonts suffice."""
        text = json.dumps(copy)
        try:
            return self._set(text, archival=True)
        except typst.TypstError as error:
            # PDF/A wants a glyph for every letter, and no font here has some of these.
            log.warning("inspection copy: %s", error)
            return self._set(text, archival=False)
        finally:
            self._forget()

    def _forget(self) -> None:
        """Setting as many empty pages makes Typst drop what it remembers."""
        for _ in range(GENERATIONS):
            typst.compile(b"", font_paths=self._fonts, format="pdf")

    def _set(self, text: str, *, archival: bool) -> bytes:
        return typst.compile(
            self._template,
            font_paths=self._fonts,
            format="pdf",
            pdf_standards=["a-2b"] if archival else [],
            sys_inputs={"copy": text},
        )
