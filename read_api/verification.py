"""Whether a certificate is genuine: for anyone who has its number, without a log-in."""

from datetime import datetime
from html import escape
from pathlib import Path
from string import Template
from typing import Annotated, Any

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import PathParameter

from edge.authentication import OPEN
from edge.position import MinPosition, PositionWaiter, min_position
from read_api.asking import READS, found
from read_api.certificate import STATUS
from read_api.database import Database

SELECT = (
    f"SELECT number, {STATUS}, holder_name, course_title, completed_at, issued_at, expires_at,"
    " revoked_at FROM read_models.certificate WHERE number = %s"
)
PAGE = Template(Path(__file__).with_name("verification.html").read_text())
MISREAD = str.maketrans("OIL", "011")
"""Letters that no number has, because they are read as these digits."""
HEADERS = {
    "Cache-Control": "no-store",
    "Vary": "Accept",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
TICK, BANG, CROSS, WHAT = (
    "M13 23l6.5 6.5L31.5 15",
    "M22 12v13M22 31v.5",
    "M15 15l14 14M29 15L15 29",
    "M17 17.5a5 5 0 1 1 7.5 4.5c-2 1.2-2.5 2.2-2.5 4M22 31v.5",
)
SAID = {
    "valid": ("Valid", "This certificate is genuine and valid.", TICK),
    "expired": ("Expired", "This certificate is genuine, but it is no longer valid.", BANG),
    "revoked": ("Revoked", "This certificate was issued and has been revoked since.", CROSS),
    "unknown": ("Unknown", "No certificate has this number. Check it for typing errors.", WHAT),
}
"""Of each status: its title, a sentence, and the path of its sign."""

Number = Annotated[
    str,
    PathParameter(
        name="number",
        max_length=64,
        description="The number on the certificate, in capitals or not, with or without dashes.",
    ),
]


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What a certificate says, and whether that still holds: valid, expired or revoked."""

    number: str
    status: str
    holder_name: str
    course_title: str
    completed_at: datetime
    issued_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@get(
    "/verify/{number:str}",
    operation_id="VerifyCertificate",
    tags=["Certificates"],
    opt={OPEN: True, READS: ("certificate",)},
)
async def verify(
    number: Number,
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    waiter: NamedDependency[PositionWaiter],
    position: MinPosition = None,
) -> Response[Verification]:
    """Verify a certificate by its number. Browsers get a page, programs JSON."""
    await waiter.wait(("certificate",), min_position(position))
    verification = await database.first(Verification, SELECT, (canonical(number),))
    if request.accept.best_match([MediaType.JSON, MediaType.HTML]) == MediaType.HTML:
        return page(number, verification)
    return Response(found(verification, "certificate"), headers=HEADERS)


def canonical(number: str) -> str:
    """The number as it is printed, from what somebody typed."""
    digits = "".join(sign for sign in number.upper() if sign.isalnum()).translate(MISREAD)
    return "-".join(digits[start : start + 4] for start in range(0, len(digits), 4))


def page(number: str, verification: Verification | None) -> Response[Any]:
    """The answer for browsers: 200, or 404 when no certificate has the number."""
    status = verification.status if verification else "unknown"
    title, sentence, sign = SAID[status]
    content = PAGE.substitute(
        status=status,
        title=title,
        sentence=sentence,
        sign=sign,
        number=escape(verification.number if verification else number),
        facts=f"<dl>{_facts(verification)}</dl>" if verification else "",
    )
    return Response(
        content,
        media_type=MediaType.HTML,
        status_code=200 if verification else 404,
        headers=HEADERS,
    )


def _facts(verification: Verification) -> str:
    facts = {
        "Holder": verification.holder_name,
        "Course": verification.course_title,
        "Completed on": _day(verification.completed_at),
        "Valid until": _day(verification.expires_at),
        "Revoked on": _day(verification.revoked_at),
    }
    return "".join(
        f"<dt>{label}</dt><dd dir='auto'>{escape(value)}</dd>"
        for label, value in facts.items()
        if value
    )


def _day(instant: datetime | None) -> str:
    return f"{instant.day} {instant:%B %Y}" if instant else ""
