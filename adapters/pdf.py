"""Printing certificates as PDF."""

import io
import json
import logging
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Protocol

import msgspec
import segno
import typst

log = logging.getLogger(__name__)

TEMPLATE = Path(__file__).with_name("certificate.typ")
INK = "#1d2b44"


class PrintedCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """What stands on a certificate."""

    number: str
    holder: str
    course: str
    completed_on: date
    expires_on: date | None
    revoked: bool


class CertificatePrinter(Protocol):
    """Makes a document of a certificate."""

    def print(self, certificate: PrintedCertificate) -> bytes:
        """A PDF of one page. Blocks for as long as it takes to set it: tens of milliseconds."""


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

    def print(self, certificate: PrintedCertificate) -> bytes:
        """A PDF of one A4 page in landscape: PDF/A, for archives, where the fonts suffice."""
        try:
            return self._set(certificate, archival=True)
        except typst.TypstError as error:
            # PDF/A wants a glyph for every letter, and no font here has some of these.
            log.warning("certificate %s: %s", certificate.number, error)
            return self._set(certificate, archival=False)

    def _set(self, certificate: PrintedCertificate, *, archival: bool) -> bytes:
        return typst.compile(
            self._template,
            font_paths=self._fonts,
            format="pdf",
            pdf_standards=["a-2b"] if archival else [],
            sys_inputs={"certificate": json.dumps(self._texts(certificate))},
            timestamp=datetime.combine(certificate.completed_on, time(), UTC),
        )

    def _texts(self, certificate: PrintedCertificate) -> dict[str, object]:
        url = f"{self._verify_url}/{certificate.number}"
        return {
            "title": "Certificate of Completion",
            "issuer": self._issuer,
            "holder": certificate.holder,
            "course": certificate.course,
            "number": certificate.number,
            "completed_on": in_words(certificate.completed_on),
            "expires_on": certificate.expires_on and in_words(certificate.expires_on),
            "revoked": certificate.revoked,
            "verify_url": url,
            "verify_place": f"{self._verify_url}/".partition("://")[2],
            "qr": qr_code(url),
        }


def in_words(day: date) -> str:
    """`7 March 2026`, whatever the locale of the process."""
    months = (
        "January February March April May June July August September October November December"
    ).split()
    return f"{day.day} {months[day.month - 1]} {day.year}"


def qr_code(text: str) -> str:
    """An SVG of a QR code that still reads with a quarter of it damaged."""
    svg = io.BytesIO()
    segno.make(text, error="q", micro=False).save(svg, kind="svg", border=0, dark=INK, xmldecl=False)
    return svg.getvalue().decode()
