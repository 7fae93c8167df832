"""Files of people, sent in to be imported."""

from typing import Annotated, Any

from litestar import Request, Response, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.exceptions import ClientException
from litestar.params import QueryParameter

from access.actor import Actor
from access.refusals import Refusals, RefusedAct, Why
from commands.context import Context, Recorded
from commands.importing.table import UnreadableFile, decoded
from commands.user_import import ImportUsers
from domain.errors import Invalid
from edge.openapi import PROBLEMS, UPLOAD
from edge.problem import Fault, ProblemError
from write_api.sender import Answer, Sender, context_of, headers_of
from write_api.threads import Threads

LARGEST_FILE = 8 * 1024 * 1024

DryRun = Annotated[
    bool, QueryParameter(name="dry_run", description="Only report what would be done.")
]


@post(
    "/users/import",
    operation_id="ImportUsers",
    status_code=202,
    tags=["Users"],
    request_max_body_size=LARGEST_FILE,
    opt={PROBLEMS: (400, 413, 415), UPLOAD: True},
)
async def import_users(
    request: Request[Actor, Any, Any],
    sender: NamedDependency[Sender],
    threads: NamedDependency[Threads],
    refusals: NamedDependency[Refusals],
    dry_run: DryRun = False,
) -> Answer:
    """Begin to import people from a CSV file in UTF-8: the body, or the part `file` of a form.

    The answer's `Location` tells how far it is, and what became of each row.
    """
    # Whoever may send no file at all is told so, and nothing about the file.
    await sender.authorize(ImportUsers(content="", dry_run=dry_run))
    try:
        text = await threads.run(decoded, await _content(request))
        recorded = await sender.record(ImportUsers(content=text, dry_run=dry_run))
    except UnreadableFile:
        await threads.run(_count, refusals, context_of(request.user))
        raise
    location = {"Location": f"/users/imports/{recorded.id}"}
    return Response[Recorded](recorded, status_code=202, headers=headers_of(recorded) | location)


def _count(refusals: Refusals, context: Context) -> None:
    id, address = context.actor.id, context.source_address
    refusals.count(RefusedAct.IMPORT, Why.UNREADABLE, learner_id=id, address=address)


async def _content(request: Request[Any, Any, Any]) -> bytes:
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    kind = media_type.strip().lower()
    if kind == "text/csv":
        _require_utf8(parameters)
        return await request.body()
    if kind != "multipart/form-data":
        raise ProblemError(
            Fault(
                status=415,
                code="unsupported-media-type",
                detail="Send the file as text/csv, or as the part `file` of multipart/form-data.",
                headers={"Accept": "text/csv, multipart/form-data"},
            )
        )
    try:
        form = await request.form()
    except (ClientException, ValueError):
        raise ProblemError(_MALFORMED) from None
    part = form.get("file")
    if isinstance(part, UploadFile):
        return await part.read()
    if isinstance(part, str):
        return part.encode()
    raise Invalid("The form has no part `file`.", field="file")


def _require_utf8(parameters: str) -> None:
    name, _, charset = parameters.strip().partition("=")
    if name.lower() == "charset" and charset.strip('"').lower() not in {"utf-8", "utf8"}:
        raise UnreadableFile("The file must be in UTF-8.", field="file")


_MALFORMED = Fault(
    status=400, code="malformed-request", detail="The body isn't multipart/form-data."
)
