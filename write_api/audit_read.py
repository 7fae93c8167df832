"""What the read API tells about its own readers."""

from typing import Any

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import structs

from access.actor import Actor
from commands.audit_read import RecordAuditRead
from commands.context import Recorded
from commands.dispatcher import Dispatcher
from edge.request import EdgeRequest
from write_api.sender import context_of, headers_of
from write_api.threads import Threads


@post("/audit/reads", operation_id="RecordAuditRead", tags=["Audit"])
async def record_audit_read(
    request: EdgeRequest[Actor, Any],
    data: JSONBody[RecordAuditRead],
    dispatcher: NamedDependency[Dispatcher],
    threads: NamedDependency[Threads],
) -> Response[Recorded]:
    """Record that one has read the audit trail.

    The read API does this for whoever reads, before it answers: nobody else needs to. One can only
    tell it of oneself.
    """
    # A token that is limited to queries must not keep them from being recorded.
    context = context_of(structs.replace(request.user, operations=None))
    recorded = await threads.run(dispatcher.dispatch, data, context)
    location = {"Location": f"/audit/streams/{recorded.id}"}
    return Response(recorded, status_code=201, headers=headers_of(recorded) | location)
