"""Handing in an attempt, which is graded at once."""

from typing import Any
from uuid import UUID

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from commands.attempt import AttemptResult, GivenAnswer, SubmitAttempt, result_of
from event_store.application import Log
from write_api.body import Body, command_of
from write_api.sender import Sender, headers_of
from write_api.threads import Threads


class AnswerSheet(Body, frozen=True):
    answers: list[GivenAnswer]


class GradedAttempt(AttemptResult, frozen=True, kw_only=True):
    """The result of an attempt, with what every command answers."""

    id: UUID
    version: int
    position: int


@post(
    "/attempts/{attempt_id:uuid}/submit",
    operation_id="SubmitAttempt",
    status_code=200,
    tags=["Assessments"],
)
async def submit_attempt(
    attempt_id: FromPath[UUID],
    data: JSONBody[AnswerSheet],
    sender: NamedDependency[Sender],
    log: NamedDependency[Log],
    threads: NamedDependency[Threads],
) -> Response[GradedAttempt]:
    """Hand in an attempt: the answer has the score, whether it passed, and each question's result.

    A question earns all of its points when exactly the right choices are ticked, else none.
    """
    recorded = await sender.record(command_of(SubmitAttempt, data, attempt_id=attempt_id))
    result = await threads.run(result_of, log, attempt_id)
    fields: dict[str, Any] = {name: getattr(result, name) for name in result.__struct_fields__}
    graded = GradedAttempt(
        **fields, id=recorded.id, version=recorded.version, position=recorded.position
    )
    return Response(graded, headers=headers_of(recorded))
