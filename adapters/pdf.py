"""Printing certificates as PDF."""

import io
import json
import logging
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path

import segno
import typst

log = logging.getLogger(__name__)

TEMPLATE = Path(__file__).with_name("certificate.typ")
INK = "#1d2b44"
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


class TypstPrinter:
    """Sets certificates with Typst, in the fonts that it brings along.

    Scripts that those lack are set in a font of the system, where one has them. `issuer` is who
    certifies; certificates are verified at `verify_url` followed by a slash and their number.
    Thread-safe. The same certificate makes the same bytes.
    """

    def __init__(self, *, issuer: str, verify_url: str) -> None:
        self._issuer = issuer
        self._verify_url = verify_url
        self._fonts = typst.Fonts()
        self._template = TEMPLATE.read_bytes()

    def print(
        self,
        *,
        number: str,
        holder: str,
        course: str,
        completed_on: date,
        expires_on: date | None,
        revoked: bool,
    ) -> bytes:
        """A PDF of one A4 page in landscape: PDF/A, for archives, where the fonts suffice.

        Blocks for some hundred milliseconds.
        """
        url = f"{self._verify_url}/{number}"
        texts = {
            "title": "Certificate of Completion",
            "issuer": self._issuer,
            "holder": holder,
            "course": course,
            "number": number,
            "completed_on": _in_words(completed_on),
            "expires_on": expires_on and _in_words(expires_on),
            "revoked": revoked,
            "verify_url": url,
            "verify_place": f"{self._verify_url}/".partition("://")[2],
            "qr": _qr_code(url),
        }
        # The time in the file is the certificate's, so that its bytes don't change.
        made_at = datetime.combine(completed_on, time(), UTC)
        try:
            return self._set(texts, made_at, archival=True)
        except typst.TypstError as error:
            # PDF/A wants a glyph for every letter, and no font here has some of these.
            log.warning("certificate %s: %s", number, error)
            return self._set(texts, made_at, archival=False)

    def _set(self, texts: Mapping[str, object], made_at: datetime, *, archival: bool) -> bytes:
        return typst.compile(
            self._template,
            font_paths=self._fonts,
            format="pdf",
            pdf_standards=["a-2b"] if archival else [],
            sys_inputs={"certificate": json.dumps(texts)},
            timestamp=made_at,
        )


def _in_words(day: date) -> str:
    """`7 March 2026`, whatever the locale of the process."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _qr_code(text: str) -> str:
    """An SVG of a QR code that still reads with a quarter of it damaged."""
    svg = io.BytesIO()
    segno.make(text, error="q", micro=False).save(
        svg, kind="svg", border=0, dark=INK, xmldecl=False
    )
    return svg.getvalue().decode()
