"""Queries on certificates."""

import asyncio
from datetime import date, datetime
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

import msgspec
from litestar import Controller, Response, get
from litestar.datastructures import ResponseHeader
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery

from edge.cursor import DEFAULT_LIMIT, CursorParameter, Limit, Page
from edge.etag import IfNoneMatch, conditional, etag, is_unmodified
from read_api.asking import READS, Asking, found
from read_api.listing import Listing

STATUS = (
    "CASE WHEN status = 'valid' AND expires_at <= now() THEN 'expired' ELSE status END AS status"
)
"""SQL: valid, expired or revoked; nothing happens when a certificate expires but time."""
COLUMNS = (
    "id, number, learner_id, course_id, course_title, course_version, enrollment_id, holder_name,"
    f" {STATUS}, completed_at, issued_at, expires_at, revoked_at, revocation_reason, version"
)
SELECT = f"SELECT {COLUMNS} FROM read_models.certificate"
PDF = "application/pdf"


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """Proof that a learner completed a course. `status` is valid, expired or revoked."""

    id: UUID
    number: str
    learner_id: UUID
    course_id: UUID
    course_title: str
    course_version: int
    enrollment_id: UUID
    holder_name: str
    status: str
    completed_at: datetime
    issued_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    revocation_reason: str | None
    version: int


@runtime_checkable
class CertificatePrinter(Protocol):
    """Makes a document of a certificate."""

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
        """A PDF of one page. Blocks while it is set."""


CERTIFICATES = Listing(
    "certificates",
    Certificate,
    SELECT,
    order=("issued_at", "id"),
    key=lambda certificate: (certificate.issued_at, certificate.id),
)


class CertificateController(Controller):
    path = "/certificates"
    tags = ["Certificates"]
    opt = {READS: ("certificate",)}

    @get("/", operation_id="ListCertificates")
    async def many(
        self,
        asking: NamedDependency[Asking],
        learner_id: FromQuery[UUID | None] = None,
        course_id: FromQuery[UUID | None] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
    ) -> Page[Certificate]:
        """List certificates, the newest first."""
        where = asking.where(learner="learner_id", course="course_id")
        where.given("learner_id = %s", learner_id)
        where.given("course_id = %s", course_id)
        return await CERTIFICATES.page(asking.database, where, limit, cursor)

    @get("/{certificate_id:uuid}", operation_id="GetCertificate")
    async def one(
        self,
        certificate_id: FromPath[UUID],
        asking: NamedDependency[Asking],
        if_none_match: IfNoneMatch = None,
    ) -> Response[Certificate]:
        """Get a certificate."""
        certificate = await _certificate(asking, certificate_id)
        if certificate.status == "expired":
            if_none_match = None  # it expired without becoming another version
        return conditional(certificate, certificate.version, if_none_match)

    @get(
        "/{certificate_id:uuid}/pdf",
        operation_id="GetCertificatePdf",
        media_type=PDF,
        responses={
            200: ResponseSpec(bytes, description="The certificate, to print.", media_type=PDF)
        },
        response_headers=[ResponseHeader(name="Content-Disposition", documentation_only=True)],
    )
    async def pdf(
        self,
        certificate_id: FromPath[UUID],
        asking: NamedDependency[Asking],
        printer: NamedDependency[CertificatePrinter],
        if_none_match: IfNoneMatch = None,
    ) -> Response[Any]:
        """Get a certificate as a PDF of one A4 page, with a link and a code to verify it by."""
        certificate = await _certificate(asking, certificate_id)
        headers = {"ETag": etag(certificate.version)}
        if is_unmodified(if_none_match, certificate.version):
            return Response(b"", status_code=304, headers=headers)
        document = await asyncio.to_thread(print_certificate, printer, certificate)
        name = f'inline; filename="certificate-{certificate.number}.pdf"'
        return Response(document, media_type=PDF, headers={**headers, "Content-Disposition": name})


async def _certificate(asking: Asking, certificate_id: UUID) -> Certificate:
    where = asking.where(learner="learner_id", course="course_id").given("id = %s", certificate_id)
    row = await asking.database.first(Certificate, f"{SELECT}{where}", where.params)
    return found(row, "certificate")


def print_certificate(printer: CertificatePrinter, certificate: Certificate) -> bytes:
    """The document as a PDF. Blocks."""
    return printer.print(
        number=certificate.number,
        holder=certificate.holder_name,
        course=certificate.course_title,
        completed_on=certificate.completed_at.date(),
        expires_on=certificate.expires_at and certificate.expires_at.date(),
        revoked=certificate.status == "revoked",
    )
