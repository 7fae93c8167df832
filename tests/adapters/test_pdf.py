"""Certificates as PDF: one page, whatever stands on it."""

import re
from datetime import date

import pytest

from adapters.pdf import TypstPrinter

NUMBER = "7Q2M-0XKD-9V3R-HT5A"
LONG = "Wolfeschlegelsteinhausenbergerdorff von und zu Hohenzollern-Sigmaringen "


@pytest.fixture(scope="module")
def printer() -> TypstPrinter:
    return TypstPrinter(issuer="Learning Academy", verify_url="https://lms.example/verify")


def printed(printer: TypstPrinter, holder: str = "Jane Doe", course: str = "Rust 101") -> bytes:
    return printer.print(
        number=NUMBER,
        holder=holder,
        course=course,
        completed_on=date(2026, 3, 7),
        expires_on=None,
        revoked=False,
    )


def pages(document: bytes) -> int:
    (count,) = re.findall(rb"/Type/Pages/Count (\d+)", document)
    return int(count)


@pytest.mark.parametrize(
    "holder",
    [
        "Jane Doe",
        "X" * 300,
        LONG * 4,
        "Αλέξανδρος Παπαδόπουλος",
        "محمد عبد الله",
        "山田 太郎",
        '#panic("x") \\ $x$ <b> @y *z*',
    ],
    ids=["plain", "unbreakable", "long", "greek", "right-to-left", "no font", "markup"],
)
def test_any_name_fits_onto_one_page(printer: TypstPrinter, holder: str) -> None:
    document = printed(printer, holder=holder, course=holder)
    assert document.startswith(b"%PDF-")
    assert pages(document) == 1


def test_it_leads_to_where_it_is_verified(printer: TypstPrinter) -> None:
    assert f"https://lms.example/verify/{NUMBER}".encode() in printed(printer)


def test_the_same_certificate_makes_the_same_bytes(printer: TypstPrinter) -> None:
    assert printed(printer) == printed(printer)


def test_it_is_pdf_a_where_the_fonts_suffice(printer: TypstPrinter) -> None:
    assert b"pdfaid" in printed(printer)
