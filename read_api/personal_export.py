"""A copy of everything that is kept about a person, for that person (GDPR articles 15 and 20)."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, get
from litestar.datastructures import ResponseHeader
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath
from litestar.response import Stream

from access.actor import Actor
from edge.openapi import PROBLEMS
from edge.problem import Fault, ProblemError
from edge.request import EdgeRequest
from read_api.asking import READS, Asking, found
from read_api.certificate import CertificatePrinter
from read_api.history import Historian
from read_api.personal_archive import archive
from read_api.personal_copy import PersonalCopy
from read_api.write_side import WriteSide, not_recorded

ZIP = "application/zip"
DESCRIPTION = "A ZIP file; its README.txt says what is in it."

NOT_RECORDED = not_recorded(
    "export-not-recorded",
    "That this was asked for can't be recorded just now, so it isn't given.",
)


class _Person(msgspec.Struct, frozen=True):
    id: UUID
    erased: bool


class PersonalExportController(Controller):
    path = "/users"
    tags = ["Personal data"]
    opt = {READS: ("learner", "personal"), PROBLEMS: (410,)}

    @get(
        "/{user_id:uuid}/export",
        operation_id="ExportPersonalData",
        media_type=ZIP,
        responses={200: ResponseSpec(bytes, description=DESCRIPTION, media_type=ZIP)},
        response_headers=[ResponseHeader(name="Content-Disposition", documentation_only=True)],
    )
    async def export(
        self,
        request: EdgeRequest[Actor, Any],
        user_id: FromPath[UUID],
        asking: NamedDependency[Asking],
        historian: NamedDependency[Historian],
        printer: NamedDependency[CertificatePrinter],
        write_side: NamedDependency[WriteSide],
    ) -> Stream:
        """Get a copy of everything that is kept about a person, to read and for programs.

        It is recorded that it was asked for, and by whom, before the first byte leaves; that needs
        a log-in of a short while ago. Of a person who was erased there is nothing: 410.
        """
        where = asking.where(learner="l.id").given("l.id = %s", user_id)
        query = (
            "SELECT l.id, coalesce(k.destroyed_at IS NOT NULL, false) AS erased"
            " FROM read_models.learner l"
            " LEFT JOIN event_store.personal_keys k ON k.person_id = l.id"
        )
        person = found(
            await asking.database.first(_Person, f"{query}{where}", where.params), "person"
        )
        if person.erased:
            raise ProblemError(
                Fault(status=410, code="person-erased", detail="Everything about them was erased.")
            )
        await write_side.record(
            f"/users/{user_id}/exports", b"", request.headers["authorization"], NOT_RECORDED
        )
        copy = PersonalCopy(asking.database, historian, printer, user_id)
        name = f'attachment; filename="personal-data-{user_id}.zip"'
        headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
        return Stream(archive(copy.files()), media_type=ZIP, headers=headers)
