"""Copies of records for inspectors."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from tempfile import TemporaryFile
from typing import Annotated, BinaryIO, Final
from uuid import UUID

import msgspec
from litestar import Controller, Response, get
from litestar.datastructures import ResponseHeader
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter
from litestar.response import Stream

from edge.openapi import PROBLEMS
from read_api.asking import READS, Asking
from read_api.audit_reads import RECORDED
from read_api.inspecting.copying import Inspections
from read_api.inspecting.inquiry import Inquiry
from read_api.inspecting.selection import PROJECTIONS

ZIP: Final = "application/zip"
MOST_EVENTS: Final = 10_000
"""Events in one answer: some twenty seconds of work."""
_CHUNK: Final = 1 << 18

Subject = Annotated[
    UUID | None, QueryParameter(name="subject", description="The person whose records are wanted.")
]
Course = Annotated[
    UUID | None, QueryParameter(name="course_id", description="Only what is about this course.")
]
Since = Annotated[
    datetime | None,
    QueryParameter(name="from", description="Recorded at this instant (RFC 3339) or later."),
]
Until = Annotated[
    datetime | None, QueryParameter(name="to", description="Recorded before this instant.")
]
Reason = Annotated[
    str | None,
    QueryParameter(name="reason", max_length=500, description="Why; it stands on the cover."),
]
HEADERS = [
    ResponseHeader(name="Content-Disposition", documentation_only=True),
    ResponseHeader(name="Content-Length", documentation_only=True),
]


class _Name(msgspec.Struct, frozen=True):
    name: str


class InspectionController(Controller):
    path = "/audit/export"
    tags = ["Audit"]

    @get(
        "/",
        operation_id="ExportForInspection",
        opt={READS: PROJECTIONS, PROBLEMS: (422,)},
        middleware=RECORDED,
        media_type=ZIP,
        responses={
            200: ResponseSpec(bytes, description="A ZIP file with a signature.", media_type=ZIP)
        },
        response_headers=HEADERS,
    )
    async def copies(
        self,
        asking: NamedDependency[Asking],
        inspections: NamedDependency[Inspections],
        subject: Subject = None,
        course_id: Course = None,
        since: Since = None,
        until: Until = None,
        reason: Reason = None,
    ) -> Stream:
        """Get complete copies of records: PDF, CSV and the exact events, signed.

        At most 10,000 events; `lms inspection` on the server has no such limit."""
        inquiry = Inquiry(
            subject=subject,
            course=course_id,
            since=since,
            until=until,
            asked_by=await _name(asking),
            asked_by_id=asking.me,
            reason=reason,
        )
        file = TemporaryFile()  # noqa: SIM115 - the answer closes it
        try:
            await asyncio.to_thread(inspections.copy, inquiry, file, most=MOST_EVENTS)
        except BaseException:
            file.close()
            raise
        length = str(file.tell())
        name = f"inspection-{subject or course_id or 'period'}.zip"
        headers = {
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Length": length,
            "Cache-Control": "no-store",
        }
        return Stream(_chunks(file), media_type=ZIP, headers=headers)

    @get("/key", operation_id="GetInspectionKey", opt={READS: ()})
    async def key(
        self, asking: NamedDependency[Asking], inspections: NamedDependency[Inspections]
    ) -> Response[dict[str, str]]:
        """Get the public key that signs copies, as a JSON Web Key."""
        return Response(inspections.signer.jwk)


async def _name(asking: Asking) -> str:
    row = await asking.database.first(
        _Name, "SELECT full_name AS name FROM read_models.learner WHERE id = %s", (asking.me,)
    )
    return row.name if row else str(asking.me)


async def _chunks(file: BinaryIO) -> AsyncIterator[bytes]:
    with file:
        await asyncio.to_thread(file.seek, 0)
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk
