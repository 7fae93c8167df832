"""What the first page says, and the text beside the files."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from read_api.inspecting.inquiry import Inquiry
from read_api.inspecting.words import instant

VERIFY: Final = [
    (
        "Run “python verify_inspection.py” on the ZIP file that this came in. It needs Python and"
        " the package “cryptography”, no connection to the system."
    ),
    (
        "It compares every file with its SHA-256 in manifest.json, and manifest.json with its"
        " signature (Ed25519)."
    ),
    (
        "Compare the key's id on each page with the one that the system gives out at"
        " /audit/export/key: anybody can sign with a key of their own."
    ),
]
NOTES: Final = [
    (
        "All times are UTC. The records are what the log held at the position on each page; names"
        " of people, courses and assessments are those of that day."
    ),
    (
        "“erased person” stands where personal data was erased by law. Letters that no font here"
        " has are shown as boxes; the CSV and NDJSON files have them."
    ),
]
README: Final = """\
Copies of training records, made for an inspection.

records-*.pdf      for people: what was asked, then each person's trainings, assessments,
                   certificates, and what others decided about them
trail-*.pdf        for people: the audit trail, who did what and when, in words
people.csv, trainings.csv, attempts.csv, certificates.csv, decisions.csv, trail.csv
                   the same as tables, UTF-8; a cell that a spreadsheet would take for a formula
                   begins with an apostrophe
events.ndjson      the events of the log themselves, one JSON object a line; `data` and `metadata`
                   are texts that hold the exact bytes of the log, personal fields sealed as there
manifest.json      the inquiry, the position of the log, and the SHA-256 of every file
manifest.sig       the Ed25519 signature (64 bytes) of manifest.json
public-key.pem     the key that it is signed by

To verify: python verify_inspection.py inspection.zip --key-id ID
with the ID that the system gives out at /audit/export/key. Without Python:
openssl pkeyutl -verify -pubin -inkey public-key.pem -rawin -in manifest.json -sigfile manifest.sig
sha256sum *.pdf *.csv *.ndjson     and compare with manifest.json
"""


def cover(inquiry: Inquiry, facts: Mapping[str, str], names: Mapping[UUID, str]) -> dict[str, Any]:
    """The first page: pairs of a label and a text, and sentences."""
    return {
        "asked": [
            ["by", inquiry.asked_by],
            ["reason", inquiry.reason or "none given"],
            ["person", _named(inquiry.subject, names)],
            ["course", _named(inquiry.course, names)],
            ["recorded from", instant(inquiry.since) or "the beginning"],
            ["recorded before", instant(inquiry.until) or "the position below"],
        ],
        "made": [[name, text] for name, text in facts.items()],
        "verify": VERIFY,
        "notes": NOTES,
    }


def _named(id: UUID | None, names: Mapping[UUID, str]) -> str:
    return f"{names.get(id, 'unknown')} ({id})" if id else "all"
